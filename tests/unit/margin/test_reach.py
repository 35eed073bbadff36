"""Tests of the reach: by hand, and no row is in breach while prices are within it."""

import random

import numpy as np
import pytest

from hullmark.book import Book
from hullmark.core import kernel
from hullmark.errors import InvalidInputError
from hullmark.margin import (
    ScenarioModel,
    TieredModel,
    build_slopes,
    evaluate,
    factor_prices,
    scratch_for,
    slope_bound,
)
from hullmark.margin._reach import row_reach

from ...laws.moving_book import (
    ASSETS,
    FIXED,
    INSTRUMENTS,
    fill,
    market_of,
    moved,
    start,
)

N_ASSETS, RADII = len(ASSETS), (0.5, 0.1)
BTC_PERP = 0
MOVING = np.arange(1, start().size)  # all but the dollar


@kernel
def _reach(row, rows, tables, slopes, level, work):
    lo = rows.start[row]
    return row_reach(lo, lo + rows.count[row], row, rows, tables, slopes, level, work)


def reach_of(row, rows, market, level=1):
    """Return the factors of a row, its reach, and whether a fall or a rise harms."""
    slopes = build_slopes(market, fixed=FIXED, radii=RADII)
    work = scratch_for(market.tables, len(INSTRUMENTS) + N_ASSETS)
    count, reach = _reach(row, rows, market.tables, slopes, level, work)
    return work.factor[:count].tolist(), reach, work.harmful[:count].tolist()


def health_at(row, rows, market, prices):
    """Return the health of a row at other prices, and whether it is in breach."""
    found = evaluate(rows, moved(market, prices).tables, which=np.array([row]))
    return found.equity_maintenance[0] - found.maintenance[0], bool(found.in_breach[0])


def only(model, usd, held=()):
    """Return a venue and a book of one account with some of the first contract."""
    market, book = market_of(random.Random(1), start()), Book(N_ASSETS)
    row = book.add_account(model.code)
    book.set_balance(row, 0, usd)
    for size, quote in held:
        book.set_position(row, BTC_PERP, size=size, quote=quote)
    return market, book


# The corner of the box of a step in which each price goes where, alone, it harms the most.
def _worst_corner(row, rows, market, prices, step):
    signs = np.zeros(prices.size)
    for f in MOVING:
        there, healths = prices.copy(), []
        for sign in (-1.0, 1.0):
            there[f] = prices[f] * (1.0 + sign * step)
            healths.append(health_at(row, rows, market, there)[0])
        signs[f] = -1.0 if healths[0] < healths[1] else 1.0
    return signs


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("level", range(len(RADII)))
def test_no_row_is_in_breach_while_all_prices_are_within_its_reach(seed, level):
    chance = random.Random(seed)
    market, book, prices = market_of(chance, start()), Book(N_ASSETS), start()
    for _ in range(24):
        fill(chance, book, book.add_account(chance.randint(0, 1)), market)
    rows, draws = book.rows(), np.random.default_rng(seed)
    under = evaluate(rows, market.tables).in_breach
    able = 0
    for row in range(len(book)):
        _, reach, _ = reach_of(row, rows, market, level)
        if under[row]:
            assert reach == 0.0
        if reach == 0.0 or (rows.count[row] == 0 and not under[row]):
            continue
        able += reach < RADII[level]
        step = min(reach, RADII[level]) * (1.0 - 1e-9)
        corners = list(draws.choice([-1.0, 1.0], (6, prices.size)))
        for signs in (*corners, _worst_corner(row, rows, market, prices, step)):
            there = np.where(np.isin(np.arange(prices.size), MOVING), 1.0 + step * signs, 1.0)
            assert not health_at(row, rows, market, prices * there)[1], (row, reach)
    assert able > 2


def test_a_short_contract_reaches_as_far_as_its_liquidation_price():
    size, cash = -1.0, 3_000.0
    market, book = only(TieredModel, cash, [(size, 60_010.0)])
    # In the first tier, of 1 %: 3,000 + 60,010 - m = 0.01 m.
    distance = 63_010.0 / 1.01 / 60_010.0 - 1.0
    factors, reach, harmful = reach_of(0, book.rows(), market)
    assert factors == [N_ASSETS + BTC_PERP]
    assert reach == pytest.approx(distance, rel=1e-6)
    assert harmful == [[False, True]]
    prices = factor_prices(market)
    for by, expected in ((reach * (1.0 - 1e-6), False), (reach * (1.0 + 1e-6), True)):
        there = prices.copy()
        there[N_ASSETS + BTC_PERP] *= 1.0 + by
        assert health_at(0, book.rows(), market, there)[1] is expected


def test_a_long_contract_counts_no_relief_of_its_requirement_on_the_way_down():
    market, book = only(TieredModel, 3_000.0, [(1.0, -60_010.0)])
    factors, reach, harmful = reach_of(0, book.rows(), market)
    distance = 1.0 - (60_010.0 - 3_000.0) / 0.99 / 60_010.0
    assert factors == [N_ASSETS + BTC_PERP]
    assert reach == pytest.approx(distance * 0.99, rel=1e-6)  # 1 % is the rate of the tier
    assert harmful == [[True, False]]


