"""Tests of the slopes: by hand, and against what is worth what at many places of a box."""

import dataclasses
import itertools
import random

import numpy as np
import pytest

from hullmark.collateral import CollateralTerms
from hullmark.errors import InvalidInputError
from hullmark.margin import ScenarioModel, build_slopes, factor_prices
from hullmark.margin._lanes import BLOCK

from ...laws.moving_book import (
    ASSETS,
    FIXED,
    INSTRUMENTS,
    INVERSE,
    IS_OPTION,
    market_of,
    moved,
    start,
)

N_ASSETS = len(ASSETS)
NUMBER = {i.symbol: n for n, i in enumerate(INSTRUMENTS)}
OWN = np.array([
    ASSETS.index(i.underlying) if option else N_ASSETS + n
    for n, (i, option) in enumerate(zip(INSTRUMENTS, IS_OPTION, strict=True))
])  # fmt: skip
PAID_IN = np.array([ASSETS.index(i.settlement) for i in INSTRUMENTS])
RADIUS, STEP = 0.1, 1e-5
CAPPED = {
    "USD": CollateralTerms(),
    "BTC": CollateralTerms(haircut_initial=0.2, haircut_maintenance=0.1, cap_usd=5e4),
    "ETH": CollateralTerms(haircut_initial=0.2, haircut_maintenance=0.1),
    "EUR": CollateralTerms(),
}
MODEL = ScenarioModel(maintenance_factor=0.8, initial_factor=1.2)


def by_hand():
    """Return a venue in which nothing is left to chance, nor owed by contracts."""
    market = market_of(random.Random(1), start())
    return dataclasses.replace(market, collateral=CAPPED, scenario=MODEL, carry=None)


def slopes_of(market, radius=RADIUS):
    """Return the slopes in one box, without its axis."""
    slopes = build_slopes(market, fixed=FIXED, radii=[radius])
    return type(slopes)(*(column[0] for column in slopes))


def moves_of(market):
    """Return the move of each scenario."""
    return np.array([move for move, _ in market.scenarios.grid])


def test_a_linear_contract_gains_its_price_per_relative_move_and_the_scenario_takes_its_share():
    market = by_hand()
    slopes, n, moves = slopes_of(market), NUMBER["BTC-PERP"], moves_of(market)
    assert slopes.own[n] == N_ASSETS + n
    assert slopes.settle[n] == -1  # dollars do not move
    for column in (slopes.equity_low, slopes.equity_high):
        assert column[n] == pytest.approx(60_010.0, rel=1e-11)
    expected = 60_010.0 * (1.0 + 0.8 * moves)
    for scenario in (slopes.scenario_low, slopes.scenario_high):
        np.testing.assert_allclose(scenario[n, : moves.size], expected, rtol=1e-11)
    assert not slopes.settle_low[n].any()
    assert not slopes.settle_high[n].any()
    assert slopes.worth_low[n] == pytest.approx(54_009.0, rel=1e-11)
    assert slopes.worth_high[n] == pytest.approx(66_011.0, rel=1e-11)
    assert slopes.notional_high[n] == pytest.approx(66_011.0, rel=1e-11)
    assert slopes.notional_own[n] == pytest.approx(60_010.0, rel=1e-11)


def test_an_inverse_contract_gains_most_where_its_coin_is_dear_and_its_price_is_low():
    slopes, n = slopes_of(by_hand()), NUMBER["BTC-USD"]
    # 1 / m coins of p USD: p m^ / m^2 per relative move, with p up to 66,000 and m from 53,991.
    assert slopes.equity_low[n] == 0.0  # over the cap a coin counts for nothing
    assert slopes.equity_high[n] == pytest.approx(66_000.0 * 59_990.0 / 53_991.0**2, rel=1e-11)
    # Coin and contract move together in a scenario: the profit of -1 / m coins is always 0.
    np.testing.assert_allclose(slopes.scenario_high[n], slopes.equity_high[n], rtol=1e-11)
    assert slopes.settle[n] == ASSETS.index("BTC")
    assert np.abs(slopes.settle_high[n]).max() < 1e-12
    assert slopes.worth_low[n] == pytest.approx(-1.0 / 53_991.0, rel=1e-11)
    assert slopes.worth_high[n] == pytest.approx(-1.0 / 65_989.0, rel=1e-11)
    assert slopes.notional_high[n] == pytest.approx(1.0, rel=1e-11)
    assert slopes.notional_own[n] == slopes.notional_settle[n] == 0.0


