"""A store in one SQLite file: write-ahead log, full synchronisation, one writer.

Through ``apsw``, which brings its own SQLite: versions 3.7.0 to 3.51.2 can lose committed rows of a
write-ahead log when two connections meet (sqlite.org/wal.html#walresetbug, fixed 13 March 2026).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from hullmark.core import Closing
from hullmark.errors import DamagedJournalError, JournalError
from hullmark.journal._batch import GENESIS, HASH_BYTES, Batch, Tip
from hullmark.journal._lock import WriterLock
from hullmark.journal._store import require_continuation

APPLICATION_ID = 0x48554C4C  # "HULL"
SCHEMA_VERSION = 1
SQLITE_VERSION_MIN = (3, 51, 3)

_BUSY_MS_MAX = 5_000  # a reader may have to wait while a log is recovered
_TABLE = (
    "CREATE TABLE batch (first INTEGER PRIMARY KEY, last INTEGER NOT NULL,"
    " previous_hash BLOB NOT NULL, hash BLOB NOT NULL, payload BLOB NOT NULL) STRICT"
)
_INSERT = "INSERT INTO batch VALUES (?, ?, ?, ?, ?)"
_FROM = (
    "SELECT first, last, previous_hash, hash, payload FROM batch"
    " WHERE first >= coalesce((SELECT max(first) FROM batch WHERE first <= ?), 1) ORDER BY first"
)
_TIP = "SELECT last, hash FROM batch ORDER BY first DESC LIMIT 1"


class SqliteStore(Closing):
    """Batches in the rows of one table.

    Parameters
    ----------
    path : path
        The file; created, with its schema or not at all, unless *read_only*.
    read_only : bool
        Read what is durable now, beside a writer or without one, and take no lock. SQLite may leave
        an empty ``-wal`` and a ``-shm`` beside the file.

    Raises
    ------
    DamagedJournalError
        If the file is empty, not a database, or broken.
    LockedJournalError
        If another store writes it, here or in another process.
    JournalError
        If it cannot be opened, belongs to another application, or has an unknown schema version.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        if tuple(map(int, apsw.sqlite_lib_version().split("."))) < SQLITE_VERSION_MIN:
            raise JournalError(f"SQLite must be >= 3.51.3, was {apsw.sqlite_lib_version()}")
        self._path = Path(path).resolve()  # two names of one file share one lock
        self._lock = None if read_only else WriterLock(self._path)
        self._db: apsw.Connection | None = None
        self._tip = GENESIS
        try:
            if not read_only and not self._path.exists():
                _create(self._path)
            self._db = self._open(read_only)
        except BaseException:
            self.close()
            raise

    def __str__(self) -> str:
        return f"journal {self._path}"

    @property
    def tip(self) -> Tip:
        """Where the stored batches end."""
        return self._tip if self._lock else self._read_tip(self._connection)

    def append(self, batch: Batch, /) -> None:
        """Store *batch* in a transaction of its own, and return when it is on disk."""
        if self._lock is None:
            raise JournalError(f"{self} must be open for writing, was read-only")
        require_continuation(batch, self._tip)
        try:
            self._connection.execute(_INSERT, batch)
        except (apsw.Error, MemoryError) as e:
            raise JournalError(f"{self} must store every batch, but {e}") from e
        self._tip = batch.tip

    def batches(self, first: int = 1) -> Iterator[Batch]:
        """Yield the batches in order, beginning with the one that holds the sequence *first*."""
        with _damage(self._path):
            for row in self._connection.execute(_FROM, (first,)):
                yield _parse(row)

    def check(self) -> None:
        """Let SQLite look through its own structures: a page it misreads may hide rows."""
        with _damage(self._path):
            found = [text for (text,) in self._connection.execute("PRAGMA quick_check(1)")]
        if found != ["ok"]:
            raise DamagedJournalError(f"SQLite's check must find nothing, found {found[:1]}")

    def close(self) -> None:
        """Close the file, fold its log into it, and let the next writer in."""
        try:
            if self._db is not None:
                self._db.close()
        finally:
            self._db = None
            if self._lock is not None:
                self._lock.release()

    @property
    def _connection(self) -> apsw.Connection:
        if self._db is None:
            raise JournalError(f"{self} must be open, was closed")
        return self._db

    def _open(self, read_only: bool) -> apsw.Connection:
        try:
            with _damage(self._path):
                db = _connect(self._path, read_only=read_only)
                try:
                    self._tip = self._read_tip(db)
                except BaseException:
                    db.close()
                    raise
        except DamagedJournalError as e:
            raise DamagedJournalError(f"{self} is damaged: {e}; last good sequence 0") from e
        return db

    def _read_tip(self, db: apsw.Connection) -> Tip:
        with _damage(self._path):
            for last, digest in db.execute(_TIP):
                if not isinstance(last, int) or not isinstance(digest, bytes):
                    raise DamagedJournalError("the last row must hold integers and bytes")
                return Tip(last, digest)
        return GENESIS


