"""Taking over a share of an account: what goes to whom, and what each would be worth after it.

Positions go at their marks, so that they carry no value; what the account is worth goes as cash,
asset by asset. Everything is rounded for the account: lots down, what they cost and what it pays
out in its favour.
"""

from collections.abc import Mapping
from typing import NamedTuple

from hullmark.clearing._fills import Fill
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import NANO
from hullmark.domain import Instrument, events
from hullmark.ledger import MICRO


class Part(NamedTuple):
    """A share of an account, ready to be moved."""

    fills: tuple[Fill, ...]  # that the taker would have
    cash: Mapping[int, int]  # quanta that the account gives, by asset; below 0 it gets
    whole: bool  # whether every position goes as a whole

    def given_up(self) -> tuple[Fill, ...]:
        """Return the fills of the account."""
        return tuple(Fill(f.instrument, -f.lots, -f.cost_quanta, 0) for f in self.fills)


def part_of(
    state: State,
    views: Views,
    account: int,
    *,
    share_nano: int,
    reserved: tuple[int, int] = (0, 0),
) -> Part:
    """Return a share of an account; *reserved* quanta of an asset are left out of it."""
    ledger, fills = state.ledger, []
    worth = [ledger.cash(account, asset) for asset in range(len(ledger.assets))]
    worth[reserved[0]] -= reserved[1]
    whole = True
    for number, position in ledger.positions(account):
        over, under = views.unwind(number).lot_ratio
        sign = 1 if position.lots > 0 else -1
        lots = sign * (abs(position.lots) * share_nano // NANO)
        whole = whole and lots == position.lots
        owed = -(-position.lots * (ledger.funding_micro[number] - position.paid_micro) // MICRO)
        worth[ledger.settlement(number)] += position.lots * over // under + position.quote - owed
        if lots:
            fills.append(Fill(number, lots, -(-lots * over // under), 0))
    cash = {
        asset: quanta * share_nano // NANO
        for asset, quanta in enumerate(worth)
        if quanta * share_nano // NANO
    }
    return Part(tuple(fills), cash, whole)


def moved_event(state: State, source: int, target: int, part: Part) -> events.PortfolioMoved:
    """Return the event that moves a share of an account."""
    ledger = state.ledger
    names = [_terms(state, fill.instrument).symbol for fill in part.fills]
    return events.PortfolioMoved(
        source=source,
        target=target,
        lots={name: fill.lots for name, fill in zip(names, part.fills, strict=True)},
        cost_quanta={name: fill.cost_quanta for name, fill in zip(names, part.fills, strict=True)},
        cash_quanta={ledger.assets[asset].symbol: n for asset, n in part.cash.items()},
    )


def spare_initial_usd(
    views: Views, account: int, fills: tuple[Fill, ...], paid: Mapping[int, int]
) -> float:
    """Return initial equity less initial margin after fills and payments, orders resting filled."""
    sides = [(), *(tuple(side) for side in views.resting(account) if side)]
    return min(views.health_after(account, (*fills, *side), paid).spare_initial for side in sides)


def _terms(state: State, number: int) -> Instrument:
    return state.ledger.instruments[number]
