"""Liabilities taken over for assets: published figures and the roundings of each side."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import (
    SwapToken,
    asset_for_liability,
    liability_for_asset,
    liability_to_cover,
    spot_fund_fee,
    swap_allowed,
)

ONE = USD = 10**6
WEIGHTS = {"asset_weight": 8_000, "liability_weight": 12_000}
OWED = SwapToken(ONE, 9, 100 * USD)
PLAIN = {"asset_multiplier": ONE, "liability": OWED}
FEES = {"asset_multiplier": 1_100_000, "liability": OWED._replace(multiplier=900_000)}


# Drift, protocol-v2, programs/drift/src/math/liquidation/tests.rs, 2024: 10 USD short.
@pytest.mark.parametrize(
    ("terms", "fund_fee", "liability"),
    [
        (PLAIN, 0, 250_000_000),
        (FEES, 0, 449_984_250),
        (PLAIN, 10_000, 257_731_958),
        (FEES, 10_000, 475_669_504),
    ],
)
def test_a_shortage_is_covered_by_so_much_of_a_liability(terms, fund_fee, liability):
    assert liability_to_cover(10 * USD, **WEIGHTS, **terms, fund_fee=fund_fee) == liability


def test_a_liability_of_few_decimals_is_rounded_down_to_its_unit():
    terms = {**WEIGHTS, **PLAIN, "liability": OWED._replace(decimals=2)}
    assert liability_to_cover(10 * USD, **terms) == 25
    assert liability_to_cover(1, **terms) == 0
    assert liability_to_cover(1, **terms, least=1) == 1


@pytest.mark.parametrize(
    "weights",
    [
        {"asset_weight": 12_000, "liability_weight": 12_000},
        {"asset_weight": 13_000, "liability_weight": 12_000},
        {"asset_weight": 11_000, "liability_weight": 12_000},
    ],
)
def test_a_swap_that_frees_no_margin_covers_nothing(weights):
    assert liability_to_cover(10 * USD, **weights, **FEES) is None


def test_fees_and_multipliers_that_leave_nothing_are_refused():
    terms = {**WEIGHTS, **PLAIN}
    with pytest.raises(InvalidInputError, match="fund_fee must leave some"):
        liability_to_cover(1, **terms, fund_fee=400_000)
    with pytest.raises(InvalidInputError, match=r"liability\.multiplier must be > 0"):
        liability_to_cover(1, **(terms | {"liability": OWED._replace(multiplier=0)}))
    with pytest.raises(InvalidInputError, match="asset_amount must be > 0"):
        swap_allowed(0, 1, asset=SwapToken(ONE, 6, 1), liability=OWED)


ASSET = SwapToken(ONE, 6, USD)
EQUAL = {"asset": ASSET, "liability": OWED}
ONE_PERCENT = {
    "asset": ASSET._replace(multiplier=1_010_000),
    "liability": OWED._replace(multiplier=990_000),
}


# The same: 10 USD of an asset, and 1 of a liability at 100 USD.
def test_an_asset_pays_for_a_liability_and_back():
    assert liability_for_asset(10 * USD, **EQUAL) == 100_000_000
    assert liability_for_asset(10 * USD, **ONE_PERCENT) == 98_019_802
    assert asset_for_liability(10**9, asset_amount=100 * USD, **EQUAL) == 100_000_000
    assert asset_for_liability(10**9, asset_amount=200 * USD, **ONE_PERCENT) == 102_020_202


@given(st.integers(0, 10**12), st.integers(0, 9), st.integers(0, 9), st.integers(1, 10**9))
def test_a_liability_that_an_asset_pays_for_is_rounded_up(amount, decimals, owed, price):
    found = liability_for_asset(
        amount,
        asset=SwapToken(1_010_000, decimals, price),
        liability=SwapToken(990_000, owed, 7 * USD),
    )
    exact = (
        Fraction(amount * price * 990_000, 7 * USD * 1_010_000)
        * Fraction(10) ** owed
        / Fraction(10) ** decimals
    )
    assert exact <= found < exact + 2


def test_what_is_within_a_dollar_is_taken_whole():
    held = 101 * USD - 1
    assert asset_for_liability(10**9, asset_amount=held, **EQUAL) == held
    assert asset_for_liability(10**9, asset_amount=101 * USD, **EQUAL) == 100 * USD
    assert asset_for_liability(10**9, asset_amount=99 * USD + 1, **EQUAL) == 99 * USD + 1
    assert asset_for_liability(0, asset_amount=5 * USD, **EQUAL) == 1


# The distance of an asset of 9 decimals is multiplied by 1,000 in the original, not divided.
def test_an_asset_of_nine_decimals_is_taken_whole_only_from_very_near():
    terms = {"asset": SwapToken(ONE, 9, 100 * USD), "liability": OWED}
    assert asset_for_liability(10**9, asset_amount=10**9 + 9, **terms) == 10**9 + 9
    assert asset_for_liability(10**9, asset_amount=10**9 + 10, **terms) == 10**9
    few = {"asset": SwapToken(ONE, 2, USD), "liability": OWED}
    assert asset_for_liability(10**9, asset_amount=10_099, **few) == 10_099


# The same: 1 at 100 USD, weights of 1 and 1.1, a multiplier of 1.01.
@pytest.mark.parametrize(
    ("shortage", "change", "fee"),
    [
        (5, {}, 36_363),
        (100, {}, 0),
        (1, {}, 50_000),
        (1, {"asset_weight": 20_000}, 0),
        (5, {"liability_weight": 0}, 0),
        (5, {"liability_amount": 0}, 0),
        (5, {"liability": OWED._replace(multiplier=0)}, 0),
        (5, {"liability": OWED._replace(price=0)}, 0),
    ],
)
def test_the_fund_takes_what_does_not_make_the_borrower_bankrupt(shortage, change, fee):
    terms = {
        "liability_amount": 10**9,
        "asset_weight": 10_000,
        "asset_multiplier": 1_010_000,
        "liability_weight": 11_000,
        "liability": OWED,
        "fee_max": 50_000,
    } | change
    assert spot_fund_fee(shortage * USD, **terms) == fee


# The same, validate_swap_within_liquidation_boundaries, 2025: one asset at 200 USD with 1 percent.
@pytest.mark.parametrize(
    ("dollars", "allowed"), [(200, True), ("198.019801", True), ("198.0198", False), (198, False)]
)
def test_a_swap_must_pay_what_taking_over_would(dollars, allowed):
    asset = SwapToken(1_010_000, 9, 200 * USD)
    got = int(Fraction(dollars) * USD)
    assert swap_allowed(10**9, got, asset=asset, liability=SwapToken(ONE, 6, USD)) is allowed
