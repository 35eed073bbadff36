"""Rewards of keepers: published payments, nothing for dust, and nothing to farm."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.core import exactly
from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    capped_reward,
    keeper_reward,
    reset_reward,
    reward_margin,
    validate_reward,
)


# MakerDAO, dss, src/test/clip.t.sol [75cf04b], test_kick: a tip of 100, then 2 % of 110 besides.
def test_a_start_pays_the_published_rewards():
    assert keeper_reward(110, tip=100, chip=0) == 100
    assert keeper_reward(110, tip=100, chip="0.02") == Decimal("102.2")
    assert keeper_reward("0.99", tip=0, chip="0.5", quantum="0.1") == Decimal("0.4")


# test_redo_incentive: dust of 110 and a unit, then a lot of 2 at an oracle of 4 for a dust of 22.
@pytest.mark.parametrize(
    ("target", "quantity", "target_min", "reward"),
    [(110, 40, 22, 100), (110, 40, "110.000001", 0), (110, 40, 110, 100), (110, 2, 22, 0)],
)
def test_a_reset_pays_nothing_for_dust(target, quantity, target_min, reward):
    found = reset_reward(target, quantity, oracle=4, target_min=target_min, tip=100, chip=0)
    assert found == reward


def test_a_lot_of_exactly_dust_is_worth_a_reset():
    terms = {"oracle": 4, "target_min": 22, "tip": 1, "chip": 0}
    assert reset_reward(22, "5.5", **terms) == 1
    assert reset_reward(22, "5.4999", **terms) == 0


def test_the_margin_is_least_at_the_smallest_debt():
    margin = reward_margin(tip=300, chip="0.001", penalty="0.13", debt_min=15_000)
    assert margin.debt == 15_000
    assert margin.least == Decimal("0.13") * 15_000 - 300 - Decimal("1.13") * 15
    assert margin.per_debt == Decimal("0.13") - Decimal("0.00113")


SHARES = st.decimals(0, "0.3", places=3)


@given(
    st.decimals(0, 1000, places=1),
    st.decimals(0, "0.1", places=3),
    SHARES,
    st.integers(1, 10**5),
    st.integers(0, 10**6),
    st.integers(1, 5),
)
def test_a_reward_that_is_let_in_stays_below_the_penalty(
    tip, chip, penalty, debt_min, more, rewards
):
    terms = {"tip": tip, "chip": chip}
    try:
        validate_reward(penalty=penalty, debt_min=debt_min, rewards=rewards, **terms)
    except InvalidInputError:
        return
    debt = debt_min + more
    with exactly():
        assert rewards * keeper_reward(debt * (1 + penalty), **terms) < penalty * debt


def test_a_reward_that_can_be_farmed_is_refused():
    terms = {"tip": 300, "chip": "0.001", "penalty": "0.13"}
    with pytest.raises(InvalidInputError, match=r"rewards must be < 260.00, the penalty on 2000"):
        validate_reward(debt_min=2000, **terms)
    with pytest.raises(InvalidInputError, match="rewards must be < "):
        validate_reward(debt_min=15_000, rewards=7, **terms)
    with pytest.raises(InvalidInputError, match="rewards must be >= 1, was 0"):
        validate_reward(debt_min=1, rewards=0, **terms)


@given(st.lists(st.decimals(0, 100, places=2), max_size=6), st.decimals(0, 200, places=2))
def test_all_rewards_of_an_auction_stay_within_its_penalty(rewards, penalty):
    paid = Decimal(0)
    for reward in rewards:
        found = capped_reward(reward, penalty_paid=penalty, rewarded=paid)
        assert 0 <= found <= reward
        paid += found
    assert paid == min(sum(rewards, Decimal(0)), penalty)


def test_a_penalty_that_is_spent_pays_nothing_more():
    assert capped_reward(10, penalty_paid=5, rewarded=7) == 0
