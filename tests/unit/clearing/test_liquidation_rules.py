"""Tests of the section ``liquidation``: what it takes, and how it says no."""

import pytest

from hullmark.clearing._liquidation_rules import LiquidationRules, ThrottleRules
from hullmark.core import NANO, SECOND_NS
from hullmark.errors import InvalidInputError


def test_a_section_is_read_in_whole_numbers():
    rules = LiquidationRules.parse(
        {
            "engine": "unwind", "target": "0.75", "slippage": "0", "penalty": "0.01",
            "gap": "0.02", "rounds_max": 3, "order_s": "1.5", "park_s": "0.000000001",
            "throttle": {"burst_usd": "100", "refill_usd_per_s": "2.5"},
            "depth_usd": {"BTC-PERP": "4500000"},
        }
    )  # fmt: skip
    assert rules == LiquidationRules(
        engine="unwind", target_nano=750_000_000, slippage_nano=0, penalty_nano=10_000_000,
        gap_nano=20_000_000, rounds_max=3, order_ns=SECOND_NS * 3 // 2, park_ns=1,
        throttle=ThrottleRules(burst_nano=100 * NANO, refill_per_s_nano=2_500_000_000),
        depth_usd={"BTC-PERP": 4_500_000.0},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("target", "0", "target must be > 0 and <= 1, was 0"),
        ("target", "1.000000001", "target must be > 0 and <= 1, was 1.000000001"),
        ("slippage", "1", "slippage must be >= 0 and < 1, was 1"),
        ("penalty", "-0.1", "penalty must be >= 0 and < 1, was -0.1"),
        ("gap", "1.5", "gap must be >= 0 and < 1, was 1.5"),
        ("gap", 0.1, "gap must be a decimal string, was 0.1"),
        ("order_s", "-30", "order_s must be > 0, was -30"),
        ("park_s", "0", "park_s must be > 0, was 0"),
        ("rounds_max", 0, "rounds_max must be > 0, was 0"),
        ("rounds_max", "5", "rounds_max must be a whole number, was '5'"),
        ("rounds_max", True, "rounds_max must be a whole number, was True"),
        ("engine", 5, "engine must be a name, was 5"),
        ("throttle", 5, "throttle must have burst_usd and refill_usd_per_s, was 5"),
        ("throttle", {"burst_usd": "1"}, "throttle must have burst_usd and refill_usd_per_s, was"),
        ("throttle", {"burst_usd": "1", "refill_usd_per_s": "0"}, "throttle must be > 0, was"),
        ("depth_usd", ["1"], r"depth_usd must be a table, was \['1'\]"),
        ("depth_usd", {"BTC-PERP": "0"}, "depth_usd.BTC-PERP must be > 0, was 0"),
        ("haste", "1", "haste must be a key of the schema, was '1'"),
    ],
)
def test_a_value_that_breaks_its_rule_is_refused_with_it(key, value, message):
    with pytest.raises(InvalidInputError, match=message):
        LiquidationRules.parse({key: value})


def test_a_bucket_refills_by_the_nanosecond_and_rounds_down():
    bucket = ThrottleRules(burst_nano=100 * NANO, refill_per_s_nano=2 * NANO)
    assert bucket.refill_nano(SECOND_NS // 2) == NANO
    assert ThrottleRules(burst_nano=NANO, refill_per_s_nano=1).refill_nano(SECOND_NS - 1) == 0


def of(*stages):
    chain = [TERMS[stage] for stage in stages]
    return LiquidationRules.parse({"chain": chain} if chain else {})


TERMS = {
    "soft": {"stage": "soft", "level": "0.9", "share_min": "0.1", "share_max": "0.5"},
    "partial": {"stage": "partial"},
    "backstop": {"stage": "backstop"},
}


def test_a_liquidation_begins_again_after_the_soft_stage():
    assert of("soft", "partial", "backstop").restart == 1
    assert (of("partial").restart, of().restart) == (0, 0)


@pytest.mark.parametrize(
    ("before", "place", "after", "found"),
    [
        (("partial", "backstop"), 1, ("soft", "partial", "backstop"), 2),  # at its own stage
        (("soft", "partial", "backstop"), 1, ("partial",), 0),
        (("soft", "partial", "backstop"), 2, ("soft", "partial"), 1),  # it is gone: once more
        (("partial", "backstop"), 1, (), 0),
        ((), 0, ("soft", "partial"), 0),  # from the beginning
    ],
)
def test_a_liquidation_goes_on_at_its_stage_of_other_rules(before, place, after, found):
    assert of(*after).place_from(of(*before).chain, place) == found
