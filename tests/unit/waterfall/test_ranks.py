"""Ranks as venues publish them."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import lights, mark_over_entry, profit_leverage


# By hand from the formula of BitMEX, support article 18589621443357: a linear long of 2 from 100,
# marked at 110, bankrupt at 90; an inverse long of 8,000 USD from 8,000 (-1 XBT), marked at 10,000,
# bankrupt at 5,000; a long under water; a short at its entry.
@pytest.mark.parametrize(
    ("values", "rank"),
    [
        ((220, 200, 180), ("0.1", "5.5", "0.55")),
        (("-0.8", "-1", "-1.6"), ("0.2", "1", "0.2")),
        ((180, 200, 108), ("-0.1", "2.5", "-0.04")),
        ((-100, -100, -150), ("0", "2", "0")),
    ],
)
def test_a_rank_is_profit_times_leverage_and_a_loss_is_divided_by_it(values, rank):
    assert profit_leverage(*values) == tuple(map(Decimal, rank))


@given(st.integers(101, 10**6), st.integers(1, 100), st.integers(1, 99))
def test_more_profit_or_less_distance_to_bankruptcy_ranks_higher(mark, entry, bankrupt):
    rank = profit_leverage(mark, entry, bankrupt).score
    assert profit_leverage(mark, entry, bankrupt - 1).score < rank
    assert profit_leverage(mark + 1, entry, bankrupt).profit_share > (
        profit_leverage(mark, entry, bankrupt).profit_share
    )


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ((1, 0, -1), "entry_value must not be 0"),
        ((100, 90, 100), "bankrupt_value must be < 100"),
        ((0, 10, -10), "mark_value of a loss must not be 0"),
    ],
)
def test_a_rank_without_a_leverage_is_refused(values, rule):
    with pytest.raises(InvalidInputError, match=rule):
        profit_leverage(*values)


def test_hyperliquid_multiplies_mark_over_entry_with_leverage():
    assert mark_over_entry("105000", "120000", "210000", "1050000") == Decimal("0.175")
    with pytest.raises(InvalidInputError, match="account_value must be > 0"):
        mark_over_entry(1, 1, 1, 0)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=50))
def test_lights_go_out_along_the_queue_and_the_last_has_one(quantities):
    lit = lights(quantities)
    assert lit == sorted(lit, reverse=True)
    assert lit[-1] == 1
    assert max(lit) <= 5


def test_a_position_that_ends_on_a_fifth_is_within_it():
    assert lights([20, 20, 20, 20, 20]) == [5, 4, 3, 2, 1]
    assert lights([21, 19, 60]) == [4, 4, 1]
    assert lights([100]) == [1]
    assert lights([]) == []


def test_a_queue_of_nothing_has_no_lights():
    with pytest.raises(InvalidInputError, match="quantities must be > 0"):
        lights([5, 0])
