"""Tests of the sections ``prices`` and ``actions`` as the auditor reads them."""

from fractions import Fraction

import pytest

from hullmark.sim._auditor_policies import (
    ABSURD,
    LIQUIDATE,
    NONE,
    RAISE_RISK,
    SETTLE,
    STALE,
    TRADE,
    UNCERTAIN,
    VALID,
    WITHDRAW,
    read_actions,
    read_prices,
)

PLAIN = {"sources": ["b", "a"], "sources_min": 1, "staleness_s_max": "60"}


def test_what_is_left_out_has_its_documented_default():
    found = read_prices(PLAIN)
    assert found.heard == ["a", "b"]
    assert found.sources["a"]._asdict() == {
        "weight": 1, "origin": "a", "heartbeat_ns": 60 * 10**9, "confidence_max": None,
        "price_min_nano": None, "price_max_nano": None, "jump_max": None,
    }  # fmt: skip
    assert (found.price_min_nano, found.price_max_nano, found.jump_max) == (1, None, None)
    assert found.made_from == set()


def test_parts_are_read_and_who_says_the_redemption_is_not_weighed():
    found = read_prices(
        PLAIN
        | {
            "redemption": {"source": "b", "deviation_max": "0.01"},
            "growth_cap": {"snapshot": "1.5", "at": "1970-01-02", "per_year": "0.1", "base": "ETH"},
            "mark": {"index": "BTC", "basis_half_life_s": "30", "external": ["a"]},
            "average": {"kind": "geometric", "window_s": "10"},
            "stable": {},
            "reopen": {"prints": 3, "sources": 2},
        }
    )
    assert found.heard == ["a"]
    assert found.redemption == ("b", Fraction(1, 100))
    assert found.made_from == {"ETH", "BTC"}
    assert found.growth_cap.snapshot_nano == 1_500_000_000
    assert found.average == ("geometric", 10**10)
    assert found.stable.growth_per_s == Fraction(3, 10_000)
    assert found.reopen == (3, 2)


@pytest.mark.parametrize(
    ("action", "worst"),
    [(TRADE, STALE), (RAISE_RISK, VALID), (WITHDRAW, VALID), (LIQUIDATE, UNCERTAIN),
     (SETTLE, ABSURD)],
)  # fmt: skip
def test_without_rules_the_table_of_the_documentation_holds(action, worst):
    rules = read_actions({})
    assert [grade for grade in range(NONE + 1) if rules.allows(action, grade)] == [
        *range(worst + 1)
    ]
    assert rules.grace_ns is None


def test_rules_may_tolerate_more_or_less_and_end_the_grace():
    rules = read_actions({"liquidate": "absurd", "settle": "valid", "grace_s": "1.5"})
    assert rules.allows(LIQUIDATE, ABSURD)
    assert not rules.allows(SETTLE, UNCERTAIN)
    assert not rules.allows(LIQUIDATE, NONE)
    assert rules.grace_ns == 1_500_000_000
