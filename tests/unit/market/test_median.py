"""Medians: that a minority moves them nowhere, and the rules of a quorum one by one."""

from decimal import ROUND_CEILING, Decimal
from statistics import median, median_high, median_low

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import (
    SignedPrice,
    quorum_median,
    weighted_median,
    within_band,
    without_outliers,
)
from hullmark.market._weigh import weighted_median_nano

prices = st.lists(st.integers(1, 10**12), min_size=1, max_size=9)
weighed = st.lists(st.tuples(st.integers(1, 200), st.integers(1, 5)), min_size=1, max_size=9)


@given(prices)
def test_without_weights_it_is_the_median_of_the_standard_library(said):
    assert weighted_median(said, even="lower") == median_low(said)
    assert weighted_median(said, even="upper") == median_high(said)
    exact = [Decimal(price) for price in said]
    assert weighted_median(said) == median(exact)


@given(weighed)
def test_a_weight_counts_like_as_many_prices(said):
    repeated = [price for price, weight in said for _ in range(weight)]
    found = weighted_median([price for price, _ in said], [weight for _, weight in said])
    assert found == weighted_median(repeated)


@given(weighed)
def test_in_nanos_it_is_the_mean_rounded_down(said):
    heavy = [price for price, _ in said], [weight for _, weight in said]
    assert weighted_median(*heavy, quantum=1) == weighted_median_nano(*heavy)


@given(weighed, weighed)
def test_less_than_half_of_the_weight_moves_it_nowhere_beyond_the_good(good, bad):
    while sum(weight for _, weight in bad) >= sum(weight for _, weight in good):
        bad = bad[1:]
    said = good + [(price * 10**6, weight) for price, weight in bad]
    found = weighted_median([price for price, _ in said], [weight for _, weight in said])
    assert min(good)[0] <= found <= max(good)[0]


def test_the_mean_of_an_even_split_is_rounded_as_asked():
    assert weighted_median([1, 2], quantum=1) == 1
    assert weighted_median([1, 2], quantum=1, rounding=ROUND_CEILING) == 2
    assert weighted_median(["0.1", "0.2"]) == Decimal("0.15")


@pytest.mark.parametrize(
    ("said", "weights", "even", "rule"),
    [
        ([], None, "mean", "prices must not be empty"),
        ([1], [1, 2], "mean", "weights must be 1"),
        ([1], [0], "mean", "weight must be > 0"),
        ([1], None, "middle", "even must be mean, lower or upper"),
    ],
)
def test_what_has_no_median_is_refused(said, weights, even, rule):
    with pytest.raises(InvalidInputError, match=rule):
        weighted_median(said, weights, even=even)


def signed(*rows):
    return [SignedPrice(*row) for row in rows]


# The order is that of MakerDAO's median.sol: known, newer, in order, distinct.
@pytest.mark.parametrize(
    ("rows", "quorum", "rule"),
    [
        ([("a", 1, 9), ("b", 2, 9)], 2, "quorum must be odd"),
        ([("a", 1, 9), ("b", 2, 9)], 3, "observations must be 3, was 2"),
        ([("x", 1, 5), ("b", 2, 9), ("c", 3, 9)], 3, "source must be one of the known, was 'x'"),
        ([("a", 1, 5), ("b", 2, 9), ("c", 3, 9)], 3, "at_s must be > 5"),
        ([("a", 2, 9), ("a", 1, 9), ("c", 3, 9)], 3, "prices must be in order"),
        ([("a", 1, 9), ("a", 2, 9), ("c", 3, 9)], 3, "sources must be distinct, was 'a' twice"),
        ([("a", -1, 9), ("b", 2, 9), ("c", 3, 9)], 3, "price must be >= 0"),
    ],
)
def test_a_quorum_is_refused_by_its_first_broken_rule(rows, quorum, rule):
    with pytest.raises(InvalidInputError, match=rule):
        quorum_median(signed(*rows), quorum=quorum, sources="abc", newer_than_s=5)


def test_a_quorum_gives_its_middle_price():
    rows = [(name, price, 9) for name, price in zip("abcde", (1, 2, 2, 8, 9), strict=True)]
    assert quorum_median(signed(*rows), quorum=5, newer_than_s=8) == 2


def test_the_ends_of_a_band_belong_to_it():
    assert within_band(["94.99", 95, 105, "105.01"], 100, "0.05") == (False, True, True, False)


@given(
    st.lists(st.integers(1_000, 1_040), min_size=2, max_size=9),
    st.lists(st.integers(1, 10**6), max_size=8),
)
def test_outliers_cannot_walk_the_median_out_of_what_the_good_say(good, bad):
    said = good + bad[: len(good) - 1]
    kept = without_outliers(said, deviation_max="0.05")
    assert set(range(len(good))) <= set(kept)
    assert min(good) <= weighted_median([said[place] for place in kept]) <= max(good)


# A second pass would drop 104 too: around 100.5, and no longer around 102.
def test_the_band_is_drawn_once():
    said = [99, 100, 101, 102, 104, 110, 111]
    assert [said[n] for n in without_outliers(said, deviation_max="0.03")] == [
        99,
        100,
        101,
        102,
        104,
    ]
    assert without_outliers([1, 99], deviation_max="0.5") == ()
