"""One writer, followers that are woken, and nothing acknowledged is lost with a process or server.

What needs a superuser, or ends the server, runs on a server of our own in any case.
"""

import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from hullmark.domain import commands, events
from hullmark.errors import (
    DamagedJournalError,
    FencedJournalError,
    JournalError,
    LockedJournalError,
)
from hullmark.journal import Journal, Unit, open_store, read
from hullmark.journal._batch import seal
from hullmark.journal.memory import MemoryStore
from hullmark.journal.postgres import PostgresStore

OPEN_ONCE = """
import sys
from hullmark.errors import LockedJournalError
from hullmark.journal.postgres import PostgresStore

try:
    PostgresStore(sys.argv[1])
except LockedJournalError as e:
    print(e)
"""
WRITE_FOREVER = """
import sys
from hullmark.domain import commands
from hullmark.errors import JournalError
from hullmark.journal import Journal, Unit
from hullmark.journal.postgres import PostgresStore

with Journal(PostgresStore(sys.argv[1])) as journal:
    while True:
        first = journal.tip.sequence + 1
        try:
            journal.append([
                Unit(sequence=i, time_ns=i, command=commands.AdvanceTime(), events=())
                for i in range(first, first + 7)
            ])
        except JournalError as e:
            sys.exit(str(e))
        print(first + 6, flush=True)
"""
# Runs when a transaction commits, after all its statements.
AT_COMMIT = """
CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {}; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON batch DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION at_commit()
"""
BEFORE_INSERT = """
CREATE FUNCTION before_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {}; END $$;
CREATE TRIGGER before_insert BEFORE INSERT ON batch
FOR EACH ROW EXECUTE FUNCTION before_insert()
"""
# Rows cannot be changed but by whoever switches off what guards them.
UNGUARDED = ("ALTER TABLE batch DISABLE TRIGGER USER", "ALTER TABLE batch ENABLE TRIGGER USER")


def test_an_address_leads_to_a_database(postgres_journal):
    with open_store(postgres_journal, read_only=True) as store:
        assert isinstance(store, PostgresStore)
        assert store.tip.sequence == 100


def test_a_second_writer_here_or_in_another_process_is_told_of_the_first(postgres_journal):
    with PostgresStore(postgres_journal) as store:
        holder = store._connection.info.backend_pid
        with pytest.raises(LockedJournalError, match=f"one writer, but session {holder} of the"):
            PostgresStore(postgres_journal)
        attempt = [sys.executable, "-c", OPEN_ONCE, postgres_journal]
        done = subprocess.run(attempt, capture_output=True, text=True, check=True)
        assert f"one writer, but session {holder} of the server has it locked" in done.stdout
    PostgresStore(postgres_journal).close()


def test_two_journals_of_one_database_do_not_meet(postgres_journal, make_units):
    other = f"{postgres_journal}_other"
    with Journal(PostgresStore(other)) as journal, PostgresStore(postgres_journal) as store:
        journal.append(make_units(1, 2))
        assert (journal.tip.sequence, store.tip.sequence) == (2, 100)
    with psycopg.connect(postgres_journal) as db:
        db.execute(f"DROP SCHEMA {other.rpartition('%3D')[2]} CASCADE")


def test_a_writer_that_was_replaced_is_fenced_off(postgres_journal, following):
    with PostgresStore(postgres_journal) as old:
        late = following(old)
        old._connection.execute("SELECT pg_advisory_unlock_all()")  # as when its session is lost
        with PostgresStore(postgres_journal) as new:
            assert new.token == old.token + 1
            for _ in range(2):
                with pytest.raises(FencedJournalError, match=f"fenced off at token {old.token}"):
                    old.append(late)
            new.append(following(new))
            assert len(list(old.batches())) == len(list(new.batches())) == 11


def test_a_new_writer_waits_for_an_append_under_way(postgres_journal, schema, following):
    with PostgresStore(postgres_journal, read_only=True) as reader:
        late = following(reader)
    with psycopg.connect(postgres_journal) as old:  # what an append does, but slowly
        old.execute(f"SET search_path = {schema}")
        old.execute("SELECT token FROM writer FOR SHARE")
        old.execute("INSERT INTO batch VALUES (%s, %s, %s, %s, %s)", late)
        timer = threading.Timer(0.3, old.commit)
        timer.start()
        with PostgresStore(postgres_journal) as new:
            assert new.tip == late.tip
        timer.join()


def test_a_reader_is_woken_and_does_not_only_ask(postgres_journal, following, monkeypatch):
    monkeypatch.setattr("hullmark.journal.postgres._POLL_S_MAX", 600.0)
    with (
        PostgresStore(postgres_journal) as writer,
        PostgresStore(postgres_journal, read_only=True) as reader,
    ):
        assert not reader.wait(100, 0.01)
        late = threading.Timer(0.2, writer.append, [following(writer)])
        late.start()
        assert reader.wait(100, 600)
        late.join()


