"""Price policies are read exactly, and what breaks a rule is refused by key, rule and value."""

import pytest

from hullmark.core import NANO, SECOND_NS
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.market import PricePolicy
from hullmark.market._policy_parts import (
    AverageTerms,
    GrowthTerms,
    MarkTerms,
    RedemptionTerms,
    ReopenTerms,
    SourceTerms,
    StableTerms,
)

AGE_MAX = 60 * SECOND_NS
TREE = {
    "sources": ["a", "b", "c"],
    "sources_min": 2,
    "staleness_s_max": "60",
    "jump_max": "0.1",
    "price_min": "0.5",
    "price_max": "1000",
}


def test_a_policy_is_read_exactly():
    assert PricePolicy.parse(TREE) == PricePolicy(
        sources=("a", "b", "c"),
        sources_min=2,
        staleness_ns_max=AGE_MAX,
        jump_nano_max=NANO // 10,
        price_nano_min=NANO // 2,
        price_nano_max=1_000 * NANO,
    )
    least = {"sources": ["a"], "sources_min": 1, "staleness_s_max": "0.000000001"}
    assert PricePolicy.parse(least) == PricePolicy(
        sources=("a",), sources_min=1, staleness_ns_max=1
    )


BAD_VALUES = [
    ("sources", [], "sources must not be empty, was []"),
    ("sources", {}, "sources must not be empty, was {}"),
    ("sources", ["a", "a"], "sources must be distinct, was ('a', 'a')"),
    ("sources", "abc", "sources must be a list of names, was 'abc'"),
    ("sources", ["a", 1], "sources must be a list of names, was ['a', 1]"),
    ("sources", ["a", ""], "sources must be a list of names, was ['a', '']"),
    ("sources", None, "sources must be a list of names, was None"),
    ("sources_min", 0, "sources_min must be in [1, 3], was 0"),
    ("sources_min", 4, "sources_min must be in [1, 3], was 4"),
    ("sources_min", "2", "sources_min must be a whole number, was '2'"),
    ("sources_min", 2.0, "sources_min must be a whole number, was 2.0"),
    ("sources_min", True, "sources_min must be a whole number, was True"),
    ("staleness_s_max", "0", "staleness_s_max must be > 0, was 0"),
    ("staleness_s_max", "-1.5", "staleness_s_max must be > 0, was -1.5"),
    ("staleness_s_max", 60.0, "staleness_s_max must be a decimal string, was 60.0"),
    ("jump_max", "0", "jump_max must be > 0, was 0; leave it out for none"),
    ("jump_max", "-0.1", "jump_max must be > 0, was -0.1; leave it out for none"),
    ("jump_max", "inf", "jump_max must be a finite decimal of at most 9 decimals, was 'inf'"),
    ("price_min", "0", "price_min must be > 0, was 0"),
    ("price_min", "1001", "price_max must be >= price_min (1001), was 1000"),
    ("price_max", "0.4", "price_max must be >= price_min (0.5), was 0.4"),
    ("price_max", "NaN", "price_max must be a finite decimal of at most 9 decimals, was 'NaN'"),
]


@pytest.mark.parametrize(("key", "value", "message"), BAD_VALUES)
def test_a_bad_value_is_refused_by_key_rule_and_value(key, value, message):
    with pytest.raises(InvalidInputError) as refused:
        PricePolicy.parse({**TREE, key: value})
    assert str(refused.value) == message


@pytest.mark.parametrize("key", ["sources", "sources_min", "staleness_s_max"])
def test_a_missing_key_is_named(key):
    with pytest.raises(DocumentError, match=f"key '{key}' is missing"):
        PricePolicy.parse({k: v for k, v in TREE.items() if k != key})


def test_an_unknown_key_is_named_with_those_that_are_known():
    with pytest.raises(DocumentError, match=r"unknown key 'jump'; known: average, .*, jump_max, "):
        PricePolicy.parse({**TREE, "jump": "0.1"})


@pytest.mark.parametrize("bad", [None, [], "sources", 3])
def test_a_policy_that_is_no_table_is_refused(bad):
    with pytest.raises(DocumentError, match="a price policy must be a table, was "):
        PricePolicy.parse(bad)


FULL = {
    "sources": {
        "a": {"weight": 3, "heartbeat_s": "5", "confidence_max": "0.01", "origin": "one"},
        "b": {"price_min": "0.1", "price_max": "9", "jump_max": "0.2"},
        "c": {},
    },
    "sources_min": 1,
    "staleness_s_max": "60",
    "weight_min": 4,
    "deviation_max": "0.02",
    "dissent_max": "0",
    "distinct": True,
    "confidence_multiple": "2.5",
    "delay_s": "3600",
    "redemption": {"source": "c", "deviation_max": "0.01"},
    "growth_cap": {"snapshot": "1.1", "at": "2026-01-01T00:00:00Z", "per_year": "0.08"},
    "average": {"kind": "geometric", "window_s": "1800"},
    "stable": {},
    "reopen": {"prints": 3, "sources": 2},
}


