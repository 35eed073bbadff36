"""Deciding on trades and resting orders: the check before a trade, for both of its sides."""

from collections.abc import Sequence
from typing import NamedTuple

from hullmark.clearing._checks import (
    QUANTA_MAX,
    need_account,
    need_calm,
    need_cash,
    need_in_range,
    need_instrument,
    need_live,
    need_margined,
    need_no_order_at_work,
    need_room_for_fill,
    refuse,
)
from hullmark.clearing._fills import Fill
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX
from hullmark.domain import Event, Option, Perpetual, Reason, Spot, commands, events
from hullmark.ledger import Position, cost_ceil
from hullmark.market import Action

_PAID_AT_ONCE = frozenset({Spot, Option})


class _Side(NamedTuple):
    """One side of a trade, seen from its account."""

    account: int
    symbol: str
    fill: Fill
    held: Position  # before the fill
    reduces: bool


def report_trade(state: State, views: Views, command: commands.ReportTrade) -> Sequence[Event]:
    """Book a trade if both accounts can carry it."""
    refused = need_tradable(state, command)
    if refused:
        return (refused,)
    symbol, lots, price_nano = command.instrument, command.lots, command.price_nano
    ledger = state.ledger
    instrument = ledger.instrument_index[symbol]
    asset = ledger.assets[ledger.settlement(instrument)]
    cost = cost_ceil(ledger.instruments[instrument], lots, price_nano, asset.quanta_per_unit)
    bought = Fill(instrument, lots, cost, command.buyer_fee_quanta)
    if type(ledger.instruments[instrument]) in _PAID_AT_ONCE or not views.surely_carry(
        command.buyer, command.seller, bought, seller_fee_quanta=command.seller_fee_quanta
    ):
        sold = Fill(instrument, -lots, -cost, command.seller_fee_quanta)
        buyer = _side(state, command.buyer, symbol, bought)
        seller = _side(state, command.seller, symbol, sold)
        for check in (_need_room, _need_trusted, _need_open, _need_payment, _need_margin):
            refused = check(state, views, buyer) or check(state, views, seller)
            if refused:
                return (refused,)
    traded = events.Traded(
        instrument=symbol,
        buyer=command.buyer,
        seller=command.seller,
        lots=lots,
        price_nano=price_nano,
        cost_quanta=cost,
        buyer_fee_quanta=command.buyer_fee_quanta,
        seller_fee_quanta=command.seller_fee_quanta,
    )
    return (traded,)


def rest_order(state: State, views: Views, command: commands.RestOrder) -> Sequence[Event]:
    """Admit an order to the book if the account could carry the worse of all bids or all asks."""
    symbol, account, lots = command.instrument, command.account, command.lots
    refused = (
        need_in_range("order", command.order, 1)
        or need_in_range("abs(lots)", abs(lots), 1)
        or need_in_range("limit_nano", command.limit_nano, 1, INT64_MAX)
        or need_account(state, account)
        or need_instrument(state, symbol)
        or need_margined(state, account, symbol)
        or need_live(state, symbol)
    )
    if refused is None and command.order in state.resting:
        refused = refuse(Reason.ORDER_EXISTS, f"order must be new, was {command.order}")
    if refused:
        return (refused,)
    ledger = state.ledger
    instrument = ledger.instrument_index[symbol]
    asset = ledger.assets[ledger.settlement(instrument)]
    terms = ledger.instruments[instrument]
    size = abs(lots)
    sign = 1 if lots > 0 else -1
    cost = sign * cost_ceil(terms, size, command.limit_nano, asset.quanta_per_unit)
    side = _side(state, account, symbol, Fill(instrument, lots, cost, 0))
    refused = (
        _need_room(state, views, side)
        or _need_trusted(state, views, side)
        or need_calm(state, account)
    )
    if refused:
        return (refused,)
    rested = events.OrderRested(
        order=command.order,
        account=account,
        instrument=symbol,
        lots=lots,
        limit_nano=command.limit_nano,
    )
    spare_usd = views.initial_health_usd(account, resting=(rested,))
    if spare_usd < 0:
        return (margin_short(account, spare_usd),)
    return (rested,)


def cancel_order(state: State, command: commands.CancelOrder) -> Sequence[Event]:
    """Take a resting order out of the book."""
    order = state.resting.get(command.order)
    if order is None:
        detail = f"order must be resting, was {command.order}"
        return (refuse(Reason.ORDER_UNKNOWN, detail),)
    return (events.OrderReleased(order=order.order, account=order.account),)


def need_tradable(state: State, command: commands.ReportTrade) -> events.Refused | None:
    """Refuse a trade whose form, accounts or instrument are not as they must be."""
    if _is_plain(state, command):
        return None
    symbol = command.instrument
    return (
        need_in_range("lots", command.lots, 1)
        or need_in_range("price_nano", command.price_nano, 1, INT64_MAX)
        or need_in_range("buyer_fee_quanta", command.buyer_fee_quanta, 0)
        or need_in_range("seller_fee_quanta", command.seller_fee_quanta, 0)
        or _need_two(command.buyer, command.seller)
        or need_account(state, command.buyer)
        or need_account(state, command.seller)
        or need_instrument(state, symbol)
        or need_margined(state, command.buyer, symbol)
        or need_margined(state, command.seller, symbol)
        or need_live(state, symbol)
    )


