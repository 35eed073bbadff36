"""Tests of the quotes of a chain: what is missing stays missing, and is no error."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from hullmark.core import YEAR_DAYS, parse_instant
from hullmark.errors import FeedError
from hullmark.feeds import read_quotes

EARLY, LATE = datetime(2026, 2, 1, 4, tzinfo=UTC), datetime(2026, 2, 1, 10, tzinfo=UTC)
EXPIRY = datetime(2026, 2, 27, 8, tzinfo=UTC)


def columns(n=3, **changed):
    """Return the columns of *n* good rows, some of them replaced."""
    good = {
        "timestamp": [LATE] * n,
        "instrument_name": [f"BTC-27FEB26-{60 + i}000-C" for i in range(n)],
        "option_type": ["call"] * n,
        "strike": [60_000.0 + 1_000 * i for i in range(n)],
        "expiry_datetime": [EXPIRY] * n,
        "futures_price": [70_000.0] * n,
        "implied_volatility": [0.6] * n,
        "mark_price": [0.05] * n,
        "bid_price": [0.04] * n,
        "ask_price": [0.06] * n,
        "currency": ["BTC"] * n,
    }
    return {name: cells for name, cells in (good | changed).items() if cells is not None}


def test_prices_are_in_dollars_at_the_row_s_own_forward(write):
    time_ns, found = read_quotes(write(columns(futures_price=[7e4, 8e4, 9e4]))).at()
    assert time_ns == parse_instant("at", "2026-02-01T10:00:00Z")
    btc = found["BTC"]
    assert btc.mark.tolist() == [3_500, 4_000, 4_500]
    assert btc.ask.tolist() == pytest.approx([4_200, 4_800, 5_400])
    assert btc.tick.tolist() == pytest.approx([7, 8, 9])
    assert btc.years.tolist() == pytest.approx([(25 + 22 / 24) / YEAR_DAYS] * 3)
    assert btc.call.all()


def test_missing_cells_and_columns_are_no_number(write):
    cells = columns(mark_price=[0.05, None, 0.05], bid_price=None)
    _, found = read_quotes(write(cells)).at()
    assert np.isnan(found["BTC"].mark).tolist() == [False, True, False]
    assert np.isnan(found["BTC"].bid).all()
    _, found = read_quotes(write(columns(ask_price=[None] * 3))).at()
    assert np.isnan(found["BTC"].ask).all()


def test_a_snapshot_is_the_latest_at_or_before_the_time(write):
    chain = read_quotes(
        write(columns(timestamp=[EARLY, LATE, LATE], currency=["ETH", "BTC", "BTC"]))
    )
    assert len(chain.times_ns) == 2
    time_ns, found = chain.at(parse_instant("at", "2026-02-01T09:59:59Z"))
    assert time_ns == chain.times_ns[0]
    assert list(found) == ["ETH"]
    assert math.isfinite(found["ETH"].vol[0])
    with pytest.raises(FeedError, match=r"at or before 2026-01-01.*its first is of 2026-02-01T04"):
        chain.at(parse_instant("at", "2026-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"option_type": ["call", "both", "put"]}, "row 2, column 'option_type' must be call or"),
        ({"strike": None}, "column 'strike' is missing"),
        ({"strike": ["x", "y", "z"]}, "column 'strike' must be a number, was 'x'"),
    ],
)
def test_what_is_no_table_of_quotes_is_refused(write, cells, message):
    with pytest.raises(FeedError, match=message):
        read_quotes(write(columns(**cells))).at()


def test_a_file_without_rows_is_refused(write):
    import pyarrow as pa  # noqa: PLC0415

    empty = {"timestamp": pa.array([], pa.timestamp("ns", "UTC"))}
    with pytest.raises(FeedError, match="must have rows, and has none"):
        read_quotes(write(empty))
