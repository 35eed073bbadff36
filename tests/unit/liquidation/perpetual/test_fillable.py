"""Fillable and bankruptcy prices of the order-book chain, in its own published figures."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import (
    QuantaMarket,
    QuantaRisk,
    bankruptcy_rating,
    fillable_price,
    fillable_subticks,
    position_bankruptcy_quote,
)

USD = 10**6
TERMS = {"initial_ppm": 200_000, "maintenance_ppm": 500_000}
BTC = QuantaMarket.of(5_000_000_000, price_exponent=-5, base_exponent=-8, **TERMS)
ETH = QuantaMarket.of(3_000_000_000, price_exponent=-6, base_exponent=-9, **TERMS)
TENTH_BTC, BITCOIN, THOUSANDTHS, TENTH_ETH = 10**7, 10**8, 400_000, 10**8


def account(cash_usd, *positions):
    total = QuantaRisk(cash_usd * USD, 0, 0)
    for market, size in positions:
        total = total.plus(market.risk(size))
    return total


# dYdX, v4-chain, x/clob/keeper/liquidations_test.go, TestGetFillablePrice, 2023.
@pytest.mark.parametrize(
    ("cash", "size", "terms", "price"),
    [
        (-4_501, TENTH_BTC, {}, Fraction(49_999, 100)),
        (-4_501, TENTH_BTC, {"adjustment_ppm": 2_000_000}, Fraction(49_998, 100)),
        (-4_501, TENTH_BTC, {"spread_ppm": 200_000}, Fraction(49_998, 100)),
        (5_499, -TENTH_BTC, {}, Fraction(50_001, 100)),
        (5_499, -TENTH_BTC, {"adjustment_ppm": 2_000_000}, Fraction(50_002, 100)),
        (5_499, -TENTH_BTC, {"spread_ppm": 200_000}, Fraction(50_002, 100)),
        (-5_000, TENTH_BTC, {}, Fraction(495)),
        (5_000, -TENTH_BTC, {}, Fraction(505)),
        (-5_500, TENTH_BTC, {}, Fraction(495)),
        (4_500, -TENTH_BTC, {}, Fraction(505)),
        (-4_501, TENTH_BTC, {"adjustment_ppm": 2**32 - 1}, Fraction(495)),
        (-4_501, TENTH_BTC, {"spread_ppm": 1}, Fraction(4_999_999_999, 10_000_000)),
        (-4_501, TENTH_BTC, {"spread_ppm": 1_000_000}, Fraction(49_990, 100)),
    ],
)
def test_a_fillable_price_slides_from_the_oracle_with_what_is_lost(cash, size, terms, price):
    risk = BTC.risk(size)
    assert fillable_price(size, risk, account(cash, (BTC, size)), **terms) == price


def test_a_fillable_price_counts_all_positions_of_the_account():
    held = account(-490, (BTC, THOUSANDTHS), (ETH, TENTH_ETH))
    assert fillable_price(TENTH_ETH, ETH.risk(TENTH_ETH), held) == Fraction(372, 125)


@given(
    st.integers(-(10**9), 10**9).filter(bool),
    st.integers(-(10**12), 10**12),
    st.integers(-(10**12), 10**12),
)
def test_a_fillable_price_is_no_better_than_the_oracle_and_falls_with_net_value(size, one, other):
    low, high = sorted((one, other))
    risk = BTC.risk(size)
    if risk.maintenance == 0:
        return
    worse = fillable_price(size, risk, risk._replace(net=low))
    better = fillable_price(size, risk, risk._replace(net=high))
    oracle = Fraction(risk.net, size)
    side = 1 if size > 0 else -1
    assert side * worse <= side * better <= side * oracle
    assert abs(oracle - worse) <= Fraction(risk.maintenance, 10 * abs(size))
    assert fillable_price(size, risk, risk._replace(net=risk.maintenance)) == oracle


def test_a_rating_is_held_between_margin_and_bankruptcy():
    assert bankruptcy_rating(600, 500) == 0
    assert bankruptcy_rating(250, 500) == Fraction(1, 2)
    assert bankruptcy_rating(-1, 500) == 1
    assert bankruptcy_rating(450, 500, adjustment_ppm=500_000) == Fraction(1, 20)


def test_a_price_that_cannot_be_is_refused():
    risk = BTC.risk(TENTH_BTC)
    with pytest.raises(InvalidInputError, match="size must not be 0"):
        fillable_price(0, risk, risk)
    with pytest.raises(InvalidInputError, match="maintenance must be > 0"):
        fillable_price(1, risk, QuantaRisk(0, 0, 0))
    with pytest.raises(InvalidInputError, match="the fillable price must be >= 0"):
        fillable_price(TENTH_BTC, risk, risk._replace(net=0), spread_ppm=10**8)
    with pytest.raises(InvalidInputError, match="spread_ppm must be >= 0"):
        fillable_price(TENTH_BTC, risk, risk, spread_ppm=-1)
    with pytest.raises(InvalidInputError, match="adjustment_ppm must be >= 0"):
        bankruptcy_rating(1, 1, adjustment_ppm=-1)


# dYdX, v4-chain, x/clob/keeper/liquidations_test.go, TestGetBankruptcyPriceInQuoteQuantums, 2023.
@pytest.mark.parametrize(
    ("cash", "size", "delta", "quote"),
    [
        (-4_501, TENTH_BTC, -TENTH_BTC, 4_501 * USD),
        (5_499, -TENTH_BTC, TENTH_BTC, -5_499 * USD),
        (-5_000, TENTH_BTC, -TENTH_BTC, 5_000 * USD),
        (-5_000, TENTH_BTC, -5_000_000, 2_500 * USD),
        (5_000, -TENTH_BTC, 5_000_000, -2_500 * USD),
        (5_000, -TENTH_BTC, TENTH_BTC, -5_000 * USD),
        (-5_100, TENTH_BTC, -TENTH_BTC, 5_100 * USD),
        (4_900, -TENTH_BTC, TENTH_BTC, -4_900 * USD),
        (-13, BITCOIN, -21_347, 2_776),
        (13, -BITCOIN, 21_347, -2_775),
        (1, BITCOIN, -BITCOIN, -USD),
    ],
)
def test_a_bankruptcy_quote_gives_up_a_share_of_net_value(cash, size, delta, quote):
    assert position_bankruptcy_quote(size, delta, BTC, account(cash, (BTC, size))) == quote


@pytest.mark.parametrize(
    ("cash", "bitcoin", "ether", "quote"),
    [
        (-490, THOUSANDTHS, TENTH_ETH, 294 * USD),
        (510, -THOUSANDTHS, -TENTH_ETH, -306 * USD),
        (110, THOUSANDTHS, -TENTH_ETH, -306 * USD),
    ],
)
def test_a_bankruptcy_quote_shares_net_value_by_margin(cash, bitcoin, ether, quote):
    held = account(cash, (BTC, bitcoin), (ETH, ether))
    assert position_bankruptcy_quote(ether, -ether, ETH, held) == quote


@pytest.mark.parametrize("delta", [0, 10_000_000, -100_000_001])
def test_only_a_trade_that_shrinks_the_position_has_a_bankruptcy_quote(delta):
    with pytest.raises(InvalidInputError, match="delta must close at most 100000000"):
        position_bankruptcy_quote(BITCOIN, delta, BTC, account(-4_501, (BTC, BITCOIN)))


# dYdX, v4-chain, x/clob/keeper/liquidations_test.go, TestConvertFillablePriceToSubticks, 2023.
@pytest.mark.parametrize(
    ("price", "long", "exponent", "tick", "subticks"),
    [
        (5 * 10**9, True, -8, 5, 5 * 10**17),
        (5 * 10**9, False, -8, 5, 5 * 10**17),
        (7, True, 1, 100, 100),
        (197, True, 1, 100, 100),
        (0, True, 1, 100, 100),
        (10**22, True, 1, 100, 18_446_744_073_709_551_600),
        (7, False, 1, 100, 100),
        (Fraction(2_999, 10), False, 0, 100, 200),
        (Fraction(2_001, 10), True, 0, 100, 300),
        (Fraction(1, 3), True, -3, 1, 334),
        (Fraction(1, 3), False, -3, 1, 333),
    ],
)
def test_a_price_becomes_subticks_rounded_towards_the_oracle(price, long, exponent, tick, subticks):
    terms = {"long": long, "exponent": exponent, "subticks_per_tick": tick}
    assert fillable_subticks(Fraction(price), **terms) == subticks


def test_subticks_of_a_negative_price_or_without_ticks_are_refused():
    with pytest.raises(InvalidInputError, match="price must be >= 0, was -1"):
        fillable_subticks(Fraction(-1), long=False, exponent=-8, subticks_per_tick=5)
    with pytest.raises(InvalidInputError, match="subticks_per_tick must be > 0"):
        fillable_subticks(Fraction(1), long=False, exponent=-8, subticks_per_tick=0)
