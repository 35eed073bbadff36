"""Sessions with a PostgreSQL server: the address, what is asked of the server, and its errors."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from hullmark.errors import DamagedJournalError, JournalError

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.rows import TupleRow
except ImportError as e:
    raise JournalError(
        f"a journal in PostgreSQL must have psycopg, but {e}: pip install 'hullmark[postgres]'"
    ) from e

Connection: TypeAlias = psycopg.Connection[TupleRow]
PsycopgError = psycopg.Error
LockNotAvailable = psycopg.errors.LockNotAvailable

SERVER_VERSION_MIN = 15
SCHEMA_DEFAULT = "hullmark"

_NAME_BYTES_MAX = 63  # a longer one is cut by the server, and two journals could meet
_LOCK_WAIT_S_MAX = 2  # the server takes a moment to notice that a process has died
# What a session is opened with, where the address says nothing else. The other end may vanish
# without a word: then we give up after half a minute, and the server frees the lock as soon.
_DEFAULTS = {
    "application_name": "hullmark",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_SETTINGS = {
    "row_security": "off",  # a policy that hides rows becomes an error
    "default_transaction_isolation": "read committed",  # a newer token is waited for, and seen
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_session_timeout": "0",  # a quiet venue keeps its lock
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": f"{_LOCK_WAIT_S_MAX}s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_HONEST = {"zero_damaged_pages": "off", "ignore_checksum_failure": "off"}  # or rows disappear
_DURABLE = {"fsync": "on"}

_SET = (
    "SELECT set_config(wanted.key, wanted.value, false)"
    " FROM json_each_text(%s) AS wanted JOIN pg_settings ON name = wanted.key"
)
_SET_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') <> 'remote_apply'"  # which is stronger
)
_SET_PATH = "SELECT set_config('search_path', quote_ident(%s), false)"
_SCHEMA = "SELECT coalesce(nullif(current_setting('hullmark.schema', true), ''), %s)"
_ASKED = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"


class Address:
    """Where a journal is, without showing the password: ``str(address)`` may be printed.

    Raises
    ------
    JournalError
        If the text is no address, or may have a password where it would be shown.
    """

    def __init__(self, dsn: str) -> None:
        try:
            self._parameters = {k: str(v) for k, v in conninfo_to_dict(dsn).items()}
        except psycopg.Error:
            raise _unreadable() from None
        host, port = self._parameters.get("host", ""), self._parameters.get("port", "")
        database = self._parameters.get("dbname", "")
        if "@" in host + database or not re.fullmatch(r"[\d,]*", port):
            raise _unreadable()
        self._secrets = [
            self._parameters[key]
            for key in ("password", "sslpassword")
            if self._parameters.get(key)
        ]
        self._place = f"database {database or 'of the user'} at {host or 'the default host'}"

    def __str__(self) -> str:
        return self._place

    def connect(self, *, writing: bool) -> Connection:
        """Open a session, for writing only where the server takes it.

        Raises
        ------
        JournalError
            If the server cannot be reached, is too old, or would forget what it has acknowledged.
        """
        defaults = dict(_DEFAULTS, **({"target_session_attrs": "read-write"} if writing else {}))
        try:
            db: Connection = psycopg.connect(
                **(defaults | self._parameters),  # type: ignore[arg-type]  # all are texts
                autocommit=True,
                prepare_threshold=None,  # a pooler may be between
            )
        except psycopg.Error as e:
            raise JournalError(
                f"journal in {self} must be reachable, but {self.censored(e)}: start the server, "
                "or correct the address"
            ) from None
        self._place = f"database {db.info.dbname} at {db.info.host}:{db.info.port}"
        try:
            with self.errors(db, f"journal in {self}", "be opened"):
                self._prepare(db, writing=writing)
        except BaseException:
            db.close()
            raise
        return db

    def censored(self, error: psycopg.Error) -> str:
        """Return what an error says, on one line and without secrets."""
        said = error.diag  # empty where the server was not reached
        parts = [said.message_primary or str(error), said.message_detail, said.message_hint]
        lines = [line.strip() for part in parts if part for line in part.splitlines()]
        text = "; ".join(line for line in lines if line)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    @contextmanager
    def errors(self, db: Connection, journal: str, what: str) -> Iterator[None]:
        """Turn the errors of psycopg into ours; *what* the journal must be able to do."""
        try:
            yield
        except psycopg.Error as e:
            if db.closed:
                raise lost(journal, self.censored(e)) from e
            if e.sqlstate is not None and e.sqlstate[:2] in {"XX", "58"}:
                raise DamagedJournalError(f"PostgreSQL says: {self.censored(e)}") from e
            raise JournalError(f"{journal} must {what}, but {self.censored(e)}") from e

    def _prepare(self, db: Connection, *, writing: bool) -> None:
        version = db.info.server_version // 10_000
        if version < SERVER_VERSION_MIN:
            raise JournalError(
                f"journal in {self} must be on PostgreSQL >= {SERVER_VERSION_MIN}, was {version}"
            )
        db.execute(_SET, [json.dumps(_SETTINGS)])
        if writing:
            db.execute(_SET_DURABLE)
            require_settings(db, _DURABLE)


def enter_schema(db: Connection) -> str:
    """Return the schema that the address names, after making it the one that names are found in.

    Raises
    ------
    JournalError
        If it cannot be the name of a schema.
    """
    ((schema,),) = db.execute(_SCHEMA, [SCHEMA_DEFAULT]).fetchall()
    assert isinstance(schema, str)
    if len(schema.encode()) > _NAME_BYTES_MAX:
        raise JournalError(f"hullmark.schema must have <= {_NAME_BYTES_MAX} bytes, was {schema!r}")
    db.execute(_SET_PATH, [schema])
    return schema


def require_honesty(db: Connection) -> None:
    """Refuse a server that is told to pass over what it cannot read."""
    require_settings(db, _HONEST)


def require_settings(db: Connection, wanted: dict[str, str]) -> None:
    """Refuse a server one of whose settings is another."""
    for name, setting in db.execute(_ASKED, [list(wanted)]).fetchall():
        if setting != wanted[str(name)]:
            raise JournalError(
                f"PostgreSQL's {name} must be {wanted[str(name)]} for a journal, was {setting}"
            )


def lost(journal: str, reason: str) -> JournalError:
    """Return the error of a session that has ended."""
    return JournalError(f"{journal} has lost its connection: {reason}; open it again")


def _unreadable() -> JournalError:
    return JournalError(
        "dsn must be an address such as postgresql://user@host:5432/database, with @ / : in a "
        "password percent-encoded; it is not shown, since it may hold one"
    )
