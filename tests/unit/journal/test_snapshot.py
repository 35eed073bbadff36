"""A snapshot is read back as it was written, or refused."""

import numpy as np
import pytest

from hullmark.errors import JournalError, SnapshotError
from hullmark.journal import Snapshot, Tip, read_snapshot, write_snapshot


def made(columns=None):
    return Snapshot(
        tip=Tip(7, b"\5" * 32),
        time_ns=11,
        state_hash="2:ab",
        columns={
            "cash": np.arange(12, dtype=np.int64).reshape(4, 3),
            "code": np.array([1, 2, 3], np.uint8),
            "none": np.empty(0, np.int64),
        }
        if columns is None
        else columns,
        documents={"facts": b"abc", "empty": b""},
    )


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "one.hull"
    write_snapshot(path, made())
    return path


def test_a_snapshot_comes_back_as_it_was_written(written):
    found, wanted = read_snapshot(written), made()
    assert found[:3] == wanted[:3]
    assert found.documents == wanted.documents
    assert list(found.columns) == list(wanted.columns)
    for name, column in wanted.columns.items():
        assert found.columns[name].dtype == column.dtype
        assert np.array_equal(found.columns[name], column)
    assert [p.name for p in written.parent.iterdir()] == ["one.hull"]


def test_equal_snapshots_are_equal_bytes(written, tmp_path):
    write_snapshot(tmp_path / "other.hull", made())
    assert (tmp_path / "other.hull").read_bytes() == written.read_bytes()


def test_a_column_that_is_a_view_with_gaps_is_written_too(tmp_path):
    wide = np.arange(20, dtype=np.int64).reshape(4, 5)
    write_snapshot(tmp_path / "gaps.hull", made({"part": wide[:, ::2]}))
    assert np.array_equal(read_snapshot(tmp_path / "gaps.hull").columns["part"], wide[:, ::2])


def test_every_flipped_byte_is_found(written):
    content = written.read_bytes()
    for place in range(len(content)):
        written.write_bytes(content[:place] + bytes([content[place] ^ 0x40]) + content[place + 1 :])
        with pytest.raises(SnapshotError, match=r"one\.hull must"):
            read_snapshot(written)


def test_a_snapshot_cut_anywhere_is_refused(written):
    content = written.read_bytes()
    for length in range(len(content)):
        written.write_bytes(content[:length])
        with pytest.raises(SnapshotError, match=r"one\.hull must"):
            read_snapshot(written)


def test_what_cannot_be_read_or_written_says_so(tmp_path):
    with pytest.raises(JournalError, match=r"none\.hull must be readable"):
        read_snapshot(tmp_path / "none.hull")
    with pytest.raises(JournalError, match=r"one\.hull must be written"):
        write_snapshot(tmp_path / "no folder" / "one.hull", made())
