"""Tests of ``hullmark margin`` on bad input: one line, status 1, and nothing half written."""

import json
import os
from pathlib import Path

import pytest

from hullmark.cli import ExitStatus, main

EXAMPLE = Path(__file__).parents[3] / "docs" / "reference" / "portfolio.example.json"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def replaced(old, new):
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


BAD = {
    "no file at all": (None, "No such file or directory"),
    "empty": (b"", "the document must be JSON in UTF-8, was not: Expecting value"),
    "cut": (TEXT.encode()[:900], "the document must be JSON in UTF-8, was not"),
    "of another encoding": (TEXT.encode("utf-16"), "the document must be JSON in UTF-8, was not"),
    "deep": (b"[" * 200_000, "the document must be JSON in UTF-8, was not: maximum recursion"),
    "a bare NaN": (replaced('"64000"', "NaN"), "market.index.BTC must be a decimal string"),
    "a bare number": (replaced('"1.5"', "1.5"), "accounts[0].cash.BTC must be a decimal string"),
    "too large for a double": (replaced('"64000"', "1e400"), '"12.5", was inf'),
    "a price of zero": (replaced('"64000"', '"0"'), "market.index.BTC must be > 0, was '0'"),
    "a negative price": (replaced('"0.0405"', '"-1"'), "58000-P.mark must be >= 0, was '-1'"),
    "ten decimals": (replaced('"0.0405"', '"0.0000000001"'), "must have at most 9 decimals, was"),
    "over 64 bits": (replaced('"64000"', '"9223372037"'), "must fit in 64 bits with 9 decimals"),
    "a cost over 64 bits": (replaced('"2.5"', '"900000000"'), "in quanta of USDC, must fit in 64"),
    "no peg": (replaced(', "peg": "1"', ""), "parameters.assets.USDC must have a 'peg'"),
    "no contract size": (replaced('"lot": "10", ', ""), "'BTC-PERPETUAL' must have 'lot'"),
    "an unknown key": (replaced('"mode": "cross"', '"mode": "cross", "note": ""'), "was 'note'"),
    "a key given twice": (replaced('"1.5"', '"1", "BTC": "2"'), "each key once, was 'BTC'"),
    "a name given twice": (replaced("leveraged long", "short strangle"), "a name of its own, was"),
    "an escape in a name": (replaced("leveraged", "\\u001b[31m"), "must be printable, of at most"),
    "a crossed grid": (replaced('"-0.16", "-0.08"', '"-0.08", "-0.16"'), "must be > the move befo"),
    "a haircut as a number": (replaced('"0.075"', "0.075"), "haircut_initial must be an object, a"),
    "an unknown instrument": (
        replaced('"instrument": "BTC-PERPETUAL"', '"instrument": "BTC-PERP"'),
        "accounts[0].positions[2].instrument must be a derivative among parameters.instruments",
    ),
    "after expiry": (
        replaced("2026-02-05T21:29:37Z", "2026-03-27T08:00:00Z"),
        "must expire after market.time 2026-03-27T08:00:00Z, was 'BTC-27MAR26-58000-P'",
    ),
}


@pytest.mark.parametrize("form", ["tables", "--json", "--csv", "--parquet"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_gives_one_line_and_nothing_else(tmp_path, capsys, name, form):
    content, message = BAD[name]
    if content is not None:
        (tmp_path / "doc.json").write_bytes(content)
    before = os.listdir(tmp_path)
    words = {"tables": [], "--parquet": ["--parquet", str(tmp_path / "out.parquet")]}
    status = main(["margin", str(tmp_path / "doc.json"), *words.get(form, [form])])
    printed = capsys.readouterr()
    assert (status, printed.out) == (ExitStatus.FAILURE, "")
    assert printed.err.startswith("hullmark: ")
    assert message in printed.err
    assert printed.err[:-1].isprintable()
    assert os.listdir(tmp_path) == before


@pytest.mark.parametrize(
    "extra", [["--parquet"], ["--json", "--parquet", "x"], ["--market"], ["y"]]
)
def test_misuse_of_the_command_leaves_status_2(extra, capsys):
    with pytest.raises(SystemExit) as left:
        main(["margin", str(EXAMPLE), *extra])
    assert left.value.code == ExitStatus.MISUSE
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["margin", str(EXAMPLE.parent)], "reference: Is a directory"),
        (["margin", "/dev/zero"], "/dev/zero must be at most 256 MiB, was longer"),
        (["margin", str(EXAMPLE), "--market", ""], "--market must name a chain, was ''"),
        (["margin", str(EXAMPLE), "--market", "@2026-01-01"], "--market must name a chain, was '@"),
        (["margin", str(EXAMPLE), "--market", "c.parquet@"], "the time of --market must be an ISO"),
        (["margin", str(EXAMPLE), "--market", str(EXAMPLE)], "must end in .parquet, .csv, .csv.gz"),
        (["margin", str(EXAMPLE), "--market", "no.parquet"], "no.parquet must be a file; it does"),
        (["margin", str(EXAMPLE), "--parquet", "/nowhere/x"], "/nowhere/x: No such file or direct"),
        (["margin", str(EXAMPLE), "--parquet", str(EXAMPLE.parent)], "reference: Is a directory"),
    ],
)
def test_a_bad_argument_is_named(words, message, capsys):
    assert main(words) == ExitStatus.FAILURE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert len(printed.err.splitlines()) == 1


def test_names_of_any_script_reach_every_form(tmp_path, capsys):
    path = tmp_path / "doc.json"
    path.write_bytes(replaced("leveraged long", "杠杆 länge"))
    assert main(["margin", str(path)]) == ExitStatus.FINE
    assert "杠杆 länge" in capsys.readouterr().out
    assert main(["margin", str(path), "--json"]) == ExitStatus.FINE
    assert json.loads(capsys.readouterr().out)["accounts"][1]["account"] == "杠杆 länge"
    assert main(["margin", str(path), "--csv"]) == ExitStatus.FINE
    assert "\n杠杆 länge,cross," in capsys.readouterr().out
