"""The stage of auctions: starting one, following it, and letting it end."""

from collections.abc import Sequence

from msgspec import structs

from hullmark.clearing._auction_terms import (
    open_usd_nano,
    reset_due,
    rules_of,
    share_offer,
    top_nano,
)
from hullmark.clearing._breaker_level import is_stopped
from hullmark.clearing._cases import unwinds_of
from hullmark.clearing._lot_bids import comes_to_dust, is_dust, worth_nano
from hullmark.clearing._market_view import asset_price_nano
from hullmark.clearing._rules import Rules
from hullmark.clearing._stage_facts import Auction
from hullmark.clearing._stage_step import Answer, Step
from hullmark.clearing._state import State
from hullmark.core import INT64_MAX, NANO, mul_div_ceil, mul_div_floor
from hullmark.domain import (
    AuctionEnd,
    AuctionKind,
    AuctionPhase,
    Event,
    HandOver,
    Stage,
    events,
)
from hullmark.liquidation import AuctionRules, BreakerAction


def take_step(step: Step) -> Answer:
    """Start an auction, or see to the one that is open."""
    number = step.state.auction_of.get(step.account)
    if number is not None:
        return _follow(step, number, step.state.auctions[number])
    if is_stopped(step.state, BreakerAction.START):
        return HandOver.BREAKER
    rules = step.rules.auction
    assert rules is not None, "the stage has its terms"
    started = _lot(step, rules) if rules.kind is AuctionKind.LOT else _share(step, _phase(step))
    if started is None:
        return HandOver.UNSOLD
    if not _has_room(step.state, rules, started):
        return HandOver.AUCTION_LIMIT
    return (started,)


def ended(state: State, account: int, reason: AuctionEnd) -> tuple[Event, ...]:
    """Return the end of an account's auction, if it has one."""
    number = state.auction_of.get(account)
    if number is None:
        return ()
    return (events.AuctionEnded(auction=number, account=account, reason=reason),)


def ended_by(state: State, *adopted: Rules) -> tuple[Event, ...]:
    """Return the end of all auctions where rules have other stages than those in force.

    An auction of one kind has no terms in the rules of the other.
    """
    before = _shape(state.rules)
    if all(_shape(rules) == before for rules in adopted):
        return ()
    reason = AuctionEnd.RULES_CHANGED
    return tuple(told for account in state.auction_of for told in ended(state, account, reason))


def is_due(state: State, account: int) -> bool:
    """Return whether an account's auction has to be looked at, while it is in breach."""
    number = state.auction_of.get(account)
    if number is None:
        return True
    auction = state.auctions[number]
    if auction.kind is AuctionKind.SHARE:
        return True
    place = state.courses[account].place
    rules = state.in_force.liquidation.chain[place]
    deadline_ns = rules.deadline_ns
    entered_ns = state.courses[account].entered_ns
    over = deadline_ns is not None and state.now_ns - entered_ns >= deadline_ns
    due = rules_of(state).self_reset and reset_due(state, auction)
    return over or due or is_dust(state, auction)


def for_sale(state: State, cash: Sequence[int]) -> tuple[int, int] | None:
    """Return the asset that most is owed of, in USD, and the first that can be auctioned for it.

    By their numbers. Assets are sold in the order in which the venue declares them, those that
    come to no more than dust left out: nobody would come for them, and all would wait.
    """
    owed = [asset for asset, quanta in enumerate(cash) if quanta < 0]
    if not owed:
        return None
    debt = max(owed, key=lambda asset: worth_nano(state, asset, -cash[asset]))
    place = state.in_force.liquidation.place_of(Stage.DUTCH_AUCTION)
    for lot, quanta in enumerate(cash):
        is_priced = quanta > 0 and lot != debt and asset_price_nano(state, lot) > 0
        if is_priced and (place is None or not comes_to_dust(state, lot, quanta)):
            return debt, lot
    return None


def _shape(rules: Rules | None) -> list[tuple[Stage, AuctionKind | None]]:
    chain = () if rules is None else rules.liquidation.chain
    return [(each.stage, None if each.auction is None else each.auction.kind) for each in chain]


def _follow(step: Step, number: int, auction: Auction) -> Answer:
    if auction.kind is AuctionKind.LOT:
        return _follow_lot(step, number, auction)
    return _follow_share(step, auction)


