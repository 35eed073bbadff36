"""Reference data of a venue: margin tiers, and single moments of an order book."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hullmark.core import FloatArray
from hullmark.feeds._table import Table, frozen, read_table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TierTable:
    """The maintenance brackets that a venue published for one contract.

    Maintenance margin is ``notional * rate - amount`` of the bracket the notional falls into, the
    same number as each slice paying the rate of its own bracket.
    """

    symbol: str
    path: Path
    floor_usd: FloatArray
    ceiling_usd: FloatArray
    maintenance: FloatArray  # fraction of notional
    amount_usd: FloatArray
    leverage_max: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BookSnapshot:
    """The resting orders of one contract at one moment, best price first."""

    symbol: str
    path: Path
    time_ns: int
    bid: FloatArray
    bid_size: FloatArray  # in the venue's own unit: coins, or contracts
    ask: FloatArray
    ask_size: FloatArray


def read_tiers(source: Path | str | Table, *, symbol: str) -> TierTable:
    """Read the brackets of *symbol*, written as in ``BTC/USDT:USDT``.

    Raises
    ------
    FeedError
        If a bracket does not begin where the one before ends, a rate does not rise, a leverage does
        not fall, or an amount does not make the margin continuous.
    """
    table = source if isinstance(source, Table) else read_table(source)
    table = table.where("symbol", symbol)
    floor, ceiling = table.nonnegatives("min_notional"), table.positives("max_notional")
    rate, amount = table.positives("maintenance_margin_rate"), table.nonnegatives("cum")
    leverage = table.positives("max_leverage")
    table.require(
        floor == np.append(0.0, ceiling[:-1]), "min_notional", "where the tier before ends"
    )
    table.require(ceiling > floor, "max_notional", "above min_notional")
    table.require(np.append(True, np.diff(rate) > 0), "maintenance_margin_rate", "rising")
    table.require(rate < 1, "maintenance_margin_rate", "below 1")
    table.require(np.append(True, np.diff(leverage) < 0), "max_leverage", "falling")
    continuous = np.cumsum(floor * np.diff(rate, prepend=0.0))
    slack = 1e-9 * np.maximum(ceiling, 1.0)
    table.require(np.abs(amount - continuous) <= slack, "cum", "such that the margin is continuous")
    return TierTable(
        symbol=symbol,
        path=table.path,
        floor_usd=frozen(floor),
        ceiling_usd=frozen(ceiling),
        maintenance=frozen(rate),
        amount_usd=frozen(amount),
        leverage_max=frozen(leverage),
    )


def read_book(source: Path | str | Table, *, symbol: str) -> BookSnapshot:
    """Read the one snapshot that a file holds of *symbol*.

    Raises
    ------
    FeedError
        If there are several moments, a side is empty or not best first, or the book is crossed.
    """
    table = source if isinstance(source, Table) else read_table(source)
    table = table.where("symbol", symbol)
    time_ns = table.milliseconds("event_time_ms")
    table.require(time_ns == time_ns[0], "event_time_ms", "one moment for the whole book")
    bid, bid_size = _side(table.where("side", "bid"), sign=-1)
    asks = table.where("side", "ask")
    ask, ask_size = _side(asks, sign=1)
    asks.require(ask > bid[0], "price", "above the best bid (crossed)")
    return BookSnapshot(
        symbol=symbol,
        path=table.path,
        time_ns=int(time_ns[0]),
        bid=bid,
        bid_size=bid_size,
        ask=ask,
        ask_size=ask_size,
    )


def _side(table: Table, *, sign: int) -> tuple[FloatArray, FloatArray]:
    price, size = table.positives("price"), table.positives("qty")
    worse = sign * np.diff(price) > 0
    table.require(np.append(True, worse), "price", "worse than the level before")
    return frozen(price), frozen(size)
