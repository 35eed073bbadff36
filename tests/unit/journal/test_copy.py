"""A copy holds the same units, a clone the same batches: whole or not at all."""

from contextlib import closing

import pytest

from hullmark.errors import DamagedJournalError, InvalidInputError, JournalError, LockedJournalError
from hullmark.journal import GENESIS, Journal, clone, copy, open_store, read, require_free
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


def test_a_damaged_source_leaves_no_copy(store, tmp_path, tamper):
    with pytest.raises(DamagedJournalError, match="last good sequence 12"):
        copy(tamper(store, {13: None}), tmp_path / "copy.db", batch_units=3)
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


def test_a_clone_has_the_batches_hash_for_hash(store, tmp_path):
    assert clone(store, tmp_path / "clone.db") == store.tip
    with SqliteStore(tmp_path / "clone.db", read_only=True) as cloned:
        assert list(cloned.batches()) == list(store.batches())
    assert [found.name for found in tmp_path.iterdir() if "part" in found.name] == []


def test_an_empty_journal_has_an_empty_clone(tmp_path):
    assert clone(MemoryStore(), tmp_path / "clone.db") == GENESIS
    assert list(read(tmp_path / "clone.db")) == []


def test_a_clone_of_a_damaged_journal_is_not_made(store, tmp_path, tamper):
    with pytest.raises(DamagedJournalError, match="last good sequence 12"):
        clone(tamper(store, {13: None}), tmp_path / "clone.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("taken", ["clone.db", "clone.db-wal"])
def test_a_place_with_a_file_or_the_log_of_a_lost_one_is_refused(store, tmp_path, taken):
    (tmp_path / taken).write_bytes(b"mine")
    for attempt in (
        lambda: require_free(tmp_path / "clone.db"),
        lambda: clone(store, tmp_path / "clone.db"),
    ):
        with pytest.raises(
            JournalError, match=rf"clone\.db must not exist yet, but .*{taken} does"
        ):
            attempt()
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(taken, b"mine")]


def test_a_folder_is_never_replaced(store, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(JournalError, match="folder must not exist yet"):
        copy(store, tmp_path / "folder", replace=True)


def test_a_folder_that_is_not_there_is_named(store, tmp_path):
    with pytest.raises(JournalError, match=r"gone/clone\.db must be in a writable folder"):
        clone(store, tmp_path / "gone" / "clone.db")


def test_what_is_not_read_back_as_it_was_stored_is_not_put_in_its_place(
    store, tmp_path, monkeypatch
):
    genuine = SqliteStore.batches

    def forgetful(self, first=1):
        yield from list(genuine(self, first))[:-1]

    monkeypatch.setattr(SqliteStore, "batches", forgetful)
    with pytest.raises(DamagedJournalError, match="must end at 100; last good sequence 96"):
        clone(store, tmp_path / "clone.db")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_goes_into_an_empty_database_and_back(store, tmp_path, postgres_address):
    require_free(postgres_address)
    assert clone(store, postgres_address) == store.tip
    with pytest.raises(JournalError, match="must be empty, ends at sequence 100") as refused:
        require_free(postgres_address)
    assert postgres_address not in str(refused.value)
    with closing(open_store(postgres_address, read_only=True)) as stored:
        assert clone(stored, tmp_path / "back.db") == store.tip


def test_a_copy_into_a_database_that_breaks_off_says_what_is_there(store, tamper, postgres_address):
    changed = next(store.batches(21))._replace(payload=b"\x90")
    with pytest.raises(JournalError, match=r"holds a part, up to sequence 20, since .* drop its"):
        clone(tamper(store, {21: changed}), postgres_address)
    with pytest.raises(JournalError, match="must be empty, ends at sequence 20"):
        clone(store, postgres_address)
