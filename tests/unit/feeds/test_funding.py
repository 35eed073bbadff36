"""Tests of funding: the interval comes from the stamps, and both ends of a window count."""

import math

import pyarrow as pa
import pytest

from hullmark.errors import FeedError
from hullmark.feeds import read_funding

from .conftest import START_NS

HOUR_NS = 3_600 * 10**9


def payments(hours, rates=None):
    return {
        "symbol": ["A"] * len(hours),
        "date": pa.array([START_NS + int(h * HOUR_NS) for h in hours], pa.timestamp("ns", "UTC")),
        "funding_rate": rates or [0.0001] * len(hours),
    }


def test_payments_come_back_in_nanos_with_their_interval(write):
    path = write(payments([0, 4, 8, 12], [0.00000785, -0.00302761, 0.0, 0.0001]))
    funding = read_funding(path, symbol="A")
    assert funding.interval_ns == 4 * HOUR_NS
    assert funding.rate_nano.tolist() == [7_850, -3_027_610, 0, 100_000]


def test_both_ends_of_the_window_are_inside(write):
    path = write(payments([-8, 0, 8, 16, 24, 32]))
    funding = read_funding(path, symbol="A", start_ns=START_NS, stop_ns=START_NS + 24 * HOUR_NS)
    assert [(t - START_NS) // HOUR_NS for t in funding.time_ns.tolist()] == [0, 8, 16, 24]


def test_a_window_with_one_payment_still_knows_the_interval(write):
    path = write(payments([0, 8, 16]))
    funding = read_funding(path, symbol="A", start_ns=START_NS + 1, stop_ns=START_NS + 9 * HOUR_NS)
    assert (funding.time_ns.size, funding.interval_ns) == (1, 8 * HOUR_NS)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (payments([0, 8, 24, 32]), r"row 3, column 'date' must be 28800 s after .* \(gap\)"),
        (payments([0, 8, 8, 16]), r"row 3, column 'date' .* \(duplicate\)"),
        (payments([0, 16, 8]), r"row 3, column 'date' .* \(unsorted\)"),
        (payments([0]), "needs two stamps, was 1"),
        (payments([0, 0.5, 1]), "must be whole hours, was 1800 s"),
        (payments([0, 8], [0.1, 1.0]), r"row 2, column 'funding_rate' must be within \(-1, 1\)"),
        (payments([0, 8], [math.nan, 0.1]), "row 1, column 'funding_rate' must be finite, was nan"),
    ],
)
def test_bad_payments_are_refused(write, columns, message):
    with pytest.raises(FeedError, match=message):
        read_funding(write(columns), symbol="A")
