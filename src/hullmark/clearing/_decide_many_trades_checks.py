"""The checks of many trades that ask what the accounts have, and what they will have.

Each returns a refusal or nothing. All sides are looked at in arrays; where one is stopped, the rows
are gone through in order, so that the refusal is that of the first.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.clearing._checks import (
    cash_short,
    need_calm,
    need_no_order_at_work,
    no_room,
    refuse,
)
from hullmark.clearing._decide_many_trades_lines import Outcome
from hullmark.clearing._decide_trades import margin_short, need_room_beside_orders
from hullmark.clearing._fills import Fill
from hullmark.clearing._ledger_book import SYSTEM_ROWS
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import FloatArray, IntArray
from hullmark.domain import Option, Reason, Spot, events
from hullmark.ledger import Position, cost_ceil, funding_due
from hullmark.margin import evaluate
from hullmark.market import Action

_BUYER = 0
_Sides = Mapping[int, Sequence[tuple[int, int]]]


class Round(NamedTuple):
    """The trades of a command whose form, accounts and instruments are as they must be."""

    symbols: Sequence[str]  # the instruments that are traded
    numbers: Sequence[int]  # theirs in the ledger
    place: IntArray  # (n,) which of the symbols
    lots: IntArray  # (n,)
    price_nano: IntArray  # (n,)
    costs: IntArray  # (n,)
    fees: IntArray  # (2, n)
    rows: IntArray  # (T,) in the ledger, of those who trade, in the order of the trades
    accounts: IntArray  # (T,)
    model: NDArray[np.int8]  # (T,) code of the margin model
    sides: IntArray  # (2, n) which of those who trade

    def by_account(self) -> _Sides:
        """Return row and side of all trades of each account; both in the order of the rows."""
        found: dict[int, list[tuple[int, int]]] = {}
        for j, who in enumerate(self.sides.T.ravel().tolist()):
            found.setdefault(who, []).append(divmod(j, 2))
        return found

    def symbol(self, k: int) -> str:
        """Return the instrument of a row."""
        return self.symbols[int(self.place[k])]

    def fill(self, k: int, side: int) -> Fill:
        """Return what a row is to the account on one side of it."""
        sign = 1 if side == _BUYER else -1
        number, fee = self.numbers[int(self.place[k])], int(self.fees[side, k])
        return Fill(number, sign * int(self.lots[k]), sign * int(self.costs[k]), fee)


def of_row(k: int, refused: events.Refused) -> events.Refused:
    """Return a refusal that says of which row it is."""
    return refuse(refused.reason, f"row {k}: {refused.detail}")


def need_room(state: State, views: Views, trades: Round, after: Outcome) -> events.Refused | None:
    """Refuse trades without room in the ledger, each in its turn; in the end beside orders, too."""
    ledger, k = state.ledger, after.done
    if k < trades.lots.size:
        fill, symbol = trades.fill(k, after.side), trades.symbol(k)
        account = int(trades.accounts[trades.sides[after.side, k]])
        terms, price_nano = ledger.instruments[fill.instrument], int(trades.price_nano[k])
        unit = ledger.assets[ledger.settlement(fill.instrument)].quanta_per_unit
        cost = cost_ceil(terms, abs(fill.lots), price_nano, unit)  # one that no column holds, too
        signed = cost if after.side == _BUYER else -cost
        return of_row(k, no_room(account, symbol, fill.lots, signed))
    for who, fills in _of_those_in(state.resting_of, trades):
        for number in dict.fromkeys(fill.instrument for fill in fills):
            same = [fill for fill in fills if fill.instrument == number]
            lots, cost = sum(f.lots for f in same), sum(f.cost_quanta for f in same)
            symbol = ledger.instruments[number].symbol
            refused = need_room_beside_orders(
                state, views, int(trades.accounts[who]), symbol, lots, cost
            )
            if refused:
                return refused
    return None


# The fills of those accounts that are keys of a mapping.
def _of_those_in(some: Mapping[int, object], trades: Round) -> Sequence[tuple[int, Sequence[Fill]]]:
    if not some or some.keys().isdisjoint(trades.accounts.tolist()):
        return ()
    return [
        (who, [trades.fill(*side) for side in sides])
        for who, sides in trades.by_account().items()
        if int(trades.accounts[who]) in some
    ]


def need_trusted(
    state: State, views: Views, trades: Round, after: Outcome
) -> events.Refused | None:
    """Refuse what the prices that an account rests on do not allow."""
    if views.all_trusted:
        return None
    for who, sides in trades.by_account().items():
        reduces = all(after.reduces[side, k] for k, side in sides)
        action = Action.TRADE if reduces else Action.RAISE_RISK
        for number in dict.fromkeys(trades.fill(*side).instrument for side in sides):
            doubt = views.doubt(int(trades.accounts[who]), action, also=number)
            if doubt:
                return refuse(Reason.PRICE_DOUBTFUL, doubt)
    return None


def need_open(state: State, views: Views, trades: Round, after: Outcome) -> events.Refused | None:
    """Refuse what is not open to an account under liquidation."""
    if not state.episodes or state.episodes.keys().isdisjoint(trades.accounts.tolist()):
        return None
    for j, who in enumerate(trades.sides.T.ravel().tolist()):
        account, (k, side) = int(trades.accounts[who]), divmod(j, 2)
        if account in state.episodes:
            refused = need_no_order_at_work(state, account, trades.symbol(k))
            if refused is None and not after.reduces[side, k]:
                refused = need_calm(state, account)
            if refused:
                return of_row(k, refused)
    return None


def need_payment(
    state: State, views: Views, trades: Round, after: Outcome
) -> events.Refused | None:
    """Refuse what is paid at once and is not there in the end."""
    ledger, lines = state.ledger, after.lines
    draws = _draws(state, trades)
    if not draws.any():
        return None
    settled, funding = lines.cash.astype(object), ledger.funding_micro
    owner = np.repeat(np.arange(lines.held.size), lines.held)
    unpaid = lines.paid != np.array(funding, np.int64)[lines.instrument]
    for j in np.flatnonzero(unpaid & np.isin(owner, np.flatnonzero(draws.any(axis=1)))).tolist():
        number, exact = int(lines.instrument[j]), [int(column[j]) for column in lines[3:]]
        owed = funding_due(Position(*exact), funding[number])
        settled[owner[j], ledger.settlement(number)] -= owed
    short: NDArray[np.bool_] = draws & np.less(settled, 0).astype(np.bool_)
    if not short.any():
        return None
    who, asset = (int(place) for place in np.argwhere(short)[0])
    due = sum(_due(state, trades, side, asset) for side in trades.by_account()[who])
    return cash_short(state, int(trades.accounts[who]), asset, due, settled[who, asset] + due)


# Which accounts pay at once, and in which assets that the rules do not let them borrow.
def _draws(state: State, trades: Round) -> NDArray[np.bool_]:
    ledger = state.ledger
    draws = np.zeros((len(trades.accounts), len(ledger.assets)), np.bool_)
    for place, number in enumerate(trades.numbers):
        terms = ledger.instruments[number]
        if isinstance(terms, Spot | Option):
            own = trades.place == place
            quanta = np.stack([trades.costs, -trades.costs]) + trades.fees
            draws[trades.sides[own & (quanta > 0)], ledger.settlement(number)] = True
            if isinstance(terms, Spot):
                draws[trades.sides[1, own], ledger.asset_index[terms.underlying]] = True
    draws[:, [terms.borrow for terms in state.in_force.terms]] = False
    return draws


# What one side of a row pays at once of an asset; below zero it receives.
def _due(state: State, trades: Round, side: tuple[int, int], asset: int) -> int:
    ledger = state.ledger
    number, lots, cost_quanta, fee_quanta = trades.fill(*side)
    terms, due = ledger.instruments[number], 0
    if isinstance(terms, Spot | Option) and ledger.settlement(number) == asset:
        due += cost_quanta + fee_quanta
    if isinstance(terms, Spot) and ledger.asset_index[terms.underlying] == asset:
        due -= lots * ledger.spot_lot_quanta(number)
    return due


def need_margin(state: State, views: Views, trades: Round, after: Outcome) -> events.Refused | None:
    """Refuse what leaves an account under initial margin, unless all it did made things better."""
    found = views.evaluate_lines(after.lines, trades.model)
    spare_usd = found.spare_initial.copy()
    _take_off_orders(state, views, trades, spare_usd)
    under = ~(spare_usd >= 0.0)
    if not under.any():
        return None
    worse = np.zeros(under.size, np.bool_)
    worse[trades.sides[~after.reduces]] = True
    asked = np.flatnonzero(under & ~worse)  # who only reduced
    if asked.size:
        before = evaluate(views.book.rows(), views.tables, which=trades.rows[asked] - SYSTEM_ROWS)
        health = (found.equity_maintenance - found.maintenance)[asked]
        under[asked] = ~(health >= before.equity_maintenance - before.maintenance)
    if not under.any():
        return None
    who = int(under.argmax())
    return margin_short(int(trades.accounts[who]), float(spare_usd[who]))


# Resting orders reserve margin: the worse of all bids or all asks filled, after the trades.
def _take_off_orders(state: State, views: Views, trades: Round, spare_usd: FloatArray) -> None:
    for who, fills in _of_those_in(state.resting_of, trades):
        for orders in views.resting(int(trades.accounts[who])):
            if orders:
                after = views.health_after(int(trades.accounts[who]), (*fills, *orders))
                spare_usd[who] = min(spare_usd[who], after.spare_initial)
