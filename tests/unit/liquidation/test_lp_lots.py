"""Whole lots out of shares: how they are rounded, cured and given back."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from hullmark.liquidation._lp_lots import Account, round_lots
from hullmark.liquidation._lp_moves import row_and_moves
from hullmark.margin import evaluate_one

from .accounts import SCENARIO, TIERED, after, make_breach, make_tables

TABLES = make_tables()


def account(lots, cash, **others):
    one = make_breach(TABLES, lots, cash, **others)
    rows, moves = row_and_moves(one, hedged=False)
    return one, Account(one.target, rows, moves, TABLES)


def test_shares_are_rounded_up_or_down_but_what_is_nearly_whole_stays():
    shares, most = np.array([0.25, 0.5 + 1e-12, 1.0, 0.0]), np.array([10, 10, 10, 10])
    assert round_lots(shares, most, up=True).tolist() == [3, 5, 10, 0]
    assert round_lots(shares, most, up=False).tolist() == [2, 5, 10, 0]


@given(st.lists(st.integers(0, 50), min_size=3, max_size=3), st.sampled_from([TIERED, SCENARIO]))
def test_a_check_says_what_the_margin_kernel_says(lots, model):
    one, checked = account((50, -50, 50), 300, model=model)
    found = checked.check(np.array(lots))
    then = after(one, np.array(lots) * -np.sign(one.lots))
    assert found.equity_usd == pytest.approx(then.equity_maintenance)
    assert found.worst == pytest.approx(then.worst)
    short = then.maintenance - one.target * then.equity_maintenance
    assert found.short_usd == pytest.approx(short, abs=1e-9)
    assert found.reached == (found.equity_usd > 0.0 and found.short_usd <= 0.0)


def test_nothing_of_an_account_is_changed_by_asking():
    one, checked = account((100, 0, 0), 449)
    checked.check(np.array([50]))
    checked.whole_lots(np.array([0.1]))
    assert evaluate_one(*one.holding, TABLES).net_value == 449.0


@pytest.mark.parametrize("share", [0.0, 0.2, 0.388, 0.5, 1.0])
def test_one_position_comes_to_the_fewest_lots_from_below_and_near_them_from_above(share):
    # 39 lots are the fewest: see the test of the engine.
    _, checked = account((100, 0, 0), 449)
    (lots,) = checked.whole_lots(np.array([share])).tolist()
    assert checked.check(np.array([lots])).reached
    assert lots == (39 if share < 0.4 else max(39, round(share * 100) - 7))


def test_where_no_lots_reach_the_target_there_are_none():
    _, checked = account((100, 0, 0), -50)
    assert checked.whole_lots(np.array([0.5])) is None


def test_a_dear_last_lot_is_replaced_by_cheaper_ones():
    # 48 lots of A leave 0.16 USD to be freed: a lot of B does it for 0.30, one of A for 0.90.
    _, checked = account((100, -900, 0), 898, slip=(0.01, 0.03, 0.01), penalty=0.0)
    assert not checked.check(np.array([48, 0])).reached
    assert checked.whole_lots(np.array([0.4804, 0.0])).tolist() == [48, 1]


@given(
    st.tuples(*[st.integers(-500, 500)] * 3).filter(all),
    st.lists(st.floats(0, 1), min_size=3, max_size=3),
    st.floats(0.01, 0.4),
)
def test_lots_that_are_found_reach_the_target_within_what_may_be_traded(lots, shares, missing):
    one, checked = account(lots, 0, model=SCENARIO, depth_usd=(9_000.0, 2_000.0, np.inf))
    then = evaluate_one(*one.holding, TABLES)
    assume(then.maintenance > 0.0)
    checked.rows.balance[0, 0] = (1 - missing) * then.maintenance
    found = checked.whole_lots(np.array(shares))
    if found is not None:
        assert checked.check(found).reached
        assert (found >= 0).all()
        assert (found <= checked.moves.most).all()
