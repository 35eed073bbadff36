"""Chains on recorded prices of 10 October 2025, and what was measured at Hyperliquid that day."""

import csv
import os
from pathlib import Path

import pytest

from hullmark.sim import ChainsRequest, compare_chains

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
PERPS = DATA / "binance_perp_5m_2025_2026"
MEASURED = DATA / "hyperliquid_adl_2025_10_10_mit"
SCENARIOS = ROOT / "scenarios"
COMPARISON = """
chains = ["chains/book.toml"]
policies = ["none", "queue", "pro-rata", "least-haircut"]

[book]
accounts = "600"
hedged_share = "0.1"
fund_share = "0"
"""

needs_prices = pytest.mark.skipif(not PERPS.is_dir(), reason=f"no recorded prices in {PERPS}")
needs_measured = pytest.mark.skipif(not MEASURED.is_dir(), reason=f"no measurements in {MEASURED}")


def total(name, column):
    """Return the sum of a column of the measurements."""
    with (MEASURED / name).open(encoding="utf-8", newline="") as file:
        return sum(float(row[column]) for row in csv.DictReader(file))


@needs_measured
def test_the_measured_waves_give_the_lower_published_overshoot():
    """Taken 60.1, needed 15.1: 45.0 million USD more than needed."""
    waves = "equity_delta_by_wave_h0.csv"
    taken, needed = total(waves, "budget_prod_usd"), total(waves, "budget_needed_usd")
    assert round(taken / 1e6, 1) == 60.1
    assert round(needed / 1e6, 1) == 15.1
    assert round((taken - needed) / 1e6, 1) == 45.0


@needs_measured
def test_the_measured_deficit_is_that_of_the_published_replay():
    assert round(total("per_shock_metrics_queue.csv", "deficit_usd") / 1e6, 1) == 23.2


@needs_measured
def test_a_modelled_queue_that_counts_whole_positions_overshoots_by_more_than_all_estimates():
    """The 654 million of an earlier version are positions that were closed, and not money lost."""
    overshoot = total("per_shock_metrics_queue.csv", "overshoot_queue_usd")
    assert round(overshoot / 1e6) == 654


@needs_prices
def test_on_recorded_prices_least_haircut_overshoots_by_rounding_and_bad_debt_is_gone(tmp_path):
    (tmp_path / "chains").symlink_to(SCENARIOS / "chains")
    (tmp_path / "comparison.toml").write_text(COMPARISON, encoding="utf-8")
    found = compare_chains(
        ChainsRequest(
            comparison=tmp_path / "comparison.toml",
            scenario=SCENARIOS / "oct-2025.toml",
            venue=SCENARIOS / "oct-2025-venue.toml",
            data=DATA,
            open_interest_usd=600_000_000,
        )
    )
    assert found.kind == "recorded"
    runs = {run.policy: run for run in found.runs}
    assert not any(run.broken for run in found.runs)
    assert runs["none"].tally.sums.bad_debt > 0
    for policy in ("queue", "pro-rata", "least-haircut"):
        tally = runs[policy].tally
        assert tally.asked_quanta > 0
        assert tally.sums.bad_debt <= tally.asked_quanta // 1_000
    least = runs["least-haircut"].tally
    rounding = least.sums.closures + len(least.deleveraged)
    assert least.sums.haircut - least.asked_quanta <= rounding
