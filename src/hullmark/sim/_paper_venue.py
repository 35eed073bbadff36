"""The paper venue: an execution port that fills liquidation orders along a path, with a delay.

An order reaches the market after the execution delay and is filled at once, as far as its price
limit and the book allow; what is left is not kept. The *book* has a depth of a declared share of
what was traded in the five minutes before, times the published depth of the hour. Orders push its
side and the push fades (:func:`hullmark.market.take`). The path itself does not move for them,
unless *feedback* is on: recorded prices contain the liquidations of their own venue already.

Everything trades against one funded maker account of the venue.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping

from hullmark.core import NANO
from hullmark.domain import commands, events
from hullmark.market import Push, faded, take
from hullmark.sim._path import MarketPath

_AT_REST = Push(0.0, 0)
_WEIGHTLESS = 1e-9  # of a lot: what rounding in floats may take off a whole one


class PaperVenue:
    """Takes orders, holds them for the delay, and says what they filled at.

    Parameters
    ----------
    path : MarketPath
        Trade prices, trailing notional and depth, by second.
    symbols : tuple of str
        The instruments, in the order of the path's columns.
    lots : mapping of str to float
        Contract units in a lot, per instrument.
    maker : int
        The account on the other side of every fill.
    delay_ns, half_life_ns : int
        From an order to its arrival; in which half of a push fades.
    depth_share : float
        Depth within one percent, as a share of trailing 5-minute notional.
    feedback : bool
        Whether the pushes move the prices that are observed.
    """

    def __init__(
        self,
        path: MarketPath,
        symbols: tuple[str, ...],
        *,
        lots: Mapping[str, float],
        maker: int,
        delay_ns: int,
        half_life_ns: int,
        depth_share: float,
        feedback: bool,
    ) -> None:
        self._path = path
        self._column = {symbol: k for k, symbol in enumerate(symbols)}
        self._lot = lots
        self._maker = maker
        self._delay_ns = delay_ns
        self._half_life_ns = half_life_ns
        self._depth_share = depth_share
        self._feedback = feedback
        self._waiting: deque[tuple[int, events.LiquidationOrdered]] = deque()
        self._pushes: dict[tuple[int, bool], Push] = {}  # column, and whether it is the bids
        self.now_ns = path.start_ns
        self.depth_used_usd = 0.0

    def send(self, order: events.LiquidationOrdered, /) -> None:
        """Take an order; it arrives a delay after now."""
        self._waiting.append((self.now_ns + self._delay_ns, order))

    @property
    def next_ns(self) -> int | None:
        """When the next order arrives; ``None`` if none is on its way."""
        return self._waiting[0][0] if self._waiting else None

    def fills(self) -> Iterator[commands.ReportFill]:
        """Yield the answers to all orders that have arrived by now, in the order they were sent."""
        while self._waiting and self._waiting[0][0] <= self.now_ns:
            yield self._fill(self._waiting.popleft()[1])

    def moved_share(self, column: int) -> float:
        """Return by what share the own orders have moved a price; 0 without feedback."""
        if not self._feedback:
            return 0.0
        return self._push(column, bids=False) - self._push(column, bids=True)

    def _fill(self, order: events.LiquidationOrdered) -> commands.ReportFill:
        column, selling = self._column[order.instrument], order.lots < 0
        row = self._path.row(self.now_ns)
        trade = float(self._path.trade[row, column])
        arrival_nano = max(round(trade * (1.0 + self.moved_share(column)) * NANO), 1)
        lot_usd = self._lot[order.instrument] * trade
        share = self._depth_share * float(self._path.depth_factor[row])
        depth_usd = share * float(self._path.notional[row, column])
        push = self._push(column, bids=selling)
        limit = order.limit_nano / NANO / trade - 1.0
        push_max = -limit if selling else limit
        found = take(abs(order.lots) * lot_usd, depth_usd=depth_usd, push=push, push_max=push_max)
        lots = math.floor(found.notional_usd / lot_usd + _WEIGHTLESS)
        whole = take(lots * lot_usd, depth_usd=depth_usd, push=push, push_max=math.inf)
        self._pushes[column, selling] = Push(whole.push, self.now_ns)
        self.depth_used_usd += whole.notional_usd
        price_nano = self._price_nano(order, trade, whole.average) if lots else arrival_nano
        return commands.ReportFill(
            order=order.order,
            counterparty=self._maker,
            lots=-lots if selling else lots,
            price_nano=price_nano,
            arrival_nano=arrival_nano,
            final=True,
        )

    # Rounded against the account, and never beyond the limit by the rounding.
    def _price_nano(self, order: events.LiquidationOrdered, trade: float, average: float) -> int:
        if order.lots < 0:
            return max(math.floor(trade * (1.0 - average) * NANO), order.limit_nano)
        return min(math.ceil(trade * (1.0 + average) * NANO), order.limit_nano)

    def _push(self, column: int, *, bids: bool) -> float:
        push = self._pushes.get((column, bids), _AT_REST)
        return faded(push, now_ns=self.now_ns, half_life_ns=self._half_life_ns)
