"""Deciding on corrections: a trade busted, cash adjusted; by two people, and each only once.

The journal says what there is to correct, and it is not known here: whoever submits a correction
has compared it with the unit that it names. An operator corrects what was wrong, so neither prices
nor initial margin are asked; the sweep that follows finds what has come under its maintenance.
"""

from collections.abc import Sequence

from hullmark.clearing._checks import (
    QUANTA_MAX,
    need_account,
    need_asset,
    need_cash,
    need_in_range,
    need_instrument,
    need_no_order_at_work,
    need_room,
    need_unexpired,
    refuse,
)
from hullmark.clearing._decide_funds import need_free_fund
from hullmark.clearing._decide_trades import need_room_beside_orders
from hullmark.clearing._signatures import need_two_people
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, format_scaled
from hullmark.domain import Event, Perpetual, Reason, Spot, SystemAccount, commands, events

REASON_LENGTH_MAX = 1_000

# What comes in here belongs to the venue, and what is not there cannot be given.
_NEVER_NEGATIVE = frozenset(
    {
        SystemAccount.FUND,
        SystemAccount.FEES,
        SystemAccount.INTEREST,
        SystemAccount.SETTLEMENT,
    }
)


def bust_trade(state: State, views: Views, command: commands.BustTrade) -> Sequence[Event]:
    """Reverse a trade at its own cost, and repay its fees.

    The lots are filled back as any fill is: per account, lots and the sum of cash and quote are as
    if the trade had not been. Funding that has been settled on it meanwhile stays where it went.
    """
    symbol, buyer, seller = command.instrument, command.buyer, command.seller
    refused = (
        _need_signed(command.authorisers, command.reason)
        or _need_recorded(command)
        or _need_two("seller", seller, "buyer", buyer)
        or need_account(state, buyer)
        or need_account(state, seller)
        or need_instrument(state, symbol)
        or need_unexpired(state, symbol)
        or _need_standing(state, command.sequence, command.row)
    )
    if refused:
        return (refused,)
    ledger, lots, cost = state.ledger, command.lots, command.cost_quanta
    asset = ledger.assets[ledger.settlement(ledger.instrument_index[symbol])].symbol
    fees = command.buyer_fee_quanta + command.seller_fee_quanta
    refused = (
        need_room_beside_orders(state, views, buyer, symbol, -lots, -cost)
        or need_room_beside_orders(state, views, seller, symbol, lots, cost)
        or need_no_order_at_work(state, buyer, symbol)
        or need_no_order_at_work(state, seller, symbol)
        or need_cash(state, SystemAccount.FEES, asset, fees)
    )
    if refused:
        return (refused,)
    busted = events.TradeBusted(
        sequence=command.sequence,
        instrument=symbol,
        buyer=buyer,
        seller=seller,
        lots=lots,
        price_nano=command.price_nano,
        cost_quanta=cost,
        buyer_fee_quanta=command.buyer_fee_quanta,
        seller_fee_quanta=command.seller_fee_quanta,
        authorisers=command.authorisers,
        reason=command.reason,
        row=command.row,
    )
    return (busted,)


def adjust_cash(state: State, command: commands.AdjustCash) -> Sequence[Event]:
    """Move cash between any two accounts but custody.

    A user may come to owe what is taken: it is a debt like any other, for which the margin of that
    account answers. What the venue itself holds stays at zero or above, and what of the fund is set
    aside for a market stays there.
    """
    source, target, asset = command.source, command.target, command.asset
    quanta, reverses = command.quanta, command.reverses
    refused = (
        _need_signed(command.authorisers, command.reason)
        or need_in_range("quanta", quanta, 1)
        or (None if reverses is None else need_in_range("reverses", reverses, 1))
        or _need_two("target", target, "source", source)
        or _need_holder(state, source)
        or _need_holder(state, target)
        or need_asset(state, asset)
        or (None if reverses is None else _need_standing(state, reverses))
        or need_room(state, source, asset, -quanta)
        or need_room(state, target, asset, quanta)
        or _need_unsold(state, source, asset)
        or _need_spare(state, source, asset, quanta)
        or _need_debt(state, target, asset, quanta)
        or (need_free_fund(state, asset, quanta) if source == SystemAccount.FUND else None)
    )
    if refused:
        return (refused,)
    adjusted = events.CashAdjusted(
        source=source,
        target=target,
        asset=asset,
        quanta=quanta,
        authorisers=command.authorisers,
        reason=command.reason,
        reverses=reverses,
    )
    return (adjusted,)


