"""Tests of Derive's admission: what is checked, on which margin, and which refusal comes first."""

import itertools

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.derive import (
    ADMISSION_PORTFOLIO,
    ADMISSION_STANDARD,
    ADMISSION_STANDARD_FIRST,
    AccountState,
    Change,
    Holding,
    Inadmissible,
    MarginValues,
    adds_risk,
    admit,
    enough_margin,
)

RULES = [ADMISSION_STANDARD, ADMISSION_PORTFOLIO, ADMISSION_STANDARD_FIRST]
SHORT = MarginValues(initial=-1, maintenance=-1, maintenance_before=-1)
EASY = MarginValues(initial=1, maintenance=1, maintenance_before=0)
TAKE = (Change(holding=Holding.OPTION, delta=-1),)

numbers = st.integers(-3, 3)
rules = st.sampled_from(RULES)
changes = st.lists(
    st.builds(Change, holding=st.sampled_from(Holding), delta=numbers.filter(bool), after=numbers),
    max_size=4,
).map(tuple)
margins = st.builds(
    MarginValues,
    initial=numbers,
    maintenance=numbers,
    maintenance_before=numbers,
    maintenance_basis=st.none() | numbers,
)
accounts = st.builds(
    AccountState,
    cash_after=numbers,
    assets_before=st.integers(0, 130),
    assets_after=st.integers(0, 130),
    borrowing=st.booleans(),
    paused=st.booleans(),
    in_auction=st.booleans(),
    over_cap=st.booleans(),
    unsupported=st.booleans(),
)


@pytest.mark.parametrize(
    ("change", "standard", "portfolio", "first"),
    [
        (Change(holding=Holding.CASH, delta=5), False, False, False),
        (Change(holding=Holding.OPTION, delta=5), False, False, False),
        (Change(holding=Holding.BASE, delta=5), False, False, False),
        (Change(holding=Holding.CASH, delta=-5), True, True, True),
        (Change(holding=Holding.OPTION, delta=-5), True, True, True),
        (Change(holding=Holding.BASE, delta=-5), True, True, False),
        (Change(holding=Holding.PERP, delta=5, after=9), True, True, True),
        (Change(holding=Holding.PERP, delta=-5, after=4), False, True, False),
        (Change(holding=Holding.PERP, delta=-5, after=0), False, True, False),
        (Change(holding=Holding.PERP, delta=-5, after=-1), True, True, True),
        (Change(holding=Holding.PERP, delta=5, after=-1), False, True, False),
    ],
)
def test_each_manager_checks_what_it_says(change, standard, portfolio, first):
    found = [adds_risk(rule, (change,)) for rule in RULES]
    assert found == [standard, portfolio, first]


@given(rules, changes, changes)
def test_a_batch_adds_risk_where_any_line_does(rule, one, other):
    assert adds_risk(rule, one + other) == (adds_risk(rule, one) or adds_risk(rule, other))


@given(rules, changes, margins)
def test_what_adds_no_risk_is_admitted_at_any_margin(rule, changes, margins):
    if not adds_risk(rule, changes):
        assert admit(rule, changes, margins) is None


# Initial and maintenance margin after, maintenance before, and who is admitted: anyone by the
# standard manager, a trusted caller by it, anyone by its first version.
@pytest.mark.parametrize(
    ("initial", "maintenance", "before", "anyone", "trusted", "first"),
    [
        (0, 0, 0, True, True, True),
        (-1, 5, 4, False, True, True),
        (-1, 5, 5, False, True, False),
        (-1, 5, 6, False, True, False),
        (-1, 1, -7, False, True, True),
        (-1, 0, -7, False, True, False),
        (-1, -1, -7, False, False, False),
    ],
)
def test_margins_admit_as_the_managers_do(initial, maintenance, before, anyone, trusted, first):
    margins = MarginValues(initial=initial, maintenance=maintenance, maintenance_before=before)
    assert enough_margin(ADMISSION_STANDARD, margins, trusted=False) is anyone
    assert enough_margin(ADMISSION_STANDARD, margins, trusted=True) is trusted
    assert enough_margin(ADMISSION_STANDARD_FIRST, margins, trusted=False) is first
    assert enough_margin(ADMISSION_STANDARD_FIRST, margins, trusted=True) is first


