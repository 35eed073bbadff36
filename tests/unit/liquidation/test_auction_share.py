"""The auction of a share of a solvent account: published numbers, the closed form and its laws."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.core import exactly
from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    BidRefused,
    ShareAuctionEnd,
    TwoLegCurve,
    buffered_health,
    largest_share,
    left_after,
    solvent_bid,
    solvent_end,
    solvent_price,
)

CURVE = TwoLegCurve(start=1, cutoff="0.8", fast_s=600, slow_s=7_200)
TINY = Decimal("1e-40")


def decimals(low, high, places=2):
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


worths, requirements = decimals("0.01", 10**9), decimals("0.01", 10**9)
factors, parts = decimals("0.01", 1, 4), decimals("0.0001", "0.9999", 4)


# derivexyz/v2-core, test/auction/unit-tests/SolventAuction.t.sol, commit bcf94bd1: maintenance
# margin -100, mark to market 300, buffer 0.1; 600 s from 1 to 0.8, then 2 hours.
def test_a_solvent_auction_reproduces_the_venues_own_test():
    buffered = buffered_health(-100, 300, buffer="0.1")
    assert buffered == -140
    assert solvent_price(300, CURVE.factor(0)) == 300
    assert int(largest_share(buffered, 300, 1) * 1000) == 318
    half = CURVE.factor(300)
    assert solvent_price(300, half) == 270
    bid = solvent_bid(1, net_value=300, buffered=buffered, factor=half, cash=20_000)
    assert int(bid.share * 1000) == 341
    assert int(bid.paid) == 92
    assert bid.ends
    tenth = solvent_bid("0.1", net_value=300, buffered=buffered, factor=half, cash=20_000)
    assert (tenth.share, tenth.paid, tenth.ends) == (Decimal("0.1"), 27, False)
    dearer = solvent_bid("0.1", net_value=1_000, buffered=buffered, factor=half, cash=20_000)
    assert dearer.paid == 90


# The same file, testPercentageCappedRaceCondition: 30% is sold at 0.8 of 6000, the rest is capped.
def test_a_second_bidder_is_capped_where_the_venues_own_test_caps_it():
    first = solvent_bid("0.3", net_value=6_000, buffered=-10_000, factor="0.8", cash=20_000)
    assert first.paid == 1_440
    worth = left_after(6_000, first.share, first.paid)
    short = left_after(-10_000, first.share, first.paid)
    assert (worth, short) == (4_200 + 1_440, -7_000 + 1_440)
    second = solvent_bid(
        "0.7", net_value=worth, buffered=short, factor="0.8", cash=20_000, reserved=first.paid
    )
    assert int(second.share * 10_000) == 5_366
    assert int(second.paid) == 1_803
    assert abs(left_after(short, second.share, second.paid, reserved=first.paid)) < TINY


@given(worths, requirements, factors, decimals(0, 1, 4), decimals(0, 4))
def test_the_largest_share_is_what_brings_buffered_health_to_zero(
    worth, requirement, factor, kept, buffer
):
    reserved, buffered = worth * kept, buffered_health(worth - requirement, worth, buffer=buffer)
    share = Fraction(largest_share(buffered, worth, factor, reserved=reserved))
    assert 0 <= share <= 1
    v, r, d, b = map(Fraction, (worth, reserved, factor, buffered))
    after = (1 - share) * (b - r) + r + share * (v - r) * d
    assert abs(after - max(b, 0)) < TINY


@given(worths, requirements, factors, parts, parts)
def test_splitting_a_purchase_costs_the_same(worth, requirement, factor, first, second):
    buffered = buffered_health(-requirement, worth, buffer="0.1")
    case = {"factor": factor, "cash": 10**13}
    one = solvent_bid(first, net_value=worth, buffered=buffered, **case)
    worth_left = left_after(worth, one.share, one.paid)
    short_left = left_after(buffered, one.share, one.paid)
    if one.ends:
        assert abs(short_left) < TINY
        return
    two = solvent_bid(second, net_value=worth_left, buffered=short_left, **case, reserved=one.paid)
    with exactly():
        both = one.share + (1 - one.share) * two.share
        paid = one.paid + two.paid
    whole = solvent_bid(both, net_value=worth, buffered=buffered, **case)
    assert abs(whole.share - both) < TINY
    assert abs(whole.paid - paid) < TINY


@given(worths, requirements, requirements, factors)
def test_a_worse_health_never_sells_less(worth, requirement, more, factor):
    milder = buffered_health(worth - requirement, worth, buffer="0.15")
    worse = buffered_health(worth - requirement - more, worth, buffer="0.15")
    assert worse < milder
    assert largest_share(worse, worth, factor) >= largest_share(milder, worth, factor)


def test_a_bid_for_exactly_the_largest_share_ends_the_auction():
    case = {"net_value": 75, "buffered": -25, "factor": 1, "cash": 100}
    assert solvent_bid("0.25", **case).ends
    assert not solvent_bid("0.2499", **case).ends


def test_an_account_below_the_cutoff_is_sold_whole():
    assert largest_share(-1, 99, 1, whole_below=100) == 1
    assert largest_share(-25, 100, 1, whole_below=100) == Decimal("0.2")


def test_nothing_is_sold_of_an_account_at_its_target():
    assert largest_share(0, 300, 1) == 0
    assert largest_share(5, 300, 1) == 0
    assert largest_share(0, 0, 1) == 0
    bid = solvent_bid(1, net_value=300, buffered=5, factor=1, cash=0)
    assert (bid.share, bid.paid, bid.ends) == (0, 0, True)


def test_an_account_given_away_is_given_whole():
    assert largest_share(-1, 300, 0) == 1


def test_a_bidder_needs_the_margin_of_what_it_takes():
    case = {"net_value": 300, "buffered": -140, "factor": "0.9", "reserved": 20}
    bid = solvent_bid("0.1", **case, cash=100)
    assert bid.cash_needed == bid.paid + 16  # |-140 - 20| / 10
    assert solvent_bid("0.1", **case, cash=bid.cash_needed) == bid
    short = bid.cash_needed - Decimal("1e-20")
    assert solvent_bid("0.1", **case, cash=short) is BidRefused.CASH


def test_a_bidder_pays_no_more_than_its_limit():
    case = {"net_value": 300, "buffered": -140, "factor": "0.9", "cash": 1_000}
    assert solvent_bid("0.1", **case, price_limit=27).paid == 27
    assert solvent_bid("0.1", **case, price_limit="26.99") is BidRefused.PRICE_LIMIT


def test_the_first_refusal_in_order_is_given():
    case = {"net_value": 300, "buffered": -140, "cash": 0, "price_limit": 0}
    assert solvent_bid(1, **case, factor=0) is BidRefused.ENDED
    assert solvent_bid(1, **case, factor=1) is BidRefused.CASH
    assert solvent_bid(1, **(case | {"cash": 999}), factor=1) is BidRefused.PRICE_LIMIT
    nothing = {"net_value": 300, "buffered": -140, "reserved": 300, "cash": 999}
    assert solvent_bid(1, **nothing, factor=1) is BidRefused.ENDED


@pytest.mark.parametrize(
    ("worth", "buffered", "reserved", "end"),
    [
        (-1, 5, 0, ShareAuctionEnd.NO_VALUE),
        (0, -5, 0, ShareAuctionEnd.RESERVED),
        (100, 5, 100, ShareAuctionEnd.RESERVED),
        (100, 0, 99, ShareAuctionEnd.CURED),
        (100, -1, 99, None),
    ],
)
def test_a_solvent_auction_ends_for_its_reason(worth, buffered, reserved, end):
    assert solvent_end(worth, buffered, reserved=reserved) is end


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: buffered_health(-1, 1, buffer=-1), "buffer must be >= 0, was -1"),
        (lambda: solvent_price(1, 2), "factor must be in [0, 1], was 2"),
        (lambda: solvent_price(1.5, 1), "net_value must be a Decimal, an int or text, was 1.5"),
        (
            lambda: largest_share(-1, -5, 1, whole_below=-9),
            "net_value must be >= 0 in a solvent auction, was -5",
        ),
        (lambda: left_after(1, 2, 0), "taken must be in [0, 1], was 2"),
        (
            lambda: solvent_bid(0, net_value=1, buffered=-1, factor=1, cash=0),
            "asked must be in (0, 1], was 0",
        ),
        (
            lambda: solvent_bid("1.1", net_value=1, buffered=-1, factor=1, cash=0),
            "asked must be in (0, 1], was 1.1",
        ),
        (lambda: solvent_end(1, 1, reserved=-1), "reserved must be >= 0, was -1"),
    ],
)
def test_a_number_out_of_range_is_named(call, said):
    with pytest.raises(InvalidInputError) as refused:
        call()
    assert str(refused.value) == said
