"""Units and events as tables: one for the units, one per type of event, one per list in an event.

Every row begins with where it is from: the unit, its time, the event's place in it, what caused it
and under which key it was submitted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from hullmark.domain import COLUMN_BYTES, Event, events, trades_of
from hullmark.journal import Unit
from hullmark.studies._export_columns import (
    ColumnOf,
    flat_columns,
    is_number,
    json_text,
    number_columns,
)
from hullmark.studies._export_file import Kind
from hullmark.studies._export_scales import Scales

HEADER: Mapping[str, Kind] = {
    "sequence": "int",
    "time": "time",
    "place": "int",
    "cause": "int",
    "key": "text",
}
UNITS: Mapping[str, Kind] = {
    "sequence": "int",
    "time": "time",
    "batch": "int",
    "cause": "int",
    "key": "text",
    "command": "text",
    "events": "int",
    "refused": "text",
    "arguments": "json",
}
_KEY_OF = {"cash_quanta": "asset"}  # what a mapping is by, where that is no instrument

Header = tuple[int, int, int, int | None, str | None]
Row = tuple[Any, ...]


class _Key(NamedTuple):
    instrument: str = ""
    asset: str = ""


class EventTable(NamedTuple):
    """How events of one type, or what is listed in them, become rows."""

    name: str
    about: str
    kind: type[Event]
    columns: tuple[ColumnOf, ...]
    records: Callable[[Any], Iterable[Any]]  # of an event, each of which is a row

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The columns and what they hold."""
        return {**HEADER, **{column.name: column.kind for column in self.columns}}

    def rows(self, header: Header, event: Event, scales: Scales) -> Iterator[Row]:
        """Yield the rows of an event."""
        for record in self.records(event):
            yield (*header, *(column.cell(record, event, scales) for column in self.columns))


def event_tables() -> Iterator[EventTable]:
    """Yield the tables of all events."""
    for kind in get_args(Event):
        if kind is events.TradesBooked:
            yield from _round_tables()
            continue
        flat: list[ColumnOf] = []
        lists: list[EventTable] = []
        about = (kind.__doc__ or "").strip()
        for name, hint in get_type_hints(kind).items():
            table = _list_table(kind, name, hint)
            if table is None:
                flat += map(_beside_header, flat_columns(name, hint))
            else:
                flat.append(ColumnOf(f"{name}_count", "int", _length(name)))
                lists.append(table)
        yield EventTable(kind.__name__, about, kind, tuple(flat), lambda event: (event,))
        yield from lists


def unit_row(unit: Unit, batch: int) -> Row:
    """Return the row of a unit; *batch* is the first sequence of the batch that holds it."""
    first = unit.events[0] if unit.events else None
    return (
        unit.sequence,
        unit.time_ns,
        batch,
        unit.cause,
        unit.key,
        type(unit.command).__name__,
        len(unit.events),
        first.reason.name if isinstance(first, events.Refused) else None,
        json_text(unit.command),
    )


# Packed columns are of no use to a reader: the trades of a round are rows, as single ones are.
def _round_tables() -> Iterator[EventTable]:
    name, about = events.TradesBooked.__name__, (events.TradesBooked.__doc__ or "").strip()
    count = ColumnOf("trades", "int", lambda event, *_: len(event.lots) // COLUMN_BYTES)
    yield EventTable(name, about, events.TradesBooked, (count,), lambda event: (event,))
    hints = get_type_hints(events.Traded)
    columns = [column for field, hint in hints.items() for column in flat_columns(field, hint)]
    row = ColumnOf("row", "int", lambda record, *_: record[0])
    yield EventTable(
        f"{name}.trades",
        f"The trades of {name}, a row each.",
        events.TradesBooked,
        (row, *(_of_second(column) for column in columns)),
        lambda event: enumerate(trades_of(event)),
    )


def _of_second(column: ColumnOf) -> ColumnOf:
    return column._replace(cell=lambda record, *rest: column.cell(record[1], *rest))


# A list of numbers, of structs or a mapping to numbers: rows of their own. Others stay JSON.
def _list_table(kind: type[Any], name: str, hint: Any) -> EventTable | None:  # noqa: ANN401
    origin, inner = get_origin(hint), get_args(hint)
    if origin is dict and inner[0] is str and is_number(inner[1]):
        by = _KEY_OF.get(name, "instrument")
        key = ColumnOf(by, "text", lambda record, *_: record[0])
        columns = [key, *(_of_key(c, by) for c in number_columns(name, itemgetter(1)))]
    elif origin is list or (origin is tuple and inner[1:] == (...,)):
        columns = _item_columns(name, inner[0])
    else:
        columns = []
    if not columns:
        return None

    def records(event: Any) -> Iterable[Any]:  # noqa: ANN401 - an event of this kind
        found = getattr(event, name)
        return found.items() if isinstance(found, dict) else found

    about = f"What is in `{name}` of {kind.__name__}, a row each."
    return EventTable(f"{kind.__name__}.{name}", about, kind, tuple(columns), records)


# What a number of a mapping is counted in, its key says.
def _of_key(column: ColumnOf, by: str) -> ColumnOf:
    def cell(record: Any, event: Any, scales: Scales) -> Any:  # noqa: ANN401 - of any event
        return column.cell(record, _Key(**{by: record[0]}), scales)

    return column._replace(cell=cell)


def _item_columns(name: str, item: Any) -> list[ColumnOf]:  # noqa: ANN401 - any annotation
    if is_number(item):
        return [*number_columns(name.removesuffix("s"), lambda record: record)]
    if not hasattr(item, "__struct_fields__"):
        return []
    hints = get_type_hints(item)
    return [c for field in item.__struct_fields__ for c in flat_columns(field, hints[field])]


def _length(name: str) -> Callable[[Any, Any, Scales], int]:
    return lambda record, *_: len(getattr(record, name))


def _beside_header(column: ColumnOf) -> ColumnOf:
    taken = column.name in HEADER
    return column._replace(name=f"event_{column.name}") if taken else column
