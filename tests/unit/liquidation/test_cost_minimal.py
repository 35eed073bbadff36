"""The cost-minimal engine: by hand, against trying everything, and against the partial engine."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from hullmark.liquidation import Hedges, expected_cost_usd, load_engine
from hullmark.liquidation.cost_minimal import CostMinimal, Solver, first_programme
from hullmark.liquidation.partial import Partial
from hullmark.margin import evaluate_one

from ...reference.solver import at_target, cheapest_by_force, filled, last_lots_usd
from .accounts import FLAT, SCENARIO, STEEP, TIERED, make_breach, make_tables

LEVEL, BENT = make_tables(), make_tables(STEEP, FLAT, STEEP)
ENGINE = CostMinimal()
CHEAPEST = "least expected cost that reaches the target"
DEPTHS = (90_000.0, 4_000.0, 20_000.0)


def plan_of(one):
    (plan,) = ENGINE.propose([one])
    assert plan.account == one.account
    return plan


def in_breach(lots, missing, **others):
    """Return an account whose health is that share of its maintenance margin below zero."""
    one = make_breach(BENT, lots, 0, **others)
    health = evaluate_one(*one.holding, BENT)
    cash = -health.health - missing * health.maintenance
    return replace(one, holding=one.holding._replace(balance=np.array([cash])))


@st.composite
def accounts(draw, lots_max=3_000):
    lots = draw(st.tuples(*[st.integers(-lots_max, lots_max)] * 3).filter(any))
    return in_breach(
        lots,
        draw(st.floats(0.01, 0.6)),
        slip=np.array(draw(st.tuples(*[st.floats(0.001, 0.03)] * 3))),
        target=draw(st.sampled_from([0.5, 0.8, 1.0])),
        penalty=draw(st.sampled_from([0.0, 0.005])),
        fee=0.0005,
        depth_usd=draw(st.sampled_from([DEPTHS, (np.inf,) * 3, (50.0, np.inf, 9_000.0)])),
        model=draw(st.sampled_from([TIERED, SCENARIO])),
    )


def test_our_engine_is_found_like_any_other():
    assert isinstance(load_engine("cost-minimal"), CostMinimal)


def test_one_position_is_closed_as_far_as_the_closed_form_says():
    # Of n lots closed each costs 1.80 + 0.90 and frees 4.50: 450 - 4.5 n <= 0.8 x (449 - 2.7 n).
    plan = plan_of(make_breach(LEVEL, (100, 0, 0), 449))
    assert plan.lots == (-39,)


def test_of_two_positions_that_free_alike_the_cheaper_one_is_closed():
    # Both free 5 % of what is closed; selling A costs 1 % at its limit, buying B 3 %. A alone:
    # 500 - 4.5 n <= 0.8 x (499 - 0.9 n) from n = 26.7 on.
    one = make_breach(LEVEL, (100, -100, 0), 499, slip=(0.01, 0.03, 0.01), penalty=0.0)
    assert plan_of(one).lots == (-27, 0)


def test_the_fullest_tier_is_emptied_before_a_flat_one_is_touched():
    # A is worth 9,000 USD: what is above 8,000 frees 20 %, what is above 2,000 5 %, as all of B.
    one = make_breach(BENT, (100, 2_000, 0), 1_390, slip=0.01, penalty=0.0, target=1.0)
    assert plan_of(one).lots == (-8, 0)


def test_where_there_is_impact_two_equal_markets_share_the_load():
    tables = make_tables()
    one = make_breach(
        tables, (100, 900, 0), 800, penalty=0.001, depth_usd=(10_000.0, 10_000.0, 1.0)
    )
    sold = [-lots * price for lots, price in zip(plan_of(one).lots, (90, 10), strict=True)]
    assert sold[0] == pytest.approx(sold[1], rel=0.06)


def test_a_position_that_covers_another_one_is_kept():
    # Under the scenarios a purchase of A is covered by a sale of B: only A is worth closing.
    one = in_breach((200, -300, 0), 0.1, model=SCENARIO, penalty=0.001)
    lots = plan_of(one).lots
    assert lots[0] < 0
    assert lots[1] == 0


@settings(max_examples=60)
@given(accounts(lots_max=9))
def test_trying_everything_finds_nothing_cheaper_by_more_than_a_lot_of_each(one):
    least, found = cheapest_by_force(one)
    plan = plan_of(one)
    if found is None:
        assert plan.lots == tuple(-one.lots)
    else:
        assert at_target(one, plan)
        assert expected_cost_usd(one, plan) <= least + last_lots_usd(one) * (1 + 1e-9)


@given(accounts())
def test_it_never_costs_more_than_the_same_share_of_everything(one):
    (share,) = Partial().propose([one])
    plan = plan_of(one)
    if at_target(one, share):
        assert at_target(one, plan)
        spare = 1e-6 * abs(one.holding.size) @ one.tables.notional_usd[one.holding.instrument]
        assert expected_cost_usd(one, plan) <= expected_cost_usd(one, share) + spare


@given(accounts())
def test_what_closes_the_account_says_why(one):
    plan = plan_of(one)
    if plan.reason != CHEAPEST:
        (share,) = Partial().propose([one])
        assert plan.lots == share.lots
        assert plan.reason.startswith(f"{share.reason}; ")
    else:
        assert at_target(one, plan)


def test_where_no_trades_reach_the_target_everything_is_closed():
    plan = plan_of(make_breach(LEVEL, (100, -50, 0), -900))
    assert plan.lots == (-100, 50)
    assert plan.reason == "everything, short of it; no trades reach the target"


def test_no_more_is_closed_than_may_be_closed_now():
    one = make_breach(
        LEVEL, (100, -900, 0), 898, slip=(0.01, 0.03, 0), penalty=0.0, lots_max=(9, 900, 0)
    )
    plan = plan_of(one)
    assert plan.lots[0] == -9
    assert 0 < plan.lots[1] < 900
    assert at_target(one, plan)


def test_where_nothing_may_be_closed_nothing_is():
    plan = plan_of(make_breach(LEVEL, (100, 0, 0), 440, lots_max=(0, 0, 0)))
    assert plan.lots == (0,)
    assert plan.reason.endswith("; nothing may be traded now")


@given(st.lists(accounts(), min_size=2, max_size=4))
def test_equal_breaches_give_equal_plans_whatever_else_was_asked(ones):
    together = ENGINE.propose(ones)
    assert together == [plan for one in reversed(ones) for plan in ENGINE.propose([one])][::-1]
    assert together == CostMinimal().propose(ones)


def hedged(one, *, lots_max=10_000, depth_usd=1e9):
    """Return the account where B may be opened, by whoever does not hold it."""
    return replace(
        one,
        hedges=Hedges(
            instrument=np.array([1]),
            units=np.array([1.0]),
            lots_max=np.array([lots_max]),
            sell_value=np.array([9.99]),
            buy_value=np.array([10.01]),
            depth_usd=np.array([depth_usd]),
        ),
    )


def test_a_liquid_perpetual_that_may_be_opened_is_sold_instead_of_closing_at_a_price():
    one = in_breach((200, 0, 0), 0.1, model=SCENARIO, slip=0.03, penalty=0.01)
    alone, plan = plan_of(one), plan_of(hedged(one))
    assert plan.hedges
    assert all(number == 1 and lots < 0 for number, lots in plan.hedges)
    assert at_target(hedged(one), plan)
    assert expected_cost_usd(hedged(one), plan) < expected_cost_usd(one, alone)
    before = evaluate_one(*one.holding, one.tables)
    assert evaluate_one(*filled(hedged(one), plan), one.tables).worst > before.worst


def test_what_the_venue_does_not_allow_is_not_opened():
    one = in_breach((200, 0, 0), 0.1, model=SCENARIO, slip=0.03, penalty=0.01)
    assert plan_of(one).hedges == ()


def test_under_tiers_nothing_is_opened_for_nothing_nets():
    one = in_breach((200, 0, 0), 0.1, model=TIERED, slip=0.03, penalty=0.01)
    assert plan_of(hedged(one)) == plan_of(one)


def test_no_more_is_opened_than_the_venue_allows():
    one = in_breach((200, 0, 0), 0.3, model=SCENARIO, slip=0.03, penalty=0.01)
    plan = plan_of(hedged(one, lots_max=200))
    ((number, lots),) = plan.hedges
    assert number == 1
    assert -200 <= lots <= -180  # nine lots of it are worth one of what is closed
    assert plan.lots[0] < 0


@given(accounts(), st.integers(1, 2_000))
def test_with_hedges_it_never_costs_more_and_the_worst_loss_falls(one, lots_max):
    assume(one.holding.model == SCENARIO)
    open_to = hedged(one, lots_max=lots_max)
    plan = plan_of(open_to)
    if plan.hedges:
        assert abs(plan.hedges[0][1]) <= lots_max
        assert at_target(open_to, plan)
        before = evaluate_one(*one.holding, one.tables)
        assert evaluate_one(*filled(open_to, plan), one.tables).worst > before.worst


def test_of_what_is_held_more_is_opened_on_its_own_side_only():
    one = in_breach((200, -100, 0), 0.1, model=SCENARIO, slip=0.03, penalty=0.01)
    plan = plan_of(hedged(one))
    assert plan.lots[1] == 0
    assert all(number == 1 and lots < 0 for number, lots in plan.hedges)
    assert plan.hedges


def test_the_first_programme_costs_no_less_than_the_plan():
    # Chords are never below the cost, and the rounds after the first one come closer to it.
    one = in_breach((900, -900, 900), 0.2, model=SCENARIO, depth_usd=DEPTHS)
    solved = Solver().solve(first_programme(one))
    gross_usd = abs(one.holding.size) @ one.tables.notional_usd[one.holding.instrument]
    assert expected_cost_usd(one, plan_of(one)) <= solved.cost * gross_usd + last_lots_usd(one)


WITHOUT_HIGHSPY = """
import sys
sys.modules["highspy"] = None
from hullmark.errors import PluginError
from hullmark.liquidation import load_engine
try:
    load_engine("cost-minimal")
except PluginError as e:
    print(e)
"""


def test_without_highspy_it_says_what_to_install():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_HIGHSPY], capture_output=True, text=True, check=True
    )
    assert "needs highspy" in done.stdout
    assert "pip install 'hullmark[solver]'" in done.stdout


def test_nothing_but_the_engine_imports_highspy():
    words = "import sys, hullmark.liquidation; print('highspy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
