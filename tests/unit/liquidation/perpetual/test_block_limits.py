"""What a block may close: published cases, and refusals in their order."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import (
    BlockLimits,
    BlockUse,
    FillRefusal,
    QuantaMarket,
    liquidation_order_key,
)

USD = 10**6
BTC = QuantaMarket.of(
    5_000_000_000, price_exponent=-5, base_exponent=-8, initial_ppm=200_000, maintenance_ppm=500_000
)
TENTH = 10**7  # 5,000 USD


def limits(minimum, portion, most=None, loss=None):
    return BlockLimits(
        notional_min=minimum,
        portion_max_ppm=portion,
        account_notional_max=most,
        account_loss_max=loss,
    )


# dYdX, v4-chain, x/clob/keeper/liquidations_test.go, TestGetPerpetualPositionToLiquidate, 2023.
@pytest.mark.parametrize(
    ("size", "minimum", "portion", "most", "closed"),
    [
        (TENTH, 10_000 * USD, 1_000_000, None, 10_000_000),
        (TENTH, 1_000, 500_000, None, 5_000_000),
        (TENTH, 1_000, 1_000_000, 10_000 * USD, 10_000_000),
        (TENTH, 1_000, 1_000_000, 2_500 * USD, 5_000_000),
        (TENTH, 1_000, 500_000, 2_000 * USD, 4_000_000),
        (TENTH, 1_000, 400_000, 2_500 * USD, 4_000_000),
        (-TENTH, 10_000 * USD, 1_000_000, None, 10_000_000),
        (-TENTH, 1_000, 500_000, None, 5_000_000),
        (-TENTH, 1_000, 1_000_000, 2_500 * USD, 5_000_000),
    ],
)
def test_a_position_is_closed_up_to_the_smaller_limit(size, minimum, portion, most, closed):
    delta = limits(minimum, portion, most).closing_delta(size, BTC, step=10)
    assert delta == (-closed if size > 0 else closed)


def test_what_may_be_closed_is_rounded_down_to_a_step():
    half = limits(1_000, 500_000)
    assert half.closing_delta(21, BTC, step=3) == -9
    assert half.closing_delta(-21, BTC, step=3) == 9
    assert half.closing_delta(21, BTC, step=15) == -15
    assert half.closing_delta(21, BTC, step=21) == -21
    assert limits(0, 0).closing_delta(TENTH, BTC, step=10) == -10


def test_what_the_block_has_closed_counts():
    capped = limits(0, 1_000_000, 2_500 * USD)
    used = BlockUse().filled(notional=-500 * USD, delta=-7)
    assert used == BlockUse(500 * USD, 7)
    assert capped.closing_delta(TENTH, BTC, step=10, used=used) == -4_000_000
    assert capped.notional_left(used) == 2_000 * USD
    assert capped.loss_left(used) is None
    assert limits(0, 0, loss=10).loss_left(used) == 3
    with pytest.raises(InvalidInputError, match="notional used must be <= "):
        limits(0, 0, 1).notional_left(used)


@given(
    st.integers(-(10**9), 10**9).filter(bool),
    st.integers(0, 10**12),
    st.integers(0, 10**6),
    st.integers(1, 10**6),
)
def test_a_delta_shrinks_the_position_by_a_step_at_least(size, minimum, portion, step):
    delta = limits(minimum, portion).closing_delta(size, BTC, step=step)
    assert size * delta < 0
    assert min(step, abs(size)) <= abs(delta) <= abs(size)
    assert delta == -size or delta % step == 0
    least, most = limits(minimum, portion).position_range(BTC.notional(size))
    assert 0 <= least <= most <= abs(BTC.notional(size))


# The order of dYdX's checks: the fund, the market, the notional, the loss.
@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"notional": 10, "delta": 0, "fund": 0}, None),
        ({"notional": -40, "delta": -5, "fund": 5}, None),
        ({"notional": 99, "delta": -6, "fund": 5, "market": "ETH"}, FillRefusal.FUND_SHORT),
        ({"notional": 99, "delta": -9, "fund": 9, "market": "ETH"}, FillRefusal.MARKET_DONE),
        ({"notional": -41, "delta": -9, "fund": 9}, FillRefusal.NOTIONAL_MAX),
        ({"notional": 40, "delta": -6, "fund": 9}, FillRefusal.LOSS_MAX),
        ({"notional": 40, "delta": 6, "fund": 0}, None),
    ],
)
def test_a_fill_is_refused_for_the_first_reason(asked, refusal):
    used = BlockUse(notional=60, loss=5).liquidated("ETH")
    rules = limits(0, 0, 100, 10)
    terms = {"market": "BTC"} | asked
    assert used.refusal(rules, terms.pop("market"), **terms) is refusal


def test_without_caps_only_fund_and_market_refuse():
    used = BlockUse(notional=10**20, loss=10**20)
    assert used.refusal(limits(0, 0), "BTC", notional=1, delta=-1, fund=1) is None


def test_orders_come_farthest_from_the_oracle_first():
    orders = [(99, 5, b"a"), (90, 1, b"b"), (110, 7, b"c"), (90, 1, b"a")]
    by_key = sorted(
        orders,
        key=lambda o: liquidation_order_key(o[0], 100, notional=o[1], order_hash=o[2]),
    )
    assert by_key == [(110, 7, b"c"), (90, 1, b"a"), (90, 1, b"b"), (99, 5, b"a")]
    assert liquidation_order_key(1, 3, notional=0, order_hash=b"")[0] == Fraction(-2, 3)
    with pytest.raises(InvalidInputError, match="oracle must not be 0"):
        liquidation_order_key(1, 0, notional=0, order_hash=b"")


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ((-1, 0), "notional_min must be >= 0"),
        ((0, 10**6 + 1), "portion_max_ppm must be in"),
        ((0, 0, -1), "account_notional_max must be >= 0"),
        ((0, 0, 0, -1), "account_loss_max must be >= 0"),
    ],
)
def test_limits_below_zero_or_above_all_are_refused(keys, rule):
    with pytest.raises(InvalidInputError, match=rule):
        limits(*keys)


def test_a_step_must_be_more_than_nothing():
    with pytest.raises(InvalidInputError, match="step must be > 0"):
        limits(0, 0).closing_delta(1, BTC, step=0)