@pytest.mark.parametrize(("size", "harm"), [(1.0, [True, False]), (-1.0, [False, True])])
def test_a_portfolio_of_one_contract_reaches_as_far_as_its_worst_scenario_leaves(size, harm):
    market, book = only(ScenarioModel, 12_000.0, [(size, -size * 60_010.0)])
    factors, reach, harmful = reach_of(0, book.rows(), market)
    lost = 0.15 * market.scenario.maintenance_factor  # of the price, before and after the move
    signed = 1.0 - lost if size > 0.0 else 1.0 + lost
    # The sum without a loss has more to spare, by what the scenario takes.
    left = 12_000.0 - 60_010.0 * lost
    assert reach == pytest.approx(min(left / (60_010.0 * signed), 12_000.0 / 60_010.0), rel=1e-6)
    assert harmful == [harm]
    assert factors == [N_ASSETS + BTC_PERP]


def test_a_row_in_breach_has_no_reach_and_one_that_no_price_can_harm_has_no_end():
    market, book = only(TieredModel, 500.0, [(1.0, -60_010.0)])
    assert reach_of(0, book.rows(), market)[1] == 0.0
    for model in (TieredModel, ScenarioModel):
        market, book = only(model, 500.0)
        assert reach_of(0, book.rows(), market) == ([], np.inf, [])


def test_a_narrower_box_gives_a_contract_on_the_edge_of_a_tier_more_reach():
    # 95,000 USD: half more of it would pay 3 % of what is above, a tenth more also, but a price
    # within two per cent stays in the tier of 1 %.
    size = -95_000.0 / 60_010.0
    market, book = only(TieredModel, 2_000.0, [(size, -size * 60_010.0)])
    wide = reach_of(0, book.rows(), market, level=0)[1]
    slopes = build_slopes(market, fixed=FIXED, radii=[0.02])
    work = scratch_for(market.tables, len(INSTRUMENTS) + N_ASSETS)
    _, narrow = _reach(0, book.rows(), market.tables, slopes, 0, work)
    assert wide == pytest.approx(1_050.0 / (95_000.0 * 1.03), rel=1e-6)
    assert narrow == pytest.approx(1_050.0 / (95_000.0 * 1.01), rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("level", [0, 1])
def test_no_factor_moved_alone_takes_more_of_health_than_its_slope_bound(seed, level):
    chance = random.Random(seed)
    market, book = market_of(chance, start()), Book(N_ASSETS)
    for _ in range(40):
        fill(chance, book, book.add_account(chance.randint(0, 1)), market)
    rows, which = book.rows(), np.arange(40)
    slopes = build_slopes(market, fixed=FIXED, radii=RADII)
    bounds = slope_bound(rows, market.tables, slopes, which, level=level)
    centre, radius, closest = slopes.centre[level], RADII[level], 0.0
    for factor in MOVING:
        for _ in range(6):
            prices = start()
            prices[MOVING] *= 1.0 + radius * np.array([chance.uniform(-1, 1) for _ in MOVING])
            ends = prices[factor], centre[factor] * (1.0 + radius * chance.choice((-1, 1)))
            healths = []
            for end in ends:
                prices[factor] = end
                found = evaluate(rows, moved(market, prices).tables)
                healths.append(found.equity_maintenance - found.maintenance)
            bound = bounds[int(ends[1] > ends[0])][:, factor]
            lost = healths[0] - healths[1]
            most = bound * abs(ends[1] - ends[0]) / centre[factor]
            assert (lost <= most + 1e-9 * np.abs(healths[0]) + 1e-6).all(), factor
            some = most > 1.0
            closest = max(closest, float((lost[some] / most[some]).max(initial=0.0)))
    assert closest > 0.99  # the bounds are not loose where nothing makes them so


def test_what_moves_nothing_has_no_slope_and_what_is_long_only_falls():
    market, book = only(TieredModel, 10_000.0, held=((1.0, -60_010.0),))
    rows = book.rows()
    slopes = build_slopes(market, fixed=FIXED, radii=RADII)
    down, up = slope_bound(rows, market.tables, slopes, np.array([0]))
    assert np.flatnonzero(down[0]).tolist() == [N_ASSETS + BTC_PERP]
    assert down[0, N_ASSETS + BTC_PERP] == pytest.approx(60_010.0)
    assert not up.any()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"level": 2}, r"level must be in \[0, 2\), was 2"),
        ({"which": np.array([1])}, r"which must be in \[0, 1\), was 1-1"),
    ],
)
def test_a_bound_of_no_such_row_or_level_is_refused(more, words):
    market, book = only(TieredModel, 10_000.0)
    slopes = build_slopes(market, fixed=FIXED, radii=RADII)
    with pytest.raises(InvalidInputError, match=words):
        slope_bound(book.rows(), market.tables, slopes, **{"which": np.array([0])} | more)
