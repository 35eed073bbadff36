"""A liquidation call of Aave v3, unit for unit: what is asked, what is refused, what it leaves."""

from collections.abc import Sequence
from enum import StrEnum, unique
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    BonusSeizure,
    Rounding,
    UnitPrice,
    health_factor,
    leaves_dust,
    quotient,
    seize,
)
from hullmark.rulebooks.aave._rules import LiquidationRules

HEALTH_LINE = 10**18


@unique
class CallRefused(StrEnum):
    """Why a call is refused, in order of precedence, by the contract's name for it."""

    HEALTHY = "HEALTH_FACTOR_NOT_BELOW_THRESHOLD"
    NOT_COLLATERAL = "COLLATERAL_CANNOT_BE_LIQUIDATED"
    NOT_BORROWED = "SPECIFIED_CURRENCY_NOT_BORROWED_BY_USER"
    DUST = "MUST_NOT_LEAVE_DUST"


class Collateral(NamedTuple):
    """A balance that stands behind an account's debts.

    Attributes
    ----------
    amount : int, units of the asset, with its interest
    price : UnitPrice
    threshold_bps : int, basis points
        Liquidation threshold, of the e-mode where it applies; 0: it does not count.
    bonus_bps : int, basis points, >= 10_000
    fee_bps : int, basis points
        The protocol's share of the bonus.
    """

    amount: int
    price: UnitPrice
    threshold_bps: int
    bonus_bps: int
    fee_bps: int = 0


class Debt(NamedTuple):
    """A debt of an account.

    Attributes
    ----------
    amount : int, units of the asset, with its interest
    price : UnitPrice
    """

    amount: int
    price: UnitPrice


class AccountValues(NamedTuple):
    """What an account is worth.

    Attributes
    ----------
    collateral, debt : int, base units
    weighted : int, base units times basis points
    health : int or None, 1e-18
        ``None`` without debt.
    """

    collateral: int
    debt: int
    weighted: int
    health: int | None


class Call(NamedTuple):
    """What a liquidation call comes to.

    Attributes
    ----------
    refused : CallRefused or None
        If it is refused, nothing moves; the figures up to the refusal are those of the attempt.
    before : AccountValues
    debt_max : int, units of the debt's asset
        The most that the close factor allows.
    seizure : BonusSeizure or None
    collateral_left, debt_left : int
        Of this pair.
    bad_debt : bool
        Whether no collateral is left, in base units.
    deficits : tuple of int
        Burned of each debt without being paid.
    """

    refused: CallRefused | None
    before: AccountValues
    debt_max: int
    seizure: BonusSeizure | None
    collateral_left: int
    debt_left: int
    bad_debt: bool
    deficits: tuple[int, ...]


def account_values(
    rules: LiquidationRules, collaterals: Sequence[Collateral], debts: Sequence[Debt]
) -> AccountValues:
    """Return value and health of an account.

    Parameters
    ----------
    rules : LiquidationRules
    collaterals, debts : sequences

    References
    ----------
    ``aave-v3-origin`` [6512922], ``GenericLogic.calculateUserAccountData``.

    >>> from hullmark.rulebooks.aave import V3_7
    >>> one = UnitPrice(1, 1)
    >>> account_values(V3_7, [Collateral(1_000, one, 8_500, 10_500)], [Debt(900, one)]).health
    944444444444444444
    """
    value = weighted = owed = 0
    for held in collaterals:
        if held.threshold_bps:
            worth = held.amount * held.price.value // held.price.unit
            value += worth
            weighted += worth * held.threshold_bps
    for debt in debts:
        owed += _debt_value(rules, debt)
    total = value if rules.average_first else None
    health = health_factor(weighted, owed, total_collateral=total)
    return AccountValues(value, owed, weighted, health)


