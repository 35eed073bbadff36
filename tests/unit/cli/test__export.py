"""Tests of ``hullmark export``: tables for analysts, and what is sound of a damaged journal."""

import sys

import apsw
import pytest
from pyarrow import parquet

from hullmark.cli import ExitStatus, main
from hullmark.journal import clone, open_store, read
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import restore


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def rows(folder, name):
    return parquet.read_table(folder / f"{name}.parquet").to_pylist()


def test_units_events_and_state_are_written_and_listed(traded, out, capsys):
    assert main(["export", str(traded), "--out", str(out)]) == ExitStatus.FINE
    printed = capsys.readouterr().out
    assert f"journal     {traded}\nsequence    9\nbatch       " in printed
    assert f"state hash  {restore(traded).state_hash}\n" in printed
    assert f"described   {out / 'README.md'}\n" in printed
    assert "events/Traded.parquet" in printed
    assert "events/Withdrawn.parquet" not in printed  # it has no rows
    assert [row["command"] for row in rows(out, "units")] == [
        type(unit.command).__name__ for unit in read(traded)
    ]
    assert {row["account"]: row["lots"] for row in rows(out, "state/positions")} == {
        100: -500,
        101: 500,
    }


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--events"], {"README.md", "units.parquet", "events"}),
        (["--state"], {"README.md", "state"}),
        (["--events", "--state"], {"README.md", "units.parquet", "events", "state"}),
    ],
)
def test_either_can_be_had_alone(traded, out, words, found):
    assert main(["export", str(traded), "--out", str(out), *words]) == ExitStatus.FINE
    assert {path.name for path in out.iterdir()} == found


def test_the_state_of_an_earlier_unit_can_be_had(traded, out, capsys):
    assert main(["export", str(traded), "--out", str(out), "--at", "4"]) == ExitStatus.FINE
    assert "sequence    4\n" in capsys.readouterr().out
    assert rows(out, "state/positions") == []
    assert len(rows(out, "units")) == 4


@pytest.mark.parametrize("sequence", ["0", "10", "-1"])
def test_a_sequence_that_is_not_there_is_named(traded, out, sequence, capsys):
    assert main(["export", str(traded), "--out", str(out), f"--at={sequence}"]) == 1
    message = f"hullmark: at must be in [1, 9], was {sequence}\n"
    assert capsys.readouterr().err == message
    assert not out.exists()


def test_a_folder_with_something_in_it_is_kept(traded, out, capsys):
    out.mkdir()
    (out / "mine").write_text("mine")
    assert main(["export", str(traded), "--out", str(out)]) == ExitStatus.FAILURE
    assert capsys.readouterr().err == f"hullmark: folder must be new or empty, was {out}\n"
    assert [path.name for path in out.iterdir()] == ["mine"]


def test_without_pyarrow_the_extra_is_named(traded, out, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["export", str(traded), "--out", str(out)]) == ExitStatus.FAILURE
    assert "pip install 'hullmark[data]'" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("words", [["--events"], ["--state"], ["--at", "0"]])
def test_salvage_takes_nothing_of_an_export(traded, out, words, capsys):
    assert main(["export", str(traded), "--salvage", str(out), *words]) == ExitStatus.FAILURE
    assert "must come with --out" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("words", [[], ["--out", "a", "--salvage", "b"]])
def test_one_target_must_be_named(traded, words):
    with pytest.raises(SystemExit) as stopped:
        main(["export", str(traded), *words])
    assert stopped.value.code == ExitStatus.MISUSE


def test_a_whole_journal_is_salvaged_whole_and_leaves_0(traded, tmp_path, capsys):
    target = tmp_path / "saved.db"
    assert main(["export", str(traded), "--salvage", str(target)]) == ExitStatus.FINE
    printed = capsys.readouterr()
    assert f"journal     {traded}\nsaved to    {target}\nbatches     3\n" in printed.out
    assert printed.err == ""
    assert list(read(target)) == list(read(traded))


def test_a_damaged_journal_leaves_1_and_its_last_good_sequence(traded, tmp_path, capsys):
    target = tmp_path / "saved.db"
    database = apsw.Connection(str(traded))
    database.execute(
        "UPDATE batch SET payload = x'90' WHERE first = (SELECT max(first) FROM batch)"
    )
    database.close()
    assert main(["export", str(traded), "--salvage", str(target)]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    with SqliteStore(target, read_only=True) as saved:
        last = saved.tip.sequence
    assert f"chain tip   {last} " in printed.out
    assert printed.out.endswith("it told of  9 units\n")
    assert printed.err.endswith(f"the hash of its content; last good sequence {last}\n")
    assert main(["verify", str(target)]) == ExitStatus.FINE


def test_what_was_cut_off_has_no_end_to_tell_of(traded, tmp_path, capsys):
    cut, target = tmp_path / "cut.db", tmp_path / "saved.db"
    content = traded.read_bytes()
    cut.write_bytes(content[: len(content) - 5_000])
    status = main(["export", str(cut), "--salvage", str(target)])
    printed = capsys.readouterr()
    assert status == ExitStatus.FAILURE
    assert "last good sequence" in printed.err
    assert not target.exists() or "it told of  an unknown end" in printed.out


def test_a_database_is_exported_and_its_address_not_told(traded, out, postgres_address, capsys):
    with SqliteStore(traded, read_only=True) as store:
        clone(store, postgres_address)
    assert main(["export", postgres_address, "--out", str(out)]) == ExitStatus.FINE
    assert len(rows(out, "units")) == 9
    saved = out.with_name("saved.db")
    assert main(["export", postgres_address, "--salvage", str(saved)]) == ExitStatus.FINE
    store = open_store(saved, read_only=True)
    assert store.tip.sequence == 9
    store.close()
