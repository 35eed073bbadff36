"""Tests of the auditor's verdicts on single prints: the table of the documentation, row by row."""

import pytest

from hullmark.sim._auditor_flaws import Said, flaws_of, is_far, remember, weighted_median
from hullmark.sim._auditor_policies import read_prices

NOW, SECOND = 100 * 10**9, 10**9
SOURCE = {"price_min": "0.000000010", "price_max": "0.000000990", "heartbeat_s": "20"}
TREE = {
    "sources": {"a": SOURCE | {"confidence_max": "0.1", "jump_max": "0.5"}, "b": {}, "c": {}},
    "sources_min": 1,
    "staleness_s_max": "60",
    "price_min": "0.000000020",
    "price_max": "0.000000900",
}


def flaws(words, *, spot=None, **more):
    return flaws_of(words, read_prices(TREE | more), spot, NOW)


@pytest.mark.parametrize(
    ("price", "age_s", "width", "flaw"),
    [
        (None, 0, 1, "missing"),
        (0, 0, 1, "not_positive"),
        (10, 0, 1, "clamped"),
        (990, 0, 1, "clamped"),
        (11, 0, 1, "below_limit"),
        (901, 0, 1, "above_limit"),
        (20, 20, 1, None),
        (900, 0, 1, None),
        (100, -1, 1, "future"),
        (100, 21, 1, "late"),
        (100, 0, None, "unsure"),
        (100, 0, -1, "unsure"),
        (100, 0, 11, "unsure"),
        (100, 0, 10, None),
        (5, 99, None, "clamped"),  # the first of several
    ],
)
def test_each_flaw_by_itself(price, age_s, width, flaw):
    assert flaws({"a": Said(price, NOW - age_s * SECOND, width)}) == {"a": flaw}


def test_a_source_can_be_held_to_the_last_candidate():
    one = {"a": Said(151, NOW, 1)}
    assert flaws(one, spot=100) == {"a": "jump"}
    assert flaws(one, spot=101) == flaws(one) == {"a": None}


def test_who_is_not_listed_is_not_heard():
    assert flaws({"nobody": Said(100, NOW)}) == {}


def test_of_one_origin_the_heaviest_counts_then_the_newest_then_the_first():
    def counts(**sources):
        words = {"a": Said(100, NOW - 1), "b": Said(101, NOW), "c": Said(102, NOW)}
        tree = {s: {"origin": "one"} | more for s, more in sources.items()}
        found = flaws(words, sources=tree)
        return [source for source, flaw in found.items() if flaw is None]

    assert counts(a={"weight": 2}, b={}, c={}) == ["a"]
    assert counts(a={}, b={}, c={}) == ["b"]
    assert counts(a={}, b={}, c={"origin": "another"}) == ["b", "c"]


def test_the_same_price_at_the_same_instant_is_a_copy_where_the_rules_say_so():
    words = {"b": Said(100, NOW), "c": Said(100, NOW)}
    assert flaws(words) == {"b": None, "c": None}
    assert flaws(words, distinct=True) == {"b": None, "c": "copy"}
    assert flaws(words | {"c": Said(100, NOW - 1)}, distinct=True) == {"b": None, "c": None}


def test_the_band_is_drawn_once_around_all():
    words = {"a": Said(100, NOW, 1), "b": Said(104, NOW), "c": Said(111, NOW)}
    assert flaws(words, deviation_max="0.05") == {"a": None, "b": None, "c": "outlier"}


def test_of_a_mark_only_those_abroad_can_be_outliers():
    words = {"a": Said(100, NOW, 1), "b": Said(500, NOW), "c": Said(111, NOW)}
    mark = {"index": "BTC", "basis_half_life_s": "1", "book": "b", "external": ["a", "c"]}
    assert flaws(words, deviation_max="0.01", mark=mark) == {
        "a": "outlier", "b": None, "c": "outlier",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "median"),
    [([(1, 1)], 1), ([(1, 1), (2, 1)], 1), ([(1, 1), (4, 1)], 2), ([(1, 3), (9, 2)], 1),
     ([(9, 2), (1, 1), (5, 1)], 7)],
)  # fmt: skip
def test_the_median_is_where_half_of_the_weight_is_reached(row, median):
    assert weighted_median(row) == median


def test_a_share_is_of_where_one_starts_and_its_end_is_near():
    assert not is_far(120, 100, 0.2)
    assert is_far(121, 100, 0.2)
    assert not is_far(121, None, 0.2)
    assert not is_far(121, 100, None)


def test_of_each_source_the_newest_print_is_remembered_and_none_from_the_future():
    one = {"factor": "BTC", "source": "alpha", "price_nano": 5, "observed_ns": 7}
    known = remember({}, [one], 8)
    later = [one | {"price_nano": 4, "observed_ns": 6}, one | {"price_nano": 8}]
    remember(known, [*later, one | {"price_nano": 9, "observed_ns": 9}], 8)
    assert known == {"BTC": {"alpha": Said(8, 7)}}
