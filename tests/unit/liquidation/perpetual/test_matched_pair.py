"""Which two accounts may be closed against one another: published cases, and the reason why."""

import pytest
from hypothesis import assume, given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import (
    ClosingPrice,
    PairSide,
    QuantaMarket,
    QuantaRisk,
    Transition,
    account_transition,
    closing_price,
    matched_pair,
    offset_delta,
)

USD = 10**6
TERMS = {"initial_ppm": 200_000, "maintenance_ppm": 500_000}
BTC = QuantaMarket.of(5_000_000_000, price_exponent=-5, base_exponent=-8, **TERMS)
ETH = QuantaMarket.of(3_000_000_000, price_exponent=-6, base_exponent=-9, **TERMS)
BITCOIN = 10**8


def side(size, cash_usd, *others):
    total = BTC.risk(size).plus(QuantaRisk(cash_usd * USD, 0, 0))
    for risk in others:
        total = total.plus(risk)
    return PairSide(size, total)


# dYdX, v4-chain, x/clob/keeper/deleveraging_test.go, TestProcessDeleveraging, 2024: a short of one
# BTC with this cash, a long of one with that, and the price that both close at.
@pytest.mark.parametrize(
    ("short_cash", "long_cash", "price"),
    [
        (54_999, 50_000, 54_999),
        (54_999, -45_001, 54_999),
        (54_999, -50_000, 54_999),
        (54_999, -50_001, 54_999),
        (50_000, 50_000, 50_000),
        (50_000, -45_001, 50_000),
        (50_000, -50_000, 50_000),
        (50_000, -50_001, None),
        (49_999, 50_000, 49_999),
        (49_999, -45_001, 49_999),
        (49_999, -50_000, None),
        (49_999, -50_001, None),
    ],
)
def test_a_pair_may_close_where_its_bankruptcy_prices_overlap(short_cash, long_cash, price):
    pair = matched_pair(side(-BITCOIN, short_cash), side(BITCOIN, long_cash), BITCOIN, BTC)
    assert pair.allowed is (price is not None)
    assert pair.quote == -short_cash * USD
    assert pair.liquidated == (0, 0, 0)
    assert pair.offsetting.net == (long_cash + short_cash) * USD


def test_a_part_closes_at_its_share_and_leaves_the_rest():
    pair = matched_pair(side(-BITCOIN, 54_999), side(BITCOIN, 50_000), BITCOIN // 10, BTC)
    assert (pair.allowed, pair.quote) == (True, -5_499_900_000)
    poor = matched_pair(side(-BITCOIN, 49_999), side(BITCOIN, -50_001), BITCOIN // 10, BTC)
    assert not poor.allowed
    assert poor.liquidated_transition is Transition.ALLOWED
    assert poor.offsetting_transition is Transition.STILL_UNDER


def test_other_positions_keep_their_share_of_net_value():
    short = side(-BITCOIN, 80_800, ETH.risk(-10 * 10**9))
    pair = matched_pair(short, side(BITCOIN, 50_000), BITCOIN, BTC)
    assert (pair.allowed, pair.quote) == (True, -50_500 * USD)
    assert pair.liquidated.net == (80_800 - 50_500 - 30_000) * USD


def test_a_market_in_final_settlement_closes_at_the_oracle():
    pair = matched_pair(
        side(-BITCOIN, 54_999),
        side(BITCOIN, -45_001),
        BITCOIN // 2,
        BTC,
        price=ClosingPrice.ORACLE,
    )
    assert (pair.allowed, pair.quote) == (True, -25_000 * USD)


@pytest.mark.parametrize(
    ("long_size", "delta", "rule"),
    [
        (BITCOIN, -BITCOIN, "delta must close at most"),
        (BITCOIN, 5 * BITCOIN, "delta must close at most"),
        (-BITCOIN, BITCOIN, "delta must offset at most"),
        (BITCOIN // 100, BITCOIN, "delta must offset at most"),
    ],
)
def test_a_delta_that_does_not_shrink_both_is_refused(long_size, delta, rule):
    with pytest.raises(InvalidInputError, match=rule):
        matched_pair(side(-BITCOIN, 54_999), side(long_size, 50_000), delta, BTC)


# dYdX, v4-chain, x/subaccounts/lib/updates_test.go, 2024: accounts without margin.
@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ((-1, 0, 0), (-2, 1, 1), Transition.STILL_UNDER),
        ((-1, 0, 0), (-1, 1, 1), Transition.STILL_UNDER),
        ((-1, 0, 0), (100, 101, 1), Transition.STILL_UNDER),
        ((-1, 0, 0), (-1, 0, 0), Transition.STILL_UNDER),
        ((-1, 0, 0), (-2, 0, 0), Transition.STILL_UNDER),
        ((-2, 0, 0), (-1, 0, 0), Transition.ALLOWED),
        ((-2, 1, 1), (-1, 0, 0), Transition.STILL_UNDER),
        ((10, 10, 5), (9, 10, 5), Transition.NEWLY_UNDER),
        ((9, 10, 5), (9, 10, 5), Transition.ALLOWED),
        ((9, 10, 5), (9, 10, 6), Transition.STILL_UNDER),
        ((9, 10, 5), (10, 10, 6), Transition.ALLOWED),
        ((-9, 10, 5), (-9, 8, 4), Transition.STILL_UNDER),
        ((-10, 10, 5), (-8, 8, 4), Transition.ALLOWED),
        ((10, 30, 20), (5, 15, 10), Transition.ALLOWED),
        ((10, 30, 20), (4, 15, 10), Transition.STILL_UNDER),
        ((10, 30, 20), (20, 33, 21), Transition.STILL_UNDER),
        ((10, 30, 20), (0, 0, 0), Transition.ALLOWED),  # closed to the last unit
    ],
)
def test_an_account_below_its_margin_may_not_become_riskier(before, after, found):
    assert account_transition(QuantaRisk(*before), QuantaRisk(*after)) is found


@given(
    st.integers(-(10**9), 10**9).filter(bool),
    st.integers(1, 100),
    st.integers(-(10**6), 10**6),
    st.integers(-(10**9), 10**9),
)
def test_the_bankruptcy_price_never_makes_the_liquidated_account_riskier(size, part, cash, ether):
    short = side(size, cash, ETH.risk(ether))
    delta = -size * part // 100
    assume(delta and abs(delta) <= abs(size) and short.account.maintenance)
    pair = matched_pair(short, side(-size, 10**9), delta, BTC)
    assert pair.liquidated.net * short.account.maintenance >= (
        short.account.net * pair.liquidated.maintenance
    )
    if short.account.liquidatable:
        assert pair.allowed


def test_the_price_hangs_on_net_value_and_settlement():
    assert closing_price(-1, final_settlement=False) is ClosingPrice.BANKRUPTCY
    assert closing_price(-1, final_settlement=True) is ClosingPrice.BANKRUPTCY
    assert closing_price(0, final_settlement=True) is ClosingPrice.ORACLE
    assert closing_price(1, final_settlement=False) is None


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_an_offset_is_the_smaller_of_both_on_opposite_sides(left, offsetting):
    found = offset_delta(left, offsetting)
    if left * offsetting <= 0:
        assert found == 0
    else:
        assert abs(found) == min(abs(left), abs(offsetting))
        assert found * left > 0
