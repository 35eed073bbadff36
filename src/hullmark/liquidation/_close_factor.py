"""How much of a debt one step may repay: by health and size, or along a line between two levels."""

from dataclasses import dataclass
from decimal import Decimal

from hullmark.core import Number, clamped, decimal_of, exactly, not_negative
from hullmark.errors import InvalidInputError
from hullmark.liquidation._percent import Rounding, percent_mul

WAD = 10**18


@dataclass(frozen=True, slots=True)
class CloseFactor:
    """A share of the total debt while an account is near health, and all of it below a line.

    Attributes
    ----------
    share_bps : int, basis points
        Of the debt that may be repaid near health.
    full_at_health : int, 1e-18
        At or below this health factor all of the debt may be repaid.
    full_below_value : int or None, base units
        Where the debt or the collateral of the pair is worth less, all may be repaid.
    of_total : bool
        Whether the share is of all debts of the account, or of the debt in this asset alone.
    """

    share_bps: int = 5_000
    full_at_health: int = 95 * WAD // 100
    full_below_value: int | None = None
    of_total: bool = True

    def most(
        self,
        *,
        health: int,
        debt: int,
        debt_value: int,
        collateral_value: int,
        total_debt_value: int,
        debt_price: int,
        debt_unit: int,
    ) -> int:
        """Return the most of a debt that one step may repay, in units of its asset.

        Parameters
        ----------
        health : int, 1e-18
        debt : int, units of the debt's asset
        debt_value, collateral_value : int, base units
            What the debt and the collateral of this pair are worth.
        total_debt_value : int, base units
            Of all debts of the account.
        debt_price : int, base units for *debt_unit* units, > 0
        debt_unit : int, > 0

        Raises
        ------
        InvalidInputError
            If a price or unit is not above zero.

        References
        ----------
        Aave, ``aave-v3-origin`` [e4cc47e], ``LiquidationLogic.executeLiquidationCall``; 3.3 added
        the size rule, and the share of the total.

        >>> rule = CloseFactor(full_below_value=2_000)
        >>> rule.most(health=98 * 10**16, debt=9_000, debt_value=9_000, collateral_value=9_900,
        ...           total_debt_value=10_000, debt_price=1, debt_unit=1)
        5000
        """
        if debt_price <= 0:
            raise InvalidInputError(f"debt_price must be > 0, was {debt_price}")
        if debt_unit <= 0:
            raise InvalidInputError(f"debt_unit must be > 0, was {debt_unit}")
        small = self.full_below_value is not None and (
            debt_value < self.full_below_value or collateral_value < self.full_below_value
        )
        if small or health <= self.full_at_health:
            return debt
        if not self.of_total:
            return percent_mul(debt, self.share_bps, Rounding.HALF_UP)
        most_value = percent_mul(total_debt_value, self.share_bps, Rounding.HALF_UP)
        return debt if debt_value <= most_value else most_value * debt_unit // debt_price


def linear_between(
    level: Number, *, start: Number, end: Number, first: Number, last: Number
) -> Decimal:
    """Return the point of a line from *first* at *start* to *last* at *end*, and flat outside.

    A pre-liquidation closes little of an account at the level where it begins, and more towards
    the level where liquidation does; its bonus can follow the same line.

    Parameters
    ----------
    level : number
        Where the account is: its margin ratio, or its loan to value.
    start, end : number, start < end
    first, last : number
        What is returned at *start* and at *end*: a share that may be closed, or a bonus.

    Raises
    ------
    InvalidInputError
        If *start* is not below *end*.

    References
    ----------
    Morpho, ``pre-liquidation`` [bc5432e], ``PreLiquidation``, 2024: in wads and rounded down there,
    see `pre_liquidation_terms`.

    >>> linear_between("0.9", start="0.8", end=1, first="0.1", last="0.5")
    Decimal('0.3')
    """
    low, high = decimal_of("start", start), decimal_of("end", end)
    if low >= high:
        raise InvalidInputError(f"start must be < end, {high}, was {low}")
    at_start, at_end = decimal_of("first", first), decimal_of("last", last)
    with exactly():
        at = clamped(decimal_of("level", level), low, high)
        return at_start + (at - low) * (at_end - at_start) / (high - low)


def linear_close_factor(
    level: Number, *, start: Number, end: Number, first: Number, last: Number
) -> Decimal:
    """Return the share of an account that may be closed at a level: 0 before *start*.

    Parameters
    ----------
    level, start, end : number
        As of `linear_between`.
    first, last : number >= 0
        Shares at both ends. Above 1 is 1: all may be closed before *end* is reached.

    Raises
    ------
    InvalidInputError
        If *start* is not below *end*, or a share is below zero.

    >>> linear_close_factor("0.9", start="0.8", end=1, first="0.1", last="0.5")
    Decimal('0.3')
    >>> linear_close_factor("0.8", start="0.8", end=1, first="0.1", last="0.5")
    Decimal('0')
    """
    not_negative("first", first)
    not_negative("last", last)
    line = linear_between(level, start=start, end=end, first=first, last=last)
    if decimal_of("level", level) <= decimal_of("start", start):
        return Decimal(0)
    return min(line, Decimal(1))
