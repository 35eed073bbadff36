"""The writer continues what is there, and touches nothing that it cannot trust."""

import pytest

from hullmark.errors import DamagedJournalError, InvalidInputError, JournalError
from hullmark.journal import GENESIS, Journal, read
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore


def test_one_append_is_one_batch(make_units):
    store = MemoryStore()
    journal = Journal(store)
    journal.append(make_units(1, 4))
    journal.append(make_units(5, 5))
    assert [(b.first, b.last) for b in store.batches()] == [(1, 4), (5, 5)]
    assert list(journal.units()) == make_units(1, 5)
    assert journal.tip == store.tip


def test_nothing_to_append_is_no_batch():
    journal = Journal(MemoryStore())
    journal.append([])
    assert journal.tip == GENESIS


def test_a_refused_append_leaves_the_journal_as_it_was(make_units):
    journal = Journal(MemoryStore())
    journal.append(make_units(1, 2))
    with pytest.raises(InvalidInputError, match="sequence must be 3, was 4"):
        journal.append(make_units(4, 5))
    journal.append(make_units(3, 3))
    assert list(journal.units()) == make_units(1, 3)


def test_a_broken_chain_is_not_continued_and_its_lock_is_let_go(journal_file, edit):
    edit(journal_file, "UPDATE batch SET payload = x'90' WHERE first = 51")
    for _ in range(2):  # a lock left behind would be another error
        with pytest.raises(DamagedJournalError, match="last good sequence 50"):
            Journal(SqliteStore(journal_file))


def test_a_store_whose_tip_its_batches_do_not_reach_is_refused(make_units):
    class Forgetful(MemoryStore):
        def batches(self, first=1):
            yield from list(super().batches(first))[:-1]

    store = Forgetful()
    Journal(store).append(make_units(1, 4))
    store.append(list(MemoryStore.batches(store))[-1]._replace(
        first=5, last=6, previous_hash=store.tip.hash, hash=b"\2" * 32
    ))  # fmt: skip
    with pytest.raises(DamagedJournalError, match="must end at 6; last good sequence 4"):
        Journal(store)


def test_a_full_disk_appends_nothing(journal_file, make_units):
    with Journal(SqliteStore(journal_file)) as journal:
        database = journal._store._connection
        database.pragma("max_page_count", database.pragma("page_count"))
        tip = journal.tip
        with pytest.raises(JournalError, match="must store every batch"):
            journal.append(make_units(101, 5_000))
        assert journal.tip == tip
    assert list(read(journal_file)) == make_units(1, 100)
