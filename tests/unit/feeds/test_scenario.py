"""Tests of scenario files: what the line through published points is, and what is refused."""

import numpy as np
import pytest

from hullmark.core import parse_instant
from hullmark.errors import DocumentError
from hullmark.feeds import ReplaySettings, read_scenario

BAR_NS = 300 * 10**9

GOOD = """
title = "A crash"
text = "What happened."
[[source]]
key = "paper"
publisher = "The Paper"
date = "2025-10-11"
title = "Prices fall"
[replay]
start = "2025-10-10T00:00:00Z"
stop = "2025-10-10T01:00:00Z"
observe_move = "0.0025"
observe_s = "60"
oracle_delay_s = "3"
execution_delay_s = "2"
depth_share = "0.1"
impact_half_life_s = "60"
open_interest_usd = "1000000000"
accounts = "20000"
fund_share = "0.01"
maker_capital_usd = "500000"
[[depth]]
at = "2025-10-10T00:10:00Z"
factor = "1"
source = "paper"
[[depth]]
at = "2025-10-10T00:20:00Z"
factor = "0.04"
source = "paper"
[symbols.BTC]
decimals = "1"
notional_usd = "1000000"
funding_interval_h = "8"
funding_rate = "0.0001"
points = [
  { at = "2025-10-10T00:00:00Z", price = "100", source = "paper" },
  { at = "2025-10-10T00:22:00Z", price = "25", source = "paper" },
  { at = "2025-10-10T00:32:00Z", price = "50", source = "paper" },
]
"""


@pytest.fixture
def read(tmp_path):
    """Read a text as a scenario file."""

    def from_text(text):
        path = tmp_path / "scenario.toml"
        path.write_text(text)
        return read_scenario(path)

    return from_text


def test_bars_follow_the_line_in_log_price_and_reach_every_point(read):
    scenario = read(GOOD)
    bars = scenario.candles(scenario.symbols[0], step_ns=BAR_NS, lead=1)
    minutes = np.arange(-5, 60, 5)
    np.testing.assert_array_equal(bars.time_ns, scenario.replay.start_ns + minutes * 60 * 10**9)
    line = [100, *(100 * 4 ** (-np.arange(0, 22, 5) / 22)), 25 * 2**0.3, 25 * 2**0.8, *[50] * 6]
    np.testing.assert_allclose(bars.open, np.round(line[:13], 1), rtol=1e-12)
    assert bars.low[5] == 25.0  # the point at 00:22 lies inside the bar of 00:20
    assert bars.high[7] == 50.0
    np.testing.assert_array_equal(bars.close[:-1], bars.open[1:])
    np.testing.assert_array_less(np.maximum(bars.open, bars.close), bars.high + 1e-9)


def test_the_volume_of_a_calm_bar_is_the_ordinary_notional(read):
    scenario = read(GOOD)
    bars = scenario.candles(scenario.symbols[0], step_ns=BAR_NS)
    np.testing.assert_allclose(bars.volume[-1] * bars.close[-1], 1_000_000)


def test_depth_is_straight_in_its_log_and_flat_outside(read):
    factor = read(GOOD).replay.depth_factor()
    np.testing.assert_allclose(factor[[0, 600, 900, 1200, 3600]], [1, 1, 0.2, 0.04, 0.04])
    assert ReplaySettings().depth_factor().tolist() == [1.0] * 86_401


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "A crash"\n', "", "scenario must have 'title'"),
        ("[replay]", "surprise = 1\n[replay]", r"source\[0\] has an unknown key 'surprise'"),
        ("[replay]\n", "[replay]\nsurprise = 1\n", "replay has an unknown key 'surprise'"),
        ('depth_share = "0.1"\n', "", "replay must have 'depth_share'"),
        ('depth_share = "0.1"', "depth_share = 0.1", "depth_share must be a decimal string"),
        ('observe_s = "60"', "observe_s = 60", "observe_s must be a decimal string, was 60"),
        (
            'depth_share = "0.1"',
            'depth_share = "1.5"',
            r"depth_share must be in \(0, 1\], was '1.5'",
        ),
        ('observe_s = "60"', 'observe_s = "1.5"', "observe_s must be a whole number >= 0, was 1.5"),
        ('observe_s = "60"', 'observe_s = "0"', "observe_s must be > 0, was 0"),
        ('half_life_s = "60"', 'half_life_s = "0"', "impact_half_life_s must be > 0, was 0"),
        ("2025-10-10T01:00:00Z", "2025-10-10T01:01:00Z", "replay.stop must be on whole 5 min"),
        ("2025-10-10T01:00:00Z", "2025-10-10T00:00:00Z", "at most 7 days after .* was 0"),
        ("2025-10-10T01:00:00Z", "2026-10-10T00:00:00Z", "at most 7 days after .* was 365"),
        ("2025-10-10T01:00:00Z", "one o'clock", "replay.stop must be an ISO 8601 instant"),
        ('price = "25"', 'price = "0"', r"symbols.BTC.points\[1\].price must be > 0, was '0'"),
        ('price = "25"', 'price = "-3"', "price must be > 0, was '-3'"),
        ('price = "25"', 'price = "NaN"', "price must be a finite decimal"),
        ("T00:22:00Z", "T00:42:00Z", r"points\[2\].at must be later than the point before"),
        (
            'price = "50", source = "paper"',
            'price = "50", source = "rumour"',
            "a listed key, was 'r",
        ),
        ('decimals = "1"', 'decimals = "10"', "decimals must be at most 9, was 10"),
        ('interval_h = "8"', 'interval_h = "0"', r"funding_interval_h must be in \[1, 24\], was 0"),
        ("[symbols.BTC]", "[symbols", "is no scenario file"),
    ],
)
def test_a_bad_scenario_is_refused(read, old, new, message):
    assert old in GOOD
    with pytest.raises(DocumentError, match=message):
        read(GOOD.replace(old, new))


def test_a_missing_scenario_is_named(tmp_path):
    with pytest.raises(DocumentError, match=r"none\.toml is no scenario file"):
        read_scenario(tmp_path / "none.toml")


def test_the_file_of_october_2025_is_complete_and_says_what_the_replay_assumes_without_it(
    scenario_2025,
):
    scenario = read_scenario(scenario_2025)
    assert {s.symbol for s in scenario.symbols} == {
        "BTC",
        "ETH",
        "SOL",
        "XRP",
        "BNB",
        "DOGE",
        "HYPE",
    }
    lowest = min(scenario.replay.depth, key=lambda p: p.value)
    assert lowest.value == pytest.approx(0.027 / 1.2)  # 27 thousand of 1.2 million USD, Coinwatch
    for name in ("start_ns", "stop_ns", "observe_move", "observe_s", "oracle_delay_s", "accounts",
                 "execution_delay_s", "open_interest_usd", "fund_share", "depth_share",
                 "impact_half_life_s"):  # fmt: skip
        assert getattr(scenario.replay, name) == getattr(ReplaySettings(), name)


def test_every_low_of_october_2025_lies_in_the_window_binance_named(scenario_2025):
    for symbol in read_scenario(scenario_2025).symbols:
        low = min(symbol.points, key=lambda p: p.value)
        assert low.time_ns == parse_instant("low", "2025-10-10T21:20:00Z")
        assert low.source != "assumption"
