"""Liquidation in Liquity v1: the pool first, then all other troves; gentler in recovery mode."""

from collections.abc import Sequence
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity._ratios import UNIT, collateral_ratio, gas_collateral, whole

RATIO_MIN = 11 * UNIT // 10  # ``MCR``
RATIO_CRITICAL = 15 * UNIT // 10  # ``CCR``
GAS_COINS = 200 * UNIT  # ``LUSD_GAS_COMPENSATION``


class Trove(NamedTuple):
    """A trove's debt and collateral, with all that it has gained of others, in 1e-18."""

    debt: int
    collateral: int


class Liquidation(NamedTuple):
    """Where debt and collateral of a liquidated trove go, in 1e-18; all 0: it is not liquidated.

    Attributes
    ----------
    debt, collateral : int
        ``entireTroveDebt`` and ``entireTroveColl``.
    gas_collateral, gas_coins : int
        To who liquidates.
    debt_offset, collateral_offset : int
        Cancelled by the pool, and sent to it.
    debt_redistributed, collateral_redistributed : int
        To all other troves.
    surplus : int
        Collateral that the owner can claim.
    """

    debt: int = 0
    collateral: int = 0
    gas_collateral: int = 0
    gas_coins: int = 0
    debt_offset: int = 0
    collateral_offset: int = 0
    debt_redistributed: int = 0
    collateral_redistributed: int = 0
    surplus: int = 0


NOTHING = Liquidation()


class OffsetShares(NamedTuple):
    """What of a debt and its collateral the pool takes, and what is redistributed, in 1e-18."""

    debt_offset: int
    collateral_offset: int
    debt_redistributed: int
    collateral_redistributed: int


def offset_shares(debt: int, collateral: int, pool: int) -> OffsetShares:
    """Return how a debt is shared between the pool, as far as it goes, and all other troves.

    Parameters
    ----------
    debt : int, 1e-18, > 0
    collateral : int, 1e-18, >= 0
        Without the gas compensation.
    pool : int, 1e-18, >= 0
        Coins in the Stability Pool.

    Raises
    ------
    InvalidInputError
        If the debt is not above zero, or another number below it.

    References
    ----------
    ``liquity/dev``, ``TroveManager.sol`` [bf638ec], ``_getOffsetAndRedistributionVals``.

    >>> tuple(offset_shares(300, 30, 100))
    (100, 10, 200, 20)
    """
    if not whole("debt", debt):
        raise InvalidInputError(f"debt must be > 0, was {debt}")
    whole("collateral", collateral)
    offset = min(debt, whole("pool", pool))
    sent = collateral * offset // debt
    return OffsetShares(offset, sent, debt - offset, collateral - sent)


def liquidate_normal(trove: Trove, pool: int) -> Liquidation:
    """Return the liquidation of a trove outside recovery mode; whether it is under is not asked.

    References
    ----------
    ``liquity/dev``, ``TroveManager.sol`` [bf638ec], ``_liquidateNormalMode``.

    >>> found = liquidate_normal(Trove(2_000 * UNIT, 20 * UNIT), 0)
    >>> found.gas_collateral, found.collateral_redistributed
    (100000000000000000, 19900000000000000000)
    """
    gas = gas_collateral(trove.collateral)
    shares = offset_shares(trove.debt, trove.collateral - gas, pool)
    return Liquidation(trove.debt, trove.collateral, gas, GAS_COINS, *shares)


