"""The exact pool: published examples, a slow pool that touches everybody, and its laws."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import ProductSum

AMOUNTS = st.integers(1, 10**9)
OFFSETS = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 10**6)), max_size=8)


# Liquity, packages/contracts/test/StabilityPool_SPWithdrawalTest.js [050b606], 2020: three deposits
# of 100; one, two and three troves of 90 + 10 of debt and one ether less 0.5 % each are offset.
@pytest.mark.parametrize(
    ("offsets", "left", "gained"),
    [(1, "66.66", "0.331666"), (2, "33.33", "0.663333"), (3, "0", "0.995")],
)
def test_equal_deposits_share_what_is_offset(offsets, left, gained):
    pool, alice = ProductSum().deposit(100)
    pool = pool.deposit(100).pool.deposit(100).pool
    for _ in range(offsets):
        pool = pool.offset(100, {"ETH": "0.995"})
    assert str(pool.compounded(alice)).startswith(left)
    assert str(pool.gain(alice, "ETH")).startswith(gained)
    assert pool.epoch == (1 if offsets == 3 else 0)


# The same file: deposits of 100, 200 and 300, and two such troves.
def test_deposits_that_differ_share_by_their_size():
    pool, alice = ProductSum().deposit(100)
    pool, bob = pool.deposit(200)
    pool, carol = pool.deposit(300)
    pool = pool.offset(100, {"ETH": "0.995"}).offset(100, {"ETH": "0.995"})
    assert str(pool.compounded(alice))[:8] == "66.66666"
    assert str(pool.compounded(bob))[:9] == "133.33333"
    assert pool.compounded(carol) == 200
    assert pool.gain(carol, "ETH") == Decimal("0.995")


def test_an_emptied_pool_keeps_what_its_depositors_have_gained():
    pool, alice = ProductSum().deposit(10)
    pool = pool.offset(10, {"ETH": 3, "BTC": "0.5"})
    pool, bob = pool.deposit(10)
    pool = pool.offset(5, {"ETH": 1})
    assert (pool.compounded(alice), pool.compounded(bob)) == (0, 5)
    assert (pool.gain(alice, "ETH"), pool.gain(alice, "BTC"), pool.gain(alice, "SOL")) == (
        3,
        Decimal("0.5"),
        0,
    )
    assert (pool.gain(bob, "ETH"), pool.gain(bob, "BTC")) == (1, 0)
    assert (pool.epoch, pool.total) == (1, 5)


def test_a_gain_without_a_debt_leaves_deposits_as_they_are():
    pool, alice = ProductSum().deposit(10)
    pool = pool.offset(0, {"USDC": 4})
    assert (pool.compounded(alice), pool.gain(alice, "USDC")) == (10, 4)


def test_a_deposit_can_be_added_to_and_taken_out():
    pool, alice = ProductSum().deposit(10)
    pool = pool.offset(5, {})
    pool, alice = pool.deposit(3, alice)
    assert (pool.compounded(alice), pool.total) == (8, 8)
    pool, alice, paid = pool.withdraw(alice, 2)
    assert (pool.compounded(alice), pool.total, paid) == (6, 6, 2)
    pool, alice, paid = pool.withdraw(alice)
    assert (pool.compounded(alice), pool.total, paid) == (0, 0, 6)


def test_what_a_pool_cannot_do_is_refused():
    pool, alice = ProductSum().deposit(10)
    with pytest.raises(InvalidInputError, match="amount must be > 0, was 0"):
        pool.deposit(0)
    with pytest.raises(InvalidInputError, match="amount must be <= 10, was 11"):
        pool.withdraw(alice, 11)
    with pytest.raises(InvalidInputError, match="debt must be <= 10, the total, was 11"):
        pool.offset(11, {})
    with pytest.raises(InvalidInputError, match=r"gains\.ETH must be >= 0, was -1"):
        pool.offset(1, {"ETH": -1})
    with pytest.raises(InvalidInputError, match="total must be > 0 to offset, was 0"):
        ProductSum().offset(0, {"ETH": 1})
    with pytest.raises(InvalidInputError, match="must be a Decimal, an int or text"):
        pool.deposit(0.1)


@given(st.lists(AMOUNTS, min_size=1, max_size=5), OFFSETS)
def test_it_is_the_pool_that_touches_every_deposit_at_each_offset(amounts, offsets):
    pool, deposits = ProductSum(), []
    for amount in amounts:
        pool, deposit = pool.deposit(amount)
        deposits.append(deposit)
    slow, gains = [Fraction(amount) for amount in amounts], [Fraction(0)] * len(amounts)
    for thousandths, gained in offsets:
        total = sum(slow)
        debt = (pool.total * thousandths / 1_000).quantize(Decimal("1e-9"))
        gains = [had + gained * own / total for had, own in zip(gains, slow, strict=True)]
        slow = [own - Fraction(debt) * own / total for own in slow]
        pool = pool.offset(debt, {"ETH": gained})
    for deposit, left, gained in zip(deposits, slow, gains, strict=True):
        assert 0 <= left - Fraction(pool.compounded(deposit)) < Fraction(1, 10**45)
        assert 0 <= gained - Fraction(pool.gain(deposit, "ETH")) < Fraction(1, 10**45)
    assert sum(map(pool.compounded, deposits)) <= pool.total


@given(AMOUNTS, AMOUNTS, st.integers(0, 999), st.integers(0, 999))
def test_an_offset_in_two_parts_with_its_gains_is_the_same_offset(one, other, first, second):
    pool, held = ProductSum().deposit(one)
    pool = pool.deposit(other).pool
    debts = [pool.total * part / 2_000 for part in (first, second)]
    at_once = pool.offset(sum(debts), {"ETH": sum(debts)})
    in_parts = pool.offset(debts[0], {"ETH": debts[0]}).offset(debts[1], {"ETH": debts[1]})
    assert at_once.compounded(held) == in_parts.compounded(held)
    assert at_once.gain(held, "ETH") == in_parts.gain(held, "ETH")
