"""Whole numbers divided in proportion: what is given adds up, and nobody is a unit off."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import apportion

weights = st.lists(st.integers(0, 10**30), min_size=1, max_size=20).filter(any)


@given(st.integers(0, 10**30), weights)
def test_parts_add_up_and_each_is_within_one_of_its_share(total, sizes):
    parts = apportion(total, sizes)
    assert sum(parts) == total
    for part, size in zip(parts, sizes, strict=True):
        assert abs(part - Fraction(total * size, sum(sizes))) < 1
        assert size or not part


@given(weights, st.data())
def test_nobody_is_given_more_than_its_weight_where_there_is_enough(sizes, data):
    total = data.draw(st.integers(0, sum(sizes)))
    assert all(p <= s for p, s in zip(apportion(total, sizes), sizes, strict=True))


def test_equal_remainders_go_to_whoever_stands_first():
    assert apportion(2, [1, 1, 1, 1]) == [1, 1, 0, 0]
    assert apportion(5, [3, 3, 1]) == [2, 2, 1]  # 2.14, 2.14 and 0.71: the last is furthest behind


def test_nothing_is_divided_among_nobody():
    assert apportion(0, []) == []
    assert apportion(0, [0, 0]) == [0, 0]


@pytest.mark.parametrize(
    ("total", "sizes", "rule"),
    [
        (-1, [1], "total must be >= 0"),
        (1, [1, -1], "weights must be >= 0"),
        (1, [0, 0], "weights must have one > 0"),
        (1, [], "weights must have one > 0"),
    ],
)
def test_what_cannot_be_divided_is_refused(total, sizes, rule):
    with pytest.raises(InvalidInputError, match=rule):
        apportion(total, sizes)
