"""Liabilities taken over for assets: published figures and the roundings of each side."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import (
    asset_for_liability,
    liability_for_asset,
    liability_to_cover,
    spot_fund_fee,
    swap_allowed,
)

USD = 10**6
WEIGHTS = {"asset_weight": 8_000, "liability_weight": 12_000}
PLAIN = {"asset_multiplier": 10**6, "liability_multiplier": 10**6}
FEES = {"asset_multiplier": 1_100_000, "liability_multiplier": 900_000}
LIABILITY = {"liability_decimals": 9, "liability_price": 100 * USD}


# Drift, protocol-v2, programs/drift/src/math/liquidation/tests.rs, 2024: 10 USD short.
@pytest.mark.parametrize(
    ("multipliers", "fund_fee", "liability"),
    [
        (PLAIN, 0, 250_000_000),
        (FEES, 0, 449_984_250),
        (PLAIN, 10_000, 257_731_958),
        (FEES, 10_000, 475_669_504),
    ],
)
def test_a_shortage_is_covered_by_so_much_of_a_liability(multipliers, fund_fee, liability):
    terms = {**WEIGHTS, **multipliers, **LIABILITY, "fund_fee": fund_fee}
    assert liability_to_cover(10 * USD, **terms) == liability


def test_a_liability_of_few_decimals_is_rounded_down_to_its_unit():
    terms = {**WEIGHTS, **PLAIN, "liability_decimals": 2, "liability_price": 100 * USD}
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
    assert liability_to_cover(10 * USD, **weights, **FEES, **LIABILITY) is None


def test_fees_and_multipliers_that_leave_nothing_are_refused():
    terms = {**WEIGHTS, **PLAIN, **LIABILITY}
    with pytest.raises(InvalidInputError, match="fund_fee must leave some"):
        liability_to_cover(1, **terms, fund_fee=400_000)
    with pytest.raises(InvalidInputError, match="liability_multiplier must be > 0"):
        liability_to_cover(1, **(terms | {"liability_multiplier": 0}))
    with pytest.raises(InvalidInputError, match="asset must be > 0"):
        swap_allowed(0, 1, asset_decimals=6, asset_price=1, **PLAIN, **LIABILITY)


ASSET = {"asset_decimals": 6, "asset_price": USD}
ONE_PERCENT = {"asset_multiplier": 1_010_000, "liability_multiplier": 990_000}


# The same: 10 USD of an asset, and 1 of a liability at 100 USD.
def test_an_asset_pays_for_a_liability_and_back():
    assert liability_for_asset(10 * USD, **ASSET, **PLAIN, **LIABILITY) == 100_000_000
    assert liability_for_asset(10 * USD, **ASSET, **ONE_PERCENT, **LIABILITY) == 98_019_802
    terms = {**ASSET, **LIABILITY}
    assert asset_for_liability(10**9, asset=100 * USD, **terms, **PLAIN) == 100_000_000
    assert asset_for_liability(10**9, asset=200 * USD, **terms, **ONE_PERCENT) == 102_020_202


@given(st.integers(0, 10**12), st.integers(0, 9), st.integers(0, 9), st.integers(1, 10**9))
def test_a_liability_that_an_asset_pays_for_is_rounded_up(asset, decimals, owed, price):
    terms = {"asset_decimals": decimals, "asset_price": price, "liability_decimals": owed}
    found = liability_for_asset(asset, **terms, **ONE_PERCENT, liability_price=7 * USD)
    exact = (
        Fraction(asset * price * 990_000, 7 * USD * 1_010_000)
        * Fraction(10) ** owed
        / Fraction(10) ** decimals
    )
    assert exact <= found < exact + 2


def test_what_is_within_a_dollar_is_taken_whole():
    terms = {**ASSET, **PLAIN, **LIABILITY}
    assert asset_for_liability(10**9, asset=101 * USD - 1, **terms) == 101 * USD - 1
    assert asset_for_liability(10**9, asset=101 * USD, **terms) == 100 * USD
    assert asset_for_liability(10**9, asset=99 * USD + 1, **terms) == 99 * USD + 1
    assert asset_for_liability(0, asset=5 * USD, **terms) == 1


# The distance of an asset of 9 decimals is multiplied by 1,000 in the original, not divided.
def test_an_asset_of_nine_decimals_is_taken_whole_only_from_very_near():
    terms = {"asset_decimals": 9, "asset_price": 100 * USD, **PLAIN, **LIABILITY}
    assert asset_for_liability(10**9, asset=10**9 + 9, **terms) == 10**9 + 9
    assert asset_for_liability(10**9, asset=10**9 + 10, **terms) == 10**9
    few = {"asset_decimals": 2, "asset_price": USD, **PLAIN, **LIABILITY}
    assert asset_for_liability(10**9, asset=10_099, **few) == 10_099


# The same: 1 at 100 USD, weights of 1 and 1.1, a multiplier of 1.01.
@pytest.mark.parametrize(
    ("shortage", "change", "fee"),
    [
        (5, {}, 36_363),
        (100, {}, 0),
        (1, {}, 50_000),
        (1, {"asset_weight": 20_000}, 0),
        (5, {"liability_weight": 0}, 0),
        (5, {"liability": 0}, 0),
        (5, {"liability_multiplier": 0}, 0),
        (5, {"liability_price": 0}, 0),
    ],
)
def test_the_fund_takes_what_does_not_make_the_borrower_bankrupt(shortage, change, fee):
    terms = {
        "liability": 10**9,
        "asset_weight": 10_000,
        "asset_multiplier": 1_010_000,
        "liability_weight": 11_000,
        "liability_multiplier": 10**6,
        "fee_max": 50_000,
        **LIABILITY,
    } | change
    assert spot_fund_fee(shortage * USD, **terms) == fee


# The same, validate_swap_within_liquidation_boundaries, 2025: one asset at 200 USD with 1 percent.
@pytest.mark.parametrize(
    ("dollars", "allowed"), [(200, True), ("198.019801", True), ("198.0198", False), (198, False)]
)
def test_a_swap_must_pay_what_taking_over_would(dollars, allowed):
    terms = {
        "asset_multiplier": 1_010_000,
        "asset_decimals": 9,
        "asset_price": 200 * USD,
        "liability_multiplier": 10**6,
        "liability_decimals": 6,
        "liability_price": USD,
    }
    assert swap_allowed(10**9, int(Fraction(dollars) * USD), **terms) is allowed
