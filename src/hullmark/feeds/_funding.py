"""Funding: what longs pay shorts at each stamp, and for how long a time."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hullmark.core import SECOND_NS, IntArray
from hullmark.errors import FeedError
from hullmark.feeds._table import (
    HOUR_NS,
    Table,
    check_grid,
    cut,
    frozen,
    nearest_nano,
    read_table,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Funding:
    """The funding payments of one perpetual."""

    symbol: str
    path: Path
    interval_ns: int  # inferred from the stamps
    time_ns: IntArray
    rate_nano: IntArray  # a fraction of notional per interval; positive: longs pay


def read_funding(
    source: Path | str | Table,
    *,
    symbol: str,
    start_ns: int | None = None,
    stop_ns: int | None = None,
) -> Funding:
    """Read the payments from *start_ns* up to *stop_ns*, both inclusive.

    The interval is the distance of the file's stamps, and it must be one: a payment left out is
    refused as a gap, and so is an interval that is not a whole number of hours.

    Raises
    ------
    FeedError
        As :func:`hullmark.feeds.read_candles` does, or if a rate is not within (-1, 1).
    """
    table = source if isinstance(source, Table) else read_table(source)
    table = table.where("symbol", symbol)
    stamps = table.instants("date")
    check_grid(table, "date", stamps, None)
    interval_ns = _interval(table, stamps)
    check_grid(table, "date", stamps, interval_ns)
    stop_ns = None if stop_ns is None else stop_ns + 1
    table = cut(table, "date", start_ns=start_ns, stop_ns=stop_ns)
    rates = table.floats("funding_rate")
    table.require(np.abs(rates) < 1, "funding_rate", "within (-1, 1)")
    return Funding(
        symbol=symbol,
        path=table.path,
        interval_ns=interval_ns,
        time_ns=frozen(table.instants("date")),
        rate_nano=frozen(nearest_nano(rates)),
    )


# The most common distance; of two that are equally common, the shorter.
def _interval(table: Table, stamps_ns: IntArray) -> int:
    if stamps_ns.size < 2:
        raise FeedError(f"{table.path}: a funding interval needs two stamps, was {stamps_ns.size}")
    distances, counts = np.unique(np.diff(stamps_ns), return_counts=True)
    interval_ns = int(distances[np.argmax(counts)])
    if interval_ns % HOUR_NS:
        raise FeedError(
            f"{table.path}: a funding interval must be whole hours, "
            f"was {interval_ns / SECOND_NS:g} s"
        )
    return interval_ns
