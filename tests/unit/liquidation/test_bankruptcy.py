"""Bankruptcy prices and what a fill owes a fund: published cases, and their laws."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    bankruptcy_price,
    bankruptcy_quote,
    effective_leverage,
    fund_can_pay,
    insurance_delta,
    joint_bankruptcy_move,
    margin_bankruptcy_price,
    shared_bankruptcy_prices,
)

NEAR = Decimal("1e-40")
sizes = st.integers(-(10**6), 10**6).filter(bool)
marks = st.integers(1, 10**6)
values = st.integers(-(10**9), 10**9)


@given(sizes, marks, values)
def test_net_value_is_zero_at_the_bankruptcy_price(size, mark, value):
    price = bankruptcy_price(size, mark, value)
    exact = mark - Fraction(value, size)
    if price is None:
        assert exact <= 0
    else:
        assert abs(value + size * (Fraction(price) - mark)) < Fraction(NEAR) * 10**6


@given(sizes, marks, st.integers(-(10**6), 10**6))
def test_net_value_of_an_inverse_position_is_zero_at_its_bankruptcy_price(size, mark, coins):
    price = bankruptcy_price(size, mark, coins, inverse=True)
    one_over = Fraction(1, mark) + Fraction(coins, size)
    if price is None:
        assert one_over <= 0
    else:
        assert abs(Fraction(1) / Fraction(price) - one_over) < Fraction(1, 10**30)


def test_a_bankruptcy_price_is_rounded_against_the_account():
    assert bankruptcy_price(3, 100, 10) == pytest.approx(Decimal("96.6666"), abs=Decimal("1e-3"))
    assert bankruptcy_price(3, 100, 10, tick="0.5") == 97
    assert bankruptcy_price(-3, 100, 10, tick="0.5") == 103
    assert bankruptcy_price(3, 100, "10.5", tick="0.5") == Decimal("96.5")


def test_an_account_that_nothing_can_ruin_has_no_bankruptcy_price():
    assert bankruptcy_price(2, 100, 200) is None
    assert bankruptcy_price(2, 100, 199) == Decimal("0.5")
    # An inverse short of 100 USD loses at most the coins that it is worth now.
    assert bankruptcy_price(-100, 50, 2, inverse=True) is None
    assert bankruptcy_price(-100, 50, 1, inverse=True) == 100


@pytest.mark.parametrize(
    ("size", "mark", "rule"), [(0, 1, "size must not be 0"), (1, 0, "mark must be > 0")]
)
def test_a_price_needs_a_position_and_a_mark(size, mark, rule):
    with pytest.raises(InvalidInputError, match=rule):
        bankruptcy_price(size, mark, 1)


@given(st.lists(sizes, min_size=1, max_size=5), values)
def test_net_value_is_zero_after_the_joint_move(exposures, value):
    total = sum(exposures)
    move = joint_bankruptcy_move(exposures, value)
    if move is None:
        assert total == 0 or Fraction(-value, total) <= -1
    else:
        assert abs(value + total * Fraction(move)) < Fraction(1, 10**30)
    inverse = joint_bankruptcy_move(exposures, value, inverse=True)
    if inverse is None:
        assert total == 0 or 1 + Fraction(value, total) <= 0
    else:
        assert abs(value + total * (1 - 1 / (1 + Fraction(inverse)))) < Fraction(1, 10**30)


def test_a_hedged_account_is_not_ruined_by_a_joint_move():
    assert joint_bankruptcy_move([10, -10], 5) is None
    assert joint_bankruptcy_move([10, -10], 5, inverse=True) is None
    assert joint_bankruptcy_move([10], 10) is None


@given(st.lists(st.tuples(sizes, marks, st.integers(0, 10**6)), min_size=1, max_size=5), values)
def test_closing_everything_at_shared_prices_leaves_nothing(positions, value):
    assume(any(maintenance for _, _, maintenance in positions))
    prices = shared_bankruptcy_prices(positions, value)
    closed = sum(
        size * (Fraction(price) - mark)
        for (size, mark, _), price in zip(positions, prices, strict=True)
    )
    assert abs(closed + value) < Fraction(1, 10**30)


def test_shared_prices_need_a_margin_to_share_by():
    with pytest.raises(InvalidInputError, match="must add up to more than 0"):
        shared_bankruptcy_prices([(1, 1, 0)], 5)


# dYdX, v4-chain, x/clob/keeper/liquidations_test.go, TestGetLiquidationInsuranceFundDelta, 2023.
@pytest.mark.parametrize(
    ("quote", "bankruptcy", "fee_ppm", "delta"),
    [
        (5_610_000_000, 5_100_000_000, 5_000, 28_050_000),
        (5_610_000_000, 5_100_000_000, 25_000, 140_250_000),
        (5_610_000_000, 5_100_000_000, 1_000_000, 510_000_000),
        (-4_410_000_000, -4_900_000_000, 5_000, 22_050_000),
        (-4_410_000_000, -4_900_000_000, 25_000, 110_250_000),
        (-4_410_000_000, -4_900_000_000, 1_000_000, 490_000_000),
        (5_105_100_000, 5_100_000_000, 5_000, 5_100_000),
        (-4_895_100_000, -4_900_000_000, 5_000, 4_900_000),
        (5_100_000_000, 5_100_000_000, 5_000, 0),
        (5_049_000_000, 5_100_000_000, 5_000, -51_000_000),
        (-4_949_000_000, -4_900_000_000, 5_000, -49_000_000),
        (0, -4_900_000_000, 5_000, 0),
    ],
)
def test_a_fund_takes_a_surplus_up_to_a_fee_and_pays_a_shortfall(quote, bankruptcy, fee_ppm, delta):
    assert insurance_delta(quote, bankruptcy, fee_max_ppm=fee_ppm).delta == delta


@given(values, values, st.integers(0, 10**6), st.integers(-10, 10**9))
def test_a_fill_leaves_the_account_no_less_than_its_bankruptcy_quote(quote, bankruptcy, ppm, fund):
    found = insurance_delta(quote, bankruptcy, fee_max_ppm=ppm)
    assert quote - found.delta >= bankruptcy
    assert found.delta <= max(found.fee_max, 0)
    assert fund_can_pay(found.delta, fund) == (found.delta >= 0 or fund >= -found.delta)


@pytest.mark.parametrize(
    ("fund", "delta", "can"),
    [(0, 0, True), (0, 1, True), (10, -10, True), (10, -11, False), (0, -1, False), (-5, 1, True)],
)
def test_a_fund_pays_down_to_zero_and_no_further(fund, delta, can):
    assert fund_can_pay(delta, fund) is can


@given(values, st.integers(0, 10**9), values, st.integers(1, 10**9))
def test_a_bankruptcy_quote_is_rounded_up_from_its_share(notional, freed, value, maintenance):
    quote = bankruptcy_quote(
        delta_notional=notional,
        delta_maintenance=-freed,
        net_value=value,
        maintenance=maintenance,
    )
    exact = -notional - Fraction(value * freed, maintenance)
    assert exact <= quote < exact + 1


def test_a_bankruptcy_quote_needs_margin_that_falls():
    with pytest.raises(InvalidInputError, match="delta_maintenance must be <= 0, was 1"):
        bankruptcy_quote(delta_notional=0, delta_maintenance=1, net_value=0, maintenance=1)
    with pytest.raises(InvalidInputError, match="maintenance must be > 0, was 0"):
        bankruptcy_quote(delta_notional=0, delta_maintenance=0, net_value=0, maintenance=0)
    with pytest.raises(InvalidInputError, match="fee_max_ppm must be >= 0"):
        insurance_delta(1, 1, fee_max_ppm=-1)


def test_a_margin_of_one_over_the_leverage_is_gone_at_the_bankruptcy_price():
    assert margin_bankruptcy_price(8_000, 100, long=True) == 7_920
    assert margin_bankruptcy_price(8_000, 100, long=False) == 8_080
    # Inverse: 10,000 USD at 8,000 with 5x have 0.25 coins of margin, and lose them at 6,666.67.
    price = margin_bankruptcy_price(8_000, 5, long=True, inverse=True)
    assert abs(10_000 / Fraction(price) - Fraction(10_000, 8_000) - Fraction(1, 4)) < Fraction(NEAR)
    assert margin_bankruptcy_price(8_000, 5, long=True, inverse=True, tick="0.5") == 6_667
    assert margin_bankruptcy_price(8_000, 5, long=False, inverse=True) == 10_000


def test_a_margin_that_covers_every_loss_has_no_bankruptcy_price():
    assert margin_bankruptcy_price(100, 1, long=True) is None
    assert margin_bankruptcy_price(100, 1, long=False, inverse=True) is None
    assert margin_bankruptcy_price(100, 1, long=True, inverse=True) == 50


def test_leverage_counts_what_lies_between_mark_and_bankruptcy():
    assert effective_leverage(-100, -110) == 10
    assert effective_leverage(100, 100) is None
    assert effective_leverage(100, 101) is None
