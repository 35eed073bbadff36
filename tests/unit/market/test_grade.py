"""Tests of grades and actions: in doubt less is allowed, and never more."""

import itertools

import pytest
from hypothesis import given, strategies as st

from hullmark.core import SECOND_NS
from hullmark.errors import DocumentError
from hullmark.market import Action, ActionRules, Grade

RULES = ActionRules()
REAL = [grade for grade in Grade if grade is not Grade.NONE]


def allowed(rules, grade):
    return {action for action in Action if rules.allows(action, grade)}


def test_valid_allows_everything_and_nothing_is_done_on_no_price():
    for rules in (RULES, ActionRules(trade=Grade.ABSURD, liquidate=Grade.ABSURD)):
        assert allowed(rules, Grade.VALID) == set(Action)
        assert not allowed(rules, Grade.NONE)


@given(st.sampled_from(Grade), st.sampled_from(Grade), st.sampled_from(REAL), st.sampled_from(REAL))
def test_a_worse_grade_never_allows_more(a, b, trade, liquidate):
    rules = ActionRules(trade=trade, liquidate=liquidate)
    better, worse = sorted((a, b))
    assert allowed(rules, worse) <= allowed(rules, better)


@pytest.mark.parametrize("grade", [g for g in Grade if g is not Grade.VALID])
def test_in_doubt_nobodys_risk_grows_and_nothing_is_paid_out(grade):
    assert not allowed(RULES, grade) & {Action.RAISE_RISK, Action.WITHDRAW}


@pytest.mark.parametrize("grade", [Grade.STALE, Grade.ABSURD, Grade.NONE])
def test_nobody_is_seized_on_a_price_that_is_not_fresh(grade):
    assert Action.LIQUIDATE not in allowed(RULES, grade)


def test_by_default_risk_is_reduced_on_a_stale_price_and_what_is_due_settled_on_any():
    assert allowed(RULES, Grade.UNCERTAIN) == {Action.TRADE, Action.LIQUIDATE, Action.SETTLE}
    assert allowed(RULES, Grade.STALE) == {Action.TRADE, Action.SETTLE}
    assert allowed(RULES, Grade.ABSURD) == {Action.SETTLE}


def test_the_section_is_read_exactly():
    tree = {action.name.lower(): "uncertain" for action in Action} | {"grace_s": "90.5"}
    assert ActionRules.parse(tree) == ActionRules(
        **dict.fromkeys(
            ("trade", "withdraw", "raise_risk", "liquidate", "settle"), Grade.UNCERTAIN
        ),
        grace_ns=905 * SECOND_NS // 10,
    )
    assert ActionRules.parse({}) == RULES


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([], "must be a table, was []"),
        ({"add_risk": "valid"}, "unknown key 'add_risk'; known: grace_s, liquidate, raise_risk, "),
        (
            {"liquidate": "none"},
            "liquidate must be one of valid, uncertain, stale, absurd, was ",
        ),
        ({"liquidate": 1}, "liquidate must be one of valid, uncertain, stale, absurd, was 1"),
        (
            {"liquidate": ["valid"]},
            "liquidate must be one of valid, uncertain, stale, absurd, was ",
        ),
        ({"grace_s": "0"}, "grace_s must be > 0, was 0; leave it out for none"),
        (
            {"trade": "valid", "withdraw": "stale"},
            "withdraw must tolerate no more than trade (v",
        ),
        (
            {"raise_risk": "absurd"},
            "raise_risk must tolerate no more than trade (stale), was ",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused_by_key_rule_and_value(tree, message):
    with pytest.raises(DocumentError) as refused:
        ActionRules.parse(tree)
    assert str(refused.value).startswith(message)


def test_a_price_that_never_was_is_nothing_to_act_on():
    with pytest.raises(DocumentError, match="settle must be a grade of a price that there is"):
        ActionRules(settle=Grade.NONE)


def test_grades_and_actions_are_numbers_in_order():
    names = ["VALID", "UNCERTAIN", "STALE", "ABSURD", "NONE"]
    assert [(g.name, g.value) for g in Grade] == list(zip(names, itertools.count()))
    assert [a.value for a in Action] == list(range(5))
