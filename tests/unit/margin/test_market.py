"""Tests of a market that can be asked what margins rest on at another one."""

from dataclasses import replace

import numpy as np
import pytest

from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.margin import (
    MarginMarket,
    ScenarioModel,
    Sides,
    Span,
    Tier,
    TieredModel,
    TierSchedule,
)
from hullmark.market import MarketView
from hullmark.scenarios import ScenarioSet

ASSETS = ("USDT", "BTC")
SYMBOLS = ("BTC-PERP", "ETH-PERP", "BTC-USD")
INSTRUMENTS = tuple(
    Perpetual(
        symbol=symbol,
        underlying=symbol[:3],
        settlement="BTC" if symbol == "BTC-USD" else "USDT",
        lot_nano=1,
        inverse=symbol == "BTC-USD",
    )
    for symbol in SYMBOLS
)
GRID = ScenarioSet(
    moves=(-0.2, 0.0, 0.2),
    vol_up=0.0,
    vol_down=0.0,
    power_short=0.0,
    power_long=0.0,
    days_floor=1.0,
    vol_floor=0.0,
)
CARRY = np.array([0.5, -0.25, 0.0])


def view(btc=100.0, eth=10.0):
    mark, none = np.array([btc, eth, btc]), np.zeros(3)
    return MarketView(np.array([1.0, btc]), mark, mark, mark, none, none)


@pytest.fixture
def market():
    schedule = TierSchedule((Tier(floor_usd=0.0, initial=0.1, maintenance=0.05),))
    return MarginMarket(
        instruments=INSTRUMENTS,
        assets=ASSETS,
        shocked=frozenset({"BTC"}),
        view=view(),
        collateral={asset: CollateralTerms() for asset in ASSETS},
        tiered=TieredModel(dict.fromkeys(SYMBOLS, schedule)),
        scenario=ScenarioModel(),
        scenarios=GRID,
    )


def bits(tables):
    """Return everything in risk tables, arrays as bytes."""
    return [
        e.tobytes() if isinstance(e, np.ndarray) else bits(e) if isinstance(e, Sides) else e
        for e in tables
    ]


def test_what_is_moved_is_what_is_built_elsewhere(market):
    there = replace(market, view=view(btc=150.0))
    assert bits(market.moved_tables(frozenset({"BTC"}), 1.5)) == bits(there.tables)
    assert bits(market.tables) == bits(replace(market).tables)


def test_what_is_shocked_is_what_is_built_elsewhere(market):
    there = replace(market, view=view(btc=80.0, eth=15.0))
    assert bits(market.shocked_tables({"BTC": 0.8, "ETH": 1.5})) == bits(there.tables)


def test_an_older_market_of_the_same_terms_saves_work_and_changes_nothing(market):
    there = replace(market, view=view(btc=90.0, eth=11.0))
    built = replace(there, before=market.tables, known=market.revaluer)
    assert built.revaluer is market.revaluer
    assert built.tables.tier_initial is market.tables.tier_initial
    assert bits(built.tables) == bits(there.tables)


def test_what_a_contract_carries_is_taken_off_its_value(market):
    carrying, plain = replace(market, carry=CARRY), market.tables
    np.testing.assert_array_equal(carrying.tables.value, plain.value - CARRY)
    assert bits(carrying.tables._replace(value=plain.value)) == bits(plain)
    moved = market.moved_tables(frozenset({"ETH"}), 0.9).value
    np.testing.assert_array_equal(
        carrying.moved_tables(frozenset({"ETH"}), 0.9).value, moved - CARRY
    )


@pytest.mark.parametrize("carry", [None, CARRY])
def test_a_part_has_the_rows_of_the_whole(market, carry):
    whole = replace(market, carry=carry, before=market.tables, known=market.revaluer)
    part = whole.part([2, 0])
    assert [i.symbol for i in part.instruments] == ["BTC-USD", "BTC-PERP"]
    for name in ("value", "notional_usd", "risk", "settle"):
        np.testing.assert_array_equal(
            getattr(part.tables, name), getattr(whole.tables, name)[[2, 0]]
        )
    np.testing.assert_array_equal(part.arrays.delta, whole.arrays.delta[[2, 0]])


def test_the_sides_of_a_price_move_with_it(market):
    span = Span((view(btc=90.0, eth=9.0), view(btc=120.0)), (view(), view(btc=110.0)))
    at = replace(market, span=span)
    there = replace(
        market,
        view=view(btc=200.0),
        span=Span((view(btc=180.0, eth=9.0), view(btc=240.0)), (view(btc=200.0), view(btc=220.0))),
    )
    moved = at.shocked_tables({"BTC": 2.0})
    assert bits(moved) == bits(at.moved_tables(frozenset({"BTC"}), 2.0))
    assert bits(moved) == bits(there.tables)
    sides = moved.sides
    assert sides.long_initial.tolist() == [180.0, 9.0, -1.0 / 180.0]
    assert sides.short_initial.tolist() == [240.0, 10.0, -1.0 / 240.0]
    assert sides.long_maintenance.tolist() == [220.0, 10.0, -1.0 / 220.0]
    assert sides.short_maintenance.tolist() == [200.0, 10.0, -1.0 / 200.0]
    assert sides.credit_initial.tolist() == [1.0, 180.0]
    assert sides.debt_initial.tolist() == [1.0, 240.0]
    assert sides.credit_maintenance.tolist() == [1.0, 220.0]
    assert sides.debt_maintenance.tolist() == [1.0, 200.0]
    assert bits(at.part([0, 1, 2]).tables) == bits(at.tables)
    again = replace(market, before=at.tables)
    assert again.tables.sides is None
