"""Copying a journal to another place: whole or not at all, and read back before it counts.

A file is filled beside its place and moved there. In a database each batch is a commit of its own,
so a copy that is cut off leaves a part: it is told, and is refused as the target of the next one.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from hullmark.errors import HullmarkError, InvalidInputError, JournalError
from hullmark.journal._batch import GENESIS, Tip
from hullmark.journal._durable import sync_folder
from hullmark.journal._locations import file_of, open_store
from hullmark.journal._lock import WriterLock
from hullmark.journal._reader import read, require_whole, verified
from hullmark.journal._store import Store
from hullmark.journal._writer import Journal
from hullmark.journal.sqlite import SqliteStore

_BATCH_UNITS = 10_000  # a few megabytes: a journal of 200,000 units takes 20 commits
_LOGS = ("-wal", "-shm")  # what SQLite keeps beside a file


def copy(
    source: Store,
    target: str | Path,
    *,
    replace: bool = False,
    batch_units: int = _BATCH_UNITS,
) -> Tip:
    """Copy the units of a journal to a new place, and return its tip.

    They are gathered into new batches, so the hashes are others; `clone` keeps both.

    Parameters
    ----------
    source : Store
        An open store, verified on the way.
    target : location
        The file to make, or an empty database.
    replace : bool, default False
        Whether a file may exist, and is replaced once the copy is whole; not while it has a writer.
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
    with new_store(target, replace=replace) as store:
        journal = Journal(store)
        units = read(source)
        while chunk := list(islice(units, batch_units)):
            journal.append(chunk)
        return journal.tip


def clone(source: Store, target: str | Path) -> Tip:
    """Copy the batches of a journal to a new place, hash for hash, and return its tip.

    Snapshots of the one are snapshots of the other.

    Parameters
    ----------
    source : Store
        An open store, verified on the way.
    target : location
        A file that does not exist yet, or an empty database.

    Raises
    ------
    DamagedJournalError, LockedJournalError, JournalError
        As for `copy`.
    """
    with new_store(target) as store:
        for batch in verified(source):
            store.append(batch)
        return store.tip


def require_free(target: str | Path, *, replace: bool = False) -> None:
    """Refuse a place where no new journal can be made, before anything is done for it.

    Raises
    ------
    LockedJournalError
        If it has a writer.
    JournalError
        If there is a journal, or anything else, and *replace* does not allow it.
    """
    file = file_of(target)
    if file is None:
        with _new_database(str(target)):
            return
    taken = [path for path in (file, Path(f"{file}-wal")) if path.exists() or path.is_symlink()]
    if file.is_dir() or (taken and not replace):
        raise JournalError(f"journal {file} must not exist yet, but {taken[0]} does")


@contextmanager
def new_store(target: str | Path, *, replace: bool = False) -> Iterator[Store]:
    """Open a store to be filled at a new place; it is there when the block ends without an error.

    Raises
    ------
    JournalError
        As `require_free`, or if what was stored is not read back as it was.
    """
    file = file_of(target)
    if file is None:
        with _new_database(str(target)) as store:
            yield store
            require_whole(store)
        return
    require_free(file, replace=replace)
    draft, lock = Path(f"{file}.part"), WriterLock(file)
    try:
        _remove(draft)  # of a copy that was interrupted
        with SqliteStore(draft) as store:
            yield store
            require_whole(store)
        _put(draft, file)
    finally:
        _remove(draft)
        lock.release()


@contextmanager
def _new_database(address: str) -> Iterator[Store]:
    with closing(open_store(address)) as store:
        if store.tip != GENESIS:
            raise JournalError(f"{store} must be empty, ends at sequence {store.tip.sequence}")
        try:
            yield store
        except HullmarkError as e:
            if store.tip == GENESIS:
                raise
            raise JournalError(
                f"{store} holds a part, up to sequence {store.tip.sequence}, since {e}; drop its "
                "schema before the next attempt"
            ) from e


def _put(draft: Path, file: Path) -> None:
    try:
        for log in _LOGS:
            Path(f"{file}{log}").unlink(missing_ok=True)  # of the one that is replaced
        draft.replace(file)
        sync_folder(file.parent)
    except OSError as e:
        raise JournalError(f"journal {file} must be in a writable folder, but {e}") from e


def _remove(draft: Path) -> None:
    for suffix in ("", *_LOGS):
        Path(f"{draft}{suffix}").unlink(missing_ok=True)
