"""Bonus liquidation: what is seized in each case, to the unit, and what rounding may never do."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    Rounding,
    Roundings,
    UnitPrice,
    health_factor,
    incentive_factor,
    incentive_factor_wad,
    leaves_dust,
    seize,
)

WAD = 10**18
USDC, ETH = UnitPrice(10**8, 10**6), UnitPrice(2_000 * 10**8, WAD)
ONE = UnitPrice(1, 1)
HALF_UP = Roundings(*[Rounding.HALF_UP] * 4)


def test_collateral_of_the_same_value_and_the_bonus_is_seized():
    taken = seize(
        1_000 * 10**6, debt_price=USDC, collateral_price=ETH, collateral=WAD, bonus_bps=10_500
    )
    assert taken.base_collateral == WAD // 2
    assert (taken.seized, taken.repaid) == (525 * WAD // 1_000, 1_000 * 10**6)
    assert (taken.fee, taken.to_liquidator, taken.bonus_collateral) == (0, taken.seized, 0)
    assert taken.seized_value == 1_050 * 10**8


def test_where_there_is_less_all_is_seized_and_pays_for_less_debt():
    taken = seize(
        2_000 * 10**6, debt_price=USDC, collateral_price=ETH, collateral=WAD, bonus_bps=10_500
    )
    assert taken.seized == WAD
    assert taken.repaid == 1_904_761_905  # 2,000 / 1.05 = 1,904.76190476..., up
    halves = seize(
        2_000 * 10**6, debt_price=USDC, collateral_price=ETH, collateral=WAD, bonus_bps=10_500,
        roundings=HALF_UP._replace(repaid=Rounding.FLOOR),
    )  # fmt: skip
    assert halves.repaid == 1_904_761_904


def test_exactly_all_is_not_too_much():
    taken = seize(100, debt_price=ONE, collateral_price=ONE, collateral=105, bonus_bps=10_500)
    assert (taken.seized, taken.repaid) == (105, 100)


def test_the_fee_is_a_share_of_the_bonus_only():
    taken = seize(
        1_000, debt_price=ONE, collateral_price=ONE, collateral=2_000, bonus_bps=11_000,
        fee_bps=1_000,
    )  # fmt: skip
    assert (taken.seized, taken.bonus_collateral, taken.fee) == (1_100, 100, 10)
    assert taken.to_liquidator == 1_090


# By the formulas of PercentageMath, at the least amount: 9 of debt at 105 % are 9.45 of collateral.
# A public test of 3.7's rounding has the same figures: base 8, bonus 1, fee 1 of 10 % and 8 left.
def test_the_directions_of_version_3_7_take_from_the_liquidator():
    terms = {"debt_price": ONE, "collateral_price": ONE, "collateral": 10, "bonus_bps": 10_500}
    taken = seize(9, **terms, fee_bps=1_000)
    assert (taken.seized, taken.bonus_collateral, taken.fee, taken.to_liquidator) == (9, 1, 1, 8)
    before = seize(9, **terms, fee_bps=1_000, roundings=HALF_UP)
    assert (before.seized, before.bonus_collateral, before.fee) == (9, 0, 0)


@given(
    st.integers(1, 10**30), st.integers(1, 10**14), st.integers(1, 10**14), st.integers(0, 10**30),
    st.integers(10_000, 15_000), st.integers(0, 10_000),
)  # fmt: skip
def test_rounding_never_favours_the_liquidator(debt, debt_value, value, collateral, bonus, fee):
    debt_price, price = UnitPrice(debt_value, 10**6), UnitPrice(value, WAD)
    taken = seize(
        debt, debt_price=debt_price, collateral_price=price, collateral=collateral,
        bonus_bps=bonus, fee_bps=fee,
    )  # fmt: skip
    paid = Fraction(taken.repaid * debt_value, 10**6)
    got = Fraction(taken.seized * value, WAD)
    assert taken.seized <= collateral
    assert taken.fee + taken.to_liquidator == taken.seized
    if taken.seized < collateral:
        assert got <= paid * bonus / 10_000
        assert taken.repaid == debt
    assert taken.fee >= 0
    assert taken.to_liquidator >= 0


def test_what_cannot_be_seized_is_refused():
    terms = {"debt_price": ONE, "collateral_price": ONE, "collateral": 1, "bonus_bps": 10_000}
    with pytest.raises(InvalidInputError, match="debt must be >= 0, was -1"):
        seize(-1, **terms)
    with pytest.raises(InvalidInputError, match="bonus_bps must be >= 10000, was 9999"):
        seize(1, **{**terms, "bonus_bps": 9_999})
    with pytest.raises(InvalidInputError, match=r"debt_price\.value must be > 0, was 0"):
        seize(1, **{**terms, "debt_price": UnitPrice(0, 1)})
    with pytest.raises(InvalidInputError, match=r"collateral_price\.unit must be > 0, was 0"):
        seize(1, **{**terms, "collateral_price": UnitPrice(1, 0)})


@pytest.mark.parametrize(
    ("debt_left", "collateral_left", "dusty"),
    [
        (0, 999, False),
        (999, 0, False),
        (999, 1_000, True),
        (1_000, 999, True),
        (1_000, 1_000, False),
    ],
)
def test_something_of_both_sides_must_be_worth_enough(debt_left, collateral_left, dusty):
    found = leaves_dust(
        debt_left=debt_left, collateral_left=collateral_left, debt_price=ONE,
        collateral_price=ONE, value_min=1_000,
    )  # fmt: skip
    assert found is dusty


def test_a_debt_is_valued_up_or_down_by_version():
    terms = {"debt_left": 1_999, "collateral_left": 10**6, "collateral_price": ONE}
    price = UnitPrice(1, 2)
    assert not leaves_dust(**terms, debt_price=price, value_min=1_000)
    assert leaves_dust(**terms, debt_price=price, value_min=1_000, debt_rounding=Rounding.FLOOR)


def test_a_health_factor_is_a_quotient_in_wads():
    assert health_factor(10_000 * 100, 100) == WAD
    assert health_factor(10_000 * 100, 3 * 100) == WAD // 3
    assert health_factor(1, 0) is None
    # 0.85 * 1,001 = 850.85, of which the older kind keeps whole base units.
    assert health_factor(8_500 * 1_001, 1_000) == 850_850_000_000_000_000
    assert health_factor(8_500 * 1_001, 1_000, total_collateral=1_001) == 851 * 10**15
    assert health_factor(0, 1_000, total_collateral=0) == 0
    with pytest.raises(InvalidInputError, match="debt_value must be >= 0, was -1"):
        health_factor(1, -1)


# Morpho, docs.morpho.org, "Liquidation", and morpho-blue's constants: 3, 15 and up to 15 %.
@pytest.mark.parametrize(
    ("threshold", "bonus"),
    [("0.965", "0.0106"), ("0.945", "0.0168"), ("0.915", "0.0262"), ("0.86", "0.0438"),
     ("0.77", "0.0741"), ("0.625", "0.1268"), ("0.385", "0.15"), ("1", "0"), ("0", "0.15")],
)  # fmt: skip
def test_an_incentive_grows_with_what_lies_between_threshold_and_value(threshold, bonus):
    assert round(incentive_factor(threshold) - 1, 4) == Decimal(bonus)
    wads = incentive_factor_wad(int(Decimal(threshold) * WAD))
    assert abs(Decimal(wads) / WAD - incentive_factor(threshold)) < Decimal("3e-18")


def test_an_incentive_without_end_is_refused():
    with pytest.raises(InvalidInputError, match="cursor must be < 1 where threshold is 0, was 1"):
        incentive_factor(0, cursor=1)
    with pytest.raises(InvalidInputError, match="cursor must be in"):
        incentive_factor_wad(0, cursor=WAD)
    with pytest.raises(InvalidInputError, match="threshold must be in"):
        incentive_factor_wad(WAD + 1)


@pytest.mark.parametrize(("most", "was"), [(1.15, "was 1.15"), ("-1", "was -1")])
def test_the_largest_incentive_is_an_exact_number(most, was):
    with pytest.raises(InvalidInputError, match=f"factor_max must be .*{was}"):
        incentive_factor("0.5", factor_max=most)


def test_dust_is_not_asked_of_what_has_no_price():
    left = {"debt_left": 1, "collateral_left": 1, "value_min": 1, "collateral_price": ONE}
    with pytest.raises(InvalidInputError, match=r"debt_price\.unit must be > 0, was 0"):
        leaves_dust(debt_price=UnitPrice(1, 0), **left)
