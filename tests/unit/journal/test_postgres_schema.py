"""The tables of a journal: made whole, brought up to date, and refused when they are others."""

import psycopg
import pytest

from hullmark.errors import DamagedJournalError, JournalError
from hullmark.journal import Journal, read
from hullmark.journal._postgres_schema import SCHEMA_VERSION, _migration
from hullmark.journal.memory import MemoryStore
from hullmark.journal.postgres import PostgresStore


def test_a_journal_is_made_whole_or_not_at_all(postgres_address, schema, run, monkeypatch):
    monkeypatch.setattr("hullmark.journal._postgres_schema.SCHEMA_VERSION", 3)
    with pytest.raises(ValueError, match="not enough values"):  # there is no third migration
        PostgresStore(postgres_address)
    assert run(f"SELECT FROM pg_namespace WHERE nspname = '{schema}'") == []
    monkeypatch.undo()
    PostgresStore(postgres_address).close()


def test_a_schema_that_was_made_beforehand_is_taken(postgres_address, schema, run, make_units):
    run(f"CREATE SCHEMA {schema}")
    with Journal(PostgresStore(postgres_address)) as journal:
        journal.append(make_units(1, 3))
    assert run("SELECT version FROM migration ORDER BY 1") == [(1,), (SCHEMA_VERSION,)]


def test_a_journal_of_version_1_is_brought_up_to_date(postgres_address, schema, run, make_units):
    store = MemoryStore()
    Journal(store).append(make_units(1, 7))
    (batch,) = store.batches()
    run(f"CREATE SCHEMA {schema}")
    values = f"{batch.first}, {batch.last}" + "".join(f", '\\x{b.hex()}'" for b in batch[2:])
    run(_migration(1), "INSERT INTO migration VALUES (1)", f"INSERT INTO batch VALUES ({values})")
    with pytest.raises(JournalError, match="must have schema version 2, was 1: open it once for w"):
        PostgresStore(postgres_address, read_only=True)
    with Journal(PostgresStore(postgres_address)) as journal:
        assert list(journal.units()) == make_units(1, 7)
        journal.append(make_units(8, 9))
    assert list(read(postgres_address)) == make_units(1, 9)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_of_a_newer_version_is_refused(postgres_journal, run, read_only):
    run("INSERT INTO migration VALUES (3)")
    with pytest.raises(JournalError, match="must have schema version <= 2, was 3: a newer hull"):
        PostgresStore(postgres_journal, read_only=read_only)


@pytest.mark.parametrize("table", ["orders (id int)", "migration (version int)", "batch (x int)"])
def test_a_schema_with_tables_of_others_is_refused_and_kept(postgres_address, schema, run, table):
    run(f"CREATE SCHEMA {schema}", f"CREATE TABLE {table}")
    with pytest.raises(JournalError):
        PostgresStore(postgres_address)
    tables = run(f"SELECT relname FROM pg_class WHERE relnamespace = '{schema}'::regnamespace")
    assert tables == [(table.split()[0],)]


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DROP TABLE batch", "the table batch must be of .*, was None"),
        ("DROP TABLE writer", "the table writer must be of .*, was None"),
        ("ALTER TABLE batch SET UNLOGGED", "was 'kind ru"),
        ("ALTER TABLE batch DISABLE TRIGGER only_grows", "was .*only_grows D"),
        ("DROP TRIGGER only_grows ON batch", "was .*key first'"),
        ("ALTER TABLE batch ENABLE ROW LEVEL SECURITY", "was .*row security"),
        ("ALTER TABLE batch DROP CONSTRAINT batch_pkey", "was .*payload bytea, trigger"),
        ("ALTER TABLE batch ALTER hash DROP NOT NULL", "was .* hash bytea or null"),
        ("ALTER TABLE batch ALTER last TYPE numeric", "was .* last numeric"),
        ("CREATE RULE r AS ON INSERT TO batch DO INSTEAD NOTHING", "was .*rule r"),
        ("CREATE TABLE public.hullmark_test_child () INHERITS (batch)", "was .*inherits"),
        ("CREATE TABLE more (x int)", "must have its schema to itself, but more is in it"),
        ("CREATE VIEW more AS SELECT 1", "must have its schema to itself, but more is in it"),
    ],
)
def test_tables_that_are_not_as_they_were_made_are_refused(
    postgres_journal, run, statement, what, read_only
):
    run(statement)
    with pytest.raises(JournalError, match=what):
        PostgresStore(postgres_journal, read_only=read_only)


def test_a_writer_without_a_token_is_refused(postgres_journal, run):
    run("DELETE FROM writer")
    with pytest.raises(DamagedJournalError, match="the table writer must hold one token, was 0"):
        PostgresStore(postgres_journal)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE batch SET last = last", "DELETE FROM batch WHERE first > 50", "TRUNCATE batch"],
)
def test_rows_stay_as_they_are(postgres_journal, run, make_units, statement):
    with pytest.raises(psycopg.Error, match=f"only grow, was to be changed by {statement[:6]}"):
        run(statement)
    assert list(read(postgres_journal)) == make_units(1, 100)


def test_rows_that_a_policy_would_hide_are_an_error(postgres_journal, run):
    with PostgresStore(postgres_journal, read_only=True) as store:
        run(
            "ALTER TABLE batch ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE batch FORCE ROW LEVEL SECURITY",
        )
        with pytest.raises(DamagedJournalError, match="row security"):
            store.check()
