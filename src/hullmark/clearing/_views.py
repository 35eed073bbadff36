"""Views: what follows from the facts and is too slow to derive at every question.

The risk tables follow the prices, the book's columns follow the ledger. Both are refreshed when
they are next needed, from the integers of the facts, so they have the same bits however they came
about; nothing here is hashed or journalled.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hullmark.book import AccountRow, Book, Rows
from hullmark.clearing._caseload import Caseload
from hullmark.clearing._checks import QUANTA_MAX
from hullmark.clearing._fills import Fill, fill_at, position_after, pretend
from hullmark.clearing._ledger_book import SYSTEM_ROWS, LedgerBook
from hullmark.clearing._price_trust import PriceTrust
from hullmark.clearing._running_index import ACCOUNTS_MIN, RunningIndex
from hullmark.clearing._running_tables import MOVES_TABLES, RunningTables
from hullmark.clearing._state import State
from hullmark.clearing._sure_trades import both_carry
from hullmark.clearing._unwinds import Unwind, net_worth, unwind_of
from hullmark.clearing._venue_market import VenueMarket
from hullmark.core import INT64_MAX, NANO, Bundle, IntArray, bundle
from hullmark.domain import Event, Future, Option, Perpetual, Spot, events
from hullmark.ledger import Lines, Position
from hullmark.margin import (
    Change,
    Evaluation,
    Health,
    RiskTables,
    WhatIf,
    any_in_breach,
    evaluate,
    evaluate_one,
    initial_prices,
)
from hullmark.market import Action, Grade, MarketView
from hullmark.monitor import breaches
from hullmark.scenarios import RiskArrays

# Assets, and the quanta of each that leave an account: of one, or of several.
Payment: TypeAlias = tuple[int, int] | Mapping[int, int]


class Views:
    """Answers about margin, from facts that it watches and never changes.

    Parameters
    ----------
    state : State
        The facts. Whoever changes them tells `apply` of every event.
    indexed_from : int
        How many accounts there must be for breaches to be looked for through a trigger index.
    """

    def __init__(self, state: State, *, indexed_from: int = ACCOUNTS_MIN) -> None:
        self._state = state
        self._tables, self._trust = RunningTables(state), PriceTrust(state)
        self._books: LedgerBook | None = None
        self._asked: WhatIf | None = None
        self._bundled: tuple[Bundle, Bundle, Bundle] | None = None
        self._unsettled: NDArray[np.bool_] | None = None
        self._healths: dict[int, Health] = {}
        self._unwinds: dict[int, Unwind] = {}
        self.index = RunningIndex(state, self._tables, accounts_min=indexed_from)
        self._caseload, self._lapses = Caseload(state), 0

    def apply(self, event: Event) -> None:
        """Take note of an event that the facts have already taken in."""
        self._healths.clear()
        if type(event) in MOVES_TABLES:  # what moves no table moves no trust and no trigger either
            self._tables.apply(event)
            self._trust.apply(event)
            self.index.apply(event)
            self._unwinds.clear()
        self._caseload.apply(event)
        if type(event) is events.RulesAdopted:
            self._books = self._unsettled = self._bundled = None

    # What is kept is given up when sides of prices have changed with time alone.
    def _lapse(self) -> None:
        if self._tables.lapses != self._lapses:
            self._lapses = self._tables.lapses
            self._healths.clear()
            self._unwinds.clear()
            self._caseload.drop()

    @property
    def caseload(self) -> Caseload:
        """The cases of the tick and the plans for them."""
        self._lapse()
        return self._caseload

    @property
    def movable(self) -> VenueMarket:
        """The venue at the accepted prices, which can be asked about other ones."""
        return self._tables.market

    @property
    def tables(self) -> RiskTables:
        """Everything but the accounts that a margin depends on, at the accepted prices.

        Until the next event: it may write into the same arrays.
        """
        return self._tables.tables

    @property
    def arrays(self) -> RiskArrays:
        """Values, scenario profits and greeks per contract unit."""
        return self.movable.arrays

    @property
    def market(self) -> MarketView:
        """The accepted prices as arrays."""
        return self.movable.view

    def sweep(self) -> Evaluation:
        """Evaluate every user account, in order of opening."""
        return evaluate(self.book.rows(), self.tables)

    @property
    def accounts(self) -> Sequence[int]:
        """The user accounts in the order of the book's rows."""
        return self._state.ledger.accounts[SYSTEM_ROWS:]

    def breaches(self) -> tuple[int, ...]:
        """Return the accounts under maintenance margin, worst ratio first."""
        rows = self.book.rows()
        found = self.index.find(rows, SYSTEM_ROWS)
        if found is None:
            under = any_in_breach(rows, self.tables)
            return tuple(breaches(self.sweep(), self.accounts)) if under else ()
        in_breach = found.evaluation.in_breach
        if not in_breach.any():
            return ()
        opened, rows_under = self._state.ledger.accounts, found.rows[in_breach].tolist()
        accounts = [opened[row + SYSTEM_ROWS] for row in rows_under]
        return tuple(breaches(Evaluation._make(c[in_breach] for c in found.evaluation), accounts))

    @property
    def book(self) -> Book:
        """The columns of all user accounts, up to date with the ledger."""
        return self._ledger_book.book

    @property
    def _ledger_book(self) -> LedgerBook:
        if self._books is None:
            self._books = LedgerBook(self._state)
        return self._books

    def row(
        self, account: int, fills: Sequence[Fill] = (), paid: Payment | None = None
    ) -> AccountRow:
        """Return one account as a kernel reads it, after some fills and payments."""
        ledger, books = self._state.ledger, self._ledger_book
        if not fills and paid is None:
            instrument, *floats, model = books.current.account(books.row(account))
            size, quote, balance = (column.copy() for column in floats)
            return AccountRow(instrument.copy(), size, quote, balance, model)
        cash = [ledger.cash(account, asset) for asset in range(len(ledger.assets))]
        held = dict(ledger.positions(account))
        for trade in fills:
            pretend(ledger, trade, cash, held)
        for asset, quanta in paid.items() if isinstance(paid, Mapping) else (paid or (0, 0),):
            cash[asset] -= quanta
        numbers = sorted(i for i, position in held.items() if position.lots)
        places = [books.position(number, held[number]) for number in numbers]
        sizes, quotes = np.array(places, np.float64).reshape(-1, 2).T.copy()
        balance = np.array([books.units(asset, quanta) for asset, quanta in enumerate(cash)])
        code = self._state.in_force.margin.code(self._state.modes[account])
        return AccountRow(np.array(numbers, np.int32), sizes, quotes, balance, code)

    def health(self, account: int) -> Health:
        """Return the margin of one account now."""
        self._lapse()
        if account not in self._healths:
            self._healths[account] = self.health_after(account, ())
        return self._healths[account]

    def health_after(
        self, account: int, fills: Sequence[Fill], paid: Payment | None = None
    ) -> Health:
        """Return the margin of one account after several fills and a payment."""
        return evaluate_one(*self.row(account, fills, paid), self.tables)

    def models(self, rows: IntArray) -> NDArray[np.int8]:
        """Return the codes of the margin models of rows of the ledger, users' only."""
        return self._ledger_book.models(rows)

    def evaluate_lines(self, lines: Lines, model: NDArray[np.int8]) -> Evaluation:
        """Return the margin of lines of a ledger, each under the model of that code."""
        return evaluate(self.rows_of(lines, model), self.tables)

    def rows_of(self, lines: Lines, model: NDArray[np.int8]) -> Rows:
        """Return lines of a ledger as the book would have them."""
        return self._ledger_book.rows_of(lines, model)

    def initial_health_usd(
        self,
        account: int,
        *,
        fill: Fill | None = None,
        held: Position | None = None,
        resting: Sequence[events.OrderRested] = (),
        paid: tuple[int, int] | None = None,
    ) -> float:
        """Return initial equity less initial margin, the worse of all bids or all asks filled.

        *held* is what the account holds of the instrument of *fill*, looked up if it is not given.
        """
        if not resting and account not in self._state.resting_of:
            change = self._change(account, fill, held, paid)
            if change is not None:
                row = self._ledger_book.row(account)  # first: it may move the arrays
                spare_usd = self._what_if.spare_usd(row, change)
                if spare_usd > float("-inf"):
                    return spare_usd
        base = (fill,) if fill else ()
        spare_usd = float("inf")
        for side in ((), *(side for side in self.resting(account, resting) if side)):
            after = self.health_after(account, (*base, *side), paid)
            spare_usd = min(spare_usd, after.spare_initial)
        return spare_usd

    def surely_carry(
        self, buyer: int, seller: int, bought: Fill, *, seller_fee_quanta: int
    ) -> bool:
        """Return whether a trade of a contract surely stands in no account's way.

        That is: every price is valid, neither side is under liquidation or has an order resting,
        and the fill leaves both with room in the ledger and initial margin. ``False``: perhaps.
        """
        state, books = self._state, self._ledger_book
        if state.now_ns > self._trust.until_ns or abs(bought.cost_quanta) > QUANTA_MAX:
            return False
        for busy in (state.episodes, state.resting_of):
            if busy and not busy.keys().isdisjoint((buyer, seller)):
                return False
        number, lots, cost_quanta, buyer_fee_quanta = bought
        rows = (
            books.row(buyer),
            books.row(seller),
        )  # first: to bring them up to date may move arrays
        question = (lots, cost_quanta, *rows, buyer_fee_quanta, seller_fee_quanta)
        asset = state.ledger.settlement(number)
        return bool(both_carry(self._columns, number, asset, SYSTEM_ROWS, *question))

    def resting(
        self, account: int, more: Sequence[events.OrderRested] = ()
    ) -> tuple[Sequence[Fill], Sequence[Fill]]:
        """Return what all bids of an account would do if they filled, and what all asks would."""
        state = self._state
        if not more and account not in state.resting_of:
            return (), ()
        orders = [*(state.resting[o] for o in sorted(state.resting_of.get(account, ()))), *more]
        bids = [self._as_fill(o) for o in orders if o.lots > 0]
        return bids, [self._as_fill(o) for o in orders if o.lots < 0]

    def withdrawable_usd(self, account: int, asset: int, quanta: int) -> float:
        """Return what initial margin and unsettled gains leave once *quanta* are paid out.

        The account is evaluated as it would be then: a coin may have been the hedge of a position.
        """
        if account not in self._state.resting_of:
            change = self._payment(account, asset, quanta)
            number = self._ledger_book.row(account)
            spare_usd = self._what_if.spare_usd(number, change, settled=True)
            if spare_usd > float("-inf"):
                return spare_usd - self._gains_behind_funding_usd(account)
        ledger = self._state.ledger
        gains_usd, row, tables = 0.0, self.row(account), self.tables
        for number, size, quote in zip(row.instrument, row.size, row.quote, strict=True):
            if isinstance(ledger.instruments[number], Perpetual | Future):
                value, price_usd = initial_prices(tables, number, size)
                gains_usd += max(float(size * value + quote), 0.0) * price_usd
        gains_usd += self._gains_behind_funding_usd(account)
        return self.initial_health_usd(account, paid=(asset, quanta)) - gains_usd

    # A withdrawal pays the funding that is due from cash, and the gain that it stood against is
    # unsettled then.
    def _gains_behind_funding_usd(self, account: int) -> float:
        ledger, tables, found = self._state.ledger, self.tables, 0.0
        if not ledger.unsettled(account):
            return found
        for number, size, quote in zip(*self.row(account)[:3], strict=True):
            due = ledger.funding_owed(account, int(number))
            if due > 0:
                asset = ledger.settlement(int(number))
                value, price_usd = initial_prices(tables, number, size)
                net = float(size * value + quote)
                before = net + due / ledger.assets[asset].quanta_per_unit
                found += (max(before, 0.0) - max(net, 0.0)) * price_usd
        return found

    def net_quanta(self, account: int, asset: int, fill: Fill | None = None) -> int:
        """Return net value in quanta of one asset, each part rounded down, exact for contracts."""
        ledger = self._state.ledger
        cash = [ledger.cash(account, a) for a in range(len(ledger.assets))]
        held = dict(ledger.positions(account))
        if fill:
            pretend(ledger, fill, cash, held)
        unwinds = [self.unwind(number) for number in held]
        return net_worth(self._state, unwinds, list(held.items()), cash, asset)

    def deepest_debt(self, account: int) -> int:
        """Return the asset that an account owes most of, in USD."""
        return int((self.row(account).balance * self.tables.price_usd).argmin())

    def mark_nano(self, instrument: int) -> int:
        """Return the margin price of an instrument: its mark; 0 if there is none."""
        symbol = self._state.ledger.instruments[instrument].symbol
        if isinstance(self._state.ledger.instruments[instrument], Option):
            return min(round(float(self.market.mark[instrument]) * NANO), INT64_MAX)
        price = self._state.prices.get(symbol)
        return price.price_nano if price else 0

    def unwind(self, instrument: int) -> Unwind:
        """Return an instrument at the accepted prices, and the limits at which it is closed."""
        self._lapse()
        found = self._unwinds.get(instrument)
        if found is None:
            found = unwind_of(self._state, self.tables, instrument, self.mark_nano(instrument))
            self._unwinds[instrument] = found
        return found

    def unwinds(self, held: Sequence[tuple[int, Position]]) -> list[Unwind]:
        """Return the unwinds of positions, in their order."""
        return [self.unwind(number) for number, _ in held]

    def doubt(self, account: int, action: Action, also: int | None = None) -> str | None:
        """Return why the prices an account rests on do not allow an action; ``None``: they do."""
        return self._trust.doubt(account, action, also)

    @property
    def all_trusted(self) -> bool:
        """Whether every price of the venue is valid and fresh now, and allows everything."""
        return self._state.now_ns <= self._trust.until_ns

    def lacking(self, account: int, also: Sequence[int] = ()) -> str | None:
        """Return what an account's value rests on and has no price; ``None``: nothing."""
        return self._trust.lacking(account, also)

    def grade(self, factor: str) -> Grade:
        """Return the grade of a price now: what it was, or stale if it has grown old since."""
        return self._trust.grade(factor)

    # At the mark where that is worse than the limit: nobody has gained by an order that waits, and
    # a bid far below the mark would pay the reserve of others.
    def _as_fill(self, order: events.OrderRested) -> Fill:
        number = self._state.ledger.instrument_index[order.instrument]
        worse = max if order.lots > 0 else min
        price_nano = worse(order.limit_nano, max(self.mark_nano(number), 1))
        return fill_at(self._state.ledger, number, order.lots, price_nano)

    # What a fill or a payment replaces in an account's row; none where that is more than a change.
    def _change(
        self,
        account: int,
        trade: Fill | None,
        held: Position | None,
        paid: tuple[int, int] | None,
    ) -> Change | None:
        ledger, books = self._state.ledger, self._ledger_book
        if trade is None:
            return Change() if paid is None else self._payment(account, *paid)
        number, asset = trade.instrument, ledger.settlement(trade.instrument)
        if paid is not None or isinstance(ledger.instruments[number], Spot):
            return None
        before = held or ledger.position(account, number)
        after, gained = position_after(ledger, trade, before)
        size, quote = books.position(number, after) if after.lots else (0.0, 0.0)
        quanta = ledger.cash(account, asset) + gained - trade.fee_quanta
        return Change(number, size, quote, asset, books.units(asset, quanta))

    def _payment(self, account: int, asset: int, quanta: int) -> Change:
        left = self._state.ledger.cash(account, asset) - quanta
        return Change(asset=asset, units=self._ledger_book.units(asset, left))

    # The columns of the ledger and of the book, and the tables, for kernels.
    @property
    def _columns(self) -> Bundle:
        asked, ledger, found = self._what_if.bundle, self._state.ledger.bundle, self._bundled
        if found is None or found[0] is not asked or found[1] is not ledger:
            scale = self._ledger_book.scale
            self._bundled = found = asked, ledger, bundle((asked, ledger, scale))
        return found[2]

    @property
    def _what_if(self) -> WhatIf:
        rows, tables = self._ledger_book.current.rows(), self.tables
        if self._asked is None or not self._asked.is_about(rows, tables):
            if self._unsettled is None:
                contracts = self._state.in_force.instruments
                self._unsettled = np.array([isinstance(i, Perpetual | Future) for i in contracts])
            self._asked = WhatIf(rows, tables, unsettled=self._unsettled)
        return self._asked
