"""Confidences, how they are put together, and who bears a doubt."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import (
    Interval,
    Purpose,
    aggregate_confidence,
    confidence_interval,
    side_for,
    strict_sides,
    too_uncertain,
)

quotes = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**4)), min_size=1, max_size=9)


def test_an_interval_never_falls_below_zero():
    assert confidence_interval(50_000, 10, multiple="2.12") == (
        Decimal("49978.80"),
        Decimal("50021.20"),
    )
    assert confidence_interval(1, 2).low == 0


def test_a_share_at_its_limit_is_still_certain():
    assert not too_uncertain(50, 1, "0.02")
    assert too_uncertain(50, "1.0000000001", "0.02")


# By hand, as pyth-client's price_model.c counts: 101 -/+ 1, 103 -/+ 1 and one at 110 -/+ 20. Of the
# votes 90, 100, 101, 102, 102, 103, 104, 110, 130 the middle is 102, the quarters are 101 and 104.
def test_votes_are_taken_as_their_publisher_takes_them():
    assert aggregate_confidence([(101, 1), (103, 1), (110, 20)]) == (102, 2)


@given(quotes)
def test_a_common_price_lies_within_what_its_publishers_say(said):
    price, confidence = aggregate_confidence(said)
    assert min(p - c for p, c in said) <= price <= max(p + c for p, c in said)
    assert 0 <= confidence <= max(p + c for p, c in said) - min(p - c for p, c in said)
    # A quarter of the votes lies on either side beyond the confidence at most.
    votes = sorted(v for p, c in said for v in (p - c, p, p + c))
    assert sum(v < price - confidence for v in votes) <= len(votes) // 4


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(-5, 5).filter(bool))
def test_to_be_seized_is_never_worse_than_to_add_risk(one, other, quantity):
    sides = strict_sides(one, other)
    careful, generous = (quantity * side_for(p, quantity, sides) for p in Purpose)
    assert careful <= quantity * one <= generous


def test_a_debt_counts_high_to_add_risk_and_low_to_be_seized():
    sides = Interval(Decimal(99), Decimal(101))
    assert side_for(Purpose.ADD_RISK, -1, sides) == 101
    assert side_for(Purpose.SEIZE, -1, sides) == 99


def test_what_is_no_view_is_refused():
    for call in (
        strict_sides,
        lambda: aggregate_confidence([]),
        lambda: aggregate_confidence([(1, -1)]),
        lambda: confidence_interval(0, 1),
    ):
        with pytest.raises(InvalidInputError, match=", was"):
            call()
