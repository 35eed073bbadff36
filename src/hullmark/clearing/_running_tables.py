"""The risk tables at the accepted prices: where only marks move them, they are moved in place.

A contract without optionality is worth its mark, so a price moves one row and no other; in a venue
of such contracts the tables are written where a price has changed. Everything else has them built
anew from the facts. Either way they have the same bits.
"""

import numpy as np

from hullmark.clearing._market_view import NO_PRICE
from hullmark.clearing._state import State
from hullmark.clearing._venue_market import VenueMarket
from hullmark.core import NANO, IntArray
from hullmark.domain import Event, Option, events
from hullmark.margin import RiskTables
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

    def apply(self, event: Event) -> None:
        """Take note of an event that the facts have already taken in."""
        kind = type(event)
        if kind in _REBUILDS:
            self._market = self._contracts = None
        elif kind in _MOVES:
            self._market = None
            if isinstance(event, events.PricesAccepted) and self._contracts is not None:
                self._contracts.move(event)

    @property
    def tables(self) -> RiskTables:
        """The tables now. Another event may write into their arrays."""
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
        if self._market is None:
            built = VenueMarket.of(self._state, self._built)
            if self._contracts is None:
                self._built = built
            self._market = built
        return self._market


class _Contracts:
    """The tables of a venue without options, and what a price moves in them."""

    def __init__(self, built: VenueMarket) -> None:
        rules, self.tables = built.rules, built.tables
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
