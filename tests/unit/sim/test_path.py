"""Tests of the reconstructed path: its points, its shape, and when it is observed."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.core import parse_instant
from hullmark.errors import FeedError, InvalidInputError
from hullmark.feeds import Candles, ReplaySettings
from hullmark.sim._path import MarketPath, bar_path, observations_kernel, trailing_notional

SCENARIO = Path(__file__).parents[3] / "scenarios" / "oct-2025.toml"
BAR_NS = 300 * 10**9
ORDERS = st.sampled_from(["OHLC", "OLHC"])


def candles(rows, volume=None):
    """Return 5-minute bars of (open, high, low, close)."""
    prices = np.array(rows, dtype=np.float64)
    names = ("open", "high", "low", "close")
    return Candles(
        symbol="A",
        path=Path("a.csv"),
        step_ns=BAR_NS,
        time_ns=BAR_NS * np.arange(len(rows)),
        volume=np.ones(len(rows)) if volume is None else np.array(volume),
        **{name: prices[:, i] for i, name in enumerate(names)},
    )


@st.composite
def bars(draw):
    """One to four bars of prices in whole cents."""
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        low, *between, high = sorted(draw(st.lists(st.integers(1, 10**7), min_size=4, max_size=4)))
        open_, close = draw(st.permutations(between))
        rows.append([open_ / 100, high / 100, low / 100, close / 100])
    return candles(rows)


def slow_path(bars, order, jump):
    """Walk second by second, as the words of the convention have it."""
    prices = []
    for o, h, low, c in zip(bars.open, bars.high, bars.low, bars.close, strict=True):
        points = [o, h, low, c] if order == "OHLC" else [o, low, h, c]
        for second in range(300):
            leg, passed = divmod(second, 100)
            a, b = points[leg], points[leg + 1]
            prices.append(a if jump else a * (b / a) ** (passed / 100))
    return np.array([*prices, bars.close[-1]])


@given(bars(), ORDERS, st.booleans())
def test_the_path_is_that_of_a_walk_second_by_second(bars, order, jump):
    fast, slow = bar_path(bars, order=order, jump=jump), slow_path(bars, order, jump)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=0.0051)  # half a tick of a cent, or less


@given(bars(), ORDERS, st.booleans())
def test_the_points_of_a_bar_are_reached_exactly_and_never_left(bars, order, jump):
    path = bar_path(bars, order=order, jump=jump)
    first, second = (bars.high, bars.low) if order == "OHLC" else (bars.low, bars.high)
    np.testing.assert_array_equal(path[:-1:300], bars.open)
    np.testing.assert_array_equal(path[100::300], first)
    np.testing.assert_array_equal(path[200::300], second)
    assert path[-1] == bars.close[-1]
    inside = path[:-1].reshape(-1, 300)
    assert (inside >= bars.low[:, None]).all()
    assert (inside <= bars.high[:, None]).all()


@given(bars(), ORDERS)
def test_every_price_of_the_path_is_a_whole_number_of_ticks(bars, order):
    path = bar_path(bars, order=order, jump=False)
    np.testing.assert_array_equal(np.rint(path * 100) / 100, path)


def test_bars_of_another_length_or_order_are_refused():
    with pytest.raises(InvalidInputError, match="bars must be of 300 s, was 3600 s"):
        bar_path(replace(candles([[1, 1, 1, 1]]), step_ns=12 * BAR_NS), order="OHLC", jump=False)
    with pytest.raises(InvalidInputError, match="order must be OHLC or OLHC, was 'HLOC'"):
        bar_path(candles([[1, 1, 1, 1]]), order="HLOC", jump=False)


def test_trailing_notional_is_the_sum_over_the_last_300_seconds():
    bars = candles([[10, 12, 8, 9], [9, 9, 6, 7], [7, 8, 7, 8]], volume=[300.0, 600.0, 0.0])
    trade = bar_path(bars, order="OHLC", jump=False)
    coins = np.repeat([1.0, 2.0, 0.0], 300)
    slow = [coins[t - 300 : t] @ trade[t - 300 : t] for t in range(300, 901)]
    np.testing.assert_allclose(trailing_notional(trade, bars.volume), slow, rtol=1e-12)


@given(
    st.lists(st.tuples(st.integers(95, 105), st.integers(95, 105)), min_size=2, max_size=80),
    st.integers(1, 9),
)
def test_observations_are_those_of_the_rule_in_words(rows, seconds_max):
    trade = np.array(rows, dtype=np.float64)
    mark = np.clip(trade, 98, 103)[:, ::-1].copy()
    expected = [0]
    for i in range(1, len(rows)):
        last = expected[-1]
        moved = any(
            np.abs(path[i] - path[last]).max() > 0
            and (np.abs(path[i] - path[last]) >= 0.03 * path[last]).any()
            for path in (trade, mark)
        )
        if moved or i - last == seconds_max or i == len(rows) - 1:
            expected.append(i)
    for function in (observations_kernel, observations_kernel.py_func):
        assert function(trade, mark, 0.03, seconds_max).tolist() == expected


def test_the_scenario_covers_the_window_with_its_funding_at_both_midnights():
    path = MarketPath.from_scenario(SCENARIO, order="OHLC")
    assert (path.kind, path.seconds, len(path.symbols)) == ("scenario", 86_400, 7)
    assert path.time_ns(path.seconds) == parse_instant("stop", "2025-10-11T00:00:00Z")
    stamps = {s: [p for p in path.funding if p.symbol == s] for s in path.symbols}
    assert [len(stamps["BTC"]), len(stamps["HYPE"])] == [4, 7]
    assert stamps["BTC"][-1].time_ns == path.time_ns(path.seconds)
    assert "no recorded prices" in path.text


def test_the_scenario_reaches_its_published_lows_in_both_orders_and_when_jumping():
    row = 21 * 3600 + 20 * 60
    for order in ("OHLC", "OLHC"):
        for jump in (False, True):
            path = MarketPath.from_scenario(SCENARIO, order=order, jump=jump)
            btc, doge = path.symbols.index("BTC"), path.symbols.index("DOGE")
            assert path.trade[row, btc] == path.trade[:, btc].min() == 101_500
            assert path.trade[row, doge] == 0.11
            assert path.mark_nano(row)[doge] == 110_000_000
            assert path.depth_factor[row] == path.depth_factor.min() == pytest.approx(0.0225)


def test_an_observation_is_never_later_than_its_rule():
    path = MarketPath.from_scenario(SCENARIO, order="OLHC")
    rows = path.observations
    assert (rows[0], rows[-1]) == (0, path.seconds)
    assert np.diff(rows).max() == 60
    before = path.trade[rows[1:] - 1] / path.trade[rows[:-1]] - 1
    assert np.abs(before).max() < 0.0025


def test_rows_and_instants_are_inverse_and_the_path_is_closed_to_writing():
    path = MarketPath.from_scenario(SCENARIO, order="OHLC")
    assert path.row(path.time_ns(77)) == path.row(path.time_ns(77) + 999_999_999) == 77
    assert path.row(path.time_ns(path.seconds) + 5 * 10**9) == path.seconds
    with pytest.raises(InvalidInputError, match="where the path begins"):
        path.row(path.start_ns - 1)
    with pytest.raises(ValueError, match="read-only"):
        path.trade[0, 0] = 1


def test_a_recorded_window_begins_on_an_hour(tmp_path):
    half_past = ReplaySettings(start_ns=ReplaySettings().start_ns + 6 * BAR_NS)
    with pytest.raises(InvalidInputError, match=r"replay\.start must be on a whole hour"):
        MarketPath.from_recorded(tmp_path, order="OHLC", replay=half_past)


def test_a_missing_data_folder_is_named(tmp_path):
    with pytest.raises(FeedError, match=r"\.parquet must be a file; it does not exist"):
        MarketPath.from_recorded(tmp_path, order="OHLC")


def test_a_scenario_needs_no_optional_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert MarketPath.from_scenario(SCENARIO, order="OHLC").seconds == 86_400
