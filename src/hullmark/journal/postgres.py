"""A store in a PostgreSQL database: one schema, one writer, followers that are woken.

Through psycopg, which the extra ``postgres`` installs. The journal has a schema of its own, called
``hullmark`` unless the address names another:
``postgresql://user@host/database?options=-c%20hullmark.schema%3Dpaper``.

An advisory lock of the writer's session keeps a second one out. The session may still end unseen,
and the lock with it, so each append compares a token as well, in its own transaction: see
`PostgresStore.token`.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from hashlib import blake2b

from hullmark.core import Closing
from hullmark.errors import DamagedJournalError, JournalError, LockedJournalError
from hullmark.journal._batch import GENESIS, Batch, Tip
from hullmark.journal._postgres_schema import bring_up, require_current, require_shape
from hullmark.journal._postgres_session import (
    Address,
    Connection,
    LockNotAvailable,
    PsycopgError,
    enter_schema,
    lost,
    require_honesty,
)
from hullmark.journal._store import damaged, fenced, poll, require_continuation

_PAGE_BYTES = 8 << 20  # read ahead at most, but for a batch that is larger
_PAGE_ROWS = 1_000
_POLL_S_MAX = 1.0  # a pooler may swallow what wakes a reader

_LOCK = "SELECT pg_advisory_lock(%s)"
_UNLOCK = "SELECT pg_advisory_unlock(%s)"
_HOLDER = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND (classid::bigint << 32 | objid::bigint) = %s"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_NEXT_TOKEN = "UPDATE writer SET token = token + 1 RETURNING token"
# The row lock lets no writer take the next token while an append is under way.
_BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT token FROM writer FOR SHARE"
_COPY = "COPY batch (first, last, previous_hash, hash, payload) FROM STDIN (FORMAT BINARY)"
_TYPES = ("int8", "int8", "bytea", "bytea", "bytea")
_TIP = "SELECT last, hash FROM batch ORDER BY first DESC LIMIT 1"
_BEGINNING = "SELECT coalesce(max(first), 1) FROM batch WHERE first <= %s"
_PAGE = (
    "SELECT first, last, previous_hash, hash, payload FROM ("
    " SELECT *, sum(octet_length(payload)) OVER (ORDER BY first) - octet_length(payload) AS before"
    f" FROM (SELECT * FROM batch WHERE first >= %s ORDER BY first LIMIT {_PAGE_ROWS}) AS rows"
    f") AS page WHERE before < {_PAGE_BYTES} ORDER BY first"
).encode()
_LAST = "SELECT first FROM batch ORDER BY first DESC LIMIT 1"
_NO_INDEX = (
    b"SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off;"
    b" SET LOCAL enable_bitmapscan = off"
)


class PostgresStore(Closing):
    """Batches in the rows of one table.

    A session that is lost is never opened anew: a batch under way may be stored or not, and memory
    may be ahead of the journal. The next opening tells.

    Parameters
    ----------
    dsn : str
        Address of the database; it needs the right to create a schema, or the schema made for it.
        The journal's tables are created, or brought up to date, unless *read_only*.
    read_only : bool
        Read what is durable now, beside a writer or without one, also on a standby server.

    Raises
    ------
    DamagedJournalError
        If a table is not as it was made.
    LockedJournalError
        If another store writes it, here or in another process.
    JournalError
        If the server cannot be reached or does not keep what it acknowledges, or if the schema is
        another's or a newer hullmark's.
    """

    def __init__(self, dsn: str, *, read_only: bool = False) -> None:
        self._address = Address(dsn)
        self._name = f"journal in {self._address}"
        self._db: Connection | None = None
        self._tip, self._token = GENESIS, 0
        self._key, self._channel, self._locked = 0, "", False
        self._listening: bool | None = None  # once it is asked for
        try:
            self._db = self._address.connect(writing=not read_only)
            with self._errors("be opened"):
                self._open(self._db, read_only=read_only)
        except DamagedJournalError as e:
            self.close()
            raise damaged(self, e) from e
        except BaseException:
            self.close()
            raise

    def __str__(self) -> str:
        return self._name

    @property
    def tip(self) -> Tip:
        """Where the stored batches end."""
        return self._tip if self._token else self._read_tip()

    @property
    def token(self) -> int:
        """The fencing token of this writer; 0 when read-only."""
        return self._token

    def append(self, batch: Batch, /) -> None:
        """Store *batch* in a transaction of its own, and return when the server has it on disk."""
        if not self._token:
            raise JournalError(f"{self} must be open for writing, was read-only")
        require_continuation(batch, self._tip)
        db = self._connection
        try:
            self._store(db, batch)
        except PsycopgError as e:
            text = self._address.censored(e)
            if not _roll_back(db):
                text = f"while the batch at {batch.first} was stored, or was not: {text}"
                raise lost(self._name, text) from e
            raise JournalError(f"{self} must store every batch, but {text}") from e
        except JournalError:
            _roll_back(db)
            raise
        except BaseException:  # interrupted, anywhere
            db.close()
            raise
        self._tip = batch.tip

    def batches(self, first: int = 1) -> Iterator[Batch]:
        """Yield the batches in order, beginning with the one that holds the sequence *first*.

        They are fetched by the page, each in a statement of its own: no transaction stays open
        while the caller works, and a writer may go on appending.
        """
        with self._errors("be readable"):
            ((begins,),) = self._connection.execute(_BEGINNING, [first]).fetchall()
        while True:
            with self._errors("be readable"), self._connection.cursor(binary=True) as cursor:
                page = [Batch(*row) for row in cursor.execute(_PAGE, [begins])]
            if not page:
                return
            yield from page
            begins = page[-1].first + 1

    def check(self) -> None:
        """Look for what hides rows: a setting, a changed table, an index that lost some."""
        db = self._connection
        with self._errors("be readable"):
            require_honesty(db)
            require_shape(db, self._name)
            with db.transaction():
                db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                db.execute("SET LOCAL enable_seqscan = off")
                indexed = db.execute(_LAST).fetchall()
                db.execute("SET LOCAL enable_seqscan = on")
                db.execute(_NO_INDEX, prepare=False)
                stored = db.execute(_LAST).fetchall()
        if indexed != stored:
            raise DamagedJournalError(
                f"the index must end with the batch at {stored}, was {indexed}: REINDEX may mend it"
            )

    def wait(self, sequence: int, timeout_s: float) -> bool:
        """Return whether a batch beyond *sequence* came within the time; an append wakes it.

        A standby server cannot wake anyone, and is polled.
        """
        if not self._listens():
            return poll(self._read_tip, sequence, timeout_s)
        until_s = time.monotonic() + timeout_s
        while self._read_tip().sequence <= sequence:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return False
            with self._errors("be readable"):
                wait_s = min(left_s, _POLL_S_MAX)
                list(self._connection.notifies(timeout=wait_s, stop_after=1))
        return True

    def close(self) -> None:
        """End the session, and let the next writer in."""
        db, self._db = self._db, None
        if db is not None:
            with suppress(PsycopgError):
                if self._locked and not db.closed:
                    db.execute(_UNLOCK, [self._key])  # now, not when the server gets to it
            db.close()

    @property
    def _connection(self) -> Connection:
        if self._db is None:
            raise JournalError(f"{self} must be open, was closed")
        if self._db.closed:
            raise lost(self._name, "the session has ended")
        return self._db

    def _open(self, db: Connection, *, read_only: bool) -> None:
        schema = enter_schema(db)
        self._name = f"journal {schema} in {self._address}"
        digest = blake2b(b"hullmark " + schema.encode(), digest_size=8).digest()
        self._key = int.from_bytes(digest, "big", signed=True)
        self._channel = f"hullmark_{digest.hex()}"
        require_honesty(db)
        if read_only:
            db.execute("SET default_transaction_read_only = on")
            require_current(db, self._name, schema)
            return
        self._lock(db)
        bring_up(db, self._name, schema)
        tokens = db.execute(_NEXT_TOKEN).fetchall()
        if len(tokens) != 1:
            raise DamagedJournalError(f"the table writer must hold one token, was {len(tokens)}")
        ((self._token,),) = tokens
        self._tip = self._read_tip()  # after the token: nobody else appends any more
        db.execute("SET lock_timeout = 0")  # an append would rather wait than fail

    def _lock(self, db: Connection) -> None:
        try:
            db.execute(_LOCK, [self._key])
        except LockNotAvailable:
            holders = ", ".join(str(pid) for (pid,) in db.execute(_HOLDER, [self._key]).fetchall())
            raise LockedJournalError(
                f"{self} must have one writer, but session {holders or 'unknown'} of the server "
                "has it locked"
            ) from None
        self._locked = True

    # One exchange to begin, one to copy, one to commit.
    def _store(self, db: Connection, batch: Batch) -> None:
        with db.cursor() as cursor:
            cursor.execute(_BEGIN, prepare=False)
            cursor.nextset()
            if cursor.fetchall() != [(self._token,)]:
                raise fenced(self)
            with cursor.copy(_COPY) as rows:
                rows.set_types(_TYPES)
                rows.write_row(batch)
            if cursor.rowcount != 1:
                raise JournalError(f"{self} must store every batch, but a trigger kept it out")
            cursor.execute(f"NOTIFY {self._channel}; COMMIT".encode(), prepare=False)

    def _read_tip(self) -> Tip:
        with self._errors("be readable"):
            for last, digest in self._connection.execute(_TIP).fetchall():
                return Tip(last, digest)
        return GENESIS

    def _listens(self) -> bool:
        if self._listening is None:
            with self._errors("be readable"):
                ((standby,),) = self._connection.execute("SELECT pg_is_in_recovery()").fetchall()
                if not standby:
                    self._connection.execute(f"LISTEN {self._channel}".encode())
                self._listening = not standby
        return self._listening

    def _errors(self, what: str) -> AbstractContextManager[None]:
        return self._address.errors(self._connection, self._name, what)


# Whether the session is still of use.
def _roll_back(db: Connection) -> bool:
    try:
        db.execute("ROLLBACK")
    except PsycopgError:
        db.close()
        return False
    return True
