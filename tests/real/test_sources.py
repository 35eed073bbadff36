"""Two real spot venues and a third source that is spoiled: the median stays between the two."""

import os
from pathlib import Path

import numpy as np
import pytest

from hullmark.core import NANO, SECOND_NS, parse_instant
from hullmark.domain import Print
from hullmark.feeds import read_spot_hours
from hullmark.market import Grade, PricePolicy, accept, latest_prints

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
SPOT = DATA / "spot_hourly_2018_2025"
FILES = {
    "bitstamp": "BTCUSD_bitstamp_1h_2018-05_2022-03.parquet",
    "binance": "BTCUSDT_binance_1h_2022-01_2025-12.parquet",
}
POLICY = {"sources": [*FILES, "third"], "sources_min": 2, "staleness_s_max": "120"}
SPOILED_FROM = 100  # hours in which the third source is as good as the others

pytestmark = pytest.mark.skipif(not SPOT.is_dir(), reason=f"no recorded data at {DATA}")


@pytest.fixture(scope="module")
def hours():
    """Return the instants and the closes, in nanos, of hours that both venues recorded."""
    window = {
        "start_ns": parse_instant("start", "2022-01-01T00:00:00Z"),
        "stop_ns": parse_instant("stop", "2022-03-01T00:00:00Z"),
    }
    read = {name: read_spot_hours(SPOT / file, **window) for name, file in FILES.items()}
    assert read["bitstamp"].time_ns.tolist() == read["binance"].time_ns.tolist()
    nanos = {name: np.rint(c.close * NANO).astype(np.int64).tolist() for name, c in read.items()}
    return read["binance"].time_ns.tolist(), [*zip(*nanos.values(), strict=True)]


# What a source can do wrong, from an honest price and the hour: nothing, a decimal error, a price
# that is right and twenty percent away, the price of long ago, sign and clamp errors.
SPOILS = {
    "silent": lambda honest, hour: None,
    "zero": lambda honest, hour: 0,
    "negative": lambda honest, hour: -honest,
    "spike": lambda honest, hour: honest * 1_000,
    "sagging": lambda honest, hour: honest * 4 // 5,
    "alternating": lambda honest, hour: honest * (3 if hour % 2 else 1) // 2,
}


def replayed(hours, spoil):
    """Yield the closes of each hour, and the price accepted with the third source spoiled."""
    policy, last, heard = PricePolicy.parse(POLICY), None, ()
    for hour, (now, closes) in enumerate(zip(*hours, strict=True)):
        honest = sum(closes) // len(closes)
        third = spoil(honest, hour) if hour >= SPOILED_FROM else honest
        spoken = zip(POLICY["sources"], (*closes, third), strict=True)
        prints = [
            Print(factor="BTC", source=s, price_nano=nano, observed_ns=now) for s, nano in spoken
        ]
        heard = latest_prints(heard, prints[:: (-1) ** hour])
        last = accept("BTC", heard, policy=policy, last=last, now_ns=now)
        yield closes, last


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoiled_third_source_leaves_the_median_between_the_honest_two(hours, spoil):
    found = list(replayed(hours, SPOILS[spoil]))
    assert len(found) == 59 * 24
    for closes, price in found:
        assert min(closes) <= price.price_nano <= max(closes)
        assert price.grade is Grade.VALID


def test_a_stuck_third_source_is_outvoted_however_far_the_market_goes(hours):
    stuck = sum(hours[1][SPOILED_FROM]) // 2
    found = list(replayed(hours, lambda honest, hour: stuck))
    distance = max(abs(sum(closes) / 2 / stuck - 1) for closes, _ in found)
    assert distance > 0.2  # Bitcoin fell by that much within these weeks
    for closes, price in found:
        assert min(closes) <= price.price_nano <= max(closes)


def test_a_source_that_stopped_is_late_and_no_longer_heard(hours):
    times, closes = hours
    policy, hour = PricePolicy.parse(POLICY), SPOILED_FROM
    stopped = Print(factor="BTC", source="third", price_nano=1, observed_ns=times[0])
    prints = [
        Print(factor="BTC", source=s, price_nano=nano, observed_ns=times[hour])
        for s, nano in zip(FILES, closes[hour], strict=True)
    ]
    now = times[hour] + 120 * SECOND_NS
    price = accept("BTC", [*prints, stopped], policy=policy, last=None, now_ns=now)
    assert (price.price_nano, price.grade) == (sum(closes[hour]) // 2, Grade.VALID)
    late = accept("BTC", [*prints, stopped], policy=policy, last=price, now_ns=now + 1)
    assert (late.price_nano, late.grade) == (price.price_nano, Grade.STALE)


def test_the_two_venues_differ_by_less_than_a_percent_or_the_median_would_prove_little(hours):
    apart = [abs(a - b) / min(a, b) for a, b in hours[1]]
    assert 0 < np.median(apart) < 0.001
    assert max(apart) < 0.01
