"""Tests of the command line: what it prints, where, and the status it leaves."""

import csv
import io
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from pyarrow import parquet

from hullmark.cli import COMMANDS, ExitStatus, main

EXAMPLE = Path(__file__).parents[3] / "docs" / "reference" / "portfolio.example.json"


def breached(tmp_path):
    tree = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    tree["accounts"][1]["cash"]["USDC"] = "3000"
    path = tmp_path / "breached.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    return str(path)


def test_help_names_every_command_and_status_and_imports_nothing_heavy():
    code = (
        "import sys; from hullmark.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as e: status = e.code\n"
        "heavy = {'numpy', 'numba', 'msgspec', 'pyarrow', 'apsw'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for word in (*COMMANDS, "--version", "3 breach"):
        assert word in done.stdout


def test_version_is_that_of_the_distribution(capsys):
    assert main(["--version"]) == ExitStatus.FINE
    assert capsys.readouterr().out == f"hullmark {version('hullmark')}\n"


@pytest.mark.parametrize(
    "words", [[], ["sail"], ["margin"], ["margin", "x", "--json", "--csv"], ["margin", "--js", "x"]]
)
def test_misuse_leaves_status_2_and_says_so_on_stderr(words, capsys):
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == ExitStatus.MISUSE
    assert "usage: hullmark" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "{", '{"version": 7}', b"\xff"])
def test_failure_leaves_status_1_and_one_line_on_stderr(tmp_path, capsys, content):
    path = tmp_path / "portfolio.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["margin", str(path)]) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("hullmark: ")
    assert len(printed.err.splitlines()) == 1


def test_margin_prints_every_account_and_leaves_0_if_none_is_in_breach(capsys):
    assert main(["margin", str(EXAMPLE)]) == ExitStatus.FINE
    out = capsys.readouterr().out
    for text in ("short strangle", "leveraged long", "Market of 2026-02-05T21:29:37Z  BTC 64,000"):
        assert text in out
    assert "Uncertain prices: BTC-PERPETUAL" in out
    assert out.endswith("In breach: 0 of 2\n")
    assert all(line == line.rstrip() and len(line) <= 140 for line in out.splitlines())


def test_margin_leaves_3_and_names_who_is_in_breach(tmp_path, capsys):
    assert main(["margin", breached(tmp_path)]) == ExitStatus.BREACH
    assert capsys.readouterr().out.endswith("In breach: 1 of 2: leveraged long\n")


def test_margin_reads_a_document_from_stdin(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(EXAMPLE.read_bytes())))
    assert main(["margin", "-", "--json"]) == ExitStatus.FINE
    assert len(json.loads(capsys.readouterr().out)["accounts"]) == 2


def test_json_csv_and_parquet_tell_the_same(tmp_path, capsys):
    path = breached(tmp_path)
    assert main(["margin", path, "--json"]) == ExitStatus.BREACH
    accounts = json.loads(capsys.readouterr().out)["accounts"]
    from_json = [
        {k: v for k, v in account.items() if k != "exposures"} | exposure
        for account in accounts
        for exposure in account["exposures"]
    ]
    assert main(["margin", path, "--csv"]) == ExitStatus.BREACH
    from_csv = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert from_csv == [
        {k: "" if v is None else json.dumps(v).strip('"') for k, v in row.items()}
        for row in from_json
    ]
    target = tmp_path / "out.parquet"
    assert main(["margin", path, "--parquet", str(target)]) == ExitStatus.BREACH
    assert capsys.readouterr().out == ""
    assert parquet.read_table(target).to_pylist() == from_json


def test_a_document_without_accounts_gives_headings(tmp_path, capsys):
    tree = json.loads(EXAMPLE.read_text(encoding="utf-8")) | {"accounts": []}
    path = tmp_path / "empty.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    assert main(["margin", str(path)]) == ExitStatus.FINE
    assert capsys.readouterr().out.endswith("In breach: 0 of 0\n")
    assert main(["margin", str(path), "--csv"]) == ExitStatus.FINE
    assert capsys.readouterr().out.startswith("account,mode,net_value_usd,")


def test_json_has_every_documented_key():
    page = (EXAMPLE.parent / "portfolio.md").read_text(encoding="utf-8")
    from hullmark.runtime import AccountReport, Exposure  # noqa: PLC0415

    keys = {*AccountReport._fields, *Exposure._fields, "margin_ratio", "equity_ratio"}
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


@pytest.mark.parametrize("at", ["never", "2026-13-01"])
def test_a_bad_time_of_a_market_is_refused(at, capsys):
    assert main(["margin", str(EXAMPLE), "--market", f"chain.parquet@{at}"]) == ExitStatus.FAILURE
    assert "the time of --market must be an ISO 8601 instant" in capsys.readouterr().err


def test_a_missing_chain_is_named(capsys):
    assert main(["example", "--market", "nowhere.parquet"]) == ExitStatus.FAILURE
    assert "nowhere.parquet must be a file" in capsys.readouterr().err
