"""Deciding on bids and resets: who may buy from an auction, how much, and at what price."""

from collections.abc import Sequence

from hullmark.clearing._auction_terms import (
    ShareOffer,
    dust_quanta,
    lot_price_nano,
    quanta_worth,
    reset_due,
    share_offer,
)
from hullmark.clearing._breaker_level import breaker_level, is_stopped
from hullmark.clearing._causes import Causes, split_causes
from hullmark.clearing._checks import (
    need_account,
    need_calm,
    need_cash,
    need_in_range,
    need_live,
    need_margined,
    need_room,
    need_room_for_fill,
    need_unexpired,
    refuse,
)
from hullmark.clearing._decide_losses import paid_by_steps
from hullmark.clearing._exits import is_short_of_exit
from hullmark.clearing._fills import Fill
from hullmark.clearing._loss_bearers import borne_by
from hullmark.clearing._lot_bids import bid_on_lot, penalty_of, reward_of
from hullmark.clearing._moved import Part, moved_event, part_of, spare_initial_usd
from hullmark.clearing._stage_auction import renewed
from hullmark.clearing._stage_facts import Auction, Course
from hullmark.clearing._stage_step import bounded
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.clearing._waited import lost_by_waiting
from hullmark.core import INT64_MAX, NANO, mul_div_floor
from hullmark.domain import (
    AuctionEnd,
    AuctionKind,
    AuctionPhase,
    Event,
    Mode,
    Reason,
    commands,
    events,
)
from hullmark.liquidation import BreakerAction
from hullmark.market import Action


def take_auction(state: State, views: Views, command: commands.TakeAuction) -> Sequence[Event]:
    """Sell a part of a lot, or of an account, to a bidder at the price of this instant."""
    auction = state.auctions.get(command.auction)
    refused = _need_form(command, auction) or need_account(state, command.bidder)
    if refused is None and auction is None:
        detail = f"auction must be open, was {command.auction}"
        refused = refuse(Reason.AUCTION_UNKNOWN, detail)
    if refused or auction is None:
        return (refused,) if refused else ()
    refused = (
        _need_no_balances(state, auction, command.bidder)
        or _need_carried(state, auction, command.bidder)
        or _need_unhealed(state, views, command.auction, auction)
        or _need_other(state, auction, command.bidder)
        or _need_level(state, BreakerAction.TAKE)
        or _need_no_reset(state, auction)
    )
    if refused:
        return (refused,)
    if auction.kind is AuctionKind.LOT:
        return _take_lot(state, views, auction, command)
    return _take_share(state, views, auction, command)


def reset_auction(state: State, views: Views, command: commands.ResetAuction) -> Sequence[Event]:
    """Offer a lot anew at today's price, and reward whoever saw that it was due."""
    refused = need_account(state, command.keeper)
    auction = state.auctions.get(command.auction)
    if refused is None and auction is None:
        detail = f"auction must be open, was {command.auction}"
        refused = refuse(Reason.AUCTION_UNKNOWN, detail)
    if refused or auction is None:
        return (refused,) if refused else ()
    refused = _need_other(state, auction, command.keeper) or _need_level(state, BreakerAction.RESET)
    if refused is None and not reset_due(state, auction):
        detail = f"auction {command.auction} must have run out of time or price to be reset"
        refused = refuse(Reason.RESET_EARLY, detail)
    if refused is None and (doubt := views.doubt(auction.account, Action.LIQUIDATE)):
        refused = refuse(Reason.PRICE_DOUBTFUL, doubt)
    if refused:
        return (refused,)
    reward = reward_of(state, views, auction)
    return renewed(state, command.auction, auction, keeper=command.keeper, reward=reward)


