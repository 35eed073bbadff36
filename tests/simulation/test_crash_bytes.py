"""A log cut at any byte is read to a whole batch; a changed byte is found or changes nothing."""

import os
import re
import shutil
from pathlib import Path
from random import Random

import pytest

from hullmark.domain import commands, events
from hullmark.errors import DamagedJournalError
from hullmark.journal import Journal, Unit, read, salvage
from hullmark.journal.sqlite import SqliteStore

from .crash_flips import Flips
from .crash_load import Load
from .crash_places import Place
from .crash_proof import HistoryLostError

LOAD = Load(seed=5, round=0, commands_each=30)
FLIPS = 400  # in each kind of file
LOG_HEADER_BYTES = 32  # sqlite.org/fileformat2.html, section 4


def units_between(first, last):
    return [
        Unit(
            sequence=i,
            time_ns=i,
            command=commands.Deposit(account=100, asset="USDT", quanta=i),
            events=(events.Deposited(account=100, asset="USDT", quanta=i),),
        )
        for i in range(first, last + 1)
    ]


def leave(path, live, batches, *, units=5):
    """Write batches, and leave at *path* what a process leaves that is killed after the last."""
    with Journal(SqliteStore(live)) as journal:
        for first in range(1, batches * units + 1, units):
            journal.append(units_between(first, first + units - 1))
        for name in ("", "-wal"):
            shutil.copyfile(f"{live}{name}", f"{path}{name}")


@pytest.fixture
def left(tmp_path):
    """Return a journal of two batches, both of them in the log."""
    (tmp_path / "live").mkdir()
    path = tmp_path / "journal.db"
    leave(path, tmp_path / "live" / "journal.db", 2)
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a place as a process leaves it that is killed under load."""
    folder = tmp_path_factory.mktemp("place")
    live, left = Place(folder / "live"), Place(folder / "left")
    live.folder.mkdir()
    with live.open(LOAD.clock()) as venue:
        for request in LOAD.everything():
            venue.submit_all([request])
        shutil.copytree(live.folder, left.folder)
    Path(f"{left.location}-shm").unlink()
    return left


def closed(place, folder):
    """Return a copy of a place whose log was folded into the file."""
    copy = Place(folder)
    shutil.copytree(place.folder, folder)
    copy.open(LOAD.clock()).close()
    assert [path.name for path in folder.glob("journal*")] == ["journal.db"]
    return copy


def test_a_log_cut_at_any_byte_is_read_to_a_whole_batch(left):
    log, whole, lengths = Path(f"{left}-wal"), units_between(1, 10), []
    for length in range(log.stat().st_size, LOG_HEADER_BYTES, -1):
        os.truncate(log, length)
        found = list(read(left))
        assert found == whole[: len(found)], length
        lengths.append(len(found))
    assert lengths == sorted(lengths, reverse=True)
    assert set(lengths) == {0, 5, 10}
    for length in range(LOG_HEADER_BYTES, -1, -1):  # nothing is left that a writer has written
        os.truncate(log, length)
        with pytest.raises(DamagedJournalError, match="its log beside it"):
            list(read(left))


@pytest.mark.parametrize("name", ["file", "log", "snapshot"])
def test_a_changed_byte_is_found_or_changes_nothing_that_is_read(place, tmp_path, name):
    if name == "file":
        place = closed(place, tmp_path / "closed")
    flips, chance = Flips(place, tmp_path / "copy"), Random(20251010)
    refused = sum(flips.flip(chance, name) for _ in range(FLIPS))
    assert refused > FLIPS / 2
    if name != "file":  # no byte of these is idle, but for those of the last frame's repetition
        assert refused > FLIPS * 0.9


def test_a_log_damaged_before_its_end_is_refused_by_the_writer_and_left_as_it_was(left):
    log = Path(f"{left}-wal")
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    before = left.read_bytes()
    with pytest.raises(DamagedJournalError, match=r"the log's frame \d+ must have its checksum"):
        SqliteStore(left)
    assert (left.read_bytes(), log.read_bytes()) == (before, content)


def test_what_a_damaged_log_has_before_the_damage_can_be_saved(left, tmp_path):
    log = Path(f"{left}-wal")
    content = bytearray(log.read_bytes())
    content[-5_000] ^= 1  # in the last commit, before its last frame
    log.write_bytes(content)
    with pytest.raises(DamagedJournalError, match=r"must have its checksum; last good sequence 5$"):
        list(read(left))
    found = salvage(left, tmp_path / "saved.db")
    assert (found.tip.sequence, found.batches) == (5, 1)
    assert re.search("the log's frame .* must have its checksum", found.fault)
    assert list(read(tmp_path / "saved.db")) == units_between(1, 5)


def test_a_log_that_has_begun_anew_is_whole_whenever_death_comes(tmp_path):
    live, path = tmp_path / "live.db", tmp_path / "journal.db"
    with Journal(SqliteStore(live)) as journal:
        lengths = []
        for last in range(1, 700):
            journal.append(units_between(last, last))
            lengths.append(Path(f"{live}-wal").stat().st_size)
            if last % 10 == 0 or last > 450:
                for name in ("", "-wal"):
                    shutil.copyfile(f"{live}{name}", f"{path}{name}")
                Path(f"{path}-shm").unlink(missing_ok=True)
                with SqliteStore(path, read_only=True) as store:
                    assert store.tip.sequence == last
    assert lengths[-1] == lengths[-100]  # frames were written over older ones


def test_a_loss_that_is_not_refused_would_be_told(place, tmp_path, monkeypatch):
    monkeypatch.setattr("hullmark.journal.sqlite.find_log_fault", lambda path, frames: None)
    flips, chance = Flips(place, tmp_path / "copy"), Random(1)
    with pytest.raises(HistoryLostError, match=r"of the log changed by .* were read"):
        sum(flips.flip(chance, "log") for _ in range(20))
