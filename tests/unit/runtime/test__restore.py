"""Restoring gives the facts of the venue, from a snapshot or without one, or says what to do."""

from shutil import copyfile

import apsw
import pytest

from hullmark.domain import commands
from hullmark.errors import DamagedJournalError, JournalError, SnapshotError
from hullmark.journal import Journal, Snapshots, clone, open_store
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import Replica, restore, take_in, verify

from .forgery import after, deposited


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "snapshots"


@pytest.fixture
def taken(journal, folder):
    """Return the snapshot of the journal at its tip."""
    return restore(journal).save(folder)


def go_on(path):
    """Append an account and a deposit that a venue would decide."""
    with Journal(SqliteStore(path)) as writer:
        last = list(writer.units())[-1]
        deposit = commands.Deposit(account=102, asset="USDT", quanta=5)
        writer.append([after(last, deposited(5), command=deposit)])
        return writer.tip


def test_the_whole_journal_gives_the_facts_of_its_venue(tmp_path, day):
    found = restore(tmp_path / "journal.db")  # beside its writer
    assert found.state_hash == day.venue.state_hash()
    assert found.books == day.venue.books()
    assert found.tip == day.venue.tip
    assert (found.snapshot, found.first, found.units) == (None, 1, day.venue.tip.sequence)
    assert (found.accounts, found.positions) == (3, 0)


def test_a_snapshot_and_the_tail_give_the_same(journal, folder, taken):
    tip = go_on(journal)
    found = restore(journal, snapshots=folder)
    assert (found.snapshot, found.units, found.tip) == (taken, 1, tip)
    assert found.state_hash == restore(journal).state_hash == verify(journal).state_hash
    assert found.books.broken == ()


def test_a_snapshot_at_the_tip_leaves_nothing_to_replay(journal, folder, taken):
    found = restore(journal, snapshots=folder)
    assert (found.units, found.tip) == (0, restore(journal).tip)
    assert found.save(folder) == taken


def test_a_folder_without_snapshots_and_none_at_all_begin_at_the_first_unit(journal, folder):
    assert restore(journal, snapshots=folder).first == 1


def test_an_empty_journal_has_no_facts(tmp_path):
    SqliteStore(tmp_path / "journal.db").close()
    found = restore(tmp_path / "journal.db")
    assert (found.units, found.tip.sequence, found.accounts) == (0, 0, 0)


def test_progress_is_told_of_what_there_is_to_replay(journal, folder, taken):
    told = []
    restore(journal, on_progress=lambda *step: told.append(step))
    assert told == [(done, 20) for done in range(1, 21)]
    go_on(journal)
    restore(journal, snapshots=folder, on_progress=lambda *step: told.append(step))
    assert told[20:] == [(1, 1)]


def test_a_damaged_snapshot_is_refused_with_what_to_do(journal, folder, taken):
    content = taken.read_bytes()
    taken.write_bytes(content[:-1])
    with pytest.raises(SnapshotError, match=r"it is damaged; the journal has everything: .* move"):
        restore(journal, snapshots=folder)


def test_a_snapshot_of_another_journal_is_refused(journal, folder, taken, tmp_path, forge):
    other = forge(change=lambda units: [*units[:-1], after(units[-2])])
    with pytest.raises(
        SnapshotError, match=r"must be of its journal, .* must have the hash .* move"
    ):
        restore(other, snapshots=folder)


def test_a_snapshot_beyond_the_end_of_its_journal_is_refused(journal, folder, taken):
    database = apsw.Connection(str(journal))
    database.execute("DELETE FROM batch WHERE first = (SELECT max(first) FROM batch)")
    database.close()
    rule = "must be of its journal, but .* must have a batch that ends at 20, has none, and ends at"
    with pytest.raises(SnapshotError, match=rule):
        restore(journal, snapshots=folder)


def test_a_journal_that_is_not_there_or_damaged_is_named(journal, tmp_path):
    with pytest.raises(JournalError, match=r"none\.db must be a readable file"):
        restore(tmp_path / "none.db")
    copyfile(journal, tmp_path / "cut.db")
    (tmp_path / "cut.db").write_bytes(journal.read_bytes()[:5_000])
    with pytest.raises(DamagedJournalError, match="last good sequence 0"):
        restore(tmp_path / "cut.db")


def test_a_unit_that_does_not_apply_is_named(forge):
    unit = after(forge.last, deposited(5, account=999))
    with pytest.raises(JournalError, match=r"unit 21 must apply to the facts, but KeyError: 999; "):
        restore(forge(unit))
    with pytest.raises(JournalError, match="hullmark verify tells more"):
        take_in(Replica(), unit)


def test_a_folder_that_cannot_be_written_is_named(journal, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(JournalError, match="must be writable, but"):
        restore(journal).save(tmp_path / "file")


def test_a_database_is_restored_like_a_file(journal, folder, taken, postgres_address):
    with SqliteStore(journal, read_only=True) as source:
        clone(source, postgres_address)
    found = restore(postgres_address, snapshots=folder)
    assert (found.snapshot, found.units) == (taken, 0)
    with Journal(open_store(postgres_address)) as writer:
        writer.append([after(list(writer.units())[-1])])
    assert restore(postgres_address, snapshots=folder).units == 1
    assert [path.name for path in Snapshots(folder).paths()] == [taken.name]
