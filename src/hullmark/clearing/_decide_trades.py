"""Deciding on trades and resting orders: the check before a trade, for both of its sides."""

from collections.abc import Sequence
from dataclasses import dataclass

from hullmark.clearing._checks import (
    need_account,
    need_calm,
    need_cash,
    need_in_range,
    need_instrument,
    need_live,
    need_margined,
    need_room_for_fill,
    refuse,
)
from hullmark.clearing._state import State
from hullmark.clearing._views import Fill, Views
from hullmark.core import INT64_MAX
from hullmark.domain import Event, Option, Reason, Spot, commands, events
from hullmark.ledger import cost_ceil
from hullmark.market import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One side of a trade, seen from its account."""

    account: int
    symbol: str
    instrument: int
    lots: int  # signed
    cost_quanta: int  # signed: what the account pays, fee not included
    fee_quanta: int
    reduces: bool

    @property
    def fill(self) -> Fill:
        return Fill(self.instrument, self.lots, self.cost_quanta, self.fee_quanta)


def report_trade(state: State, views: Views, command: commands.ReportTrade) -> Sequence[Event]:
    """Book a trade if both accounts can carry it."""
    symbol, lots, price_nano = command.instrument, command.lots, command.price_nano
    refused = (
        need_in_range("lots", lots, 1)
        or need_in_range("price_nano", price_nano, 1, INT64_MAX)
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
    if refused:
        return (refused,)
    ledger = state.ledger
    instrument = ledger.instrument_index[symbol]
    asset = ledger.assets[ledger.settlement(instrument)]
    cost = cost_ceil(ledger.instruments[instrument], lots, price_nano, asset.quanta_per_unit)
    buyer = _side(state, command.buyer, instrument, lots, cost, command.buyer_fee_quanta)
    seller = _side(state, command.seller, instrument, -lots, -cost, command.seller_fee_quanta)
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
    side = _side(state, account, instrument, lots, cost, 0)
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
        return (_margin_short(account, spare_usd),)
    return (rested,)


def cancel_order(state: State, command: commands.CancelOrder) -> Sequence[Event]:
    """Take a resting order out of the book."""
    order = state.resting.get(command.order)
    if order is None:
        detail = f"order must be resting, was {command.order}"
        return (refuse(Reason.ORDER_UNKNOWN, detail),)
    return (events.OrderReleased(order=order.order, account=order.account),)


def _side(
    state: State, account: int, instrument: int, lots: int, cost_quanta: int, fee_quanta: int
) -> _Side:
    held = state.ledger.position(account, instrument).lots
    return _Side(
        account=account,
        symbol=state.ledger.instruments[instrument].symbol,
        instrument=instrument,
        lots=lots,
        cost_quanta=cost_quanta,
        fee_quanta=fee_quanta,
        reduces=held * lots < 0 and abs(lots) <= abs(held),
    )


def _need_two(buyer: int, seller: int) -> events.Refused | None:
    if buyer != seller:
        return None
    return refuse(Reason.AMOUNT_INVALID, f"buyer must not be the seller, was {buyer}")


# Also with all bids or all asks of the account in the instrument, which margin will add up.
def _need_room(state: State, views: Views, side: _Side) -> events.Refused | None:
    lots, cost = side.lots, side.cost_quanta
    refused = need_room_for_fill(state, side.account, side.symbol, lots, cost)
    for fills in views.resting(side.account):
        same = [f for f in fills if f.instrument == side.instrument]
        if refused is None and same:
            lots_all = lots + sum(f.lots for f in same)
            cost_all = cost + sum(f.cost_quanta for f in same)
            refused = need_room_for_fill(state, side.account, side.symbol, lots_all, cost_all)
    return refused


def _need_open(state: State, views: Views, side: _Side) -> events.Refused | None:
    if side.account not in state.episodes:
        return None
    for order in state.working_of.get(side.account, ()):
        if state.working[order].instrument == side.symbol:
            detail = (
                f"{side.symbol} of account {side.account} must have no liquidation order at work"
            )
            return refuse(Reason.UNDER_LIQUIDATION, detail)
    return None if side.reduces else need_calm(state, side.account)


def _need_trusted(state: State, views: Views, side: _Side) -> events.Refused | None:
    action = Action.REDUCE_RISK if side.reduces else Action.ADD_RISK
    doubt = views.doubt(side.account, action, also=side.instrument)
    return refuse(Reason.PRICE_DOUBTFUL, doubt) if doubt else None


# What is paid at once must be there, unless the rules let the asset be borrowed against margin.
def _need_payment(state: State, views: Views, side: _Side) -> events.Refused | None:
    ledger = state.ledger
    terms = ledger.instruments[side.instrument]
    if not isinstance(terms, Spot | Option):
        return None  # nothing but the fee, and margin answers for that
    due = [(ledger.settlement(side.instrument), side.cost_quanta + side.fee_quanta)]
    if isinstance(terms, Spot) and side.lots < 0:
        base = ledger.asset_index[terms.underlying]
        due.append((base, -side.lots * ledger.spot_lot_quanta(side.instrument)))
    for asset, quanta in due:
        if quanta > 0 and not state.in_force.terms[asset].borrow:
            refused = need_cash(state, side.account, ledger.assets[asset].symbol, quanta)
            if refused:
                return refused
    return None


def _need_margin(state: State, views: Views, side: _Side) -> events.Refused | None:
    spare_usd = views.initial_health_usd(side.account, fill=side.fill)
    if spare_usd >= 0:
        return None
    if side.reduces:  # whoever is under IM may still make things better
        before = views.health(side.account)
        after = views.health_after(side.account, (side.fill,))
        if after.health >= before.health:
            return None
    return _margin_short(side.account, spare_usd)


def _margin_short(account: int, spare_usd: float) -> events.Refused:
    detail = (
        f"initial equity of account {account} less initial margin must stay >= 0, "
        f"would be {spare_usd:.2f} USD"
    )
    return refuse(Reason.MARGIN_SHORT, detail)
