"""The laws of liquidation plans, for every installed engine on random accounts in breach.

An account holds up to five contracts on two coins, settled in a stable asset or in a coin with a
haircut, under the tiered or the scenario model; its price limits are worse than the mark.
"""

from dataclasses import replace
from importlib.metadata import entry_points
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from hullmark.book import AccountRow
from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.liquidation import Breach, expected_cost_usd, load_engine
from hullmark.margin import (
    MODELS,
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_tables,
    evaluate_one,
)

ENGINES = sorted(entry_points(group="hullmark.liquidation_engines").names)
N_INSTRUMENTS, ASSETS = 5, ("USDT", "BTC")
MOVES = np.array([-0.3, -0.1, 0.0, 0.1, 0.3])

on_every_engine = pytest.mark.parametrize("engine", [load_engine(e) for e in ENGINES], ids=ENGINES)


def make_tables(seed):
    """Return tables of a random market whose contracts move with one of two coins."""
    rng = np.random.default_rng(seed)
    perps = [
        Perpetual(symbol=f"P{i}", underlying="BTC", settlement=ASSETS[i % 2], lot_nano=10**9)
        for i in range(N_INSTRUMENTS)
    ]
    asset_usd = np.array([1.0, rng.uniform(1e3, 1e5)])
    usd = rng.uniform(1, 1e4, N_INSTRUMENTS)  # of one contract unit
    settles_usd = asset_usd[np.arange(N_INSTRUMENTS) % 2]
    floors = np.cumsum([0, *rng.uniform(1e3, 1e6, 2)])
    rates = np.cumsum(rng.uniform(5e-3, 0.05, 3))
    tiers = tuple(
        Tier(floor_usd=float(f), initial=float(r) * 1.7, maintenance=float(r))
        for f, r in zip(floors, rates, strict=True)
    )
    return build_tables(
        perps,
        ASSETS,
        SimpleNamespace(
            value=usd / settles_usd,
            notional_usd=usd,
            risk=(usd[:, None] * MOVES * rng.choice([1.0, 0.6], N_INSTRUMENTS)[:, None]),
            asset_risk=np.vstack([np.zeros(MOVES.size), asset_usd[1] * MOVES]),
        ),
        asset_price_usd=asset_usd,
        collateral={
            "USDT": CollateralTerms(),
            "BTC": CollateralTerms(haircut_initial=0.2, haircut_maintenance=0.1),
        },
        tiered=TieredModel({i.symbol: TierSchedule(tiers) for i in perps}),
        scenario=ScenarioModel(initial_factor=1.3, maintenance_factor=1.0),
    )


TABLES = [make_tables(seed) for seed in range(8)]
DEPTHS = st.sampled_from([1e5, 1e7, np.inf])


def health_of(row, tables):
    return evaluate_one(*row, tables)


@st.composite
def breaches(draw):
    """Return an account whose health is below zero by a drawn share of what it needs."""
    tables = draw(st.sampled_from(TABLES))
    lots = np.array(
        draw(st.lists(st.integers(-1_000, 1_000), min_size=5, max_size=5).filter(any)), np.int64
    )
    held = np.flatnonzero(lots)
    sizes, values = lots[held].astype(np.float64), tables.value[held]
    coins = draw(st.sampled_from([0.0, 0.01, 5.0, -0.5]))
    row = AccountRow(
        held.astype(np.int32),
        sizes,
        -sizes * values,
        np.array([0.0, coins]),
        draw(st.sampled_from([model.code for model in MODELS.values()])),
    )
    at_entry = health_of(row, tables)
    missing = draw(st.floats(0.001, 1.5)) * at_entry.maintenance
    row.balance[0] -= at_entry.health + missing
    assume(health_of(row, tables).in_breach)
    slip = draw(st.floats(0, 0.05))
    return Breach(
        account=draw(st.integers(100, 200)),
        holding=row,
        tables=tables,
        lots=lots[held],
        limit_value=values * (1 - slip * np.sign(sizes)),
        target=draw(st.floats(0.3, 1)),
        penalty=draw(st.floats(0, 0.02)),
    )


@st.composite
def limited(draw):
    """Return a breach of which not everything may be traded now, and that may choose."""
    breach = draw(breaches())
    parts = draw(st.lists(st.floats(0, 1.2), min_size=5, max_size=5))
    return replace(
        breach,
        lots_max=np.trunc(np.abs(breach.lots) * np.array(parts)[: breach.lots.size]).astype(int),
        depth_usd=np.array(draw(st.lists(DEPTHS, min_size=5, max_size=5)))[: breach.lots.size],
        fee=draw(st.floats(0, 0.002)),
        choice=draw(st.sampled_from(["share", "cheapest"])),
    )


