"""The pool of version 1: its own tests' figures, a slow pool of fractions, and solvency."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity import SCALE_FACTOR, UNIT, DepositSnapshot, StabilityPool

COINS = st.integers(1, 10**9).map(lambda coins: coins * UNIT // 1_000)


def provided(*amounts):
    """Return a pool with deposits of so many coins, and the deposits."""
    pool, held = StabilityPool(), []
    for amount in amounts:
        pool, deposit, _ = pool.provide(amount)
        held.append(deposit)
    return pool, held


# Liquity, packages/contracts/test/StabilityPool_SPWithdrawalTest.js [050b606], which allows a
# difference of 1,000 units: deposits of 100, and troves of 100 coins and an ether less 0.5 %.
@pytest.mark.parametrize(
    ("offsets", "left", "gained"),
    [(1, 66_666_666_666_666_666_666, 331_666_666_666_666_667),
     (2, 33_333_333_333_333_333_333, 663_333_333_333_333_333), (3, 0, 995 * 10**15)],
)  # fmt: skip
def test_equal_deposits_share_what_is_offset(offsets, left, gained):
    pool, held = provided(*[100 * UNIT] * 3)
    for _ in range(offsets):
        pool = pool.offset(100 * UNIT, 995 * 10**15).pool
    for deposit in held:
        assert abs(pool.compounded(deposit) - left) <= 1_000
        assert abs(pool.gain(deposit) - gained) <= 1_000
    assert pool.epoch == (1 if offsets == 3 else 0)


# The same file: 100, 200 and 300, and two such troves.
def test_deposits_that_differ_share_by_their_size():
    pool, held = provided(100 * UNIT, 200 * UNIT, 300 * UNIT)
    for _ in range(2):
        pool = pool.offset(100 * UNIT, 995 * 10**15).pool
    lefts = (66_666_666_666_666_666_666, 133_333_333_333_333_333_333, 200 * UNIT)
    gains = (331_666_666_666_666_667, 663_333_333_333_333_333, 995 * 10**15)
    for deposit, left, gained in zip(held, lefts, gains, strict=True):
        assert abs(pool.compounded(deposit) - left) <= 1_000
        assert abs(pool.gain(deposit) - gained) <= 1_000


# The same file [d2cc846], "Several deposits of varying amounts span one scale factor change": P is
# 1e13, then 1e17 at a scale of 1; 0.1, 0.2 and 0.3 coins are left, and 99.5 ether per 10,000 coins
# gained. Its troves owe one unit less than 9,999.9 and 59,999.4: opening one rounds down.
def test_a_product_that_falls_far_changes_its_scale():
    pool, (alice,) = provided(10_000 * UNIT)
    pool = pool.offset(99_999 * UNIT // 10 - 1, 995 * UNIT // 10).pool
    assert (pool.product, pool.scale) == (10**13, 0)
    pool = pool.withdraw(100 * UNIT, alice).pool
    held = []
    for coins in (10_000, 20_000, 30_000):
        pool, deposit, _ = pool.provide(coins * UNIT)
        held.append(deposit)
    pool = pool.offset(599_994 * UNIT // 10 - 1, 597 * UNIT).pool
    assert (pool.product, pool.scale) == (10**17, 1)
    for tenths, deposit in enumerate(held, 1):
        assert abs(pool.compounded(deposit) - tenths * UNIT // 10) <= 100_000
        assert abs(pool.gain(deposit) - tenths * 995 * UNIT // 10) <= 10**11


# The same file, "Deposit that decreases to less than 1e-9 of it's original value is reduced to 0".
def test_under_a_billionth_nothing_is_left():
    pool, (alice,) = provided(10_000 * UNIT)
    pool = pool.offset(99_999_999_999 * 10**11, UNIT).pool
    assert pool.total == 10**11
    assert pool.compounded(alice) == 0


def test_over_two_changes_of_scale_nothing_is_left():
    pool, (alice,) = provided(10_000 * UNIT)
    for _ in range(2):
        pool = pool.offset(pool.total - pool.total // 10**8, UNIT).pool
        pool = pool.provide(10_000 * UNIT).pool
    pool = pool.offset(pool.total - pool.total // 10**8, UNIT).pool
    assert pool.scale == 2
    assert pool.compounded(alice) == 0
    # Gains count to the first change of scale: the first is whole, and 1e-8 of the second.
    assert UNIT <= pool.gain(alice) <= UNIT + 10**11


# The same file, "2 depositors can withdraw after each receiving half of a pool-emptying
# liquidation": two of 10,000 against 24,100.
def test_a_pool_that_is_emptied_begins_an_epoch():
    pool, (alice, bob) = provided(10_000 * UNIT, 10_000 * UNIT)
    pool = pool.offset(20_000 * UNIT, 199 * UNIT).pool
    assert (pool.total, pool.product, pool.scale, pool.epoch) == (0, UNIT, 0, 1)
    assert (pool.compounded(alice), pool.compounded(bob)) == (0, 0)
    assert pool.gain(alice) == pool.gain(bob) == 995 * UNIT // 10
    pool, carol, _ = pool.provide(10_000 * UNIT)
    pool = pool.offset(5_000 * UNIT, UNIT).pool
    assert pool.gain(carol) == UNIT
    assert pool.gain(alice) == 995 * UNIT // 10


def test_the_errors_of_one_offset_are_in_the_next():
    pool, _ = provided(3 * UNIT)
    first = pool.offset(UNIT, 10)
    assert (first.gain_per_unit, first.loss_per_unit) == (3, 333_333_333_333_333_334)
    assert first.pool.collateral_error == 10 * UNIT - 9 * UNIT
    assert first.pool.loss_error == 3 * UNIT * 333_333_333_333_333_334 - UNIT * UNIT
    second = first.pool.offset(UNIT, 10)
    assert second.gain_per_unit == 5
    assert second.pool.collateral_error == UNIT
    loss = (UNIT * UNIT - first.pool.loss_error) // (2 * UNIT) + 1
    assert second.loss_per_unit == loss


def test_nothing_happens_without_deposits_or_debt():
    assert StabilityPool().offset(5, 5) == (StabilityPool(), 0, 0)
    pool, _ = provided(UNIT)
    assert pool.offset(0, 5).pool is pool


def test_a_deposit_that_changes_is_paid_its_gain():
    pool, (alice,) = provided(100 * UNIT)
    pool = pool.offset(50 * UNIT, 2 * UNIT).pool
    pool, alice, paid = pool.provide(UNIT, alice)
    assert (paid, pool.collateral, pool.gain(alice)) == (2 * UNIT, 0, 0)
    assert alice.deposit == pool.compounded(alice) == 51 * UNIT - 100
    pool, alice, coins, gained = pool.withdraw(1_000 * UNIT, alice)
    assert (coins, gained, alice) == (51 * UNIT - 100, 0, DepositSnapshot(0, 0, 0, 0, 0))
    assert (pool.compounded(alice), pool.gain(alice)) == (0, 0)


def test_what_the_contract_refuses_is_refused():
    pool, (alice,) = provided(UNIT)
    with pytest.raises(InvalidInputError, match="amount must be > 0, was 0"):
        pool.provide(0)
    with pytest.raises(InvalidInputError, match="deposit must be > 0, was 0"):
        pool.withdraw(1, DepositSnapshot(0, 0, 0, 0, 0))
    with pytest.raises(InvalidInputError, match="debt must be <= 1000000000000000000"):
        pool.offset(UNIT + 1, 0)
    with pytest.raises(InvalidInputError, match="amount must be >= 0, was -1"):
        pool.withdraw(-1, alice)


# Liquity, StabilityPool_SmallLiquidation.js [39f1f7f]: an error of a large pool can be more than a
# small debt of a small pool, and the subtraction fails.
def test_a_debt_smaller_than_the_last_error_is_refused():
    pool, (alice,) = provided(10**30)
    pool = pool.offset(10**18, 0).pool
    assert pool.loss_error > UNIT
    pool = pool.withdraw(10**30, alice).pool
    assert pool.total > 0
    with pytest.raises(InvalidInputError, match="the last error, was 1"):
        pool.offset(1, 0)


@given(
    st.lists(COINS, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(1, 999), st.integers(0, 10**20)), max_size=10),
)
def test_the_pool_can_always_pay_and_is_beside_the_true_shares_by_little(amounts, offsets):
    pool, held = provided(*amounts)
    slow, gains = [Fraction(amount) for amount in amounts], [Fraction(0)] * len(amounts)
    for thousandths, gained in offsets:
        debt = pool.total * thousandths // 1_000
        if debt * UNIT <= pool.loss_error:
            continue
        total = sum(slow)
        gains = [had + gained * own / total for had, own in zip(gains, slow, strict=True)]
        slow = [own - debt * own / total for own in slow]
        pool = pool.offset(debt, gained).pool
    assert sum(map(pool.compounded, held)) <= pool.total
    assert sum(map(pool.gain, held)) <= pool.collateral
    for deposit, left, gained in zip(held, slow, gains, strict=True):
        dust = deposit.deposit // SCALE_FACTOR
        assert -1 <= left - pool.compounded(deposit) <= dust + 1_000
        # A division by the total drops less than a unit for each coin, and feeds it back.
        slack = sum(amounts) // UNIT + 1_000
        assert abs(gained - pool.gain(deposit)) <= slack + gained / 10**6