def test_a_reader_is_woken_by_nothing_but_its_own_journal(postgres_journal, make_units):
    other = f"{postgres_journal}_other"
    with (
        Journal(PostgresStore(other)) as journal,
        PostgresStore(postgres_journal, read_only=True) as reader,
    ):
        late = threading.Timer(0.1, journal.append, [make_units(1, 2)])
        late.start()
        assert not reader.wait(100, 0.4)
        late.join()
    with psycopg.connect(postgres_journal) as database:
        database.execute(f"DROP SCHEMA {other.rpartition('%3D')[2]} CASCADE")


def test_a_standby_is_read_and_asked_and_takes_no_writer(own_address, postgres_server, make_units):
    with Journal(PostgresStore(own_address)) as journal:
        journal.append(make_units(1, 3))
        with type(postgres_server)(standby_of=postgres_server) as standby:
            there = own_address.replace(postgres_server.dsn, standby.dsn)
            with PostgresStore(there, read_only=True) as reader:
                assert list(read(reader)) == make_units(1, 3)
                assert not reader.wait(3, 0.01)
                journal.append(make_units(4, 5))
                assert reader.wait(3, 60)
                assert list(read(reader)) == make_units(1, 5)
            with pytest.raises(JournalError, match="session is read-only"):
                PostgresStore(there)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("RAISE EXCEPTION 'the disk is full'", "must store every batch, but the disk is full"),
        ("RETURN NULL", "must store every batch, but a trigger kept it out"),
    ],
)
def test_a_batch_that_the_server_refuses_is_not_there_and_the_next_one_is(
    postgres_journal, run, following, body, what
):
    with PostgresStore(postgres_journal) as store:
        batch = following(store)
        run(BEFORE_INSERT.format(body))
        with pytest.raises(JournalError, match=what):
            store.append(batch)
        assert store.tip.sequence == 100
        run("DROP TRIGGER before_insert ON batch")
        store.append(batch)
        assert [unit.sequence for unit in read(store)] == list(range(1, 106))


def test_a_lost_session_is_not_opened_again_by_itself(postgres_journal, run, make_units, following):
    with PostgresStore(postgres_journal) as store:
        batch = following(store)
        run(f"SELECT pg_terminate_backend({store._connection.info.backend_pid})")
        with pytest.raises(JournalError, match="has lost its connection: while the batch at 101 w"):
            store.append(batch)
        for use in (lambda: store.append(batch), store.check, lambda: next(store.batches())):
            with pytest.raises(JournalError, match=r"has lost its connection: .*; open it again"):
                use()
    with Journal(PostgresStore(postgres_journal)) as journal:
        assert journal.tip.sequence == 100
        journal.append(make_units(101, 105))


def test_a_reader_that_lost_its_session_says_so(postgres_journal, run):
    with PostgresStore(postgres_journal, read_only=True) as store:
        run(f"SELECT pg_terminate_backend({store._connection.info.backend_pid})")
        with pytest.raises(JournalError, match="terminating connection"):
            store.wait(100, 60)
        with pytest.raises(JournalError, match=r"has lost its connection: .*; open it again"):
            _ = store.tip


def test_a_session_lost_between_copy_and_commit_leaves_no_batch(
    postgres_journal, run, make_units, following
):
    with PostgresStore(postgres_journal) as store:
        run(AT_COMMIT.format("PERFORM pg_terminate_backend(pg_backend_pid())"))
        with pytest.raises(JournalError, match="the batch at 101 was stored, or was not"):
            store.append(following(store))
    run("DROP FUNCTION at_commit() CASCADE")
    with Journal(PostgresStore(postgres_journal)) as journal:
        assert journal.tip.sequence == 100
        assert list(journal.units()) == make_units(1, 100)


# A standby that never answers holds the answer to a commit back, not the commit.
def test_a_session_lost_after_the_commit_leaves_the_batch(own_address, superuser, make_units):
    def end_the_one_that_waits():
        while not superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        ).fetchall():
            time.sleep(0.01)

    with PostgresStore(own_address) as store:
        superuser.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        superuser.execute("SELECT pg_reload_conf()")
        time.sleep(0.2)
        try:
            killer = threading.Thread(target=end_the_one_that_waits)
            killer.start()
            with pytest.raises(JournalError, match="the batch at 1 was stored, or was not"):
                store.append(seal(make_units(1, 5), store.tip))
            killer.join()
        finally:
            superuser.execute("ALTER SYSTEM RESET synchronous_standby_names")
            superuser.execute("SELECT pg_reload_conf()")
        assert store.tip.sequence == 0
    with Journal(PostgresStore(own_address)) as journal:
        assert list(journal.units()) == make_units(1, 5)


def test_an_append_that_was_interrupted_ends_the_session(postgres_journal, schema, following):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with (
            PostgresStore(postgres_journal) as store,
            psycopg.connect(postgres_journal) as other,
        ):
            other.execute(f"LOCK TABLE {schema}.batch IN EXCLUSIVE MODE")
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                store.append(following(store))
            with pytest.raises(JournalError, match="has lost its connection"):
                store.append(following(store))
    finally:
        signal.signal(signal.SIGALRM, before)
    with PostgresStore(postgres_journal) as store:
        assert store.tip.sequence == 100


