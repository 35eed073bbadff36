"""The manipulation study: what is open against the ledger's integers, and what a market says."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from hullmark.core import nano
from hullmark.domain import Mode, commands
from hullmark.market import manipulation_report
from hullmark.runtime import market_depths, open_venue
from hullmark.studies import (
    draw_manipulation,
    manipulation_study,
)

EXAMPLE = Path(__file__).parents[3] / "examples" / "venue.toml"
NOW_NS = 1_760_130_900_000_000_000
USD = {"BTC": 64_000, "BTC-PERP": 64_000, "BTC-USD-PERP": 64_000, "ETH-PERP": 2_500}
TRADES = (
    ("BTC-PERP", 101, 100, "0.5"),
    ("BTC-PERP", 102, 100, "0.25"),
    ("BTC-PERP", 100, 103, "0.1"),
    ("ETH-PERP", 103, 101, "7"),
    ("BTC-USD-PERP", 101, 102, "900"),
)


def traded(rules):
    opened = open_venue(rules, clock=lambda: NOW_NS)
    quanta = opened.quanta("USDT", "500000")
    prints = tuple(
        commands.Print(factor=f, source=s, price_nano=nano(str(usd)), observed_ns=NOW_NS)
        for f, usd in USD.items()
        for s in ("alpha", "beta")
    )
    answers = opened.submit_all(
        [
            *(commands.OpenAccount(account=a, mode=Mode.CROSS) for a in range(100, 104)),
            *(commands.Deposit(account=a, asset="USDT", quanta=quanta) for a in range(100, 104)),
            commands.ObservePrices(prints=prints),
            *(
                commands.ReportTrade(
                    instrument=symbol,
                    buyer=buyer,
                    seller=seller,
                    lots=opened.lots(symbol, size),
                    price_nano=nano(str(USD[symbol])),
                )
                for symbol, buyer, seller, size in TRADES
            ),
        ]
    )
    assert not [answer.refusal for answer in answers if answer.refusal]
    return opened


@pytest.fixture(scope="module")
def venue():
    return traded(EXAMPLE)


@pytest.fixture(scope="module")
def deep_venue():
    tree = tomllib.loads(EXAMPLE.read_text())
    depths = {"BTC-PERP": "5000000", "BTC-USD-PERP": "2000000", "ETH-PERP": "3000000"}
    tree["liquidation"]["depth_usd"] = depths
    return traded(tree)


def test_every_market_with_a_depth_has_its_report(venue):
    held = venue.open_interest()
    found = manipulation_study({"BTC": Decimal(1_000), "SOL": Decimal(10)}, held, fee="0.001")
    assert list(found) == ["BTC", "SOL"]
    market = found["BTC"]
    assert market.points == manipulation_report(1_000, 48_900, fee="0.001")
    assert (market.depth_usd, market.open_interest_usd) == (1_000, 48_900)
    assert market.best.profit_usd == max(p.profit_usd for p in market.points) > 0
    assert market.tightest.oi_cap_usd == min(p.oi_cap_usd for p in market.points)
    assert found["SOL"].open_interest_usd == 0
    assert all(point.profit_usd < 0 for point in found["SOL"].points)


def test_the_study_says_what_the_venue_says(deep_venue):
    depths = market_depths(deep_venue.rules)
    found = manipulation_study(depths, deep_venue.open_interest(), weight="0.5")
    asked = deep_venue.manipulation(weight="0.5")
    assert {coin: market.points for coin, market in found.items()} == asked
    assert list(asked) == ["BTC", "ETH"]


@pytest.mark.parametrize("form", ["png", "svg"])
def test_equal_reports_give_equal_pictures(form):
    found = manipulation_study(
        {name: Decimal(10**n) for n, name in enumerate("ABCD")}, {"A": Decimal(10**7)}, fee="0.002"
    )
    picture = draw_manipulation(found, form=form)
    assert picture == draw_manipulation(found, form=form)
    assert picture != draw_manipulation({**found, "A": found["B"]}, form=form)


# A push up that is kept is sold dearer, and pays more fees; without memory both ways cost the same.
def test_ways_that_cost_the_same_are_one_line():
    alike, apart = (
        draw_manipulation(manipulation_study({"A": Decimal(10**6)}, {}, **terms), form="svg")
        for terms in ({"fee": "0.002"}, {"fee": "0.002", "kept": "0.5"})
    )
    assert b"stroke-dasharray" in apart
    assert b"stroke-dasharray" not in alike


def test_a_market_that_never_pays_and_a_venue_without_one_can_be_drawn():
    never = manipulation_study({"A": Decimal(10**6)}, {}, [Decimal("0.01")], position_fee="0.02")
    assert never["A"].tightest is None
    assert draw_manipulation(never).startswith(b"\x89PNG")
    assert draw_manipulation({}).startswith(b"\x89PNG")
