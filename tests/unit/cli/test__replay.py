"""Tests of ``hullmark replay``: what it writes and prints, and how it fails."""

import json
from pathlib import Path

import pytest

from hullmark.cli import ExitStatus, main
from hullmark.journal.sqlite import SqliteStore

ROOT = Path(__file__).parents[3]
SCENARIO = ROOT / "scenarios" / "oct-2025.toml"
FILES = ["--venue", str(ROOT / "scenarios" / "oct-2025-venue.toml"), "--workers", "1"]
SMALL = ["--accounts", "60", "--open-interest", "3000000"]


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Return the options of a quarter of an hour around the low."""
    text = SCENARIO.read_text(encoding="utf-8")
    text = text.replace('start = "2025-10-10T00:00:00Z"', 'start = "2025-10-10T21:10:00Z"')
    text = text.replace('stop = "2025-10-11T00:00:00Z"', 'stop = "2025-10-10T21:25:00Z"')
    path = tmp_path_factory.mktemp("scenario") / "short.toml"
    path.write_text(text, encoding="utf-8")
    return ["--scenario", str(path), *FILES, *SMALL]


@pytest.fixture(scope="module")
def out(short, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    assert main(["replay", *short, "--out", str(folder)]) == ExitStatus.FINE
    return folder


def test_a_replay_writes_page_json_and_journal(out):
    assert {p.name for p in out.iterdir()} == {"report.html", "report.json", "journal.db"}
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["source"]["kind"] == "published facts"
    assert {"state_hash", "bad_debt", "runs"} <= report.keys()
    assert len(report["runs"]) == 4


def test_verify_finds_the_hash_of_the_report(out, capsys):
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert main(["verify", str(out / "journal.db"), "--redecide"]) == ExitStatus.FINE
    assert report["state_hash"] in capsys.readouterr().out


def test_the_summary_ends_with_where_things_are(short, out, capsys):
    assert main(["replay", *short, "--seed", "8", "--out", str(out)]) == ExitStatus.FINE
    printed = capsys.readouterr()
    assert "Proof that the books balance" in printed.out
    assert str(out / "report.html") in printed.out
    assert printed.err == ""
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["seed"] == 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--scenario", "nowhere.toml"], "nowhere.toml is no scenario file"),
        (["--venue", "nowhere.toml"], "venue file nowhere.toml must be readable TOML"),
        (["--scenario", str(SCENARIO), "--data", "nowhere"], "nowhere"),
        (["--accounts", "0"], "accounts must be a whole number >= 1, was 0"),
        (["--open-interest", "5"], "open_interest_usd must be >="),
        (["--workers", "0"], "workers must be >= 1, was 0"),
    ],
)
def test_a_replay_that_cannot_be_fails_with_one_line(words, message, short, tmp_path, capsys):
    assert main(["replay", *short, "--out", str(tmp_path / "out"), *words]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert message in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    "words", [["--seed", "x"], ["--accounts", "-1"], ["--open-interest", "1.5"]]
)
def test_misuse_of_a_number_leaves_status_2(words, capsys):
    with pytest.raises(SystemExit) as left:
        main(["replay", *words])
    assert left.value.code == ExitStatus.MISUSE
    assert "must be a whole number >= 0" in capsys.readouterr().err


def test_a_journal_that_is_being_written_is_not_replaced(short, out, capsys):
    before = (out / "report.json").read_bytes()
    with SqliteStore(out / "journal.db"):
        assert main(["replay", *short, "--out", str(out)]) == ExitStatus.FAILURE
    assert "must have one writer" in capsys.readouterr().err
    assert (out / "report.json").read_bytes() == before


def test_an_out_that_is_no_folder_is_told_before_anything_is_played(short, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    assert main(["replay", *short, "--out", str(file)]) == ExitStatus.FAILURE
    assert "file" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == "mine"


def test_the_journal_can_go_elsewhere(short, tmp_path, capsys):
    place = tmp_path / "elsewhere.db"
    words = ["replay", *short, "--out", str(tmp_path / "out"), "--journal", str(place)]
    assert main(words) == ExitStatus.FINE
    assert f"journal     {place}; check it: hullmark verify {place}\n" in capsys.readouterr().out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"report.html", "report.json"}
    with SqliteStore(place, read_only=True) as store:
        assert store.tip.sequence > 100


def test_a_database_that_is_not_empty_is_refused_before_anything_is_played(
    short, tmp_path, postgres_address, capsys
):
    words = ["replay", *short, "--out", str(tmp_path), "--journal", postgres_address]
    assert main(words) == ExitStatus.FINE
    assert main(["verify", postgres_address]) == ExitStatus.FINE
    capsys.readouterr()
    assert main(words) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "must be empty, ends at sequence" in printed.err
