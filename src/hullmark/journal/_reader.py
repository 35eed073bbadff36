"""Reading a journal back, verified."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from hullmark.errors import DamagedJournalError, SnapshotError
from hullmark.journal._batch import GENESIS, Batch, Tip, Unit, find_fault, unseal
from hullmark.journal._locations import open_store
from hullmark.journal._store import Store, damaged


def read(source: str | Path | Store, *, since: Tip = GENESIS) -> Iterator[Unit]:
    """Yield every unit of a journal in order; what was yielded is verified.

    Parameters
    ----------
    source : location or Store
        A journal, opened read-only beside its writer if there is one; or an open store.
    since : Tip, optional
        The end of a batch, as a snapshot holds it: only what came after is read and verified.

    Yields
    ------
    Unit
        In sequence, without gaps. A batch is verified before its first unit is yielded.

    Raises
    ------
    DamagedJournalError
        At the first batch that is missing, out of order, changed or undecodable, or if the file is
        broken. The message has the last good sequence and what is wrong.
    SnapshotError
        If *since* is not the end of one of its batches.
    JournalError
        If there is no journal of ours.
    """
    with ExitStack() as stack:
        if isinstance(source, str | Path):
            opened = open_store(source, read_only=True)
            stack.callback(opened.close)
            source = opened
        for _, units in read_batches(source, since):
            yield from units


def read_batches(store: Store, since: Tip = GENESIS) -> Iterator[tuple[Batch, list[Unit]]]:
    """Yield every batch after *since* with its units, verified as `read` does it.

    Raises
    ------
    DamagedJournalError, SnapshotError
        As for `read`.
    """
    for batch in verified(store, since):
        try:
            units = unseal(batch)
        except DamagedJournalError as e:
            raise damaged(store, e, batch.first - 1) from e
        yield batch, units


def units_from(store: Store, sequence: int) -> Iterator[Unit]:
    """Yield the units from one on, to look up what happened: each batch is found sound alone.

    Raises
    ------
    DamagedJournalError
        If a batch has not the hash of its content, or does not decode.
    """
    for batch in store.batches(sequence):
        if batch.hash != batch.hash_of_content:
            raise DamagedJournalError(
                f"{store} is damaged: the batch at {batch.first} must have the hash of its content"
            )
        yield from (unit for unit in unseal(batch) if unit.sequence >= sequence)


def unit_at(store: Store, sequence: int) -> Unit | None:
    """Return the unit of a sequence, its batch found sound; ``None`` if there is none."""
    if not 1 <= sequence <= store.tip.sequence:
        return None
    return next(units_from(store, sequence))


def verified(store: Store, since: Tip = GENESIS) -> Iterator[Batch]:
    """Yield the batches after *since*, each after it was found to continue the one before it."""
    tip = since
    try:
        batches = store.batches(since.sequence)
        if since != GENESIS:
            _require_position(store, next(batches, None), since)
        for batch in batches:
            fault = find_fault(batch, tip)
            if fault is not None:
                raise DamagedJournalError(fault)
            yield batch
            tip = batch.tip
        if since == GENESIS:  # it reads everything, which a follower cannot pay at every batch
            store.check()
    except DamagedJournalError as e:
        raise damaged(store, e, tip.sequence) from e


def require_whole(store: Store, since: Tip = GENESIS) -> None:
    """Verify what comes after *since*, and that it is all that the store says it holds.

    Raises
    ------
    DamagedJournalError, SnapshotError
        As for `read`.
    """
    tip = since
    for batch in verified(store, since):
        tip = batch.tip
    if tip != store.tip:
        raise damaged(store, f"it must end at {store.tip.sequence}", tip.sequence)


def _require_position(store: Store, batch: Batch | None, since: Tip) -> None:
    if batch is None or batch.tip.sequence != since.sequence:
        raise SnapshotError(
            f"{store} must have a batch that ends at {since.sequence}, has none, "
            f"and ends at {store.tip.sequence}"
        )
    if batch.tip != since or batch.hash != batch.hash_of_content:
        raise SnapshotError(
            f"{store} must have the hash {since.hash.hex()} at sequence {since.sequence}, "
            f"was {batch.hash.hex()}"
        )
