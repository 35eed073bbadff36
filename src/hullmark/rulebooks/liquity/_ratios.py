"""Collateral ratios and gas compensation of Liquity, in the contract's whole numbers of 1e-18."""

from hullmark.errors import InvalidInputError

UNIT = 10**18  # ``DECIMAL_PRECISION``
RATIO_MAX = 2**256 - 1  # of a trove without debt
GAS_DIVISOR = 200  # 0.5 % of the collateral


def collateral_ratio(collateral: int, debt: int, price: int) -> int:
    """Return ``collateral * price / debt`` in 1e-18, rounded down, or the largest number.

    Parameters
    ----------
    collateral, debt : int, 1e-18, >= 0
    price : int, 1e-18, >= 0
        USD per unit of collateral.

    Raises
    ------
    InvalidInputError
        If a number is below zero.

    References
    ----------
    ``liquity/dev`` [bf638ec], ``LiquityMath._computeCR``.

    >>> collateral_ratio(2 * UNIT, 100 * UNIT, 75 * UNIT)
    1500000000000000000
    """
    whole("collateral", collateral)
    whole("debt", debt)
    whole("price", price)
    return collateral * price // debt if debt else RATIO_MAX


def gas_collateral(collateral: int, most: int | None = None) -> int:
    """Return the collateral that who liquidates has for it: half a percent, at most *most*.

    Parameters
    ----------
    collateral : int, 1e-18, >= 0
    most : int, 1e-18, optional
        Version 2 caps it at two units.

    References
    ----------
    ``liquity/dev`` [bf638ec], ``LiquityBase._getCollGasCompensation``; ``liquity/bold`` [405f912],
    ``TroveManager._getCollGasCompensation``.

    >>> gas_collateral(100), gas_collateral(1_000, 2)
    (0, 2)
    """
    part = whole("collateral", collateral) // GAS_DIVISOR
    return part if most is None else min(part, most)


def whole(name: str, value: int) -> int:
    """Return a whole number of zero or more.

    Raises
    ------
    InvalidInputError
        If it is below zero, or not whole.

    >>> whole("debt", 3)
    3
    """
    if type(value) is not int:
        raise InvalidInputError(f"{name} must be a whole number, was {value!r}")
    if value < 0:
        raise InvalidInputError(f"{name} must be >= 0, was {value}")
    return value