def _take_lot(
    state: State, views: Views, auction: Auction, command: commands.TakeAuction
) -> Sequence[Event]:
    if not lot_price_nano(state, auction):
        detail = f"auction {command.auction} must have a price above zero, was 0"
        return (refuse(Reason.DUST_LEFT, detail),)
    bid = bid_on_lot(state, auction, command.quanta or 0)
    if bid is None:
        detail = (
            f"quanta must leave nothing to be raised of auction {command.auction}, or at least "
            f"{dust_quanta(state, state.ledger.asset_index[auction.asset])}, was {command.quanta}"
        )
        return (refuse(Reason.DUST_LEFT, detail),)
    assert auction.lot_asset is not None, "a lot is of an asset"
    bidder, index = command.bidder, state.ledger.asset_index
    paid = {index[auction.asset]: bid.paid_quanta, index[auction.lot_asset]: -bid.lot_quanta}
    refused = (
        _need_price(command, bid.paid_quanta)
        or need_room(state, bidder, auction.lot_asset, bid.lot_quanta)
        or need_room(state, auction.account, auction.asset, bid.paid_quanta)
        or _need_trust(views, auction, bidder)
        or need_calm(state, bidder)
        or need_cash(state, bidder, auction.asset, bid.paid_quanta)
        or _need_margin(views, bidder, (), paid)
    )
    if refused:
        return (refused,)
    taken = events.AuctionTaken(
        auction=command.auction,
        account=auction.account,
        bidder=bidder,
        lot_quanta=bid.lot_quanta,
        paid_quanta=bid.paid_quanta,
        penalty_quanta=penalty_of(state, views, auction, bid),
        notional_nano=bid.released_nano,
    )
    if bid.paid_quanta == auction.tab_quanta:
        return (taken, _ended(command.auction, auction, AuctionEnd.CURED))
    if bid.sold_out:
        return (taken, _ended(command.auction, auction, AuctionEnd.SOLD))
    return (taken,)


def _take_share(
    state: State, views: Views, auction: Auction, command: commands.TakeAuction
) -> Sequence[Event]:
    account, bidder = auction.account, command.bidder
    offer, asset = share_offer(state, views, auction), state.ledger.asset_index[auction.asset]
    share_nano = min(command.share_nano or 0, offer.largest_nano)
    reserved = auction.reserved_quanta if auction.phase is AuctionPhase.SOLVENT else 0
    part = part_of(state, views, account, share_nano=share_nano, reserved=(asset, reserved))
    paid = _price_of_part(state, views, auction, part, offer, share_nano)
    refused = (
        _need_insolvency(command, auction, offer)
        or _need_price(command, paid)
        or _need_lots(state, command, auction, part)
        or _need_cure(views, command, auction, part, asset, paid, offer)
    )
    if refused:
        return (refused,)
    cost = {a: -quanta for a, quanta in part.cash.items()}
    covered: Sequence[Event] = ()
    if paid < 0:
        causes = _part_of_causes(state, auction, -paid, share_nano)
        covered = paid_by_steps(state, views, account, asset, -paid, causes=causes)
    cost[asset] = cost.get(asset, 0) + paid + borne_by(state, bidder, asset, covered)
    refused = (
        _need_room_for(state, account, bidder, part)
        or _need_trust(views, auction, bidder)
        or need_calm(state, bidder)
        or _need_margin(views, bidder, part.fills, cost)
    )
    if refused:
        return (refused,)
    released = mul_div_floor(auction.notional_nano, share_nano, NANO)
    taken = events.AuctionTaken(
        auction=command.auction,
        account=account,
        bidder=bidder,
        share_nano=share_nano,
        paid_quanta=paid,
        notional_nano=released,
        participation_quanta=_waited(state, views, account, part),
    )
    told = (*covered, moved_event(state, account, bidder, part), taken)
    if share_nano == NANO:
        return (*told, _ended(command.auction, auction, AuctionEnd.SOLD))
    return told


