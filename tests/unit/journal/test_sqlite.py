"""One writer, one kind of file, and nothing acknowledged is lost with the process."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import apsw
import pytest

from hullmark.errors import DamagedJournalError, InvalidInputError, JournalError, LockedJournalError
from hullmark.journal import Journal, read
from hullmark.journal.sqlite import SqliteStore

WRITE_FOREVER = """
import sys
from hullmark.domain import commands
from hullmark.journal import Journal, Unit
from hullmark.journal.sqlite import SqliteStore

with Journal(SqliteStore(sys.argv[1])) as journal:
    while True:
        first = journal.tip.sequence + 1
        journal.append([
            Unit(sequence=i, time_ns=i, command=commands.AdvanceTime(), events=())
            for i in range(first, first + 7)
        ])
        print(first + 6, flush=True)
"""
WRITE_AND_END = """
import os, sys
from hullmark.domain import commands
from hullmark.journal import Journal, Unit
from hullmark.journal.sqlite import SqliteStore

journal = Journal(SqliteStore(sys.argv[1]))
next_unit = Unit(
    sequence=journal.tip.sequence + 1, time_ns=7, command=commands.AdvanceTime(), events=()
)
exec(sys.argv[2])
"""
APPEND = "journal.append([next_unit]); "
LOG_HEADER_BYTES = 32  # sqlite.org/fileformat2.html, section 4
OPEN_ONCE = """
import sys
from hullmark.errors import LockedJournalError
from hullmark.journal.sqlite import SqliteStore

try:
    SqliteStore(sys.argv[1])
except LockedJournalError as e:
    print(e)
