"""The laws that every margin model declares, and a counterexample for each it does not.

A model is tried on random accounts at random markets. Laws with a tolerance are sums of the same
numbers in another order; laws without one hold to the last bit.
"""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.margin import (
    MODELS,
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_tables,
    evaluate_one,
)

N_INSTRUMENTS, N_SCENARIOS, ASSETS = 5, 9, ("USDT", "BTC")
LAWS = {
    "finite",
    "equal inputs, equal bits",
    "initial >= maintenance",
    "more of a single position never needs less",
    "settlement cash adds itself to health",
    "homogeneous",
    "subadditive",
}


def keeping(law):
    """Return the codes of the models that declare a law, as a parameter of its test."""
    kept = [(name, model.code) for name, model in MODELS.items() if law in model.laws]
    return pytest.mark.parametrize("code", [c for _, c in kept], ids=[name for name, _ in kept])


def make_tables(seed):
    """Return tables of a random market: two settlement assets, tiers that rise, a shocked coin."""
    rng = np.random.default_rng(seed)
    instruments = [
        Perpetual(symbol=f"P{i}", underlying="BTC", settlement=ASSETS[i % 2], lot_nano=1)
        for i in range(N_INSTRUMENTS)
    ]
    floors, rates = np.cumsum([0, *rng.uniform(10, 1e4, 3)]), np.cumsum(rng.uniform(1e-3, 0.1, 4))
    tiers = tuple(
        Tier(floor_usd=float(f), initial=float(r) * 1.7, maintenance=float(r))
        for f, r in zip(floors, rates, strict=True)
    )
    return build_tables(
        instruments,
        ASSETS,
        SimpleNamespace(
            value=rng.normal(size=N_INSTRUMENTS) * 100,
            notional_usd=rng.uniform(1, 1e3, N_INSTRUMENTS),
            risk=rng.normal(size=(N_INSTRUMENTS, N_SCENARIOS)) * 100,
            asset_risk=np.vstack([np.zeros(N_SCENARIOS), rng.normal(size=N_SCENARIOS)]),
        ),
        asset_price_usd=np.array([rng.uniform(0.9, 1.1), rng.uniform(1e3, 1e5)]),
        collateral={
            "USDT": CollateralTerms(),
            "BTC": CollateralTerms(haircut_initial=0.1, haircut_maintenance=0.05, cap_usd=1e5),
        },
        tiered=TieredModel({i.symbol: TierSchedule(tiers) for i in instruments}),
        scenario=ScenarioModel(initial_factor=1.3, maintenance_factor=1.1),
    )


TABLES = [make_tables(seed) for seed in range(8)]
markets = st.sampled_from(TABLES)
numbers = st.floats(min_value=-1e6, max_value=1e6)
vectors = st.lists(numbers, min_size=N_INSTRUMENTS, max_size=N_INSTRUMENTS)
portfolios = st.tuples(vectors, vectors, st.tuples(numbers, numbers))


def health_of(portfolio, code, tables):
    size, quote, balance = (np.array(column, dtype=np.float64) for column in portfolio)
    instrument = np.arange(size.size, dtype=np.int32)
    return evaluate_one(instrument, size, quote, balance, code, tables)


def combined(*portfolios, weights):
    """Return the weighted sum of portfolios, instrument by instrument and asset by asset."""
    return tuple(
        sum(np.multiply(w, p[k]) for w, p in zip(weights, portfolios, strict=True))
        for k in range(3)
    )


def scale_of(*portfolios):
    """Return the size of the numbers that were summed, for the tolerance of a sum."""
    return 1e-12 * (1 + 1e4 * sum(np.abs(column).sum() for p in portfolios for column in p))


def test_every_declared_law_is_one_of_these():
    assert set().union(*(model.laws for model in MODELS.values())) == LAWS


@keeping("finite")
@given(portfolios, markets)
def test_every_figure_is_finite(code, portfolio, tables):
    assert all(math.isfinite(figure) for figure in health_of(portfolio, code, tables))


