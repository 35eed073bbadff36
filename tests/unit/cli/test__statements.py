"""``hullmark margin --rulebook``: what it prints, and what a shell learns from it."""

import csv
import io
import json
from pathlib import Path

import pytest

from hullmark.cli import main

LINEAR = str(Path(__file__).parents[3] / "docs" / "rulebooks" / "linear.example.json")
STRANGLE = ["margin", LINEAR, "--rulebook", "derive-standard", "--account", "short strangle"]
SMALL, LARGE = "perpetual BTC 0.1 at 80000", "perpetual BTC 1 at 80000"


def printed(capsys, *words):
    status = main([*STRANGLE, *words])
    return status, capsys.readouterr()


def test_rows_tables_and_json_say_the_same(capsys):
    _, json_text = printed(capsys, "--json")
    _, csv_text = printed(capsys, "--csv")
    _, tables = printed(capsys)
    (account,) = json.loads(json_text.out)["accounts"]
    (row,) = csv.DictReader(io.StringIO(csv_text.out))
    assert float(row["initial_margin"]) == account["initial_margin"]
    assert row["binding"] == account["binding"]
    assert f"{account['maintenance_excess']:,.2f}" in tables.out


@pytest.mark.parametrize(("trade", "status"), [(SMALL, 0), (LARGE, 3)])
def test_with_a_trade_the_status_is_that_of_its_outcome(capsys, trade, status):
    assert printed(capsys)[0] == 0
    found, text = printed(capsys, "--trade", trade)
    assert found == status
    assert "the trade is refused: the account would be under its margin." in text.out


def test_a_setting_counts_and_an_unknown_one_is_refused(capsys):
    path = "markets.BTC.option.min_spot"
    plain = json.loads(printed(capsys, "--json")[1].out)["accounts"][0]
    more = json.loads(printed(capsys, "--json", "--set", f"{path}=0.5")[1].out)["accounts"][0]
    assert more["initial_margin"] > plain["initial_margin"]
    status, text = printed(capsys, "--set", "markets.BTC.option.least=0.5")
    assert status == 1
    assert "parameter markets.BTC.option.least must exist" in text.err


def test_an_explanation_has_every_part(capsys):
    _, text = printed(capsys, "--explain", "--json")
    (explanation,) = json.loads(text.out)["explanations"]
    assert len(explanation["positions"]) == 2
    assert explanation["cheapest"][0]["freed"] > 0.0
    _, tables = printed(capsys, "--explain")
    assert "Cheapest single trade" in tables.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--trade", SMALL, "--csv"), "--trade must come with tables or --json, came with rows"),
        (("--explain", "--csv"), "--explain must come with tables or --json, came with rows"),
        (("--trusted",), "--trusted must come with --trade"),
        (("--market", "chain.parquet"), "--market must come with a document of version 1"),
    ],
)
def test_words_that_do_not_go_together_are_refused(capsys, words, message):
    status, text = printed(capsys, *words)
    assert status == 1
    assert message in text.err


def test_a_document_of_version_2_asks_for_a_rule_book(capsys):
    assert main(["margin", LINEAR]) == 1
    assert "--rulebook must be given for a document of version 2" in capsys.readouterr().err
    assert main(["margin", LINEAR, "--explain"]) == 1
    assert "--explain must come with --rulebook" in capsys.readouterr().err
