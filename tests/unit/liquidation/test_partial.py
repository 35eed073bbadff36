"""The partial engine on accounts worked by hand, and which of its ways it takes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from hullmark.liquidation import expected_cost_usd
from hullmark.liquidation.partial import Partial, close_all, share_all

from .accounts import (
    PRICES,
    SCENARIO,
    STEEP,
    TIERED,
    after,
    at_target,
    in_columns,
    make_breach,
    make_tables,
)

FLAT_TABLES, STEEP_TABLES = make_tables(), make_tables(STEEP, STEEP, STEEP)
LOTS = st.tuples(*[st.integers(-500, 500)] * 3).filter(any)
PARTS = st.tuples(*[st.floats(0, 1)] * 3)
NO_LIMIT = (10**9,) * 3


def breach(lots, cash, **terms):
    return make_breach(FLAT_TABLES, (*lots, 0), cash, **terms)


def plan_of(one):
    (plan,) = Partial().propose([one])
    assert plan.account == one.account
    return plan


def lots_of(one):
    return plan_of(one).lots


@pytest.mark.parametrize(
    ("lots", "cash", "closed", "why"),
    [
        # Of n lots closed each costs 1.80 + 0.90 and frees 4.50.
        ((100, 0), 449, (-39,), "450 - 4.5 n <= 0.8 x (449 - 2.7 n) from n = 38.8 on"),
        ((-100, 0), 449, (39,), "the same for a short"),
        ((100, 0), 271, (-100,), "1 is left after all of it, and 0.8 x 1 pays for nothing else"),
        ((100, 0), 270, (-100,), "nothing is left: everything goes"),
        ((100, 0), -50, (-100,), "a debt from the start: everything goes"),
        ((1, 0), 4, (-1,), "a lot is not split"),
        ((100, -900), 898, (-39, 348), "550.5 <= 0.8 x 688.3; with 347 it is 551 against 550.88"),
    ],
)
def test_the_smallest_common_share_that_reaches_the_target_is_closed(lots, cash, closed, why):
    assert lots_of(breach(lots, cash)) == closed, why


def test_the_fee_is_paid_like_the_penalty():
    """Each lot costs 0.90 more: 450 - 4.5 n <= 0.8 x (449 - 3.6 n) from n = 56.1 on."""
    assert lots_of(breach((100, 0), 449, fee=0.01)) == (-57,)
    assert lots_of(breach((100, 0), 449, penalty=0.0, fee=0.01)) == (-39,)


SLIPS = (0.001, 0.02, 0.0)  # A is cheaper to close than B


@pytest.mark.parametrize(
    ("lots", "cash", "terms", "reason"),
    [
        ((100, 0), 449, {}, "smallest share that reaches the target"),
        ((100, 0), 1, {}, "everything, short of it"),
        ((100, 900), 898, {"choice": "cheapest", "slip": SLIPS}, "cheapest first, to the target"),
        ((100, 0), 449, {"choice": "cheapest"}, "smallest share that reaches the target"),
        ((100, 900), 1, {"choice": "cheapest"}, "everything, short of it"),
        ((100, 0), 449, {"lots_max": (20, 0, 0)}, "everything that may be closed now, short of it"),
        (
            (100, -900),
            -1,
            {"lots_max": (0, 90, 0), "model": SCENARIO},
            "what helps of what may be closed now, short of it",
        ),
    ],
)
def test_a_plan_says_how_it_came_about(lots, cash, terms, reason):
    assert plan_of(breach(lots, cash, **terms)).reason == reason


def test_hedged_positions_left_over_are_closed_in_a_common_share():
    """C stands alone and is not enough; of A and B, which hedge each other, neither goes first."""
    terms = {"model": SCENARIO, "slip": 0.001, "penalty": 0.001}
    one = make_breach(FLAT_TABLES, (100, -900, 20), 500, choice="cheapest", **terms)
    plan, share = plan_of(one), plan_of(replace(one, choice="share"))
    assert plan.reason == "cheapest first and a share of the rest, to the target"
    assert at_target(one, plan.lots)
    first, second, third = plan.lots
    assert third == -20
    assert abs(first * 9 + second) < 9  # the same share of both, to a lot
    assert expected_cost_usd(one, plan) < expected_cost_usd(one, share)


def test_whole_lots_can_make_the_cheaper_position_the_dearer_plan():
    """One lot of A misses the target by little: a second costs more than one of B would."""
    one = make_breach(FLAT_TABLES, (2, 9, 0), 12.2, slip=(0.001, 0.005, 0), choice="cheapest")
    alone, share = (replace(plan_of(one), lots=lots) for lots in ((-2, 0), (-1, -1)))
    assert not at_target(one, (-1, 0))
    assert at_target(one, alone.lots)
    assert expected_cost_usd(one, alone) == pytest.approx(2 * 90 * 0.011)
    assert expected_cost_usd(one, share) == pytest.approx(90 * 0.011 + 10 * 0.015)
    assert plan_of(one) == share


def test_plans_come_in_the_order_of_breaches():
    cash = (449, 300, 400)
    together = Partial().propose([breach((100, 0), c) for c in cash])
    assert [p.lots for p in together] == [lots_of(breach((100, 0), c)) for c in cash]


@pytest.mark.parametrize("choice", ["share", "cheapest"])
@given(st.lists(st.tuples(LOTS, PARTS), min_size=1, max_size=5))
def test_a_batch_in_columns_is_planned_like_its_breaches_one_by_one(choice, held):
    ones = [
        make_breach(
            STEEP_TABLES,
            lots,
            3 * abs(sum(lots)) % 997,
            slip=(0.001, 0.02, 0.003),
            model=TIERED if sum(lots) % 2 else SCENARIO,
            lots_max=np.ceil(np.abs(lots) * np.sqrt(caps)).astype(np.int64),
            depth_usd=(1e6, np.inf, 1e5),
            fee=0.001,
            choice=choice,
        )
        for lots, caps in held
    ]
    batch = in_columns(ones)
    plans = Partial().propose(batch)
    assert plans == Partial().propose(ones)
    assert plans == [plan for one in batch for plan in Partial().propose([one])]


def test_a_stricter_target_closes_more():
    closed = [-lots_of(breach((1_000, 0), 4_400, target=t))[0] for t in (1.0, 0.9, 0.8, 0.5)]
    assert closed == sorted(closed)
    assert closed[0] < closed[-1]


@given(
    st.tuples(st.integers(-500, 500), st.integers(-5_000, 5_000)).filter(any),
    st.floats(0, 1),
    st.floats(0, 0.04),
    st.floats(0.1, 1),
)
def test_no_smaller_share_would_have_reached_the_target(lots, part, slip, target):
    gross = abs(lots[0]) * PRICES[0] + abs(lots[1]) * PRICES[1]
    one = breach(lots, 0.05 * gross * part, slip=slip, target=target)
    assume(not nearly_reaches(one, np.zeros(one.lots.size)))
    closed = np.abs(lots_of(one))
    shares = closed / np.abs(one.lots)
    fewer = np.ceil((shares.max() - 1 / np.abs(one.lots).max()) * np.abs(one.lots) - 1e-9)
    if (fewer >= 0).all() and (fewer < closed).any() and not (shares == 1).all():
        assert not nearly_reaches(one, -np.sign(one.lots) * fewer)
    if not (shares == 1).all():
        assert nearly_reaches(one, -np.sign(one.lots) * closed)


def nearly_reaches(one, trades):
    """Return whether an account is at the target after trades, or off by no more than rounding."""
    then = after(one, trades)
    equity, needed = then.equity_maintenance, then.maintenance
    return equity > 0 and needed <= one.target * equity * (1 + 1e-9) + 1e-9


@given(LOTS, st.floats(0, 2_000), PARTS, st.sampled_from(["share", "cheapest"]))
def test_no_position_is_closed_beyond_what_may_be_traded(lots, cash, caps, choice):
    lots_max = np.round(np.abs(lots) * np.array(caps)).astype(np.int64)
    one = make_breach(STEEP_TABLES, lots, cash, lots_max=lots_max, choice=choice, model=SCENARIO)
    assert (np.abs(lots_of(one)) <= one.lots_max).all()


@pytest.mark.parametrize("choice", ["share", "cheapest"])
def test_a_limit_is_read_as_none_or_all_where_it_makes_no_sense(choice):
    terms = {"slip": SLIPS, "choice": choice}
    free = lots_of(breach((100, 900), 898, **terms))
    assert lots_of(breach((100, 900), 898, lots_max=NO_LIMIT, **terms)) == free
    assert lots_of(breach((100, 900), 898, lots_max=(-5, 0, 0), **terms)) == (0, 0)


@given(LOTS, st.floats(0, 2_000), PARTS, st.sampled_from(["share", "cheapest"]))
def test_what_may_be_closed_now_never_lowers_health(lots, cash, caps, choice):
    """A part of a hedge may be all that may be traded: then it stays."""
    lots_max = np.trunc(np.abs(lots) * 0.99 * np.array(caps)).astype(np.int64)
    one = make_breach(STEEP_TABLES, lots, cash, lots_max=lots_max, choice=choice, model=SCENARIO)
    nothing = after(one, np.zeros(one.lots.size)).health
    assert after(one, lots_of(one)).health >= nothing - 1e-9 * (np.abs(lots) @ PRICES)


@given(
    LOTS,
    st.floats(0, 2_000),
    st.tuples(*[st.sampled_from([0.0, 0.001, 0.02])] * 3),
    st.sampled_from([TIERED, SCENARIO]),
)
def test_the_cheapest_choice_reaches_what_the_share_reaches_and_costs_no_more(
    lots, cash, slip, model
):
    one = make_breach(STEEP_TABLES, lots, cash, slip=slip, model=model)
    share, cheapest = plan_of(one), plan_of(replace(one, choice="cheapest"))
    if at_target(one, share.lots):
        assert at_target(one, cheapest.lots)
        noise = 1e-9 * (np.abs(lots) @ PRICES)
        assert expected_cost_usd(one, cheapest) <= expected_cost_usd(one, share) + noise


@given(LOTS, st.floats(-99, 2_000), PARTS)
def test_the_compiled_kernels_agree_with_their_sources(lots, cash, caps):
    lots_max = np.ceil(np.abs(lots) * np.array(caps)).astype(np.int64)
    batch = in_columns([make_breach(STEEP_TABLES, lots, cash, slip=0.001, lots_max=lots_max)])
    found = []
    for one, some in ((share_all, close_all), (share_all.py_func, close_all.py_func)):
        columns = batch.rows, batch.lots, batch.lots_max, batch.limit_value, batch.depth_usd
        terms = *columns, batch.tables, batch.target, batch.penalty
        trades, reasons = np.zeros((2, batch.lots.size), np.int64), np.zeros((2, 1), np.int64)
        one(*terms, trades[0], reasons[0])
        some(np.arange(1), *terms, trades[1], reasons[1])
        found.append((trades.tolist(), reasons.tolist()))
    assert found[0] == found[1]