def test_a_contract_paid_in_a_coin_of_another_moves_with_both():
    market = by_hand()
    slopes, n, moves = slopes_of(market), NUMBER["ETH-BTC"], moves_of(market)
    # Worth 0.05 coins of 60,000 USD: 3,000 USD per relative move of either, and a tenth more.
    gain = 0.8 * ((1.0 + moves) ** 2 - 1.0)
    high = 60_000.0 * 0.05 * 1.1 * np.maximum(gain, gain / 1.1 * 0.9)
    np.testing.assert_allclose(slopes.settle_high[n, : moves.size], high, rtol=1e-11)
    assert slopes.notional_high[n] == pytest.approx(3_000.0 * 1.21, rel=1e-11)
    assert slopes.notional_own[n] == pytest.approx(3_300.0, rel=1e-11)
    assert slopes.notional_settle[n] == pytest.approx(3_300.0, rel=1e-11)
    assert slopes.worth_high[n] == pytest.approx(0.055, rel=1e-11)


def test_collateral_counts_what_its_haircut_leaves_and_over_its_cap_perhaps_nothing():
    market = by_hand()
    slopes, moves = slopes_of(market), moves_of(market)
    np.testing.assert_array_equal(slopes.credit_low, [1.0, 0.0, 0.9, 1.0])
    np.testing.assert_array_equal(slopes.credit_high, np.ones(4))  # a debt counts in full
    np.testing.assert_array_equal(slopes.moves, [False, True, True, True])
    shocked = np.array([0.0, 60_000.0, 3_000.0, 0.0])[:, None]
    np.testing.assert_allclose(slopes.asset_moves[:, : moves.size], 0.8 * shocked * moves)


def test_the_box_is_as_wide_as_its_radius_and_what_is_fixed_has_none():
    market = by_hand()
    slopes, prices = slopes_of(market), factor_prices(market)
    still = np.concatenate([[True, False, False, False], IS_OPTION])
    np.testing.assert_array_equal(prices[N_ASSETS:][IS_OPTION], 1.0)
    np.testing.assert_array_equal(slopes.centre, prices)
    np.testing.assert_array_equal(slopes.low, np.where(still, prices, prices * 0.9))
    np.testing.assert_array_equal(slopes.high, np.where(still, prices, prices * 1.1))
    assert slopes.scenario_low.shape[1] % BLOCK == 0
    n = moves_of(market).size
    for padded in (slopes.scenario_low, slopes.settle_high, slopes.asset_moves):
        for column in padded[:, n:].T:
            np.testing.assert_array_equal(column, padded[:, 0])


# The derivatives of all tables in relative moves of some factors, by differences.
def _derivatives(market, prices, factors):
    columns = []
    for sign in (1.0, -1.0):
        there = prices.copy()
        there[factors] += sign * STEP * factor_prices(market)[factors]
        tables = moved(market, there).tables
        price = tables.price_usd[PAID_IN]
        columns.append(
            (tables.value * price, tables.risk, tables.notional_usd, tables.asset_risk, price)
        )
    return [(a - b) / (2.0 * STEP) for a, b in zip(*columns, strict=True)]


# What is outside of its bounds, as the names of the bounds.
def _broken(slopes, name, found, scale, low=None):
    least = getattr(slopes, low or f"{name}_low") if low != "" else np.zeros(1)
    most = getattr(slopes, f"{name}_high" if low is None else name)
    room = 1e-4 * (np.abs(least) + np.abs(most)) + 1e-8 * scale
    broken = set()
    if (found < least - room).any():
        broken.add(f"{name}_low")
    if (found > most + room).any():
        broken.add(f"{name}_high" if low is None else name)
    return broken


