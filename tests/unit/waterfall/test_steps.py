"""Tests of the waterfall: the declared order, and every quantum accounted for."""

import pytest
from hypothesis import given, strategies as st

from hullmark.core import INT64_MAX
from hullmark.domain import SystemAccount
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.waterfall import Share, allocate, parse_steps

FUND, BAD_DEBT = SystemAccount.FUND, SystemAccount.BAD_DEBT

deficits = st.integers(0, INT64_MAX)
declared = st.sampled_from([("fund", "bad-debt"), ("bad-debt",)])
funds = st.integers(-INT64_MAX, INT64_MAX)


def paid(deficit, steps, fund):
    return dict(allocate(deficit, steps, {FUND: fund, BAD_DEBT: -5}))


@pytest.mark.parametrize(
    ("deficit", "fund", "from_fund", "bad_debt"),
    [(100, 30, 30, 70), (100, 100, 100, 0), (100, 1_000, 100, 0), (100, 0, 0, 100), (0, 30, 0, 0)],
)
def test_the_fund_pays_first_and_the_rest_is_recorded(deficit, fund, from_fund, bad_debt):
    shares = allocate(deficit, ("fund", "bad-debt"), {FUND: fund})
    assert shares == (Share(FUND, from_fund), Share(BAD_DEBT, bad_debt))


def test_a_venue_without_a_fund_records_everything():
    assert allocate(100, ("bad-debt",), {FUND: 1_000}) == (Share(BAD_DEBT, 100),)


@given(deficits, declared, funds)
def test_the_shares_add_up_to_the_quantum_and_none_is_negative(deficit, steps, fund):
    shares = allocate(deficit, steps, {FUND: fund})
    assert sum(share.quanta for share in shares) == deficit
    assert all(share.quanta >= 0 for share in shares)
    assert len(shares) == len(steps)


@given(deficits, declared, funds)
def test_bad_debt_is_used_only_where_the_fund_is_empty(deficit, steps, fund):
    shares = paid(deficit, steps, fund)
    if shares[BAD_DEBT] and "fund" in steps:
        assert shares[FUND] == max(fund, 0)
    assert shares.get(FUND, 0) <= max(fund, 0)


@given(deficits, deficits, declared, funds)
def test_a_larger_deficit_takes_no_less_from_anyone(one, other, steps, fund):
    smaller, larger = (paid(deficit, steps, fund) for deficit in sorted((one, other)))
    assert all(larger[account] >= quanta for account, quanta in smaller.items())


@given(st.integers(0, INT64_MAX // 2), st.integers(0, INT64_MAX // 2), declared, funds)
def test_a_deficit_in_two_parts_is_paid_as_the_whole(one, other, steps, fund):
    first = paid(one, steps, fund)
    second = paid(other, steps, fund - first.get(FUND, 0))
    whole = paid(one + other, steps, fund)
    assert {account: first[account] + second[account] for account in whole} == whole


def test_a_negative_deficit_is_refused():
    with pytest.raises(InvalidInputError, match="deficit_quanta must be >= 0, was -1"):
        allocate(-1, ("bad-debt",), {})


@pytest.mark.parametrize("bad", [(), ("fund",)])
def test_steps_that_leave_something_unpaid_are_an_impossible_state(bad):
    with pytest.raises(AssertionError, match="the last step takes everything"):
        allocate(100, bad, {FUND: 99})


def test_the_declared_steps_are_read_in_their_order():
    assert parse_steps({"steps": ["fund", "bad-debt"]}) == ("fund", "bad-debt")
    assert parse_steps({"steps": ["bad-debt"]}) == ("bad-debt",)


def test_a_venue_that_declares_nothing_has_a_fund_before_bad_debt():
    assert parse_steps({}) == ("fund", "bad-debt")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["adl", "bad-debt"], "steps must be of fund, bad-debt, was 'adl'"),
        ([["fund"], "bad-debt"], "steps must be of fund, bad-debt, was ['fund']"),
        ([None], "steps must be of fund, bad-debt, was None"),
        ([], "steps must be distinct and end in bad-debt, was []"),
        (["fund"], "steps must be distinct and end in bad-debt, was ['fund']"),
        (["bad-debt", "fund"], "steps must be distinct and end in bad-debt, was "),
        (["bad-debt", "bad-debt"], "steps must be distinct and end in bad-debt, was "),
        ("bad-debt", "steps must be a list, was 'bad-debt'"),
        (None, "steps must be a list, was None"),
        ({"fund": 1}, "steps must be a list, was {'fund': 1}"),
    ],
)
def test_bad_steps_are_refused_by_rule_and_value(steps, message):
    with pytest.raises(DocumentError) as refused:
        parse_steps({"steps": steps})
    assert str(refused.value).startswith(message)


def test_an_unknown_key_or_no_table_is_refused():
    with pytest.raises(DocumentError, match="unknown key 'step'; known: steps"):
        parse_steps({"step": ["bad-debt"]})
    with pytest.raises(DocumentError, match=r"the steps must stand in a table, was \['fund'\]"):
        parse_steps(["fund"])
