"""Repay a debt, take collateral worth more: what is seized, who has the bonus, what may be left."""

from decimal import Decimal
from typing import NamedTuple

from hullmark.core import Number, exactly, not_negative, share
from hullmark.errors import InvalidInputError
from hullmark.liquidation._close_factor import WAD
from hullmark.liquidation._percent import BPS, Rounding, percent_div, percent_mul, quotient

_CURSOR_WAD = 3 * WAD // 10
_INCENTIVE_WAD_MAX = 115 * WAD // 100


class UnitPrice(NamedTuple):
    """What one unit of an asset is worth.

    Attributes
    ----------
    value : int, base units, > 0
    unit : int, > 0
        How many of the smallest units of the asset that is the value of: ``10 ** decimals``.
    """

    value: int
    unit: int


class BonusSeizure(NamedTuple):
    """What a bonus liquidation comes to.

    Attributes
    ----------
    repaid : int, units of the debt's asset
    seized : int, units of the collateral
        All that the account gives, the fee with it.
    fee : int, units of the collateral
        The protocol's share of the bonus.
    to_liquidator : int, units of the collateral
        ``seized - fee``.
    base_collateral : int, units of the collateral
        What is worth as much as the debt that was asked for, before the bonus.
    bonus_collateral : int, units of the collateral
        The part of *seized* that the fee is taken from; 0 where there is no fee.
    seized_value : int, base units
        Of *seized*, rounded down.
    """

    repaid: int
    seized: int
    fee: int
    to_liquidator: int
    base_collateral: int
    bonus_collateral: int
    seized_value: int


class Roundings(NamedTuple):
    """The direction of each quotient of `seize`.

    Attributes
    ----------
    collateral : Rounding
        Of base collateral times bonus.
    repaid : Rounding
        Of the debt that all of the collateral pays for.
    base : Rounding
        Of what is not bonus in what is seized.
    fee : Rounding
    """

    collateral: Rounding = Rounding.FLOOR
    repaid: Rounding = Rounding.CEIL
    base: Rounding = Rounding.FLOOR
    fee: Rounding = Rounding.CEIL


ROUNDINGS = Roundings()  # each against the liquidator, as Aave rounds since 3.7


def seize(
    debt: int,
    *,
    debt_price: UnitPrice,
    collateral_price: UnitPrice,
    collateral: int,
    bonus_bps: int,
    fee_bps: int = 0,
    roundings: Roundings = ROUNDINGS,
) -> BonusSeizure:
    """Return what a liquidator who repays a debt takes.

    Collateral of the same value, times the bonus. Where the account has less, all of it, and the
    debt is what that pays for.

    Parameters
    ----------
    debt : int, units of the debt's asset, >= 0
    debt_price, collateral_price : UnitPrice
    collateral : int, units of the collateral, >= 0
        What the account has.
    bonus_bps : int, basis points, >= 10_000
        10,500 is a bonus of 5 %.
    fee_bps : int, basis points
        Share of the *bonus* that the protocol keeps.
    roundings : Roundings
        As of Aave 3.7 where none are given.

    Raises
    ------
    InvalidInputError
        If an amount is below zero, a price or unit not above it, or the bonus below 10,000.

    References
    ----------
    Aave, ``aave-v3-origin`` [e4cc47e], ``LiquidationLogic``,
    ``_calculateAvailableCollateralToLiquidate``.

    >>> unit = UnitPrice(1, 1)
    >>> seize(1_000, debt_price=unit, collateral_price=unit, collateral=2_000, bonus_bps=10_500,
    ...       fee_bps=1_000)[:4]
    (1000, 1050, 5, 1045)
    """
    for name, amount in (("debt", debt), ("collateral", collateral), ("fee_bps", fee_bps)):
        if amount < 0:
            raise InvalidInputError(f"{name} must be >= 0, was {amount}")
    if bonus_bps < BPS:
        raise InvalidInputError(f"bonus_bps must be >= {BPS}, was {bonus_bps}")
    check_price("debt_price", debt_price)
    check_price("collateral_price", collateral_price)
    debt_side = debt_price.value * collateral_price.unit
    collateral_side = collateral_price.value * debt_price.unit
    base = debt_side * debt // collateral_side
    seized, repaid = percent_mul(base, bonus_bps, roundings.collateral), debt
    if seized > collateral:
        seized = collateral
        covered = collateral_side * collateral // debt_side
        repaid = percent_div(covered, bonus_bps, roundings.repaid)
    bonus = fee = 0
    if fee_bps:
        bonus = seized - percent_div(seized, bonus_bps, roundings.base)
        fee = percent_mul(bonus, fee_bps, roundings.fee)
    value = seized * collateral_price.value // collateral_price.unit
    return BonusSeizure(repaid, seized, fee, seized - fee, base, bonus, value)


