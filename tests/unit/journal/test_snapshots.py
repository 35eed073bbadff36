"""A folder of snapshots: the newest counts, the oldest go."""

import numpy as np
import pytest

from hullmark.errors import JournalError, SnapshotError
from hullmark.journal import Snapshot, Snapshots, Tip


def at(sequence):
    return Snapshot(Tip(sequence, bytes(32)), 5, "2:0", {"a": np.arange(3)}, {})


@pytest.fixture
def folder(tmp_path):
    snapshots = Snapshots(tmp_path / "snapshots")
    for sequence in (900, 20, 1_000):
        snapshots.write(at(sequence))
    return snapshots


def test_the_newest_is_the_one_with_the_largest_sequence(folder):
    path, found = folder.latest()
    assert found.tip.sequence == 1_000
    assert path == folder.paths()[-1]
    assert [p.name[-9:-5] for p in folder.paths()] == ["0020", "0900", "1000"]


def test_no_folder_is_no_snapshot(tmp_path):
    assert Snapshots(tmp_path / "none").latest() is None
    assert Snapshots(tmp_path / "none").paths() == []


def test_the_oldest_are_removed_and_what_was_begun_and_not_finished(folder):
    (folder.folder / "snapshot-00000000000000000007.hull.part").write_bytes(b"cut off")
    (folder.folder / "notes.txt").write_text("mine")
    folder.prune(2)
    assert sorted(p.name[-9:] for p in folder.folder.iterdir()) == [
        "0900.hull", "1000.hull", "notes.txt",
    ]  # fmt: skip


def test_a_damaged_newest_one_is_refused_and_no_older_one_taken(folder):
    newest = folder.paths()[-1]
    newest.write_bytes(newest.read_bytes()[:-1])
    with pytest.raises(SnapshotError, match="must have the hash of its content: it is damaged"):
        folder.latest()


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"snapshots in .*file must be"):
        Snapshots(tmp_path / "file").paths()
    with pytest.raises(JournalError, match=r"snapshots in .*file must be"):
        Snapshots(tmp_path / "file").write(at(1))
