"""Maker's products: rounding by name, 256 bits, and a power that rounds at every product."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.core import exactly
from hullmark.errors import AmountOverflowError, InvalidInputError
from hullmark.rulebooks.maker import (
    RAY,
    WAD,
    rdiv_floor,
    rmul_floor,
    rpow_half_up,
    wmul_floor,
)
from hullmark.rulebooks.maker._fixed import word

WORD_MAX = 2**256 - 1


def test_products_and_quotients_are_rounded_down():
    assert wmul_floor(1, WAD - 1) == 0
    assert wmul_floor(3, WAD // 2) == 1
    assert rmul_floor(3, RAY // 2) == 1
    assert rdiv_floor(2, 3) == 666_666_666_666_666_666_666_666_666


def test_what_does_not_fit_in_256_bits_is_refused():
    assert rmul_floor(WORD_MAX, 1) == WORD_MAX // RAY
    with pytest.raises(AmountOverflowError, match="product must fit in 256 bits, was of 257 bits"):
        rmul_floor(WORD_MAX, 2)
    with pytest.raises(AmountOverflowError, match="square must fit in 256 bits"):
        rpow_half_up(2**128 - 1, 2, 2**254)
    with pytest.raises(AmountOverflowError, match="product must fit in 256 bits"):
        rpow_half_up(2**128, 2)
    with pytest.raises(AmountOverflowError, match="number must be <= 10, was of 4 bits"):
        word("number", 11, 10)


@pytest.mark.parametrize("value", [-1, 1.0, True])
def test_what_no_contract_holds_is_refused(value):
    with pytest.raises(InvalidInputError, match="number must be"):
        word("number", value)


def test_nothing_divides_by_zero():
    with pytest.raises(InvalidInputError, match="y must be > 0, was 0"):
        rdiv_floor(1, 0)


def test_a_power_of_nothing_and_to_nothing_is_settled_first():
    assert rpow_half_up(0, 0) == RAY
    assert rpow_half_up(5, 0, 7) == 7
    assert rpow_half_up(0, 3) == 0
    assert rpow_half_up(RAY, 10**6) == RAY


# By hand, in tenths: 9 * 9 = 81, half up 8; 8 * 8 = 64, half up 6; 0.9**4 = 0.6561 would be 7.
def test_a_power_is_rounded_half_up_at_every_product():
    assert rpow_half_up(9, 2, 10) == 8
    assert rpow_half_up(9, 4, 10) == 6
    assert rpow_half_up(5, 3, 10) == 2  # 25 -> 3; 5 * 3 = 15 -> 2


@given(st.integers(0, RAY), st.integers(1, 600))
def test_a_power_is_near_the_true_one(x, n):
    with exactly():
        true = (Decimal(x) / RAY) ** n
        assert abs(Decimal(rpow_half_up(x, n)) / RAY - true) <= Decimal(n) / RAY