def liquidation_call(
    rules: LiquidationRules,
    collaterals: Sequence[Collateral],
    debts: Sequence[Debt],
    *,
    seized: int,
    repaid: int,
    to_cover: int | None = None,
) -> Call:
    """Return what a call comes to that repays one debt and seizes one collateral.

    Parameters
    ----------
    rules : LiquidationRules
        Of a version, such as `V3_7`.
    collaterals, debts : sequences
        Of the account.
    seized, repaid : int
        Which of them.
    to_cover : int or None, units of the debt's asset
        What the liquidator offers; ``None``: the most.

    Raises
    ------
    InvalidInputError
        If *to_cover* is below zero.

    References
    ----------
    ``aave-v3-origin`` [e4cc47e], ``LiquidationLogic.executeLiquidationCall``, and
    ``docs/3.7/liquidation-rounding.md`` [4fbd744]. Amounts include interest: the contract's scaled
    balances, and what is lost between the two, are not part of this.

    >>> from hullmark.rulebooks.aave import V3_7
    >>> dollar = UnitPrice(10**8, 1)
    >>> call = liquidation_call(V3_7, [Collateral(10_000, dollar, 8_500, 10_500)],
    ...                         [Debt(8_800, dollar)], seized=0, repaid=0)
    >>> call.debt_max, call.seizure.seized, call.debt_left
    (4400, 4620, 4400)
    """
    if to_cover is not None and to_cover < 0:
        raise InvalidInputError(f"to_cover must be >= 0, was {to_cover}")
    held, debt = collaterals[seized], debts[repaid]
    before = account_values(rules, collaterals, debts)
    none = (0,) * len(debts)
    if refused := _refused(before, held, debt):
        return Call(refused, before, 0, None, held.amount, debt.amount, False, none)
    assert before.health is not None, "a debt is there, asked above"
    most = rules.close_factor.most(
        health=before.health,
        debt=debt.amount,
        debt_value=_debt_value(rules, debt),
        collateral_value=held.amount * held.price.value // held.price.unit,
        total_debt_value=before.debt,
        debt_price=debt.price.value,
        debt_unit=debt.price.unit,
    )
    taken = seize(
        most if to_cover is None else min(to_cover, most),
        debt_price=debt.price,
        collateral_price=held.price,
        collateral=held.amount,
        bonus_bps=held.bonus_bps,
        fee_bps=held.fee_bps,
        roundings=rules.roundings,
    )
    collateral_left, debt_left = held.amount - taken.seized, debt.amount - taken.repaid
    if _dusty(rules, held, debt, taken):
        refused = CallRefused.DUST
        return Call(refused, before, most, taken, collateral_left, debt_left, False, none)
    bad = rules.burns_bad_debt and taken.seized_value == before.collateral
    deficits = none
    if bad:
        deficits = tuple(
            debt_left if at == repaid else other.amount for at, other in enumerate(debts)
        )
    return Call(None, before, most, taken, collateral_left, debt_left, bad, deficits)


def _refused(before: AccountValues, held: Collateral, debt: Debt) -> CallRefused | None:
    if before.health is None or before.health >= HEALTH_LINE:
        return CallRefused.HEALTHY
    if held.threshold_bps == 0 or held.amount == 0:
        return CallRefused.NOT_COLLATERAL
    return CallRefused.NOT_BORROWED if debt.amount == 0 else None


# All of one side may go, and whether it does is asked with the fee; versions differ in what is then
# left of the collateral.
def _dusty(rules: LiquidationRules, held: Collateral, debt: Debt, taken: BonusSeizure) -> bool:
    if rules.left_min is None or taken.seized == held.amount:
        return False
    fee = 0 if rules.fee_counts else taken.fee
    return leaves_dust(
        debt_left=debt.amount - taken.repaid,
        collateral_left=held.amount - taken.seized + fee,
        debt_price=debt.price,
        collateral_price=held.price,
        value_min=rules.left_min,
        debt_rounding=rules.debt_value,
    )


def _debt_value(rules: LiquidationRules, debt: Debt) -> int:
    return quotient(debt.amount * debt.price.value, debt.price.unit, Rounding(rules.debt_value))
