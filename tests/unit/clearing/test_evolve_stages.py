"""What each event of a stage does to the facts and the books."""

import pytest
from msgspec import structs

from hullmark.clearing import evolve
from hullmark.clearing._evolve_stages import add_participation, counted
from hullmark.domain import (
    AuctionEnd,
    AuctionKind,
    AuctionPhase,
    QuoteEnd,
    SystemAccount,
    events,
)

from .staged import BIDDER, OWNER, POOL, STAGES, after_stages

FUND = SystemAccount.FUND
USDT = 0
KINDS = [type(event) for event in STAGES]


def until(kind, *more, but=False):
    """Return the facts right after the stages' first event of a kind, or right before it."""
    state = after_stages(KINDS.index(kind) + (not but))
    for event in more:
        evolve(state, event)
    return state


def moved(kind, asset=USDT):
    """Return whose cash the event of a kind changes, and by how much."""
    before, after = until(kind, but=True).ledger, until(kind).ledger
    accounts = (FUND, POOL, OWNER, BIDDER)
    changed = {a: after.cash(a, asset) - before.cash(a, asset) for a in accounts}
    assert sum(changed.values()) == 0
    return {account: quanta for account, quanta in changed.items() if quanta}


def test_a_stage_begins_now_with_its_orders_uncounted():
    before, state = until(events.StageEntered, but=True), until(events.StageEntered)
    assert before.episodes[OWNER].rounds == 1
    assert state.episodes[OWNER].rounds == 0
    assert (state.courses[OWNER].place, state.courses[OWNER].entered_ns) == (1, state.now_ns)


def test_terms_stand_until_they_are_dropped():
    state = until(events.SoftTermsSet)
    assert state.soft[BIDDER].saviour == OWNER
    assert not until(events.SoftTermsSet, events.SoftTermsDropped(account=BIDDER)).soft


def test_a_top_up_uses_up_the_saviour_s_terms():
    topped = events.ToppedUp(account=BIDDER, saviour=OWNER, asset="USDT", quanta=5)
    before, state = until(events.SoftTermsSet), until(events.SoftTermsSet, topped)
    for account, quanta in ((OWNER, -5), (BIDDER, 5)):
        assert state.ledger.cash(account, USDT) == before.ledger.cash(account, USDT) + quanta
    assert state.soft[BIDDER].quanta_max == 2  # of seven


def test_a_margin_call_stands_until_it_ends():
    assert until(events.MarginCalled).calls == {BIDDER: 8 * 10**8}
    assert not until(events.MarginCalled, events.MarginCallEnded(account=BIDDER)).calls


def test_an_auction_begins_now():
    state = until(events.AuctionStarted)
    assert state.auction_of == {OWNER: 1}
    assert state.auction_last == 1
    auction = state.auctions[1]
    assert (auction.started_ns, auction.tab_quanta, auction.debt_quanta) == (
        state.now_ns,
        1_010,
        1_000,
    )


def test_a_bid_on_a_lot_pays_the_debt_and_the_penalty_and_gets_the_coins():
    """Of 101 paid one is the penalty, which goes on to the fund."""
    assert moved(events.AuctionTaken) == {BIDDER: -101, OWNER: 100, FUND: 1}
    assert moved(events.AuctionTaken, asset=2) == {OWNER: -(10**6), BIDDER: 10**6}
    auction = until(events.AuctionTaken).auctions[1]
    assert (auction.lot_quanta, auction.tab_quanta, auction.debt_quanta) == (
        10**8 - 10**6,
        909,
        900,
    )
    assert auction.notional_nano == 10**9 - 10**8


def of_share(*paid):
    """Return the facts after an auction of a share of which parts were paid for."""
    terms = {"auction": 1, "account": OWNER}
    started = events.AuctionStarted(
        **terms,
        kind=AuctionKind.SHARE,
        phase=AuctionPhase.SOLVENT,
        asset="USDT",
        top_nano=10**9,
    )
    taken = [events.AuctionTaken(**terms, bidder=BIDDER, paid_quanta=quanta) for quanta in paid]
    return until(events.LiquidationStarted, started, *taken)


