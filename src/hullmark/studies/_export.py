"""A journal as tables for analysts: Parquet files of its units, its events and its facts."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import takewhile
from os import getpid
from pathlib import Path

from hullmark.clearing import state_hash
from hullmark.core import Closing
from hullmark.domain import Event
from hullmark.errors import InvalidInputError
from hullmark.journal import GENESIS, Batch, Unit, open_store, read_batches
from hullmark.runtime import Replica, take_in
from hullmark.studies._export_events import UNITS, EventTable, event_tables, unit_row
from hullmark.studies._export_file import Kind, TableFile, load_arrow
from hullmark.studies._export_readme import Export, TableNote, export_readme
from hullmark.studies._export_scales import Scales
from hullmark.studies._export_stages import STAGE_TABLES
from hullmark.studies._export_state import STATE_TABLES


def export_journal(
    location: str | Path,
    folder: str | Path,
    *,
    with_events: bool = True,
    with_state: bool = True,
    at: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Export:
    """Write a journal as Parquet files into a new folder, whole or not at all.

    Whole numbers stand there as in the journal; beside them, what they are in units of their asset,
    in contract units and as prices. What is held in memory does not grow with the journal, but for
    the facts where the state is wanted.

    Parameters
    ----------
    location : location
        The journal, read beside its writer if there is one, and verified on the way.
    folder : path
        To be made; an empty one may be there.
    with_events, with_state : bool
        Which tables: of units and events, of the facts.
    at : int, optional
        The last sequence that counts: the tables are as if the journal ended there.
    on_progress : callable, optional
        Called with the units done and their total.

    Raises
    ------
    InvalidInputError
        If the folder has something in it, *at* is no sequence of the journal, or a number of an
        event does not fit in 64 bits.
    FeedError
        If pyarrow is not installed.
    DamagedJournalError
        If the chain is broken; the message has the last good sequence.
    JournalError
        If there is no journal of ours, or, with the state, a unit does not apply to the facts.
    """
    load_arrow()
    folder = Path(folder).resolve()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InvalidInputError(f"folder must be new or empty, was {folder}")
    with closing(open_store(location, read_only=True)) as store:
        total = store.tip.sequence
        if at is not None and not 1 <= at <= total:
            raise InvalidInputError(f"at must be in [1, {total}], was {at}")
        stop = total if at is None else at
        draft = folder.with_name(f"{folder.name}.{getpid()}.part")
        draft.mkdir(parents=True)
        try:
            with _Writing(draft, with_events=with_events, with_state=with_state) as writing:
                found = ((batch, unit) for batch, units in read_batches(store) for unit in units)
                # A writer may have gone on meanwhile.
                for batch, unit in takewhile(lambda each: each[1].sequence <= stop, found):
                    writing.take(batch, unit)
                    if on_progress is not None:
                        on_progress(unit.sequence, stop)
                export = writing.finish()
            text = export_readme(str(store), export)
            (draft / "README.md").write_text(text, encoding="utf-8")
            draft.rename(folder)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    return export


class _Writing(Closing):
    """The files of an export while units are read."""

    def __init__(self, draft: Path, *, with_events: bool, with_state: bool) -> None:
        self._draft = draft
        self._files: dict[str, TableFile] = {}
        self._notes: list[TableNote] = []
        self._scales = Scales()
        self._replica = Replica() if with_state else None
        self._tip = GENESIS
        self._sequence = 0
        self._tables: dict[type[Event], list[EventTable]] = {}
        if with_events:
            self._begin_events()

    def close(self) -> None:
        """End every file; a second call does nothing."""
        for file in self._files.values():
            file.close()

    def take(self, batch: Batch, unit: Unit) -> None:
        """Write the rows of the next unit, and apply it to the facts."""
        self._sequence, self._tip = unit.sequence, batch.tip
        for event in unit.events:
            self._scales.follow(event)
        if self._tables:
            self._write_unit(unit, batch.first)
        if self._replica is not None:
            take_in(self._replica, unit)

    def finish(self) -> Export:
        """Write the facts, end every file, and return what there is."""
        found = None
        if self._replica is not None:
            found = state_hash(self._replica.state)
            for table in (*STATE_TABLES, *STAGE_TABLES):
                file = self._open(f"state/{table.name}", table.name, table.about, table.kinds)
                for row in table.rows(self._replica.state, self._scales):
                    file.add(row)
        self.close()
        tables = tuple(
            note._replace(rows=file.rows)
            for note, file in zip(self._notes, self._files.values(), strict=True)
        )
        return Export(self._sequence, self._tip.hash.hex(), found, tables)

    def _begin_events(self) -> None:
        self._open("units", "units", "Every command, with what it was answered.", UNITS)
        for table in event_tables():
            self._tables.setdefault(table.kind, []).append(table)
            self._open(f"events/{table.name}", table.name, table.about, table.kinds)

    def _write_unit(self, unit: Unit, batch: int) -> None:
        self._files["units"].add(unit_row(unit, batch))
        for place, event in enumerate(unit.events):
            header = (unit.sequence, unit.time_ns, place, unit.cause, unit.key)
            for table in self._tables[type(event)]:
                file = self._files[f"events/{table.name}"]
                for row in table.rows(header, event, self._scales):
                    file.add(row)

    def _open(self, place: str, name: str, about: str, kinds: Mapping[str, Kind]) -> TableFile:
        path = self._draft / f"{place}.parquet"
        path.parent.mkdir(exist_ok=True)
        file = self._files[place] = TableFile(path, kinds)
        self._notes.append(TableNote(f"{place}.parquet", name, about, kinds, 0))
        return file
