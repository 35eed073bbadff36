"""Tests of tier schedules: a published table first, then what any schedule keeps."""

import itertools
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.errors import DocumentError, InvalidInputError
from hullmark.margin import Tier, TierSchedule

slow_bracket_usd = runpy.run_path(str(Path(__file__).parents[2] / "reference" / "margin.py"))[
    "bracket_usd"
]

# Binance, "Updates to Leverage and Margin Tiers of Binance Futures Contracts", 2021-03-18:
# BTCUSDT perpetual, the first five of its ten tiers. Initial rates: one over its leverage limits.
FLOORS_USD = (0.0, 50_000.0, 250_000.0, 1_000_000.0, 10_000_000.0)
MAINTENANCE = (0.004, 0.005, 0.010, 0.025, 0.050)
INITIAL = (0.008, 0.010, 0.020, 0.050, 0.100)
# The maintenance amounts that continuity asks of that table, worked by hand: 50 000 * 0.1 % = 50;
# + 250 000 * 0.5 % = 1 300; + 1 000 000 * 1.5 % = 16 300; + 10 000 000 * 2.5 % = 266 300.
AMOUNTS_USD = (0.0, 50.0, 1_300.0, 16_300.0, 266_300.0)

BTCUSDT = TierSchedule(
    tuple(
        Tier(floor_usd=f, initial=i, maintenance=m)
        for f, i, m in zip(FLOORS_USD, INITIAL, MAINTENANCE, strict=True)
    )
)
notionals = st.floats(min_value=0, max_value=1e9)


@st.composite
def schedules(draw):
    """Any valid schedule of one to eight tiers."""
    widths = draw(st.lists(st.floats(min_value=1, max_value=1e7), max_size=7))
    steps = [draw(st.floats(min_value=1e-6, max_value=0.0625)) for _ in range(len(widths) + 1)]
    extra = draw(st.floats(min_value=1, max_value=2))
    return TierSchedule(
        tuple(
            Tier(floor_usd=float(f), initial=min(float(m) * extra, 1.0), maintenance=float(m))
            for f, m in zip(np.cumsum([0, *widths]), np.cumsum(steps), strict=True)
        )
    )


def test_reproduces_the_published_table_by_rate_and_amount():
    np.testing.assert_allclose(BTCUSDT.maintenance_amounts_usd(), AMOUNTS_USD, rtol=1e-12)
    for notional_usd, margin_usd in [(0, 0), (50_000, 200), (1e6, 8_700), (20e6, 733_700)]:
        assert BTCUSDT.requirement_usd(notional_usd)[1] == pytest.approx(margin_usd, rel=1e-12)


@given(schedules(), notionals)
def test_brackets_equal_rate_times_notional_less_the_amount(schedule, notional_usd):
    k = sum(tier.floor_usd <= notional_usd for tier in schedule.tiers) - 1
    form = notional_usd * schedule.tiers[k].maintenance - schedule.maintenance_amounts_usd()[k]
    _, maintenance_usd = schedule.requirement_usd(notional_usd)
    assert maintenance_usd == pytest.approx(form, rel=1e-9, abs=1e-6)


@given(schedules(), notionals)
def test_brackets_agree_with_slices_charged_one_by_one(schedule, notional_usd):
    slow = [slow_bracket_usd(notional_usd, schedule.tiers, r) for r in ("initial", "maintenance")]
    assert schedule.requirement_usd(notional_usd) == pytest.approx(slow, rel=1e-12, abs=1e-9)


@given(schedules())
def test_the_requirement_rises_to_the_last_bit_across_each_border(schedule):
    for low, high in itertools.pairwise(schedule.tiers):
        assert low.floor_usd < high.floor_usd
        below = schedule.requirement_usd(float(np.nextafter(high.floor_usd, 0.0)))
        at = schedule.requirement_usd(high.floor_usd)
        assert below[0] <= at[0]
        assert below[1] <= at[1]


TIERS = [
    {"floor_usd": "0", "initial": "0.02", "maintenance": "0.01"},
    {"floor_usd": "50000", "initial": "0.04", "maintenance": "0.02"},
]


def test_reads_a_schedule():
    schedule = TierSchedule.parse("margin.tiered.X", {"tiers": TIERS})
    assert schedule.requirement_usd(80_000.0) == (2200.0, 1100.0)


@pytest.mark.parametrize(
    ("tier", "change", "rule"),
    [
        (0, {"floor_usd": "1"}, "X: floor_usd of tier 0 must be 0, was 1"),
        (1, {"floor_usd": "0"}, "floor_usd of tier 1 must be > 0, was 0"),
        (1, {"maintenance": "0.009"}, "maintenance of tier 1 must be >= 0.01, was 0.009"),
        (1, {"initial": "0.019", "maintenance": "0.019"}, "initial of tier 1 must be >= 0.02"),
        (1, {"initial": "0.019"}, "0 < maintenance <= initial <= 1, was 0.02 and 0.019"),
        (1, {"initial": "1.5"}, "0 < maintenance <= initial <= 1, was 0.02 and 1.5"),
        (0, {"maintenance": "0"}, "rates of tier 0 must satisfy 0 < maintenance"),
        (0, {"maintenance": "nan"}, r"X.tiers\[0\]: maintenance must be a decimal string"),
        (0, {"floor_usd": 0}, r"X.tiers\[0\]: floor_usd must be a decimal string .*, was 0"),
        (1, {"rate": "1"}, r"X.tiers\[1\] must have the keys floor_usd, initial, maintenance"),
    ],
)
def test_refuses_a_schedule_that_breaks_a_rule(tier, change, rule):
    tiers = [dict(entry) for entry in TIERS]
    tiers[tier] |= change
    with pytest.raises(DocumentError, match=rule):
        TierSchedule.parse("X", {"tiers": tiers})


@pytest.mark.parametrize("tree", [{}, {"tiers": 3}, {"tiers": TIERS, "cap": "1"}])
def test_refuses_a_tree_that_is_not_a_schedule(tree):
    with pytest.raises(DocumentError, match="X must be a table with the one key 'tiers'"):
        TierSchedule.parse("X", tree)


def test_refuses_no_tiers_and_a_notional_that_is_none():
    with pytest.raises(DocumentError, match="tiers must not be empty"):
        TierSchedule.parse("X", {"tiers": []})
    with pytest.raises(InvalidInputError, match="notional_usd must be finite and >= 0, was -1"):
        BTCUSDT.requirement_usd(-1.0)
