"""Bids in Derive's auction: the venue's own tests, what moves, and the laws of money."""

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.derive import (
    UNIT,
    Auction,
    AuctionRefused,
    AuctionTerms,
    Bid,
    auction_margins,
    execute_bid,
    place_bid,
)

TERMS = AuctionTerms(
    start=UNIT,
    cutoff=8 * UNIT // 10,
    fast_s=600,
    slow_s=7_200,
    insolvent_s=600,
    buffer=UNIT // 10,
)
OPEN = Auction(scenario=1, started_s=0)
SUNK = Auction(scenario=1, started_s=0, insolvent=True, insolvent_margin=300 * UNIT)
Refused = AuctionRefused
RICH = {"cash": 10**40}

amounts = st.integers(UNIT, 10**28)
shares = st.integers(1, UNIT)


def usd(amount):
    return int(amount * UNIT)


def margins(maintenance, mtm, of=TERMS):
    return auction_margins(of, maintenance=usd(maintenance), mtm=usd(mtm))


def bid(share, **changes):
    return Bid(share=int(share * UNIT), **({"balances": RICH} | changes))


SOLVENT, INSOLVENT = margins(-100, 300), margins(-300, -100)


# derivexyz/v2-core, test/auction/unit-tests/SolventAuction.t.sol, commit bcf94bd1.
def test_solvent_bids_reproduce_the_venues_own_tests():
    whole = place_bid(TERMS, OPEN, SOLVENT, bid(1), now_s=300)
    assert whole.share == whole.share_max
    assert whole.share // 10**15 == 341
    assert (whole.cash_from_bidder // UNIT, whole.cash_to_bidder) == (92, 0)
    assert not whole.auction.ongoing
    tenth = place_bid(TERMS, OPEN, SOLVENT, bid(0.1), now_s=300)
    assert (tenth.share, tenth.cash_from_bidder) == (UNIT // 10, usd(27))
    assert tenth.auction == replace(OPEN, reserved=usd(27))
    dearer = place_bid(TERMS, OPEN, margins(-100, 1_000), bid(0.1), now_s=300)
    assert dearer.cash_from_bidder == usd(90)
    milder = place_bid(TERMS, OPEN, margins(1, 300), bid(1), now_s=0)
    assert not milder.auction.ongoing


# The same file, testPercentageCappedRaceCondition, with shares of what stands there.
def test_a_second_bidder_is_capped_as_in_the_venues_own_test():
    of = replace(TERMS, buffer=0)
    first = place_bid(of, OPEN, margins(-10_000, 6_000, of), bid(0.3), now_s=600)
    assert first.cash_from_bidder == usd(1_440)
    left = margins(-7_000 + 1_440, 4_200 + 1_440, of)
    second = place_bid(of, first.auction, left, bid(0.7), now_s=600)
    assert second.share // 10**14 == 5_366
    assert second.cash_from_bidder // UNIT == 1_803
    assert not second.auction.ongoing


# The same file, testBidRaceCondition: equal slices of the original cost the same.
def test_a_later_bidder_pays_no_less_as_in_the_venues_own_test():
    first = place_bid(TERMS, OPEN, SOLVENT, bid(0.1), now_s=300)
    left = auction_margins(TERMS, maintenance=usd(-63), mtm=usd(270) + first.cash_from_bidder)
    second = place_bid(TERMS, first.auction, left, Bid(share=UNIT // 9, balances=RICH), now_s=300)
    assert 0 <= first.cash_from_bidder - second.cash_from_bidder <= 270  # a unit of share of 270


class ShortPerp:
    """The account of test_BMAfterLiquidation: cash and one short perpetual at 1035, 5% margin."""

    def __init__(self, terms):
        self.terms, self.held = terms, {"cash": usd(30), "perp": -UNIT}

    def margins(self):
        """Return its margins; a settled perpetual has no value of its own."""
        cash, size = self.held.get("cash", 0), self.held.get("perp", 0)
        required = abs(size) * 5_175 // 100
        return auction_margins(self.terms, maintenance=cash - required, mtm=cash)


# derivexyz/v2-core, test/integration-tests/liquidation/SRM_liquidation.t.sol, commit 65102003.
def test_buffer_margin_after_two_bids_is_nothing_as_in_the_venues_own_test():
    of = replace(TERMS, start=8 * UNIT // 10, buffer=5 * UNIT // 100)
    account, auction = ShortPerp(of), OPEN
    assert account.margins().maintenance == -2_175 * UNIT // 100
    for share, found in ((UNIT // 10, 1_000), (UNIT, 4_483)):
        taken = place_bid(of, auction, account.margins(), Bid(share=share, balances=RICH), now_s=0)
        assert taken.share // 10**14 == found
        moved = execute_bid(
            account.held,
            RICH,
            share=taken.share,
            paid=taken.cash_from_bidder,
            reserved=auction.reserved,
        )
        account.held, auction = moved.account, taken.auction
    assert abs(account.margins().buffer) < 10**10
    assert not auction.ongoing


# The same file, testBufferMarginReservedCashCondition, to the dollar it asserts.
def test_the_cash_a_bidder_needs_reproduces_the_venues_own_test():
    of = replace(TERMS, buffer=8 * UNIT // 10)
    first = place_bid(of, OPEN, margins(-108, 86.9, of), bid(0.3), now_s=600)
    assert first.cash_from_bidder == pytest.approx(usd(20), abs=UNIT)
    left = auction_margins(
        of,
        maintenance=usd(-75.6) + first.cash_from_bidder,
        mtm=usd(60.83) + first.cash_from_bidder,
    )
    assert left.buffer == pytest.approx(usd(-164), abs=UNIT)
    poor = bid(0.142, balances={"cash": usd(33)})
    assert place_bid(of, first.auction, left, poor, now_s=600) is Refused.INSUFFICIENT_CASH
    enough = bid(0.142, balances={"cash": usd(34)})
    second = place_bid(of, first.auction, left, enough, now_s=600)
    assert second.price == pytest.approx(usd(48), abs=UNIT)
    assert second.cash_from_bidder == pytest.approx(usd(6.9), abs=UNIT // 10)


# InsolventAuction.t.sol, commit 42366c47, for an account worth nothing: 50% at 2%, all at 50%.
def test_insolvent_bids_reproduce_the_venues_own_tests():
    found = margins(-300, 0)
    half = place_bid(TERMS, SUNK, found, bid(0.5), now_s=12, module_cash=usd(100))
    assert (half.cash_to_bidder, half.cash_from_bidder) == (usd(3), 0)
    assert (half.from_module, half.printed) == (usd(3), 0)
    assert half.auction == SUNK
    whole = place_bid(TERMS, SUNK, found, bid(1), now_s=300, module_cash=usd(100))
    assert (whole.cash_to_bidder, whole.from_module, whole.printed) == tuple(
        map(usd, (150, 100, 50))
    )
    assert not whole.auction.ongoing
    assert place_bid(TERMS, SUNK, found, bid(1), now_s=0).cash_to_bidder == 0


def test_a_taker_of_an_insolvent_account_needs_what_it_is_not_paid():
    asked = bid(0.5, balances={"cash": usd(50)})
    assert place_bid(TERMS, SUNK, INSOLVENT, asked, now_s=300).cash_needed == usd(50)
    short = bid(0.5, balances={"cash": usd(50) - 1})
    assert place_bid(TERMS, SUNK, INSOLVENT, short, now_s=300) is Refused.INSUFFICIENT_CASH


def test_a_bid_for_exactly_the_largest_share_ends_the_auction():
    case = {"now_s": 1_300, "auction": replace(OPEN, started_s=1_000)}
    most = place_bid(TERMS, margins=SOLVENT, bid=bid(1), **case).share_max
    assert most // 10**15 == 341
    for share, ongoing in ((most, False), (most - 1, True)):
        taken = place_bid(TERMS, margins=SOLVENT, bid=Bid(share=share, balances=RICH), **case)
        assert (taken.share, taken.auction.ongoing) == (share, ongoing)


def test_limits_bind_on_what_is_paid_and_on_what_is_received():
    paying = {"terms": TERMS, "auction": OPEN, "margins": SOLVENT, "now_s": 300}
    assert place_bid(bid=bid(0.1, price_limit=usd(27)), **paying).cash_from_bidder == usd(27)
    refused = place_bid(bid=bid(0.1, price_limit=usd(27) - 1), **paying)
    assert refused is Refused.PRICE_LIMIT_EXCEEDED
    paid = {"terms": TERMS, "auction": SUNK, "margins": INSOLVENT, "now_s": 300}
    assert place_bid(bid=bid(1, price_limit=usd(-200)), **paid).cash_to_bidder == usd(200)
    refused = place_bid(bid=bid(1, price_limit=usd(-200) - 1), **paid)
    assert refused is Refused.PRICE_LIMIT_EXCEEDED


# One case a line, worst first: each line leaves out the fault above it.
PRECEDENCE = [
    (Refused.INVALID_PERCENTAGE, {"share": 0}, {}),
    (Refused.INVALID_PERCENTAGE, {"share": UNIT + 1}, {}),
    (Refused.INVALID_LAST_TRADE_ID, {"last_trade": 8}, {}),
    (Refused.NOT_WHITELISTED_MANAGER, {"last_trade": 9}, {}),
    (Refused.CANNOT_BID_WITH_DIFFERENT_MANAGER, {"last_trade": 9}, {"whitelisted": True}),
    (Refused.SENDER_NOT_OWNER, {"same_manager": True}, {"whitelisted": True}),
]


@pytest.mark.parametrize(("reason", "asked", "around"), PRECEDENCE)
def test_a_bidder_is_refused_for_the_first_reason(reason, asked, around):
    worst = {"share": UNIT, "balances": {}, "same_manager": False, "owner": False}
    case = {"now_s": 0, "last_trade": 9, "whitelisted": False} | around
    assert place_bid(TERMS, None, SOLVENT, Bid(**(worst | asked)), **case) is reason


@pytest.mark.parametrize(
    ("auction", "found", "now_s", "balances", "reason"),
    [
        (None, SOLVENT, 0, {}, Refused.NOT_ONGOING_AUCTION),
        (OPEN, margins(100, 300), 0, {}, Refused.AUCTION_SHOULD_BE_TERMINATED),
        (replace(OPEN, reserved=usd(301)), SOLVENT, 0, {}, Refused.AUCTION_SHOULD_BE_TERMINATED),
        (SUNK, margins(0, -1), 0, {}, Refused.AUCTION_SHOULD_BE_TERMINATED),
        (OPEN, SOLVENT, 7_800, {}, Refused.SOLVENT_AUCTION_ENDED),
        (replace(OPEN, reserved=usd(301)), SOLVENT, 7_800, {}, Refused.SOLVENT_AUCTION_ENDED),
        (OPEN, SOLVENT, 0, {}, Refused.INVALID_BIDDER_PORTFOLIO),
        (OPEN, SOLVENT, 0, {"cash": 0}, Refused.INVALID_BIDDER_PORTFOLIO),
        (OPEN, SOLVENT, 0, {"perp": 1}, Refused.INVALID_BIDDER_PORTFOLIO),
        (OPEN, SOLVENT, 0, RICH | {"perp": 1}, Refused.INVALID_BIDDER_PORTFOLIO),
        (OPEN, SOLVENT, 0, {"cash": 1}, Refused.INSUFFICIENT_CASH),
        (SUNK, INSOLVENT, 0, {"cash": -1}, Refused.INSUFFICIENT_CASH),
        (OPEN, SOLVENT, 0, RICH, Refused.PRICE_LIMIT_EXCEEDED),
    ],
)
def test_a_bid_is_refused_for_the_first_reason(auction, found, now_s, balances, reason):
    asked = Bid(share=UNIT, balances=balances, price_limit=-1)
    assert place_bid(TERMS, auction, found, asked, now_s=now_s) is reason


def test_the_number_of_the_last_trade_may_be_left_open():
    assert place_bid(TERMS, OPEN, SOLVENT, bid(1), now_s=0, last_trade=9).share > 0
    assert place_bid(TERMS, OPEN, SOLVENT, bid(1, last_trade=9), now_s=0, last_trade=9).share > 0


@given(
    st.dictionaries(
        st.sampled_from(["cash", "perp", "call", "put"]), st.integers(-(10**27), 10**27)
    ),
    st.dictionaries(st.sampled_from(["cash", "other"]), st.integers(-(10**27), 10**27)),
    shares,
    st.integers(0, 10**27),
    st.integers(0, 10**27),
)
def test_a_bid_moves_everything_and_creates_nothing(account, bidder, share, paid, reserved):
    moved = execute_bid(account, bidder, share=share, paid=paid, reserved=reserved)
    for asset in {*account, *bidder, "cash"}:
        before = account.get(asset, 0) + bidder.get(asset, 0)
        assert moved.account.get(asset, 0) + moved.bidder.get(asset, 0) == before
    assert all(moved.account.values())
    assert all(moved.bidder.values())


def test_a_whole_account_leaves_nothing_but_reserved_cash_and_the_payment():
    moved = execute_bid({"cash": 50, "call": -7}, {"cash": 90}, share=UNIT, paid=30, reserved=20)
    assert moved.account == {"cash": 50}
    assert moved.bidder == {"cash": 90, "call": -7}


@given(amounts, amounts, shares, shares, st.integers(0, 7_000))
def test_splitting_a_purchase_gains_dust_at_most(mtm, requirement, first, second, now_s):
    found = auction_margins(TERMS, maintenance=-requirement, mtm=mtm)
    one = place_bid(TERMS, OPEN, found, Bid(share=first, balances=RICH), now_s=now_s)
    if not one.auction.ongoing:
        assert one.share == one.share_max
        return
    left = auction_margins(
        TERMS,
        maintenance=-requirement + requirement * one.share // UNIT + one.cash_from_bidder,
        mtm=mtm - mtm * one.share // UNIT + one.cash_from_bidder,
    )
    two = place_bid(TERMS, one.auction, left, Bid(share=second, balances=RICH), now_s=now_s)
    if isinstance(two, AuctionRefused):
        assert two is Refused.AUCTION_SHOULD_BE_TERMINATED
        return
    both = one.share + (UNIT - one.share) * two.share // UNIT
    whole = place_bid(TERMS, OPEN, found, Bid(share=both, balances=RICH), now_s=now_s)
    dust = mtm // UNIT + 5  # one unit of share is worth so much
    assert abs(whole.cash_from_bidder - one.cash_from_bidder - two.cash_from_bidder) <= 3 * dust


@given(amounts, amounts, shares, st.integers(0, 900), st.integers(0, 10**28))
def test_account_bidder_and_module_keep_all_cash_but_what_is_printed(
    debt, requirement, share, now_s, module_cash
):
    held, taker = {"cash": -debt, "put": -UNIT}, {"cash": 10**30}
    found = auction_margins(TERMS, maintenance=-debt - requirement, mtm=-debt)
    taken = place_bid(
        TERMS, SUNK, found, Bid(share=share, balances=taker), now_s=now_s, module_cash=module_cash
    )
    paid_out = taker | {"cash": taker["cash"] + taken.cash_to_bidder}
    moved = execute_bid(held, paid_out, share=taken.share, paid=0, reserved=0)
    before = held["cash"] + taker["cash"] + module_cash
    after = moved.account.get("cash", 0) + moved.bidder["cash"] + module_cash - taken.from_module
    assert after - before == taken.printed
    assert taken.cash_needed + taken.cash_to_bidder == (debt + requirement) * share // UNIT


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: bid(1, price_limit=0), "price_limit must be None where there is none, was 0"),
        (lambda: bid(1, last_trade=0), "last_trade must be None where there is none, was 0"),
        (
            lambda: place_bid(TERMS, SUNK, margins(-1, -3), bid(1), now_s=0),
            "cash needed beside the payout must be >= 0, was -2",
        ),
        (
            lambda: place_bid(TERMS, SUNK, INSOLVENT, bid(1), now_s=0, module_cash=-UNIT),
            "module_cash must be >= 0, was -1",
        ),
        (
            lambda: execute_bid({}, {}, share=2 * UNIT, paid=0, reserved=0),
            "share must be <= 1, was 2",
        ),
        (
            lambda: execute_bid({}, {}, share=0, paid=-UNIT, reserved=0),
            "paid must be >= 0, was -1",
        ),
        (
            lambda: execute_bid({}, {}, share=0, paid=0, reserved=-UNIT),
            "reserved must be >= 0, was -1",
        ),
    ],
)
def test_a_number_out_of_range_is_named(call, said):
    with pytest.raises(InvalidInputError) as refused:
        call()
    assert str(refused.value) == said