@pytest.mark.parametrize("basis", [-1, 0])
def test_a_trusted_caller_of_the_portfolio_manager_is_checked_on_the_basis_scenarios(basis):
    margins = MarginValues(initial=-9, maintenance=-9 * basis - 9, maintenance_basis=basis)
    refused = None if basis >= 0 else Inadmissible.MARGIN
    assert admit(ADMISSION_PORTFOLIO, TAKE, margins, trusted=True) is refused
    assert admit(ADMISSION_PORTFOLIO, TAKE, margins) is Inadmissible.MARGIN


@given(rules, changes, margins, accounts, st.booleans(), st.integers(0, 3))
def test_more_margin_never_refuses_what_less_admits(rule, changes, margins, account, trusted, more):
    if admit(rule, changes, margins, account, trusted=trusted) is None:
        richer = replace(
            margins,
            initial=margins.initial + more,
            maintenance=margins.maintenance + more,
            maintenance_basis=None
            if margins.maintenance_basis is None
            else margins.maintenance_basis + more,
        )
        assert admit(rule, changes, richer, account, trusted=trusted) is None


def broken(*faults):
    """Return an account with these faults, taking cash below zero under its margin."""
    state = {}
    for fault in faults:
        state |= {
            Inadmissible.PAUSED: {"paused": True},
            Inadmissible.CAP: {"over_cap": True},
            Inadmissible.AUCTION: {"in_auction": True},
            Inadmissible.UNSUPPORTED: {"unsupported": True},
            Inadmissible.ASSETS: {"assets_before": 60, "assets_after": 200},
            Inadmissible.BORROWING: {"cash_after": -1, "borrowing": False},
            Inadmissible.MARGIN: {},
        }[fault]
    return AccountState(**state)


@pytest.mark.parametrize("rule", [ADMISSION_STANDARD, ADMISSION_PORTFOLIO])
@pytest.mark.parametrize("pair", list(itertools.combinations(Inadmissible, 2)))
def test_the_refusal_that_stands_first_is_given(rule, pair):
    cash = (Change(holding=Holding.CASH, delta=-1),)
    margins = SHORT if Inadmissible.MARGIN in pair else EASY
    assert admit(rule, cash, margins, broken(*pair)) is pair[0]


@pytest.mark.parametrize("fault", Inadmissible)
def test_each_refusal_can_be_had_alone(fault):
    cash = (Change(holding=Holding.CASH, delta=-1),)
    margins = SHORT if fault is Inadmissible.MARGIN else EASY
    assert admit(ADMISSION_STANDARD, cash, margins, broken(fault)) is fault
    assert admit(ADMISSION_STANDARD, cash, EASY, AccountState()) is None


def test_a_debt_may_be_paid_back_where_nothing_is_lent():
    account = AccountState(cash_after=-5, borrowing=False)
    back = (Change(holding=Holding.CASH, delta=3), *TAKE)
    assert admit(ADMISSION_STANDARD, back, EASY, account) is None
    more = (Change(holding=Holding.CASH, delta=-3), *TAKE)
    assert admit(ADMISSION_STANDARD, more, EASY, account) is Inadmissible.BORROWING


def test_too_many_assets_may_become_fewer_but_not_more():
    at = {"assets_before": 60}
    for after, refusal in [(48, None), (59, None), (60, None), (61, Inadmissible.ASSETS)]:
        account = AccountState(assets_after=after, **at)
        assert admit(ADMISSION_STANDARD, TAKE, EASY, account) is refusal


def test_an_auction_freezes_the_account_and_once_did_not_stop_deposits():
    deposit = (Change(holding=Holding.CASH, delta=1),)
    account = AccountState(in_auction=True)
    assert admit(ADMISSION_STANDARD, deposit, EASY, account) is Inadmissible.AUCTION
    assert admit(ADMISSION_STANDARD_FIRST, deposit, EASY, account) is None
    assert admit(ADMISSION_STANDARD_FIRST, TAKE, EASY, account) is Inadmissible.AUCTION


def test_what_is_missing_or_out_of_bounds_is_refused_by_name():
    without = MarginValues(initial=-1, maintenance=1)
    with pytest.raises(InvalidInputError, match=r"maintenance_before must be given .*, was None"):
        admit(ADMISSION_STANDARD_FIRST, TAKE, without)
    assert admit(ADMISSION_STANDARD, TAKE, without) is Inadmissible.MARGIN
    with pytest.raises(InvalidInputError, match="assets_max must be >= 1, was 0"):
        replace(ADMISSION_STANDARD, assets_max=0)
