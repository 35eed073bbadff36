"""Tests of columns: room that grows, numbers that have no width, sums that have none either."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.core import INT64_MAX
from hullmark.ledger._column import Column, exact_sum, exact_sums

numbers = st.integers(-(2**63), INT64_MAX)


def test_a_column_keeps_its_numbers_when_it_grows_and_what_is_new_is_zero():
    column = Column()
    column.reserve(1)
    column.view[0] = 7
    for rows in (2, 100, 101):
        column.reserve(rows)
        assert len(column.array) >= rows
        assert column.array[:2].tolist() == [7, 0]
    assert type(column.view[0]) is int
    column.view[1] = 5
    assert column.array[1] == 5


def test_a_column_grows_by_doubling():
    column, rooms = Column(np.int32), set()
    for rows in range(1, 1_000):
        column.reserve(rows)
        rooms.add(len(column.array))
    assert len(rooms) <= 8
    assert column.array.dtype == np.int32


def test_a_wide_column_gets_wider_without_losing_a_number():
    column = Column(width=0)
    column.reserve(2)
    column.widen(2)
    column.view[1, 1] = 7
    column.widen(1)
    assert column.array[:2].tolist() == [[0, 0, 0], [0, 7, 0]]
    column.reserve(100)
    assert column.view[1, 1] == 7
    with pytest.raises(IndexError):
        column.view[0, 3]


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_that_does_not_fit_is_not_stored(number):
    column = Column()
    column.reserve(1)
    column.view[0] = 5
    with pytest.raises(ValueError, match="memoryview: invalid value"):
        column.view[0] = number
    assert column.view[0] == 5


@given(st.lists(numbers))
def test_a_sum_is_exact_whatever_its_width(values):
    assert exact_sum(np.array(values, np.int64)) == sum(values)


@given(st.lists(st.tuples(st.integers(0, 4), numbers)))
def test_sums_by_key_are_exact_whatever_their_width(pairs):
    keys, values = np.array(pairs, np.int64).reshape(-1, 2).T
    exact = [sum(value for key, value in pairs if key == k) for k in range(5)]
    assert exact_sums(keys, values, 5) == exact
