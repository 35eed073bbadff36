"""Tests of liquidation prices: the closed form where there is one, a dense scan elsewhere."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.margin import ScenarioModel, TieredModel, evaluate
from hullmark.monitor import liquidation_factors, liquidation_factors_of, search_steps

FLOORS_USD, RATES = (0.0, 50_000.0, 250_000.0, 1_000_000.0), (0.004, 0.005, 0.010, 0.025)
BTC_USD = 60_000.0
BTC, BOTH = frozenset({"BTC"}), frozenset({"BTC", "ETH"})
TIERED, SCENARIO = TieredModel.code, ScenarioModel.code


def closed_form(wallet, size, entry):
    """Return the liquidation price of one position, or nothing.

    Binance, "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts": in the tier of rate r
    and maintenance amount a, LP = (WB + a - S * E) / (|S| * r - S). The tier is the one in which
    the notional at that price lies.
    """
    amounts = [0.0]
    for (low, high), floor in zip(itertools.pairwise(RATES), FLOORS_USD[1:], strict=True):
        amounts.append(amounts[-1] + floor * (high - low))
    for rate, amount, floor, top in zip(
        RATES, amounts, FLOORS_USD, (*FLOORS_USD[1:], math.inf), strict=True
    ):
        price = (wallet + amount - size * entry) / (abs(size) * rate - size)
        if price > 0 and floor <= abs(size) * price <= top:
            return price
    return None


holdings = st.tuples(
    st.sampled_from([-1, 1]),
    st.floats(min_value=0.01, max_value=100.0),  # coins
    st.floats(min_value=30_000.0, max_value=120_000.0),  # entry
    st.floats(min_value=1.1, max_value=80.0),  # leverage at entry
)


@settings(max_examples=10)
@given(st.lists(holdings, min_size=20, max_size=20))
def test_a_tiered_perpetual_has_the_price_of_the_closed_form(market, book_of, held):
    accounts = [(side * size, size * entry / lever, entry) for side, size, entry, lever in held]
    book = book_of(*((TIERED, wallet, 0.0, {0: (size, at)}) for size, wallet, at in accounts))
    found = liquidation_factors(market, book.rows(), BTC, np.arange(len(accounts)))
    for row, (size, wallet, entry) in enumerate(accounts):
        price = closed_form(wallet, size, entry)
        if price is None or not 0.011 < price / BTC_USD < 99 or abs(price / BTC_USD - 1) < 1e-6:
            continue
        here, there = (0, 1) if price < BTC_USD else (1, 0)
        assert found[row][here] * BTC_USD == pytest.approx(price, rel=1e-8)
        assert found[row][there] is None


@pytest.mark.parametrize("notional", [20_000.0, 150_000.0, 600_000.0, 3_000_000.0])
def test_every_tier_is_reached_by_the_closed_form(market, book_of, notional):
    size = notional / BTC_USD
    book = book_of((TIERED, notional / 20, 0.0, {0: (size, BTC_USD)}))
    found = liquidation_factors(market, book.rows(), BTC, np.zeros(1, np.int64))[0]
    price = closed_form(notional / 20, size, BTC_USD)
    assert sum(floor <= size * price for floor in FLOORS_USD) == 1 + [
        20_000.0, 150_000.0, 600_000.0, 3_000_000.0
    ].index(notional)  # fmt: skip
    assert found.below * BTC_USD == pytest.approx(price, rel=1e-9)


# Model, USDT, BTC, positions by instrument (the perpetuals 0 and 1, ether 2, inverse 3, call 4).
BOOKS = {
    "hedged, one leg dearer": (TIERED, 9_000.0, 0.0, {0: (3.0, 60_000), 1: (-2.5, 60_000)}),
    "inverse long on coins": (TIERED, 0.0, 0.5, {3: (100_000.0, 60_000)}),
    "inverse short on coins": (TIERED, 0.0, 0.5, {3: (-150_000.0, 60_000)}),
    "inverse against linear": (TIERED, 1_500.0, 0.0, {0: (1.5, 60_000), 3: (-60_000.0, 60_000)}),
    "coins against a debt": (TIERED, -20_000.0, 1.0, {}),
    "short call": (SCENARIO, 100_000.0, 0.0, {4: (-5.0, 2_500)}),
    "covered call": (SCENARIO, 20_000.0, 3.0, {4: (-5.0, 2_500)}),
    "long call, short perpetual": (SCENARIO, 3_000.0, 0.0, {0: (-1.0, 60_000), 4: (1.0, 0)}),
    "in breach": (TIERED, 100.0, 0.0, {0: (1.0, 60_000)}),
    "two underlyings": (TIERED, 9_000.0, 0.0, {0: (1.0, 60_000), 2: (-20.0, 3_000)}),
}


def health(market, rows, moved, factor):
    result = evaluate(rows, market.moved_tables(moved, factor))
    return result.equity_maintenance - result.maintenance


def first_changes(signs, grid):
    """Return per account the first cell of the grid in which its sign changes."""
    changed = signs[1:] != signs[:-1]
    first = changed.argmax(axis=0)
    return [
        (grid[k], grid[k + 1]) if changed[k, row] else None for row, k in enumerate(first.tolist())
    ]


@pytest.mark.parametrize("moved", [BTC, BOTH], ids=["alone", "joint"])
def test_the_nearest_prices_are_where_a_dense_scan_changes_sign(market, book_of, moved):
    rows = book_of(*BOOKS.values()).rows()
    found = liquidation_factors(market, rows, moved, np.arange(len(BOOKS)))
    distances = np.concatenate([np.arange(0, 1, 0.002), np.arange(1, math.log(100), 0.01)])
    with_price = set()
    for side, direction in enumerate((-1, 1)):
        grid = np.exp(direction * distances)
        signs = np.array([health(market, rows, moved, factor) < 0 for factor in grid])
        for row, cell in enumerate(first_changes(signs, grid)):
            factor = found[row][side]
            assert (factor is None) == (cell is None), (list(BOOKS)[row], side)
            if cell is not None:
                with_price.add(row)
                assert min(cell) * (1 - 1e-9) <= factor <= max(cell) * (1 + 1e-9)
                there = health(market, rows, moved, factor)[row]
                assert there == pytest.approx(0.0, abs=1e-3)
    assert len(with_price) == len(BOOKS)


def test_one_account_alone_has_the_price_that_it_has_in_the_book(market, book_of):
    book = book_of(*BOOKS.values())
    together = liquidation_factors(market, book.rows(), BOTH, np.arange(len(BOOKS)))
    for row in range(len(BOOKS)):
        alone = liquidation_factors_of(market, book.account(row), BOTH)
        assert [f and pytest.approx(f, rel=1e-9) for f in alone] == list(together[row])


def test_an_account_that_nothing_moves_has_no_price(market, book_of):
    book = book_of((TIERED, 5_000.0, 0.0, {2: (1.0, 3_000)}))
    assert liquidation_factors_of(market, book.account(0), BTC) == (None, None)


def test_progress_counts_every_step_of_both_directions(market, book_of):
    steps = itertools.count()
    rows = book_of(BOOKS["in breach"]).rows()
    liquidation_factors(market, rows, BTC, np.zeros(1, np.int64), on_step=lambda: next(steps))
    assert next(steps) == 2 * len(search_steps())
