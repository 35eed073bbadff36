"""Rows of positions, and their sums in position order."""

import math

import numpy as np
import pytest

from hullmark.book import position_rows, sizes
from hullmark.domain import HeldContract, Holding

ALPHA, BETA, GAMMA = (HeldContract("perpetual", symbol) for symbol in "ABC")
NUMBER = {GAMMA: 0, ALPHA: 1, BETA: 2}


def test_rows_are_sorted_by_the_number_of_the_contract():
    rows = position_rows([{ALPHA: 1.0, GAMMA: -2.0}, {}, {BETA: 3.0, ALPHA: 4.0}], NUMBER)
    assert rows.start.tolist() == [0, 2, 2, 4]
    assert rows.contract.tolist() == [0, 1, 1, 2]
    assert rows.size.tolist() == [-2, 1, 4, 3]
    assert rows.row.tolist() == [0, 0, 2, 2]


def test_sums_are_per_row_and_nothing_sums_to_zero():
    rows = position_rows([{ALPHA: 1.0, GAMMA: -2.0}, {}, {BETA: 3.0}], NUMBER)
    assert rows.sums(rows.size * rows.size).tolist() == [5, 0, 9]


@pytest.mark.parametrize("held", [[], [{}]])
def test_there_may_be_no_positions_at_all(held):
    rows = position_rows(held, NUMBER)
    assert rows.sums(rows.size).tolist() == [0.0] * len(held)
    assert rows.size.dtype == np.float64


def test_a_row_has_the_same_sum_wherever_it_stands():
    row = {ALPHA: 0.1, BETA: 0.2, GAMMA: 0.3}
    alone, among = position_rows([row], NUMBER), position_rows([{BETA: 7.0}, row, row], NUMBER)
    (expected,) = alone.sums(alone.size).tolist()
    assert among.sums(among.size)[1:].tolist() == [expected, expected]
    assert math.isclose(expected, 0.6)


def test_sizes_are_floats_by_contract():
    holdings = [
        Holding(path="p", contract=ALPHA, size=-3),
        Holding(path="p", contract=BETA, size=1),
    ]
    assert sizes(holdings) == {ALPHA: -3.0, BETA: 1.0}
