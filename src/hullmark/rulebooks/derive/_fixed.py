"""Fixed point of 18 decimals, as Derive's contracts count: products cut towards zero, by name.

A *fixed* number is a Python integer of 1e-18. The venue computes in 256 bits and refuses what does
not fit; here intermediate products are exact, and the bound is checked where a number comes in.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Any, Self

from msgspec import Struct

from hullmark.core import format_scaled
from hullmark.errors import AmountOverflowError, DocumentError, InvalidInputError

DECIMALS = 18
UNIT: int = 10**DECIMALS
WIDE_MAX = 2**255 - 1  # the largest int256
# The bounds of the venue's exponential: below the first it gives 0, from the second it refuses.
EXPONENT_ZERO = -42_139_678_854_452_767_551
EXPONENT_END = 135_305_999_368_893_231_589

_DECIMAL = re.compile(r"-?[0-9]{1,60}(?:\.([0-9]{1,60}))?")  # no exponent, spaces or underscores
_DIGITS = 120  # e**135 has 77 digits down to 1e-18: over 40 more decide how to cut


def fixed(name: str, text: object) -> int:
    """Return a decimal string as a whole number of 1e-18, exactly, or refuse it.

    Raises
    ------
    InvalidInputError
        If it is no decimal string, or has more than 18 decimals.
    AmountOverflowError
        If the result does not fit in 256 bits.

    Examples
    --------
    >>> fixed("rate", "0.02")
    20000000000000000
    """
    found = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidInputError(f'{name} must be a decimal string such as "12.5", was {text!r:.60}')
    places = len(found[1] or "")
    if places > DECIMALS:
        raise InvalidInputError(f"{name} must have at most 18 decimals, was {found[0]!r:.60}")
    return whole(name, int(found[0].replace(".", "")) * 10 ** (DECIMALS - places))


def whole(name: str, value: int, low: int = -WIDE_MAX, high: int = WIDE_MAX) -> int:
    """Return a fixed number if it is one and within its bounds, both included.

    Raises
    ------
    InvalidInputError
        If it is no integer, or outside the bounds.
    AmountOverflowError
        If it does not fit in 256 bits.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError(f"{name} must be a whole number of 1e-18, was {value!r:.60}")
    if abs(value) > WIDE_MAX:
        raise AmountOverflowError(f"{name} must fit in 256 bits, was {value:.6e}")
    if low <= value <= high:
        return value
    shown = format_scaled(value, DECIMALS)
    if value > high:
        raise InvalidInputError(f"{name} must be <= {format_scaled(high, DECIMALS)}, was {shown}")
    raise InvalidInputError(f"{name} must be >= {format_scaled(low, DECIMALS)}, was {shown}")


def count(name: str, value: int, low: int = 0) -> int:
    """Return a plain count, of seconds say, if it is an integer of at least *low*.

    Raises
    ------
    InvalidInputError
        If it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise InvalidInputError(f"{name} must be a whole number >= {low}, was {value!r:.60}")
    return value


def parse_fields(path: str, tree: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, int]:
    """Read the decimal strings of a table that holds exactly these keys.

    Raises
    ------
    DocumentError
        If a key is unknown or missing, or a value is no decimal string; the message has the path.
    """
    if unknown := sorted(set(tree) - set(names)):
        raise DocumentError(f"{path} has an unknown key {unknown[0]!r:.60}")
    if missing := [name for name in names if name not in tree]:
        raise DocumentError(f"{path} must have the key {missing[0]!r}, was without")
    try:
        return {name: fixed(f"{path}.{name}", tree[name]) for name in names}
    except InvalidInputError as e:
        raise DocumentError(str(e)) from e


class FixedTerms(Struct, frozen=True, kw_only=True):
    """Parameters that are fixed numbers, one per field."""

    @classmethod
    def parse(cls, path: str, tree: Mapping[str, Any]) -> Self:
        """Read the terms from a table of decimal strings.

        Raises
        ------
        DocumentError
            If a key is unknown or missing, or a value breaks its rule; the message has the path.
        """
        fields = parse_fields(path, tree, cls.__struct_fields__)
        try:
            return cls(**fields)
        except InvalidInputError as e:
            raise DocumentError(f"{path}.{e}") from e


def divided_trunc(numerator: int, denominator: int) -> int:
    """Return the quotient of two integers cut towards zero, as Solidity's ``/`` does."""
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def mul_trunc(x: int, y: int) -> int:
    """Return the product of two fixed numbers, cut towards zero (``multiplyDecimal``)."""
    return divided_trunc(x * y, UNIT)


def div_trunc(x: int, y: int) -> int:
    """Return the quotient of two fixed numbers, cut towards zero (``divideDecimal``)."""
    return divided_trunc(x * UNIT, y)


def div_round(x: int, y: int) -> int:
    """Return the quotient of two fixed numbers, halves away from zero (``divideDecimalRound``)."""
    top, bottom = 2 * abs(x) * UNIT + abs(y), 2 * abs(y)
    return top // bottom if (x < 0) == (y < 0) else -(top // bottom)


def exp_floor(exponent: int) -> int:
    """Return the largest fixed number <= e to the power of *exponent*, exactly.

    The venue approximates the same number by a quotient of polynomials and cuts the result, which
    is beside this one by at most one unit and 1e-20 of it: in under one case of a hundred for
    exponents from 1e-9 to 1; mostly, and under 1e-15 always, one unit below it for
    smaller ones. Where the venue gives 0 or refuses, so does this.

    Parameters
    ----------
    exponent : int, 1e-18, < 135.305999368893231589

    Raises
    ------
    InvalidInputError
        If the exponent is at or above that bound.

    References
    ----------
    ``derivexyz/lyra-utils``, ``src/math/FixedPointMathLib.sol``, commit 3c9e344e.

    Examples
    --------
    >>> exp_floor(UNIT)
    2718281828459045235
    """
    whole("exponent", exponent, high=EXPONENT_END - 1)
    if exponent == 0:
        return UNIT
    if exponent <= EXPONENT_ZERO:
        return 0
    return _floor(Decimal(exponent).scaleb(-DECIMALS, _context(_DIGITS)), "exp")


def ln_floor(x: int) -> int:
    """Return the largest fixed number <= the natural logarithm of *x*, exactly.

    Raises
    ------
    InvalidInputError
        If *x* is not above zero.

    References
    ----------
    As `exp_floor`.

    Examples
    --------
    >>> ln_floor(UNIT // 2)
    -693147180559945310
    """
    whole("x", x, low=1)
    if x == UNIT:
        return 0
    return _floor(Decimal(x).scaleb(-DECIMALS, _context(_DIGITS)), "ln")


def _context(digits: int) -> Context:
    return Context(prec=digits, Emax=999, Emin=-999)


# `decimal` rounds exp and ln correctly, to the nearest number of so many digits. That can cross a
# whole number only by landing on it, and neither is ever whole here (Lindemann and Weierstrass): so
# a result with a fraction has the floor of the true value, and one without asks for more digits.
def _floor(argument: Decimal, function: str) -> int:
    digits = _DIGITS
    while True:
        context = _context(digits)
        value = argument.exp(context) if function == "exp" else argument.ln(context)
        scaled = context.scaleb(value, DECIMALS)
        cut = scaled.to_integral_value(ROUND_FLOOR, context)
        if cut != scaled:
            return int(cut)
        digits *= 2
