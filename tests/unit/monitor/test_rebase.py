"""Tests of a sweep that runs beside ticks."""

import numpy as np
import pytest

from hullmark.book import Book
from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.margin import (
    MarginMarket,
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_slopes,
)
from hullmark.market import MarketView
from hullmark.monitor import Rebase, TriggerIndex
from hullmark.scenarios import ScenarioSet

GRID = ScenarioSet(
    moves=(0.0,), vol_up=0.0, vol_down=0.0, power_short=0.0, power_long=0.0, days_floor=1.0,
    vol_floor=0.0,
)  # fmt: skip
PERP = Perpetual(symbol="PERP", underlying="BTC", settlement="USD", lot_nano=10**9)
TIERS = TierSchedule((Tier(floor_usd=0.0, initial=0.1, maintenance=0.05),))


def market(mark):
    price, none = np.array([mark]), np.zeros(1)
    return MarginMarket(
        instruments=(PERP,),
        assets=("USD",),
        shocked=frozenset(),
        view=MarketView(np.ones(1), price, price, price, none, none),
        collateral={"USD": CollateralTerms()},
        tiered=TieredModel({"PERP": TIERS}),
        scenario=ScenarioModel(),
        scenarios=GRID,
    )


def slopes_at(mark):
    return lambda radii: build_slopes(market(mark), fixed={"USD"}, radii=radii)


@pytest.fixture
def book():
    """Two longs of 1 at 100: with 20 and with 30 of cash; under below 84.2 and 73.7."""
    made = Book(1)
    for cash in (20.0, 30.0):
        row = made.add_account(0)
        made.set_balance(row, 0, cash)
        made.set_position(row, 0, size=1.0, quote=-100.0)
    return made


def test_prices_that_moved_meanwhile_are_looked_at(book):
    rebase = Rebase(book.rows(), market(100.0).tables, slopes_at(100.0), np.array([1.0, 100.0]))
    index, crossed, touched = rebase.switch(np.array([1.0, 80.0]), slopes_at(80.0))
    assert rebase.is_ready
    assert (crossed.tolist(), touched.tolist()) == ([0], [])
    found = index.check(book.rows(), lambda: market(80.0).tables, crossed, touched)
    assert found.in_breach.tolist() == [0]


def test_rows_that_were_written_meanwhile_are_looked_at_again(book):
    rebase = Rebase(book.rows(), market(100.0).tables, slopes_at(100.0), np.array([1.0, 100.0]))
    book.set_balance(1, 0, 2.0)
    rebase.note(np.array([1]))
    rebase.note(np.zeros(0, np.int64))
    index, crossed, touched = rebase.switch(np.array([1.0, 100.0]), slopes_at(100.0))
    found = index.check(book.rows(), lambda: market(100.0).tables, crossed, touched)
    assert touched.tolist() == [1]
    assert found.in_breach.tolist() == [1]


def test_what_moves_in_the_tables_meanwhile_is_not_seen_by_the_sweep(book):
    tables = market(100.0).tables
    prices = np.array([1.0, 100.0])
    rebase = Rebase(book.rows(), tables, slopes_at(100.0), prices)
    tables.value[0] = tables.notional_usd[0] = 1.0
    index, crossed, _ = rebase.switch(prices, slopes_at(100.0))
    assert crossed.size == index.watched.size == 0
    plain = TriggerIndex(book.rows(), market(100.0).tables, slopes_at(100.0), prices)
    assert index.reach.tolist() == plain.reach.tolist()
