"""The tables of a journal in PostgreSQL: brought up to date by numbered files, then compared.

Each file of ``migrations`` runs once, in order, under the writer's lock; all that are missing run
in one transaction. A released file is never edited.
"""

from importlib.resources import files

from hullmark.errors import DamagedJournalError, JournalError
from hullmark.journal._postgres_session import Connection

SCHEMA_VERSION = 2

_EXISTS = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)"
_VERSION = "SELECT coalesce(max(version), 0) FROM migration"
_RECORD = "INSERT INTO migration (version) VALUES (%s)"
# Whatever could take the place of a table, hide its rows or let a crash empty it.
_SHAPE = """
SELECT c.relname,
    concat_ws(', ',
        'kind ' || c.relkind::text || c.relpersistence::text,
        (SELECT string_agg(
                a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attnotnull THEN '' ELSE ' or null' END, ', ' ORDER BY a.attnum)
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        (SELECT 'key ' || pg_get_indexdef(i.indexrelid, 1, true)
            FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid),
        (SELECT string_agg(
                'trigger ' || t.tgname || ' ' || t.tgenabled::text, ', ' ORDER BY t.tgname)
            FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
        (SELECT string_agg('rule ' || r.rulename, ', ' ORDER BY r.rulename)
            FROM pg_rewrite r WHERE r.ev_class = c.oid),
        CASE WHEN EXISTS (
            SELECT FROM pg_inherits h WHERE c.oid IN (h.inhrelid, h.inhparent)
        ) THEN 'inherits' END,
        CASE WHEN c.relrowsecurity THEN 'row security' END)
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind NOT IN ('i', 'I')
"""
_SHAPES = {
    "batch": (
        "kind rp, first bigint, last bigint, previous_hash bytea, hash bytea, payload bytea,"
        " key first, trigger only_grows O"
    ),
    "migration": "kind rp, version integer, applied_at timestamp with time zone, key version",
    "writer": "kind rp, token bigint",
}


def bring_up(db: Connection, journal: str, schema: str) -> None:
    """Make the schema, or bring it up to date, or leave it as it was.

    Raises
    ------
    JournalError
        If it holds something else, or a newer hullmark has made it.
    """
    with db.transaction():
        if not _exists(db, schema):
            quoted = schema.replace('"', '""')
            db.execute(f'CREATE SCHEMA "{quoted}"'.encode())
        for version in range(_version(db, journal) + 1, SCHEMA_VERSION + 1):
            db.execute(_migration(version).encode(), prepare=False)
            db.execute(_RECORD, [version])
        require_shape(db, journal)


def require_current(db: Connection, journal: str, schema: str) -> None:
    """Refuse a schema that is not there or not up to date, as a reader must."""
    if not _exists(db, schema):
        raise JournalError(f"{journal} must exist to be read, but there is no schema {schema}")
    version = _version(db, journal)
    if version < SCHEMA_VERSION:
        raise JournalError(
            f"{journal} must have schema version {SCHEMA_VERSION}, was {version}: open it once for "
            "writing"
        )
    require_shape(db, journal)


def require_shape(db: Connection, journal: str) -> None:
    """Refuse tables that are not those of this version, to the last trigger."""
    found = {str(name): str(shape) for name, shape in db.execute(_SHAPE).fetchall()}
    for name in sorted(found.keys() | _SHAPES.keys()):
        if name not in _SHAPES:
            raise JournalError(f"{journal} must have its schema to itself, but {name} is in it")
        if found.get(name) != _SHAPES[name]:
            raise DamagedJournalError(
                f"the table {name} must be of {_SHAPES[name]!r}, was {found.get(name)!r}"
            )


def _exists(db: Connection, schema: str) -> bool:
    ((found,),) = db.execute(_EXISTS, [schema]).fetchall()
    return bool(found)


def _version(db: Connection, journal: str) -> int:
    tables = {name for name, _ in db.execute(_SHAPE).fetchall()}
    if not tables:
        return 0
    if "migration" not in tables:
        raise JournalError(
            f"{journal} must have its schema to itself, but {min(map(str, tables))} is in it"
        )
    ((version,),) = db.execute(_VERSION).fetchall()
    assert isinstance(version, int)
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"{journal} must have schema version <= {SCHEMA_VERSION}, was {version}: a newer "
            "hullmark has made it"
        )
    return version


def _migration(version: int) -> str:
    folder = files("hullmark.journal") / "migrations"
    (found,) = (f for f in folder.iterdir() if f.name.startswith(f"{version:04}_"))
    return found.read_text(encoding="utf-8")
