"""Take a whole account over from reserves, then sell its collateral at a storefront."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from hullmark.core import Number, exactly, positive, share
from hullmark.errors import InvalidInputError
from hullmark.liquidation._bonus import UnitPrice, check_price
from hullmark.liquidation._close_factor import WAD


class Absorbed(NamedTuple):
    """One collateral that is taken over.

    Attributes
    ----------
    amount : int, units of the collateral
    price : UnitPrice
    factor : int, 1e-18
        Share of its value that the account is paid.
    """

    amount: int
    price: UnitPrice
    factor: int


class Absorption(NamedTuple):
    """What an absorption comes to.

    Attributes
    ----------
    values : tuple of int, base units
        Of each collateral, rounded down, before its factor.
    credited : int, base units
        The sum of them after their factors.
    balance : int, units of the base asset, >= 0
        The account's after it: what is over is a deposit.
    paid_out : int, units of the base asset
        By the reserves: the new balance less the old one.
    paid_out_value : int, base units
    shortfall : int, units of the base asset
        The part of *paid_out* that no collateral stands behind, at the factors: the reserves' loss.
    """

    values: tuple[int, ...]
    credited: int
    balance: int
    paid_out: int
    paid_out_value: int
    shortfall: int


def absorb(balance: int, base: UnitPrice, collaterals: Iterable[Absorbed]) -> Absorption:
    """Return what the reserves pay where they take an account over, all or nothing.

    Parameters
    ----------
    balance : int, units of the base asset, < 0
        The account's, a debt.
    base : UnitPrice
    collaterals : iterable of Absorbed
        All that it has.

    Raises
    ------
    InvalidInputError
        If the balance is not below zero, an amount is, a price or unit is not above zero, or a
        factor not in [0, 1e18].

    References
    ----------
    Compound, ``comet`` [d5a30b0], ``Comet.absorbInternal``: each quotient is rounded down.

    >>> dollar, coin = UnitPrice(1, 1), UnitPrice(100, 1)
    >>> absorb(-100, dollar, [Absorbed(1, coin, 93 * 10**16)])[1:4]
    (93, 0, 100)
    """
    if balance >= 0:
        raise InvalidInputError(f"balance must be < 0, was {balance}")
    check_price("base", base)
    values, credited = [], 0
    for taken in collaterals:
        if taken.amount < 0:
            raise InvalidInputError(f"amount must be >= 0, was {taken.amount}")
        if not 0 <= taken.factor <= WAD:
            raise InvalidInputError(f"factor must be in [0, {WAD}], was {taken.factor}")
        check_price("price", taken.price)
        value = taken.amount * taken.price.value // taken.price.unit
        values.append(value)
        credited += value * taken.factor // WAD
    covered = credited * base.unit // base.value
    after = max(balance + covered, 0)
    paid = after - balance
    worth = paid * base.value // base.unit
    return Absorption(tuple(values), credited, after, paid, worth, max(paid - covered, 0))


def storefront_quote(
    base_amount: int, *, base: UnitPrice, collateral: UnitPrice, factor: int, storefront: int
) -> int:
    """Return the units of collateral that an amount of the base asset buys.

    The discount is a share of what the account was not paid: ``storefront * (1 - factor)``.

    Parameters
    ----------
    base_amount : int, units of the base asset, >= 0
    base, collateral : UnitPrice
    factor, storefront : int, 1e-18, in [0, 1e18]

    Raises
    ------
    InvalidInputError
        If a number is out of its range, or the discount is all of the price.

    References
    ----------
    Compound, ``comet`` [d5a30b0], ``Comet.quoteCollateral``.

    >>> storefront_quote(200, base=UnitPrice(1, 1), collateral=UnitPrice(200, 1), factor=0,
    ...                  storefront=5 * 10**17)
    2
    """
    if base_amount < 0:
        raise InvalidInputError(f"base_amount must be >= 0, was {base_amount}")
    for name, part in (("factor", factor), ("storefront", storefront)):
        if not 0 <= part <= WAD:
            raise InvalidInputError(f"{name} must be in [0, {WAD}], was {part}")
    check_price("base", base)
    check_price("collateral", collateral)
    discount = storefront * (WAD - factor) // WAD
    price = collateral.value * (WAD - discount) // WAD
    if price <= 0:
        raise InvalidInputError(f"the price after its discount must be > 0, was {price}")
    return base.value * base_amount * collateral.unit // price // base.unit


def storefront_price(price: Number, *, factor: Number, storefront: Number) -> Decimal:
    """Return the price of collateral at the storefront, in exact decimals.

    Parameters
    ----------
    price : number > 0
    factor, storefront : number in [0, 1]
        As of `storefront_quote`.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    >>> storefront_price(200, factor="0.93", storefront="0.6")
    Decimal('191.600')
    """
    kept, part = share("factor", factor), share("storefront", storefront)
    with exactly(200):
        return positive("price", price) * (1 - part * (1 - kept))


def storefront_open(reserves: int, target: int | None) -> bool:
    """Return whether collateral is for sale: while reserves are below their target.

    Parameters
    ----------
    reserves : int, units of the base asset
        May be below zero.
    target : int or None, units of the base asset
        ``None``: there is no target, and the sale is always on.

    References
    ----------
    Compound, ``comet`` [d5a30b0], ``Comet.buyCollateral``: ``NotForSale`` at and above the target.

    >>> storefront_open(99, 100), storefront_open(100, 100), storefront_open(10**9, None)
    (True, False, True)
    """
    return target is None or reserves < target
