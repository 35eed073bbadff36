"""A store in one SQLite file: write-ahead log, full synchronisation, one writer.

Through ``apsw``, which brings its own SQLite: versions 3.7.0 to 3.51.2 can lose committed rows of a
write-ahead log when two connections meet (sqlite.org/wal.html#walresetbug, fixed 13 March 2026).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import apsw

from hullmark.core import Closing
from hullmark.errors import DamagedJournalError, InvalidInputError, JournalError
from hullmark.journal._batch import GENESIS, HASH_BYTES, Batch, Tip
from hullmark.journal._durable import sync_folder
from hullmark.journal._lock import WriterLock
from hullmark.journal._log import find_log_fault, holds_frames
from hullmark.journal._store import damaged, fenced, poll, require_continuation

APPLICATION_ID = 0x48554C4C  # "HULL"
SCHEMA_VERSION = 2
SQLITE_VERSION_MIN = (3, 51, 3)

_BUSY_MS_MAX = 5_000  # a reader may have to wait while a log is recovered
_CLOSING_MS_MAX = 500  # a writer waits for readers that are in the midst of something
_LOOKS = 3  # one in 7,000 went wrong beside a writer that opened and closed 50 times a second
_TOKEN_MAX = 2**62
_TABLE = (
    "CREATE TABLE batch (first INTEGER PRIMARY KEY, last INTEGER NOT NULL,"
    " previous_hash BLOB NOT NULL, hash BLOB NOT NULL, payload BLOB NOT NULL) STRICT"
)
_WRITER = "CREATE TABLE writer (token INTEGER NOT NULL, is_open INTEGER NOT NULL) STRICT"
_SCHEMAS = {1: [(_TABLE,)], 2: [(_TABLE,), (_WRITER,)]}  # what a file of each version holds
# What brings a file to each version from the one before it.
_MIGRATIONS = {2: (_WRITER, "INSERT INTO writer VALUES (0, 0)")}
_NEXT_TOKEN = "UPDATE writer SET token = token + 1, is_open = 1 RETURNING token"
_CLOSED = "UPDATE writer SET is_open = 0 WHERE token = ?"
# Both fold the log into the file, as far as no reader is in the way. The first leaves its frames,
# so that a writer's log is never empty once the file says that there is one.
_FOLD = "PRAGMA wal_checkpoint(FULL)"
_FOLD_AND_EMPTY = "PRAGMA wal_checkpoint(TRUNCATE)"
# One statement, so that between looking at the token and appending nobody comes in.
_INSERT = "INSERT INTO batch SELECT ?, ?, ?, ?, ? WHERE (SELECT token FROM writer) = ?"
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
    broken : bool
        Ask nothing of the file but that it once was a journal of ours, so that what is sound of it
        can be read; only with *read_only*.

    Raises
    ------
    DamagedJournalError
        If the file is empty, not a database, or broken, or its log is before its end, or the log of
        a file that was not closed is missing or empty.
    LockedJournalError
        If another store writes it, here or in another process.
    JournalError
        If it cannot be opened, belongs to another application, or has an unknown schema version.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False, broken: bool = False) -> None:
        if broken and not read_only:
            raise InvalidInputError("broken must come with read_only, was alone")
        if tuple(map(int, apsw.sqlite_lib_version().split("."))) < SQLITE_VERSION_MIN:
            raise JournalError(f"SQLite must be >= 3.51.3, was {apsw.sqlite_lib_version()}")
        self._path = Path(path).resolve()  # two names of one file share one lock
        if not read_only:
            _require_one_name(self._path)
        self._lock = None if read_only else WriterLock(self._path)
        self._db: apsw.Connection | None = None
        self._tip, self._token = GENESIS, 0
        try:
            if not read_only and not self._path.exists():
                _create(self._path)
            self._db = _connect_broken(self._path) if broken else self._open(read_only)
            if not read_only:
                self._token = _next_token(self._db, self._path, self._tip)
                self._db.execute(_FOLD).fetchall()  # now the file says that it has a log
        except BaseException:
            self.close()
            raise

    def __str__(self) -> str:
        return f"journal {self._path}"

    @property
    def tip(self) -> Tip:
        """Where the stored batches end."""
        return self._tip if self._lock else self._read_tip(self._connection)

    @property
    def token(self) -> int:
        """The fencing token of this writer; 0 when read-only."""
        return self._token

    def append(self, batch: Batch, /) -> None:
        """Store *batch* in a transaction of its own, and return when it is on disk."""
        if self._lock is None:
            raise JournalError(f"{self} must be open for writing, was read-only")
        require_continuation(batch, self._tip)
        try:
            self._connection.execute(_INSERT, (*batch, self._token))
            stored = self._connection.changes()
        except (apsw.Error, MemoryError) as e:
            raise JournalError(f"{self} must store every batch, but {e}") from e
        if not stored:
            raise fenced(self)
        self._tip = batch.tip

    def batches(self, first: int = 1) -> Iterator[Batch]:
        """Yield the batches in order, beginning with the one that holds the sequence *first*."""
        with _damage(self._path):
            for row in self._connection.execute(_FROM, (first,)):
                yield _parse(row)

    def check(self) -> None:
        """Look through what may hide rows: a log that is not read to its end, a misread page."""
        with _damage(self._path):
            _require_log(self._connection, self._path)
            _require_whole_log(self._connection, self._path)
            _require_writer(self._connection)
            found = [text for (text,) in self._connection.execute("PRAGMA quick_check(1)")]
        if found != ["ok"]:
            raise DamagedJournalError(f"SQLite's check must find nothing, found {found[:1]}")

    def wait(self, sequence: int, timeout_s: float) -> bool:
        """Return whether a batch beyond *sequence* came within the time; the file is polled."""
        return poll(lambda: self.tip, sequence, timeout_s)

    def close(self) -> None:
        """Close the file, fold its log into it, and let the next writer in.

        A reader may keep the log from being folded. Then the file says that it is not without it.
        A process that ends without closing leaves the log as it is, and the next opening reads it.
        """
        try:
            if self._db is not None:
                self._end_writing(self._db)
                self._db.close()
        finally:
            self._db = None
            if self._lock is not None:
                self._lock.release()

    # What fails here failed before, and the next opening recovers from it. As long as the file says
    # that it has a log, the log must stay: nobody but this lets SQLite remove it, which it would do
    # whenever a connection goes, at the end of a program too.
    def _end_writing(self, db: apsw.Connection) -> None:
        if not self._token:
            return
        try:
            db.set_busy_timeout(_CLOSING_MS_MAX)
            db.execute(_CLOSED, (self._token,)).fetchall()
            closed = db.changes() == 1
        except apsw.Error:
            closed = False
        if closed:
            with suppress(apsw.Error):
                db.execute(_FOLD_AND_EMPTY).fetchall()
            db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)

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
                    _require_log(db, self._path)
                    _require_whole_log(db, self._path)
                    if not read_only:
                        _migrate(db)
                    _require_writer(db)
                except BaseException:
                    db.close()
                    raise
        except DamagedJournalError as e:
            raise damaged(self, e, self._tip.sequence) from e
        return db

    def _read_tip(self, db: apsw.Connection) -> Tip:
        with _damage(self._path):
            for last, digest in db.execute(_TIP):
                if not isinstance(last, int) or not isinstance(digest, bytes):
                    raise DamagedJournalError("the last row must hold integers and bytes")
                return Tip(last, digest)
        return GENESIS


# Another name would have a lock and a log of its own, and two writers would each keep one.
def _require_one_name(path: Path) -> None:
    links = path.stat().st_nlink if path.is_file() else 1
    if links > 1:
        raise JournalError(f"journal {path} must have one name, was a file with {links} hard links")


# The file appears with its schema or not at all: an empty one is never a beginning, always a loss.
def _create(path: Path) -> None:
    if Path(f"{path}-wal").exists():
        raise damaged(f"journal {path}", "the file is missing beside its log")
    draft = Path(f"{path}.new")  # ours: the lock is held
    draft.unlink(missing_ok=True)
    try:
        db = apsw.Connection(str(draft))
        try:
            db.pragma("application_id", APPLICATION_ID)
            db.pragma("user_version", 1)
            db.pragma("journal_mode", "wal")
            db.pragma("synchronous", "full")
            db.execute(_TABLE)
            _migrate(db)
        finally:
            db.close()
        draft.rename(path)
        sync_folder(path.parent)
    except (apsw.Error, OSError) as e:
        raise JournalError(f"journal {path} must be in a writable folder, but {e}") from e


def _connect(path: Path, *, read_only: bool) -> apsw.Connection:
    try:
        if path.exists() and not path.is_file():
            raise JournalError(f"journal {path} must be a readable file, was a folder or a device")
        if path.stat().st_size == 0:  # to SQLite it would be a new database
            raise DamagedJournalError("the file is empty")
    except OSError as e:
        raise JournalError(f"journal {path} must be a readable file, but {e}") from e
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    address = f"file:{quote(str(path))}?psow=0"  # why: see `_log`
    try:
        db = apsw.Connection(address, flags=flags | apsw.SQLITE_OPEN_URI)
    except apsw.CantOpenError as e:
        raise JournalError(f"journal {path} must be a readable file, but {e}") from e
    try:
        # No connection that goes folds a log into the file: it may be damaged, or has a writer.
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
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


# With fewer questions: a file that was cut has no last row, and its first batches are there.
def _connect_broken(path: Path) -> apsw.Connection:
    if not path.is_file():
        raise JournalError(f"journal {path} must be a readable file, and is none")
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.Error as e:
        raise JournalError(f"journal {path} must be a readable file, but {e}") from e
    try:
        db.set_busy_timeout(_BUSY_MS_MAX)
        # Or SQLite refuses a file that is shorter than its header says, whole pages or not.
        db.config(apsw.SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1)
        _require_application(db, path)
    except apsw.Error as e:
        db.close()
        raise damaged(f"journal {path}", f"SQLite says: {e}") from e
    except BaseException:
        db.close()
        raise
    return db


# Each step whole or not at all; a file that a reader holds open is read on as it was.
def _migrate(db: apsw.Connection) -> None:
    for version in range(db.pragma("user_version") + 1, SCHEMA_VERSION + 1):
        with db:
            for statement in _MIGRATIONS[version]:
                db.execute(statement)
            db.pragma("user_version", version)


# A file whose writer has not closed it is not whole without its log: a copy that left the log
# behind would be an older history, or none, and nothing else would show it. An empty log is none:
# SQLite makes one where it finds none, also for whoever is refused here. What holds frames can
# only be emptied by a writer, who waits with that until nobody reads an older `is_open`.
def _require_log(db: apsw.Connection, path: Path) -> None:
    if db.pragma("user_version") > 1:
        for (is_open,) in db.execute("SELECT is_open FROM writer"):
            if is_open and not holds_frames(Path(f"{path}-wal")):
                raise DamagedJournalError(
                    "it must have its log beside it, which is missing or empty, and its writer has "
                    "not closed it: bring the -wal that belongs to it"
                )


def _require_writer(db: apsw.Connection) -> None:
    if db.pragma("user_version") > 1:
        found = db.execute("SELECT token, is_open FROM writer").fetchall()
        match found:
            case [(int(token), int())] if 0 <= token < _TOKEN_MAX:
                return
        raise DamagedJournalError(f"it must have one writer's token, has {found[:2]}")


# What SQLite reads of the log must be all that was committed. A writer may append meanwhile: then
# it has found the log whole. It may also begin it anew while it is looked at, and what was seen is
# of two logs: damage is there at every look.
def _require_whole_log(db: apsw.Connection, path: Path) -> None:
    fault = None
    for _ in range(_LOOKS):
        frames = _log_frames(db)
        fault = find_log_fault(Path(f"{path}-wal"), frames)
        if fault is None or frames != _log_frames(db):
            return
    raise DamagedJournalError(fault)


def _log_frames(db: apsw.Connection) -> int:
    for _, frames, _ in db.execute("PRAGMA wal_checkpoint(NOOP)"):
        return max(frames, 0)
    return 0


def _next_token(db: apsw.Connection, path: Path, tip: Tip) -> int:
    try:
        with _damage(path):
            found = db.execute(_NEXT_TOKEN).fetchall()  # to its end, which is when it is durable
    except DamagedJournalError as e:
        raise JournalError(f"journal {path} must be open for writing, but {e}") from e
    match found:
        case [(int() as token,)]:
            return token
    raise damaged(f"journal {path}", "it must have one writer's token", tip.sequence)


def _require_application(db: apsw.Connection, path: Path) -> None:
    application = db.pragma("application_id")
    if application != APPLICATION_ID:
        raise JournalError(
            f"journal {path} must have application id {APPLICATION_ID:#x}, was {application:#x}"
        )


def _require_ours(db: apsw.Connection, path: Path) -> None:
    _require_application(db, path)
    version = db.pragma("user_version")
    if version not in _SCHEMAS:
        raise JournalError(
            f"journal {path} must have schema 1 to {SCHEMA_VERSION}, was {version}: "
            "a newer hullmark may have written it"
        )
    if db.execute("SELECT sql FROM sqlite_schema").fetchall() != _SCHEMAS[version]:
        raise DamagedJournalError(f"the tables must be those of schema {version}")


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (apsw.CantOpenError, apsw.ReadOnlyError) as e:
        raise JournalError(
            f"journal {path} must be in a writable folder, even to be read, but {e}: copy it with "
            "its log into one"
        ) from e
    except (apsw.BusyError, apsw.LockedError) as e:
        raise JournalError(f"journal {path} must be readable with its log, but {e}") from e
    except (apsw.Error, UnicodeDecodeError, MemoryError) as e:
        raise DamagedJournalError(f"SQLite says: {e}") from e


def _parse(row: tuple[object, ...]) -> Batch:
    match row:
        case (int() as first, int() as last, bytes() as previous, bytes() as digest, bytes() as b):
            if len(previous) == len(digest) == HASH_BYTES:
                return Batch(first, last, previous, digest, b)
    raise DamagedJournalError("a row must hold integers, hashes and bytes")
