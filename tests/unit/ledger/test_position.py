"""Tests of one position: what a fill realises, against fractions and against common sense."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.core import INT64_MAX
from hullmark.errors import AmountOverflowError
from hullmark.ledger import FLAT, MICRO, Position, fill, funding_due

lots = st.integers(-(10**6), 10**6).filter(bool)
sizes = st.integers(1, 10**6)
quanta = st.integers(-(10**12), 10**12)
positions = st.builds(Position, lots, quanta, st.integers(-(10**9), 10**9))
fills = st.lists(st.tuples(lots, quanta), max_size=12)


def after_all(position, fills):
    """Return the position after fills, and what they realised together."""
    total = 0
    for size, cost in fills:
        position, realised = fill(position, size, cost)
        total += realised
    return position, total


# Ten lots bought at 100 quanta each, in numbers that a reader can check.
TEN = Position(10, -1_000, 7)


@pytest.mark.parametrize(
    ("size", "cost", "after", "realised"),
    [
        (5, 600, Position(15, -1_600, 7), 0),  # enlarged at 120
        (-4, -480, Position(6, -600, 7), 80),  # four sold at 120: 4 * 20
        (-10, -900, Position(0, 0, 7), -100),  # all sold at 90
        (-15, -1_800, Position(-5, 600, 7), 200),  # ten sold at 120, five sold short at 120
        (-3, -301, Position(7, -700, 7), 1),  # three sold for one quantum more than they cost
    ],
)
def test_a_fill_realises_what_is_closed_at_average_cost(size, cost, after, realised):
    assert fill(TEN, size, cost) == (after, realised)


def test_what_remains_is_rounded_against_the_profit():
    three = Position(3, -100, 0)  # 33 1/3 each: one kept costs 33, two closed at 33 1/3 cost 67
    assert fill(three, -2, -67) == (Position(1, -33, 0), 0)
    assert fill(Position(-3, 100, 0), 2, 67) == (Position(-1, 34, 0), -1)


@given(positions, lots, quanta)
def test_a_fill_moves_quote_to_cash_and_makes_nothing(before, size, cost):
    after, realised = fill(before, size, cost)
    assert after.lots == before.lots + size
    assert after.quote + realised == before.quote - cost
    assert after.paid_micro == before.paid_micro


@given(positions, lots, quanta)
def test_profit_is_the_exact_profit_rounded_down(before, size, cost):
    _, realised = fill(before, size, cost)
    closed = min(abs(size), abs(before.lots)) if before.lots * size < 0 else 0
    opened_at = Fraction(before.quote * closed, abs(before.lots))  # average cost of what is closed
    closed_at = Fraction(-cost * closed, abs(size))
    assert realised == math.floor(opened_at + closed_at)


@given(positions, st.integers(1, 10**6), quanta)
def test_enlarging_realises_nothing(before, size, cost):
    signed = size if before.lots > 0 else -size
    assert fill(before, signed, cost)[1] == 0
    assert fill(FLAT, signed, cost) == (Position(signed, -cost, 0), 0)


@given(fills)
def test_once_flat_the_profit_is_all_that_was_received_less_all_that_was_paid(fills):
    position, realised = after_all(FLAT, fills)
    position, last = fill(position, -position.lots, 0) if position.lots else (position, 0)
    assert position[:2] == (0, 0)
    assert realised + last == -sum(cost for _, cost in fills)


@given(lots, quanta)
def test_opening_and_closing_for_the_same_money_realises_zero(size, cost):
    position, opened = fill(FLAT, size, cost)
    assert opened == 0
    assert fill(position, -size, -cost) == (FLAT, 0)


@given(positions, st.lists(st.tuples(sizes, quanta), min_size=1, max_size=6))
def test_enlarging_in_parts_is_enlarging_at_once(before, parts):
    sign = 1 if before.lots > 0 else -1
    signed = [(sign * size, cost) for size, cost in parts]
    whole = tuple(map(sum, zip(*signed, strict=True)))
    assert after_all(before, signed) == fill(before, *whole)


@given(st.lists(st.tuples(sizes, quanta), min_size=1, max_size=6), sizes, quanta)
def test_reducing_in_parts_costs_less_than_a_quantum_for_each(parts, rest, quote):
    before = Position(sum(size for size, _ in parts) + rest, quote, 0)  # never flat
    closed, received = map(sum, zip(*parts, strict=True))
    whole, at_once = fill(before, -closed, received)
    after, in_parts = after_all(before, [(-size, cost) for size, cost in parts])
    assert after.lots == whole.lots
    assert 0 <= at_once - in_parts < len(parts)
    assert after.quote - whole.quote == at_once - in_parts


@given(positions, sizes, quanta)
def test_turning_over_is_closing_and_then_opening(before, beyond, cost):
    opened = -beyond if before.lots > 0 else beyond
    after, realised = fill(before, opened - before.lots, cost)
    closed, profit = fill(before, -before.lots, cost + after.quote)
    assert closed[:2] == (0, 0)
    assert profit == realised
    assert after.lots == opened
    assert fill(closed, opened, -after.quote) == (after, 0)


@given(positions, lots, quanta)
def test_the_other_side_bears_at_most_the_fraction_of_a_quantum(before, size, cost):
    mirror = Position(-before.lots, -before.quote, before.paid_micro)
    _, mine = fill(before, size, cost)
    _, theirs = fill(mirror, -size, -cost)
    assert mine + theirs in (0, -1)


@pytest.mark.parametrize(
    ("before", "size", "cost"),
    [
        (Position(INT64_MAX, 0, 0), 1, 0),
        (Position(-INT64_MAX, 0, 0), -1, 0),
        (Position(1, -INT64_MAX, 0), 1, 1),
        (Position(-1, INT64_MAX, 0), -1, -1),
        (FLAT, 1, 2**63),
    ],
)
def test_a_position_that_does_not_fit_is_an_error(before, size, cost):
    with pytest.raises(AmountOverflowError, match=r"a position must fit in 64 bits, was -?922337"):
        fill(before, size, cost)


def test_the_largest_position_fits_and_can_be_closed():
    position, _ = fill(FLAT, INT64_MAX, INT64_MAX)
    assert fill(position, -INT64_MAX, -INT64_MAX) == (FLAT, 0)


@given(positions, st.integers(-(10**15), 10**15))
def test_funding_is_the_exact_amount_rounded_up(position, index_micro):
    exact = Fraction(position.lots * (index_micro - position.paid_micro), MICRO)
    assert funding_due(position, index_micro) == math.ceil(exact)


@given(st.lists(lots, min_size=1, max_size=8), st.integers(-(10**12), 10**12))
def test_settling_a_whole_market_leaves_less_than_a_quantum_per_position(held, index_micro):
    held = [*held, -sum(held)]
    residue = sum(funding_due(Position(n, 0, 0), index_micro) for n in held)
    assert 0 <= residue < len(held)


def test_a_position_that_is_flat_or_has_settled_owes_nothing():
    assert funding_due(FLAT, 10**18) == 0
    assert funding_due(Position(10, -1_000, 42), 42) == 0
    assert funding_due(Position(10, 0, 0), 1) == 1  # a hundred-thousandth of a quantum is owed
    assert funding_due(Position(-10, 0, 0), 1) == 0  # and is not invented for the other side
