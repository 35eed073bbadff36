"""Every kind of damage is found, or nothing that is read has changed."""

import random
from itertools import islice

import pytest

from hullmark.errors import DamagedJournalError, JournalError, SnapshotError
from hullmark.journal import Journal, Tip, read, read_batches
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore

FLIPS = 400


def read_or_refuse(path, *, as_writer):
    try:
        if not as_writer:
            return list(read(path))
        with Journal(SqliteStore(path)) as journal:
            return list(journal.units())
    except JournalError:
        return None


@pytest.mark.parametrize("as_writer", [False, True], ids=["reader", "writer"])
def test_a_flipped_bit_is_found_or_changes_nothing_read(
    journal_file, tmp_path, make_units, as_writer
):
    whole, content = make_units(1, 100), journal_file.read_bytes()
    chance = random.Random(20251010)
    refused = 0
    for trial in range(FLIPS):
        flipped = bytearray(content)
        offset = chance.randrange(512 if trial % 4 == 0 else len(content))  # the header too
        flipped[offset] ^= 1 << chance.randrange(8)
        path = tmp_path / f"flipped-{trial}.db"
        path.write_bytes(flipped)
        found = read_or_refuse(path, as_writer=as_writer)
        assert found is None or found == whole, f"bit flipped in byte {offset}"
        refused += found is None
    assert refused > FLIPS // 4


def test_a_file_cut_anywhere_is_refused_or_read_to_a_whole_batch(
    journal_file, tmp_path, make_units
):
    content, whole = journal_file.read_bytes(), make_units(1, 100)
    pages = range(0, len(content), 4096)
    lengths = {n for p in pages for n in (p, p + 1, p + 4095)} | set(range(0, len(content), 331))
    for length in sorted(lengths - {len(content)}):
        path = tmp_path / f"cut-{length}.db"
        path.write_bytes(content[:length])
        found = read_or_refuse(path, as_writer=False)
        assert found is None or (len(found) % 10 == 0 and found == whole[: len(found)]), length


def test_a_log_cut_anywhere_is_read_to_a_whole_batch(tmp_path, make_units):
    original = tmp_path / "journal.db"
    with Journal(SqliteStore(original)) as journal:
        for first in range(1, 101, 10):
            journal.append(make_units(first, first + 9))
        file = original.read_bytes()  # what a killed process leaves behind
        log = (tmp_path / "journal.db-wal").read_bytes()
    whole, lengths_read = make_units(1, 100), []
    for length in [*range(33, len(log), 499), len(log)]:  # beyond the header: a log it is
        path = tmp_path / f"cut-{length}.db"
        path.write_bytes(file)
        (tmp_path / f"cut-{length}.db-wal").write_bytes(log[:length])
        found = list(read(path))
        assert found == whole[: len(found)]
        lengths_read.append(len(found))
        with Journal(SqliteStore(path)) as journal:  # and it can be continued
            journal.append(make_units(len(found) + 1, len(found) + 1))
    assert lengths_read == sorted(lengths_read)
    assert set(lengths_read) == set(range(0, 101, 10))


@pytest.mark.parametrize(
    ("statement", "last_good", "what"),
    [
        ("UPDATE batch SET payload = x'90' WHERE first = 31", 30, "the hash of its content"),
        ("UPDATE batch SET last = 41 WHERE first = 31", 30, "the hash of its content"),
        ("UPDATE batch SET hash = zeroblob(32) WHERE first = 31", 30, "the hash of its content"),
        ("UPDATE batch SET previous_hash = x'' WHERE first = 31", 30, "a row must hold"),
        ("UPDATE batch SET first = 32 WHERE first = 31", 30, "must begin at 31, was 32"),
        ("DELETE FROM batch WHERE first = 31", 30, "must begin at 31, was 41"),
        ("DELETE FROM batch WHERE first = 1", 0, "must begin at 1, was 11"),
        ("DELETE FROM batch WHERE first = 11; UPDATE batch SET first = 11 WHERE first = 21",
         10, "the hash of the one before it"),
        ("UPDATE batch SET first = -31 WHERE first = 31; UPDATE batch SET first = 31 WHERE first ="
         " 41; UPDATE batch SET first = 41 WHERE first = -31", 30, "the hash of the one before it"),
    ],
)  # fmt: skip
def test_an_edit_is_found_with_the_last_good_sequence(
    journal_file, edit, make_units, statement, last_good, what
):
    edit(journal_file, statement)
    reading = read(journal_file)
    assert list(islice(reading, last_good)) == make_units(1, last_good)
    with pytest.raises(DamagedJournalError, match=f"last good sequence {last_good}$") as refusal:
        next(reading)
    assert what in str(refusal.value)
    assert str(journal_file) in str(refusal.value)


def test_a_batch_that_hashes_but_does_not_decode_is_refused(make_units, tamper):
    store = MemoryStore()
    journal = Journal(store)
    journal.append(make_units(1, 3))
    journal.append(make_units(4, 6))
    forged = next(store.batches(4))._replace(payload=b"\x90")
    store = tamper(store, {4: forged._replace(hash=forged.hash_of_content)})
    with pytest.raises(DamagedJournalError, match="must hold units 4 to 6; last good sequence 3"):
        list(read(store))


def test_a_reader_needs_no_lock_and_sees_what_is_durable(tmp_path, make_units):
    path = tmp_path / "journal.db"
    with Journal(SqliteStore(path)) as journal:
        journal.append(make_units(1, 5))
        reading = read(path)
        first = next(reading)
        journal.append(make_units(6, 7))
        assert [first, *reading] == make_units(1, 5)
        assert list(read(path)) == make_units(1, 7)


def test_batches_come_with_their_units_and_only_if_they_are_good(journal_file, edit, make_units):
    edit(journal_file, "UPDATE batch SET payload = x'90' WHERE first = 31")
    with SqliteStore(journal_file, read_only=True) as store:
        reading = read_batches(store)
        told = [(batch.last, units) for batch, units in islice(reading, 3)]
        assert told == [(last, make_units(last - 9, last)) for last in (10, 20, 30)]
        with pytest.raises(DamagedJournalError, match="last good sequence 30"):
            next(reading)
        (second,) = [batch for batch in store.batches() if batch.last == 20]
        (third, _) = next(read_batches(store, second.tip))
    assert third.last == 30


@pytest.mark.parametrize(
    ("since", "rule"),
    [
        (Tip(20, b"\7" * 32), r"journal\.db must have the hash 0707.* at sequence 20, was "),
        (Tip(15, bytes(32)), r"journal\.db must have a batch that ends at 15, has none"),
        (Tip(101, bytes(32)), r"journal\.db must have a batch that ends at 101, has none"),
    ],
)
def test_a_position_of_another_journal_is_refused(journal_file, since, rule):
    with pytest.raises(SnapshotError, match=rule):
        list(read(journal_file, since=since))