@pytest.mark.parametrize("acknowledged_min", [1, 40])
def test_a_killed_process_loses_nothing_that_it_acknowledged(postgres_address, acknowledged_min):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, postgres_address], stdout=subprocess.PIPE, text=True
    )
    with writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(acknowledged_min)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    with Journal(PostgresStore(postgres_address)) as journal:  # its lock died with it
        recovered = [unit.sequence for unit in journal.units()]
    assert recovered == list(range(1, len(recovered) + 1))
    assert len(recovered) >= acknowledged[-1]
    assert len(recovered) % 7 == 0


@pytest.mark.parametrize("acknowledged_min", [1, 40])
def test_a_killed_server_comes_back_with_all_that_was_acknowledged(
    own_address, postgres_server, acknowledged_min
):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, own_address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(acknowledged_min)]
        postgres_server.kill()
        try:
            with pytest.raises(JournalError, match=r"must be reachable, but .*: start the server"):
                PostgresStore(own_address)
            acknowledged += [int(line) for line in writer.stdout]
            assert "was stored, or was not: " in writer.stderr.read()
        finally:
            postgres_server.start()
    with Journal(PostgresStore(own_address)) as journal:
        recovered = [unit.sequence for unit in journal.units()]
        assert recovered == list(range(1, len(recovered) + 1))
        assert len(recovered) - acknowledged[-1] in {0, 7}
        sequence = len(recovered) + 1
        journal.append(
            [Unit(sequence=sequence, time_ns=1, command=commands.AdvanceTime(), events=())]
        )


def test_a_batch_of_many_megabytes_comes_back(postgres_address):
    big = events.Deposited(account=1, asset="x" * (40 << 20), quanta=1)
    unit = Unit(sequence=1, time_ns=1, command=commands.AdvanceTime(), events=(big,))
    with Journal(PostgresStore(postgres_address)) as journal:
        journal.append([unit])
        assert list(journal.units()) == [unit]


def test_batches_come_by_the_page_and_none_is_missing(postgres_address, run, make_units):
    memory = MemoryStore()
    journal = Journal(memory)
    for sequence in range(1, 2_101):
        journal.append(make_units(sequence, sequence))
    PostgresStore(postgres_address).close()
    with psycopg.connect(postgres_address) as database, database.cursor() as cursor:
        schema = postgres_address.rpartition("%3D")[2]
        with cursor.copy(f"COPY {schema}.batch FROM STDIN (FORMAT BINARY)") as rows:
            rows.set_types(["int8", "int8", "bytea", "bytea", "bytea"])
            for batch in memory.batches():
                rows.write_row(batch)
    with PostgresStore(postgres_address, read_only=True) as store:
        assert list(store.batches()) == list(memory.batches())
        assert [batch.first for batch in store.batches(1_999)] == list(range(1_999, 2_101))


@pytest.mark.parametrize(
    ("statement", "good"),
    [
        ("UPDATE batch SET payload = set_byte(payload, 9, 7) WHERE first = 51", 50),
        ("UPDATE batch SET previous_hash = hash WHERE first = 31", 30),
        ("UPDATE batch SET hash = '\\x00' WHERE first = 31", 30),
        ("UPDATE batch SET last = 61 WHERE first = 51", 50),
        ("UPDATE batch SET first = 0 WHERE first = 11", 0),
        ("DELETE FROM batch WHERE first = 41", 40),
        ("DELETE FROM batch WHERE first = 1", 0),
    ],
)
def test_damaged_rows_are_found(postgres_journal, run, statement, good):
    guarded, unguarded = UNGUARDED[1], UNGUARDED[0]
    run(unguarded, statement, guarded)
    with pytest.raises(DamagedJournalError, match=f"is damaged: .*; last good sequence {good}$"):
        list(read(postgres_journal))
    with pytest.raises(DamagedJournalError, match=f"last good sequence {good}$"):
        Journal(PostgresStore(postgres_journal))


def test_an_index_that_lost_the_last_rows_is_found(own_address, superuser, make_units):
    with Journal(PostgresStore(own_address)) as journal:
        journal.append(make_units(1, 5))
        schema = own_address.rpartition("%3D")[2]
        ready = "UPDATE pg_index SET indisready = {} WHERE indexrelid = '{}.batch_pkey'::regclass"
        superuser.execute("SET allow_system_table_mods = on")
        superuser.execute(ready.format("false", schema))
        journal.append(make_units(6, 9))
        superuser.execute(ready.format("true", schema))
    with pytest.raises(DamagedJournalError, match=r"index must end with the batch at .*6.*, was"):
        list(read(own_address))
    superuser.execute(f"REINDEX TABLE {schema}.batch")
    assert list(read(own_address)) == make_units(1, 9)


def test_a_closed_store_says_so(postgres_journal):
    store = PostgresStore(postgres_journal)
    store.close()
    store.close()
    with pytest.raises(JournalError, match="must be open, was closed"):
        store.check()
