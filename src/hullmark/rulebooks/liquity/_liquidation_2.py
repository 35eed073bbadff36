"""Liquidation in Liquity v2: a penalty by who takes the debt, and what is over goes back."""

from dataclasses import dataclass
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity._ratios import UNIT, gas_collateral, whole

GAS_WETH_2 = 375 * UNIT // 10_000  # ``ETH_GAS_COMPENSATION``
GAS_COLLATERAL_MAX_2 = 2 * UNIT  # ``COLL_GAS_COMPENSATION_CAP``


@dataclass(frozen=True, slots=True)
class BranchTerms:
    """What a branch, one kind of collateral, is liquidated by.

    Attributes
    ----------
    ratio_min : int, 1e-18
        ``MCR``; below it a trove is liquidated.
    penalty_pool, penalty_redistribution : int, 1e-18
        5 % in the pool; redistribution 10 % for WETH and 20 % for staked ether.
    """

    ratio_min: int
    penalty_pool: int
    penalty_redistribution: int


WETH_BRANCH = BranchTerms(110 * UNIT // 100, 5 * UNIT // 100, 10 * UNIT // 100)
STAKED_BRANCH = BranchTerms(120 * UNIT // 100, 5 * UNIT // 100, 20 * UNIT // 100)


class Liquidation2(NamedTuple):
    """Where debt and collateral of a trove of version 2 go, in 1e-18.

    Attributes
    ----------
    debt_offset, collateral_offset : int
        Cancelled by the pool, and sent to it.
    gas_collateral : int
        To who liquidates, beside `GAS_WETH_2`; from what is offset only.
    debt_redistributed, collateral_redistributed : int
    surplus : int
        Collateral that the owner can claim.
    """

    debt_offset: int
    collateral_offset: int
    gas_collateral: int
    debt_redistributed: int
    collateral_redistributed: int
    surplus: int


class Seized(NamedTuple):
    """Collateral that is taken for a debt, and what of it is over, in 1e-18."""

    seized: int
    surplus: int


def seized_at_penalty(collateral: int, debt: int, penalty: int, price: int) -> Seized:
    """Return what is taken for a debt: its worth and the penalty, or all there is.

    Parameters
    ----------
    collateral, debt : int, 1e-18, >= 0
    penalty : int, 1e-18, >= 0
    price : int, 1e-18, > 0

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    References
    ----------
    ``liquity/bold``, ``TroveManager.sol`` [405f912], ``_getCollPenaltyAndSurplus``.

    >>> seized_at_penalty(2 * UNIT, 1_000 * UNIT, 5 * UNIT // 100, 1_000 * UNIT)
    Seized(seized=1050000000000000000, surplus=950000000000000000)
    """
    for name, amount in (("collateral", collateral), ("debt", debt), ("penalty", penalty)):
        whole(name, amount)
    if price <= 0:
        raise InvalidInputError(f"price must be > 0, was {price}")
    most = debt * (UNIT + penalty) // price
    return Seized(min(collateral, most), max(collateral - most, 0))


def liquidate_2(
    debt: int, collateral: int, *, pool_for_offsets: int, price: int, terms: BranchTerms
) -> Liquidation2:
    """Return the liquidation of a trove of version 2; whether it is under is not asked.

    The surplus of the part that the pool takes can be eaten up by the penalty of the part that is
    redistributed.

    Parameters
    ----------
    debt, collateral : int, 1e-18
        With all that the trove has gained and accrued.
    pool_for_offsets : int, 1e-18, >= 0
        What the pool can cancel: all but one coin of it.
    price : int, 1e-18
    terms : BranchTerms

    Raises
    ------
    InvalidInputError
        If the debt or price is not above zero, or another number below it.

    References
    ----------
    ``liquity/bold``, ``TroveManager.sol`` [405f912], ``_getOffsetAndRedistributionVals``.

    >>> liquidate_2(1_000 * UNIT, 2 * UNIT, pool_for_offsets=1_000 * UNIT, price=540 * UNIT,
    ...             terms=WETH_BRANCH)[1:3]
    (1944444444444444444, 10000000000000000)
    """
    if debt <= 0:
        raise InvalidInputError(f"debt must be > 0, was {debt}")
    whole("collateral", collateral)
    offset = min(debt, whole("pool_for_offsets", pool_for_offsets))
    portion = collateral * offset // debt
    gas = gas_collateral(portion, GAS_COLLATERAL_MAX_2)
    sent, surplus = seized_at_penalty(portion - gas, offset, terms.penalty_pool, price)
    rest, given = debt - offset, 0
    if rest > 0 and collateral - portion > 0:
        given, surplus = seized_at_penalty(
            collateral - portion + surplus, rest, terms.penalty_redistribution, price
        )
    return Liquidation2(offset, sent, gas, rest, given, surplus)