# The file appears with its schema or not at all: an empty one is never a beginning, always a loss.
def _create(path: Path) -> None:
    if Path(f"{path}-wal").exists():
        raise DamagedJournalError(f"journal {path} is missing beside its log; last good sequence 0")
    draft = Path(f"{path}.new")  # ours: the lock is held
    draft.unlink(missing_ok=True)
    try:
        db = apsw.Connection(str(draft))
        try:
            db.pragma("application_id", APPLICATION_ID)
            db.pragma("user_version", SCHEMA_VERSION)
            db.pragma("journal_mode", "wal")
            db.pragma("synchronous", "full")
            db.execute(_TABLE)
        finally:
            db.close()
        draft.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except (apsw.Error, OSError) as e:
        raise JournalError(f"journal {path} must be in a writable folder, but {e}") from e


def _connect(path: Path, *, read_only: bool) -> apsw.Connection:
    try:
        if path.stat().st_size == 0:  # to SQLite it would be a new database
            raise DamagedJournalError("the file is empty")
    except OSError as e:
        raise JournalError(f"journal {path} must be a readable file, but {e}") from e
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    try:
        db = apsw.Connection(str(path), flags=flags)
    except apsw.CantOpenError as e:
        raise JournalError(f"journal {path} must be a readable file, but {e}") from e
    try:
        db.set_busy_timeout(_BUSY_MS_MAX)
        db.pragma("cell_size_check", True)
        _require_ours(db, path)
        if not read_only:
            db.pragma("journal_mode", "wal")
            db.pragma("synchronous", "full")
    except BaseException:
        db.close()
        raise
    return db


def _require_ours(db: apsw.Connection, path: Path) -> None:
    application, version = db.pragma("application_id"), db.pragma("user_version")
    if application != APPLICATION_ID:
        raise JournalError(
            f"journal {path} must have application id {APPLICATION_ID:#x}, was {application:#x}"
        )
    if version != SCHEMA_VERSION:
        raise JournalError(f"journal {path} must have schema {SCHEMA_VERSION}, was {version}")
    if db.execute("SELECT sql FROM sqlite_schema").fetchall() != [(_TABLE,)]:
        raise DamagedJournalError("the schema must be one table of batches")


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (apsw.CantOpenError, apsw.BusyError, apsw.LockedError) as e:
        raise JournalError(f"journal {path} must be readable with its log, but {e}") from e
    except (apsw.Error, UnicodeDecodeError, MemoryError) as e:
        raise DamagedJournalError(f"SQLite says: {e}") from e


def _parse(row: tuple[object, ...]) -> Batch:
    match row:
        case (int() as first, int() as last, bytes() as previous, bytes() as digest, bytes() as b):
            if len(previous) == len(digest) == HASH_BYTES:
                return Batch(first, last, previous, digest, b)
    raise DamagedJournalError("a row must hold integers, hashes and bytes")