# Reset by the venue itself, or left alone until somebody buys.
def _follow_lot(step: Step, number: int, auction: Auction) -> Answer:
    state = step.state
    if state.ledger.cash(step.account, state.ledger.asset_index[auction.asset]) >= 0:
        return ended(state, step.account, AuctionEnd.CURED)
    if is_dust(state, auction):  # another coin may be there, which is the next to be sold
        rest = ended(state, step.account, AuctionEnd.SOLD)
        return rest if for_sale(state, step.case.cash) else HandOver.UNSOLD
    due = rules_of(state).self_reset and reset_due(state, auction)
    if not due or is_stopped(state, BreakerAction.RESET):
        return ()
    return renewed(state, number, auction, keeper=None, reward=0)


# Begun anew where its account is worth nothing any more, or something again, or nothing but what
# bidders paid in: what is worth something is sold, and only what is worth nothing is paid for.
def _follow_share(step: Step, auction: Auction) -> Answer:
    state = step.state
    net, phase = share_offer(state, step.views, auction).net_quanta, AuctionPhase.INSOLVENT
    if net > 0:
        phase = AuctionPhase.SOLVENT
    if phase is auction.phase and (net <= 0 or net > auction.reserved_quanta):
        over = state.now_ns - auction.started_ns > rules_of(state).tail_ns
        return HandOver.UNSOLD if over else ()
    if is_stopped(state, BreakerAction.START):
        return ()
    again = _share(step, phase)
    charged = min(again.notional_nano, auction.notional_nano)  # there may be no room for more
    return (
        *ended(state, step.account, AuctionEnd.CONVERTED),
        structs.replace(again, notional_nano=charged),
    )


def renewed(
    state: State, number: int, auction: Auction, *, keeper: int | None, reward: int
) -> tuple[Event, ...]:
    """Return an auction of a lot at today's price; nothing where there is no price."""
    assert auction.lot_asset is not None, "a lot is of an asset"
    index = state.ledger.asset_index
    top = top_nano(state, index[auction.lot_asset], index[auction.asset])
    if not top:
        return ()
    return (
        events.AuctionReset(
            auction=number,
            account=auction.account,
            top_nano=top,
            keeper=keeper,
            reward_quanta=reward,
        ),
    )


def _lot(step: Step, rules: AuctionRules) -> events.AuctionStarted | None:
    state, ledger = step.state, step.state.ledger
    pair = for_sale(state, step.case.cash)
    if pair is None:
        return None
    asset, lot = pair
    debt, top = -step.case.cash[asset], top_nano(state, lot, asset)
    if not top:
        return None  # less than a billionth of what is owed: it would be given away
    penalty = mul_div_ceil(debt, state.in_force.liquidation.penalty_nano, NANO)
    unit = ledger.assets[asset].quanta_per_unit
    return events.AuctionStarted(
        auction=state.auction_last + 1,
        account=step.account,
        kind=rules.kind,
        phase=AuctionPhase.SOLVENT,
        asset=ledger.assets[asset].symbol,
        top_nano=top,
        lot_asset=ledger.assets[lot].symbol,
        lot_quanta=step.case.cash[lot],
        tab_quanta=debt + penalty,
        debt_quanta=debt,
        notional_nano=min(
            mul_div_floor(debt + penalty, asset_price_nano(state, asset), unit), INT64_MAX
        ),
    )


def _share(step: Step, phase: AuctionPhase) -> events.AuctionStarted:
    state, unwinds = step.state, unwinds_of(step.views, step.case)
    asset = unwinds[0].settlement if unwinds else step.views.deepest_debt(step.account)
    sizes = zip(unwinds, step.case.held, strict=True)
    return events.AuctionStarted(
        auction=state.auction_last + 1,
        account=step.account,
        kind=AuctionKind.SHARE,
        phase=phase,
        asset=state.ledger.assets[asset].symbol,
        top_nano=NANO,
        notional_nano=min(
            sum(unwind.notional_nano(position.lots) for unwind, (_, position) in sizes), INT64_MAX
        ),
    )


def _phase(step: Step) -> AuctionPhase:
    unwinds = unwinds_of(step.views, step.case)
    asset = unwinds[0].settlement if unwinds else step.views.deepest_debt(step.account)
    worth = step.views.net_quanta(step.account, asset)
    return AuctionPhase.SOLVENT if worth > 0 else AuctionPhase.INSOLVENT


def _has_room(state: State, rules: AuctionRules, started: events.AuctionStarted) -> bool:
    of_all = open_usd_nano(state) + started.notional_nano
    if rules.limit_usd_nano is not None and of_all > rules.limit_usd_nano:
        return False
    if rules.market_usd_nano is None or started.lot_asset is None:
        return True
    of_asset = open_usd_nano(state, started.lot_asset) + started.notional_nano
    return of_asset <= rules.market_usd_nano
