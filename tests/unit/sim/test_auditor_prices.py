"""Tests of the auditor's grades: the worked examples of the documentation, row by row."""

import pytest

from hullmark.sim._auditor_flaws import Said
from hullmark.sim._auditor_policies import ABSURD, NONE, STALE, UNCERTAIN, VALID, read_prices
from hullmark.sim._auditor_prices import Weighed, grade_now, is_spared, weigh
from hullmark.sim._auditor_refining import Memory

SECOND = NANO = 10**9
TREE = {
    "sources": ["alpha", "beta", "gamma"],
    "sources_min": 2,
    "staleness_s_max": "10",
    "jump_max": "0.2",
}
TERMS = read_prices(TREE)
FIRST = Weighed(64_010 * NANO, VALID, 100 * SECOND)
GAP = {"alpha": (45_000, 111), "beta": (45_000, 111)}

# docs/concepts/prices.md, "From prints to a price": last, time, prints, grade, price, reason
ROWS = [
    (Weighed(), 100, {"alpha": (64_000, 100), "beta": (64_010, 99), "gamma": (64_100, 98)}, VALID,
     64_010, ""),
    (FIRST, 101, {"alpha": (1, 101), "beta": (64_010, 99), "gamma": (64_100, 98)}, VALID, 64_010,
     ""),
    (FIRST, 105, {"alpha": (64_020, 105), "beta": (64_010, 90)}, UNCERTAIN, 64_020, "quorum"),
    (FIRST, 105, {"alpha": (0, 105), "beta": (None, 105)}, ABSURD, 64_010, "missing"),
    (FIRST, 105, {"alpha": (45_000, 105), "beta": (45_000, 105)}, ABSURD, 64_010, "jump"),
    (FIRST, 111, GAP, UNCERTAIN, 45_000, "jump"),
    (FIRST, 111, {"alpha": (64_020, 100), "beta": (64_010, 99)}, STALE, 64_010, "late"),
    (FIRST, 111, {"alpha": (0, 111), "beta": (64_010, 99)}, STALE, 64_010, "late"),
    (FIRST, 101, {"nobody": (1, 101)}, STALE, 64_010, "silence"),
    (Weighed(), 101, {"alpha": (0, 101)}, NONE, 0, "not_positive"),
]  # fmt: skip


def said(prints):
    return {
        source: Said(None if usd is None else usd * NANO, at_s * SECOND)
        for source, (usd, at_s) in prints.items()
    }


def weighed(last, now_s, prints, **more):
    return weigh(said(prints), read_prices(TREE | more), last, now_s * SECOND)


@pytest.mark.parametrize(("last", "now_s", "prints", "grade", "usd", "reason"), ROWS)
def test_prints_are_weighed_as_the_documentation_says(last, now_s, prints, grade, usd, reason):
    found = weighed(last, now_s, prints)
    assert (found.grade, found.price_nano, found.reason) == (grade, usd * NANO, reason)
    taken_over = grade in {VALID, UNCERTAIN}
    assert found.accepted_ns == (now_s * SECOND if taken_over else last.accepted_ns)


def test_a_jump_that_was_taken_over_waits_for_new_words_with_both_prices_as_its_sides():
    late = weighed(FIRST, 111, GAP)
    assert (late.low_nano, late.high_nano) == (None, 64_010 * NANO)
    assert late.doubted_ns == 110 * SECOND  # when the last one grew old
    assert weighed(late, 112, GAP).reason == "jump"
    new = {"alpha": (45_100, 112), "beta": (45_000, 113)}
    assert weighed(late, 113, new) == Weighed(45_050 * NANO, VALID, 113 * SECOND)


def test_back_within_reach_of_the_last_valid_price_it_was_no_jump():
    late = weighed(FIRST, 111, GAP)
    back = {"alpha": (64_000, 111), "beta": (64_000, 111)}
    assert weighed(late, 112, back) == Weighed(64_000 * NANO, VALID, 112 * SECOND)


