"""Tests of files written whole: what a failure leaves, and what is no file."""

import os
from pathlib import Path

import pytest

from hullmark.cli._output import write_whole


def test_what_is_written_replaces_what_was_there(tmp_path):
    path = tmp_path / "out.json"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out.json"]


def test_a_link_stays_a_link_to_what_is_new(tmp_path):
    link, target = tmp_path / "link", tmp_path / "target"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_failure_leaves_what_was_there_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "out.json"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device", "out.json.7.part")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(path, b"new")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.json"]


def test_a_missing_folder_is_refused_by_the_name_that_was_given(tmp_path):
    path = tmp_path / "nowhere" / "out.json"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(path, b"new")
    assert caught.value.filename == str(path)


def test_a_folder_is_refused_and_a_device_takes_what_it_is_given(tmp_path):
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, b"new")
    write_whole(Path(os.devnull), b"new")
    assert not Path(os.devnull).is_file()
