"""What the events of stages do to the facts: chains, auctions, quotes, pools, halts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hullmark.clearing._liquidation_rules import LiquidationRules
from hullmark.clearing._ordered import ordered_with
from hullmark.clearing._seasons import note_moved
from hullmark.clearing._stage_facts import Auction, Course, Membership, Quote
from hullmark.clearing._state import State
from hullmark.domain import AuctionKind, Spot, SystemAccount, events
from hullmark.liquidation import Pool, StageRules


def _stage_entered(event: events.StageEntered, state: State) -> None:
    course = state.courses.get(event.account, Course())
    state.courses[event.account] = replace(course, place=event.place, entered_ns=state.now_ns)
    state.episodes[event.account] = state.episodes[event.account].at_round(0)
    if event.account in state.parked:
        del state.parked[event.account]


def rechain(state: State, before: Sequence[StageRules], rules: LiquidationRules) -> None:
    """Let every liquidation go on where it stands in the chain of other rules."""
    after = [each.stage for each in rules.chain]
    if after == [each.stage for each in before]:
        return
    for account in state.episodes:
        course = state.courses.get(account, Course(began_ns=state.now_ns))
        place = rules.place_from(before, course.place)
        goes_on = before and after and before[course.place].stage is after[place]
        entered_ns = course.entered_ns if goes_on else state.now_ns
        state.courses[account] = replace(course, place=place, entered_ns=entered_ns)


def _soft_terms_set(event: events.SoftTermsSet, state: State) -> None:
    state.soft[event.account] = event


def _soft_terms_dropped(event: events.SoftTermsDropped, state: State) -> None:
    del state.soft[event.account]


def _topped_up(event: events.ToppedUp, state: State) -> None:
    ledger = state.ledger
    ledger.settle_all_funding(event.saviour)
    note_moved(state, event.asset, event.quanta, source=event.saviour, target=event.account)
    ledger.move(event.saviour, event.account, ledger.asset_index[event.asset], event.quanta)
    terms = state.soft[event.account]
    state.soft[event.account] = events.SoftTermsSet(
        account=terms.account,
        saviour=terms.saviour,
        asset=terms.asset,
        quanta_max=terms.quanta_max - event.quanta,
    )


def _margin_called(event: events.MarginCalled, state: State) -> None:
    state.calls[event.account] = event.level_nano


def _margin_call_ended(event: events.MarginCallEnded, state: State) -> None:
    del state.calls[event.account]


def _portfolio_moved(event: events.PortfolioMoved, state: State) -> None:
    ledger = state.ledger
    for symbol, lots in event.lots.items():
        cost, number = event.cost_quanta[symbol], ledger.instrument_index[symbol]
        if lots > 0:
            ledger.trade(event.target, event.source, number, lots=lots, cost=cost)
        else:
            ledger.trade(event.source, event.target, number, lots=-lots, cost=-cost)
    for symbol, quanta in event.cash_quanta.items():
        asset = ledger.asset_index[symbol]
        payer, payee = event.source, event.target
        if quanta < 0:
            payer, payee = payee, payer
        ledger.move(payer, payee, asset, abs(quanta))


def _auction_started(event: events.AuctionStarted, state: State) -> None:
    state.auctions[event.auction] = Auction(
        account=event.account,
        kind=event.kind,
        phase=event.phase,
        asset=event.asset,
        top_nano=event.top_nano,
        started_ns=state.now_ns,
        lot_asset=event.lot_asset,
        lot_quanta=event.lot_quanta,
        tab_quanta=event.tab_quanta,
        debt_quanta=event.debt_quanta,
        notional_nano=event.notional_nano,
    )
    state.auction_of[event.account] = event.auction
    state.auction_last = event.auction


def _auction_taken(event: events.AuctionTaken, state: State) -> None:
    ledger, auction = state.ledger, state.auctions[event.auction]
    asset, account, bidder = ledger.asset_index[auction.asset], event.account, event.bidder
    payer, payee = (bidder, account) if event.paid_quanta >= 0 else (account, bidder)
    ledger.move(payer, payee, asset, abs(event.paid_quanta))
    ledger.move(account, SystemAccount.FUND, asset, event.penalty_quanta)
    left = replace(auction, notional_nano=auction.notional_nano - event.notional_nano)
    if auction.kind is AuctionKind.LOT:
        assert auction.lot_asset is not None, "a lot is of an asset"
        ledger.move(account, bidder, ledger.asset_index[auction.lot_asset], event.lot_quanta)
        left = replace(
            left,
            lot_quanta=left.lot_quanta - event.lot_quanta,
            tab_quanta=left.tab_quanta - event.paid_quanta,
            debt_quanta=max(left.debt_quanta - event.paid_quanta + event.penalty_quanta, 0),
        )
    else:
        left = replace(left, reserved_quanta=left.reserved_quanta + max(event.paid_quanta, 0))
    state.auctions[event.auction] = left
    add_participation(state, account, event.participation_quanta)


def _auction_reset(event: events.AuctionReset, state: State) -> None:
    auction = state.auctions[event.auction]
    renewed = replace(
        auction,
        top_nano=event.top_nano,
        started_ns=state.now_ns,
        debt_quanta=auction.debt_quanta + event.reward_quanta,
    )
    state.auctions[event.auction] = renewed
    if event.keeper is not None:
        asset = state.ledger.asset_index[auction.asset]
        state.ledger.move(event.account, event.keeper, asset, event.reward_quanta)
        course = state.courses.get(event.account, Course())
        given = dict(course.rewarded_quanta)
        given[auction.asset] = given.get(auction.asset, 0) + event.reward_quanta
        state.courses[event.account] = replace(course, rewarded_quanta=given)


def _auction_ended(event: events.AuctionEnded, state: State) -> None:
    del state.auctions[event.auction]
    del state.auction_of[event.account]


def _quote_posted(event: events.QuotePosted, state: State) -> None:
    state.quotes[event.quote] = Quote(
        maker=event.maker,
        instrument=event.instrument,
        lots=event.lots,
        offset_nano=event.offset_nano,
        expires_ns=event.expires_ns,
        posted_ns=state.now_ns,
        account=event.account,
        loss_quanta_max=event.loss_quanta_max,
    )


def _quote_ended(event: events.QuoteEnded, state: State) -> None:
    del state.quotes[event.quote]


def _quotes_requested(event: events.QuotesRequested, state: State) -> None:
    state.requests[event.account] = event


def _backstop_filled(event: events.BackstopFilled, state: State) -> None:
    ledger = state.ledger
    number = ledger.instrument_index[event.instrument]
    sides = (event.account, event.maker)
    buyer, seller = sides if event.lots > 0 else sides[::-1]
    ledger.trade(buyer, seller, number, lots=abs(event.lots), cost=event.cost_quanta)
    asset = ledger.settlement(number)
    ledger.move(event.account, SystemAccount.FUND, asset, event.penalty_quanta)
    quote = state.quotes[event.quote]
    paid = event.cost_quanta if event.lots < 0 else -event.cost_quanta
    state.quotes[event.quote] = replace(
        quote,
        lots=quote.lots + event.lots,
        taken_lots=quote.taken_lots - event.lots,
        paid_quanta=quote.paid_quanta + paid,
    )
    add_participation(state, event.account, event.participation_quanta)


def _pool_joined(event: events.PoolJoined, state: State) -> None:
    key, rules = (event.pool, event.account), state.in_force.pools[event.pool]
    known = state.stakes.get(key)
    pool = counted(state, event.pool, event.worth_quanta)
    joined = pool.join(event.quanta, None if known is None else known.stake)
    asset = state.ledger.asset_index[rules.asset]
    state.ledger.settle_all_funding(event.account)
    paid = note_moved(state, rules.asset, event.quanta, source=event.account, target=rules.account)
    if paid is not None and known is not None:
        paid += known.paid_quanta or 0
    member = Membership(joined.stake, paid_quanta=paid)
    state.pools[event.pool], state.stakes[key] = joined.pool, member
    state.ledger.move(event.account, rules.account, asset, event.quanta)


def _pool_leave_noticed(event: events.PoolLeaveNoticed, state: State) -> None:
    key = event.pool, event.account
    state.stakes[key] = replace(state.stakes[key], due_ns=event.due_ns)


def _pool_left(event: events.PoolLeft, state: State) -> None:
    key, rules = (event.pool, event.account), state.in_force.pools[event.pool]
    pool, member = counted(state, event.pool, event.worth_quanta), state.stakes[key]
    left = pool.leave(member.stake, event.quanta)
    state.pools[event.pool] = left.pool
    asset = state.ledger.asset_index[rules.asset]
    state.ledger.settle_all_funding(rules.account)
    own = member.paid_quanta  # no more comes back as paid in than went in: the rest is a gain
    paid = note_moved(
        state,
        rules.asset,
        event.quanta,
        source=rules.account,
        target=event.account,
        paid_max=own,
    )
    kept = None if own is None else own - (paid or 0)
    if left.stake.quanta or kept:  # what it has lost here is still its own
        state.stakes[key] = replace(member, stake=left.stake, paid_quanta=kept)
    else:
        del state.stakes[key]
    state.ledger.move(rules.account, event.account, asset, event.quanta)


def _account_taken_over(event: events.AccountTakenOver, state: State) -> None:
    """Record who took over what; the transfer follows as an event of its own."""


def _breaker_set(event: events.BreakerSet, state: State) -> None:
    state.breaker = event if event.level else None


def _instrument_halted(event: events.InstrumentHalted, state: State) -> None:
    state.halted[event.instrument] = event


def _instrument_resumed(event: events.InstrumentResumed, state: State) -> None:
    del state.halted[event.instrument]


def _nothing(event: object, state: State) -> None:
    """Record what was said or seen; the facts stay."""


def add_participation(state: State, account: int, waiting: int, oracle: int = 0) -> None:
    """Add to what a liquidation has lost by waiting, and by the venue's own prices."""
    if not waiting and not oracle:
        return
    course = state.courses.get(account, Course())
    state.courses[account] = replace(
        course,
        participation_quanta=course.participation_quanta + waiting,
        oracle_quanta=course.oracle_quanta + oracle,
    )