# The bounds that are broken at one place of the box.
def _broken_at(market, slopes, prices):
    tables, factor = moved(market, prices).tables, market.scenario.maintenance_factor
    scale, broken = np.maximum(tables.notional_usd, 1e-3), set()
    wide, shares = scale[:, None], (slopes.credit_low[PAID_IN], slopes.credit_high[PAID_IN])
    marks = np.flatnonzero(~IS_OPTION) + N_ASSETS
    for factors in (marks, *([a] for a in range(1, N_ASSETS))):
        worth, risk, notional, asset, price = _derivatives(market, prices, factors)
        own = np.isin(OWN, factors)
        paid = np.isin(slopes.settle, factors) & ~own
        other = ~own & ~np.isin(PAID_IN, factors)
        assert np.abs(worth[other]).max(initial=0.0) < 1e-6  # no other factor has a say
        for credit in shares:
            equity = np.where(own, credit * worth, slopes.equity_high)
            broken |= _broken(slopes, "equity", equity, scale)
            moving = np.where(own[:, None], (credit * worth)[:, None] + factor * risk, np.nan)
            broken |= _broken(slopes, "scenario", moving, wide)
        settled = np.where(paid[:, None], factor * risk, np.nan)
        broken |= _broken(slopes, "settle", settled, wide)
        with np.errstate(invalid="ignore", divide="ignore"):
            units = np.where(paid, worth / price, np.nan)
        broken |= _broken(slopes, "worth", units, np.maximum(np.abs(slopes.worth_high), 1e-9))
        broken |= _broken(slopes, "notional_own", np.where(own, notional, 0.0), scale, "")
        broken |= _broken(slopes, "notional_settle", np.where(paid, notional, 0.0), scale, "")
        moves = factor * asset
        moves[np.setdiff1d(np.arange(N_ASSETS), factors)] = np.nan
        if not np.allclose(moves, np.where(np.isnan(moves), np.nan, slopes.asset_moves),
                           rtol=1e-4, atol=1e-4, equal_nan=True):  # fmt: skip
            broken.add("asset_moves")
    return broken | _broken(slopes, "notional_high", tables.notional_usd, scale, "")


def broken_bounds(market, slopes, seed, places=6):
    """Return the names of the bounds that are wrong in corners or within the box."""
    chance, prices, broken = np.random.default_rng(seed), factor_prices(market), set()
    marks = slice(N_ASSETS, None)
    for sides in itertools.product((slopes.low, slopes.high), repeat=N_ASSETS):
        there = np.concatenate([[side[a] for a, side in enumerate(sides)], sides[0][marks]])
        broken |= _broken_at(market, slopes, there)
    for _ in range(places):
        there = prices + (slopes.high - prices) * chance.uniform(-1.0, 1.0, prices.size)
        broken |= _broken_at(market, slopes, there)
    return broken


@pytest.mark.parametrize("seed", range(4))
def test_no_part_of_health_moves_faster_than_its_slopes_anywhere_in_the_box(seed):
    market = market_of(random.Random(seed), start())
    assert broken_bounds(market, slopes_of(market), seed) == set()


@pytest.mark.parametrize(
    "name",
    [
        *(f"{name}_{end}" for name in ("equity", "scenario", "settle", "worth")
          for end in ("low", "high")),
        "notional_high", "notional_own", "notional_settle", "asset_moves",
    ],
)  # fmt: skip
def test_no_bound_could_be_one_percent_narrower(name):
    market = market_of(random.Random(1), start())
    slopes = slopes_of(market)
    column = getattr(slopes, name)
    inwards = 0.01 * np.abs(column) * (1.0 if name.endswith("_low") else -1.0)
    assert name in broken_bounds(market, slopes._replace(**{name: column + inwards}), 1)


def test_a_wider_box_has_wider_bounds_and_each_level_is_that_of_its_radius_alone():
    market = market_of(random.Random(3), start())
    levels = build_slopes(market, fixed=FIXED, radii=(0.5, 0.1, 0.02))
    for level, radius in enumerate((0.5, 0.1, 0.02)):
        for column, alone in zip(levels, slopes_of(market, radius), strict=True):
            np.testing.assert_array_equal(column[level], alone)
    for name in ("equity", "scenario", "settle", "worth"):
        low, high = (getattr(levels, f"{name}_{end}") for end in ("low", "high"))
        room = 1e-9 * np.abs(high[0])
        for level in (1, 2):
            assert (low[level - 1] <= low[level] + room).all()
            assert (high[level - 1] >= high[level] - room).all()
            assert (low[level] <= high[level]).all()


@pytest.mark.parametrize("radii", [(), (0.0,), (0.5, 1.0), (-0.1,), (float("nan"),)])
def test_refuses_radii_that_make_no_box(radii):
    with pytest.raises(InvalidInputError, match="radii must be some, each > 0 and < 1, was"):
        build_slopes(by_hand(), fixed=FIXED, radii=radii)


def test_refuses_an_option_that_carries_what_it_owes():
    carry = np.zeros(len(INSTRUMENTS))
    carry[np.flatnonzero(IS_OPTION & INVERSE)[0]] = 0.5
    market = dataclasses.replace(by_hand(), carry=carry)
    with pytest.raises(InvalidInputError, match=r"of the option BTC-70000-C must be 0, was 0\.5"):
        build_slopes(market, fixed=FIXED, radii=[0.1])