def _need_signed(authorisers: tuple[str, str], reason: str) -> events.Refused | None:
    if refused := need_two_people(authorisers):
        return refused
    if not 1 <= len(reason.strip()) <= REASON_LENGTH_MAX:
        detail = f"reason must have 1 to {REASON_LENGTH_MAX} characters, was {reason!r:.120}"
        return refuse(Reason.UNAUTHORISED, detail)
    return None


def _need_recorded(command: commands.BustTrade) -> events.Refused | None:
    return (
        need_in_range("sequence", command.sequence, 1)
        or (None if command.row is None else need_in_range("row", command.row, 0))
        or need_in_range("lots", command.lots, 1)
        or need_in_range("price_nano", command.price_nano, 1, INT64_MAX)
        or need_in_range("cost_quanta", command.cost_quanta, -QUANTA_MAX)  # inverse: below zero
        or need_in_range("buyer_fee_quanta", command.buyer_fee_quanta, 0)
        or need_in_range("seller_fee_quanta", command.seller_fee_quanta, 0)
    )


def _need_two(name: str, account: int, other_name: str, other: int) -> events.Refused | None:
    if account != other:
        return None
    return refuse(Reason.AMOUNT_INVALID, f"{name} must not be the {other_name}, was {account}")


# Custody is the mirror of what the venue holds for others: only deposits and withdrawals move it.
def _need_holder(state: State, account: int) -> events.Refused | None:
    if account in state.ledger.row_of and account != SystemAccount.CUSTODY:
        return None
    detail = f"account must be open, and not custody, was {account}"
    return refuse(Reason.ACCOUNT_UNKNOWN, detail)


def _need_standing(state: State, sequence: int, row: int | None = None) -> events.Refused | None:
    if (sequence, row or 0) not in state.corrected:
        return None
    what = f"unit {sequence}" if row is None else f"row {row} of unit {sequence}"
    detail = f"{what} must not be reversed twice"
    return refuse(Reason.CORRECTED_BEFORE, detail)


# An order that sells the asset counts on its being there.
def _need_unsold(state: State, account: int, asset: str) -> events.Refused | None:
    ledger = state.ledger
    for order in sorted(state.working_of.get(account, ())):
        symbol = state.working[order].instrument
        terms = ledger.instruments[ledger.instrument_index[symbol]]
        if isinstance(terms, Spot) and terms.underlying == asset:
            return need_no_order_at_work(state, account, symbol)
    return None


def _need_spare(state: State, source: int, asset: str, quanta: int) -> events.Refused | None:
    if source in _NEVER_NEGATIVE:
        return need_cash(state, source, asset, quanta)
    if source != SystemAccount.FUNDING:
        return None
    spare = _funding_residue(state, asset)
    if spare >= quanta:
        return None
    decimals = state.ledger.assets[state.ledger.asset_index[asset]].decimals
    detail = (
        f"funding that nobody has still to get must be >= {format_scaled(quanta, decimals)} "
        f"{asset}, was {format_scaled(spare, decimals)}"
    )
    return refuse(Reason.CASH_SHORT, detail)


# What the account would hold, had every position settled: more than nothing, by the roundings.
def _funding_residue(state: State, asset: str) -> int:
    ledger = state.ledger
    index = ledger.asset_index[asset]
    owed = sum(
        ledger.funding_owed(account, number)
        for number, terms in enumerate(ledger.instruments)
        if isinstance(terms, Perpetual) and ledger.settlement(number) == index
        for account in ledger.holders(number)
    )
    return ledger.cash(SystemAccount.FUNDING, index) + owed


def _need_debt(state: State, target: int, asset: str, quanta: int) -> events.Refused | None:
    if target != SystemAccount.BAD_DEBT:
        return None
    index = state.ledger.asset_index[asset]
    unpaid = -state.ledger.cash(SystemAccount.BAD_DEBT, index)
    if unpaid >= quanta:
        return None
    decimals = state.ledger.assets[index].decimals
    detail = (
        f"bad debt must be >= {format_scaled(quanta, decimals)} {asset} that is paid, "
        f"was {format_scaled(unpaid, decimals)}"
    )
    return refuse(Reason.DEBT_SHORT, detail)
