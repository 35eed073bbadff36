"""Option chains: snapshots of a venue's quotes, with futures and perpetuals from sibling files.

A chain is a Parquet file with one row per instrument and snapshot. Rows of one snapshot were taken
seconds to minutes apart, so that each carries the index and forward of its own moment; the market
of a snapshot has one of each, the median, and the rows stay at hand in `ChainSnapshot.options`.

==================  ============================================================================
Price               Where from
==================  ============================================================================
index               median of ``index_price`` over the currency's rows
forward             median of ``futures_price`` over the rows of an expiry
option              ``mark_price`` (coins per coin) and ``implied_volatility`` of its row
future              ``snapshot_term_mark_price`` of ``term_futures_marks.parquet``
perpetual           ``candle_price_used`` of ``perpetual_futures_prices.parquet``: a trade within
                    half a minute and no mark, hence graded *uncertain*
==================  ============================================================================
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hullmark.core import NANO, format_instant, format_scaled
from hullmark.domain import DocumentMarket, DocumentQuote, Future, Instrument, Option, Perpetual
from hullmark.errors import DocumentError, FeedError
from hullmark.feeds._table import Table, read_table

FUTURES_FILE = "term_futures_marks.parquet"
PERPETUALS_FILE = "perpetual_futures_prices.parquet"
_PRICE_MAX = 9e9


class ChainRow(NamedTuple):
    """One option as the venue quoted it."""

    symbol: str
    underlying: str
    expiry_ns: int
    strike_usd: float
    call: bool
    mark: float  # coins per coin of underlying
    vol: float
    delta: float  # the venue's own
    forward_usd: float  # of the row's own moment
    index_usd: float  # of the row's own moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSnapshot:
    """A venue's quotes around one instant."""

    time_ns: int
    options: tuple[ChainRow, ...]
    index_usd: Mapping[str, float]
    forwards_usd: Mapping[tuple[str, int], float]  # by underlying and expiry
    futures: Mapping[str, tuple[str, int, float]]  # underlying, expiry, mark
    perpetuals: Mapping[str, tuple[str, float]]  # underlying, price

    def market(self, instruments: Iterable[Instrument]) -> DocumentMarket:
        """Return the market of a document, with the quotes of those *instruments* the chain has.

        Raises
        ------
        DocumentError
            If an instrument has another underlying, expiry, strike or side here than there, or is
        not inverse.
        """
        options = {row.symbol: row for row in self.options}
        quotes: dict[str, DocumentQuote] = {}
        for instrument in instruments:
            symbol = instrument.symbol
            if symbol in options:
                row = options[symbol]
                _check_terms(
                    instrument,
                    Option,
                    underlying=row.underlying,
                    expiry_ns=row.expiry_ns,
                    strike_nano=_nano(row.strike_usd),
                    call=row.call,
                )
                quotes[symbol] = DocumentQuote(mark_nano=_nano(row.mark), vol_nano=_nano(row.vol))
            elif symbol in self.futures:
                underlying, expiry_ns, mark = self.futures[symbol]
                _check_terms(instrument, Future, underlying=underlying, expiry_ns=expiry_ns)
                quotes[symbol] = DocumentQuote(mark_nano=_nano(mark))
            elif symbol in self.perpetuals:
                underlying, price = self.perpetuals[symbol]
                _check_terms(instrument, Perpetual, underlying=underlying)
                quotes[symbol] = DocumentQuote(mark_nano=_nano(price), grade="uncertain")
        wanted = {
            (i.underlying, i.expiry_ns)
            for i in instruments
            if isinstance(i, Option) and i.symbol in quotes
        }
        forwards: dict[str, dict[int, int]] = {}
        for (underlying, expiry_ns), forward in sorted(self.forwards_usd.items()):
            if (underlying, expiry_ns) in wanted:
                forwards.setdefault(underlying, {})[expiry_ns] = _nano(forward)
        return DocumentMarket(
            time_ns=self.time_ns,
            index_nano={asset: _nano(price) for asset, price in self.index_usd.items()},
            forwards_nano=forwards,
            quotes=quotes,
        )


