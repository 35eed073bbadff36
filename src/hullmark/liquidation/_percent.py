"""Percentages as lending contracts count them: basis points on whole units, rounded by name."""

from enum import StrEnum, unique

from hullmark.errors import InvalidInputError

BPS = 10_000


@unique
class Rounding(StrEnum):
    """Which whole number stands for a quotient."""

    FLOOR = "floor"
    CEIL = "ceil"
    HALF_UP = "half-up"


def quotient(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return a quotient of whole numbers as a whole number.

    Parameters
    ----------
    numerator : int, >= 0
    denominator : int, > 0
    rounding : Rounding
        ``HALF_UP`` adds ``denominator // 2`` before it cuts, as Solidity libraries do.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    >>> [quotient(5, 2, rounding) for rounding in Rounding]
    [2, 3, 3]
    """
    if numerator < 0:
        raise InvalidInputError(f"numerator must be >= 0, was {numerator}")
    if denominator <= 0:
        raise InvalidInputError(f"denominator must be > 0, was {denominator}")
    if rounding is Rounding.CEIL:
        return -(-numerator // denominator)
    if rounding is Rounding.HALF_UP:
        return (numerator + denominator // 2) // denominator
    return numerator // denominator


def percent_mul(value: int, bps: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """Return ``value * bps / 10_000``.

    References
    ----------
    Aave, ``aave-v3-origin``, ``PercentageMath``: ``percentMul`` rounds halves up; since 3.5 there
    are ``percentMulCeil`` and ``percentMulFloor``.

    >>> percent_mul(101, 10_500), percent_mul(101, 10_500, Rounding.CEIL)
    (106, 107)
    """
    return quotient(value * bps, BPS, rounding)


def percent_div(value: int, bps: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """Return ``value * 10_000 / bps``.

    References
    ----------
    As `percent_mul`: ``percentDiv``, ``percentDivCeil``, and ``percentDivFloor`` since 3.7.

    >>> percent_div(101, 10_500), percent_div(101, 10_500, Rounding.CEIL)
    (96, 97)
    """
    return quotient(value * BPS, bps, rounding)
