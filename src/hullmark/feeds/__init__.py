"""Feeds: from files to checked arrays, and from published facts to the same arrays.

Records are Parquet or CSV files and need the extra ``data`` (``pip install "hullmark[data]"``),
which is imported when a file is read. A scenario is a TOML file and needs nothing. Readers return
small frozen structures: stamps are int64 ns UTC, prices float64 in the quote unit, and every array
is closed to writing. What is in a file is refused or returned, never repaired or filled in:

1. Returned prices are finite and above zero, and a bar's high and low enclose its open and close;
   of quotes to be fitted alone, what is missing or absurd is returned as it is.
2. Stamps rise in equal steps without a gap, from the start that was asked for to the stop.
3. A refusal is a :class:`hullmark.errors.FeedError` that names the file, and the row (counted from
   1, without the header), the column and the value where there is one.

A scenario is a document, so what is wrong with it is a :class:`hullmark.errors.DocumentError`.

=====================  ============================================================
Reader                 Reads
=====================  ============================================================
``read_candles``       bars of any step, with volume or without
``read_marks``         hourly bars of a mark price
``read_spot_hours``    an hourly spot series
``read_funding``       funding payments; the interval is inferred from the stamps
``read_tiers``         a venue's maintenance brackets
``read_book``          one moment of an order book
``read_chain``         a snapshot of an option chain, with its futures and perpetuals
``read_quotes``        the quotes of an option chain, by snapshot and underlying, for fitting
``read_scenario``      an incident made of published facts
=====================  ============================================================

Which prices a venue accepts is :mod:`hullmark.market`'s business, and what a market does between
two bars is :mod:`hullmark.sim`'s.
"""

from hullmark.feeds._candles import Candles, read_candles, read_marks, read_spot_hours
from hullmark.feeds._chain import ChainRow, ChainSnapshot, read_chain
from hullmark.feeds._chain_quotes import ChainQuotes, read_quotes
from hullmark.feeds._funding import Funding, read_funding
from hullmark.feeds._reference import BookSnapshot, TierTable, read_book, read_tiers
from hullmark.feeds._scenario import (
    Point,
    ReplaySettings,
    Scenario,
    Source,
    SymbolScenario,
    read_scenario,
)
from hullmark.feeds._table import Table, nearest_nano, read_table

__all__ = [
    "BookSnapshot",
    "Candles",
    "ChainQuotes",
    "ChainRow",
    "ChainSnapshot",
    "Funding",
    "Point",
    "ReplaySettings",
    "Scenario",
    "Source",
    "SymbolScenario",
    "Table",
    "TierTable",
    "nearest_nano",
    "read_book",
    "read_candles",
    "read_chain",
    "read_funding",
    "read_marks",
    "read_quotes",
    "read_scenario",
    "read_spot_hours",
    "read_table",
    "read_tiers",
]