def read_chain(path: Path | str, *, at_ns: int | None = None) -> ChainSnapshot:
    """Read the latest snapshot at or before *at_ns*; without it, the last of the file.

    The siblings lie in the same folder. Only rows of the snapshot are checked.

    Raises
    ------
    FeedError
        If the file or a sibling is no such table, holds something that is not a price, or has no
        snapshot that early. The message names file, row, column and value, or the range.
    """
    path = Path(path)
    table = read_table(path)
    stamps_ns = table.instants("timestamp")
    if not stamps_ns.size:
        raise FeedError(f"{path} must have rows, and has none")
    early = stamps_ns if at_ns is None else stamps_ns[stamps_ns <= at_ns]
    if not early.size:
        raise FeedError(
            f"{path} must have a snapshot at or before {format_instant(at_ns or 0)}; its first is "
            f"of {format_instant(int(stamps_ns.min()))}, its last of "
            f"{format_instant(int(stamps_ns.max()))}"
        )
    time_ns = int(early.max())
    rows = _rows(table.take(np.flatnonzero(stamps_ns == time_ns)), time_ns)
    expiries = sorted({(row.underlying, row.expiry_ns) for row in rows})
    expiry_of = {_future_name(*key): key for key in expiries}
    marks = _at(path.with_name(FUTURES_FILE), "timestamp", time_ns)
    named = zip(
        marks.once("futures_instrument_name", "a snapshot"),
        _prices(marks, "snapshot_term_mark_price"),
        strict=True,
    )
    candles = _at(path.with_name(PERPETUALS_FILE), "obs_datetime", time_ns)
    traded = zip(
        candles.once("instrument_name", "a snapshot"),
        candles.texts("coin"),
        _prices(candles, "candle_price_used"),
        strict=True,
    )
    return ChainSnapshot(
        time_ns=time_ns,
        options=rows,
        index_usd={
            coin: _median(r.index_usd for r in rows if r.underlying == coin)
            for coin in sorted({row.underlying for row in rows})
        },
        forwards_usd={
            key: _median(r.forward_usd for r in rows if (r.underlying, r.expiry_ns) == key)
            for key in expiries
        },
        futures={s: (*expiry_of[s], mark) for s, mark in named if s in expiry_of},
        perpetuals={symbol: (coin, price) for symbol, coin, price in traded},
    )


def _rows(table: Table, time_ns: int) -> tuple[ChainRow, ...]:
    symbols, sides = table.once("instrument_name", "a snapshot"), table.texts("option_type")
    table.require(np.array([s in ("call", "put") for s in sides]), "option_type", "call or put")
    expiry_ns = table.instants("expiry_datetime")
    table.require(expiry_ns > time_ns, "expiry_datetime", "after the snapshot")
    deltas = table.floats("delta")
    table.require(np.abs(deltas) <= 1, "delta", "in [-1, 1]")
    columns = zip(
        symbols,
        table.texts("currency"),
        expiry_ns.tolist(),
        _prices(table, "strike"),
        [side == "call" for side in sides],
        _prices(table, "mark_price", zero=True),
        _prices(table, "implied_volatility"),
        deltas.tolist(),
        _prices(table, "futures_price"),
        _prices(table, "index_price"),
        strict=True,
    )
    return tuple(ChainRow(*fields) for fields in columns)


def _at(path: Path, column: str, time_ns: int) -> Table:
    table = read_table(path)
    return table.take(np.flatnonzero(table.instants(column) == time_ns))


# What a document can hold: billionths in 64 bits, and no price that rounds to zero.
def _prices(table: Table, column: str, *, zero: bool = False) -> list[float]:
    numbers = table.nonnegatives(column) if zero else table.positives(column)
    table.require(numbers <= _PRICE_MAX, column, f"<= {_PRICE_MAX:g}")
    if not zero:
        table.require(numbers >= 1 / NANO, column, "at least a billionth")
    prices: list[float] = numbers.tolist()
    return prices


# The venue's name of the future that expires with these options.
def _future_name(underlying: str, expiry_ns: int) -> str:
    year, month, day = format_instant(expiry_ns)[:10].split("-")
    names = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    return f"{underlying}-{int(day)}{names[int(month) - 1]}{year[2:]}"


# What the chain says of an instrument. All it quotes is inverse: a mark is in coins.
def _check_terms(instrument: Instrument, kind: type[Instrument], **terms: object) -> None:
    where = f"parameters.instruments, {instrument.symbol!r}"
    if not isinstance(instrument, kind):
        raise DocumentError(
            f"{where}: kind must be {kind.__name__.lower()}, as in the chain,"
            f" was {type(instrument).__name__.lower()}"
        )
    for name, there in {**terms, "inverse": True}.items():
        here = getattr(instrument, name)
        if here != there:
            key, _, unit = name.partition("_")
            rule = f"{key} must be {_text(there, unit)}, as in the chain"
            raise DocumentError(f"{where}: {rule}, was {_text(here, unit)}")


def _text(value: Any, unit: str) -> str:  # noqa: ANN401
    if unit == "ns":
        return format_instant(value)
    if unit == "nano":
        return format_scaled(value, 9)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _median(values: Iterable[float]) -> float:
    return float(np.median(list(values)))


# To the nearest billionth: a double carries no more of a price above 4 million.
def _nano(value: float) -> int:
    return round(value * NANO)
