"""The life of Derive's auction: how it starts, turns, ends, and what it refuses."""

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.derive import (
    UNIT,
    Auction,
    AuctionDone,
    AuctionMargins,
    AuctionRefused,
    AuctionStatus,
    AuctionTerms,
    auction_margins,
    auction_price,
    auction_share_max,
    auction_status,
    convert_to_insolvent,
    insolvent_margin_total,
    start_auction,
    terminate_auction,
    update_scenario,
    withdrawals_blocked,
)

# `getDefaultAuctionParam` of the venue's unit tests, derivexyz/v2-core, commit bcf94bd1.
TERMS = AuctionTerms(
    start=UNIT,
    cutoff=8 * UNIT // 10,
    fast_s=600,
    slow_s=7_200,
    insolvent_s=600,
    buffer=UNIT // 10,
)
NOW_S, OVER_S = 1_000, 1_000 + 7_800
Refused = AuctionRefused


def usd(amount):
    return amount * UNIT


def margins(maintenance, mtm):
    return auction_margins(TERMS, maintenance=usd(maintenance), mtm=usd(mtm))


SOLVENT, INSOLVENT, CURED = margins(-100, 300), margins(-300, -100), margins(100, 300)
OPEN = Auction(scenario=1, started_s=NOW_S)
SUNK = Auction(scenario=1, started_s=NOW_S, insolvent=True, insolvent_margin=usd(300))
CLOSED = replace(OPEN, ongoing=False)


# derivexyz/v2-core, test/auction/unit-tests/SolventAuction.t.sol, commit bcf94bd1.
def test_a_solvent_auction_starts_as_in_the_venues_own_test():
    start = start_auction(TERMS, SOLVENT, now_s=NOW_S, scenario=1)
    assert start.auction == OPEN
    assert start.fee == 0
    assert auction_price(TERMS, OPEN, SOLVENT, now_s=NOW_S) == usd(300)
    assert auction_share_max(TERMS, OPEN, SOLVENT, now_s=NOW_S) // 10**15 == 318
    assert auction_price(TERMS, OPEN, SOLVENT, now_s=NOW_S + 300) == usd(270)
    assert auction_share_max(TERMS, OPEN, SOLVENT, now_s=NOW_S + 300) // 10**15 == 341


