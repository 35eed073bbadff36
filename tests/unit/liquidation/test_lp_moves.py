"""What moves add to an account, by hand and against the margin kernel itself."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.liquidation import Hedges, Plan, expected_cost_usd
from hullmark.liquidation._lp_moves import (
    effects_of,
    lines_of,
    move_cost_usd,
    moves_cost_usd,
    row_and_moves,
)
from hullmark.margin import Sides, evaluate_one, with_sides

from ...reference.solver import filled
from .accounts import PRICES, SCENARIO, TIERED, make_breach, make_tables

TABLES = make_tables()
HEDGES = Hedges(
    instrument=np.array([1, 2]),
    units=np.array([0.5, 2.0]),
    lots_max=np.array([100, 30]),
    sell_value=np.array([9.9, 49.0]),
    buy_value=np.array([10.1, 52.0]),
    depth_usd=np.array([50_000.0, np.inf]),
)
DEPTHS = (90_000.0, np.inf, 20_000.0)


def account(lots=(100, -50, 0), **others):
    terms = {"model": SCENARIO, "fee": 0.001, "depth_usd": DEPTHS, "hedges": HEDGES} | others
    return make_breach(TABLES, lots, 900, **terms)


def test_positions_are_closed_the_other_way_up_to_what_may_be_closed_now():
    rows, moves = row_and_moves(account(lots_max=(9, 500, 0)), hedged=False)
    assert rows.instrument.tolist() == [0, 1]
    assert moves.sign.tolist() == [-1.0, 1.0]
    assert moves.most.tolist() == [9, 50]
    assert moves.fine_usd == pytest.approx([90 * 0.011, 10 * 0.011])
    assert moves.cost_usd == pytest.approx([90 * 0.011, 10 * 0.031])  # one without a depth


def test_what_is_not_held_is_opened_both_ways_and_what_is_held_one_way():
    rows, moves = row_and_moves(account(), hedged=True)
    assert rows.instrument.tolist() == [0, 1, 2]
    assert rows.size.tolist() == [100.0, -50.0, 0.0]
    opening = list(zip(moves.place[2:].tolist(), moves.sign[2:].tolist(), strict=True))
    assert opening == [(2, 1.0), (1, -1.0), (2, -1.0)]
    assert moves.value[2:].tolist() == [52.0, 9.9, 49.0]
    assert moves.most[2:].tolist() == [30, 100, 30]
    assert moves.fine_usd[2:] == pytest.approx([0.1, 0.005, 0.1])  # the fee alone


@given(st.lists(st.integers(0, 30), min_size=5, max_size=5))
def test_moves_cost_what_their_plan_is_expected_to_cost(lots):
    one = account()
    _, moves = row_and_moves(one, hedged=True)
    lots[4] = 0  # the other way of the third move
    opened = ((1, -lots[3]), (2, lots[2]))
    plan = Plan(account=7, lots=(-lots[0], lots[1]), reason="", hedges=opened)
    notional = np.array(lots) @ moves.lot_usd
    expected = expected_cost_usd(one, plan) + 1e-7 * notional
    assert moves_cost_usd(np.array(lots), moves) == pytest.approx(expected, rel=1e-12)
    assert move_cost_usd(2, float(lots[2]), moves) <= expected + 1e-9


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2), st.sampled_from([TIERED, SCENARIO]))
def test_effects_add_up_to_what_the_margin_kernel_finds(shares, model):
    one = account(model=model)
    rows, moves = row_and_moves(one, hedged=False)
    effects = effects_of(rows, moves, TABLES)
    lots = np.floor(np.array(shares) * moves.most)
    made = lots / moves.most
    plan = Plan(account=7, lots=tuple((lots * moves.sign).astype(int).tolist()), reason="")
    then = evaluate_one(*filled(one, plan), TABLES)
    assert effects.units[0] + made @ effects.units_by == pytest.approx(then.equity_maintenance)
    if model == SCENARIO:
        assert (effects.profit + made @ effects.profit_by).min() == pytest.approx(then.worst)
    else:
        assert effects.profit.size == 0


def test_equity_is_counted_at_the_lenient_sides_and_what_is_opened_between():
    one = account()
    low, high = PRICES * 0.9, PRICES * 1.1
    usd = [np.array([price]) for price in (0.98, 1.02, 1.03, 0.97)]
    tables = with_sides(TABLES, Sides(low, high, high, low, *usd))
    rows, moves = row_and_moves(replace(one, tables=tables), hedged=True)
    effects = effects_of(rows, moves, tables)
    assert effects.units[0] == pytest.approx(900 + 100 * 9 + 50 * 1)
    # Closing A gives up 99 for 88.2 each, less 1.1 %; buying 30 x 2 of C at 52, worth 50, the fee.
    assert effects.units_by[0] == pytest.approx(100 * (88.2 - 99 - 0.99))
    assert effects.units_by[2] == pytest.approx(60 * (50 - 52 - 0.05))
    lines = lines_of(tables)
    assert (lines.credit[0], lines.debt[0], lines.cap[0]) == (1.03, 0.97, math.inf)


def test_closing_all_that_is_held_leaves_nothing_of_it():
    one, lots = account((3, 0, 7)), np.array([49, 7])
    rows, moves = row_and_moves(replace(one, lots=lots, lots_max=lots), hedged=False)
    left = rows.size + moves.sign * moves.units * moves.most / moves.per
    assert left.tolist() == [0.0, 0.0]