def leaves_dust(
    *, debt_left: int, collateral_left: int, debt_price: UnitPrice, collateral_price: UnitPrice,
    value_min: int, debt_rounding: Rounding = Rounding.CEIL,
) -> bool:  # fmt: skip
    """Return whether a step leaves less than may be left, of either side.

    All of one side may go. Where something of both stays, each must be worth *value_min*.

    Parameters
    ----------
    debt_left, collateral_left : int, units of the asset, >= 0
    debt_price, collateral_price : UnitPrice
    value_min : int, base units
    debt_rounding : Rounding
        Of the debt's value: up since Aave 3.5, down in 3.3 and 3.4.

    Raises
    ------
    InvalidInputError
        If a price or unit is not above zero, or what is left of the debt is below zero.

    References
    ----------
    Aave 3.3, ``LiquidationLogic``, ``MIN_LEFTOVER_BASE``.

    >>> one = UnitPrice(1, 1)
    >>> leaves_dust(debt_left=999, collateral_left=5_000, debt_price=one, collateral_price=one,
    ...             value_min=1_000)
    True
    """
    check_price("debt_price", debt_price)
    check_price("collateral_price", collateral_price)
    if debt_left == 0 or collateral_left == 0:
        return False
    debt_value = quotient(debt_left * debt_price.value, debt_price.unit, debt_rounding)
    value = collateral_left * collateral_price.value // collateral_price.unit
    return debt_value < value_min or value < value_min


def health_factor(
    weighted_collateral: int, debt_value: int, *, total_collateral: int | None = None
) -> int | None:
    """Return a health factor in 1e-18, or ``None`` where there is no debt.

    Parameters
    ----------
    weighted_collateral : int, base units times basis points
        The sum of value times liquidation threshold.
    debt_value : int, base units, >= 0
    total_collateral : int, base units, optional
        Before Aave 3.4 the threshold was averaged, and so rounded down to whole basis points,
        first: give the collateral's value to have that.

    Raises
    ------
    InvalidInputError
        If a value is below zero.

    References
    ----------
    Aave, ``aave-v3-origin`` [6512922], ``GenericLogic.calculateUserAccountData``: a quotient in
    wads, halves up, cut to basis points after it.

    >>> health_factor(8_500 * 1_000, 900), health_factor(0, 0)
    (944444444444444444, None)
    """
    if debt_value < 0:
        raise InvalidInputError(f"debt_value must be >= 0, was {debt_value}")
    if debt_value == 0:
        return None
    if total_collateral is None:
        wads = quotient(weighted_collateral * WAD, debt_value, Rounding.HALF_UP)
        return wads // BPS
    threshold = weighted_collateral // total_collateral if total_collateral else 0
    covered = percent_mul(total_collateral, threshold)
    return quotient(covered * WAD, debt_value, Rounding.HALF_UP)


def incentive_factor_wad(
    threshold: int, *, cursor: int = _CURSOR_WAD, factor_max: int = _INCENTIVE_WAD_MAX
) -> int:
    """Return ``min(max, 1 / (1 - cursor * (1 - threshold)))`` in wads, each step rounded down.

    Parameters
    ----------
    threshold : int, 1e-18, in [0, 1e18]
        Loan to value at which a position can be liquidated.
    cursor : int, 1e-18, in [0, 1e18)
    factor_max : int, 1e-18

    Raises
    ------
    InvalidInputError
        If *threshold* or *cursor* is out of its range.

    References
    ----------
    Morpho, ``morpho-blue`` [3085651], ``Morpho.liquidate`` and ``ConstantsLib``.

    >>> incentive_factor_wad(86 * 10**16)
    1043841336116910229
    """
    if not 0 <= threshold <= WAD:
        raise InvalidInputError(f"threshold must be in [0, {WAD}], was {threshold}")
    if not 0 <= cursor < WAD:
        raise InvalidInputError(f"cursor must be in [0, {WAD}), was {cursor}")
    return min(factor_max, WAD * WAD // (WAD - cursor * (WAD - threshold) // WAD))


def incentive_factor(
    threshold: Number, *, cursor: Number = "0.3", factor_max: Number = "1.15"
) -> Decimal:
    """Return the factor of `incentive_factor_wad` in exact decimals, not rounded to wads.

    Raises
    ------
    InvalidInputError
        If *threshold* or *cursor* is not in [0, 1], both make the quotient infinite, or
        *factor_max* is below zero.

    >>> incentive_factor("0.385"), round(incentive_factor("0.86"), 4)
    (Decimal('1.15'), Decimal('1.0438'))
    """
    level, slope = share("threshold", threshold), share("cursor", cursor)
    most = not_negative("factor_max", factor_max)
    with exactly():
        below = 1 - slope * (1 - level)
        if below == 0:
            raise InvalidInputError("cursor must be < 1 where threshold is 0, was 1")
        return min(most, 1 / below)


def check_price(name: str, price: UnitPrice) -> None:
    """Refuse a price or a unit that is not above zero."""
    if price.value <= 0:
        raise InvalidInputError(f"{name}.value must be > 0, was {price.value}")
    if price.unit <= 0:
        raise InvalidInputError(f"{name}.unit must be > 0, was {price.unit}")
