"""The quotes of an option chain as columns to fit a surface to: whole, with what is missing in it.

`read_chain` makes the market of a document and refuses what is no price. Here a missing or absurd
number stays in its place, to be dropped with a reason by whoever fits. Prices of a row are in
coins; they are turned into dollars at the row's own forward. Vols, marks, bids and asks are columns
that a file may lack.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hullmark.core import YEAR_NS, FloatArray, IntArray, format_instant
from hullmark.errors import FeedError
from hullmark.feeds._table import Table, frozen, read_table
from hullmark.volatility import OptionQuotes

# Deribit, contract specifications of BTC and ETH options, 2026: the least step of a premium.
TICK_COINS = 0.0001


@dataclass(frozen=True, slots=True, eq=False)
class ChainQuotes:
    """A file of option quotes: its snapshots, and the quotes of each."""

    times_ns: tuple[int, ...]  # of the snapshots, rising
    _table: Table
    _stamps_ns: IntArray

    def at(self, time_ns: int | None = None) -> tuple[int, dict[str, OptionQuotes]]:
        """Return the time of a snapshot and its quotes by underlying.

        The snapshot is the latest at or before *time_ns*; without it, the last of the file.

        Raises
        ------
        FeedError
            If there is none, or a cell is not of its column's type. The message names file, row
            and column, or the range.
        """
        early = [t for t in self.times_ns if time_ns is None or t <= time_ns]
        if not early:
            raise FeedError(
                f"{self._table.path} must have a snapshot at or before"
                f" {format_instant(time_ns or 0)}; its first is of"
                f" {format_instant(self.times_ns[0])}"
            )
        rows = self._table.take(np.flatnonzero(self._stamps_ns == early[-1]))
        coins = np.array(rows.texts("currency"))
        return early[-1], {
            str(coin): _quotes(rows.take(np.flatnonzero(coins == coin)), early[-1])
            for coin in np.unique(coins)
        }


def read_quotes(path: Path | str) -> ChainQuotes:
    """Read the quotes of an option chain, of all its snapshots.

    Raises
    ------
    FeedError
        If the file is no such table, or has no rows.
    """
    table = read_table(path)
    stamps_ns = table.instants("timestamp")
    if not stamps_ns.size:
        raise FeedError(f"{path} must have rows, and has none")
    return ChainQuotes(tuple(np.unique(stamps_ns).tolist()), table, stamps_ns)


def _quotes(rows: Table, time_ns: int) -> OptionQuotes:
    sides = np.array(rows.texts("option_type"))
    rows.require((sides == "call") | (sides == "put"), "option_type", "call or put")
    forward = rows.numbers("futures_price")

    def optional(column: str) -> FloatArray:
        there = column in rows.columns
        return rows.numbers(column) if there else np.full(forward.size, np.nan)

    years = (rows.instants("expiry_datetime") - time_ns) / YEAR_NS

    def usd(column: str) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):  # absurd prices are dropped later
            return frozen(optional(column) * forward)

    return OptionQuotes(
        instruments=tuple(rows.texts("instrument_name")),
        years=frozen(years),
        strike=frozen(rows.numbers("strike")),
        call=frozen(sides == "call"),
        forward=frozen(forward),
        vol=frozen(optional("implied_volatility")),
        mark=usd("mark_price"),
        bid=usd("bid_price"),
        ask=usd("ask_price"),
        tick=frozen(TICK_COINS * forward),
    )
