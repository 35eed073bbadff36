"""The risk tables at the accepted prices: where only marks move them, they are moved in place.

A contract without optionality is worth its mark, so a price moves one row and no other; in a venue
of such contracts the tables are written where a price has changed. Everything else has them built
anew from the facts. Either way they have the same bits. The sides of prices, where they have any,
follow the tables; they can change with time alone.
"""

import numpy as np

from hullmark.clearing._market_view import NO_PRICE
from hullmark.clearing._price_sides import ALWAYS_NS, has_sides, sides_until_ns, span_of
from hullmark.clearing._state import State
from hullmark.clearing._venue_market import VenueMarket
from hullmark.core import NANO, IntArray
from hullmark.domain import Event, Option, events
from hullmark.margin import RiskTables, Span
from hullmark.scenarios import MarkedContracts

_MOVES = frozenset({events.PricesAccepted, events.TimeAdvanced})
_REBUILDS = frozenset(
    {
        events.SurfaceAdopted,
        events.FundingAccrued,
        events.ExpirySettled,
        events.RulesAdopted,
    }
)
MOVES_TABLES = _MOVES | _REBUILDS  # after any other event the tables are what they were


class RunningTables:
    """The tables of a state, kept beside it.

    Parameters
    ----------
    state : State
        The facts. Whoever changes them tells `apply` of every event.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._built: VenueMarket | None = None  # where the tables were last built
        self._market: VenueMarket | None = None  # where the facts are now
        self._contracts: _Contracts | None = None  # none where there are options
        self._sided = {f for f, price in state.prices.items() if has_sides(price)}
        self._until_ns: int | None = None  # how long the sides last; none: an event has come since
        self._lapses = 0

    def apply(self, event: Event) -> None:
        """Take note of an event that the facts have already taken in."""
        kind = type(event)
        if kind in _REBUILDS:
            self._market = self._contracts = self._until_ns = None
        elif kind in _MOVES:
            self._market = self._until_ns = None
            if isinstance(event, events.PricesAccepted):
                self._note_sides(event)
                if self._contracts is not None:
                    self._contracts.move(event)

    @property
    def lapses(self) -> int:
        """How often sides have changed with time alone: no event tells of that."""
        self._follow_sides()
        return self._lapses

    @property
    def tables(self) -> RiskTables:
        """The tables now. Another event may write into their arrays."""
        self._follow_sides()
        if self._contracts is not None:
            return self._contracts.tables
        if self._market is not None:
            return self._market.tables
        self._built = VenueMarket.of(self._state, self._built)
        if any(isinstance(i, Option) for i in self._built.instruments):
            self._market = self._built
        else:
            self._contracts = _Contracts(self._built)
        return self._built.tables

    @property
    def market(self) -> VenueMarket:
        """The venue where the facts are now; it stays there."""
        self._follow_sides()
        if self._market is None:
            built = VenueMarket.of(self._state, self._built)
            if self._contracts is None:
                self._built = built
            self._market = built
        return self._market

    def _note_sides(self, event: events.PricesAccepted) -> None:
        for price in event.prices:
            if has_sides(price):
                self._sided.add(price.factor)
            else:
                self._sided.discard(price.factor)

    # Without sides, which is nearly always, a comparison.
    def _follow_sides(self) -> None:
        until_ns = self._until_ns
        if until_ns is not None:
            if self._state.now_ns <= until_ns:
                return
            self._market = None
            self._lapses += 1
        self._until_ns = sides_until_ns(self._state) if self._sided else ALWAYS_NS
        if self._contracts is not None:
            self._contracts.take_span(span_of(self._state) if self._sided else None)


class _Contracts:
    """The tables of a venue without options, and what a price moves in them."""

    def __init__(self, built: VenueMarket) -> None:
        rules, self.tables, self._built = built.rules, built.tables, built
        self._marked = MarkedContracts(
            rules.instruments, rules.margin.scenarios, assets=built.assets, shocked=built.shocked
        )
        self._carry, self._mark = built.carry, built.view.mark.copy()
        self._carries = bool(built.carry.any())
        self._instrument_of = {i.symbol: n for n, i in enumerate(rules.instruments)}
        self._asset_of = {
            t.asset.symbol: a for a, t in enumerate(rules.terms) if t.peg_nano is None
        }

    def move(self, event: events.PricesAccepted) -> None:
        """Move what rests on the prices that have changed."""
        moved: set[int] = set()
        for price in event.prices:
            price_usd = price.price_nano / NANO or NO_PRICE
            number = self._instrument_of.get(price.factor)
            if number is not None:
                self._mark[number] = price_usd
                moved.add(number)
            elif (asset := self._asset_of.get(price.factor)) is not None:
                self.tables.price_usd[asset] = price_usd
                self._marked.write_asset(asset, price_usd, self.tables.asset_risk)
                moved.update(self._marked.settled_in(asset))
        if moved:
            self._revalue(np.array(sorted(moved), np.int64))

    def take_span(self, span: Span | None) -> None:
        """Take the sides that a span leaves, after the prices between have been moved."""
        if span is not None or self.tables.sides is not None:
            self.tables = self._built.with_span(self.tables, span)

    def _revalue(self, numbers: IntArray) -> None:
        tables = self.tables
        self._marked.write(
            numbers,
            self._mark,
            tables.price_usd,
            value=tables.value,
            notional_usd=tables.notional_usd,
            risk=tables.risk,
        )
        if not self._carries:
            return
        tables.value[numbers] -= self._carry[numbers]
        moved = tables.asset_risk[tables.settle[numbers]]
        tables.risk[numbers] -= self._carry[numbers, None] * moved
