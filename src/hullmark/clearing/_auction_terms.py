"""What an open auction asks for now, in whole quanta, and whether something is due.

The rules are those of `hullmark.liquidation`: lots of collateral as in its ``_auction_lot``, shares
of an account as in its ``_auction_share`` and ``_auction_insolvent``, in the venue's whole units.
Whoever buys bears every rounding.
"""

from decimal import Decimal
from typing import NamedTuple

from hullmark.clearing._market_view import asset_price_nano
from hullmark.clearing._stage_facts import Auction
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, NANO, exactly, mul_div_ceil, mul_div_floor
from hullmark.domain import AuctionKind, AuctionPhase, Stage
from hullmark.liquidation import AuctionRules, buffered_health, insolvent_price, largest_share

_DIGITS = 200  # more than products of a float and of whole numbers of 64 bits have


class ShareOffer(NamedTuple):
    """What a share auction asks for the whole account, but for what is reserved."""

    net_quanta: int  # of the account, at the marks
    price_quanta: int  # below 0: the bidder is paid
    largest_nano: int  # the most that may be bought at once


def rules_of(state: State) -> AuctionRules:
    """Return the terms of auctions in the chain; asked of venues that have some."""
    place = state.in_force.liquidation.place_of(Stage.DUTCH_AUCTION)
    assert place is not None, "an auction is a stage of the chain"
    rules = state.in_force.liquidation.chain[place].auction
    assert rules is not None, "the stage has its terms"
    return rules


def lot_price_nano(state: State, auction: Auction) -> int:
    """Return the price of one unit of the lot's asset now, in units of the asset that is paid."""
    return rules_of(state).curve.price_nano(auction.top_nano, state.now_ns - auction.started_ns)


def top_nano(state: State, lot_asset: int, asset: int) -> int:
    """Return the first price of a lot: what the oracle says times the buffer; 0: no price."""
    over, under = asset_price_nano(state, lot_asset), asset_price_nano(state, asset)
    if not over or not under:
        return 0
    buffered = mul_div_floor(over, rules_of(state).buffer_nano, NANO)
    return min(mul_div_floor(buffered, NANO, under), INT64_MAX)


def reset_due(state: State, auction: Auction) -> bool:
    """Return whether a lot must be offered anew: its time, or its price, has run out."""
    if auction.kind is not AuctionKind.LOT:
        return False
    rules = rules_of(state)
    cusp_nano = mul_div_ceil(auction.top_nano, rules.cusp_nano, NANO)
    late = state.now_ns - auction.started_ns > rules.tail_ns
    return late or lot_price_nano(state, auction) < cusp_nano


def cost_of_lot(state: State, auction: Auction, quanta: int, price_nano: int) -> int:
    """Return what some of the lot costs, rounded up."""
    lot_unit, unit = _units(state, auction)
    return -(-quanta * price_nano * unit // (NANO * lot_unit))


def lot_for(state: State, auction: Auction, paid: int, price_nano: int) -> int:
    """Return how much of the lot a payment buys, rounded down."""
    lot_unit, unit = _units(state, auction)
    return paid * NANO * lot_unit // (price_nano * unit) if price_nano else 0


def dust_quanta(state: State, asset: int) -> int:
    """Return the least that a purchase may leave to be raised, in quanta of what is paid."""
    return usd_quanta(state, asset, rules_of(state).dust_usd_nano)


def usd_quanta(state: State, asset: int, usd_nano: int) -> int:
    """Return USD in quanta of an asset at its price now, rounded up."""
    price = asset_price_nano(state, asset)
    unit = state.ledger.assets[asset].quanta_per_unit
    return -(-usd_nano * unit // price) if price else 0


def share_offer(state: State, views: Views, auction: Auction) -> ShareOffer:
    """Return what a share auction asks for now."""
    rules, asset = rules_of(state), state.ledger.asset_index[auction.asset]
    net = views.net_quanta(auction.account, asset)
    health = health_quanta(state, views, auction.account, asset)
    elapsed_ns = state.now_ns - auction.started_ns
    if auction.phase is AuctionPhase.INSOLVENT:
        assert rules.insolvent_ns is not None, "a share has an insolvent phase"
        price = insolvent_price(
            net,
            min(health, net),
            _of_nano(elapsed_ns),  # a second is a billion nanoseconds
            length_s=_of_nano(rules.insolvent_ns),
        )
        return ShareOffer(net, int(price.to_integral_value("ROUND_CEILING")), NANO)
    factor_nano = rules.curve.price_nano(NANO, elapsed_ns)
    asked = (net - auction.reserved_quanta) * factor_nano
    largest = Decimal(0)
    if net >= 0:
        buffered = buffered_health(health, net, buffer=_of_nano(rules.buffer_nano))
        reserved = min(auction.reserved_quanta, net)
        largest = largest_share(buffered, net, _of_nano(factor_nano), reserved=reserved)
    with exactly(_DIGITS):
        nano = int((largest * NANO).to_integral_value("ROUND_CEILING"))
    return ShareOffer(net, -(-asked // NANO), min(max(nano, 0), NANO))


def health_quanta(state: State, views: Views, account: int, asset: int) -> int:
    """Return maintenance health in quanta of an asset, rounded down."""
    return quanta_worth(state, asset, views.health(account).health)


def quanta_worth(state: State, asset: int, usd: float) -> int:
    """Return how many quanta of an asset some USD are worth, rounded down."""
    price, unit = asset_price_nano(state, asset), state.ledger.assets[asset].quanta_per_unit
    if not price:
        return 0
    with exactly(_DIGITS):
        quanta = Decimal(usd) * NANO * unit / price
        return int(quanta.to_integral_value("ROUND_FLOOR"))


def open_usd_nano(state: State, lot_asset: str | None = None) -> int:
    """Return what open auctions are charged to their limits, all or those of one asset."""
    return sum(
        auction.notional_nano
        for auction in state.auctions.values()
        if lot_asset is None or auction.lot_asset == lot_asset
    )


def _of_nano(nano: int) -> Decimal:
    with exactly():
        return Decimal(nano) / NANO


def _units(state: State, auction: Auction) -> tuple[int, int]:
    assert auction.lot_asset is not None, "a lot is of an asset"
    ledger = state.ledger
    lot, paid = ledger.asset_index[auction.lot_asset], ledger.asset_index[auction.asset]
    return ledger.assets[lot].quanta_per_unit, ledger.assets[paid].quanta_per_unit
