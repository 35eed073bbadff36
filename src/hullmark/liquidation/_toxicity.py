"""Where a step of liquidation makes an account worse: the line, and the price that leads to it.

A liquidator repays ``x`` and takes collateral worth ``(1 + b) x``. With a threshold ``t`` on that
collateral and a health factor ``h``, the account gives up ``(1 + b) t`` of weighted collateral for
one of debt. So its health factor rises where ``h > (1 + b) t``, and falls where it is below, with
*every* such step. On one pair of assets that line is where the collateral is worth ``1 + b`` times
the debt: from there on no number of steps can pay the debt, and each takes the bonus out.
"""

from decimal import Decimal
from enum import StrEnum, unique
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive, share
from hullmark.errors import InvalidInputError


@unique
class Zone(StrEnum):
    """What a step of a bonus liquidation does to an account.

    SAFE raises its health; NEAR does too, but the line is close; TOXIC does not raise it.
    """

    SAFE = "safe"
    NEAR = "near"
    TOXIC = "toxic"


@unique
class Gate(StrEnum):
    """What is done with an account: a step, a close in full, or nothing until the waterfall."""

    STEP = "step"
    CLOSE = "close"
    PARK = "park"


class Toxicity(NamedTuple):
    """Where an account is to its toxic line.

    Attributes
    ----------
    zone : Zone
    line : Decimal
        Health factor at or below which no step raises it.
    distance : Decimal
        Health factor less the line; at or below zero it is toxic.
    """

    zone: Zone
    line: Decimal
    distance: Decimal


class BonusStep(NamedTuple):
    """An account after a step: weighted collateral, debt and health factor.

    Attributes
    ----------
    weighted_collateral : Decimal, base units
    debt : Decimal, base units
    health_factor : Decimal or None
        ``None`` where no debt is left.
    """

    weighted_collateral: Decimal
    debt: Decimal
    health_factor: Decimal | None


def toxic_line(threshold: Number, bonus: Number) -> Decimal:
    """Return the health factor at or below which a step does not raise it: ``(1 + b) t``.

    At one or above, every account that can be liquidated is toxic: the parameters are wrong.

    Parameters
    ----------
    threshold : number in [0, 1]
        Share of the collateral's value that counts.
    bonus : number >= 0

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    >>> toxic_line("0.89", "0.08")
    Decimal('0.9612')
    """
    weight, extra = share("threshold", threshold), not_negative("bonus", bonus)
    with exactly(200):
        return weight * (1 + extra)


def toxicity(
    health_factor: Number, *, threshold: Number, bonus: Number, near: Number = 0
) -> Toxicity:
    """Return on which side of its toxic line an account is, and how far from it.

    Parameters
    ----------
    health_factor : number >= 0
        Of the whole account: weighted collateral over debt.
    threshold, bonus : number
        Of the collateral that a step would take, as of `toxic_line`.
    near : number >= 0
        Distance from the line up to which an account is called near, so that it is flagged before.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    References
    ----------
    J. Warmuz, A. Chaudhary and D. Pinna, "Toxic Liquidation Spirals", arXiv 2212.07306, 2022, on
    the debt in CRV on Aave v2: the line in loan to value is ``1 / (1 + b)``, and so ``(1 + b) t``
    in health.

    >>> toxicity("0.95", threshold="0.89", bonus="0.08").zone
    <Zone.TOXIC: 'toxic'>
    >>> toxicity("0.98", threshold="0.89", bonus="0.08", near="0.02")
    Toxicity(zone=<Zone.NEAR: 'near'>, line=Decimal('0.9612'), distance=Decimal('0.0188'))
    """
    line, within = toxic_line(threshold, bonus), not_negative("near", near)
    with exactly(200):
        distance = not_negative("health_factor", health_factor) - line
    if distance <= 0:
        return Toxicity(Zone.TOXIC, line, distance)
    return Toxicity(Zone.NEAR if distance <= within else Zone.SAFE, line, distance)


def bonus_step(
    weighted_collateral: Number, debt: Number, repaid: Number, *, threshold: Number, bonus: Number
) -> BonusStep:
    """Return an account after a liquidator has repaid some of its debt for collateral with a bonus.

    Parameters
    ----------
    weighted_collateral : number >= 0, base units
        All collateral, each times its threshold.
    debt : number > 0, base units
    repaid : number in [0, debt], base units
    threshold, bonus : number
        Of the collateral that is taken.

    Raises
    ------
    InvalidInputError
        If a number is out of its range, or more is taken than there is.

    >>> bonus_step(95, 100, 10, threshold="0.9", bonus="0.1").debt
    Decimal('90')
    """
    owed, paid = positive("debt", debt), not_negative("repaid", repaid)
    held = not_negative("weighted_collateral", weighted_collateral)
    if paid > owed:
        raise InvalidInputError(f"repaid must be <= {owed}, the debt, was {paid}")
    with exactly(200):
        left = held - paid * toxic_line(threshold, bonus)
        if left < 0:
            raise InvalidInputError(f"repaid must take <= {held}, was {held - left}")
        rest = owed - paid
    with exactly():
        return BonusStep(left, rest, left / rest if rest else None)


