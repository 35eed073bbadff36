"""Fills that have not happened: what they would make of an account's cash and positions."""

from typing import NamedTuple

from hullmark.core import NANO, mul_div_ceil
from hullmark.domain import Option, Spot
from hullmark.ledger import FLAT, Ledger, Position, cost_ceil, fill, funding_due


class Fill(NamedTuple):
    """A fill that has not happened: what one account would trade, pay and be charged."""

    instrument: int
    lots: int  # signed
    cost_quanta: int  # signed: what the account pays
    fee_quanta: int


def fill_at(
    ledger: Ledger, instrument: int, lots: int, price_nano: int, *, fee_nano: int = 0
) -> Fill:
    """Return the fill of signed lots at a price, with a fee in billionths of what they cost.

    The venue's rounding: the cost up, so that a seller is paid what a buyer pays, and the fee up.
    """
    unit = ledger.assets[ledger.settlement(instrument)].quanta_per_unit
    cost = cost_ceil(ledger.instruments[instrument], abs(lots), price_nano, unit)
    fee = mul_div_ceil(abs(cost), fee_nano, NANO) if fee_nano else 0
    return Fill(instrument, lots, cost if lots > 0 else -cost, fee)


def position_after(ledger: Ledger, trade: Fill, before: Position) -> tuple[Position, int]:
    """Return a position after a fill, and what cash gains by it, the fee left out.

    Of anything but spot, which is no position. What the position owes of funding is settled first.
    """
    number, lots, cost_quanta, _ = trade
    index_micro, due = ledger.funding_micro[number], 0
    if before.paid_micro != index_micro:
        if before.lots:
            due = funding_due(before, index_micro)
        before = Position(before.lots, before.quote, index_micro)
    if type(ledger.instruments[number]) is Option:  # the premium is paid at once
        after, realised = fill(before, lots, 0)
        return after, realised - cost_quanta
    after, realised = fill(before, lots, cost_quanta)
    return after, realised - due


def pretend(ledger: Ledger, trade: Fill, cash: list[int], held: dict[int, Position]) -> None:
    """Let a fill happen to what one account has: quanta per asset, and positions."""
    number, settlement = trade.instrument, ledger.settlement(trade.instrument)
    terms = ledger.instruments[number]
    cash[settlement] -= trade.fee_quanta
    if isinstance(terms, Spot):
        cash[settlement] -= trade.cost_quanta
        cash[ledger.asset_index[terms.underlying]] += trade.lots * ledger.spot_lot_quanta(number)
        return
    held[number], gained = position_after(ledger, trade, held.get(number, FLAT))
    cash[settlement] += gained