def test_sources_with_terms_and_every_part_are_read_exactly():
    found = PricePolicy.parse(FULL)
    assert found.sources == ("a", "b", "c")
    assert found.voices == ("a", "b")  # the third speaks of redemptions
    assert found.terms == {
        "a": SourceTerms(
            weight=3, heartbeat_ns=5 * SECOND_NS, confidence_nano_max=NANO // 100, origin="one"
        ),
        "b": SourceTerms(
            price_nano_min=NANO // 10, price_nano_max=9 * NANO, jump_nano_max=NANO // 5
        ),
    }
    assert found.terms_of("c") == SourceTerms()
    assert (found.weight_min, found.deviation_nano_max, found.dissent_nano_max) == (
        4,
        NANO // 50,
        0,
    )
    assert (found.distinct, found.confidence_multiple_nano) == (True, 25 * NANO // 10)
    assert found.delay_ns == 3_600 * SECOND_NS
    assert found.redemption == RedemptionTerms(source="c", deviation_nano_max=NANO // 100)
    assert found.growth_cap == GrowthTerms(
        snapshot_nano=11 * NANO // 10, at_ns=1_767_225_600 * NANO, per_year_nano=8 * NANO // 100
    )
    assert found.average == AverageTerms(kind="geometric", window_ns=1_800 * SECOND_NS)
    assert found.stable == StableTerms()
    assert found.reopen == ReopenTerms(prints=3, sources=2)
    assert not found.plain
    assert PricePolicy.parse(TREE).plain
    assert PricePolicy.parse(TREE | {"sources": {"a": {}, "b": {"weight": 1}, "c": {}}}).plain


def test_a_mark_names_its_inputs():
    mark = {"index": "BTC", "basis_half_life_s": "150", "book": "a", "external": ["b", "c"]}
    found = PricePolicy.parse(TREE | {"mark": mark | {"move_max_per_minute": "0.05"}})
    assert found.mark == MarkTerms(
        index="BTC",
        basis_half_life_ns=150 * SECOND_NS,
        book="a",
        external=("b", "c"),
        move_nano_max_per_minute=NANO // 20,
    )
    assert (found.inputs, found.inputs_needed) == (("BTC",), ())
    growth = FULL["growth_cap"] | {"base": "ETH"}
    found = PricePolicy.parse(TREE | {"growth_cap": growth})
    assert found.inputs == found.inputs_needed == ("ETH",)
    assert found.input_of == {"growth_cap.base": "ETH"}


MARK = {"index": "BTC", "basis_half_life_s": "150", "book": "a", "external": ["b", "c"]}
BAD_PARTS = [
    ({"sources": {"a": {"weight": 0}}}, "sources.a: weight must be a whole number > 0, was 0"),
    ({"sources": {"a": []}}, "sources.a: must be a table, was []"),
    ({"sources": {"": {}}}, "sources must be a list of names, was {'': {}}"),
    (
        {"sources": {"a": {"price_min": "2", "price_max": "2"}}},
        "sources.a: price_max must be > price_min (2), was 2",
    ),
    (
        {"sources": {s: {"origin": "x"} for s in "abc"}},
        "sources_min must be in [1, 1], the number of origins, was 2",
    ),
    ({"weight_min": 4}, "weight_min must be in [1, 3], was 4"),
    ({"deviation_max": "0"}, "deviation_max must be > 0, was 0"),
    ({"dissent_max": "1", "deviation_max": "0.1"}, "dissent_max must be >= 0 and < 1, was 1"),
    ({"dissent_max": "0.5"}, "dissent_max must have a deviation_max to dissent by, has none"),
    ({"distinct": "yes"}, "distinct must be a boolean, was 'yes'"),
    (
        {"average": {"kind": "mean", "window_s": "1"}},
        "average: kind must be one of arithmetic, geometric, exponential, was 'mean'",
    ),
    ({"average": {"kind": "geometric"}}, "average: key 'window_s' is missing"),
    (
        {"stable": {"speed": "1"}},
        "stable: unknown key 'speed'; known: delay_growth, growth_per_s, interval_s",
    ),
    (
        {"redemption": {"source": "x", "deviation_max": "0.1"}},
        "'x' must be one of the sources, was none",
    ),
    ({"mark": MARK | {"external": ["b"]}}, "mark must use every source, left out 'c'"),
    (
        {"mark": MARK | {"external": ["a", "b", "c"]}},
        "a source must have one part, was ['a', 'a', 'b', 'c']",
    ),
    ({"mark": MARK | {"book": "boook"}}, "'boook' must be one of the sources, was none"),
    ({"mark": MARK, "weight_min": 3}, "weight_min must be left out beside a mark, was 3"),
    (
        {"mark": MARK, "confidence_multiple": "2.5"},
        "confidence_multiple must be left out beside a mark, was 2.5",
    ),
    ({"stable": {"interval_s": "0.5"}}, "stable: interval_s must be whole seconds, was 0.5"),
    ({"stable": {"interval_s": "60.1"}}, "stable: interval_s must be whole seconds, was 60.1"),
    ({"mark": MARK | {"external": []}}, "mark: external must be a list of names, was []"),
    ({"mark": MARK | {"external": ["b", "b"]}}, "mark: external must be distinct, was ('b', 'b')"),
    ({"mark": MARK | {"index": ""}}, "mark: index must be a name, was ''"),
    ({"reopen": {"prints": 1, "sources": 4}}, "reopen.sources must be in [1, 3], was 4"),
    ({"reopen": {"prints": 0, "sources": 1}}, "reopen: prints must be a whole number > 0, was 0"),
]


@pytest.mark.parametrize(("changed", "message"), BAD_PARTS)
def test_parts_that_do_not_fit_are_refused(changed, message):
    with pytest.raises(DocumentError) as refused:
        PricePolicy.parse(TREE | changed)
    assert str(refused.value) == message


def test_a_breaker_needs_something_to_agree_within():
    tree = {k: v for k, v in TREE.items() if k != "jump_max"}
    with pytest.raises(DocumentError, match="must have a deviation_max or a jump_max"):
        PricePolicy.parse(tree | {"reopen": {"prints": 1, "sources": 1}})
