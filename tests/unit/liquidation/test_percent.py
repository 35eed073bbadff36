"""Percentages on whole units: published numbers and the bounds of each direction."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import Rounding, percent_div, percent_mul, quotient

UNITS = st.integers(0, 2**128)


# Aave, aave-v3-origin, the formulas of PercentageMath: 10,500 is 105 %.
def test_percentages_are_rounded_as_they_are_asked_to():
    assert [percent_mul(101, 10_500, how) for how in Rounding] == [106, 107, 106]
    assert [percent_div(101, 10_500, how) for how in Rounding] == [96, 97, 96]
    assert percent_mul(1, 5_000) == 1
    assert percent_mul(1, 4_999) == 0
    assert percent_div(0, 1) == 0


@given(UNITS, st.integers(1, 2**128))
def test_a_quotient_is_on_the_side_of_the_true_one_that_is_asked_for(numerator, denominator):
    true = Fraction(numerator, denominator)
    low = quotient(numerator, denominator, Rounding.FLOOR)
    high = quotient(numerator, denominator, Rounding.CEIL)
    near = quotient(numerator, denominator, Rounding.HALF_UP)
    assert low <= true < low + 1
    assert high - 1 < true <= high
    # An odd denominator is halved downwards, as in Solidity: half a unit of it is missing.
    assert Fraction(-1, 2) < true - near + Fraction(1, 2 * denominator)
    assert true - near <= Fraction(1, 2)


def test_what_cannot_be_divided_is_refused():
    with pytest.raises(InvalidInputError, match="denominator must be > 0, was 0"):
        percent_div(1, 0)
    with pytest.raises(InvalidInputError, match="numerator must be >= 0, was -1"):
        quotient(-1, 1, Rounding.FLOOR)
