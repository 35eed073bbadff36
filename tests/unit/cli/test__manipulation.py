"""Tests of ``hullmark manipulation``: its tables against the report, and what it refuses."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from hullmark.cli import ExitStatus, main
from hullmark.market import manipulation_report, oi_cap

from .conftest import EXAMPLE

REPLAY = Path(__file__).parents[3] / "scenarios" / "oct-2025-venue.toml"
TERMS = {"fee": "0.0005", "position_fee": "0.001"}


@pytest.fixture
def deep(tmp_path):
    """Return the example's venue file with a depth for one market."""
    path = tmp_path / "deep.toml"
    text = EXAMPLE.read_text()
    assert "depth_usd" not in text
    path.write_text(text + '\n[liquidation.depth_usd]\nBTC-PERP = "5000000"\n')
    return path


def test_a_venue_file_gives_a_cap_for_every_underlying_with_a_depth(capsys):
    assert main(["manipulation", "--venue", str(REPLAY)]) == ExitStatus.FINE
    lines = capsys.readouterr().out.splitlines()
    depths = tomllib.loads(REPLAY.read_text())["liquidation"]["depth_usd"]
    for line, (name, depth) in zip(lines[2:], depths.items(), strict=False):
        cap = oi_cap(manipulation_report(depth, 0, **TERMS))
        cells = line.split()
        assert cells[:3] == [name.removesuffix("-PERP"), f"{int(depth):,}", "0"]
        assert cells[-3:] == [f"{cap.oi_cap_usd:,.0f}", f"{cap.move:+.2%}", "no"]
    assert lines[0].split()[-1] == "pays"


# Half a percent and more pay nothing here, a quarter does.
def test_a_move_between_those_of_the_grid_is_not_missed(capsys):
    asked = ["manipulation", "--venue", str(REPLAY), "--open-interest", "BTC=3000000"]
    assert main(asked) == ExitStatus.FINE
    cells = capsys.readouterr().out.splitlines()[2].split()
    assert cells[5:] == ["533", "-0.24%", "2,622,792", "-0.24%", "yes"]


def test_what_is_open_is_told_by_hand(deep, capsys):
    asked = ["manipulation", "--venue", str(deep), "--open-interest", "BTC=320000000"]
    assert main(asked) == ExitStatus.FINE
    by_hand = capsys.readouterr().out
    assert by_hand.splitlines()[2].split()[0:3] == ["BTC", "5,000,000", "320,000,000"]
    assert by_hand.splitlines()[2].endswith("yes")
    assert "Without a depth in the rules, and so without a cap: ETH." in by_hand


@pytest.mark.parametrize("more", [[], ["--json"], ["--market", "BTC"], ["--output", "m.png"]])
def test_rules_without_a_depth_are_refused(traded, more, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for given in (["--venue", str(EXAMPLE)], ["--journal", str(traded)]):
        assert main(["manipulation", *given, *more]) == ExitStatus.FAILURE
        said = capsys.readouterr()
        assert f"{given[0]}: the rules give no liquidation.depth_usd" in said.err
        assert said.out == ""
    assert not (tmp_path / "m.png").exists()


def test_a_journal_gives_depth_and_open_interest(deep, tmp_path, capsys):
    from hullmark.runtime import open_venue  # noqa: PLC0415

    path = tmp_path / "venue.db"
    open_venue(deep, journal=path).close()
    given = ["--open-interest", "BTC=5", "--market", "BTC"]
    assert main(["manipulation", "--journal", str(path), *given, "--json"]) == ExitStatus.FINE
    (market,) = json.loads(capsys.readouterr().out)["markets"].values()
    points = manipulation_report(5_000_000, 5, **TERMS)
    assert [Decimal(p["profit_usd"]) for p in market["moves"]] == [p.profit_usd for p in points]
    assert Decimal(market["oi_cap"]["oi_cap_usd"]) == oi_cap(points).oi_cap_usd
    assert (market["depth_usd"], market["open_interest_usd"]) == ("5000000.000000000", "5")


def test_one_market_is_shown_with_every_move(deep, capsys):
    terms = ["--fee", "0", "--position-fee", "0.02", "--kept", "0.5", "--weight", "0.5"]
    asked = ["manipulation", "--venue", str(deep), "--market", "BTC", *terms]
    assert main(asked) == ExitStatus.FINE
    lines = capsys.readouterr().out.splitlines()
    points = manipulation_report(5_000_000, 0, fee=0, position_fee="0.02", kept="0.5", weight="0.5")
    assert len(lines) == 2 + len(points)
    assert [line.split()[0] for line in lines[2:]] == [f"{p.move:+.2%}" for p in points]
    assert [line.split()[-1] == "-" for line in lines[2:]] == [p.oi_cap_usd is None for p in points]


@pytest.mark.parametrize(("name", "begins"), [("m.png", b"\x89PNG"), ("m.svg", b"<?xml")])
def test_the_caps_are_drawn(deep, tmp_path, name, begins, capsys):
    path = tmp_path / name
    assert main(["manipulation", "--venue", str(deep), "--output", str(path)]) == ExitStatus.FINE
    assert path.read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--open-interest", "DOGE=1"], "--open-interest must name one of BTC, ETH, was 'DOGE'"),
        (["--market", "ETH"], "--market must be one of BTC, which have a depth, was 'ETH'"),
        (["--fee", "2"], "fee must be in [0, 1], was 2"),
        (["--weight", "0"], "weight must be in (0, 1], was 0"),
        (["--attacker-share", "0"], "attacker_share must be in (0, 1], was 0"),
        (["--output", "m.pdf"], "--output must end in .png or .svg, was 'm.pdf'"),
    ],
)
def test_what_cannot_be_asked_is_refused(deep, given, message, capsys):
    assert main(["manipulation", "--venue", str(deep), *given]) == ExitStatus.FAILURE
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("bad", ["BTC", "=1", "BTC=x", "BTC=-1", "BTC=inf"])
def test_an_open_interest_that_is_none_is_misuse(bad, capsys):
    with pytest.raises(SystemExit) as e:
        main(["manipulation", "--venue", "x.toml", "--open-interest", bad])
    assert e.value.code == ExitStatus.MISUSE
    assert "must be COIN=USD with a number >= 0, was" in capsys.readouterr().err
