"""Tests of grades: in doubt less is allowed, and never more."""

import itertools

import pytest
from hypothesis import given, strategies as st

from hullmark.market import ALLOWED, Action, Grade


def test_every_grade_says_what_it_allows():
    assert set(ALLOWED) == set(Grade)
    assert ALLOWED[Grade.VALID] == set(Action)
    assert not ALLOWED[Grade.NONE]


@given(st.sampled_from(Grade), st.sampled_from(Grade))
def test_a_worse_grade_never_allows_more(a, b):
    better, worse = sorted((a, b))
    assert ALLOWED[worse] <= ALLOWED[better]


@pytest.mark.parametrize("grade", [g for g in Grade if g is not Grade.VALID])
def test_in_doubt_nobodys_risk_grows_and_nothing_is_paid_out(grade):
    assert not ALLOWED[grade] & {Action.ADD_RISK, Action.WITHDRAW}


@pytest.mark.parametrize("grade", [Grade.STALE, Grade.ABSURD, Grade.NONE])
def test_nobody_is_seized_on_a_price_that_is_not_fresh(grade):
    assert Action.LIQUIDATE not in ALLOWED[grade]


def test_risk_may_be_reduced_wherever_anything_is_allowed():
    assert all(Action.REDUCE_RISK in allowed for allowed in ALLOWED.values() if allowed)


def test_grades_are_numbers_in_order_as_events_store_them():
    names = ["VALID", "UNCERTAIN", "STALE", "ABSURD", "NONE"]
    assert [(g.name, g.value) for g in Grade] == list(zip(names, itertools.count()))
