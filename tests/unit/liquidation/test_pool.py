"""The venue's pool: shares to the quantum, conservation, and no gain from coming and going."""

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.errors import AmountOverflowError, InvalidInputError
from hullmark.liquidation import PRODUCT_ONE, Pool, Stake

INT64_MAX = 2**63 - 1
AMOUNTS = st.integers(1, 10**15)
# What may befall a pool: a share in thousandths of what it has lost, gained, put in or taken out.
STEPS = st.lists(
    st.tuples(st.sampled_from(["lose", "gain", "join", "leave"]), st.integers(0, 1_000)),
    max_size=30,
)


def test_losses_and_gains_are_shared_by_stake():
    pool, small = Pool().join(1_000)
    pool, large = pool.join(3_000)
    pool = pool.lose(2_000)
    assert (pool.worth(small), pool.worth(large)) == (500, 1_500)
    pool = pool.gain(400)
    assert (pool.worth(small), pool.worth(large)) == (600, 1_800)
    assert pool.cash == 2_400


def test_who_comes_later_bears_nothing_of_before():
    pool, early = Pool().join(1_000)
    pool, late = pool.lose(900).join(100)
    pool = pool.lose(100)
    assert (pool.worth(early), pool.worth(late), pool.cash) == (50, 50, 100)


def test_a_stake_that_is_added_to_is_counted_anew():
    pool, stake = Pool().join(1_000)
    pool, stake = pool.lose(500).join(250, stake)
    assert stake == Stake(750, pool.product, pool.scale, pool.epoch)
    assert pool.worth(stake) == pool.cash == 750


def test_part_of_a_stake_can_leave():
    pool, stake = Pool().join(1_000)
    left = pool.lose(500).leave(stake, 200)
    assert (left.paid, left.pool.cash, left.pool.worth(left.stake)) == (200, 300, 300)


def test_a_pool_that_pays_all_it_has_begins_an_epoch():
    pool, stake = Pool().join(1_000)
    pool = pool.lose(1_000)
    assert pool == Pool(epoch=1)
    assert pool.worth(stake) == 0
    pool, other = pool.gain(7).join(10)
    assert (pool.worth(stake), pool.worth(other), pool.cash) == (0, 10, 17)
    assert pool.leave(stake).paid == 0


def test_a_pool_without_cash_loses_nothing_and_ends_nothing():
    assert Pool().lose(0) == Pool()
    assert Pool().gain(0) == Pool()


def test_a_gain_that_nobody_is_there_for_stays_and_bears_losses():
    pool, stake = Pool().gain(100).join(100)
    pool = pool.lose(100)
    assert (pool.worth(stake), pool.cash) == (50, 100)


def test_a_stake_survives_a_fall_by_many_powers_of_ten_and_the_rise_after_it():
    pool, stake = Pool().join(10**18)
    pool = pool.lose(10**18 - 1)
    assert (pool.worth(stake), pool.scale) == (1, 18)
    pool = pool.gain(10**18 - 1)
    assert (pool.worth(stake), pool.scale) == (10**18, 0)
    assert Pool(1, PRODUCT_ONE, 60, 0).worth(Stake(10**18, PRODUCT_ONE, 0, 0)) == 0


def test_a_stake_rises_by_many_powers_of_ten_with_what_is_gained():
    pool, stake = Pool().join(100)
    pool, other = pool.join(300)
    pool = pool.gain(4 * 10**15 - 400)
    assert (pool.worth(stake), pool.worth(other), pool.scale) == (10**15, 3 * 10**15, -13)


def test_what_a_pool_cannot_do_is_refused():
    pool, stake = Pool().join(10)
    with pytest.raises(InvalidInputError, match=r"quanta must be in \[0, 10\], was 11"):
        pool.lose(11)
    with pytest.raises(InvalidInputError, match="quanta must be in"):
        pool.lose(-1)
    with pytest.raises(InvalidInputError, match="quanta must be >= 0, was -1"):
        pool.gain(-1)
    with pytest.raises(InvalidInputError, match="quanta must be >= 0, was -1"):
        pool.join(-1)
    with pytest.raises(InvalidInputError, match="the stake's worth, was 11"):
        pool.leave(stake, 11)
    with pytest.raises(InvalidInputError, match=r"stake\.epoch must be <= 0, was 1"):
        pool.worth(Stake(1, PRODUCT_ONE, 0, 1))
    with pytest.raises(AmountOverflowError):
        pool.gain(INT64_MAX)
    with pytest.raises(AmountOverflowError):
        pool.join(INT64_MAX)


def test_a_step_is_a_gain_or_a_loss_by_its_sign():
    pool = Pool().join(100).pool
    assert pool.step(-30) == pool.lose(30)
    assert pool.step(30) == pool.gain(30)
    assert pool.step(0) == pool


