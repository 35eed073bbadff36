"""The programme against the margin kernel: at its point the account is just at its target."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from hullmark.book import AccountRow
from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.liquidation import Breach
from hullmark.liquidation._lp_moves import Effects, Lines, row_and_moves
from hullmark.liquidation._lp_programme import count_of, draft_of
from hullmark.liquidation._lp_solver import Solver
from hullmark.margin import (
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_tables,
    evaluate_one,
)

SOLVER = Solver()
PRICES, BTC = np.array([90.0, 10.0, 50.0]), 1_000.0
TIERS = (
    Tier(floor_usd=0.0, initial=0.04, maintenance=0.02),
    Tier(floor_usd=3_000.0, initial=0.2, maintenance=0.1),
)


def tables(cap_usd=None):
    """Return a market of three contracts, one of them settled in coins that are haircut."""
    perps = [
        Perpetual(symbol=s, underlying=s, settlement=a, lot_nano=10**9)
        for s, a in zip("ABC", ("USDT", "USDT", "BTC"), strict=True)
    ]
    moves = np.array([[-0.2, -0.1, 0.1, 0.1], [-0.1, -0.1, 0.1, 0.2], [-0.1, 0.0, 0.1, -0.1]])
    return build_tables(
        perps,
        ("USDT", "BTC"),
        SimpleNamespace(
            value=PRICES / np.array([1.0, 1.0, BTC]),
            notional_usd=PRICES,
            risk=PRICES[:, None] * moves,
            asset_risk=np.vstack([np.zeros(4), BTC * moves[0]]),
        ),
        asset_price_usd=np.array([1.0, BTC]),
        collateral={
            "USDT": CollateralTerms(),
            "BTC": CollateralTerms(haircut_initial=0.2, haircut_maintenance=0.1, cap_usd=cap_usd),
        },
        tiered=TieredModel({s: TierSchedule(TIERS) for s in "ABC"}),
        scenario=ScenarioModel(initial_factor=1.3, maintenance_factor=1.1),
    )


PLAIN, CAPPED = tables(), tables(cap_usd=2_000.0)


@st.composite
def breaches(draw):
    lots = np.array(draw(st.tuples(*[st.integers(-900, 900)] * 3).filter(all)), np.int64)
    at, coins = draw(st.sampled_from([PLAIN, CAPPED])), draw(st.floats(-3, 3))
    sizes = lots.astype(np.float64)
    row = AccountRow(
        np.arange(3, dtype=np.int32),
        sizes,
        -sizes * at.value * draw(st.sampled_from([0.9, 1.0, 1.1])),
        np.array([0.0, coins]),
        draw(st.sampled_from([TieredModel.code, ScenarioModel.code])),
    )
    health = evaluate_one(*row, at)
    row.balance[0] -= health.health + draw(st.floats(0.01, 0.5)) * health.maintenance
    return Breach(
        account=7,
        holding=row,
        tables=at,
        lots=lots,
        limit_value=at.value * (1 - 0.01 * np.sign(sizes)),
        target=draw(st.sampled_from([0.6, 1.0])),
        penalty=0.002,
        depth_usd=np.array([9_000.0, np.inf, 50_000.0]),
    )


def made(one, shares):
    """Return the margin of an account that has closed shares of its positions at their limits."""
    row, at = one.holding, one.tables
    closed = row.size * shares
    balance = row.balance.copy()
    for i, units in enumerate(closed):
        fine_usd = one.penalty * abs(units) * at.notional_usd[i]
        balance[at.settle[i]] -= fine_usd / at.price_usd[at.settle[i]]
    quote = row.quote + closed * one.limit_value
    return evaluate_one(row.instrument, row.size - closed, quote, balance, row.model, at)


@given(breaches())
def test_at_its_point_the_account_is_at_its_target_and_just_so(one):
    draft = draft_of(one, *row_and_moves(one, hedged=False))
    pieces = draft.pieces(np.full(3, 0.25), 2.0)
    programme, unit = draft.programme(pieces)
    solved = SOLVER.solve(programme)
    assume(solved.point is not None)
    shares = np.bincount(pieces.move, solved.point[: unit.size] * unit, 3)
    then = made(one, shares)
    spare = one.target * then.equity_maintenance - then.maintenance
    assert spare == pytest.approx(0.0, abs=1e-6 * draft.scale_usd)


@given(breaches(), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_shares_that_reach_the_target_are_a_point_of_the_programme(one, drawn):
    shares = np.array(drawn)
    then = made(one, shares)
    assume(then.maintenance <= one.target * then.equity_maintenance)
    draft = draft_of(one, *row_and_moves(one, hedged=False))
    pieces = draft.pieces(np.maximum(shares, 1e-6), 2.0)
    programme, _ = draft.programme(pieces)
    solved = SOLVER.solve(programme)
    cost = sum(_chords_usd(pieces, g, shares[g]) for g in range(3))
    assert solved.point is not None
    assert solved.cost * draft.scale_usd <= cost + 1e-6 * draft.scale_usd


def _chords_usd(pieces, move, share):
    """Return what a share of a move costs by its pieces, the first ones first."""
    mine = pieces.move == move
    low = np.concatenate([[0.0], np.cumsum(pieces.width[mine])[:-1]])
    part = np.clip((share - low) / pieces.width[mine], 0.0, 1.0)
    return float(part @ pieces.cost_usd[mine])


def counted(units, units_by, *, cap=np.inf):
    """Return how an asset at 10 USD with a haircut of a tenth counts that one move changes."""
    nothing = np.zeros(0)
    effects = Effects(
        nothing, np.array([units]), nothing, np.zeros(1, np.int32), np.array([units_by]), nothing
    )
    return count_of(effects, Lines(np.array([9.0]), np.array([10.0]), np.array([cap])))


@pytest.mark.parametrize(
    ("units", "by", "cap", "slope", "lines"),
    [
        (5.0, -4.0, np.inf, 9.0, []),
        (5.0, -6.0, np.inf, 9.0, [(10.0, 0.0)]),
        (-5.0, -6.0, np.inf, 10.0, []),
        (-5.0, 6.0, np.inf, 9.0, [(10.0, 0.0)]),
        (5.0, 6.0, 50.0, 9.0, [(0.0, 50.0)]),
        (5.0, -6.0, 40.0, 9.0, [(10.0, 0.0), (0.0, 40.0)]),
        (5.0, -1.0, 50.0, 9.0, []),
    ],
)
def test_an_asset_bends_only_where_its_moves_can_bring_it(units, by, cap, slope, lines):
    found = counted(units, by, cap=cap)
    assert found.slope.tolist() == [slope]
    assert list(zip(found.line.tolist(), found.at_zero.tolist(), strict=True)) == lines
    assert found.column.tolist() == [0] * len(lines)
