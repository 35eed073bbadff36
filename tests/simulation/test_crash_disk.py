"""A disk that is full or read-only stops the venue, and takes nothing that it has said."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hullmark.errors import JournalError
from hullmark.runtime import verify

from .crash_disk import LOAD, Disk, NoDiskError
from .crash_places import Place
from .crash_proof import answers_in

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def disk():
    """Return a disk; where this user may not mount one, limits and permissions are tested alone."""
    try:
        found = Disk()
    except NoDiskError as e:
        pytest.skip(str(e))
    with found:
        yield found


def write_until_full(folder, bytes_max=0):
    """Return the keys that were answered, and the lines that follow them."""
    program = [sys.executable, "-m", "tests.simulation.crash_disk", folder, str(bytes_max)]
    done = subprocess.run(program, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    keys = [line for line in lines if line.startswith("round ")]
    return keys, lines[len(keys) :]


def require_all_there_and_going_on(place, keys):
    """Open the venue again, find what was answered, and send the whole load."""
    sent = list(LOAD.everything())
    assert answers_in(place.units(), sent).keys() >= set(keys)
    with place.open(LOAD.clock()) as venue:
        venue.submit_all(sent)
    assert answers_in(place.units(), sent).keys() == dict(sent).keys()
    assert place.verify().holds


def test_a_full_disk_stops_the_venue_until_there_is_room(disk):
    place = Place(disk.folder / "venue")
    place.folder.mkdir()
    place.open(LOAD.clock()).close()
    disk.fill(but_kib=200)
    keys, (refusal, after, closed) = write_until_full(place.folder)
    assert 10 < len(keys) < 190
    assert "JournalError" in refusal
    assert "must store every batch, but database or disk is full" in refusal
    assert "a commit has failed: open the journal again" in after
    assert closed == "closed"
    with pytest.raises(JournalError, match="full"):  # nor does it start
        place.open(LOAD.clock()).submit_all(list(LOAD.everything())[len(keys) :])
    disk.make_room()
    require_all_there_and_going_on(place, keys)


def test_a_file_that_may_not_grow_stops_the_venue(tmp_path):
    place = Place(tmp_path)
    keys, (refusal, after, closed) = write_until_full(place.folder, 150_000)
    assert 5 < len(keys) < 190
    assert "must store every batch, but" in refusal
    assert "a commit has failed: open the journal again" in after
    assert closed == "closed"
    require_all_there_and_going_on(place, keys)


@pytest.fixture
def read_only(disk):
    """Return a journal on a read-only disk, as a process leaves it that was killed."""
    place = Place(disk.folder / "venue")
    place.folder.mkdir()
    with place.open(LOAD.clock()) as venue:
        venue.submit_all(LOAD.everything())
        # Snapshots come and go on a thread of their own, also while they are copied.
        left = shutil.ignore_patterns("snapshots")
        shutil.copytree(place.folder, disk.folder / "killed", ignore=left)
    (disk.folder / "killed" / "journal.db-shm").unlink()
    disk.make_read_only()
    return disk.folder / "killed"


def test_a_read_only_disk_takes_no_venue(read_only):
    before = sorted(read_only.iterdir())
    with pytest.raises(JournalError, match=r"must be in a writable folder, but .*Read-only"):
        Place(read_only).open(LOAD.clock())
    with pytest.raises(JournalError, match=r"must be in a writable folder, but .*Read-only"):
        Place(read_only.parent).open(LOAD.clock())  # where there is none yet
    assert sorted(read_only.iterdir()) == before


def test_a_journal_on_a_read_only_disk_says_how_to_read_it_and_goes_on_elsewhere(
    read_only, tmp_path
):
    with pytest.raises(JournalError, match=r"must be in a writable folder.*copy it with its log"):
        verify(Place(read_only).location)
    place = Place(tmp_path / "copy")
    shutil.copytree(read_only, place.folder)
    require_all_there_and_going_on(place, dict(LOAD.everything()))


NOBODY = 65_534  # who may write where everyone may, and nowhere else


def refusal_in(folder):
    """Return what opening a venue in a folder says to someone who is not root."""
    said, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            Place(folder).open(LOAD.clock())
        except BaseException as e:
            os.write(says, f"{type(e).__name__}: {e}".encode())
        finally:
            os._exit(0)
    os.close(says)
    with os.fdopen(said) as heard:
        found = heard.read()
    os.waitpid(child, 0)
    return found


def test_a_folder_that_may_not_be_written_takes_no_venue():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        found = refusal_in(folder)
        assert found.startswith("JournalError: ")
        assert "must be in a writable folder" in found
        assert list(folder.iterdir()) == []
        folder.chmod(0o777)
        assert refusal_in(folder) == ""  # nothing else was in the way
