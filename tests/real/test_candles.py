"""The readers and the path on recorded markets: the day of the crash, and the files around it."""

import os
from pathlib import Path

import numpy as np
import pytest

from hullmark.core import NANO, SECOND_NS, parse_instant
from hullmark.domain import Print
from hullmark.errors import FeedError
from hullmark.feeds import (
    read_book,
    read_candles,
    read_funding,
    read_marks,
    read_scenario,
    read_spot_hours,
    read_table,
    read_tiers,
)
from hullmark.market import Grade, PricePolicy, accept
from hullmark.sim._path import SYMBOLS, MarketPath

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
PERPS = DATA / "binance_perp_5m_2025_2026"
SPOT = DATA / "spot_hourly_2018_2025"
SCENARIO = ROOT / "scenarios" / "oct-2025.toml"
BAR_NS = 300 * SECOND_NS

pytestmark = pytest.mark.skipif(not PERPS.is_dir(), reason=f"no recorded data at {DATA}")

# Declared jump limits: of the path through the bars, and of the path that jumps between points.
JUMP_MAX = "0.05"


def at(text):
    return parse_instant("at", text)


@pytest.fixture(scope="module")
def paths():
    """Both orders of the recorded day."""
    return {order: MarketPath.from_recorded(DATA, order=order) for order in ("OHLC", "OLHC")}


def test_the_whole_record_of_bitcoin_and_ether_is_one_grid():
    for symbol in ("BTC", "ETH"):
        bars = read_candles(PERPS / f"{symbol}USDT_5m.parquet", step_ns=BAR_NS)
        assert bars.open.size == 119_724


def test_the_windows_of_the_other_coins_are_gaps_unless_one_is_asked_for():
    table = read_table(PERPS / "alts_5m_crash_windows.parquet")
    with pytest.raises(FeedError, match=r"row \d+, column 'date' must be 300 s after .*\(gap\)"):
        read_candles(table, step_ns=BAR_NS, symbol="XRPUSDT")
    window = {"start_ns": at("2025-10-06T00:00:00Z"), "stop_ns": at("2025-10-18T00:00:00Z")}
    bars = read_candles(table, step_ns=BAR_NS, symbol="XRPUSDT", **window)
    assert bars.open.size == 12 * 288


def test_funding_is_due_every_eight_hours_and_every_four_for_hype():
    table = read_table(PERPS / "funding_8h.parquet")
    hours = {
        s: read_funding(table, symbol=f"{s}USDT").interval_ns // (3_600 * NANO) for s in SYMBOLS
    }
    assert hours == dict.fromkeys(SYMBOLS, 8) | {"HYPE": 4}


def test_funding_at_the_midnight_after_the_crash_is_large_and_inside_the_window(paths):
    path = paths["OHLC"]
    last = {p.symbol: p.rate_nano for p in path.funding if p.time_ns == path.time_ns(86_400)}
    assert (last["SOL"], last["HYPE"]) == (-3_027_610, 1_976_930)
    assert set(last) == set(SYMBOLS)
    assert len(path.funding) == 6 * 4 + 7


# Percent, 20:00 to 24:00 UTC, from a peak to a later trough: what the record is described by.
FALLS = {
    "BTC": 13.3,
    "ETH": 15.5,
    "SOL": 32.0,
    "BNB": 33.8,
    "HYPE": 51.5,
    "XRP": 56.3,
    "DOGE": 64.2,
}


@pytest.mark.parametrize("order", ["OHLC", "OLHC"])
def test_the_path_falls_as_far_as_the_record(paths, order):
    path = paths[order]
    evening = path.trade[20 * 3600 :]
    fall = 100 * (1 - evening / np.maximum.accumulate(evening)).max(axis=0)
    assert dict(zip(path.symbols, fall, strict=True)) == pytest.approx(FALLS, abs=0.06)


def test_the_last_trade_undercut_the_mark_by_five_percent_on_bnb_and_doge(paths):
    for path in paths.values():
        under = dict(zip(path.symbols, 1 - (path.trade / path.mark).min(axis=0), strict=True))
        assert under["BNB"] == pytest.approx(0.0464, abs=5e-4)
        assert under["DOGE"] == pytest.approx(0.0544, abs=5e-4)
        assert max(under[s] for s in ("BTC", "ETH", "SOL", "XRP", "HYPE")) < 0.02


def test_the_mark_stays_in_the_recorded_range_of_its_hour(paths):
    table = read_table(PERPS / "mark_price_1h.parquet")
    window = {"start_ns": at("2025-10-10T00:00:00Z"), "stop_ns": at("2025-10-11T00:00:00Z")}
    for path in paths.values():
        for k, symbol in enumerate(path.symbols):
            hours = read_marks(table, symbol=f"{symbol}USDT", **window)
            by_hour = path.mark[:-1, k].reshape(24, 3600)
            assert (by_hour >= hours.low[:, None]).all()
            assert (by_hour <= hours.high[:, None]).all()


