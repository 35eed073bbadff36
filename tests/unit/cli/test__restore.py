"""Tests of ``hullmark restore``: the facts that a journal leads to, and a copy of it."""

import pytest

from hullmark.cli import ExitStatus, main
from hullmark.domain import commands, events
from hullmark.journal import Journal, Unit, open_store, read
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import open_venue


@pytest.fixture
def taken(traded):
    """Return the snapshot of the journal at its tip."""
    assert main(["snapshot", str(traded)]) == ExitStatus.FINE
    (path,) = (traded.parent / "traded.db.snapshots").iterdir()
    return path


def batches(location):
    store = open_store(location, read_only=True)
    try:
        return list(store.batches())
    finally:
        store.close()


def test_a_journal_is_restored_from_its_snapshot_and_the_tail(traded, taken, go_on, capsys):
    go_on(traded)
    with open_venue(journal=traded) as venue:
        tip, state_hash = venue.tip, venue.state_hash()
    capsys.readouterr()
    assert main(["restore", str(traded)]) == ExitStatus.FINE
    lines = capsys.readouterr().out.splitlines()
    assert lines.pop(3).startswith("seconds     ")
    assert lines == [
        f"journal     {traded}",
        f"begun at    {taken}",
        "replayed    1 units",
        f"chain tip   {tip.sequence} {tip.hash.hex()}",
        f"state hash  {state_hash}",
        "accounts    2",
        "positions   2",
        "",
        "asset  custody  accounts    fund  bad debt",
        "-----  -------  --------  ------  --------",
        "USDT   150,001   100,001  50,000         0",
        "BTC          0         0       0         0",
    ]


def test_without_a_snapshot_the_whole_journal_is_replayed(traded, capsys):
    assert main(["restore", str(traded)]) == ExitStatus.FINE
    printed = capsys.readouterr().out
    assert "begun at    the first unit\nreplayed    9 units\n" in printed


def test_a_copy_has_the_same_hashes_and_snapshots(traded, taken, tmp_path, capsys):
    target = tmp_path / "copy.db"
    assert main(["restore", str(traded), "--to", str(target)]) == ExitStatus.FINE
    assert f"copied to   {target}\nchain tip   9 " in capsys.readouterr().out
    assert batches(target) == batches(traded)
    folder = ["--snapshots", str(taken.parent)]
    assert main(["restore", str(target), *folder]) == ExitStatus.FINE
    assert "replayed    0 units" in capsys.readouterr().out


def test_a_copy_goes_into_a_database_and_comes_back(traded, tmp_path, postgres_address, capsys):
    assert main(["restore", str(traded), "--to", postgres_address]) == ExitStatus.FINE
    target = tmp_path / "back.db"
    assert main(["restore", postgres_address, "--to", str(target)]) == ExitStatus.FINE
    assert batches(target) == batches(postgres_address) == batches(traded)
    capsys.readouterr()
    assert main(["restore", str(traded), "--to", postgres_address]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.out == ""  # refused before anything is read
    assert "must be empty, ends at sequence 9" in printed.err


def test_a_target_that_is_there_is_refused_and_kept(traded, tmp_path, capsys):
    target = tmp_path / "copy.db"
    target.write_text("mine")
    assert main(["restore", str(traded), "--to", str(target)]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (f"hullmark: journal {target} must not exist yet, but {target} does\n")
    assert target.read_text() == "mine"


@pytest.mark.parametrize("damage", ["flipped", "of another journal", "beyond the end"])
def test_a_snapshot_that_is_not_of_the_journal_leaves_1_and_says_what_to_do(
    traded, taken, go_on, tmp_path, damage, capsys
):
    journal = traded
    if damage == "flipped":
        content = bytearray(taken.read_bytes())
        content[-40] ^= 1
        taken.write_bytes(content)
    else:
        units = list(read(traded))
        journal = tmp_path / "other.db"
        with Journal(SqliteStore(journal)) as writer:
            writer.append(units[:-1] if damage == "beyond the end" else units)
    capsys.readouterr()
    words = ["restore", str(journal), "--snapshots", str(taken.parent)]
    assert main([*words, "--to", str(tmp_path / "copy.db")]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "the journal has everything: find out what happened, then move the snap" in printed.err
    assert str(taken) in printed.err
    assert not (tmp_path / "copy.db").exists()


def test_a_folder_of_snapshots_that_is_not_there_is_named(traded, tmp_path, capsys):
    folder = str(tmp_path / "none")
    assert main(["restore", str(traded), "--snapshots", folder]) == ExitStatus.FAILURE
    assert capsys.readouterr().err == f"hullmark: --snapshots must be a folder, was {folder!r}\n"


def test_books_that_do_not_balance_leave_1(traded, capsys):
    with Journal(SqliteStore(traded)) as writer:
        last = list(writer.units())[-1]
        forged = events.Deposited(account=100, asset="USDT", quanta=-(10**12))
        writer.append(
            [
                Unit(
                    sequence=last.sequence + 1,
                    time_ns=last.time_ns,
                    command=commands.AdvanceTime(),
                    events=(forged,),
                )
            ]
        )
    assert main(["restore", str(traded)]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.err == "hullmark: custody of USDT must be >= 0, was -850000000000\n"
    assert "USDT   -850,000" in printed.out


def test_an_empty_journal_is_restored_to_nothing(tmp_path, capsys):
    SqliteStore(tmp_path / "empty.db").close()
    assert main(["restore", str(tmp_path / "empty.db")]) == ExitStatus.FINE
    assert capsys.readouterr().out.endswith("accounts    0\npositions   0\n")
