"""Derive's security module: who pays, what is burnt, and when cash is locked in."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.derive import (
    UNIT,
    CashBalance,
    CashPool,
    donated_cash,
    exchange_rate_trunc,
    request_payout,
    socialise_loss,
    withdrawals_blocked,
)

amounts = st.integers(0, 10**30)


def usd(amount):
    return amount * UNIT


@given(amounts, amounts)
def test_module_and_printed_cash_are_the_payout(held, asked):
    paid = request_payout(held, asked)
    assert sum(paid) == asked
    assert paid.from_module <= held
    assert not paid.printed or paid.from_module == held


# derivexyz/v2-core, test/integration-tests/socialized-losses/socialize-losses.t.sol, commit
# 07f1fecc: the supply rises by the payout less what the module had, and cash is worth less than 1.
@given(st.integers(1, 10**27), st.integers(0, 10**27), st.integers(1, 10**27))
def test_what_the_module_lacks_is_printed_and_makes_all_cash_worth_less(supply, module, payout):
    pool = CashPool(supply=supply + module)
    paid = request_payout(module, payout)
    after, taker = socialise_loss(pool, CashBalance(), paid.printed, stable=pool.supply)
    assert after.supply - pool.supply == paid.printed == taker.amount
    rate = exchange_rate_trunc(after, stable=pool.supply)
    assert (rate < UNIT) == bool(paid.printed) == after.capturing
    if paid.printed:
        assert donated_cash(after, 10**40, stable=pool.supply) == paid.printed


def test_no_more_is_burnt_than_the_pool_lacks():
    short = CashPool(supply=usd(1_000), fees=usd(20), borrow=usd(100), settled=usd(10))
    assert donated_cash(short, usd(500), stable=usd(900)) == usd(10)
    assert donated_cash(short, usd(4), stable=usd(900)) == usd(4)
    with pytest.raises(InvalidInputError, match="what the pool lacks must be >= 0, was -1"):
        donated_cash(short, usd(4), stable=usd(911))


# test/auction/unit-tests/InsolventAuction.t.sol, commit 42366c47.
def test_withdrawals_are_blocked_as_in_the_venues_own_test():
    both = usd(600)
    assert not withdrawals_blocked(both, None)
    assert withdrawals_blocked(both, 0)
    assert withdrawals_blocked(both, usd(599))
    assert not withdrawals_blocked(both, usd(600))
    assert withdrawals_blocked(usd(300), 0)
    assert not withdrawals_blocked(0, 0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: request_payout(-UNIT, 1), "module_cash must be >= 0, was -1"),
        (lambda: request_payout(1, -UNIT), "needed must be >= 0, was -1"),
        (lambda: donated_cash(CashPool(), -UNIT, stable=0), "amount must be >= 0, was -1"),
        (lambda: donated_cash(CashPool(), 0, stable=-UNIT), "stable must be >= 0, was -1"),
        (lambda: withdrawals_blocked(-UNIT, None), "insolvent_margin must be >= 0, was -1"),
        (lambda: withdrawals_blocked(UNIT, -UNIT), "module_cash must be >= 0, was -1"),
    ],
)
def test_a_number_out_of_range_is_named(call, said):
    with pytest.raises(InvalidInputError) as refused:
        call()
    assert str(refused.value) == said