def test_pools_and_stakes_come_back_from_the_journal_as_they_were():
    pool, stake = Pool().join(10**15)
    pool = pool.lose(10**14 + 7)
    for value, kind in ((pool, Pool), (stake, Stake)):
        assert msgspec.json.decode(msgspec.json.encode(value), type=kind) == value
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind) == value


def lived(steps, first):
    """Return a pool that has been through the steps, its stakes, and what went in and out."""
    pool, stake = Pool().join(first)
    stakes, paid_in, paid_out = [stake], first, 0
    for name, thousandths in steps:
        amount = pool.cash * thousandths // 1_000
        if name == "lose":
            pool, paid_out = pool.lose(amount), paid_out + amount
        elif name == "gain":
            pool, paid_in = pool.gain(amount // 10), paid_in + amount // 10
        elif name == "join":
            pool, stake = pool.join(thousandths)
            stakes, paid_in = [*stakes, stake], paid_in + thousandths
        else:
            at = thousandths % len(stakes)
            part = pool.worth(stakes[at]) * thousandths // 1_000
            pool, stakes[at], paid = pool.leave(stakes[at], part)
            paid_out += paid
    return pool, stakes, paid_in, paid_out


@given(STEPS, AMOUNTS)
def test_nothing_is_lost_and_all_stakes_together_are_worth_no_more_than_the_cash(steps, first):
    pool, stakes, paid_in, paid_out = lived(steps, first)
    assert pool.cash == paid_in - paid_out
    assert sum(map(pool.worth, stakes)) <= pool.cash
    assert PRODUCT_ONE <= pool.product < 10 * PRODUCT_ONE
    for stake in stakes:
        pool = pool.leave(stake).pool
    assert pool.cash >= 0


@given(AMOUNTS, AMOUNTS, st.lists(st.integers(-900, 900), max_size=20))
def test_stakes_of_one_time_keep_their_ratio_to_a_quantum(small, large, thousandths):
    pool, first = Pool().join(small)
    pool, second = pool.join(large)
    cash = Fraction(pool.cash)
    for part in thousandths:
        step = pool.cash * part // 1_000
        pool = pool.step(step)
        cash += step
    # Each is its share of the cash, but for the quantum that is cut and 1e-16 a step.
    slack = 1 + cash * (len(thousandths) + 1) / 10**16
    for stake, put in ((first, small), (second, large)):
        share = cash * put / (small + large)
        assert share - slack <= pool.worth(stake) <= share


@given(AMOUNTS, AMOUNTS, st.integers(0, 1_000), st.integers(0, 1_000))
def test_a_loss_in_two_parts_is_the_same_loss(small, large, first, second):
    pool, stake = Pool().join(small)
    pool, _ = pool.join(large)
    one = (pool.cash - 1) * first // 2_000
    two = (pool.cash - 1) * second // 2_000
    at_once, in_parts = pool.lose(one + two), pool.lose(one).lose(two)
    assert at_once.cash == in_parts.cash
    assert abs(at_once.worth(stake) - in_parts.worth(stake)) <= 1 + pool.cash // 10**16


@given(STEPS, AMOUNTS, st.integers(0, 10**12))
@settings(max_examples=50)
def test_nobody_gains_by_coming_and_going_around_nothing(steps, first, amount):
    pool, stakes, _, _ = lived(steps, first)
    before = [pool.worth(stake) for stake in stakes]
    joined = pool.join(amount)
    left = joined.pool.leave(joined.stake)
    assert left.paid == amount
    assert left.pool == pool
    added = pool.join(amount, stakes[0])
    assert added.pool.worth(added.stake) == before[0] + amount
    assert [added.pool.worth(stake) for stake in stakes[1:]] == before[1:]


@given(AMOUNTS, st.lists(st.integers(0, 999), min_size=1, max_size=12))
def test_leaving_in_parts_beats_leaving_at_once_by_nothing(first, parts):
    pool, stake = Pool().join(first)
    pool = pool.join(first).pool.lose(first // 3)
    whole = pool.leave(stake).paid
    paid = 0
    for thousandths in parts:
        part = pool.worth(stake) * thousandths // 1_000
        pool, stake, out = pool.leave(stake, part)
        paid += out
    assert paid + pool.leave(stake).paid == whole


def test_a_stake_that_has_risen_is_worth_no_more_than_its_share():
    """Of 3 one was put in by each; of 30,000,002 a third is 10,000,000 and two thirds of one."""
    pool, stake = Pool().join(1)
    pool = pool.join(2).pool.gain(30 * 10**6 - 1)
    assert (pool.cash, pool.scale) == (30_000_002, -7)
    assert pool.worth(stake) == 10_000_000
