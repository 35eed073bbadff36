"""Tests of the auditor's weighing: the worked example of the documentation, row by row."""

from fractions import Fraction

import pytest

from hullmark.sim._auditor_prices import (
    ABSURD,
    NONE,
    STALE,
    UNCERTAIN,
    VALID,
    Said,
    Weighed,
    grade_now,
    remember,
    weigh,
)
from hullmark.sim._auditor_terms import PriceTerms

SECOND = NANO = 10**9
TERMS = PriceTerms(
    sources=frozenset({"alpha", "beta", "gamma"}),
    sources_min=2,
    staleness_ns=10 * SECOND,
    jump_max=Fraction("0.2"),
    price_min_nano=1,
    price_max_nano=None,
)
FIRST = Weighed(64_010 * NANO, VALID, 100 * SECOND)

# docs/concepts/prices.md, "From prints to a price": last, time, prints, grade, price
ROWS = [
    (Weighed(), 100, {"alpha": (64_000, 100), "beta": (64_010, 99), "gamma": (64_100, 98)}, VALID,
     64_010),
    (FIRST, 101, {"alpha": (1, 101), "beta": (64_010, 99), "gamma": (64_100, 98)}, VALID, 64_010),
    (FIRST, 105, {"alpha": (64_020, 105), "beta": (64_010, 90)}, UNCERTAIN, 64_020),
    (FIRST, 105, {"alpha": (0, 105), "beta": (None, 105)}, ABSURD, 64_010),
    (FIRST, 105, {"alpha": (45_000, 105), "beta": (45_000, 105)}, ABSURD, 64_010),
    (FIRST, 111, {"alpha": (45_000, 111), "beta": (45_000, 111)}, UNCERTAIN, 45_000),
    (FIRST, 111, {"alpha": (64_020, 100), "beta": (64_010, 99)}, STALE, 64_010),
    (FIRST, 111, {"alpha": (0, 111), "beta": (64_010, 99)}, STALE, 64_010),
    (FIRST, 101, {"nobody": (1, 101)}, STALE, 64_010),
    (Weighed(), 101, {"alpha": (0, 101)}, NONE, 0),
]  # fmt: skip


def said(prints):
    return {
        source: Said(None if usd is None else usd * NANO, at_s * SECOND)
        for source, (usd, at_s) in prints.items()
    }


@pytest.mark.parametrize(("last", "now_s", "prints", "grade", "usd"), ROWS)
def test_prints_are_weighed_as_the_documentation_says(last, now_s, prints, grade, usd):
    found = weigh(said(prints), TERMS, last, now_s * SECOND)
    assert (found.grade, found.price_nano) == (grade, usd * NANO)
    taken_over = grade in {VALID, UNCERTAIN}
    assert found.accepted_ns == (now_s * SECOND if taken_over else last.accepted_ns)


def test_of_each_source_the_newest_print_is_remembered():
    one = {"factor": "BTC", "source": "alpha", "price_nano": 5, "observed_ns": 7}
    known = remember({}, [one])
    remember(known, [one | {"price_nano": 4, "observed_ns": 6}, one | {"price_nano": 8}])
    assert known == {"BTC": {"alpha": Said(8, 7)}}


def test_a_good_price_grows_stale_and_a_bad_one_does_not_get_better():
    assert grade_now(FIRST, TERMS, 110 * SECOND) == VALID
    assert grade_now(FIRST, TERMS, 110 * SECOND + 1) == STALE
    assert grade_now(FIRST._replace(grade=ABSURD), TERMS, 200 * SECOND) == ABSURD