def test_what_is_paid_for_shares_is_reserved_and_what_is_paid_out_is_not():
    assert of_share(7, 5).auctions[1].reserved_quanta == 12
    assert of_share(7, -5).auctions[1].reserved_quanta == 7
    before, state = of_share(), of_share(-5)
    assert state.ledger.cash(BIDDER, USDT) == before.ledger.cash(BIDDER, USDT) + 5


def test_a_reset_begins_again_at_another_price_and_rewards_its_keeper():
    assert moved(events.AuctionReset) == {OWNER: -3, BIDDER: 3}
    before, state = until(events.AuctionReset, but=True), until(events.AuctionReset)
    owed = before.auctions[1].debt_quanta + 3  # the debt is larger, and the penalty smaller
    assert (state.auctions[1].debt_quanta, state.auctions[1].tab_quanta) == (
        owed,
        before.auctions[1].tab_quanta,
    )
    assert (state.auctions[1].top_nano, state.auctions[1].started_ns) == (9 * 10**10, state.now_ns)


def test_the_end_of_an_auction_leaves_its_number_used():
    ended = events.AuctionEnded(auction=1, account=OWNER, reason=AuctionEnd.SOLD)
    state = until(events.AuctionStarted, ended)
    assert (state.auctions, state.auction_of, state.auction_last) == ({}, {}, 1)


def test_what_is_taken_of_a_quote_is_counted_on_it():
    """The maker buys two of ten for 2000, the account pays 20 to the fund."""
    quote = until(events.BackstopFilled).quotes[5]
    assert (quote.lots, quote.taken_lots, quote.paid_quanta) == (8, 2, 2_000)
    assert until(events.BackstopFilled).courses[OWNER].participation_quanta == 4
    cash = {events.BackstopFilled: until(events.BackstopFilled).ledger.cash(FUND, USDT)}
    before = until(events.BackstopFilled, but=True).ledger.cash(FUND, USDT)
    assert cash[events.BackstopFilled] == before + 20


def test_a_quote_stands_until_it_ends_and_a_request_is_kept():
    assert until(events.QuotePosted).quotes[5].posted_ns == until(events.QuotePosted).now_ns
    ended = events.QuoteEnded(quote=5, reason=QuoteEnd.EXPIRED)
    assert not until(events.QuotePosted, ended).quotes
    assert until(events.QuotesRequested).requests[OWNER].lots == {"PERP": -5}


def test_joining_a_pool_pays_into_its_account_and_leaving_out_of_it():
    assert moved(events.PoolJoined) == {OWNER: -(10**6), POOL: 10**6}
    left = events.PoolLeft(pool="vault", account=OWNER, quanta=4 * 10**5, worth_quanta=10**6)
    before, state = until(events.PoolLeaveNoticed), until(events.PoolLeaveNoticed, left)
    assert state.ledger.cash(OWNER, USDT) == before.ledger.cash(OWNER, USDT) + 4 * 10**5
    member = state.stakes["vault", OWNER]
    assert member.stake.quanta == 6 * 10**5
    assert member.due_ns == before.stakes["vault", OWNER].due_ns is not None


def test_who_takes_out_all_is_a_member_no_more():
    left = events.PoolLeft(pool="vault", account=OWNER, quanta=10**6, worth_quanta=10**6)
    assert not until(events.PoolJoined, left).stakes


@pytest.mark.parametrize(("worth", "cash"), [(10**6, 10**6), (5 * 10**5, 5 * 10**5), (-7, 0)])
def test_a_pool_is_counted_at_what_it_is_worth_and_never_below_zero(worth, cash):
    assert counted(until(events.PoolJoined), "vault", worth).cash == cash


def test_halts_and_the_breaker_stand_until_they_are_lifted():
    state = until(events.BreakerSet)
    assert state.halted["ETHER"].delisting
    assert state.breaker.level == 2
    lifted = (events.InstrumentResumed(instrument="ETHER"), events.BreakerSet(level=0))
    state = until(events.BreakerSet, *lifted)
    assert (state.halted, state.breaker) == ({}, None)


