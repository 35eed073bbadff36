"""Tests of tiers and order books."""

import numpy as np
import pytest

from hullmark.errors import FeedError
from hullmark.feeds import read_book, read_tiers

TIERS = {
    "symbol": ["A"] * 3,
    "min_notional": [0.0, 10_000.0, 50_000.0],
    "max_notional": [10_000.0, 50_000.0, 200_000.0],
    "maintenance_margin_rate": [0.005, 0.006, 0.01],
    "max_leverage": [75.0, 50.0, 40.0],
    "cum": [0.0, 10.0, 210.0],
}
BOOK = {
    "symbol": ["A"] * 4,
    "event_time_ms": [1_626_992_741_264] * 4,
    "side": ["bid", "bid", "ask", "ask"],
    "price": [9.0, 8.0, 10.0, 11.0],
    "qty": [1.0, 2.0, 3.0, 4.0],
}


def test_a_tier_table_gives_the_bracket_integral(write):
    tiers = read_tiers(write(TIERS, "tiers.csv.gz"), symbol="A")
    for notional in (5_000.0, 30_000.0, 150_000.0):
        slices = np.clip(notional - tiers.floor_usd, 0, tiers.ceiling_usd - tiers.floor_usd)
        k = np.searchsorted(tiers.ceiling_usd, notional)
        published = notional * tiers.maintenance[k] - tiers.amount_usd[k]
        assert published == pytest.approx(slices @ tiers.maintenance, rel=1e-12)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"min_notional": [0.0, 10_001.0, 50_000.0]}, "row 2, column 'min_notional' must be where"),
        ({"min_notional": [1.0, 10_000.0, 50_000.0]}, "row 1, column 'min_notional' must be where"),
        ({"maintenance_margin_rate": [0.005, 0.004, 0.01]}, "row 2, .* must be rising, was 0.004"),
        ({"max_leverage": [75.0, 75.0, 40.0]}, "row 2, column 'max_leverage' must be falling"),
        ({"cum": [0.0, 10.0, 211.0]}, "row 3, column 'cum' must be such that .* continuous"),
    ],
)
def test_a_bad_tier_table_is_refused(write, changed, message):
    with pytest.raises(FeedError, match=message):
        read_tiers(write(TIERS | changed), symbol="A")


def test_a_book_comes_back_best_first(write):
    book = read_book(write(BOOK), symbol="A")
    assert (book.bid.tolist(), book.ask.tolist()) == ([9.0, 8.0], [10.0, 11.0])
    assert (book.bid_size.tolist(), book.time_ns) == ([1.0, 2.0], 1_626_992_741_264 * 10**6)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"price": [9.0, 8.0, 8.5, 11.0]}, r"row 3, column 'price' .* \(crossed\), was 8.5"),
        ({"price": [8.0, 9.0, 10.0, 11.0]}, "row 2, column 'price' must be worse than the level"),
        ({"qty": [1.0, 0.0, 3.0, 4.0]}, "row 2, column 'qty' must be > 0"),
        ({"side": ["bid"] * 4}, "row 3, column 'price'|must hold 'ask' somewhere"),
        ({"event_time_ms": [1, 1, 1, 2]}, "row 4, column 'event_time_ms' must be one moment"),
        ({"event_time_ms": [1.0, 1.5, 1, 1]}, "row 2, .* must be whole milliseconds, was 1.5"),
    ],
)
def test_a_bad_book_is_refused(write, changed, message):
    with pytest.raises(FeedError, match=message):
        read_book(write(BOOK | changed), symbol="A")
