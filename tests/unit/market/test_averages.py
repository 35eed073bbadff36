"""Averages: against sums by the second, and that the length of a step does not matter."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import ema, ema_step, premium_average, time_weighted

path = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 10**6)), min_size=1, max_size=8)


@given(path, st.data())
def test_a_time_weighted_price_is_the_mean_of_its_seconds(said, data):
    points, by_second = [], []
    for held_s, price in said:
        points.append((len(by_second), price))
        by_second += [price] * held_s
    now_s = len(by_second)
    window_s = data.draw(st.integers(1, now_s))
    mean = time_weighted(points, now_s, window_s)
    assert abs(mean * window_s - sum(by_second[-window_s:])) < Decimal("1e-40")
    assert min(by_second) <= mean <= max(by_second)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**4), st.integers(0, 10**4))
def test_two_steps_of_an_average_are_one_of_both_times(old, new, first, second):
    once = ema(old, new, elapsed=first + second, half_life=300)
    twice = ema(ema(old, new, elapsed=first, half_life=300), new, elapsed=second, half_life=300)
    assert abs(once - twice) < Decimal("1e-45")
    assert min(old, new) - Decimal("1e-45") <= once <= max(old, new) + Decimal("1e-45")


# exp(-1) = 0.36787944117144232..., NIST Digital Library of Mathematical Functions, 4.2.11.
def test_an_average_keeps_a_half_or_its_natural_share():
    assert ema(0, 8, elapsed=20, half_life=10) == 6
    kept = ema(1, 0, elapsed=5, time_constant=5)
    assert kept.quantize(Decimal("1e-15")) == Decimal("0.367879441171442")
    assert ema_step(100, 200, 1) == 200


# Binance, "Introduction to Binance Futures Funding Rates": the n-th premium counts n times.
def test_a_premium_counts_more_the_newer_it_is():
    assert premium_average([1, 4, 5], weighting="linear") == 4
    assert premium_average([1, 2, 6]) == 3


def test_what_makes_no_average_is_refused():
    for call in (
        lambda: time_weighted([(5, 1)], 10, 6),
        lambda: ema(1, 2, elapsed=1),
        lambda: ema(1, 2, elapsed=1, half_life=1, time_constant=1),
        lambda: ema(1, 2, elapsed=-1, half_life=1),
        lambda: ema(1, 2, elapsed=1, half_life=0),
        lambda: ema_step(1, 2, "1.5"),
        lambda: premium_average([]),
        lambda: premium_average([1], weighting="newest"),
    ):
        with pytest.raises(InvalidInputError, match=", was"):
            call()


@given(st.decimals("-1e9", "1e9", places=30), st.integers(0, 10**6))
def test_an_average_of_two_that_are_equal_is_the_same_in_every_digit(value, elapsed):
    assert ema(value, value, elapsed=elapsed, half_life=7) == value
    assert ema(value, value, elapsed=elapsed, time_constant=7) == value