def test_a_fee_is_taken_at_the_start_of_a_solvent_auction_only():
    of = replace(TERMS, fee_share=UNIT // 100)
    share = usd(140) * UNIT // usd(440)
    assert start_auction(of, SOLVENT, now_s=0).fee == share * 300 // 100
    assert start_auction(of, INSOLVENT, now_s=0).fee == 0


# InsolventAuction.t.sol, commit 42366c47; the price begins at the value since then.
def test_an_account_worth_nothing_starts_insolvent():
    start = start_auction(TERMS, INSOLVENT, now_s=NOW_S, scenario=1)
    assert start.auction == SUNK
    assert auction_price(TERMS, SUNK, INSOLVENT, now_s=NOW_S) == usd(-100)
    assert auction_price(TERMS, SUNK, INSOLVENT, now_s=NOW_S + 300) == usd(-200)
    assert auction_price(TERMS, SUNK, INSOLVENT, now_s=NOW_S + 600) == usd(-300)
    assert auction_price(TERMS, SUNK, CURED, now_s=NOW_S) == 0
    assert start_auction(TERMS, margins(-1, 0), now_s=NOW_S).auction.insolvent


@pytest.mark.parametrize(
    ("found", "standing", "whitelisted", "reason"),
    [
        (CURED, OPEN, False, Refused.NOT_WHITELISTED_MANAGER),
        (CURED, OPEN, True, Refused.ACCOUNT_IS_ABOVE_MAINTENANCE_MARGIN),
        (margins(0, 5), None, True, Refused.ACCOUNT_IS_ABOVE_MAINTENANCE_MARGIN),
        (SOLVENT, OPEN, True, Refused.AUCTION_ALREADY_STARTED),
    ],
)
def test_a_start_is_refused_for_the_first_reason(found, standing, whitelisted, reason):
    asked = {"now_s": NOW_S, "standing": standing, "whitelisted": whitelisted}
    assert start_auction(TERMS, found, **asked) is reason


def test_an_account_can_be_auctioned_again_once_its_auction_has_ended():
    assert start_auction(TERMS, SOLVENT, now_s=9_999, standing=CLOSED).auction.ongoing


@pytest.mark.parametrize(
    ("auction", "found", "now_s", "done", "timed_out"),
    [
        (OPEN, SOLVENT, NOW_S, None, False),
        (OPEN, CURED, NOW_S, AuctionDone.BUFFER, False),
        (OPEN, AuctionMargins(-1, 0, 5), NOW_S, AuctionDone.BUFFER, False),
        (OPEN, margins(-5, 0), NOW_S, AuctionDone.RESERVED, False),
        (OPEN, margins(5, -1), NOW_S, AuctionDone.WORTHLESS, False),
        (replace(OPEN, reserved=usd(300)), SOLVENT, NOW_S, AuctionDone.RESERVED, False),
        (replace(OPEN, reserved=usd(299)), SOLVENT, NOW_S, None, False),
        (OPEN, margins(1, 300), NOW_S, None, False),  # above maintenance, below the buffer
        (OPEN, margins(1, 300), OVER_S - 1, None, False),
        (OPEN, margins(1, 300), OVER_S, AuctionDone.MAINTENANCE, True),
        (OPEN, margins(0, 300), OVER_S, AuctionDone.MAINTENANCE, True),
        (OPEN, margins(-1, -5), OVER_S, None, True),
        (SUNK, INSOLVENT, OVER_S, None, False),
        (SUNK, margins(0, -5), NOW_S, AuctionDone.MAINTENANCE, False),
    ],
)
def test_an_auction_is_done_for_its_reason(auction, found, now_s, done, timed_out):
    status = auction_status(TERMS, auction, found, now_s=now_s)
    assert status == AuctionStatus(done, timed_out)
    after = terminate_auction(TERMS, auction, found, now_s=now_s)
    if done is None:
        assert after is Refused.AUCTION_CANNOT_TERMINATE
    else:
        assert after == replace(auction, ongoing=False)


@pytest.mark.parametrize("auction", [None, CLOSED])
def test_nothing_is_asked_of_an_auction_that_is_not_there(auction):
    case = (TERMS, auction, SOLVENT)
    assert auction_status(*case, now_s=NOW_S) is Refused.NOT_ONGOING_AUCTION
    assert terminate_auction(*case, now_s=NOW_S) is Refused.NOT_ONGOING_AUCTION
    assert auction_price(*case, now_s=NOW_S) is Refused.AUCTION_NOT_STARTED
    assert convert_to_insolvent(*case, now_s=NOW_S) is Refused.AUCTION_NOT_STARTED
    moved = update_scenario(auction, 2, maintenance=-1, maintenance_new=-2)
    assert moved is Refused.AUCTION_NOT_STARTED


def test_an_auction_nobody_bid_on_turns_insolvent_as_in_the_venues_own_test():
    assert auction_price(TERMS, OPEN, SOLVENT, now_s=OVER_S) == 0
    turned = convert_to_insolvent(TERMS, OPEN, SOLVENT, now_s=OVER_S)
    assert turned == Auction(
        scenario=1, started_s=OVER_S, insolvent=True, insolvent_margin=usd(100)
    )
    again = convert_to_insolvent(TERMS, turned, SOLVENT, now_s=OVER_S)
    assert again is Refused.AUCTION_ALREADY_IN_INSOLVENCY_MODE


@pytest.mark.parametrize(
    ("auction", "found", "now_s", "reason"),
    [
        (OPEN, SOLVENT, OVER_S - 1, Refused.ONGOING_SOLVENT_AUCTION),
        (OPEN, CURED, OVER_S, Refused.ACCOUNT_IS_ABOVE_MAINTENANCE_MARGIN),
        (OPEN, margins(0, 300), OVER_S, Refused.ACCOUNT_IS_ABOVE_MAINTENANCE_MARGIN),
        (OPEN, INSOLVENT, NOW_S, Refused.RESERVED_CASH_GREATER_THAN_MTM),
        (replace(SUNK, ongoing=False), SOLVENT, NOW_S, Refused.AUCTION_ALREADY_IN_INSOLVENCY_MODE),
    ],
)
def test_a_conversion_is_refused_for_the_first_reason(auction, found, now_s, reason):
    assert convert_to_insolvent(TERMS, auction, found, now_s=now_s) is reason


# SolventAuction.t.sol, testCanRevertAuctionWithHighCashReserve.
def test_reserved_cash_above_the_value_forces_a_restart_as_in_the_venues_own_test():
    auction, fallen = replace(OPEN, reserved=usd(27)), margins(-100, 26)
    refused = convert_to_insolvent(TERMS, auction, fallen, now_s=NOW_S + 300)
    assert refused is Refused.RESERVED_CASH_GREATER_THAN_MTM
    assert not terminate_auction(TERMS, auction, fallen, now_s=NOW_S + 300).ongoing


def test_reserved_cash_equal_to_the_value_converts_at_once():
    auction = replace(OPEN, reserved=usd(300))
    assert convert_to_insolvent(TERMS, auction, SOLVENT, now_s=NOW_S).reserved == 0


def test_a_scenario_is_replaced_by_a_worse_one_only():
    worse = update_scenario(OPEN, 2, maintenance=usd(-100), maintenance_new=usd(-300))
    assert worse == replace(OPEN, scenario=2)
    for new in (usd(-100), usd(300)):
        refused = update_scenario(OPEN, 2, maintenance=usd(-100), maintenance_new=new)
        assert refused is Refused.SCENARIO_ID_NOT_WORSE


def test_the_largest_share_of_an_account_worth_less_than_nothing_is_not_told():
    found = auction_share_max(TERMS, OPEN, INSOLVENT, now_s=NOW_S)
    assert found is Refused.SOLVENT_AUCTION_ENDED
    assert auction_share_max(TERMS, OPEN, margins(-5, 0), now_s=NOW_S) == UNIT


# InsolventAuction.t.sol, testTerminatingAuctionDoesNotFreeLockIfOthersOutstanding.
def test_an_ended_auction_blocks_no_withdrawals_but_the_others_do():
    assert insolvent_margin_total((SUNK, SUNK, OPEN)) == usd(600)
    ended = terminate_auction(TERMS, SUNK, CURED, now_s=NOW_S)
    assert withdrawals_blocked(insolvent_margin_total((ended, SUNK)), 0)
    assert not withdrawals_blocked(insolvent_margin_total((ended, ended)), 0)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**30), st.integers(0, 10_000))
def test_an_auction_that_starts_is_not_done_at_that_instant(mtm, requirement, now_s):
    found = auction_margins(TERMS, maintenance=mtm - requirement, mtm=mtm)
    start = start_auction(TERMS, found, now_s=now_s)
    if start is Refused.ACCOUNT_IS_ABOVE_MAINTENANCE_MARGIN:
        assert found.maintenance >= 0
        return
    assert auction_status(TERMS, start.auction, found, now_s=now_s).done is None


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: Auction(scenario=-1, started_s=0),
            "scenario must be a whole number >= 0, was -1",
        ),
        (lambda: Auction(scenario=0, started_s=0, reserved=-UNIT), "reserved must be >= 0, was -1"),
        (
            lambda: auction_price(TERMS, OPEN, SOLVENT, now_s=NOW_S - 1),
            "now_s must be a whole number >= 1000, was 999",
        ),
    ],
)
def test_a_number_out_of_range_is_named(call, said):
    with pytest.raises(InvalidInputError) as refused:
        call()
    assert str(refused.value) == said
