"""Derive's auction before its release, against the venue's own tests of then."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.derive import (
    UNIT,
    StepRefused,
    first_insolvent_bid,
    first_solvent_bid,
    first_withdrawals_blocked,
    next_payout_step,
    original_price_trunc,
    payout_step_trunc,
)

shares = st.integers(1, UNIT)


def usd(amount):
    return amount * UNIT


# derivexyz/v2-core, test/auction/unit-tests/SolventAuction.t.sol, commit bcf94bd1.
def test_equal_shares_of_the_original_cost_the_same_as_in_the_venues_own_test():
    price = original_price_trunc(mtm=usd(300), discount=9 * UNIT // 10, left=UNIT)
    one = first_solvent_bid(UNIT // 10, price=price, share_max=341 * 10**15, left=UNIT)
    assert (one.cash, one.of_current, one.left) == (usd(27), UNIT // 10, 9 * UNIT // 10)
    price = original_price_trunc(
        mtm=usd(270) + one.cash, discount=9 * UNIT // 10, left=one.left, reserved=one.cash
    )
    two = first_solvent_bid(UNIT // 10, price=price, share_max=341 * 10**15, left=one.left)
    assert (two.cash, two.of_original, two.left) == (usd(27), UNIT // 10, 8 * UNIT // 10)


# The same file, testPercentageCappedRaceCondition.
def test_a_second_bidder_is_capped_as_in_the_venues_own_test():
    left = 7 * UNIT // 10
    price = original_price_trunc(
        mtm=usd(5_640), discount=8 * UNIT // 10, left=left, reserved=usd(1_440)
    )
    assert price == usd(4_800)
    share_max = usd(5_560) * UNIT // usd(5_560 + 4_512 + 288)
    assert share_max // 10**14 == 5_366
    bid = first_solvent_bid(UNIT // 2, price=price, share_max=share_max, left=left)
    assert bid.of_original // 10**14 == 3_756
    assert bid.cash // UNIT == 1_803
    assert bid.of_current == share_max
    assert bid.ends


# The same file, testConvertToInsolventAuction_WithReservedCash, at a cutoff of 0.7.
def test_the_price_of_the_original_follows_the_market_as_in_the_venues_own_test():
    case = {"discount": 7 * UNIT // 10, "left": 8 * UNIT // 10, "reserved": usd(1_600)}
    assert original_price_trunc(mtm=usd(9_600), **case) == usd(7_000)


# The same file, testSolventAuctionTerminatedIfMaxProportionIsBid.
def test_a_bid_for_exactly_the_largest_share_ends_the_auction():
    bid = first_solvent_bid(UNIT // 3, price=usd(240), share_max=UNIT // 3, left=UNIT)
    assert bid.ends
    assert not first_solvent_bid(UNIT // 3 - 1, price=1, share_max=UNIT // 3, left=UNIT).ends


# test/auction/unit-tests/InsolventAuction.t.sol, commit 036e7c77: buffer margin -320, scalar 1.2.
def test_payouts_by_steps_reproduce_the_venues_own_tests():
    step = payout_step_trunc(usd(-320), scalar=12 * UNIT // 10, steps=100)
    half = first_insolvent_bid(UNIT // 2, payout=step, left=UNIT)
    assert half.cash == 192 * UNIT // 100
    whole = first_insolvent_bid(UNIT, payout=5 * step, left=UNIT)
    assert (whole.cash, whole.left, whole.ends) == (192 * UNIT // 10, 0, True)


def test_a_step_waits_for_its_time_and_the_last_one_has_no_next():
    case = {"last_s": 100, "cool_down_s": 5, "steps": 2}
    assert next_payout_step(0, **case, now_s=105) is StepRefused.IN_COOL_DOWN
    assert next_payout_step(0, **case, now_s=106) == 1
    assert next_payout_step(1, **case, now_s=106) == 2
    assert next_payout_step(2, **case, now_s=106) is StepRefused.MAX_STEP_REACHED_INSOLVENT_AUCTION
    # The venue's own test: not twice in a second, though no cool-down is set and no step is left.
    assert next_payout_step(0, last_s=9, now_s=9, cool_down_s=0, steps=1) is (
        StepRefused.IN_COOL_DOWN
    )


@given(shares, shares, st.integers(0, 10**27))
def test_shares_of_the_original_never_exceed_what_is_left(share, left, payout):
    bid = first_insolvent_bid(share, payout=payout, left=left)
    assert bid.of_original + bid.left == left
    assert bid.of_current <= UNIT
    assert bid.ends == (share >= left)
    assert bid.cash <= payout


@given(shares, shares, st.integers(0, UNIT), st.integers(1, 10**27))
def test_a_bid_never_takes_more_than_may_be_sold(share, left, share_max, price):
    bid = first_solvent_bid(share, price=price, share_max=share_max, left=left)
    assert bid.of_current <= share_max
    assert bid.left >= 0
    assert bid.cash <= price


def test_one_account_far_under_its_margin_blocks_all_withdrawals():
    assert first_withdrawals_blocked((usd(-10), usd(-51)), usd(-50))
    assert not first_withdrawals_blocked((usd(-50),), usd(-50))
    assert not first_withdrawals_blocked((), 0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: original_price_trunc(mtm=1, discount=UNIT, left=0),
            "left must be >= 0.000000000000000001, was 0",
        ),
        (
            lambda: first_solvent_bid(0, price=1, share_max=1, left=1),
            "share must be >= 0.000000000000000001, was 0",
        ),
        (
            lambda: payout_step_trunc(-1, scalar=UNIT, steps=0),
            "steps must be a whole number >= 1, was 0",
        ),
        (
            lambda: next_payout_step(0, last_s=5, now_s=4, cool_down_s=0, steps=1),
            "now_s must be a whole number >= 5, was 4",
        ),
        (lambda: first_insolvent_bid(1, payout=-UNIT, left=1), "payout must be >= 0, was -1"),
        (lambda: first_withdrawals_blocked((), UNIT), "threshold must be <= 0, was 1"),
    ],
)
def test_a_number_out_of_range_is_named(call, said):
    with pytest.raises(InvalidInputError) as refused:
        call()
    assert str(refused.value) == said
