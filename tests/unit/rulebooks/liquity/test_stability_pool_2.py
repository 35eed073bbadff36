"""The pool of version 2: scales without end, interest, what stays, and solvency."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity import PRODUCT_ONE_2, UNIT, DepositSnapshot2, StabilityPool2


def with_deposit(pool, amount):
    """Return the pool with one more deposit, and the deposit."""
    pool = replace(pool, total=pool.total + amount)
    return pool, pool.snapshot(amount)


def test_deposits_share_what_is_offset():
    pool, alice = with_deposit(StabilityPool2(), 100 * UNIT)
    pool, bob = with_deposit(pool, 300 * UNIT)
    pool = pool.offset(100 * UNIT, 4 * UNIT)
    assert (pool.compounded(alice), pool.compounded(bob)) == (75 * UNIT, 225 * UNIT)
    assert (pool.gain(alice), pool.gain(bob)) == (UNIT, 3 * UNIT)
    assert pool.product == 75 * PRODUCT_ONE_2 // 100


def test_one_coin_stays_and_less_than_one_is_not_touched():
    assert StabilityPool2(total=5 * UNIT).for_offsets == 4 * UNIT
    assert StabilityPool2(total=UNIT // 2).for_offsets == 0
    with pytest.raises(InvalidInputError, match=f"debt must be <= {4 * UNIT}, was {4 * UNIT + 1}"):
        StabilityPool2(total=5 * UNIT).offset(4 * UNIT + 1, 0)
    with pytest.raises(InvalidInputError, match="total must be > 0 to offset, was 0"):
        StabilityPool2().offset(0, 1)


def test_a_product_that_falls_far_changes_its_scale_as_often_as_it_must():
    pool, alice = with_deposit(StabilityPool2(), 10**12 * UNIT)
    pool = pool.offset(pool.for_offsets, 7 * UNIT)
    assert (pool.product, pool.scale) == (10**33, 1)
    assert pool.compounded(alice) == UNIT
    pool, _ = with_deposit(pool, 10**24 * UNIT)
    pool = pool.offset(pool.for_offsets, 7 * UNIT)
    assert (pool.product, pool.scale) == (10**36 - 10**12, 4)
    assert PRODUCT_ONE_2 // 10**9 <= pool.product <= PRODUCT_ONE_2
    assert pool.compounded(alice) == 0
    assert 7 * UNIT <= pool.gain(alice) < 8 * UNIT


def test_a_gain_is_had_over_two_changes_of_scale_and_no_more():
    pool, alice = with_deposit(StabilityPool2(), 10**10 * UNIT)
    for change in range(1, 5):
        pool = pool.offset(pool.for_offsets, UNIT)
        pool, _ = with_deposit(pool, 10**10 * UNIT)
        assert pool.scale == change
    before = pool.gain(alice)
    pool = pool.offset(pool.for_offsets, 10**30)
    assert pool.gain(alice) == before


def test_a_product_of_zero_is_refused():
    pool = replace(StabilityPool2(total=10**46), product=10**27)
    with pytest.raises(InvalidInputError, match="the product must be > 0, was 0"):
        pool.offset(pool.for_offsets, 0)


def test_interest_is_shared_too_and_waits_for_a_pool_that_is_large_enough():
    pool = StabilityPool2(total=UNIT // 2).gain_yield(UNIT)
    assert (pool.yield_pending, pool.yield_owed) == (UNIT, 0)
    pool, alice = with_deposit(pool, UNIT)
    pool = pool.gain_yield(2 * UNIT)
    assert (pool.yield_pending, pool.yield_owed) == (0, 3 * UNIT)
    assert pool.yield_gain(alice) == 2 * UNIT
    assert pool.gain_yield(0) is pool


def test_no_more_is_paid_than_is_there():
    pool, alice = with_deposit(StabilityPool2(), 100 * UNIT)
    pool = replace(pool.offset(0, 5 * UNIT), collateral=UNIT)
    assert pool.gain(alice) == UNIT


def test_no_deposit_has_nothing():
    pool = StabilityPool2(total=5 * UNIT)
    none = pool.snapshot(0)
    assert none == DepositSnapshot2(0, 0, 0, 0, 0)
    assert (pool.compounded(none), pool.gain(none), pool.yield_gain(none)) == (0, 0, 0)
    far = replace(pool, scale=9)
    assert far.compounded(DepositSnapshot2(10**30, 10**27, 0, 0, 0)) == 0


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 1_000), st.integers(0, 10**20)), max_size=10),
)
def test_the_pool_can_always_pay_and_is_beside_the_true_shares_by_little(coins, offsets):
    pool, held = StabilityPool2(), []
    for amount in coins:
        pool, deposit = with_deposit(pool, amount * UNIT)
        held.append(deposit)
    slow, gains = [Fraction(amount * UNIT) for amount in coins], [Fraction(0)] * len(coins)
    for thousandths, gained in offsets:
        debt, total = pool.for_offsets * thousandths // 1_000, sum(slow)
        gains = [had + gained * own / total for had, own in zip(gains, slow, strict=True)]
        slow = [own - debt * own / total for own in slow]
        pool = pool.offset(debt, gained)
    assert sum(map(pool.compounded, held)) <= pool.total
    assert sum(map(pool.gain, held)) <= pool.collateral
    for deposit, left, gained in zip(held, slow, gains, strict=True):
        assert 0 <= left - pool.compounded(deposit) <= 1 + deposit.deposit // 10**25
        assert 0 <= gained - pool.gain(deposit) <= 1 + gained / 10**15
