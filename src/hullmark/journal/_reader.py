"""Reading a journal back, verified."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from hullmark.errors import DamagedJournalError
from hullmark.journal._batch import GENESIS, Batch, Tip, Unit, find_fault, unseal
from hullmark.journal._store import Store
from hullmark.journal.sqlite import SqliteStore


def read(
    source: str | Path | Store, *, on_batch: Callable[[Batch], None] | None = None
) -> Iterator[Unit]:
    """Yield every unit of a journal in order; what was yielded is verified.

    Parameters
    ----------
    source : path or Store
        A SQLite journal, opened read-only beside its writer if there is one; or an open store.
    on_batch : callable, optional
        Called with each batch that was verified, before its first unit is yielded.

    Yields
    ------
    Unit
        With sequences 1, 2, 3, ... A batch is verified before its first unit is yielded.

    Raises
    ------
    DamagedJournalError
        At the first batch that is missing, out of order, changed or undecodable, or if the file is
        broken. The message has the last good sequence and what is wrong.
    JournalError
        If the path is no journal of ours.
    """
    with ExitStack() as stack:
        if isinstance(source, str | Path):
            source = stack.enter_context(SqliteStore(source, read_only=True))
        for batch in verified(source):
            try:
                units = unseal(batch)
            except DamagedJournalError as e:
                raise _damaged(source, e, GENESIS._replace(sequence=batch.first - 1)) from e
            if on_batch is not None:
                on_batch(batch)
            yield from units


def verified(store: Store) -> Iterator[Batch]:
    """Yield the batches of *store*, each after it was found to continue the one before it."""
    tip = GENESIS
    try:
        for batch in store.batches():
            fault = find_fault(batch, tip)
            if fault is not None:
                raise DamagedJournalError(fault)
            yield batch
            tip = batch.tip
        store.check()
    except DamagedJournalError as e:
        raise _damaged(store, e, tip) from e


def _damaged(store: Store, fault: DamagedJournalError, tip: Tip) -> DamagedJournalError:
    return DamagedJournalError(f"{store} is damaged: {fault}; last good sequence {tip.sequence}")