def step_health_change(margin_freed: Number, equity_lost: Number) -> Decimal:
    """Return by how much a step changes health, a currency amount.

    The line in terms of an account: health is equity less margin, so a step lowers it where it
    costs more than one of equity for each of margin that it frees.

    Parameters
    ----------
    margin_freed : number
        Maintenance margin before the step less after it; below zero it asks for more.
    equity_lost : number
        Slippage, fees and penalty of the step.

    >>> step_health_change(100, 30), step_health_change(100, 130)
    (Decimal('70'), Decimal('-30'))
    """
    with exactly(200):
        return decimal_of("margin_freed", margin_freed) - decimal_of("equity_lost", equity_lost)


def gate(margin_freed: Number, equity_lost: Number, *, equity_closed: Number) -> Gate:
    """Return what to do with an account: no step that lowers its health is taken.

    Parameters
    ----------
    margin_freed, equity_lost : number
        Of the step, as of `step_health_change`.
    equity_closed : number
        Equity that is left where all is closed at once.

    Returns
    -------
    Gate
        ``STEP`` where the step raises health. Else ``CLOSE`` where a close in full leaves nothing
        owing, and ``PARK`` where it does not, so that the waterfall takes the account as it is.

    >>> gate(100, 30, equity_closed=-5), gate(100, 130, equity_closed=0)
    (<Gate.STEP: 'step'>, <Gate.CLOSE: 'close'>)
    >>> gate(100, 130, equity_closed=-5)
    <Gate.PARK: 'park'>
    """
    if step_health_change(margin_freed, equity_lost) > 0:
        return Gate.STEP
    return Gate.CLOSE if decimal_of("equity_closed", equity_closed) >= 0 else Gate.PARK


def toxic_price_of_debt(
    owed: Number, *, weighted_collateral: Number, threshold: Number, bonus: Number,
    other_debt: Number = 0,
) -> Decimal | None:  # fmt: skip
    """Return the price of a borrowed asset from which an account is toxic as it rises.

    Parameters
    ----------
    owed : number > 0, units of the asset
    weighted_collateral : number >= 0, base units
        All collateral, each times its threshold.
    threshold, bonus : number
        Of the collateral that a step would take.
    other_debt : number >= 0, base units
        In other assets.

    Returns
    -------
    Decimal or None
        ``None`` where it is toxic at every price above zero.

    >>> toxic_price_of_debt(100, weighted_collateral=89, threshold="0.89", bonus="0.25")
    Decimal('0.8')
    """
    units, held = positive("owed", owed), not_negative("weighted_collateral", weighted_collateral)
    other, line = not_negative("other_debt", other_debt), _line_above_zero(threshold, bonus)
    with exactly():
        price = (held / line - other) / units
    return price if price > 0 else None


def toxic_price_of_collateral(
    held: Number, *, debt: Number, threshold: Number, bonus: Number,
    other_weighted: Number = 0,
) -> Decimal | None:  # fmt: skip
    """Return the price of a collateral asset down to which an account is not yet toxic.

    Parameters
    ----------
    held : number > 0, units of the asset
    debt : number >= 0, base units
    threshold, bonus : number
        Of this asset, which a step would take.
    other_weighted : number >= 0, base units
        Other collateral, each times its threshold.

    Returns
    -------
    Decimal or None
        ``None`` where it is toxic at no price above zero.

    >>> toxic_price_of_collateral(2, debt=100, threshold="0.8", bonus="0.1")
    Decimal('55.0')
    """
    units, owed = positive("held", held), not_negative("debt", debt)
    other, line = not_negative("other_weighted", other_weighted), _line_above_zero(threshold, bonus)
    with exactly():
        price = (line * owed - other) / (units * share("threshold", threshold))
    return price if price > 0 else None


# Where collateral does not count at all no price leads to the line.
def _line_above_zero(threshold: Number, bonus: Number) -> Decimal:
    line = toxic_line(threshold, bonus)
    if line == 0:
        raise InvalidInputError("threshold must be > 0, was 0")
    return line
