"""Tests of bars: good ones come back, and each way of being bad is named."""

import math

import numpy as np
import pyarrow as pa
import pytest

from hullmark.errors import FeedError
from hullmark.feeds import read_candles, read_marks, read_spot_hours

from .conftest import BAR_NS, START_NS, bars

HOUR_NS = 12 * BAR_NS


def read(path, **options):
    return read_candles(path, step_ns=BAR_NS, **options)


def stamps(*steps):
    return pa.array([START_NS + i * BAR_NS for i in steps], pa.timestamp("ns", "UTC"))


@pytest.mark.parametrize("name", ["bars.parquet", "bars.csv", "bars.csv.gz"])
def test_good_bars_come_back(write, name):
    candles = read(write(bars(), name))
    assert candles.time_ns.tolist() == [START_NS + i * BAR_NS for i in range(4)]
    assert candles.low.tolist() == [99.0, 100.0, 101.0, 102.0]
    assert candles.volume.tolist() == [10.0] * 4


def test_bars_are_closed_to_writing(write):
    candles = read(write(bars()))
    with pytest.raises(ValueError, match="read-only"):
        candles.close[0] = 1.0


def test_only_the_window_and_the_symbol_are_returned_and_checked(write):
    good, bad = bars(symbol=["A"] * 4), bars(symbol=["B"] * 4, open=[math.nan] * 4)
    bad["low"] = [-1.0] * 4
    path = write({k: pa.concat_arrays([pa.array(good[k]), pa.array(bad[k])]) for k in good})
    candles = read(path, symbol="A", start_ns=START_NS + BAR_NS, stop_ns=START_NS + 3 * BAR_NS)
    assert candles.symbol == "A"
    assert candles.open.tolist() == [101.0, 102.0]


def test_the_row_named_is_that_of_the_file_not_of_the_window(write):
    columns = bars(symbol=["A", "B", "A", "B"], date=stamps(0, 0, 1, 1), close=[101, 101, 0, 102.0])
    with pytest.raises(FeedError, match=r"row 3, column 'close' must be > 0, was 0"):
        read(write(columns), symbol="A")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"open": [100.0, math.nan, 102.0, 103.0]}, "row 2, column 'open' must be finite, was nan"),
        ({"high": [math.inf, 103.0, 104.0, 105.0]}, "row 1, column 'high' must be finite, was inf"),
        ({"low": [99.0, 100.0, 0.0, 102.0]}, "row 3, column 'low' must be > 0, was 0.0"),
        ({"close": [101.0, -1.0, 103.0, 104.0]}, "row 2, column 'close' must be > 0, was -1.0"),
        ({"high": [102.0, 98.0, 104.0, 105.0]}, "row 2, column 'high' must be >= the low"),
        ({"open": [98.0, 101.0, 102.0, 103.0]}, "row 1, column 'open' must be within the low and"),
        ({"close": [101.0, 102.0, 103.0, 107.0]}, "row 4, column 'close' must be within the low"),
        ({"volume": [10.0, -1.0, 1.0, 1.0]}, "row 2, column 'volume' must be >= 0, was -1.0"),
        ({"open": ["a", "b", "c", "d"]}, "row 1, column 'open' must be a number, was 'a'"),
        ({"open": [1.0, None, 1.0, 1.0]}, "row 2, column 'open' must be a number, was missing"),
        (
            {"date": stamps(0, 1, 1, 2)},
            r"row 3, column 'date' .* \(duplicate\), was 2025-10-10T00:05",
        ),
        ({"date": stamps(0, 2, 1, 3)}, r"row 3, column 'date' must be later .* \(unsorted\)"),
        ({"date": stamps(0, 1, 3, 4)}, r"row 3, column 'date' must be 300 s after .* \(gap\)"),
        ({"date": stamps(0.5, 1.5, 2.5, 3.5)}, "row 1, column 'date' must be on a grid of 300 s"),
    ],
)
def test_a_bad_bar_is_refused(write, changed, message):
    with pytest.raises(FeedError, match=message):
        read(write(bars(**changed)))


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"start_ns": START_NS - BAR_NS}, "the first bar must open by"),
        ({"stop_ns": START_NS + 5 * BAR_NS}, "the last bar must reach 2025-10-10T00:25:00Z"),
        (
            {"start_ns": START_NS + 9 * BAR_NS},
            "must have rows from 2025-10-10T00:45:00Z to the end",
        ),
    ],
)
def test_a_window_that_is_not_all_there_is_refused(write, window, message):
    with pytest.raises(FeedError, match=message):
        read(write(bars()), **window)


def test_gaps_are_left_open_where_they_are_allowed_and_order_still_counts(write):
    assert read(write(bars(date=stamps(0, 1, 3, 4))), gaps_allowed=True).open.size == 4
    with pytest.raises(FeedError, match="unsorted"):
        read(write(bars(date=stamps(0, 3, 1, 4))), gaps_allowed=True)


def test_marks_and_spot_series_need_no_volume(write):
    hours = pa.array([START_NS + i * HOUR_NS for i in range(4)], pa.timestamp("ns", "UTC"))
    columns = {k: v for k, v in bars(date=hours, ts=hours).items() if k != "volume"}
    path = write(columns)
    assert read_marks(path).volume is None
    np.testing.assert_array_equal(read_spot_hours(path).close, read_marks(path).close)
