"""Liquidation in version 2: penalties, what goes back, and the cases of the public tests."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity import (
    GAS_COLLATERAL_MAX_2,
    STAKED_BRANCH,
    UNIT,
    WETH_BRANCH,
    liquidate_2,
    seized_at_penalty,
)

PRICE = 1_100 * UNIT - 1
DEBT, COLLATERAL = 2_000 * UNIT, 2 * UNIT


# Liquity, bold, contracts/test/liquidations.t.sol [11ef24f], testLiquidationOffsetWithSurplus:
# 2,000 coins, 2 ether just under 110 %; the pool has 105 % of the debt's worth, 0.5 % is for gas.
def test_the_owner_has_what_is_over_the_penalty():
    found = liquidate_2(DEBT, COLLATERAL, pool_for_offsets=DEBT, price=PRICE, terms=WETH_BRANCH)
    assert found.debt_offset == DEBT
    assert abs(found.collateral_offset - DEBT * UNIT // PRICE * 105 // 100) <= 10
    assert found.gas_collateral == COLLATERAL * 5 // 1_000
    surplus = COLLATERAL * 995 // 1_000 - DEBT * UNIT // PRICE * 105 // 100
    assert abs(found.surplus - surplus) <= 10


# The same file, testLiquidationOffsetNoSurplus: 10,000 of debt and 10 ether at 1,030.
def test_where_the_penalty_is_not_there_the_pool_has_all():
    found = liquidate_2(
        10_000 * UNIT, 10 * UNIT, pool_for_offsets=10_100 * UNIT, price=1_030 * UNIT,
        terms=WETH_BRANCH,
    )  # fmt: skip
    assert found.collateral_offset == 10 * UNIT * 995 // 1_000
    assert found.surplus == 0


# The same file, testLiquidationMix: half of it in the pool, of which one coin stays. There gas was
# taken of all collateral; since then it is of what is offset, so the owner has that more.
def test_the_rest_is_redistributed_at_a_penalty_of_its_own():
    pool = DEBT // 2 - UNIT
    found = liquidate_2(DEBT, COLLATERAL, pool_for_offsets=pool, price=PRICE, terms=WETH_BRANCH)
    assert (found.debt_offset, found.debt_redistributed) == (pool, DEBT // 2 + UNIT)
    assert abs(found.collateral_offset - pool * UNIT // PRICE * 105 // 100) <= 10
    given_out = (DEBT // 2 + UNIT) * UNIT // PRICE * 110 // 100
    assert abs(found.collateral_redistributed - given_out) <= 10
    assert found.gas_collateral == COLLATERAL * pool // DEBT // 200


def test_without_a_pool_nothing_is_for_gas():
    found = liquidate_2(DEBT, COLLATERAL, pool_for_offsets=0, price=1_050 * UNIT, terms=WETH_BRANCH)
    assert (found.gas_collateral, found.collateral_redistributed) == (0, COLLATERAL)


def test_staked_ether_has_a_larger_penalty():
    terms = {"pool_for_offsets": 0, "price": 1_190 * UNIT}
    weth = liquidate_2(DEBT, COLLATERAL, **terms, terms=WETH_BRANCH)
    staked = liquidate_2(DEBT, COLLATERAL, **terms, terms=STAKED_BRANCH)
    assert weth.surplus > staked.surplus == 0


def test_a_surplus_of_the_pool_s_part_can_be_eaten_by_the_rest():
    found = liquidate_2(DEBT, COLLATERAL, pool_for_offsets=DEBT // 2, price=1_060 * UNIT,
                        terms=WETH_BRANCH)  # fmt: skip
    portion = COLLATERAL // 2 - found.gas_collateral
    assert found.collateral_offset < portion
    assert found.collateral_redistributed == portion - found.collateral_offset + COLLATERAL // 2
    assert found.surplus == 0


def test_gas_is_capped():
    found = liquidate_2(
        10**6 * UNIT, 1_000 * UNIT, pool_for_offsets=10**6 * UNIT, price=1_050 * UNIT,
        terms=WETH_BRANCH,
    )  # fmt: skip
    assert found.gas_collateral == GAS_COLLATERAL_MAX_2


@given(
    st.integers(1, 10**27), st.integers(0, 10**27), st.integers(0, 10**27), st.integers(1, 10**24),
    st.sampled_from([WETH_BRANCH, STAKED_BRANCH]),
)  # fmt: skip
def test_debt_and_collateral_are_all_accounted_for(debt, collateral, pool, price, terms):
    found = liquidate_2(debt, collateral, pool_for_offsets=pool, price=price, terms=terms)
    assert found.debt_offset + found.debt_redistributed == debt
    spent = found.collateral_offset + found.collateral_redistributed + found.surplus
    assert spent + found.gas_collateral == collateral
    assert min(found) >= 0
    for taken, owed, penalty in (
        (found.collateral_offset, found.debt_offset, terms.penalty_pool),
        (found.collateral_redistributed, found.debt_redistributed, terms.penalty_redistribution),
    ):
        assert taken * price <= owed * (UNIT + penalty)


def test_numbers_out_of_their_range_are_refused():
    with pytest.raises(InvalidInputError, match="debt must be > 0, was 0"):
        liquidate_2(0, 1, pool_for_offsets=0, price=1, terms=WETH_BRANCH)
    with pytest.raises(InvalidInputError, match="price must be > 0, was 0"):
        seized_at_penalty(1, 1, 1, 0)
    with pytest.raises(InvalidInputError, match="penalty must be >= 0, was -1"):
        seized_at_penalty(1, 1, -1, 1)
