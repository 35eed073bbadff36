"""The crash of 10 October 2025 on recorded prices, as `make run` replays it, and its tiers."""

import os
import tomllib
from pathlib import Path

import numpy as np
import pytest

from hullmark.clearing import Rules
from hullmark.feeds import read_tiers
from hullmark.journal import copy
from hullmark.runtime import verify
from hullmark.sim import ReplayRequest, crash_report, replay_crash

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
PERPS = DATA / "binance_perp_5m_2025_2026"
TIERS = DATA / "binance_leverage_tiers_2024" / "binance_leverage_tiers.csv.gz"
VENUE = ROOT / "scenarios" / "oct-2025-venue.toml"

needs_prices = pytest.mark.skipif(not PERPS.is_dir(), reason=f"no recorded prices in {PERPS}")
needs_tiers = pytest.mark.skipif(not TIERS.is_file(), reason=f"no tier table at {TIERS}")


@pytest.fixture(scope="module")
def replay():
    """Replay the day with everything at its default."""
    request = ReplayRequest(scenario=ROOT / "scenarios" / "oct-2025.toml", venue=VENUE, data=DATA)
    return replay_crash(request, workers=2)


@pytest.fixture(scope="module")
def report(replay):
    return crash_report(replay)


@needs_prices
def test_the_report_says_that_it_ran_on_recorded_prices(report):
    assert report["source"]["kind"] == "recorded"
    assert "BTCUSDT_5m.parquet" in report["source"]["files"]
    assert report["accounts"] == 20_000


@needs_prices
def test_the_set_up_tries_every_tier_the_fund_and_the_depth(report):
    assert not [text for text in report["warnings"] if text.startswith("set-up failed")]
    (mine,) = [run for run in report["runs"] if run["journalled"]]
    assert all(row["liquidated"] for row in mine["by_tier"])
    assert len(mine["by_tier"]) > 30


@needs_prices
def test_the_books_of_every_run_balance_and_causes_add_up(replay):
    for run in (*replay.runs, replay.upper_bound):
        assert not run.books.broken
        for event in run.tally.deficits:
            parts = event.gap_quanta + event.participation_quanta + event.latency_quanta
            parts += event.oracle_quanta + event.impact_quanta
            assert parts == event.fund_quanta + event.bad_debt_quanta


@needs_prices
def test_no_jump_limit_fires_on_that_day(report):
    (row,) = [row for row in report["assumptions"] if row["name"] == "jump limits"]
    assert row["value"].startswith("fired 0 times in ")


@needs_prices
def test_delays_cost_the_venue_and_the_jumping_path_bounds_the_gap(replay):
    by_key = {(run.settings.order, run.settings.oracle_delay_s): run for run in replay.runs}
    for order in ("OHLC", "OLHC"):
        assert by_key[order, 3].deficit_quanta > by_key[order, 0].deficit_quanta
    gap = sum(event.gap_quanta for event in replay.worse.tally.deficits)
    bound = sum(event.gap_quanta for event in replay.upper_bound.tally.deficits)
    assert bound > gap


@needs_prices
def test_the_journal_of_the_day_verifies_to_the_hash_of_the_report(replay, report, tmp_path):
    copy(replay.journal, tmp_path / "journal.db")
    found = verify(tmp_path / "journal.db")
    assert found.holds
    assert found.state_hash == report["state_hash"]


@needs_tiers
@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL", "XRP", "BNB", "DOGE"])
def test_the_venue_has_the_published_tiers(coin):
    table = read_tiers(TIERS, symbol=f"{coin}/USDT:USDT")
    rules = Rules.parse(tomllib.loads(VENUE.read_text(encoding="utf-8")))
    schedule = rules.margin.tiered.schedules[f"{coin}-PERP"]
    np.testing.assert_array_equal([t.floor_usd for t in schedule.tiers], table.floor_usd)
    np.testing.assert_array_equal([t.maintenance for t in schedule.tiers], table.maintenance)
    np.testing.assert_allclose(
        [t.initial for t in schedule.tiers], 1 / table.leverage_max, rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(
        schedule.maintenance_amounts_usd(), table.amount_usd, rtol=1e-12, atol=1e-9
    )
