"""A log that was cut off is the end of what was committed; one that was damaged is not."""

import shutil
from pathlib import Path

import pytest

from hullmark.journal import Journal
from hullmark.journal._log import find_log_fault, holds_frames
from hullmark.journal.sqlite import SqliteStore

HEADER_BYTES, FRAME_BYTES = 32, 24 + 4096  # sqlite.org/fileformat2.html, section 4


@pytest.fixture
def log(tmp_path, make_units):
    """Return a log of five batches, and how many frames it has."""
    path = tmp_path / "log"
    with Journal(SqliteStore(tmp_path / "journal.db")) as journal:
        for first in range(1, 51, 10):
            journal.append(make_units(first, first + 9))
        shutil.copyfile(tmp_path / "journal.db-wal", path)
    return path, (path.stat().st_size - HEADER_BYTES) // FRAME_BYTES


def change(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x10
    path.write_bytes(content)


def test_a_log_that_is_whole_or_not_there_has_no_fault(log, tmp_path):
    path, frames = log
    assert find_log_fault(path, frames) is None
    assert find_log_fault(tmp_path / "none", 0) is None


def test_a_log_of_a_header_alone_holds_no_frames(log, tmp_path):
    path, _ = log
    assert holds_frames(path)
    path.write_bytes(path.read_bytes()[: HEADER_BYTES + 1])
    assert holds_frames(path)
    path.write_bytes(path.read_bytes()[:HEADER_BYTES])
    assert not holds_frames(path)
    assert not holds_frames(tmp_path / "none")


def test_a_log_whose_last_frames_nobody_has_read_yet_has_no_fault(log):
    path, frames = log
    assert all(find_log_fault(path, read) is None for read in range(frames))


@pytest.mark.parametrize("part", [0, 4, 8, 16, 24, 2_000, FRAME_BYTES - 1])
def test_a_frame_that_is_wrong_is_found_wherever_others_follow(log, part):
    path, frames = log
    whole = path.read_bytes()
    for wrong in range(frames - 1):
        change(path, HEADER_BYTES + wrong * FRAME_BYTES + part)
        assert find_log_fault(path, wrong) == f"the log's frame {wrong + 1} must have its checksum"
        path.write_bytes(whole)


def test_a_last_frame_that_is_wrong_is_one_that_was_cut_off(log):
    path, frames = log
    change(path, HEADER_BYTES + (frames - 1) * FRAME_BYTES + 99)
    assert find_log_fault(path, frames - 1) is None


def test_frames_that_are_wrong_one_after_the_other_are_found_by_the_commit_after_them(log):
    path, _ = log
    for wrong in (2, 3, 4):
        change(path, HEADER_BYTES + wrong * FRAME_BYTES + 99)
    assert "frame 3" in find_log_fault(path, 2)


def test_frames_of_an_earlier_round_of_the_log_are_no_fault(log):
    path, frames = log
    content = bytearray(path.read_bytes())
    for place in range(4, frames):
        content[HEADER_BYTES + place * FRAME_BYTES + 8] ^= 1  # the first salt of all of them
    path.write_bytes(content)
    assert find_log_fault(path, 4) is None


@pytest.mark.parametrize("offset", [0, 3, 8, 12, 16, 24, 31])
def test_a_header_that_is_wrong_is_found(log, offset):
    path, _ = log
    change(path, offset)
    assert find_log_fault(path, 0) == "the log's header must have its checksum"


@pytest.mark.parametrize("length", [0, 7, HEADER_BYTES])
def test_a_log_that_was_cut_off_in_its_header_has_no_commits_to_lose(log, length):
    path, _ = log
    path.write_bytes(path.read_bytes()[:length])
    assert find_log_fault(Path(path), 0) is None
