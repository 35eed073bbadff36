"""Tests of the auditor's candidates: quorum, dissent, confidence, and the mark of three parts."""

import pytest

from hullmark.sim._auditor_candidates import Basis, candidate_of, faded, mark_of
from hullmark.sim._auditor_flaws import Said, flaws_of
from hullmark.sim._auditor_policies import read_prices

NOW, SECOND = 100 * 10**9, 10**9
TREE = {
    "sources": {"a": {"weight": 3}, "b": {}, "c": {}},
    "sources_min": 2,
    "staleness_s_max": "60",
}
NO_BASIS = Basis()


def candidate(words, **more):
    terms = read_prices(TREE | more)
    return candidate_of(words, flaws_of(words, terms, None, NOW), terms)


def test_the_heaviest_decides_where_it_has_more_than_half():
    found = candidate({"a": Said(100, NOW), "b": Said(200, NOW - 5), "c": Said(300, NOW)})
    assert found[:3] == (100, 100, 100)
    assert (found.observed_ns, found.reason) == ([NOW, NOW - 5, NOW], "")


def test_too_few_origins_or_too_little_weight_are_no_quorum():
    assert candidate({"a": Said(100, NOW)}).reason == "quorum"
    two = {"b": Said(100, NOW), "c": Said(100, NOW)}
    assert candidate(two).reason == ""
    assert candidate(two, weight_min=3).reason == "quorum"
    assert candidate({}) is None


def test_outliers_of_much_weight_are_dissent_and_nobody_at_all_too():
    words = {"a": Said(100, NOW), "b": Said(200, NOW), "c": Said(101, NOW)}
    banded = {"deviation_max": "0.05", "dissent_max": "0.1"}
    assert candidate(words, **banded)[0] == 100
    assert candidate(words, **banded).reason == "dissent"
    assert candidate(words, **banded | {"dissent_max": "0.2"}).reason == ""
    assert candidate(words, **banded, weight_min=5).reason == "quorum"  # told first
    alike = {"b": Said(100, NOW), "c": Said(300, NOW)}
    found = candidate(alike, deviation_max="0.05")
    assert (found.price_nano, found.reason) == (200, "dissent")


def test_sides_are_medians_of_what_each_source_may_be_off():
    words = {"a": Said(100, NOW, 4), "b": Said(90, NOW), "c": Said(120, NOW, 50)}
    found = candidate(words, sources=["a", "b", "c"], confidence_multiple="2.5")
    assert found[:3] == (100, 90, 110)  # of 90, 90, 1 and of 110, 90, 245


# --- marks ----------------------------------------------------------------------------------------


def mark(words, index, *, basis=NO_BASIS, last=None, tree=None, **more):
    part = {"index": "BTC", "basis_half_life_s": "10", "book": "a", "external": ["b", "c"]} | more
    terms = read_prices(TREE | {"mark": part, "sources_min": 1} | (tree or {}))
    return mark_of(
        words,
        flaws_of(words, terms, None, NOW),
        terms,
        index_nano=index,
        basis=basis,
        last=last,
        now_ns=NOW,
    )


def test_a_mark_is_the_median_of_its_parts():
    words = {"a": Said(150, NOW), "b": Said(103, NOW), "c": Said(105, NOW)}
    found, basis = mark(words, 100, basis=Basis(2, 8, NOW))
    assert basis == (2, 50, NOW)  # no time has passed
    assert (found[0], found.reason) == (104, "")  # of 102, 150 and 104
    found, basis = mark(words, None, basis=Basis(2, 8, 5))
    assert (found[0], basis) == (127, (2, 8, 5))  # of 150 and 104


def test_one_part_of_three_is_no_quorum_and_none_is_no_mark():
    found, basis = mark({"a": Said(150, NOW)}, None)
    assert (found[0], found.reason, basis) == (150, "quorum", Basis())
    assert mark({}, None) == (None, Basis())


def test_the_basis_moves_by_half_in_a_half_life_to_what_was_said_last():
    words = {"a": Said(120, NOW)}
    assert mark(words, 100)[1] == (0, 20, NOW)
    assert mark(words, 100, basis=Basis(0, 8, NOW - 10 * SECOND))[1] == (4, 20, NOW)
    gone = Basis(0, 64, 0)  # counts for a minute, which is six half-lives
    assert mark(words, 100, basis=gone)[1] == (63, 20, NOW)
    short = {"sources": TREE["sources"] | {"a": {"heartbeat_s": "10"}}}
    assert mark(words, 100, basis=gone, tree=short)[1] == (32, 20, NOW)


def test_the_book_alone_does_not_make_the_mark_at_its_first_word():
    words = {"a": Said(50, NOW), "b": Said(100, NOW), "c": Said(100, NOW)}
    found, basis = mark(words, 100)
    assert (found[0], found.reason, basis) == (100, "", (0, -50, NOW))


def test_a_mark_moves_no_faster_than_it_may_and_says_where_it_would_be():
    words = {"a": Said(200, NOW), "b": Said(200, NOW)}
    found, _ = mark(words, None, last=(100, NOW - 30 * SECOND), move_max_per_minute="0.2")
    assert found[:3] == (110, 110, 200)


@pytest.mark.parametrize(("value", "elapsed", "half_life", "found"), [
    (0, 0, 5, 100), (0, 5, 5, 50), (0, 15, 5, 12), (100, 7, 5, 100), (-100, 10, 5, -50),
])  # fmt: skip
def test_averages_fade_by_half_in_a_half_life(value, elapsed, half_life, found):
    assert faded(100, value, elapsed, half_life) == found
