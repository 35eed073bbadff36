"""Copying a journal into a file."""

from itertools import islice
from pathlib import Path

from hullmark.errors import InvalidInputError, JournalError
from hullmark.journal._batch import Tip
from hullmark.journal._lock import WriterLock
from hullmark.journal._reader import read
from hullmark.journal._store import Store
from hullmark.journal._writer import Journal
from hullmark.journal.sqlite import SqliteStore

_BATCH_UNITS = 10_000  # a few megabytes: a journal of 200,000 units takes 20 commits


def copy(
    source: Store,
    target: str | Path,
    *,
    replace: bool = False,
    batch_units: int = _BATCH_UNITS,
) -> Tip:
    """Copy a journal into a SQLite file, whole or not at all, and return its tip.

    The units are the same; they are gathered into new batches, so the hashes are others.

    Parameters
    ----------
    source : Store
        An open store, verified on the way.
    target : path
        The file to make.
    replace : bool, default False
        Whether it may exist, and is replaced once the copy is whole; not while it has a writer.
    batch_units : int
        Units per batch; each batch is one commit.

    Raises
    ------
    InvalidInputError
        If *batch_units* is not positive.
    DamagedJournalError
        If the source is damaged.
    LockedJournalError
        If the target has a writer.
    JournalError
        If the target exists and may not, or cannot be written.
    """
    if batch_units < 1:
        raise InvalidInputError(f"batch_units must be >= 1, was {batch_units}")
    target = Path(target)
    if target.exists() and not replace:
        raise JournalError(f"journal {target} must not exist yet, but it does")
    draft = Path(f"{target}.part")
    draft.unlink(missing_ok=True)  # of a copy that was interrupted
    Path(f"{draft}-wal").unlink(missing_ok=True)
    lock = WriterLock(target)
    try:
        with Journal(SqliteStore(draft)) as journal:
            units = read(source)
            while chunk := list(islice(units, batch_units)):
                journal.append(chunk)
            tip = journal.tip
        for log in (Path(f"{target}-wal"), Path(f"{target}-shm")):
            log.unlink(missing_ok=True)  # of the one that is replaced
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
        lock.release()
    return tip
