"""Tests of what is done to many rows at once, where a kernel cannot count it."""

import pytest
from hypothesis import given, strategies as st

from hullmark.core import INT64_MAX, NANO
from hullmark.domain import SystemAccount
from hullmark.errors import AmountOverflowError
from hullmark.ledger import MICRO, _ledger as ledger_module

from .contracts import BTC, NUMBER, USDC, opened, table

LONGS, SHORTS = (100, 101), (102, 103)
CUSTODY = SystemAccount.CUSTODY


def with_future(costs):
    """Return a ledger with two longs and two shorts of a future."""
    ledger, future = opened(), NUMBER["FUTURE"]
    for buyer, seller, cost in zip(LONGS, SHORTS, costs, strict=True):
        ledger.trade(buyer, seller, future, lots=3, cost=cost)
    return ledger


@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=2, max_size=2),
    st.integers(-(10**9), 10**9),
    st.integers(1, 10**16),
)
def test_an_expiry_in_a_kernel_is_an_expiry_in_python(costs, step_micro, price_nano):
    ledger, other = with_future(costs), with_future(costs)
    for each in (ledger, other):
        each.accrue_funding(NUMBER["FUTURE"], step_micro)
    ledger.settle_expiry(NUMBER["FUTURE"], price_nano)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_module, "INT64_MAX", 0)  # nothing fits in a kernel
        other.settle_expiry(NUMBER["FUTURE"], price_nano)
    assert table(ledger) == table(other)
    assert ledger.columns()["cash"].tolist() == other.columns()["cash"].tolist()


# What funding owes since the index began takes 65 bits in steps and fits as an amount.
def test_an_expiry_goes_on_behind_a_row_that_no_kernel_can_count():
    ledger, future = opened(), NUMBER["FUTURE"]
    ledger.trade(100, 102, future, lots=4, cost=8)
    ledger.accrue_funding(future, INT64_MAX)
    ledger.trade(101, 103, future, lots=4, cost=8)
    for _ in range(2):
        ledger.accrue_funding(future, -INT64_MAX)
    ledger.settle_expiry(future, NANO)
    owed, other = -4 * INT64_MAX // MICRO, -(-4 * -2 * INT64_MAX // MICRO)
    worth = 4 * 10**3
    assert ledger.cash(100, USDC) == -(owed + 1) - 8 + worth
    assert ledger.cash(101, USDC) == -other - 8 + worth
    assert ledger.holders(future) == []
    assert ledger.cash_total(USDC) == 0


def test_interest_that_does_not_fit_says_whose():
    ledger = opened()
    ledger.move(100, CUSTODY, USDC, 1_000)
    ledger.move(101, CUSTODY, USDC, 2**62)
    with pytest.raises(AmountOverflowError, match="cash of account 101 must fit in 64 bits"):
        ledger.charge_interest(USDC, 3 * NANO)
    assert ledger.cash(100, USDC) == -4_000  # the ledger is to be thrown away


def test_interest_takes_what_fits_only_in_the_end():
    ledger = opened()
    ledger.move(SystemAccount.INTEREST, CUSTODY, USDC, INT64_MAX)
    ledger.move(CUSTODY, 102, USDC, 5)
    ledger.move(100, CUSTODY, USDC, 5)
    ledger.charge_interest(USDC, INT64_MAX)
    assert ledger.cash(100, USDC) == -5 - (5 * INT64_MAX // NANO + 1)
    assert ledger.cash_total(USDC) == 0


def test_what_is_swept_is_told_to_those_who_watch():
    ledger = with_future((5, 7))
    ledger.move(100, CUSTODY, BTC, 5)
    seen = ledger.watch()
    ledger.charge_interest(BTC, 1)
    assert {ledger.row_of[a] for a in (100, SystemAccount.INTEREST)} <= seen
    seen.clear()
    ledger.settle_expiry(NUMBER["FUTURE"], NANO)
    everyone = (*LONGS, *SHORTS, SystemAccount.SETTLEMENT)
    assert {ledger.row_of[a] for a in everyone} <= seen
    seen.clear()
    ledger.charge_interest(USDC, 0)
    ledger.settle_expiry(NUMBER["FUTURE"], NANO)
    assert ledger.row_of[SystemAccount.SETTLEMENT] not in seen
