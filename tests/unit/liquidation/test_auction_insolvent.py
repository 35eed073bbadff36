"""The auction of a share of an insolvent account: published numbers, who pays, and its laws."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    BidRefused,
    insolvent_bid,
    insolvent_price,
    split_payout,
    withdrawals_locked,
)

TINY = Fraction(1, 10**40)
amounts = st.decimals("0.01", 10**9, places=2)
signed = st.decimals(-(10**9), 10**9, places=2)
parts = st.decimals("0.0001", 1, places=4)


# derivexyz/v2-core, test/integration-tests/liquidation/PMRM_insolvent.json, commit 9274ac46, a
# double-precision model with an insolvent phase of 600 s: maintenance margin, mark to market,
# seconds, share, price of the whole and payout.
@pytest.mark.parametrize(
    ("health", "worth", "elapsed_s", "share", "price", "payout"),
    [
        (
            "-1067.896033033863168000",
            "-582.717096382442831872",
            30,
            "0.1",
            "-606.976043215013937152",
            "60.697604321501388800",
        ),
        (
            "-1541.572417508501094400",
            "-1169.106329532247441408",
            30,
            "0.111111111111111120",
            "-1187.729633931060051968",
            "131.969959325673357312",
        ),
        (
            "-1166.175103855206072320",
            "-683.121007819892850688",
            30,
            "0.1",
            "-707.273712621658570752",
            "70.727371262165860352",
        ),
        (
            "-978.494173979792506880",
            "-543.269746449254842368",
            30,
            "0.555555555555555584",
            "-565.030967825781751808",
            "313.906093236545388544",
        ),
        (
            "-1185.618222909087023104",
            "-304.491257900441731072",
            10,
            "0.1024",
            "-319.176707317252489216",
            "32.683694829286649856",
        ),
    ],
)
def test_a_payout_reproduces_the_published_case(health, worth, elapsed_s, share, price, payout):
    bid = insolvent_bid(
        share,
        net_value=worth,
        health=health,
        elapsed_s=elapsed_s,
        length_s=600,
        fund=10**6,
        cash=10**6,
    )
    assert float(bid.price) == pytest.approx(float(price), rel=1e-14)
    assert float(bid.payout) == pytest.approx(float(payout), rel=1e-14)
    assert not bid.ends


# The same file, commit 3a7985a5, test_Nov_02: an account that is worth something starts at nothing.
def test_an_account_that_is_worth_something_is_given_away_first():
    health, worth = "-211.768534860364283904", "10.628414810940057600"
    assert insolvent_price(worth, health, 0, length_s=600) == 0
    assert insolvent_price(worth, health, 300, length_s=600) == Decimal(health) / 2
    assert insolvent_price(worth, health, 600, length_s=600) == Decimal(health)


@given(signed, amounts, st.integers(0, 1_200), st.integers(0, 1_200))
def test_the_price_falls_from_the_value_to_the_shortfall(worth, requirement, earlier, later):
    earlier, later = sorted((earlier, later))
    health = worth - requirement
    first = insolvent_price(worth, health, earlier, length_s=600)
    second = insolvent_price(worth, health, later, length_s=600)
    assert min(worth, Decimal(0)) >= first >= second >= min(health, Decimal(0)) or health >= 0
    assert health < 0 or first == second == 0


@given(signed, amounts, amounts, st.integers(0, 600))
def test_a_worse_health_is_never_paid_less(worth, requirement, more, elapsed_s):
    milder = insolvent_price(worth, worth - requirement, elapsed_s, length_s=600)
    worse = insolvent_price(worth, worth - requirement - more, elapsed_s, length_s=600)
    assert worse <= milder


@given(signed, amounts, parts, st.integers(0, 600), amounts)
def test_fund_and_printed_cash_are_the_payout_and_the_taker_meets_the_shortfall(
    worth, requirement, share, elapsed_s, fund
):
    health = min(worth - requirement, Decimal("-0.01"))
    bid = insolvent_bid(
        share,
        net_value=max(worth, health),
        health=health,
        elapsed_s=elapsed_s,
        length_s=600,
        fund=fund,
        cash=10**10,
    )
    assert Fraction(bid.from_fund) + Fraction(bid.printed) == Fraction(bid.payout)
    assert bid.from_fund <= fund
    assert bid.printed == 0 or bid.from_fund == fund
    needed = Fraction(bid.cash_needed) + Fraction(bid.payout)
    assert abs(needed + Fraction(health) * Fraction(share)) < TINY
    assert bid.ends == (share == 1)


@given(signed, amounts, parts, parts)
def test_splitting_a_slice_is_paid_the_same(worth, requirement, first, second):
    worth, health = min(worth, Decimal(0)), min(worth, Decimal(0)) - requirement
    case = {"elapsed_s": 200, "length_s": 600, "fund": 0, "cash": 10**11}
    one = insolvent_bid(first, net_value=worth, health=health, **case)
    left = 1 - first
    if not left:
        assert one.ends
        return
    two = insolvent_bid(second, net_value=worth * left, health=health * left, **case)
    both = insolvent_bid(first + left * second, net_value=worth, health=health, **case)
    apart = Fraction(one.payout) + Fraction(two.payout) - Fraction(both.payout)
    assert abs(apart) < TINY


def test_a_taker_needs_what_the_payout_does_not_cover():
    case = {"net_value": -100, "health": -300, "length_s": 600, "fund": 0}
    assert insolvent_bid("0.5", **case, elapsed_s=300, cash=50).cash_needed == 50
    assert insolvent_bid("0.5", **case, elapsed_s=300, cash="49.99") is BidRefused.CASH
    assert insolvent_bid(1, **case, elapsed_s=600, cash=0).cash_needed == 0


def test_a_taker_may_ask_for_a_least_payout():
    case = {"net_value": -100, "health": -300, "elapsed_s": 300, "length_s": 600}
    assert insolvent_bid(1, **case, fund=0, cash=200, price_limit=-200).payout == 200
    refused = insolvent_bid(1, **case, fund=0, cash=200, price_limit="-200.01")
    assert refused is BidRefused.PRICE_LIMIT


def test_an_auction_of_no_length_pays_the_shortfall_at_once():
    assert insolvent_price(-100, -300, 0, length_s=0) == -300


def test_an_account_without_a_requirement_costs_its_debt_all_the_time():
    assert [insolvent_price(-100, -100, s, length_s=600) for s in (0, 300, 600)] == [-100] * 3


def test_a_fund_pays_up_to_what_it_holds():
    assert split_payout(100, 40) == (40, 60)
    assert split_payout(40, 40) == (40, 0)
    assert split_payout(0, 0) == (0, 0)


# derivexyz/v2-core, test/auction/unit-tests/InsolventAuction.t.sol, commit 42366c47,
# testTerminatingAuctionDoesNotFreeLockIfOthersOutstanding: two auctions, each 300 short.
def test_withdrawals_are_locked_as_in_the_venues_own_test():
    assert withdrawals_locked([300, 300], 0)
    assert withdrawals_locked([300, 300], 599)
    assert not withdrawals_locked([300, 300], 600)
    assert withdrawals_locked([300], 0)
    assert not withdrawals_locked([], 0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: insolvent_price(-300, -100, 0, length_s=600),
            "health must be <= -300, the net value, was -100",
        ),
        (lambda: insolvent_price(0, -1, -1, length_s=1), "elapsed_s must be >= 0, was -1"),
        (lambda: insolvent_price(0, -1, 0, length_s=-1), "length_s must be >= 0, was -1"),
        (
            lambda: insolvent_bid(
                1, net_value=1, health=0, elapsed_s=0, length_s=1, fund=0, cash=0
            ),
            "health must be < 0 in an insolvent auction, was 0",
        ),
        (
            lambda: insolvent_bid(
                2, net_value=0, health=-1, elapsed_s=0, length_s=1, fund=0, cash=0
            ),
            "asked must be in (0, 1], was 2",
        ),
        (lambda: split_payout(-1, 0), "payout must be >= 0, was -1"),
        (lambda: split_payout(0, -1), "fund must be >= 0, was -1"),
        (lambda: withdrawals_locked([0], 0), "shortfall must be > 0, was 0"),
    ],
)
def test_a_number_out_of_range_is_named(call, said):
    with pytest.raises(InvalidInputError) as refused:
        call()
    assert str(refused.value) == said


def test_no_context_of_the_caller_lets_a_bid_beyond_its_limit():
    """It is paid 100.25, and wants 100.3 at least."""
    terms = {"net_value": "-100.25", "health": -300, "elapsed_s": 0, "length_s": 600}
    with localcontext(prec=2):
        found = insolvent_bid(1, **terms, fund=0, cash=200, price_limit="-100.3")
    assert found is BidRefused.PRICE_LIMIT
