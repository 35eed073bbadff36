"""Candles: open, high, low and close of equal steps of time."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hullmark.core import SECOND_NS, FloatArray, IntArray, format_instant
from hullmark.errors import FeedError
from hullmark.feeds._table import HOUR_NS, Table, check_grid, cut, frozen, read_table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candles:
    """Bars of one series, checked: stamps on one grid, and low <= open, close <= high."""

    symbol: str  # as the file names it; empty where the file is one series
    path: Path
    step_ns: int
    time_ns: IntArray  # the bar's opening, UTC
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray | None  # in coins; None where the file records none


def read_candles(
    source: Path | str | Table,
    *,
    step_ns: int,
    symbol: str | None = None,
    start_ns: int | None = None,
    stop_ns: int | None = None,
    time_column: str = "date",
    volume_column: str | None = "volume",
    gaps_allowed: bool = False,
) -> Candles:
    """Read the bars that open from *start_ns* up to but excluding *stop_ns*.

    What is asked for is there in full, or refused: the first and the last step as well as those
    between. Only rows that are returned are checked.

    Parameters
    ----------
    source : Path, str or Table
        A ``.parquet``, ``.csv`` or ``.csv.gz`` file, or one that was read before.
    step_ns : int, ns
        The length of a bar.
    symbol : str, optional
        Keep the rows whose column ``symbol`` says so; without it the file is one series.
    start_ns, stop_ns : int, optional, ns UTC
        Without them, from the first row and to the last.
    time_column, volume_column : str
        What the file calls them; ``None`` where there is no volume to read.
    gaps_allowed : bool, default: False
        Take a series with steps missing as it is, for records with known outages. Nothing is filled
        in.

    Raises
    ------
    FeedError
        If the file or a column is missing, a cell is no number, infinite, zero or negative, a high
        is below its low, an open or close is outside of both, or stamps repeat, go back or leave
        out a step.
    """
    table = source if isinstance(source, Table) else read_table(source)
    if symbol is not None:
        table = table.where("symbol", symbol)
    table = cut(table, time_column, start_ns=start_ns, stop_ns=stop_ns)
    time_ns = table.instants(time_column)
    check_grid(table, time_column, time_ns, None if gaps_allowed else step_ns)
    if not gaps_allowed:
        _check_ends(table, time_ns, step_ns, start_ns, stop_ns)
    prices = {name: table.positives(name) for name in ("open", "high", "low", "close")}
    _check_shape(table, prices)
    volume = None if volume_column is None else table.nonnegatives(volume_column)
    return Candles(
        symbol=symbol or "",
        path=table.path,
        step_ns=step_ns,
        time_ns=frozen(time_ns),
        volume=None if volume is None else frozen(volume),
        **{name: frozen(values) for name, values in prices.items()},
    )


def read_marks(
    source: Path | str | Table,
    *,
    symbol: str | None = None,
    start_ns: int | None = None,
    stop_ns: int | None = None,
) -> Candles:
    """Read hourly bars of a mark price, which has no volume. See :func:`read_candles`."""
    return read_candles(
        source,
        step_ns=HOUR_NS,
        symbol=symbol,
        start_ns=start_ns,
        stop_ns=stop_ns,
        volume_column=None,
    )


def read_spot_hours(
    source: Path | str | Table,
    *,
    start_ns: int | None = None,
    stop_ns: int | None = None,
    gaps_allowed: bool = False,
) -> Candles:
    """Read an hourly spot series, one per file, stamped ``ts``. See :func:`read_candles`.

    Volumes are left out: sources disagree on which of their columns is in coins.
    """
    return read_candles(
        source,
        step_ns=HOUR_NS,
        start_ns=start_ns,
        stop_ns=stop_ns,
        time_column="ts",
        volume_column=None,
        gaps_allowed=gaps_allowed,
    )


def _check_ends(
    table: Table, time_ns: IntArray, step_ns: int, start_ns: int | None, stop_ns: int | None
) -> None:
    first, last = int(time_ns[0]), int(time_ns[-1])
    if start_ns is not None and first - start_ns >= step_ns:
        raise FeedError(
            f"{table.path}: the first bar must open by {format_instant(start_ns + step_ns - 1)}, "
            f"was {format_instant(first)} (gap)"
        )
    if stop_ns is not None and stop_ns - last > step_ns:
        raise FeedError(
            f"{table.path}: the last bar must reach {format_instant(stop_ns)}, "
            f"was {format_instant(last)} plus {step_ns // SECOND_NS} s (gap)"
        )


def _check_shape(table: Table, prices: dict[str, FloatArray]) -> None:
    low, high = prices["low"], prices["high"]
    table.require(high >= low, "high", ">= the low of its bar")
    for name in ("open", "close"):
        inside = np.logical_and(low <= prices[name], prices[name] <= high)
        table.require(inside, name, "within the low and the high of its bar")
