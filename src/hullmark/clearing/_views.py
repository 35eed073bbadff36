"""Views: what follows from the facts and is too slow to derive at every question.

The risk tables follow the prices, the book's columns follow the ledger. Both are refreshed when
they are next needed, from the integers of the facts, so they have the same bits however they came
about; nothing here is hashed or journalled.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hullmark.book import AccountRow, Book
from hullmark.clearing._market_view import asset_price_nano, factors_of, unpriced
from hullmark.clearing._state import State
from hullmark.clearing._venue_market import VenueMarket
from hullmark.core import NANO, mul_div_floor
from hullmark.domain import Event, Future, Option, Perpetual, Spot, SystemAccount, events
from hullmark.ledger import FLAT, MICRO, Position, cost_ceil, fill as fill_position, value_floor
from hullmark.liquidation import Breach
from hullmark.margin import (
    Evaluation,
    Health,
    RiskTables,
    evaluate,
    evaluate_one,
)
from hullmark.market import ALLOWED, Action, Grade, MarketView
from hullmark.monitor import breaches
from hullmark.scenarios import RiskArrays

_SYSTEM_ROWS = len(SystemAccount)

_MOVES_TABLES = (
    events.PricesAccepted,
    events.SurfaceAdopted,
    events.FundingAccrued,
    events.TimeAdvanced,
    events.ExpirySettled,
    events.RulesAdopted,
)


class Fill(NamedTuple):
    """A fill that has not happened: what one account would trade, pay and be charged."""

    instrument: int
    lots: int  # signed
    cost_quanta: int  # signed: what the account pays
    fee_quanta: int


class Views:
    """Answers about margin, from facts that it watches and never changes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._book: Book | None = None
        self._market: VenueMarket | None = None
        self._stale = True
        self._rows: dict[int, AccountRow] = {}  # as they are now, of those asked about
        self._healths: dict[int, Health] = {}

    def apply(self, event: Event) -> None:
        """Take note of an event that the facts have already taken in."""
        self._rows.clear()
        self._healths.clear()
        if isinstance(event, events.RulesAdopted):
            self._book = self._market = None
        if isinstance(event, _MOVES_TABLES):
            self._stale = True

    @property
    def movable(self) -> VenueMarket:
        """The venue at the accepted prices, which can be asked about other ones."""
        if self._market is None or self._stale:
            self._market, self._stale = VenueMarket.of(self._state, self._market), False
        return self._market

    @property
    def tables(self) -> RiskTables:
        """Everything but the accounts that a margin depends on, at the accepted prices."""
        return self.movable.tables

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
        return self._state.ledger.accounts[_SYSTEM_ROWS:]

    def breaches(self) -> tuple[int, ...]:
        """Return the accounts under maintenance margin, worst ratio first."""
        return tuple(breaches(self.sweep(), self.accounts))

    @property
    def book(self) -> Book:
        """The columns of all user accounts, up to date with the ledger."""
        ledger = self._state.ledger
        if self._book is None:
            self._book = Book(len(ledger.assets))
            ledger.changed.update(range(len(ledger.accounts)))
        for row in sorted(ledger.changed):
            if row >= _SYSTEM_ROWS:
                self._patch(self._book, row)
        ledger.changed.clear()
        return self._book

    def row(
        self, account: int, fills: Sequence[Fill] = (), paid: tuple[int, int] | None = None
    ) -> AccountRow:
        """Return one account as a kernel reads it, after some fills and a payment.

        A payment is an asset and the quanta of it that leave the account.
        """
        if not fills and paid is None:
            if account not in self._rows:
                self._rows[account] = self._build_row(account, (), None)
            return self._rows[account]
        return self._build_row(account, fills, paid)

    def _build_row(
        self, account: int, fills: Sequence[Fill], paid: tuple[int, int] | None
    ) -> AccountRow:
        ledger = self._state.ledger
        cash = [ledger.cash(account, asset) for asset in range(len(ledger.assets))]
        held = dict(ledger.positions(account))
        for trade in fills:
            self._pretend(trade, cash, held)
        if paid:
            cash[paid[0]] -= paid[1]
        numbers = sorted(i for i, position in held.items() if position.lots)
        sizes = np.empty(len(numbers))
        quotes = np.empty(len(numbers))
        for place, number in enumerate(numbers):
            position = held[number]
            sizes[place], quotes[place] = self._size(number, position)
        balance = np.array(
            [c / a.quanta_per_unit for c, a in zip(cash, ledger.assets, strict=True)]
        )
        code = self._state.in_force.margin.code(self._state.modes[account])
        return AccountRow(np.array(numbers, np.int32), sizes, quotes, balance, code)

    def health(self, account: int) -> Health:
        """Return the margin of one account now."""
        if account not in self._healths:
            self._healths[account] = self.health_after(account, ())
        return self._healths[account]

    def health_after(
        self, account: int, fills: Sequence[Fill], paid: tuple[int, int] | None = None
    ) -> Health:
        """Return the margin of one account after several fills and a payment."""
        return evaluate_one(*self.row(account, fills, paid), self.tables)

    def initial_health_usd(
        self,
        account: int,
        *,
        fill: Fill | None = None,
        resting: Sequence[events.OrderRested] = (),
        paid: tuple[int, int] | None = None,
    ) -> float:
        """Return initial equity less initial margin, the worse of all bids or all asks filled."""
        base = (fill,) if fill else ()
        spare_usd = float("inf")
        for side in ((), *(side for side in self.resting(account, resting) if side)):
            after = self.health_after(account, (*base, *side), paid)
            required = after.initial if after.at_risk else 0.0  # a deposit alone margins nothing
            spare_usd = min(spare_usd, after.equity_initial - required)
        return spare_usd

    def resting(
        self, account: int, more: Sequence[events.OrderRested] = ()
    ) -> tuple[Sequence[Fill], Sequence[Fill]]:
        """Return what all bids of an account would do if they filled, and what all asks would."""
        state = self._state
        orders = [state.resting[o] for o in sorted(state.resting_of.get(account, ()))]
        orders += more
        bids = [self._as_fill(o) for o in orders if o.lots > 0]
        return bids, [self._as_fill(o) for o in orders if o.lots < 0]

    def withdrawable_usd(self, account: int, asset: int, quanta: int) -> float:
        """Return what initial margin and unsettled gains leave once *quanta* are paid out.

        The account is evaluated as it would be then: a coin may have been the hedge of a position.
        """
        ledger = self._state.ledger
        gains_usd, row, tables = 0.0, self.row(account), self.tables
        for number, size, quote in zip(row.instrument, row.size, row.quote, strict=True):
            if isinstance(ledger.instruments[number], Perpetual | Future):
                gain = float(size * tables.value[number] + quote)
                gains_usd += max(gain, 0.0) * float(tables.price_usd[tables.settle[number]])
        return self.initial_health_usd(account, paid=(asset, quanta)) - gains_usd

    def net_quanta(self, account: int, asset: int, fill: Fill | None = None) -> int:
        """Return net value in quanta of one asset, each part rounded down, exact for contracts."""
        ledger = self._state.ledger
        cash = [ledger.cash(account, a) for a in range(len(ledger.assets))]
        held = dict(ledger.positions(account))
        if fill:
            self._pretend(fill, cash, held)
        for number, position in held.items():
            settlement = ledger.settlement(number)
            unit = ledger.assets[settlement].quanta_per_unit
            terms = ledger.instruments[number]
            worth = value_floor(terms, position.lots, self.mark_nano(number), unit)
            owed = -(-position.lots * (ledger.funding_micro[number] - position.paid_micro) // MICRO)
            cash[settlement] += worth + position.quote - owed
        price = asset_price_nano(self._state, asset)
        unit = ledger.assets[asset].quanta_per_unit
        total = cash[asset]
        for other, quanta in enumerate(cash):
            if other != asset and quanta and price:
                their = asset_price_nano(self._state, other) * unit
                total += mul_div_floor(quanta, their, price * ledger.assets[other].quanta_per_unit)
        return total

    def deepest_debt(self, account: int) -> int:
        """Return the asset that an account owes most of, in USD."""
        balance = self.row(account).balance * self.tables.price_usd
        return int(balance.argmin())

    def mark_nano(self, instrument: int) -> int:
        """Return the margin price of an instrument: its mark; 0 if there is none."""
        symbol = self._state.ledger.instruments[instrument].symbol
        if isinstance(self._state.ledger.instruments[instrument], Option):
            return round(float(self.market.mark[instrument]) * NANO)
        price = self._state.prices.get(symbol)
        return price.price_nano if price else 0

    def notional_nano(self, instrument: int, lots: int) -> int:
        """Return the USD notional of some lots, either way signed."""
        size = abs(lots) * self._state.ledger.instruments[instrument].lot
        return round(size * float(self.tables.notional_usd[instrument]) * NANO)

    def doubt(self, account: int, action: Action, also: int | None = None) -> str | None:
        """Return why the prices an account rests on do not allow an action; ``None``: they do."""
        held, cash = self._rests_on(account, () if also is None else (also,))
        for instrument in held:
            if lacking := unpriced(self._state, instrument):
                return lacking
        for factor in factors_of(self._state, held, cash):
            grade = self.grade(factor)
            if action not in ALLOWED[grade]:
                doing = action.name.lower().replace("_", " ")
                return f"the price of {factor} must allow to {doing}, was {grade.name}"
        return None

    def lacking(self, account: int, also: Sequence[int] = ()) -> str | None:
        """Return what an account's value rests on and has no price; ``None``: nothing."""
        held, cash = self._rests_on(account, also)
        for instrument in held:
            if lacking := unpriced(self._state, instrument):
                return lacking
        for factor in factors_of(self._state, held, cash):
            if self.grade(factor) is Grade.NONE:
                return f"{factor} must have a price, has none"
        return None

    def _rests_on(self, account: int, also: Sequence[int]) -> tuple[list[int], list[int]]:
        ledger = self._state.ledger
        held = [instrument for instrument, _ in ledger.positions(account)]
        return [*held, *also], [a for a in range(len(ledger.assets)) if ledger.cash(account, a)]

    def grade(self, factor: str) -> Grade:
        """Return the grade of a price now: what it was, or stale if it has grown old since."""
        price = self._state.prices.get(factor)
        if price is None:
            return Grade.NONE
        age_ns = self._state.now_ns - price.accepted_ns
        limit_ns = self._state.in_force.prices[factor].staleness_ns_max
        return max(Grade(price.grade), Grade.STALE if age_ns > limit_ns else Grade.VALID)

    def breach(self, account: int, limits_nano: Sequence[int]) -> Breach:
        """Describe an account to a liquidation engine, with the price limits it would close at."""
        state, ledger, tables = self._state, self._state.ledger, self.tables
        held = ledger.positions(account)
        rules = state.in_force.liquidation
        row = self.row(account)
        lots = np.array([position.lots for _, position in held], np.int64)
        limits = np.empty(len(held))
        for place, (number, _) in enumerate(held):
            slip = limits_nano[place] - self.mark_nano(number)
            limits[place] = tables.value[number] + self._value_of_slip(number, slip)
        return Breach(
            account=account,
            holding=row,
            tables=tables,
            lots=lots,
            limit_value=limits,
            target=rules.target_nano / NANO,
            penalty=rules.penalty_nano / NANO,
        )

    def _value_of_slip(self, number: int, slip_nano: int) -> float:
        terms, mark_nano = self._state.ledger.instruments[number], self.mark_nano(number)
        if isinstance(terms, Perpetual | Future) and terms.inverse:
            return NANO / mark_nano - NANO / (mark_nano + slip_nano)
        return slip_nano / NANO

    # At the mark where that is worse than the limit: nobody has gained by an order that waits, and
    # a bid far below the mark would pay the reserve of others.
    def _as_fill(self, order: events.OrderRested) -> Fill:
        ledger = self._state.ledger
        number = ledger.instrument_index[order.instrument]
        unit = ledger.assets[ledger.settlement(number)].quanta_per_unit
        worse = max if order.lots > 0 else min
        price_nano = worse(order.limit_nano, max(self.mark_nano(number), 1))
        cost = cost_ceil(ledger.instruments[number], abs(order.lots), price_nano, unit)
        return Fill(number, order.lots, cost if order.lots > 0 else -cost, 0)

    def _pretend(self, trade: Fill, cash: list[int], held: dict[int, Position]) -> None:
        ledger = self._state.ledger
        number, terms = trade.instrument, ledger.instruments[trade.instrument]
        settlement = ledger.settlement(number)
        cash[settlement] -= trade.fee_quanta
        if isinstance(terms, Spot):
            cash[settlement] -= trade.cost_quanta
            base = ledger.asset_index[terms.underlying]
            cash[base] += trade.lots * ledger.spot_lot_quanta(number)
            return
        before = held.get(number, FLAT._replace(paid_micro=ledger.funding_micro[number]))
        if isinstance(terms, Option):
            cash[settlement] -= trade.cost_quanta
            held[number], realised = fill_position(before, trade.lots, 0)
        else:
            due = -(-before.lots * (ledger.funding_micro[number] - before.paid_micro) // MICRO)
            settled = before._replace(paid_micro=ledger.funding_micro[number])
            held[number], realised = fill_position(settled, trade.lots, trade.cost_quanta)
            realised -= due
        cash[settlement] += realised

    def _size(self, number: int, position: Position) -> tuple[float, float]:
        ledger = self._state.ledger
        unit = ledger.assets[ledger.settlement(number)].quanta_per_unit
        carried = position.quote + position.lots * position.paid_micro / MICRO
        return position.lots * ledger.instruments[number].lot, carried / unit

    def _patch(self, book: Book, ledger_row: int) -> None:
        account = self._state.ledger.accounts[ledger_row]
        row = ledger_row - _SYSTEM_ROWS
        while len(book) <= row:
            opened = self._state.ledger.accounts[len(book) + _SYSTEM_ROWS]
            book.add_account(self._state.in_force.margin.code(self._state.modes[opened]))
        wanted = self.row(account)
        for asset, units in enumerate(wanted.balance):
            book.set_balance(row, asset, float(units))
        for gone in set(book.account(row).instrument.tolist()) - set(wanted.instrument.tolist()):
            book.set_position(row, gone, size=0.0, quote=0.0)
        for number, size, quote in zip(wanted.instrument, wanted.size, wanted.quote, strict=True):
            book.set_position(row, int(number), size=float(size), quote=float(quote))