def test_a_moved_portfolio_is_traded_and_paid_from_one_to_the_other():
    number = after_stages().ledger.instrument_index["PERP"]
    before, after = until(events.PortfolioMoved, but=True).ledger, after_stages().ledger
    for account, lots in ((OWNER, -1), (BIDDER, 1)):
        held = before.position(account, number).lots
        assert after.position(account, number).lots == held + lots
    assert moved(events.PortfolioMoved, asset=2) == {OWNER: -(10**4), BIDDER: 10**4}


def test_losses_by_waiting_add_up():
    state = until(events.LiquidationStarted)
    add_participation(state, OWNER, 5)
    add_participation(state, OWNER, -2, oracle=3)
    assert (state.courses[OWNER].participation_quanta, state.courses[OWNER].oracle_quanta) == (3, 3)


def test_no_loss_makes_no_course():
    state = until(events.LiquidationStarted)
    before = dict(state.courses)
    add_participation(state, OWNER, 0)
    assert dict(state.courses) == before


def test_where_no_penalty_is_taken_a_debt_ends_at_nothing_and_the_rest_is_penalty():
    """Of 1010 to be raised 1000 are debt: 1005 pay it all, and are 5 more."""
    terms = {"auction": 1, "account": OWNER, "bidder": BIDDER, "lot_quanta": 5}
    taken = events.AuctionTaken(**terms, paid_quanta=1_005)
    auction = until(events.AuctionStarted, taken).auctions[1]
    assert (auction.tab_quanta, auction.debt_quanta) == (5, 0)


def test_the_funding_of_who_joins_a_pool_is_settled_first():
    """The owner is long five: what they owe is paid before what it pays in is noted."""
    accrued = events.FundingAccrued(
        instrument="PERP", rate_nano=1, price_nano=10**9, step_micro=2 * 10**6
    )
    joined = events.PoolJoined(pool="vault", account=OWNER, quanta=10, worth_quanta=0)
    before = until(events.LiquidationStarted)
    ledger = until(events.LiquidationStarted, accrued, joined).ledger
    assert ledger.cash(OWNER, USDT) == before.ledger.cash(OWNER, USDT) - 5 * 2 - 10


def test_a_short_that_is_moved_and_a_short_that_a_maker_takes_keep_their_side():
    """The owner is long five and the bidder short; two lots go the other way at 1000 each."""
    moved_lots = events.PortfolioMoved(
        source=BIDDER,
        target=POOL,
        lots={"PERP": -2},
        cost_quanta={"PERP": -2_000},
        cash_quanta={},
    )
    ledger = until(events.LiquidationStarted, moved_lots).ledger
    number = ledger.instrument_index["PERP"]
    assert [ledger.position(a, number).lots for a in (OWNER, BIDDER, POOL)] == [5, -3, -2]
    posted = events.QuotePosted(
        quote=6, maker=POOL, instrument="PERP", lots=-9, offset_nano=0, expires_ns=2**62
    )
    bought = events.BackstopFilled(
        quote=6,
        account=BIDDER,
        maker=POOL,
        instrument="PERP",
        lots=2,
        price_nano=10**9,
        cost_quanta=2_000,
        penalty_quanta=0,
        participation_quanta=0,
    )
    state = until(events.LiquidationStarted, posted, bought)
    assert [state.ledger.position(a, number).lots for a in (OWNER, BIDDER, POOL)] == [5, -3, -2]
    quote = state.quotes[6]
    assert (quote.lots, quote.taken_lots, quote.paid_quanta) == (-7, -2, -2_000)


def test_an_order_of_the_soft_stage_is_not_counted_where_sizes_are():
    order = next(event for event in STAGES if isinstance(event, events.LiquidationOrdered))
    counted_, soft = (
        until(events.LiquidationStarted, structs.replace(order, soft=soft))
        for soft in (False, True)
    )
    assert counted_.ordered["PERP"].nano == 10**9
    assert counted_.courses[OWNER].part_ns is not None
    assert (soft.ordered, soft.courses[OWNER].part_ns) == ({}, None)
