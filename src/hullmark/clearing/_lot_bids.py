"""Bids on a lot of collateral: how much is sold, what of it is penalty, what a keeper is given."""

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from hullmark.clearing._auction_terms import (
    cost_of_lot,
    dust_quanta,
    lot_for,
    lot_price_nano,
    rules_of,
    usd_quanta,
)
from hullmark.clearing._fund_parts import allocations_of
from hullmark.clearing._market_view import asset_price_nano
from hullmark.clearing._stage_facts import Auction, Course
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import NANO, mul_div_ceil, mul_div_floor


class Bid(NamedTuple):
    """What a bid on a lot comes to."""

    lot_quanta: int
    paid_quanta: int
    penalty_quanta: int
    released_nano: int  # USD that the limits on open auctions get back
    sold_out: bool  # whether nothing of the lot is left


def reward_of(state: State, views: Views, auction: Auction) -> int:
    """Return what a keeper is given for a reset, in quanta of what is paid.

    It is a part of the penalty, and the account pays it at once: were it the fund's money until a
    lot is sold, an owner could have a friend rewarded, and pay the debt before anybody buys.
    Nothing for a lot that is dust, so that nobody lives on resetting what nobody will buy; never
    more than is left of the penalty, in all auctions of the liquidation, nor than the account is
    worth and the fund has free.
    """
    rules, asset = rules_of(state), state.ledger.asset_index[auction.asset]
    dust = dust_quanta(state, asset)
    if auction.tab_quanta < dust or _worth_of_lot(state, auction) < dust:
        return 0
    tip = usd_quanta(state, asset, rules.tip_usd_nano)
    reward = tip + mul_div_floor(auction.tab_quanta, rules.chip_nano, NANO)
    backed = views.net_quanta(auction.account, asset)
    backed += allocations_of(state, asset).unallocated_quanta
    course = state.courses.get(auction.account, Course())
    given = course.rewarded_quanta.get(auction.asset, 0)
    penalty_nano = state.in_force.liquidation.penalty_nano
    penalty = mul_div_floor(auction.tab_quanta, penalty_nano, NANO + penalty_nano)
    left = min(auction.tab_quanta - auction.debt_quanta, penalty - given, backed)
    return min(reward, max(left, 0))


def is_dust(state: State, auction: Auction) -> bool:
    """Return whether nothing is left of a lot, or no more than dust: nobody comes for that."""
    assert auction.lot_asset is not None, "a lot is of an asset"
    index = state.ledger.asset_index
    lot = index[auction.lot_asset]
    left = min(auction.lot_quanta, state.ledger.cash(auction.account, lot))
    return left <= 0 or comes_to_dust(state, lot, left)


def comes_to_dust(state: State, asset: int, quanta: int) -> bool:
    """Return whether some of an asset is worth less than anybody would come for."""
    return worth_nano(state, asset, quanta) < rules_of(state).dust_usd_nano


def worth_nano(state: State, asset: int, quanta: int) -> Fraction:
    """Return what quanta of an asset are worth at its price now, in billionths of a USD."""
    unit = state.ledger.assets[asset].quanta_per_unit
    return Fraction(quanta * asset_price_nano(state, asset), unit)


# At the price of the oracle now, rounded down.
def _worth_of_lot(state: State, auction: Auction) -> int:
    assert auction.lot_asset is not None, "a lot is of an asset"
    ledger = state.ledger
    lot, paid = ledger.asset_index[auction.lot_asset], ledger.asset_index[auction.asset]
    price_nano = asset_price_nano(state, paid)
    usd_nano = mul_div_floor(
        auction.lot_quanta, asset_price_nano(state, lot), ledger.assets[lot].quanta_per_unit
    )
    if not price_nano:
        return 0
    return mul_div_floor(usd_nano, ledger.assets[paid].quanta_per_unit, price_nano)


def penalty_of(state: State, views: Views, auction: Auction, bid: Bid) -> int:
    """Return the penalty in a purchase: never more than net value is after it.

    What is sold counts at the prices of the oracle.
    """
    assert auction.lot_asset is not None, "a lot is of an asset"
    index = state.ledger.asset_index
    sold = views.net_quanta(auction.account, index[auction.asset]) + bid.paid_quanta
    sold -= _worth_of_lot(state, replace(auction, lot_quanta=bid.lot_quanta)) + 1  # up
    return min(bid.penalty_quanta, max(sold, 0))


def bid_on_lot(state: State, auction: Auction, wanted: int) -> Bid | None:
    """Return what a bid buys, or ``None``: it would leave dust.

    Maker's ``take``: no more than the lot, no more than is to be raised, and no dust left over;
    where a little more is to be raised than dust, it is all or nothing.
    """
    assert auction.lot_asset is not None, "a lot is of an asset"
    index, tab = state.ledger.asset_index, auction.tab_quanta
    held = max(state.ledger.cash(auction.account, index[auction.lot_asset]), 0)
    lot = min(auction.lot_quanta, held)
    price_nano = lot_price_nano(state, auction)
    part = min(wanted, lot)
    paid = cost_of_lot(state, auction, part, price_nano)
    dust = dust_quanta(state, index[auction.asset])
    if paid > tab:
        paid, part = tab, min(lot_for(state, auction, tab, price_nano), part)
    elif paid < tab and part < lot and tab - paid < dust:
        if tab <= dust:
            return None
        paid = tab - dust
        part = lot_for(state, auction, paid, price_nano)
    if part <= 0:
        return None
    debt = mul_div_ceil(paid, auction.debt_quanta, tab)
    released = auction.notional_nano
    if part < lot and paid < tab:
        released = mul_div_floor(auction.notional_nano, paid, tab)
    return Bid(part, paid, paid - debt, released, sold_out=part == lot)