# Whether the checks of a trade in a perpetual pass for sure, all at once.
def _is_plain(state: State, command: commands.ReportTrade) -> bool:
    buyer, seller, ledger = command.buyer, command.seller, state.ledger
    number = ledger.instrument_index.get(command.instrument)
    if number is None or buyer not in state.modes or seller not in state.modes:
        return False
    terms, carries = ledger.instruments[number], state.in_force.margin.carries
    return (
        type(terms) is Perpetual
        and command.instrument not in state.halted
        and command.instrument not in state.expired
        and 1 <= command.lots <= QUANTA_MAX
        and 1 <= command.price_nano <= INT64_MAX
        and 0 <= command.buyer_fee_quanta <= QUANTA_MAX
        and 0 <= command.seller_fee_quanta <= QUANTA_MAX
        and buyer != seller
        and carries(state.modes[buyer], terms)
        and carries(state.modes[seller], terms)
    )


def need_room_beside_orders(
    state: State,
    views: Views,
    account: int,
    symbol: str,
    lots: int,
    cost_quanta: int,
    *,
    held: Position | None = None,
) -> events.Refused | None:
    """Refuse a fill that no column holds, also with all bids or all asks of the account added.

    Margin adds those up, so they must fit even if nobody ever fills them. *held* is what the
    account holds of the instrument, looked up if it is not given.
    """
    refused = need_room_for_fill(state, account, symbol, lots, cost_quanta, held=held)
    if refused or account not in state.resting_of:
        return refused
    instrument = state.ledger.instrument_index[symbol]
    for fills in views.resting(account):
        same = [f for f in fills if f.instrument == instrument]
        if refused is None and same:
            lots_all = lots + sum(f.lots for f in same)
            cost_all = cost_quanta + sum(f.cost_quanta for f in same)
            refused = need_room_for_fill(state, account, symbol, lots_all, cost_all, held=held)
    return refused


def _side(state: State, account: int, symbol: str, fill: Fill) -> _Side:
    held, lots = state.ledger.position(account, fill.instrument), fill.lots
    reduces = held.lots * lots < 0 and abs(lots) <= abs(held.lots)
    return _Side(account, symbol, fill, held, reduces)


def _need_two(buyer: int, seller: int) -> events.Refused | None:
    if buyer != seller:
        return None
    return refuse(Reason.AMOUNT_INVALID, f"buyer must not be the seller, was {buyer}")


def _need_room(state: State, views: Views, side: _Side) -> events.Refused | None:
    _, lots, cost, _ = side.fill
    return need_room_beside_orders(
        state, views, side.account, side.symbol, lots, cost, held=side.held
    )


def _need_open(state: State, views: Views, side: _Side) -> events.Refused | None:
    if side.account not in state.episodes:
        return None
    at_work = need_no_order_at_work(state, side.account, side.symbol)
    return at_work or (None if side.reduces else need_calm(state, side.account))


def _need_trusted(state: State, views: Views, side: _Side) -> events.Refused | None:
    action = Action.TRADE if side.reduces else Action.RAISE_RISK
    doubt = views.doubt(side.account, action, also=side.fill.instrument)
    return refuse(Reason.PRICE_DOUBTFUL, doubt) if doubt else None


# What is paid at once must be there, unless the rules let the asset be borrowed against margin.
def _need_payment(state: State, views: Views, side: _Side) -> events.Refused | None:
    ledger = state.ledger
    number, lots, cost_quanta, fee_quanta = side.fill
    terms = ledger.instruments[number]
    if type(terms) not in _PAID_AT_ONCE:
        return None  # nothing but the fee, and margin answers for that
    due = [(ledger.settlement(number), cost_quanta + fee_quanta)]
    if isinstance(terms, Spot) and lots < 0:
        base = ledger.asset_index[terms.underlying]
        due.append((base, -lots * ledger.spot_lot_quanta(number)))
    for asset, quanta in due:
        if quanta > 0 and not state.in_force.terms[asset].borrow:
            refused = need_cash(state, side.account, ledger.assets[asset].symbol, quanta)
            if refused:
                return refused
    return None


def _need_margin(state: State, views: Views, side: _Side) -> events.Refused | None:
    spare_usd = views.initial_health_usd(side.account, fill=side.fill, held=side.held)
    if spare_usd >= 0:
        return None
    if side.reduces:  # whoever is under IM may still make things better
        before = views.health(side.account)
        after = views.health_after(side.account, (side.fill,))
        if after.health >= before.health:
            return None
    return margin_short(side.account, spare_usd)


def margin_short(account: int, spare_usd: float) -> events.Refused:
    """Return the refusal of what an account's initial margin does not leave room for."""
    detail = (
        f"initial equity of account {account} less initial margin must stay >= 0, "
        f"would be {spare_usd:.2f} USD"
    )
    return refuse(Reason.MARGIN_SHORT, detail)
