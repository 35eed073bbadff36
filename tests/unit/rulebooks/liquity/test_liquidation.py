"""Liquidation in version 1: every branch of both modes, and nothing that is lost on the way."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity import (
    GAS_COINS,
    NOTHING,
    RATIO_MIN,
    UNIT,
    Liquidation,
    Trove,
    liquidate_batch,
    liquidate_normal,
    liquidate_recovery,
    offset_shares,
)

TROVE = Trove(2_000 * UNIT, 20 * UNIT)
GAS = UNIT // 10
AMOUNTS = st.integers(1, 10**30)


def recovery(ratio, *, pool=10_000 * UNIT, total=14 * UNIT // 10, price=120 * UNIT, last=False):
    return liquidate_recovery(TROVE, pool, ratio=ratio, total_ratio=total, price=price, last=last)


def test_the_pool_takes_what_it_can_and_the_rest_is_redistributed():
    assert liquidate_normal(TROVE, 10_000 * UNIT) == Liquidation(
        *TROVE, GAS, GAS_COINS, 2_000 * UNIT, 20 * UNIT - GAS
    )
    half = liquidate_normal(TROVE, 1_000 * UNIT)
    assert (half.debt_offset, half.debt_redistributed) == (1_000 * UNIT, 1_000 * UNIT)
    assert half.collateral_offset == half.collateral_redistributed == 995 * UNIT // 100
    assert liquidate_normal(TROVE, 0).debt_redistributed == 2_000 * UNIT


def test_at_most_100_percent_the_pool_is_spared():
    found = recovery(UNIT)
    assert (found.debt_offset, found.collateral_offset) == (0, 0)
    assert (found.debt_redistributed, found.collateral_redistributed) == (2_000 * UNIT, 199 * GAS)


def test_under_110_percent_recovery_mode_is_normal_mode():
    assert recovery(UNIT + 1) == liquidate_normal(TROVE, 10_000 * UNIT)
    assert recovery(RATIO_MIN - 1) == liquidate_normal(TROVE, 10_000 * UNIT)


def test_under_the_system_the_pool_takes_110_percent_and_the_owner_has_the_rest():
    found = recovery(12 * UNIT // 10)
    capped = 2_000 * UNIT * RATIO_MIN // (120 * UNIT)
    assert found.debt_offset == 2_000 * UNIT
    assert found.gas_collateral == capped // 200
    assert found.collateral_offset == capped - capped // 200
    assert found.surplus == 20 * UNIT - capped
    assert recovery(RATIO_MIN) == found


@pytest.mark.parametrize(
    "change",
    [{"ratio": 14 * UNIT // 10}, {"pool": 2_000 * UNIT - 1}, {"last": True}],
    ids=["not under the system", "more than the pool has", "the last trove"],
)
def test_else_nothing_happens(change):
    assert recovery(**{"ratio": 12 * UNIT // 10, **change}) is NOTHING


@given(AMOUNTS, AMOUNTS, st.integers(0, 10**30), st.integers(1, 10**24))
def test_debt_and_collateral_are_all_accounted_for(debt, collateral, pool, price):
    trove = Trove(debt, collateral)
    ratio = collateral * price // debt
    for found in (
        liquidate_normal(trove, pool),
        liquidate_recovery(trove, pool, ratio=ratio, total_ratio=2 * UNIT, price=price),
    ):
        if found is not NOTHING:
            assert found.debt_offset + found.debt_redistributed == debt
            spent = found.collateral_offset + found.collateral_redistributed + found.surplus
            assert spent + found.gas_collateral == collateral
            assert min(found) >= 0
            assert found.debt_offset <= pool


def test_a_debt_of_nothing_cannot_be_shared():
    with pytest.raises(InvalidInputError, match="debt must be > 0, was 0"):
        offset_shares(0, 1, 1)


PRICE = 100 * UNIT
SAFE = Trove(1_000 * UNIT, 1_000 * UNIT)


def test_in_normal_mode_a_batch_takes_all_that_are_under():
    under, over = Trove(1_000 * UNIT, 105 * UNIT // 10), Trove(1_000 * UNIT, 11 * UNIT)
    batch = liquidate_batch(
        [under, over, under], price=PRICE, pool=1_500 * UNIT, system=Trove(10**24, 10**24)
    )
    assert not batch.recovery
    assert batch.each[1] is NOTHING
    assert (batch.each[0].debt_offset, batch.each[2].debt_offset) == (1_000 * UNIT, 500 * UNIT)
    assert batch.total.debt_offset == 1_500 * UNIT
    assert batch.total.debt_redistributed == 500 * UNIT
    assert batch.total.gas_coins == 2 * GAS_COINS


# A system at 149 %: a trove of 120 % goes at 110 %, which brings it over 150 %; the next of 120 %
# is then safe, and one of 105 % is not.
def test_a_batch_leaves_recovery_mode_where_the_system_does():
    low, lower = Trove(1_000 * UNIT, 12 * UNIT), Trove(1_000 * UNIT, 105 * UNIT // 10)
    batch = liquidate_batch(
        [low, low, lower], price=PRICE, pool=10_000 * UNIT, system=Trove(10_000 * UNIT, 149 * UNIT)
    )
    assert batch.each[0].surplus == UNIT
    assert batch.each[1] is NOTHING
    assert batch.each[2] == liquidate_normal(lower, 9_000 * UNIT)
    assert not batch.recovery


def test_with_an_empty_pool_recovery_mode_passes_over_what_is_not_under_110():
    low, lower = Trove(1_000 * UNIT, 12 * UNIT), Trove(1_000 * UNIT, 105 * UNIT // 10)
    batch = liquidate_batch(
        [low, lower], price=PRICE, pool=0, system=Trove(100_000 * UNIT, 1_400 * UNIT)
    )
    assert batch.each[0] is NOTHING
    assert batch.each[1].debt_redistributed == 1_000 * UNIT
    assert batch.recovery


def test_the_last_trove_stays():
    under = Trove(1_000 * UNIT, 105 * UNIT // 10)
    in_recovery = liquidate_batch(
        [under, under], price=PRICE, pool=10_000 * UNIT, troves_open=2,
        system=Trove(2_000 * UNIT, 21 * UNIT),
    )  # fmt: skip
    assert in_recovery.each[1] is NOTHING
    with pytest.raises(InvalidInputError, match="troves_open must be > 1 to close one, was 1"):
        liquidate_batch(
            [under], price=PRICE, pool=0, troves_open=1, system=Trove(2_000 * UNIT, 210 * UNIT)
        )


def test_no_troves_are_no_batch():
    batch = liquidate_batch([], price=PRICE, pool=0, system=SAFE)
    assert (batch.each, batch.total, batch.recovery) == ((), NOTHING, False)
