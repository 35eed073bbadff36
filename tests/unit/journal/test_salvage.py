"""Salvage gives the sound beginning of a journal, hash for hash, and leaves the rest alone."""

from os import SEEK_END

import pytest

from hullmark.errors import DamagedJournalError, JournalError
from hullmark.journal import GENESIS, Journal, clone, open_store, read, salvage
from hullmark.journal.sqlite import SqliteStore

# sqlite.org/fileformat2.html: the size of the file in pages stands in its header, at this byte.
PAGES_AT, PAGE_BYTES = 28, 4_096


def batches(path):
    with SqliteStore(path, read_only=True) as store:
        return list(store.batches())


@pytest.fixture
def saved(tmp_path):
    return tmp_path / "saved.db"


def test_a_whole_journal_is_saved_whole(journal_file, saved):
    before = batches(journal_file)
    found = salvage(journal_file, saved)
    assert (found.tip, found.batches, found.fault) == (before[-1].tip, 10, None)
    assert found.sequence_max == 100
    assert batches(saved) == before


def test_a_log_that_was_lost_is_told(journal_file, saved, tmp_path, make_units):
    copied = tmp_path / "copy.db"
    with Journal(SqliteStore(journal_file)) as journal:
        journal.append(make_units(101, 110))
        copied.write_bytes(journal_file.read_bytes())
    for place in (saved, tmp_path / "again.db"):  # looking has made an empty log
        found = salvage(copied, place)
        assert (found.tip.sequence, found.sequence_max) == (100, 100)
        assert "its log beside it, which is missing or empty" in found.fault


def test_an_empty_journal_is_whole(tmp_path, saved):
    SqliteStore(tmp_path / "empty.db").close()
    assert salvage(tmp_path / "empty.db", saved) == (GENESIS, 0, None, 0)
    assert list(read(saved)) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE batch SET payload = x'90' WHERE first = 51", "the hash of its content"),
        ("DELETE FROM batch WHERE first = 51", "the next batch must begin at 51, was 61"),
        (
            "UPDATE batch SET previous_hash = zeroblob(32) WHERE first = 51",
            "hash of the one before",
        ),
        ("UPDATE batch SET last = 70 WHERE first = 51", "the hash of its content"),
        ("UPDATE batch SET hash = x'00' WHERE first = 51", "integers, hashes and bytes"),
    ],
)
def test_what_comes_before_the_damage_is_saved_and_the_rest_is_told(
    journal_file, saved, edit, statement, fault
):
    before = batches(journal_file)
    edit(journal_file, statement)
    content = journal_file.read_bytes()
    found = salvage(journal_file, saved)
    assert (found.tip, found.batches, found.sequence_max) == (before[4].tip, 5, 100)
    assert fault in found.fault
    assert found.fault.endswith("last good sequence 50")
    assert batches(saved) == before[:5]
    assert journal_file.read_bytes() == content


def test_what_is_saved_goes_on_like_any_journal(journal_file, saved, edit, make_units):
    edit(journal_file, "DELETE FROM batch WHERE first = 91")
    salvage(journal_file, saved)
    with Journal(SqliteStore(saved)) as journal:
        journal.append(make_units(91, 93))
    assert list(read(saved)) == make_units(1, 93)


def test_a_file_cut_anywhere_gives_a_beginning_or_is_refused(tmp_path, make_units):
    path = tmp_path / "journal.db"
    with Journal(SqliteStore(path)) as journal:
        for first in range(1, 1_001, 10):
            journal.append(make_units(first, first + 9))
    whole, content = batches(path), path.read_bytes()
    cut, lengths = tmp_path / "cut.db", []
    for size in range(50, len(content), 6_007):
        cut.write_bytes(content[:size])
        saved = tmp_path / f"saved-{size}.db"
        try:
            found = salvage(cut, saved)
        except JournalError:
            assert not saved.exists()
            continue
        assert cut.read_bytes() == content[:size]
        assert found.fault is not None
        assert batches(saved) == whole[: found.batches]
        lengths.append(found.batches)
    assert lengths == sorted(lengths)
    assert lengths[-1] > 90  # the last page is all that is lost then


def test_a_batch_that_cannot_be_decoded_is_not_saved_though_its_hash_is_right(
    tmp_path, saved, make_units
):
    path = tmp_path / "newer.db"
    with SqliteStore(path) as store:
        Journal(store).append(make_units(1, 3))
        (batch,) = store.batches()
        newer = batch._replace(first=4, last=4, previous_hash=batch.hash, payload=b"\x91\x01")
        store.append(newer._replace(hash=newer.hash_of_content))
    found = salvage(path, saved)
    assert (found.tip.sequence, found.batches) == (3, 1)
    assert "it is damaged, or a newer hullmark has written it" in found.fault
    assert found.fault.endswith("last good sequence 3")


def test_where_nothing_is_sound_nothing_is_made(journal_file, saved, edit):
    edit(journal_file, "UPDATE batch SET payload = x'90' WHERE first = 1")
    with pytest.raises(DamagedJournalError, match="last good sequence 0"):
        salvage(journal_file, saved)
    assert not saved.exists()


def test_a_hidden_loss_is_told_though_every_batch_that_is_seen_is_sound(journal_file, saved):
    with journal_file.open("r+b") as file:
        size = file.seek(0, SEEK_END)
        file.write(bytes(PAGE_BYTES))  # a page that no table reaches any more
        file.seek(PAGES_AT)
        file.write((size // PAGE_BYTES + 1).to_bytes(4, "big"))
    result = salvage(journal_file, saved)
    assert result.tip.sequence == 100
    assert "SQLite's check must find nothing, found" in result.fault
    assert result.fault.endswith("last good sequence 100")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (None, "must be a readable file"),
        (b"", "must have application id"),
        (b"x" * 5_000, "file is not a database"),
        (b"SQLite format 3\x00" + bytes(5_000), "must have application id|SQLite says"),
    ],
)
def test_what_never_was_a_journal_is_refused(tmp_path, saved, content, rule):
    path = tmp_path / "source.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JournalError, match=rule):
        salvage(path, saved)
    assert not saved.exists()


def test_a_folder_is_no_journal(tmp_path, saved):
    with pytest.raises(JournalError, match="must be a readable file, and is none"):
        salvage(tmp_path, saved)


def test_a_target_that_is_there_is_refused_and_kept(journal_file, saved):
    saved.write_text("mine")
    with pytest.raises(JournalError, match=r"saved\.db must not exist yet"):
        salvage(journal_file, saved)
    assert saved.read_text() == "mine"
    with pytest.raises(JournalError, match="must not exist yet"):
        salvage(journal_file, journal_file)


def test_a_journal_is_saved_beside_its_writer(journal_file, saved, make_units):
    with Journal(SqliteStore(journal_file)) as journal:
        journal.append(make_units(101, 105))
        assert salvage(journal_file, saved).tip == journal.tip
        journal.append(make_units(106, 106))


def test_a_database_is_saved_like_a_file(journal_file, saved, postgres_address):
    with SqliteStore(journal_file, read_only=True) as store:
        clone(store, postgres_address)
    assert salvage(postgres_address, saved).fault is None
    assert batches(saved) == batches(journal_file)


def test_a_damaged_file_is_saved_into_a_database(journal_file, edit, postgres_address):
    edit(journal_file, "DELETE FROM batch WHERE first = 51")
    assert salvage(journal_file, postgres_address).batches == 5
    store = open_store(postgres_address, read_only=True)
    assert store.tip.sequence == 50
    store.close()
