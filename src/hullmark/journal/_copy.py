"""Copying a journal into a file."""

from itertools import islice
from pathlib import Path

from hullmark.errors import InvalidInputError, JournalError
from hullmark.journal._batch import Tip
from hullmark.journal._reader import read
from hullmark.journal._store import Store
from hullmark.journal._writer import Journal
from hullmark.journal.sqlite import SqliteStore

_BATCH_UNITS = 10_000  # a few megabytes: a journal of 200,000 units takes 20 commits


def copy(source: Store, target: str | Path, *, batch_units: int = _BATCH_UNITS) -> Tip:
    """Copy a journal into a new SQLite file, whole or not at all, and return its tip.

    The units are the same; they are gathered into new batches, so the hashes are others.

    Parameters
    ----------
    source : Store
        An open store, verified on the way.
    target : path
        The file to make; it must not exist.
    batch_units : int
        Units per batch; each batch is one commit.

    Raises
    ------
    InvalidInputError
        If *batch_units* is not positive.
    DamagedJournalError
        If the source is damaged.
    JournalError
        If the target exists or cannot be written.
    """
    if batch_units < 1:
        raise InvalidInputError(f"batch_units must be >= 1, was {batch_units}")
    target = Path(target)
    if target.exists():
        raise JournalError(f"journal {target} must not exist yet, but it does")
    draft = Path(f"{target}.part")
    draft.unlink(missing_ok=True)  # of a copy that was interrupted
    Path(f"{draft}-wal").unlink(missing_ok=True)
    try:
        with Journal(SqliteStore(draft)) as journal:
            units = read(source)
            while chunk := list(islice(units, batch_units)):
                journal.append(chunk)
            tip = journal.tip
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return tip
