"""The trigger index of a state, kept beside it: breaches at the cost of the accounts touched."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.clearing._market_view import asset_price, own_price
from hullmark.clearing._running_tables import RunningTables
from hullmark.clearing._state import State
from hullmark.core import IntArray
from hullmark.domain import Event, Option, events
from hullmark.margin import MarginMarket, Slopes, build_slopes, factor_prices
from hullmark.monitor import Checked, Found, Rebase, TriggerIndex, rows_holding

REBASE_NS = 60 * 10**9  # between two sweeps for new bands, which run beside the ticks

_THREADS = 2  # that build an index while everybody waits for it

# To evaluate so few accounts takes less time than to look which of them a price touches.
ACCOUNTS_MIN = 1_000


class RunningIndex:
    """Which accounts prices have touched since the last question.

    Everything that a margin rests on and that is no price makes the index look again at whom it
    concerns: holders of options when volatility or the time to expiry has changed, holders of a
    contract when funding was charged, everyone when rules have.

    Parameters
    ----------
    state : State
        The facts. Whoever changes them tells `apply` of every event.
    tables : RunningTables
        Those of the same facts.
    accounts_min : int
        Fewer accounts are all evaluated at every question.
    """

    def __init__(self, state: State, tables: RunningTables, *, accounts_min: int) -> None:
        self._state, self._tables = state, tables
        self._accounts_min = accounts_min
        self._index: TriggerIndex | None = None
        self._touched = state.ledger.watch()  # rows of the ledger, since the last question
        self._factors: dict[str, int] = {}
        self._moved: set[str] = set()  # factors, since the last question
        self._revalued: NDArray[np.bool_] | None = None  # instruments, likewise
        self._rebase: Rebase | None = None  # on its way
        self._based_ns = 0  # when bands were last taken for all
        self.checked = Checked(0, 0, 0, 0)

    def apply(self, event: Event) -> None:
        """Take note of an event that the facts have already taken in."""
        if self._index is None:
            return
        if isinstance(event, events.PricesAccepted):
            self._moved.update(price.factor for price in event.prices)
        elif isinstance(event, events.RulesAdopted):
            self._index = self._rebase = None
        elif isinstance(event, events.SurfaceAdopted | events.TimeAdvanced):
            self._revalue([isinstance(i, Option) for i in self._state.in_force.instruments])
        elif isinstance(event, events.FundingAccrued):
            self._revalue([i.symbol == event.instrument for i in self._state.in_force.instruments])

    @property
    def sweeping(self) -> bool:
        """Whether new bands for all are being taken."""
        return self._rebase is not None

    def at_risk_after(self, moved: Collection[str], move: float) -> IntArray | None:
        """Return the rows of the book that may be in breach after a move of some underlyings.

        *move* is relative. ``None``: nothing is known, and it may be any row. There is no index, it
        is behind the facts, or a pegged asset is to move.
        """
        index, rules = self._index, self._state.in_force
        if index is None or self._touched or self._moved or self._revalued is not None:
            return None
        if any(t.asset.symbol in moved and t.peg_nano is not None for t in rules.terms):
            return None
        chosen = [a for a, asset in enumerate(rules.assets) if asset.symbol in moved]
        chosen += [
            len(rules.assets) + i
            for i, terms in enumerate(rules.instruments)
            if terms.underlying in moved and not isinstance(terms, Option)
        ]
        factors = np.array(chosen, np.int64)
        return index.at_risk_at(factors, index.prices[factors] * (1.0 + move))

    def nearest(
        self, count: int, vol: Mapping[str, float] | None = None
    ) -> list[tuple[int, float]]:
        """Return rows of the book, the nearest to a breach first, and how near each is.

        *vol* is of underlyings and assets; where it is not given they are taken to stand still.
        Empty where there is no index.
        """
        if self._index is None:
            return []
        rules, of_factor = self._state.in_force, None
        if vol is not None:
            names = [*(a.symbol for a in rules.assets), *(i.underlying for i in rules.instruments)]
            of_factor = np.array([vol.get(name, 0.0) for name in names], np.float64)
        rows, near = self._index.nearest(count, of_factor)
        return list(zip(rows.tolist(), near.tolist(), strict=True))

    def find(self, rows: Rows, first_row: int) -> Found | None:
        """Return the accounts that had to be evaluated; ``None``: evaluate all.

        *rows* are the columns of the book, up to date, the first of which is *first_row* in the
        ledger.
        """
        n = rows.start.size
        if n < self._accounts_min:
            self._index, self.checked = None, Checked(n, n, 0, 0, self._state.now_ns)
            self._touched.clear()
            return None
        if self._index is None:
            return self._build(rows)
        index, touched = self._index, [row - first_row for row in self._touched if row >= first_row]
        self._touched.clear()
        stale = np.array(touched, np.int64)
        if self._revalued is not None:
            stale = np.concatenate([stale, rows_holding(rows, self._revalued)])
            self._revalued = self._rebase = None
            index.rebased()
        crossed = self._crossed(index)
        if self._rebase is not None:
            self._rebase.note(stale)
            if self._rebase.is_ready:
                self._index, crossed, stale = self._rebase.switch(index.prices, self._slopes_at)
                index, self._rebase = self._index, None
        found = index.check(rows, lambda: self._tables.tables, crossed, stale)
        self.checked = index.checked._replace(at_ns=self._state.now_ns)
        self._begin_rebase(index, rows)
        return found

    # On a timer, so that bands that have grown narrow do not stay so. It changes no answer.
    def _begin_rebase(self, index: TriggerIndex, rows: Rows) -> None:
        now_ns = self._state.now_ns
        if self._rebase is None and now_ns - self._based_ns >= REBASE_NS:
            self._based_ns = now_ns
            market = self._tables.market
            self._rebase = Rebase(
                rows, self._tables.tables, self._slopes_of(market), index.prices.copy()
            )

    def _revalue(self, instruments: list[bool]) -> None:
        mask = np.array(instruments, np.bool_)
        if mask.any():
            self._revalued = mask if self._revalued is None else self._revalued | mask

    def _crossed(self, index: TriggerIndex) -> IntArray:
        known = [symbol for symbol in self._moved if symbol in self._factors]
        self._moved.clear()
        numbers = np.array(sorted(self._factors[symbol] for symbol in known), np.int64)
        n_assets, state = len(self._state.in_force.assets), self._state
        prices = [
            asset_price(state, f) if f < n_assets
            else own_price(state, state.in_force.instruments[f - n_assets].symbol)
            for f in numbers.tolist()
        ]  # fmt: skip
        return index.crossed(numbers, np.array(prices, np.float64))

    def _build(self, rows: Rows) -> Found:
        rules = self._state.in_force
        self._factors = {
            terms.asset.symbol: a for a, terms in enumerate(rules.terms) if terms.peg_nano is None
        }
        self._factors |= {
            terms.symbol: len(rules.assets) + i
            for i, terms in enumerate(rules.instruments)
            if not isinstance(terms, Option)
        }
        market, tables = self._tables.market, self._tables.tables
        prices = factor_prices(market)
        self._index = TriggerIndex(rows, tables, self._slopes_at, prices, threads=_THREADS)
        self._touched.clear()
        self._moved.clear()
        self._revalued = self._rebase = None
        self._based_ns = self._state.now_ns
        n, nobody = rows.start.size, np.zeros(0, np.int64)
        one = np.arange(min(n, 1))  # so that what a tick needs is compiled before it comes
        found = self._index.check(rows, lambda: tables, nobody, one)
        self.checked = Checked(n, n, 0, self._index.checked.watched, self._state.now_ns)
        return found

    def _slopes_at(self, radii: Sequence[float]) -> Slopes:
        return self._slopes_of(self._tables.market)(radii)

    def _slopes_of(self, market: MarginMarket) -> Callable[[Sequence[float]], Slopes]:
        pegged = {t.asset.symbol for t in self._state.in_force.terms if t.peg_nano is not None}
        return lambda radii: build_slopes(market, fixed=pegged, radii=radii)