def liquidate_recovery(
    trove: Trove, pool: int, *, ratio: int, total_ratio: int, price: int, last: bool = False
) -> Liquidation:
    """Return the liquidation of a trove in recovery mode.

    At most 100 %: all is redistributed. Under 110 %: as in normal mode. Under the system's ratio:
    the pool takes 110 % of the debt's worth if it can cancel all of it, and the owner has the rest.
    Else nothing happens.

    Parameters
    ----------
    trove : Trove
    pool : int, 1e-18
    ratio, total_ratio : int, 1e-18
        The trove's and the system's.
    price : int, 1e-18
    last : bool
        Whether no other trove is left: the last one is not liquidated.

    References
    ----------
    ``liquity/dev``, ``TroveManager.sol`` [bf638ec], ``_liquidateRecoveryMode`` and
    ``_getCappedOffsetVals``.

    >>> found = liquidate_recovery(Trove(100 * UNIT, 2 * UNIT), 100 * UNIT, ratio=14 * UNIT // 10,
    ...                            total_ratio=149 * UNIT // 100, price=70 * UNIT)
    >>> found.collateral_offset, found.surplus
    (1563571428571428571, 428571428571428572)
    """
    if last:
        return NOTHING
    if ratio <= UNIT:
        gas = gas_collateral(trove.collateral)
        left = trove.collateral - gas
        return Liquidation(
            *trove, gas, GAS_COINS, debt_redistributed=trove.debt, collateral_redistributed=left
        )
    if ratio < RATIO_MIN:
        return liquidate_normal(trove, pool)
    if ratio < total_ratio and trove.debt <= pool:
        capped = trove.debt * RATIO_MIN // price
        gas = gas_collateral(capped)
        surplus = trove.collateral - capped
        return Liquidation(*trove, gas, GAS_COINS, trove.debt, capped - gas, surplus=surplus)
    return NOTHING


class Batch(NamedTuple):
    """A batch of liquidations.

    Attributes
    ----------
    each : tuple of Liquidation
        In the order of the troves; `NOTHING` where one is passed over.
    total : Liquidation
        Their sum.
    recovery : bool
        Whether recovery mode still held at the end.
    """

    each: tuple[Liquidation, ...]
    total: Liquidation
    recovery: bool


def liquidate_batch(
    troves: Sequence[Trove],
    *,
    price: int,
    pool: int,
    system: Trove,
    troves_open: int | None = None,
) -> Batch:
    """Return the liquidations of troves in their order, with recovery mode as it was at the start.

    Ratios do not change by what is redistributed within a batch. Once the system is back at 150 %
    the rest of the batch is under the rules of normal mode.

    Parameters
    ----------
    troves : sequence of Trove
        Active ones, with what they have gained.
    price : int, 1e-18
    pool : int, 1e-18
        Coins in the Stability Pool.
    system : Trove
        Debt and collateral of all troves.
    troves_open : int, optional
        How many troves there are; ``None``: more than are in the batch.

    Raises
    ------
    InvalidInputError
        If the batch closes the last trove in normal mode: ``Only one trove in the system``.

    References
    ----------
    ``liquity/dev``, ``TroveManager.sol`` [bf638ec], ``batchLiquidateTroves``.
    """
    recovery = collateral_ratio(system.collateral, system.debt, price) < RATIO_CRITICAL
    left, pool_left, each = troves_open, pool, []
    debt, collateral = system
    for trove in troves:
        ratio = collateral_ratio(trove.collateral, trove.debt, price)
        found = NOTHING
        if recovery and not (ratio >= RATIO_MIN and pool_left == 0):
            total_ratio = collateral_ratio(collateral, debt, price)
            last = left is not None and left <= 1
            found = liquidate_recovery(
                trove, pool_left, ratio=ratio, total_ratio=total_ratio, price=price, last=last
            )
            debt -= found.debt_offset
            collateral -= found.collateral_offset + found.gas_collateral + found.surplus
            recovery = collateral_ratio(collateral, debt, price) < RATIO_CRITICAL
        elif not recovery and ratio < RATIO_MIN:
            if left is not None and left <= 1:
                raise InvalidInputError(f"troves_open must be > 1 to close one, was {left}")
            found = liquidate_normal(trove, pool_left)
        pool_left -= found.debt_offset
        if left is not None and found is not NOTHING:
            left -= 1
        each.append(found)
    total = Liquidation(*(sum(column) for column in zip(*each, strict=True))) if each else NOTHING
    return Batch(tuple(each), total, recovery)
