"""Discounts by health and by time: public tests' figures, bands on both sides, and monotony."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    GrowingDiscount,
    banded,
    coin_price,
    discounted_price,
    health_discount,
    health_liquidation,
)

WAD, RAY = 10**18, 10**27
TERMS = {
    "adjusted_collateral_value": 45 * WAD // 10,
    "liability": 5 * WAD,
    "liability_value": 5 * WAD,
    "collateral": 10 * WAD,
    "collateral_value": 5 * WAD,
    "discount_max_bps": 2_000,
}


@pytest.mark.parametrize(
    ("score", "discount"), [(2, 0), (1, 0), ("0.97", "0.03"), ("0.85", "0.15"), (0, "0.15")]
)
def test_a_discount_is_what_a_position_lacks_up_to_its_cap(score, discount):
    assert health_discount(score, discount_max="0.15") == Decimal(discount)


# Euler, euler-vault-kit, test/unit/evault/modules/Liquidation/basic.t.sol [0da3fb8],
# test_basicLiquidation_all_collateral: 10 units fall to a price of 0.5, at 90 % against 5 of debt.
def test_where_collateral_ends_first_all_of_it_is_taken_for_what_it_pays():
    found = health_liquidation(**TERMS)
    assert found == (45 * WAD // 10, 10 * WAD, 9 * WAD // 10, 45 * WAD // 10, 5 * WAD)


# The same file, test_basicLiquidation_worthless_collateral.
def test_worthless_collateral_is_taken_for_nothing():
    found = health_liquidation(**{**TERMS, "adjusted_collateral_value": 0, "collateral_value": 0})
    assert (found.repay, found.collateral) == (0, 10 * WAD)
    assert found.discount_factor == 8 * WAD // 10
    assert found.partial(0) == (0, 10 * WAD)


def test_a_healthy_position_is_not_liquidated_and_one_at_the_line_is():
    above = health_liquidation(**{**TERMS, "adjusted_collateral_value": 5 * WAD + 1})
    assert above == (0, 0, None, 0, 0)
    at = health_liquidation(**{**TERMS, "adjusted_collateral_value": 5 * WAD})
    assert (at.discount_factor, at.repay, at.collateral) == (WAD, 5 * WAD, 10 * WAD)
    assert health_liquidation(**{**TERMS, "liability_value": 0}).discount_factor is None


def test_the_discount_is_capped_and_less_than_all_can_be_repaid():
    found = health_liquidation(
        **{**TERMS, "adjusted_collateral_value": WAD, "collateral": 20 * WAD,
           "collateral_value": 10 * WAD}
    )  # fmt: skip
    assert found.discount_factor == 8 * WAD // 10
    assert (found.repay, found.collateral) == (5 * WAD, 125 * WAD // 10)
    assert found.partial(WAD) == (WAD, 25 * WAD // 10)
    with pytest.raises(InvalidInputError, match="repay must be in"):
        found.partial(5 * WAD + 1)


def test_what_is_not_a_position_is_refused():
    with pytest.raises(InvalidInputError, match="liability must be >= 0, was -1"):
        health_liquidation(**{**TERMS, "liability": -1})
    with pytest.raises(InvalidInputError, match=r"discount_max_bps must be in \[0, 10000\)"):
        health_liquidation(**{**TERMS, "discount_max_bps": 10_000})


# Reflexer, geb, DeployIncreasingDiscountCollateralHouse: 0.92 to 0.88 in 45 minutes.
DISCOUNT = GrowingDiscount(92 * WAD // 100, 88 * WAD // 100, 999983536519757434476050304, 2_700)


@given(st.integers(0, 3_000))
def test_a_growing_discount_follows_its_rate_and_ends_at_the_last(elapsed_s):
    factor = DISCOUNT.factor(elapsed_s)
    with localcontext() as context:
        context.prec = 60
        true = DISCOUNT.first * (Decimal(DISCOUNT.rate) / RAY) ** elapsed_s
    expected = max(true, Decimal(DISCOUNT.last)) if elapsed_s < 2_700 else Decimal(DISCOUNT.last)
    # Some 24 products, each rounded by half of 1e-27 and then raised: under 2e-24 of 1e18.
    assert abs(factor - expected) <= 2
    assert DISCOUNT.last <= DISCOUNT.factor(elapsed_s + 1) <= factor <= DISCOUNT.first


def test_a_factor_that_purchases_have_stored_goes_on_from_there():
    at_once = DISCOUNT.factor(1_000)
    in_two = DISCOUNT.updated(DISCOUNT.factor(400), 600, 1_000)
    assert 0 <= at_once - in_two <= 2
    assert DISCOUNT.updated(DISCOUNT.last, 5, 100) == DISCOUNT.last
    assert DISCOUNT.updated(DISCOUNT.first, 0, 2_700) == DISCOUNT.last
    assert DISCOUNT.updated(0, 5, 100) == DISCOUNT.last


def test_a_discount_that_shrinks_is_refused():
    with pytest.raises(InvalidInputError, match="0 < last <= first"):
        GrowingDiscount(WAD // 2, WAD, RAY, 1)
    with pytest.raises(InvalidInputError, match="rate must be in"):
        GrowingDiscount(WAD, WAD, RAY + 1, 1)
    with pytest.raises(InvalidInputError, match="length_s must be >= 0, was -1"):
        GrowingDiscount(WAD, WAD, RAY, -1)
    with pytest.raises(InvalidInputError, match="elapsed_s must be >= 0, was -1"):
        DISCOUNT.factor(-1)


BANDS = {"lower": 8 * WAD // 10, "upper": 9 * WAD // 10}


@pytest.mark.parametrize(
    ("market", "price"), [(0, 100), (79, 80), (80, 80), (99, 99), (110, 110), (111, 110)]
)
def test_a_market_counts_within_its_bands_only(market, price):
    assert banded(100, market, **BANDS) == price


@pytest.mark.parametrize(
    ("market", "price"), [(0, 100), (94, 95), (96, 96), (100, 100), (109, 109), (111, 110)]
)
def test_a_coin_is_taken_at_its_market_within_bands_that_are_wide_enough(market, price):
    terms = {"lower": 95 * WAD // 100, "upper": 90 * WAD // 100, "least": 97 * WAD // 100}
    assert coin_price(100, market, **terms) == price


@pytest.mark.parametrize("market", [94, 100, 111])
def test_bands_that_are_too_narrow_leave_the_redemption_price(market):
    terms = {"lower": 99 * WAD // 100, "upper": 99 * WAD // 100, "least": 97 * WAD // 100}
    assert coin_price(100, market, **terms) == 100


def test_a_price_that_is_none_and_a_band_that_is_none_are_refused():
    with pytest.raises(InvalidInputError, match="market must be >= 0, was -1"):
        banded(1, -1, **BANDS)
    with pytest.raises(InvalidInputError, match="lower must be in"):
        banded(1, 1, lower=WAD + 1, upper=0)
    with pytest.raises(InvalidInputError, match="redemption must be > 0, was 0"):
        coin_price(0, 1, lower=0, upper=0, least=0)
    with pytest.raises(InvalidInputError, match="market must be >= 0, was -1"):
        coin_price(1, -1, lower=0, upper=0, least=0)
    with pytest.raises(InvalidInputError, match="coin must be > 0, was 0"):
        discounted_price(1, 0, WAD)


def test_the_discounted_price_is_rounded_down_twice():
    assert discounted_price(200 * WAD, 5 * RAY, 95 * WAD // 100) == 38 * WAD
    assert discounted_price(2, 3 * RAY, WAD) == 0
