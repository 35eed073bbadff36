"""Salvage: what is sound of a damaged journal, in a new one.

The damaged one is read and not touched. A file is opened with fewer questions than others: one that
was cut has no last row to begin with, and its first batches are there all the same.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from hullmark.errors import DamagedJournalError
from hullmark.journal._batch import GENESIS, Batch, Tip, unseal
from hullmark.journal._copy import new_store
from hullmark.journal._locations import file_of, open_store
from hullmark.journal._reader import verified
from hullmark.journal._store import Store, damaged
from hullmark.journal.sqlite import SqliteStore


class Salvage(NamedTuple):
    """What was saved of a journal, and what could not be."""

    tip: Tip  # of the new journal: the last good sequence
    batches: int
    fault: str | None  # what is wrong after it; None: the journal was whole
    sequence_max: int | None  # that the damaged journal still tells of; None: it tells of none


def salvage(source: str | Path, target: str | Path) -> Salvage:
    """Write the sound beginning of a journal to a new place: its batches, hash for hash.

    A batch counts if `read` would yield its units: it continues the one before it, has the hash of
    its content and can be decoded. What comes after the first one that does not is left out, also
    where it looks sound: it rests on what is lost.

    Parameters
    ----------
    source : location
        The damaged journal. Nothing in it is changed; it may have a writer.
    target : location
        A file that does not exist yet, or an empty database. It is not made if nothing is sound.

    Raises
    ------
    DamagedJournalError
        If not even the first batch is sound.
    LockedJournalError
        If the target has a writer.
    JournalError
        If the source is no journal of ours, or the target exists or cannot be written.
    """
    with closing(_open_damaged(source)) as store:
        found = _Sound(store)
        first = next(found, None)
        if first is None and found.fault is not None:
            raise found.fault
        with new_store(target) as saved:
            batches = 0
            while first is not None:
                saved.append(first)
                batches += 1
                first = next(found, None)
            tip = saved.tip
        fault = None if found.fault is None else str(found.fault)
        return Salvage(tip, batches, fault, _sequence_max(store))


class _Sound(Iterator[Batch]):
    """The batches of a store up to the first fault, which is kept."""

    def __init__(self, store: Store) -> None:
        self._store, self._tip = store, GENESIS
        self._batches = verified(store)
        self.fault: DamagedJournalError | None = None

    def __next__(self) -> Batch:
        if self.fault is not None:
            raise StopIteration
        try:
            batch = next(self._batches)
        except DamagedJournalError as e:
            self.fault = e
            raise StopIteration from e
        try:
            unseal(batch)
        except DamagedJournalError as e:
            self.fault = damaged(self._store, e, self._tip.sequence)
            raise StopIteration from e
        self._tip = batch.tip
        return batch


def _open_damaged(source: str | Path) -> Store:
    file = file_of(source)
    return (
        open_store(source, read_only=True)
        if file is None
        else SqliteStore(file, read_only=True, broken=True)
    )


def _sequence_max(store: Store) -> int | None:
    try:
        return store.tip.sequence
    except DamagedJournalError:
        return None