"""


def end(path, how):
    """Write in a process that ends without closing the journal."""
    program = [sys.executable, "-c", WRITE_AND_END, str(path), how]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def refuse(path, sequence):
    """Be refused for a lost log again and again, by readers and writers."""
    for read_only in (False, False, True, True, False):
        with pytest.raises(
            DamagedJournalError, match=f"its log beside it.*last good sequence {sequence}$"
        ) as refused:
            SqliteStore(path, read_only=read_only)
        assert "--salvage" not in str(refused.value)


def test_a_second_writer_in_this_process_is_refused(journal_file):
    with SqliteStore(journal_file):
        with pytest.raises(LockedJournalError, match=r"journal\.db must have one writer"):
            SqliteStore(journal_file)
        with pytest.raises(LockedJournalError):  # nor by another name
            SqliteStore(journal_file.parent / "." / ".." / journal_file.parent.name / "journal.db")
    SqliteStore(journal_file).close()


def test_a_second_writer_in_another_process_is_refused(journal_file):
    attempt = [sys.executable, "-c", OPEN_ONCE, str(journal_file)]
    with SqliteStore(journal_file):
        answer = subprocess.run(attempt, capture_output=True, text=True, check=True).stdout
    assert str(journal_file) in answer
    assert subprocess.run(attempt, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize("acknowledged_min", [1, 40, 150])
def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path, acknowledged_min):
    path = tmp_path / "journal.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, str(path)], stdout=subprocess.PIPE, text=True
    )
    with writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(acknowledged_min)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    recovered = [unit.sequence for unit in read(path)]
    assert recovered == list(range(1, len(recovered) + 1))
    assert len(recovered) >= acknowledged[-1]
    assert len(recovered) % 7 == 0
    with Journal(SqliteStore(path)) as journal:  # its lock died with it
        assert journal.tip.sequence == len(recovered)


def test_every_commit_is_synchronised_in_full(journal_file):
    with SqliteStore(journal_file) as store:
        assert store._connection.pragma("journal_mode") == "wal"
        assert store._connection.pragma("synchronous") == 2  # sqlite.org/pragma.html: FULL


def test_a_closed_journal_is_one_file(journal_file):
    assert [p.name for p in journal_file.parent.iterdir()] == [journal_file.name]


def test_a_file_appears_with_its_schema_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr("hullmark.journal.sqlite._TABLE", "CREATE TABLE broken")
    with pytest.raises(JournalError, match="must be in a writable folder"):
        SqliteStore(tmp_path / "journal.db")
    assert not (tmp_path / "journal.db").exists()
    monkeypatch.undo()
    SqliteStore(tmp_path / "journal.db").close()  # and what is left over is no obstacle


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "the file is empty"), (b"a,b\n1,2\n" * 100, "not a database")],
)
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path, content, what, read_only):
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(DamagedJournalError, match=f"journal.db.*{what}.*last good sequence 0"):
        SqliteStore(path, read_only=read_only)
    assert path.read_bytes() == content


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("PRAGMA application_id = 7", "must have application id 0x48554c4c, was 0x7"),
        ("PRAGMA user_version = 3", "must have schema 1 to 2, was 3: a newer hullmark"),
        ("CREATE TABLE more (x)", "the tables must be those of schema 2"),
        ("DROP TABLE batch", "the tables must be those of schema 2"),
    ],
)
def test_a_database_that_is_not_ours_is_refused(journal_file, edit, statement, what, read_only):
    edit(journal_file, statement)
    with pytest.raises(JournalError, match=what):
        SqliteStore(journal_file, read_only=read_only)


def test_a_log_without_its_file_is_not_taken_for_a_beginning(tmp_path):
    (tmp_path / "journal.db-wal").write_bytes(b"log")
    with pytest.raises(DamagedJournalError, match="missing beside its log"):
        SqliteStore(tmp_path / "journal.db")


def test_a_path_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(JournalError, match=r"none\.db must be a readable file"):
        SqliteStore(tmp_path / "none.db", read_only=True)
    with pytest.raises(JournalError, match=r"none/journal\.db must be in a writable folder"):
        SqliteStore(tmp_path / "none" / "journal.db")
    with pytest.raises(JournalError, match="must be a readable file"):
        SqliteStore(tmp_path)


def test_a_read_only_store_does_not_append(journal_file):
    with SqliteStore(journal_file, read_only=True) as store:
        batch = next(store.batches(91))
        with pytest.raises(JournalError, match="must be open for writing"):
            store.append(batch)


def test_a_closed_store_says_so(journal_file):
    store = SqliteStore(journal_file)
    store.close()
    store.close()
    with pytest.raises(JournalError, match="must be open, was closed"):
        store.check()


def test_a_sqlite_that_can_lose_rows_is_refused(journal_file, monkeypatch):
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(JournalError, match=r"must be >= 3\.51\.3, was 3\.51\.2"):
        SqliteStore(journal_file)


def test_a_broken_file_is_opened_to_be_read_alone(journal_file):
    with pytest.raises(InvalidInputError, match="broken must come with read_only, was alone"):
        SqliteStore(journal_file, broken=True)
    with SqliteStore(journal_file, read_only=True, broken=True) as store:
        assert store.tip.sequence == 100
        with pytest.raises(JournalError, match="must be open for writing, was read-only"):
            store.append(next(store.batches()))


def test_a_copy_that_left_the_log_behind_is_refused_and_no_older_history(tmp_path, make_units):
    path, copied = tmp_path / "journal.db", tmp_path / "copy.db"
    with Journal(SqliteStore(path)) as journal:
        journal.append(make_units(1, 20))
        copied.write_bytes(path.read_bytes())  # as if nobody wrote it
        for read_only in (True, False):
            with pytest.raises(DamagedJournalError, match=r"copy\.db is damaged: .* its log"):
                SqliteStore(copied, read_only=read_only)
            for left in ("-wal", "-shm"):  # which looking at it has made
                (tmp_path / f"copy.db{left}").unlink(missing_ok=True)
    copied.write_bytes(path.read_bytes())  # now it is closed, and whole
    assert len(list(read(copied))) == 20


def test_a_reader_that_keeps_the_log_from_being_folded_hides_nothing(tmp_path, make_units):
    path, copied = tmp_path / "journal.db", tmp_path / "copy.db"
    journal = Journal(SqliteStore(path))
    journal.append(make_units(1, 5))
    units = read(path)
    next(units)  # it is in the midst of something
    journal.append(make_units(6, 20))
    journal.close()
    copied.write_bytes(path.read_bytes())
    with pytest.raises(DamagedJournalError, match="its writer has not closed it: bring the -wal"):
        SqliteStore(copied, read_only=True)
    assert len(list(units)) == 4
    assert len(list(read(path))) == 20
    SqliteStore(path).close()  # the next writer folds it
    copied.write_bytes(path.read_bytes())
    (tmp_path / "copy.db-wal").unlink(missing_ok=True)
    assert len(list(read(copied))) == 20


@pytest.mark.parametrize(
    ("begun", "how", "status"),
    [
        (False, "pass", 0),
        (True, "pass", 0),
        (True, "sys.exit(3)", 3),
        (True, "os._exit(9)", 9),
        (True, "del journal", 0),
    ],
)
def test_a_program_that_ends_without_closing_leaves_all_of_it(
    journal_file, tmp_path, begun, how, status
):
    path, last = (journal_file, 101) if begun else (tmp_path / "new.db", 1)
    for _ in range(2):  # the second one begins with what the first one left
        assert end(path, APPEND + how).returncode == status
        for _ in range(2):
            assert len(list(read(path))) == last
        last += 1
    with Journal(SqliteStore(path)) as journal:
        assert journal.tip.sequence == last - 1
    assert not list(tmp_path.glob(f"{path.name}-*"))


@pytest.mark.parametrize("how", ["pass", "os._exit(9)"])
def test_a_log_that_was_lost_is_missed_until_it_is_brought(journal_file, how):
    end(journal_file, APPEND + how)
    log = Path(f"{journal_file}-wal")
    content = log.read_bytes()
    log.unlink()
    refuse(journal_file, 100)
    log.write_bytes(content)
    assert len(list(read(journal_file))) == 101
    SqliteStore(journal_file).close()
    assert len(list(read(journal_file))) == 101


@pytest.mark.parametrize("how", ["pass", "os._exit(9)"])
def test_a_writer_that_dies_before_its_first_batch_has_a_log_too(journal_file, how):
    end(journal_file, how)
    assert len(list(read(journal_file))) == 100
    end(journal_file, how)
    with SqliteStore(journal_file) as store:
        assert (store.tip.sequence, store.token) == (100, 4)
    end(journal_file, how)
    Path(f"{journal_file}-wal").unlink()
    refuse(journal_file, 100)


@pytest.mark.parametrize("length", [0, 1, LOG_HEADER_BYTES - 1, LOG_HEADER_BYTES])
def test_a_log_without_a_frame_is_a_lost_one(journal_file, length):
    end(journal_file, APPEND)
    os.truncate(f"{journal_file}-wal", length)
    refuse(journal_file, 100)


def test_a_log_that_is_lost_beside_a_reader_is_missed_by_its_check(journal_file, tmp_path):
    end(journal_file, APPEND)
    with SqliteStore(journal_file, read_only=True, broken=True) as store:
        store.check()
    Path(f"{journal_file}-wal").unlink()
    with (
        SqliteStore(journal_file, read_only=True, broken=True) as store,
        pytest.raises(DamagedJournalError, match="its log beside it"),
    ):
        store.check()


def test_a_reader_who_comes_while_writers_come_and_go_misses_no_log(journal_file):
    writer = Thread(target=lambda: [SqliteStore(journal_file).close() for _ in range(30)])
    writer.start()
    seen = 0
    while writer.is_alive() or not seen:
        with SqliteStore(journal_file, read_only=True) as store:
            assert store.tip.sequence == 100
        seen += 1
    writer.join()


def test_a_log_that_was_begun_anew_while_it_was_looked_at_is_looked_at_again(
    journal_file, monkeypatch
):
    faults = iter(["seen of two logs", None, *["seen every time"] * 3])
    monkeypatch.setattr("hullmark.journal.sqlite.find_log_fault", lambda *_: next(faults))
    SqliteStore(journal_file, read_only=True).close()
    with pytest.raises(DamagedJournalError, match="seen every time; last good sequence 100"):
        SqliteStore(journal_file, read_only=True)


def test_a_file_with_two_names_is_not_written(journal_file, tmp_path):
    (tmp_path / "other.db").hardlink_to(journal_file)
    with pytest.raises(JournalError, match="must have one name, was a file with 2 hard links"):
        SqliteStore(journal_file)
    assert len(list(read(journal_file))) == 100


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM writer", "INSERT INTO writer VALUES (7, 0)", "UPDATE writer SET token = -1"],
)
def test_a_writers_token_that_is_none_is_refused_by_everyone(journal_file, edit, statement):
    edit(journal_file, statement)
    for read_only in (True, False):
        with pytest.raises(DamagedJournalError, match="it must have one writer's token"):
            SqliteStore(journal_file, read_only=read_only)


def test_a_writer_that_was_replaced_leaves_the_log_of_the_next_one(tmp_path, make_units):
    path = tmp_path / "journal.db"
    old = SqliteStore(path)
    (tmp_path / "journal.db.lock").unlink()
    new = Journal(SqliteStore(path))
    new.append(make_units(1, 20))
    new._store._db.close()  # it dies: nothing was said of closing
    old.close()
    assert len(list(read(path))) == 20
    with Journal(SqliteStore(path)) as again:
        assert again.tip.sequence == 20