def filled(breach, lots):
    """Return the account after trades at their price limits, the penalty taken from its cash."""
    row, tables = breach.holding, breach.tables
    trades = np.array(lots, np.float64)
    balance = row.balance.copy()
    for place, number in enumerate(row.instrument):
        charge = breach.penalty + breach.fee
        fine_usd = charge * abs(trades[place]) * tables.notional_usd[number]
        asset = tables.settle[number]
        balance[asset] -= fine_usd / tables.price_usd[asset]
    size, quote = row.size + trades, row.quote - trades * breach.limit_value
    return AccountRow(row.instrument, size, quote, balance, row.model)


def reaches(breach, lots):
    """Return whether a plan reaches the target, but for rounding."""
    after = health_of(filled(breach, lots), breach.tables)
    missing = after.maintenance - breach.target * after.equity_maintenance
    return after.equity_maintenance > -dust(breach) and missing <= dust(breach)


def dust(breach):
    """Return what sums of such numbers may be off by, in USD."""
    row, tables = breach.holding, breach.tables
    gross = np.abs(row.size) @ tables.notional_usd[row.instrument]
    return 1e-9 * (1 + gross + np.abs(row.balance) @ tables.price_usd)


def test_there_is_an_engine_to_hold_to_its_word():
    assert "partial" in ENGINES


@on_every_engine
@given(st.lists(breaches(), max_size=4))
def test_there_is_one_plan_per_breach_in_the_same_order(engine, batch):
    plans = engine.propose(batch)
    assert [plan.account for plan in plans] == [breach.account for breach in batch]
    assert [len(plan.lots) for plan in plans] == [breach.lots.size for breach in batch]


@on_every_engine
@given(breaches())
def test_a_plan_only_shrinks_positions(engine, breach):
    (plan,) = engine.propose([breach])
    for held, lots in zip(breach.lots.tolist(), plan.lots, strict=True):
        assert type(lots) is int
        assert lots == 0 or (lots < 0) == (held > 0)
        assert abs(lots) <= abs(held)


@on_every_engine
@given(breaches())
def test_at_its_limits_a_plan_raises_health_or_closes_in_full(engine, breach):
    (plan,) = engine.propose([breach])
    before = health_of(breach.holding, breach.tables)
    after = health_of(filled(breach, plan.lots), breach.tables)
    in_full = plan.lots == tuple(-breach.lots)
    assert in_full or after.health > before.health - dust(breach)


@on_every_engine
@given(breaches())
def test_a_plan_does_not_raise_the_worst_loss_unless_it_closes_in_full(engine, breach):
    (plan,) = engine.propose([breach])
    before = health_of(breach.holding, breach.tables)
    after = health_of(filled(breach, plan.lots), breach.tables)
    in_full = plan.lots == tuple(-breach.lots)
    assert in_full or after.worst >= before.worst - dust(breach)


@on_every_engine
@given(limited())
def test_no_position_is_traded_beyond_what_may_be_traded_now(engine, breach):
    (plan,) = engine.propose([breach])
    for held, most, lots in zip(
        breach.lots.tolist(), breach.lots_max.tolist(), plan.lots, strict=True
    ):
        assert abs(lots) <= min(most, abs(held))
        assert lots == 0 or (lots < 0) == (held > 0)


@on_every_engine
@given(limited())
def test_what_may_be_traded_now_lowers_no_health_unless_it_closes_in_full(engine, breach):
    (plan,) = engine.propose([breach])
    before = health_of(breach.holding, breach.tables)
    after = health_of(filled(breach, plan.lots), breach.tables)
    in_full = plan.lots == tuple(-breach.lots)
    assert in_full or after.health >= before.health - dust(breach)


@given(breaches(), st.lists(DEPTHS, min_size=5, max_size=5))
def test_the_cheapest_choice_reaches_what_the_share_reaches_and_costs_no_more(breach, depths):
    """Of whole lots and under netting too: where a common share is cheaper, it is taken."""
    breach = replace(breach, depth_usd=np.array(depths)[: breach.lots.size])
    engine = load_engine("partial")
    (share,), (cheapest,) = (
        engine.propose([replace(breach, choice=choice)]) for choice in ("share", "cheapest")
    )
    if reaches(breach, share.lots):
        assert reaches(breach, cheapest.lots)
        cost = expected_cost_usd(breach, share) + dust(breach)
        assert expected_cost_usd(breach, cheapest) <= cost


@on_every_engine
@given(st.lists(breaches(), max_size=4))
def test_equal_batches_give_equal_plans(engine, batch):
    kept = [
        (b.holding.size.copy(), b.holding.quote.copy(), b.holding.balance.copy()) for b in batch
    ]
    first = engine.propose(batch)
    assert engine.propose(list(batch)) == first
    assert [plan for breach in batch for plan in engine.propose([breach])] == list(first)
    for breach, columns in zip(batch, kept, strict=True):
        row = breach.holding
        for now, then in zip((row.size, row.quote, row.balance), columns, strict=True):
            np.testing.assert_array_equal(now, then)
