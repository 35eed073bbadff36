"""Tests of ``hullmark stress``: its table against the study, and what it refuses."""

import json
from pathlib import Path

import pytest

from hullmark.cli import ExitStatus, main
from hullmark.runtime import Follower
from hullmark.studies import read_scenarios, standard_scenarios, stress_study, venue_book

from .conftest import EXAMPLE

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "portfolio.example.json"
SETS = '[[scenarios]]\nname = "down"\nmoves = { BTC = "5", DOGE = "1" }\ndepth = "0.1"\n'


@pytest.fixture
def shocks(tmp_path):
    path = tmp_path / "shocks.toml"
    path.write_text(SETS)
    return path


@pytest.fixture
def deep(tmp_path):
    """Return the example's venue file with a depth for one market, and another slippage."""
    path = tmp_path / "deep.toml"
    text = EXAMPLE.read_text().replace('slippage = "0.005"', 'slippage = "0.25"')
    path.write_text(text + '\n[liquidation.depth_usd]\nBTC-PERP = "50000"\n')
    return path


def asked(capsys, *words):
    """Return what the command prints as JSON."""
    assert main(["stress", *map(str, words), "--json"]) == ExitStatus.FINE
    return json.loads(capsys.readouterr().out)


def test_a_journal_is_stressed_by_the_built_in_set(traded, capsys):
    assert main(["stress", str(traded)]) == ExitStatus.FINE
    said = capsys.readouterr().out
    with Follower(traded) as follower:
        book = venue_book(follower)
    study = stress_study(book, standard_scenarios(book.moving))
    rows = said.split("\n\n")[0].splitlines()[2:]
    for row, each in zip(rows, study.scenarios, strict=True):
        assert row.startswith(each.scenario.name)
        cells = row.removeprefix(each.scenario.name).split()
        figures = [each.loss_usd, each.cover_1_usd, each.cover_2_usd, each.fund_usd]
        figures.append(each.uncovered_usd)
        assert cells[:6] == [str(each.defaults), *(f"{usd:,.0f}" for usd in figures)]
    for line in (
        f"Cover-1, the most that one participant costs: {study.cover_1_usd:,.0f} USD.",
        f"Cover-2, the most that two participants cost: {study.cover_2_usd:,.0f} USD.",
        f"The most that all who default cost: {study.loss_usd:,.0f} USD.",
        f"Suggested fund: {study.suggested_cover_2_usd:,} USD for Cover-2, ",
        "Without a depth, and so without impact: BTC-PERP.",
    ):
        assert line in said


def test_a_set_of_ones_own_is_read_and_what_the_venue_lacks_is_named(traded, shocks, capsys):
    found = asked(capsys, traded, "--scenarios", shocks)
    with Follower(traded) as follower:
        (each,) = stress_study(venue_book(follower), read_scenarios(shocks)).scenarios
    (row,) = found["scenarios"]
    assert (row["moves"], row["depth"]) == ({"BTC": 5.0, "DOGE": 1.0}, 0.1)
    assert (row["loss_usd"], row["cover_1_usd"]) == (each.loss_usd, each.cover_1_usd)
    assert row["largest"][0]["account"] in ("100", "101")
    assert found["unknown"] == ["DOGE"]
    main(["stress", str(traded), "--scenarios", str(shocks)])
    assert "Moved in a scenario, and not at this venue: DOGE." in capsys.readouterr().out


def test_a_venue_file_stands_for_the_terms_of_the_journal(traded, shocks, deep, capsys):
    base = asked(capsys, traded, "--scenarios", shocks)
    found = asked(capsys, traded, "--scenarios", shocks, "--venue", deep)
    assert (base["slippage"], found["slippage"]) == (0.005, 0.25)
    assert found["without_depth"] == []
    assert found["loss_usd"] > base["loss_usd"]
    own = asked(capsys, traded, "--scenarios", shocks, "--venue", deep, "--slippage", "0.3")
    assert own["slippage"] == 0.3


def test_the_fund_and_its_parts_are_told_by_hand(traded, shocks, capsys):
    terms = ("--scenarios", shocks, "--fund", "9", "--allocated", "ETH=5", "--slippage", "0.9")
    found = asked(capsys, traded, *terms)
    (row,) = found["scenarios"]
    assert (row["fund_usd"], found["allocated_usd"]) == (9.0, {"ETH": 5.0})
    assert row["uncovered_usd"] == pytest.approx(row["loss_usd"] - 4.0)


def test_an_account_is_left_out(traded, capsys):
    assert asked(capsys, traded)["accounts"] == 2
    found = asked(capsys, traded, "--without", "100")
    assert found["accounts"] == 1
    assert all(one["account"] == "101" for row in found["scenarios"] for one in row["largest"])


def test_a_portfolio_document_is_a_book_too(capsys):
    found = asked(capsys, DOCUMENT, "--slippage", "0.01", "--without", "short strangle")
    assert {one["account"] for row in found["scenarios"] for one in row["largest"]} == {
        "leveraged long"
    }
    assert main(["stress", str(DOCUMENT)]) == ExitStatus.FAILURE
    said = capsys.readouterr().err
    assert "--venue or --slippage must be given with a portfolio document" in said


@pytest.mark.parametrize(("name", "begins"), [("s.png", b"\x89PNG"), ("s.svg", b"<?xml")])
def test_the_losses_are_drawn(traded, tmp_path, name, begins, capsys):
    path = tmp_path / name
    assert main(["stress", str(traded), "--picture", str(path)]) == ExitStatus.FINE
    assert path.read_bytes().startswith(begins)
    assert capsys.readouterr().out.startswith("scenario")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--picture", "s.pdf"], "--picture must end in .png or .svg, was 's.pdf'"),
        (["--without", "maker"], "--without must be the number of an account, was 'maker'"),
        (["--without", "99"], "without must be open user accounts, was 99"),
        (["--allocated", "DOGE=1"], "allocated_usd must name one of BTC, ETH, was 'DOGE'"),
        (["--slippage", "1"], "slippage must be in [0, 1), was 1"),
    ],
)
def test_what_cannot_be_asked_is_refused(traded, given, message, capsys):
    assert main(["stress", str(traded), *given]) == ExitStatus.FAILURE
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--fund", "-1"], "must be a number >= 0, was '-1'"),
        (["--slippage", "much"], "must be a number >= 0, was 'much'"),
        (["--allocated", "5"], "must be COIN=USD, was '5'"),
        (["--allocated", "BTC=x"], "must be a number >= 0, was 'x'"),
    ],
)
def test_a_number_that_is_none_is_misuse(given, message, capsys):
    with pytest.raises(SystemExit) as e:
        main(["stress", "x.db", *given])
    assert e.value.code == ExitStatus.MISUSE
    assert message in capsys.readouterr().err
