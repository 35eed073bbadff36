"""Ratios and gas compensation in the contract's integers."""

import pytest

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity import RATIO_MAX, UNIT, collateral_ratio, gas_collateral


# Liquity, packages/contracts/test/GasCompensationTest.js [0abd2e4], with the composite debts of
# then: 1 ether at 200 against 110 and 180 of debt.
@pytest.mark.parametrize(
    ("collateral", "debt", "ratio"),
    [(1, 110, 1_818_181_818_181_818_181), (1, 180, 1_111_111_111_111_111_111), (1, 100, 2 * UNIT)],
)
def test_a_ratio_is_value_over_debt_rounded_down(collateral, debt, ratio):
    assert collateral_ratio(collateral * UNIT, debt * UNIT, 200 * UNIT) == ratio


def test_without_debt_a_ratio_is_the_largest_number():
    assert collateral_ratio(UNIT, 0, UNIT) == RATIO_MAX == 2**256 - 1


# The same file: 0.5 % of 100, 10.001 and 37.5 ether.
@pytest.mark.parametrize(
    ("collateral", "gas"),
    [(100 * UNIT, UNIT // 2), (10_001 * UNIT // 1_000, 50_005 * 10**12), (199, 0), (200, 1)],
)
def test_half_a_percent_of_the_collateral_is_for_who_liquidates(collateral, gas):
    assert gas_collateral(collateral) == gas


def test_version_2_caps_it():
    assert gas_collateral(1_000 * UNIT, 2 * UNIT) == 2 * UNIT
    assert gas_collateral(100 * UNIT, 2 * UNIT) == UNIT // 2


def test_numbers_below_zero_are_refused():
    with pytest.raises(InvalidInputError, match="debt must be >= 0, was -1"):
        collateral_ratio(1, -1, 1)
    with pytest.raises(InvalidInputError, match="collateral must be >= 0, was -1"):
        gas_collateral(-1)


def test_a_float_is_not_whole():
    with pytest.raises(InvalidInputError, match=r"collateral must be a whole number, was 1.5"):
        gas_collateral(1.5)