def test_what_was_not_taken_over_may_be_the_right_one():
    held = weighed(FIRST, 105, {"alpha": (45_000, 105), "beta": (45_010, 105)})
    assert (held.low_nano, held.high_nano) == (45_005 * NANO, None)
    assert held.memory == Memory(valid_nano=64_010 * NANO)
    assert held.doubted_ns == 105 * SECOND
    again = weighed(held, 107, {})
    assert (again.grade, again.reason, again.doubted_ns) == (STALE, "silence", 105 * SECOND)


def test_a_breaker_closes_after_a_row_that_agrees():
    more = {"reopen": {"prints": 2, "sources": 2}}
    halted = weighed(FIRST, 102, {"alpha": (45_000, 102), "beta": (45_000, 102)}, **more)
    assert (halted.grade, halted.reason, halted.memory.halted) == (ABSURD, "jump", True)
    said_103 = {"alpha": (45_000, 103), "beta": (45_010, 104)}
    once = weighed(halted, 104, said_103, **more)
    assert (once.reason, once.memory.steady) == ("halted", 1)
    assert weighed(once, 106, said_103, **more).memory.steady == 1  # nothing new
    away = {"alpha": (70_000, 105), "beta": (70_000, 105)}
    other = weighed(once, 105, away, **more)
    assert (other.memory.steady, other.memory.steady_nano) == (1, 70_000 * NANO)  # a new row
    assert weighed(once, 106, {}, **more).memory.steady == 0
    back = weighed(once, 106, {"alpha": (45_100, 105), "beta": (45_090, 106)}, **more)
    assert back == Weighed(45_095 * NANO, VALID, 106 * SECOND)


def test_a_breaker_that_rules_no_longer_ask_for_closes_at_the_next_quorum():
    halted = FIRST._replace(grade=ABSURD, memory=Memory(halted=True, steady_ns=102 * SECOND))
    assert weighed(halted, 104, {"alpha": (64_000, 103)}).reason == "halted"
    found = weighed(halted, 104, {"alpha": (64_000, 103), "beta": (64_000, 104)})
    assert (found.grade, found.memory) == (VALID, Memory())


def test_without_its_base_a_capped_price_stays():
    cap = {"snapshot": "1", "at": "1970-01-01", "per_year": "0", "base": "ETH"}
    terms = read_prices(TREE | {"growth_cap": cap})
    words = said({"alpha": (64_000, 101), "beta": (64_000, 101)})
    found = weigh(words, terms, FIRST, 101 * SECOND, {})
    assert (found.grade, found.reason) == (STALE, "input")
    found = weigh(words, terms, FIRST, 101 * SECOND, {"ETH": 5 * NANO})
    assert (found.price_nano, found.memory.spot_nano) == (5 * NANO, 64_000 * NANO)


def test_a_good_price_grows_stale_and_a_bad_one_does_not_get_better():
    assert grade_now(FIRST, TERMS, 110 * SECOND) == VALID
    assert grade_now(FIRST, TERMS, 110 * SECOND + 1) == STALE
    assert grade_now(FIRST._replace(grade=ABSURD), TERMS, 200 * SECOND) == ABSURD


def test_an_account_is_spared_from_the_doubt_to_the_end_of_the_grace():
    wide = FIRST._replace(low_nano=1)
    doubted = wide._replace(grade=UNCERTAIN, doubted_ns=100 * SECOND)
    assert is_spared(doubted, TERMS, None, 10**6 * SECOND)
    assert is_spared(doubted, TERMS, 5 * SECOND, 105 * SECOND)
    assert not is_spared(doubted, TERMS, 5 * SECOND, 105 * SECOND + 1)
    assert not is_spared(wide, TERMS, None, 110 * SECOND)
    assert is_spared(wide, TERMS, None, 110 * SECOND + 1)  # it has grown old
    assert not is_spared(wide, TERMS, 1, 110 * SECOND + 2)
    assert not is_spared(FIRST, TERMS, None, 10**6 * SECOND)
