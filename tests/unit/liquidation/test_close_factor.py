"""How much may be repaid at once: each side of each line, and the line between two levels."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import CloseFactor, linear_between, linear_close_factor

WAD, DOLLAR = 10**18, 10**8
RULE = CloseFactor(full_below_value=2_000 * DOLLAR)


def most(rule=RULE, *, health=98 * WAD // 100, debt=9_000, total=10_000, collateral=9_500):
    return rule.most(
        health=health,
        debt=debt * 10**6,
        debt_value=debt * DOLLAR,
        collateral_value=collateral * DOLLAR,
        total_debt_value=total * DOLLAR,
        debt_price=DOLLAR,
        debt_unit=10**6,
    )


def test_near_health_half_of_all_debts_may_be_repaid():
    assert most() == 5_000 * 10**6
    assert most(debt=5_001) == 5_000 * 10**6


# Aave, docs/3.3/Aave-v3.3-features.md [0c6fac8], 2.1: three debts of 3,000 against 9,000.
def test_a_debt_under_half_of_all_may_be_repaid_in_full():
    assert most(debt=3_000, total=9_000, collateral=9_000) == 3_000 * 10**6
    per_debt = CloseFactor(of_total=False)
    assert most(per_debt, debt=3_000, total=9_000, collateral=9_000) == 1_500 * 10**6


@pytest.mark.parametrize(
    ("health", "share"), [(95 * WAD // 100, 1), (95 * WAD // 100 + 1, 2), (0, 1)]
)
def test_at_and_below_the_line_all_may_be_repaid(health, share):
    assert most(health=health, debt=10_000) == 10_000 * 10**6 // share


@pytest.mark.parametrize(
    ("debt", "collateral", "full"),
    [(1_999, 9_500, True), (2_000, 9_500, False), (2_500, 1_999, True), (2_500, 2_000, False)],
)
def test_a_small_side_may_be_cleared(debt, collateral, full):
    assert (most(debt=debt, total=debt, collateral=collateral) == debt * 10**6) is full


def test_half_of_the_value_is_rounded_up_and_its_units_down():
    assert RULE.most(
        health=WAD, debt=10**12, debt_value=3 * 10**11 + 1, collateral_value=10**12,
        total_debt_value=3 * 10**11 + 1, debt_price=7, debt_unit=1,
    ) == (15 * 10**10 + 1) // 7  # fmt: skip


def test_a_price_or_unit_that_is_none_is_refused():
    terms = {"health": 0, "debt": 1, "debt_value": 1, "collateral_value": 1, "total_debt_value": 1}
    with pytest.raises(InvalidInputError, match="debt_price must be > 0, was 0"):
        RULE.most(**terms, debt_price=0, debt_unit=1)
    with pytest.raises(InvalidInputError, match="debt_unit must be > 0, was 0"):
        RULE.most(**terms, debt_price=1, debt_unit=0)


LINE = {"start": "0.8", "end": 1, "first": "0.1", "last": "0.5"}


@pytest.mark.parametrize(
    ("level", "share"),
    [("0.79", 0), ("0.8", 0), ("0.81", "0.12"), ("0.9", "0.3"), (1, "0.5"), (2, "0.5")],
)
def test_a_linear_close_factor_begins_with_its_first_share_beyond_its_start(level, share):
    assert linear_close_factor(level, **LINE) == Decimal(share)


def test_a_linear_close_factor_is_at_most_one():
    assert linear_close_factor("0.95", start="0.8", end=1, first=0, last=2) == 1


def test_a_line_can_fall():
    assert linear_between(3, start=2, end=4, first=1, last=0) == Decimal("0.5")


@given(st.integers(0, 2_000), st.integers(0, 2_000))
def test_a_linear_close_factor_does_not_fall_with_the_level(low, more):
    levels = (Decimal(low) / 1_000, Decimal(low + more) / 1_000)
    shares = [linear_close_factor(level, **LINE) for level in levels]
    assert 0 <= shares[0] <= shares[1] <= Decimal("0.5")


def test_a_line_without_length_and_a_share_below_zero_are_refused():
    with pytest.raises(InvalidInputError, match="start must be < end, 1, was 1"):
        linear_between(1, start=1, end=1, first=0, last=1)
    with pytest.raises(InvalidInputError, match="first must be >= 0, was -1"):
        linear_close_factor(1, start=0, end=1, first=-1, last=1)
