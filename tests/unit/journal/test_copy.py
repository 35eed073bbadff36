"""A copy holds the same units, whole or not at all."""

import pytest

from hullmark.errors import DamagedJournalError, InvalidInputError, JournalError, LockedJournalError
from hullmark.journal import GENESIS, Journal, copy, read
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore


@pytest.fixture
def store(make_units):
    filled = MemoryStore()
    with Journal(filled) as journal:
        for first in range(1, 101, 4):
            journal.append(make_units(first, first + 3))
    return filled


def test_copies_every_unit_in_few_commits(store, tmp_path, make_units):
    tip = copy(store, tmp_path / "copy.db", batch_units=40)
    assert list(read(tmp_path / "copy.db")) == make_units(1, 100)
    with SqliteStore(tmp_path / "copy.db", read_only=True) as copied:
        assert [b.last for b in copied.batches()] == [40, 80, 100]
        assert copied.tip == tip


def test_an_empty_journal_copies_to_an_empty_one(tmp_path):
    assert copy(MemoryStore(), tmp_path / "copy.db") == GENESIS
    assert list(read(tmp_path / "copy.db")) == []


def test_equal_units_copy_to_equal_tips_however_they_were_batched(store, tmp_path, make_units):
    other = MemoryStore()
    Journal(other).append(make_units(1, 100))
    assert other.tip != store.tip
    assert copy(other, tmp_path / "a.db") == copy(store, tmp_path / "b.db")


def test_a_target_that_exists_is_refused_and_kept(store, tmp_path):
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(JournalError, match=r"copy\.db must not exist"):
        copy(store, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_a_damaged_source_leaves_no_copy(store, tmp_path):
    del store._batches[3]
    with pytest.raises(DamagedJournalError, match="last good sequence 12"):
        copy(store, tmp_path / "copy.db", batch_units=3)
    assert list(tmp_path.iterdir()) == []


def test_a_draft_left_by_an_interrupted_copy_is_no_obstacle(store, tmp_path, make_units):
    (tmp_path / "copy.db.part").write_bytes(b"half")
    copy(store, tmp_path / "copy.db")
    assert list(read(tmp_path / "copy.db")) == make_units(1, 100)


def test_a_batch_needs_a_unit(store, tmp_path):
    with pytest.raises(InvalidInputError, match="batch_units must be >= 1, was 0"):
        copy(store, tmp_path / "copy.db", batch_units=0)


def test_a_journal_is_replaced_where_that_is_asked_for_and_nobody_writes_it(
    store, tmp_path, make_units
):
    path = tmp_path / "journal.db"
    copy(store, path)
    with Journal(store) as journal:
        journal.append(make_units(101, 103))
    with pytest.raises(JournalError, match="must not exist yet"):
        copy(store, path)
    with SqliteStore(path), pytest.raises(LockedJournalError, match="must have one writer"):
        copy(store, path, replace=True)
    assert list(read(path)) == make_units(1, 100)
    assert copy(store, path, replace=True).sequence == 103
    assert list(read(path)) == make_units(1, 103)
    assert [found.name for found in tmp_path.iterdir() if "part" in found.name] == []