# What the bidder pays, up; what it is paid, down: the ceiling of a signed price is both. Of a few
# large lots a share may be hardly any: whoever is paid for taking risk over gets no more than what
# the account lacks less by it, or it would be paid again for what it has left there.
def _price_of_part(
    state: State, views: Views, auction: Auction, part: Part, offer: ShareOffer, share_nano: int
) -> int:
    paid = -(-offer.price_quanta * share_nano // NANO)
    if paid >= 0 or part.whole:
        return paid
    account, asset = auction.account, state.ledger.asset_index[auction.asset]
    after = views.health_after(account, part.given_up(), part.cash).health
    lacks_less = quanta_worth(state, asset, after - views.health(account).health)
    return max(paid, -max(lacks_less, 0))


def _waited(state: State, views: Views, account: int, part: Part) -> int:
    before = state.courses.get(account, Course()).participation_quanta
    lost = sum(lost_by_waiting(state, views, account, f.instrument, f.lots) for f in part.fills)
    return bounded(before + lost) - before


# Of what the account had at the trigger each share is explained by its share.
def _part_of_causes(state: State, auction: Auction, paid: int, share_nano: int) -> Causes:
    whole = -(-paid * NANO // share_nano)
    course = state.courses.get(auction.account, Course())
    episode = state.episodes.get(auction.account)
    causes = split_causes(whole, episode, auction.asset, course=course)
    parts = [mul_div_floor(part, share_nano, NANO) for part in causes[:4]]
    return Causes(parts[0], parts[1], parts[2], parts[3], paid - sum(parts))


def _ended(number: int, auction: Auction, reason: AuctionEnd) -> events.AuctionEnded:
    return events.AuctionEnded(auction=number, account=auction.account, reason=reason)


def _need_form(command: commands.TakeAuction, auction: Auction | None) -> events.Refused | None:
    if (command.quanta is None) == (command.share_nano is None):
        detail = (
            f"quanta or share_nano must be given, and not both, was {command.quanta} and "
            f"{command.share_nano}"
        )
        return refuse(Reason.AMOUNT_INVALID, detail)
    if auction is not None and (command.quanta is not None) != (auction.kind is AuctionKind.LOT):
        wanted = "quanta" if auction.kind is AuctionKind.LOT else "share_nano"
        detail = f"a bid on auction {command.auction} of a {auction.kind} must give {wanted}"
        return refuse(Reason.AMOUNT_INVALID, f"{detail}, was none")
    if command.quanta is not None:
        return need_in_range("quanta", command.quanta, 1, INT64_MAX)
    return need_in_range("share_nano", command.share_nano or 0, 1, NANO)


# An isolated account lives on what its parent gives it, of the asset that it trades in.
def _need_no_balances(state: State, auction: Auction, bidder: int) -> events.Refused | None:
    if state.modes[bidder] is not Mode.ISOLATED:
        return None
    ledger, account = state.ledger, auction.account
    if auction.kind is AuctionKind.LOT:
        sold = {auction.lot_asset}
    else:  # what positions are worth goes as cash as well
        settled = {ledger.settlement(number) for number, _ in ledger.positions(account)}
        sold = {
            asset.symbol
            for index, asset in enumerate(ledger.assets)
            if index in settled or ledger.cash(account, index)
        }
    if not sold - {auction.asset}:
        return None
    others = ", ".join(sorted(map(str, sold - {auction.asset})))
    detail = f"isolated account {bidder} must not hold balances, and is to be given {others}"
    return refuse(Reason.ACCOUNT_MODE, detail)


def _need_carried(state: State, auction: Auction, bidder: int) -> events.Refused | None:
    if auction.kind is AuctionKind.LOT:
        return None
    ledger = state.ledger
    symbols = [ledger.instruments[n].symbol for n, _ in ledger.positions(auction.account)]
    for refused in (
        *(need_margined(state, bidder, symbol) for symbol in symbols),
        *(need_unexpired(state, symbol) for symbol in symbols),
        *(need_live(state, symbol) for symbol in symbols),
    ):
        if refused:
            return refused
    return None


# Who has paid what he owes is let go by the next sweep: until then nothing of his is sold either.
def _need_unhealed(
    state: State, views: Views, number: int, auction: Auction
) -> events.Refused | None:
    account = auction.account
    if views.health(account).in_breach or is_short_of_exit(state, views, account):
        return None
    detail = f"account {account} of auction {number} must be in breach still, was healthy"
    return refuse(Reason.AUCTION_UNKNOWN, detail)


def _need_other(state: State, auction: Auction, bidder: int) -> events.Refused | None:
    account, parents = auction.account, state.parents
    family = {account, parents.get(account, account)}
    if not {bidder, parents.get(bidder, bidder)} & family:
        return None
    detail = f"bidder or keeper must not be account {account}, its parent or child, was {bidder}"
    return refuse(Reason.AUCTION_SELF, detail)


def _need_level(state: State, action: BreakerAction) -> events.Refused | None:
    if not is_stopped(state, action):
        return None
    found = breaker_level(state)
    return refuse(Reason.BREAKER_SET, f"the breaker must be under level {action:d}, was {found}")


def _need_no_reset(state: State, auction: Auction) -> events.Refused | None:
    if not reset_due(state, auction):
        return None
    detail = f"the auction of account {auction.account} must be reset before anybody buys"
    return refuse(Reason.RESET_DUE, detail)


# An account that is worth something is sold, and is not given away: the next look sees to it.
def _need_insolvency(
    command: commands.TakeAuction, auction: Auction, offer: ShareOffer
) -> events.Refused | None:
    if auction.phase is AuctionPhase.SOLVENT or offer.net_quanta <= 0:
        return None
    detail = f"account {auction.account} of auction {command.auction} is worth something again"
    return refuse(Reason.RESET_DUE, f"{detail}: it is to be sold, was {offer.net_quanta} quanta")


def _need_price(command: commands.TakeAuction, paid: int) -> events.Refused | None:
    if paid <= command.pay_quanta_max:
        return None
    detail = f"the price must be at most {command.pay_quanta_max} quanta, was {paid}"
    return refuse(Reason.LIMIT_BROKEN, detail)


# Nothing is sold by a bid that moves nothing; and who is paid for taking positions over takes some.
def _need_lots(
    state: State, command: commands.TakeAuction, auction: Auction, part: Part
) -> events.Refused | None:
    insolvent = auction.phase is AuctionPhase.INSOLVENT
    needed = insolvent and bool(state.ledger.positions(auction.account))
    if part.fills or (part.cash and not needed):
        return None
    detail = f"share_nano of auction {command.auction} must come to a lot of a position"
    return refuse(Reason.DUST_LEFT, f"{detail}, was {command.share_nano}")


# In lots that cannot be divided a small share is no position at all: who buys one would take cash
# out of the account and leave all of its risk there.
def _need_cure(
    views: Views,
    command: commands.TakeAuction,
    auction: Auction,
    part: Part,
    asset: int,
    paid: int,
    offer: ShareOffer,
) -> events.Refused | None:
    share = f"share_nano of auction {command.auction}"
    if auction.phase is AuctionPhase.SOLVENT and offer.price_quanta <= 0:
        detail = f"{share} must have a price above zero, was {offer.price_quanta}"
        return refuse(Reason.DUST_LEFT, detail)
    account = auction.account
    given = dict(part.cash)
    given[asset] = given.get(asset, 0) - max(paid, 0)
    before = views.health(account).health
    after = views.health_after(account, part.given_up(), given).health
    if after > before or part.whole:
        return None
    detail = f"{share} must come to lots that raise health above {before:.2f} USD, was {after:.2f}"
    return refuse(Reason.DUST_LEFT, detail)


def _need_room_for(state: State, account: int, bidder: int, part: Part) -> events.Refused | None:
    for fill in part.fills:
        symbol = state.ledger.instruments[fill.instrument].symbol
        refused = need_room_for_fill(state, bidder, symbol, fill.lots, fill.cost_quanta)
        refused = refused or need_room_for_fill(
            state, account, symbol, -fill.lots, -fill.cost_quanta
        )
        if refused:
            return refused
    for asset, quanta in part.cash.items():
        symbol = state.ledger.assets[asset].symbol
        refused = need_room(state, bidder, symbol, quanta) or need_room(
            state, account, symbol, -quanta
        )
        if refused:
            return refused
    return None


def _need_trust(views: Views, auction: Auction, bidder: int) -> events.Refused | None:
    doubt = views.doubt(auction.account, Action.LIQUIDATE) or views.doubt(bidder, Action.RAISE_RISK)
    return refuse(Reason.PRICE_DOUBTFUL, doubt) if doubt else None


def _need_margin(
    views: Views, bidder: int, fills: tuple[Fill, ...], paid: dict[int, int]
) -> events.Refused | None:
    spare_usd = spare_initial_usd(views, bidder, fills, paid)
    if spare_usd >= 0:
        return None
    detail = (
        f"initial equity of bidder {bidder} less initial margin must stay >= 0, would be "
        f"{spare_usd:.2f} USD"
    )
    return refuse(Reason.MARGIN_SHORT, detail)