def note_ordered(state: State, order: events.LiquidationOrdered) -> None:
    """Note an order for a position, where sizes hang on those before it."""
    sizes, ledger, now_ns = state.in_force.liquidation.sizes, state.ledger, state.now_ns
    if sizes is None or order.soft:
        return
    number = ledger.instrument_index[order.instrument]
    if isinstance(ledger.instruments[number], Spot):
        return
    course = state.courses.get(order.account, Course())
    held = ledger.position(order.account, number).lots
    if held * order.lots < 0 and abs(order.lots) < abs(held):
        course = replace(course, part_ns=now_ns)
    if sizes.block_ns is not None:
        nano, before = order.notional_nano, state.ordered.get(order.instrument)
        course = replace(course, ordered=ordered_with(course.ordered, sizes, nano, now_ns))
        state.ordered[order.instrument] = ordered_with(before, sizes, nano, now_ns)
    state.courses[order.account] = course


def counted(state: State, name: str, worth_quanta: int) -> Pool:
    """Return a pool after what it has gained or lost since it was last counted."""
    pool = state.pools.get(name, Pool())
    return pool.step(max(worth_quanta, 0) - pool.cash)


STAGE_EFFECTS: Mapping[type, Callable[[Any, State], None]] = {
    events.StageEntered: _stage_entered,
    events.ToxicityFlagged: _nothing,
    events.SoftTermsSet: _soft_terms_set,
    events.SoftTermsDropped: _soft_terms_dropped,
    events.SoftBreachesFound: _nothing,
    events.ToppedUp: _topped_up,
    events.MarginCalled: _margin_called,
    events.MarginCallEnded: _margin_call_ended,
    events.PortfolioMoved: _portfolio_moved,
    events.AuctionStarted: _auction_started,
    events.AuctionTaken: _auction_taken,
    events.AuctionReset: _auction_reset,
    events.AuctionEnded: _auction_ended,
    events.QuotePosted: _quote_posted,
    events.QuoteEnded: _quote_ended,
    events.QuotesRequested: _quotes_requested,
    events.BackstopFilled: _backstop_filled,
    events.PoolJoined: _pool_joined,
    events.PoolLeaveNoticed: _pool_leave_noticed,
    events.PoolLeft: _pool_left,
    events.AccountTakenOver: _account_taken_over,
    events.BreakerSet: _breaker_set,
    events.InstrumentHalted: _instrument_halted,
    events.InstrumentResumed: _instrument_resumed,
}