def test_declared_jump_limits_do_not_fire_that_day(paths):
    policy = PricePolicy.parse(
        {"sources": ["mark"], "sources_min": 1, "staleness_s_max": "120", "jump_max": JUMP_MAX}
    )
    for path in paths.values():
        marks = np.array([path.mark_nano(row) for row in path.observations])
        for k, symbol in enumerate(path.symbols):
            last = None
            for row, price in zip(path.observations.tolist(), marks[:, k].tolist(), strict=True):
                now = path.time_ns(row)
                said = Print(factor=symbol, source="mark", price_nano=price, observed_ns=now)
                last = accept(symbol, [said], policy=policy, last=last, now_ns=now)
                assert (last.grade, last.price_nano) == (Grade.VALID, price)


def test_a_jump_limit_that_tight_would_fire_on_the_jumping_path():
    path = MarketPath.from_recorded(DATA, order="OLHC", jump=True)
    seen = path.mark[path.observations]
    assert np.abs(seen[1:] / seen[:-1] - 1).max() > float(JUMP_MAX)


def test_the_notional_of_the_day_is_that_of_the_bars(paths):
    window = {"start_ns": at("2025-10-10T00:00:00Z"), "stop_ns": at("2025-10-11T00:00:00Z")}
    bars = read_candles(PERPS / "BTCUSDT_5m.parquet", step_ns=BAR_NS, **window)
    traded = bars.volume @ bars.close
    for path in paths.values():
        assert path.traded_usd()[0] == pytest.approx(traded, rel=0.005)


def test_the_scenario_is_plausible_beside_the_record(paths):
    published = MarketPath.from_scenario(SCENARIO, order="OHLC")
    recorded = paths["OHLC"]
    assert published.symbols == recorded.symbols
    lows = published.trade.min(axis=0) / recorded.trade.min(axis=0)
    assert dict(zip(published.symbols, lows.round(2).tolist(), strict=True)) == {
        "BTC": 1.0, "ETH": 1.01, "SOL": 0.99, "XRP": 1.06, "BNB": 1.04, "DOGE": 1.31, "HYPE": 1.26,
    }  # fmt: skip  # published lows are of other venues, or rounded; HYPE's is an index of altcoins
    for row in (0, 12 * 3600, 86_400):
        np.testing.assert_allclose(published.trade[row], recorded.trade[row], rtol=0.07)
    assert set(published.symbols) == {s.symbol for s in read_scenario(SCENARIO).symbols}


def test_the_median_of_two_venues_lies_between_them():
    start, stop = at("2022-01-01T00:00:00Z"), at("2022-03-01T00:00:00Z")
    window = {"start_ns": start, "stop_ns": stop}
    venues = {
        "bitstamp": read_spot_hours(SPOT / "BTCUSD_bitstamp_1h_2018-05_2022-03.parquet", **window),
        "binance": read_spot_hours(SPOT / "BTCUSDT_binance_1h_2022-01_2025-12.parquet", **window),
    }
    policy = PricePolicy.parse(
        {"sources": list(venues), "sources_min": 2, "staleness_s_max": "120", "jump_max": "0.2"}
    )
    last, names = None, list(venues)
    closes = np.rint(np.array([venues[n].close for n in names]) * NANO).astype(np.int64)
    assert closes.shape == (2, 59 * 24)
    for i, now in enumerate(venues["binance"].time_ns.tolist()):
        prints = [
            Print(factor="BTC", source=n, price_nano=int(closes[j, i]), observed_ns=now)
            for j, n in enumerate(names)
        ]
        last = accept("BTC", prints, policy=policy, last=last, now_ns=now)
        assert last.grade is Grade.VALID
        assert closes[:, i].min() <= last.price_nano <= closes[:, i].max()


def test_known_outages_of_a_spot_record_are_gaps_and_stay_gaps():
    path = SPOT / "ETHUSDT_1h_2019-12_2025-11.parquet"
    with pytest.raises(FeedError, match=r"column 'ts' must be 3600 s after .*\(gap\)"):
        read_spot_hours(path)
    assert read_spot_hours(path, gaps_allowed=True).close.size == 51_816


def test_every_tier_table_is_continuous_and_hype_has_none():
    table = read_table(DATA / "binance_leverage_tiers_2024" / "binance_leverage_tiers.csv.gz")
    symbols = sorted(set(table.columns["symbol"].to_pylist()))
    for symbol in symbols:
        read_tiers(table, symbol=symbol)
    assert len(symbols) == 349
    assert "HYPE/USDT:USDT" not in symbols


def test_every_recorded_book_is_sound():
    table = read_table(DATA / "orderbook_snapshots_2021" / "binance_depth1000.parquet")
    for symbol in sorted(set(table.columns["symbol"].to_pylist())):
        book = read_book(table, symbol=symbol)
        assert book.bid[0] < book.ask[0]
