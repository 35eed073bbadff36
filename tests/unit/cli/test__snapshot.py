"""Tests of ``hullmark snapshot``: what it writes, and what it says is in it."""

import apsw
import pytest

from hullmark.cli import ExitStatus, main
from hullmark.journal import clone, read_snapshot
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import open_venue


def test_a_snapshot_is_written_beside_the_file(traded, capsys):
    assert main(["snapshot", str(traded)]) == ExitStatus.FINE
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    (path,) = (traded.parent / "traded.db.snapshots").iterdir()
    snapshot = read_snapshot(path)
    with open_venue(journal=traded) as venue:
        tip, state_hash = venue.tip, venue.state_hash()
    assert (snapshot.tip, snapshot.state_hash) == (tip, state_hash)
    assert lines[:-1] == [
        ["snapshot", str(path)],
        ["sequence", "9"],
        ["chain", "tip", tip.hash.hex()],
        ["state", "hash", state_hash],
        ["accounts", "2"],
        ["positions", "2"],
        ["bytes", f"{path.stat().st_size:,}"],
        ["replayed", "9", "units"],
    ]
    assert lines[-1][0] == "seconds"


def test_the_next_one_begins_at_the_last(traded, go_on, capsys):
    main(["snapshot", str(traded)])
    tip = go_on(traded)
    capsys.readouterr()
    assert main(["snapshot", str(traded)]) == ExitStatus.FINE
    printed = capsys.readouterr().out
    assert f"sequence    {tip.sequence}\n" in printed
    assert "replayed    1 units\n" in printed
    assert len(list((traded.parent / "traded.db.snapshots").iterdir())) == 2


def test_it_runs_beside_the_writer_into_a_folder_of_ones_own(traded, tmp_path):
    folder = tmp_path / "deep" / "folder"
    with open_venue(journal=traded) as venue:
        assert main(["snapshot", str(traded), "--snapshots", str(folder)]) == ExitStatus.FINE
        state_hash = venue.state_hash()
    (path,) = folder.iterdir()
    assert read_snapshot(path).state_hash == state_hash


def test_a_database_needs_a_folder(traded, tmp_path, postgres_address, capsys):
    with SqliteStore(traded, read_only=True) as store:
        clone(store, postgres_address)
    assert main(["snapshot", postgres_address]) == ExitStatus.FAILURE
    assert "--snapshots must be given for a journal in a database" in capsys.readouterr().err
    folder = tmp_path / "folder"
    assert main(["snapshot", postgres_address, "--snapshots", str(folder)]) == ExitStatus.FINE
    assert main(["verify", postgres_address, "--snapshots", str(folder)]) == ExitStatus.FINE
    assert "is of this journal" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["absent", "empty", "damaged", "a folder", "foreign"])
def test_what_cannot_be_followed_leaves_1_and_no_snapshot(traded, tmp_path, what, capsys):
    if what == "damaged":
        traded.write_bytes(traded.read_bytes()[:5_000])
    elif what == "foreign":
        database = apsw.Connection(str(traded))
        database.pragma("application_id", 5)
        database.close()
    elif what != "a folder":
        traded.unlink()
    if what == "empty":
        SqliteStore(traded).close()
    journal = tmp_path if what == "a folder" else traded
    assert main(["snapshot", str(journal)]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    rules = {
        "absent": "must be a readable file",
        "empty": "must hold a unit, was empty",
        "damaged": "is damaged: ",
        "a folder": "must be a readable file, was a folder",
        "foreign": "must have application id 0x48554c4c, was 0x5",
    }
    assert rules[what] in printed.err
    assert not list(tmp_path.glob("*.snapshots"))


def test_a_damaged_snapshot_is_not_written_over(traded, go_on, capsys):
    main(["snapshot", str(traded)])
    (path,) = (traded.parent / "traded.db.snapshots").iterdir()
    path.write_bytes(b"damaged")
    go_on(traded)
    assert main(["snapshot", str(traded)]) == ExitStatus.FAILURE
    assert f"snapshot {path} must begin with HULLSNAP" in capsys.readouterr().err
    assert path.read_bytes() == b"damaged"
