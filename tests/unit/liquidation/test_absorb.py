"""Absorption and storefront: the figures of Compound's own tests, and who bears what."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    Absorbed,
    UnitPrice,
    absorb,
    storefront_open,
    storefront_price,
    storefront_quote,
)

WAD = 10**18
USDC = UnitPrice(10**8, 10**6)
COMP, WETH = UnitPrice(175 * 10**8, WAD), UnitPrice(3_000 * 10**8, WAD)
WBTC = UnitPrice(41_000 * 10**8, 10**8)


# Compound, comet, test/absorb-test.ts [0009c80], "absorbs an account with more than enough
# collateral to still cover debt": one of each at a factor of one, a unit over.
def test_what_is_over_is_a_deposit():
    debt = (41_000 + 3_000 + 175) * 10**6 - 1
    held = [Absorbed(WAD, COMP, WAD), Absorbed(WAD, WETH, WAD), Absorbed(10**8, WBTC, WAD)]
    found = absorb(-debt, USDC, held)
    assert (found.balance, found.paid_out, found.shortfall) == (1, debt + 1, 0)
    assert found.values == (175 * 10**8, 3_000 * 10**8, 41_000 * 10**8)


# The same file, "absorbs 3 accounts of different sizes": a debt of a dollar with 1e12 of COMP.
def test_the_reserves_pay_the_whole_debt_whatever_stands_behind_it():
    found = absorb(-(10**6), USDC, [Absorbed(10**12, COMP, WAD)])
    assert (found.balance, found.paid_out, found.paid_out_value) == (0, 10**6, 10**8)
    assert (found.values, found.shortfall) == ((17_500,), 10**6 - 175)


def test_a_factor_is_taken_of_each_value():
    found = absorb(-100 * 10**6, USDC, [Absorbed(WAD, COMP, 9 * WAD // 10)])
    assert (found.credited, found.balance) == (1_575 * 10**7, 575 * 10**5)


def test_a_factor_of_zero_pays_nothing():
    found = absorb(-5, USDC, [Absorbed(WAD, COMP, 0)])
    assert (found.credited, found.paid_out, found.shortfall) == (0, 5, 5)


@given(st.integers(1, 10**15), st.integers(0, 10**21), st.integers(0, WAD))
def test_nothing_is_paid_twice(debt, amount, factor):
    found = absorb(-debt, USDC, [Absorbed(amount, COMP, factor)])
    assert found.balance >= 0
    assert found.paid_out == found.balance + debt
    assert found.balance == 0 or found.shortfall == 0
    assert 0 <= found.shortfall <= debt


def test_what_is_no_debt_is_refused():
    with pytest.raises(InvalidInputError, match="balance must be < 0, was 0"):
        absorb(0, USDC, [])
    with pytest.raises(InvalidInputError, match="amount must be >= 0, was -1"):
        absorb(-1, USDC, [Absorbed(-1, COMP, WAD)])
    with pytest.raises(InvalidInputError, match="factor must be in"):
        absorb(-1, USDC, [Absorbed(1, COMP, WAD + 1)])


# Compound, comet, test/quote-collateral-test.ts [06fe8e7]: 200 USDC at 160 a COMP are 1.25 of it.
# The price after the discount, 160 of 200, is had here at a liquidation factor of 0.75.
def test_a_storefront_sells_at_a_share_of_the_discount():
    comp = UnitPrice(200 * 10**8, WAD)
    terms = {"base": USDC, "collateral": comp}
    quote = storefront_quote(200 * 10**6, **terms, factor=75 * WAD // 100, storefront=8 * WAD // 10)
    assert quote == 125 * WAD // 100
    assert storefront_price(200, factor="0.75", storefront="0.8") == 160
    assert storefront_quote(0, **terms, factor=0, storefront=0) == 0


@given(st.integers(0, 10**12), st.integers(0, WAD), st.integers(0, 99 * WAD // 100))
def test_a_buyer_never_gets_more_than_the_price_allows(base_amount, factor, storefront):
    quote = storefront_quote(
        base_amount, base=USDC, collateral=COMP, factor=factor, storefront=storefront
    )
    parts = {"factor": Decimal(factor) / WAD, "storefront": Decimal(storefront) / WAD}
    # The discounted price is rounded down to 1e-8 of a dollar, and so is what it buys.
    price = storefront_price(175, **parts) - Decimal("1e-8")
    assert Decimal(quote) / WAD <= Decimal(base_amount) / 10**6 / price


def test_a_storefront_that_gives_away_is_refused():
    terms = {"base": USDC, "collateral": COMP}
    with pytest.raises(InvalidInputError, match="the price after its discount must be > 0, was 0"):
        storefront_quote(1, **terms, factor=0, storefront=WAD)
    with pytest.raises(InvalidInputError, match="storefront must be in"):
        storefront_quote(1, **terms, factor=0, storefront=WAD + 1)
    with pytest.raises(InvalidInputError, match="base_amount must be >= 0, was -1"):
        storefront_quote(-1, **terms, factor=0, storefront=0)


@pytest.mark.parametrize(("reserves", "is_open"), [(99, True), (100, False), (-5, True)])
def test_a_storefront_is_open_until_reserves_are_where_they_should_be(reserves, is_open):
    assert storefront_open(reserves, 100) is is_open
    assert storefront_open(reserves, None)


@pytest.mark.parametrize("price", [UnitPrice(0, 1), UnitPrice(1, 0)])
def test_nothing_without_a_price_is_absorbed_or_sold(price):
    one = UnitPrice(1, 1)
    for base, coin in ((price, one), (one, price)):
        with pytest.raises(InvalidInputError, match="must be > 0, was 0"):
            absorb(-1, base, [Absorbed(1, coin, WAD)])
        with pytest.raises(InvalidInputError, match="must be > 0, was 0"):
            storefront_quote(1, base=base, collateral=coin, factor=0, storefront=0)
