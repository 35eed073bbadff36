"""Fills that have not happened: what they would make of an account's cash and positions."""

from typing import NamedTuple

from hullmark.domain import Option, Spot
from hullmark.ledger import FLAT, Ledger, Position, fill, funding_due


class Fill(NamedTuple):
    """A fill that has not happened: what one account would trade, pay and be charged."""

    instrument: int
    lots: int  # signed
    cost_quanta: int  # signed: what the account pays
    fee_quanta: int


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