@keeping("equal inputs, equal bits")
@given(portfolios, markets)
def test_equal_inputs_give_equal_bits(code, portfolio, tables):
    one, other = (np.array(health_of(portfolio, code, tables)) for _ in range(2))
    assert one.tobytes() == other.tobytes()


@keeping("initial >= maintenance")
@given(portfolios, markets)
def test_initial_is_never_below_maintenance(code, portfolio, tables):
    health = health_of(portfolio, code, tables)
    assert health.initial >= health.maintenance >= 0
    assert (
        health.equity_initial <= health.equity_maintenance <= health.net_value + scale_of(portfolio)
    )


@keeping("more of a single position never needs less")
@given(st.integers(0, N_INSTRUMENTS - 1), numbers, st.floats(min_value=1, max_value=10), markets)
def test_more_of_a_single_position_never_needs_less(code, instrument, size, factor, tables):
    def needs(units):
        sizes = np.zeros(N_INSTRUMENTS)
        sizes[instrument] = units
        return health_of((sizes, np.zeros(N_INSTRUMENTS), np.zeros(2)), code, tables)

    less, more = needs(size), needs(size * factor)
    assert more.initial >= less.initial
    assert more.maintenance >= less.maintenance


@keeping("settlement cash adds itself to health")
@given(portfolios, st.floats(min_value=0, max_value=1e6), markets)
def test_settlement_cash_adds_itself_to_health(code, portfolio, cash, tables):
    size, quote, (usdt, btc) = portfolio
    before = health_of(portfolio, code, tables)
    after = health_of((size, quote, (usdt + cash, btc)), code, tables)
    added = after.health - before.health
    expected = cash * tables.price_usd[0]
    assert added == pytest.approx(expected, abs=scale_of(portfolio))


@keeping("homogeneous")
@given(portfolios, st.floats(min_value=0, max_value=100), markets)
def test_twice_the_account_needs_twice_as_much(code, portfolio, factor, tables):
    one = health_of(portfolio, code, tables)
    many = health_of(combined(portfolio, weights=[factor]), code, tables)
    tolerance = scale_of(portfolio) * (1 + factor)
    assert many.initial == pytest.approx(factor * one.initial, abs=tolerance)
    assert many.maintenance == pytest.approx(factor * one.maintenance, abs=tolerance)


@keeping("subadditive")
@given(portfolios, portfolios, markets)
def test_two_accounts_together_need_no_more_than_apart(code, a, b, tables):
    both = health_of(combined(a, b, weights=[1, 1]), code, tables)
    apart = [health_of(portfolio, code, tables) for portfolio in (a, b)]
    assert both.initial <= sum(h.initial for h in apart) + scale_of(a, b)
    assert both.maintenance <= sum(h.maintenance for h in apart) + scale_of(a, b)


def test_tiers_are_neither_homogeneous_nor_subadditive():
    """Twice 500 USD crosses a tier: 1 % of 500 apart, 1 % of 500 and 2 % of 500 together."""
    assert not {"homogeneous", "subadditive"} & TieredModel.laws
    tiers = [
        Tier(floor_usd=floor, initial=rate, maintenance=rate)
        for floor, rate in ((0.0, 0.01), (500.0, 0.02))
    ]
    schedule = TierSchedule(tuple(tiers))
    (_, apart), (_, together) = schedule.requirement_usd(500.0), schedule.requirement_usd(1_000.0)
    assert (apart, together) == (5.0, 15.0)
    assert together > 2 * apart


def test_the_counterexample_holds_in_the_kernel_too():
    tables = TABLES[0]
    size = np.zeros(N_INSTRUMENTS)
    size[0] = tables.tier_floor_usd[1] / tables.notional_usd[0]
    nothing = np.zeros(N_INSTRUMENTS), np.zeros(2)
    one, two = (
        health_of((size * n, *nothing), TieredModel.code, tables).maintenance for n in (1, 2)
    )
    assert two > 2 * one > 0


def test_models_have_codes_of_their_own():
    for a, b in itertools.combinations(MODELS.values(), 2):
        assert a.code != b.code
