"""What a plan is expected to cost, by hand, and the numbers that the search counts with."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.liquidation import Hedges, Plan, expected_cost_usd
from hullmark.liquidation._cost import lot_costs_usd
from hullmark.market import impact_share

from .accounts import closing_of, make_breach, make_tables

TABLES = make_tables()


def plan(*lots, hedges=()):
    return Plan(account=7, lots=lots, reason="", hedges=hedges)


def test_without_a_declared_depth_every_lot_fills_at_its_limit():
    one = make_breach(TABLES, (100, -50, 0), 100, slip=0.02, penalty=0.01, fee=0.001)
    # 10 lots of 90 USD, 20 of 10 USD: 2 % of slippage, 1 % of penalty, 0.1 % of fee.
    assert expected_cost_usd(one, plan(-10, 20)) == pytest.approx(1_100 * 0.031)


def test_a_limit_that_is_better_than_the_mark_costs_nothing():
    one = make_breach(TABLES, (100, 0, 0), 100, slip=-0.02, penalty=0.0)
    assert expected_cost_usd(one, plan(-10)) == 0.0


def test_with_a_declared_depth_an_order_pays_half_of_its_push():
    one = make_breach(TABLES, (100, 0, 0), 100, penalty=0.01, depth_usd=(90_000.0, 1.0, 1.0))
    # 9,000 USD push a tenth of a percent, and pay half of that.
    assert expected_cost_usd(one, plan(-100)) == pytest.approx(9_000 * (0.0005 + 0.01))
    assert expected_cost_usd(one, plan(-100)) == pytest.approx(
        9_000 * (impact_share(9_000, 90_000) + 0.01)
    )


def test_hedges_pay_the_fee_and_their_own_way_but_no_penalty():
    hedges = Hedges(
        instrument=np.array([1, 2]),
        units=np.array([1.0, 2.0]),
        lots_max=np.array([100, 100]),
        sell_value=np.array([9.9, 49.0]),
        buy_value=np.array([10.1, 52.0]),
        depth_usd=np.array([50_000.0, np.inf]),
    )
    one = make_breach(TABLES, (100, 0, 0), 100, fee=0.001, hedges=hedges)
    assert expected_cost_usd(one, plan(0, hedges=((2, 3),))) == pytest.approx(6 * 2 + 0.3)
    assert expected_cost_usd(one, plan(0, hedges=((2, -3),))) == pytest.approx(6 * 1 + 0.3)
    # 500 USD of a depth of 50,000 push a hundredth of a percent.
    assert expected_cost_usd(one, plan(0, hedges=((1, -50),))) == pytest.approx(500 * 0.00105)


def test_an_account_without_hedges_is_charged_for_none():
    one = make_breach(TABLES, (100, 0, 0), 100)
    assert expected_cost_usd(one, plan(0)) == 0.0


@given(
    st.tuples(*[st.integers(-300, 300)] * 3).filter(any),
    st.floats(0, 0.1),
    st.tuples(*[st.floats(0, 1)] * 3),
    st.lists(st.sampled_from([1e3, 1e6, np.inf]), min_size=3, max_size=3),
)
def test_the_search_counts_what_a_plan_costs(lots, slip, parts, depth_usd):
    one = make_breach(TABLES, lots, 100, slip=slip, fee=0.002, depth_usd=depth_usd)
    closed = np.trunc(np.abs(one.lots) * np.array(parts)[: one.lots.size])
    trades = [int(n) for n in -np.sign(one.lots) * closed]
    for run in (lot_costs_usd, lot_costs_usd.py_func):
        first, rise = run(closing_of(one), TABLES)
        counted = (closed * (first + rise * closed / 2)).sum()
        assert expected_cost_usd(one, plan(*trades)) == pytest.approx(counted, abs=1e-9)
