"""Loss that all bear: divided whole, recorded per account, paid back no further than borne."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import (
    Base,
    LossRecord,
    ReserveDeficit,
    by_balances,
    by_gains,
    by_open_interest,
    repay,
    socialise,
)

holdings = st.lists(
    st.tuples(st.integers(1, 30), st.integers(-(10**12), 10**12)),
    unique_by=lambda held: held[0],
    max_size=10,
)
losses = st.integers(0, 10**13)


@given(losses, holdings, st.sampled_from([by_balances, by_open_interest, by_gains]))
def test_records_and_the_rest_are_the_loss_and_nobody_bears_more_than_it_can(loss, held, by):
    bases = by(held)
    records, left = socialise(loss, bases)
    most = {base.account: base.most for base in bases}
    assert sum(record.quanta for record in records) + left == loss
    assert all(most[r.account] is None or r.quanta <= most[r.account] for r in records)
    if left:
        assert sum(base.most or 0 for base in bases if base.weight) == loss - left


@given(losses, holdings)
def test_within_balances_a_loss_falls_in_proportion(loss, held):
    bases = by_balances(held)
    whole = sum(base.weight for base in bases)
    if loss <= whole:
        borne = {record.account: record.quanta for record in socialise(loss, bases)[0]}
        for base in bases:
            share = Fraction(loss * base.weight, whole) if whole else 0
            assert abs(borne.get(base.account, 0) - share) < 1


@given(losses, holdings, st.lists(st.integers(0, 10**12), max_size=4))
def test_a_repayment_gives_back_no_more_than_was_borne(loss, held, payments):
    records, _ = socialise(loss, by_balances(held))
    owed = sum(record.quanta for record in records)
    for payment in payments:
        records, left = repay(records, payment)
        owed -= payment - left
        assert sum(record.owed_quanta for record in records) == owed
        assert left == 0 or owed == 0
    assert all(0 <= record.owed_quanta <= record.quanta for record in records)


def test_who_can_bear_no_more_is_left_out_and_the_rest_divided_again():
    bases = [Base(1, 5, 10), Base(2, 5, 100), Base(3, 90, 30)]
    records, left = socialise(100, bases)  # 5, 5 and 30 of 90; then 10 of 30 and 60
    assert {record.account: record.quanta for record in records} == {1: 10, 2: 60, 3: 30}
    assert left == 0


def test_open_interest_bears_on_both_sides_alike_and_without_a_bound():
    records, left = socialise(30, by_open_interest([(1, -2), (2, 1), (3, 0)]))
    assert records == (LossRecord(1, 20), LossRecord(2, 10))
    assert left == 0


def test_without_anybody_all_is_left():
    assert socialise(30, by_balances([(1, -5), (2, 0)])) == ((), 30)
    assert repay([], 5) == ((), 5)


def test_a_debt_neither_bears_nor_is_counted():
    assert by_balances([(1, 7), (2, -4)]) == [Base(1, 7, 7), Base(2, 0, 0)]


def test_who_bears_nothing_has_no_record():
    assert socialise(1, by_balances([(1, 5), (2, 5)])) == ((LossRecord(1, 1),), 0)


def test_a_repayment_is_shared_by_what_is_owed_and_no_more_is_paid_than_came():
    after, left = repay([LossRecord(1, 6), LossRecord(2, 3, 1)], 4)  # 6 and 2 are owed
    assert after == (LossRecord(1, 6, 3), LossRecord(2, 3, 2))
    assert left == 0


def test_debts_of_accounts_without_collateral_are_booked_and_paid_off():
    deficit = ReserveDeficit().booked(50).booked(30, collateral_left=1)
    assert deficit.quanta == 50
    assert deficit.eliminated(20) == (ReserveDeficit(30), 20)
    assert deficit.eliminated(51) == (ReserveDeficit(0), 50)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: socialise(-1, []), "loss_quanta must be >= 0"),
        (lambda: socialise(1, [Base(1, 1), Base(1, 2)]), "distinct accounts"),
        (lambda: repay([], -1), "quanta must be >= 0"),
        (lambda: LossRecord(1, 5, 6), "repaid_quanta must be in"),
        (lambda: LossRecord(1, 5, -1), "repaid_quanta must be in"),
        (lambda: ReserveDeficit(-1), "quanta must be >= 0"),
        (lambda: ReserveDeficit().booked(-1), "debt and collateral must be >= 0, was -1"),
        (
            lambda: ReserveDeficit().booked(1, collateral_left=-2),
            "debt and collateral must be >= 0, was -2",
        ),
        (lambda: ReserveDeficit(1).eliminated(0), "amount must be > 0"),
        (lambda: ReserveDeficit().eliminated(1), "quanta of a deficit must be > 0"),
    ],
)
def test_what_breaks_a_rule_is_refused(call, rule):
    with pytest.raises(InvalidInputError, match=rule):
        call()
