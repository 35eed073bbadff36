"""Which columns a record has, by the types and the names of its fields.

A name says the unit, so it says the columns as well: ``price_nano`` stays and is ``price`` in
decimals beside it, ``fee_quanta`` is ``fee``, ``lots`` is ``size``, and ``until_ns`` becomes the
time ``until``, exact to the nanosecond.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

import msgspec

from hullmark.studies._export_file import Kind
from hullmark.studies._export_scales import Scales, decimal_of

# Cell of a column, from the record, the event that it stands in, and what is known of scales.
Cell = Callable[[Any, Any, Scales], Any]


class ColumnOf(NamedTuple):
    """A column, and how a record fills it."""

    name: str
    kind: Kind
    cell: Cell


def flat_columns(name: str, hint: Any) -> Iterator[ColumnOf]:  # noqa: ANN401 - any annotation
    """Yield the columns of a field that is one number, text, flag, name or short fixed list."""
    inner = _without_none(hint)
    if is_number(inner):
        yield from number_columns(name, attrgetter(name))
    elif inner is bool:
        yield ColumnOf(name, "bool", _plain(name))
    elif inner is str:
        yield ColumnOf(name, "text", _plain(name))
    elif isinstance(inner, type) and issubclass(inner, Enum):
        yield ColumnOf(name, "text", lambda record, *_: _name_of(getattr(record, name)))
    elif get_origin(inner) is tuple and set(get_args(inner)) == {str}:
        for place in range(len(get_args(inner))):
            yield ColumnOf(f"{name}_{place + 1}", "text", _item(name, place))
    else:
        yield ColumnOf(name, "json", lambda record, *_: json_text(getattr(record, name)))


def number_columns(name: str, get: Callable[[Any], Any]) -> Iterator[ColumnOf]:
    """Yield the columns of a whole number, by the unit in its name."""
    if name.endswith("_ns"):
        yield ColumnOf(name.removesuffix("_ns"), "time", lambda record, *_: get(record))
        return
    yield ColumnOf(name, "int", lambda record, *_: get(record))
    if name.endswith("_nano"):
        yield ColumnOf(name.removesuffix("_nano"), "decimal", _scaled(get, _nano))
    elif name == "quanta" or name.endswith("_quanta"):
        plain = "amount" if name == "quanta" else name.removesuffix("_quanta")
        yield ColumnOf(plain, "decimal", _scaled(get, _lot if name == "lot_quanta" else _amount))
    elif name == "lots":
        yield ColumnOf("size", "decimal", _scaled(get, _size))


def is_number(hint: Any) -> bool:  # noqa: ANN401 - any annotation
    """Whether a field is a whole number, and no name for one."""
    return isinstance(hint, type) and issubclass(hint, int) and not issubclass(hint, bool | Enum)


def json_text(value: object) -> str:
    """Return a value as JSON, its keys in order."""
    return msgspec.json.encode(value, order="deterministic").decode()


def _without_none(hint: Any) -> Any:  # noqa: ANN401 - any annotation
    if get_origin(hint) in {Union, UnionType}:
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        if len(kinds) == 1:
            return kinds[0]
    return hint


def _name_of(member: Enum | None) -> str | None:
    return None if member is None else member.name


def _plain(name: str) -> Cell:
    return lambda record, *_: getattr(record, name)


def _item(name: str, place: int) -> Cell:
    return lambda record, *_: getattr(record, name)[place]


def _scaled(get: Callable[[Any], Any], scale: Callable[[int, Any, Scales], Any]) -> Cell:
    def cell(record: Any, event: Any, scales: Scales) -> Any:  # noqa: ANN401 - of any event
        number = get(record)
        return None if number is None else scale(number, event, scales)

    return cell


def _nano(number: int, event: Any, scales: Scales) -> Any:  # noqa: ANN401 - of any event
    return decimal_of(number, 9)


def _amount(number: int, event: Any, scales: Scales) -> Any:  # noqa: ANN401 - of any event
    return scales.amount(number, scales.asset_of(event))


def _lot(number: int, event: Any, scales: Scales) -> Any:  # noqa: ANN401 - of any event
    return scales.amount(number, scales.asset_of(event, of_lot=True))


def _size(number: int, event: Any, scales: Scales) -> Any:  # noqa: ANN401 - of any event
    return scales.size(number, getattr(event, "instrument", ""))
