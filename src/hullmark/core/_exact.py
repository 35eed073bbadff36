"""Exact numbers: text to integers and back, products that round by name, and the 64-bit bound.

Prices, sizes and rates are integers of *nanos*, billionths of their unit, so that nine decimals are
exact and a tenth is refused. Python's integers make every product exact, whatever its width; the
bound is checked where a result is stored.
"""

import re
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from hullmark.errors import AmountOverflowError, InvalidInputError

_DECIMAL = re.compile(r"-?[0-9]{1,30}(?:\.([0-9]{1,30}))?")  # no exponent, spaces or underscores

NANO = 10**9
INT64_MAX = 2**63 - 1

_EXACT = Context(prec=60, Emax=99, Emin=-99, traps=[Inexact, InvalidOperation, Overflow])


def parse_scaled(name: str, text: str | int | Decimal, decimals: int) -> int:
    """Return *text* as a whole number of ``10**-decimals``, exactly, or refuse it.

    Raises
    ------
    InvalidInputError
        If it is a float, no number, not finite, or has more decimals.
    AmountOverflowError
        If the result does not fit in 64 bits.

    Examples
    --------
    >>> parse_scaled("price", "0.25", 9)
    250000000
    """
    if isinstance(text, (float, bool)):
        raise InvalidInputError(f"{name} must be a decimal string, was {text!r}")
    try:
        number = Decimal(text)
        scaled = int(_EXACT.to_integral_exact(_EXACT.scaleb(number, decimals)))
    except (ArithmeticError, ValueError, TypeError) as e:
        raise InvalidInputError(
            f"{name} must be a finite decimal of at most {decimals} decimals, was {text!r}"
        ) from e
    return int64(name, scaled)


def parse_decimal(name: str, text: object, decimals: int = 9) -> int:
    """Return a decimal string of a file as a whole number of ``10**-decimals``, or refuse it.

    Stricter than `parse_scaled`: a number, an exponent, a space or one digit too many is refused,
    also where its value could be told.

    Raises
    ------
    InvalidInputError
        If it is no such string.
    AmountOverflowError
        If the result does not fit in 64 bits.

    Examples
    --------
    >>> parse_decimal("price", "0.25")
    250000000
    """
    found = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidInputError(f'{name} must be a decimal string such as "12.5", was {text!r:.60}')
    if len(found[1] or "") > decimals:
        raise InvalidInputError(f"{name} must have at most {decimals} decimals, was {found[0]!r}")
    scaled: int = int(found[0].replace(".", "")) * 10 ** (decimals - len(found[1] or ""))
    if abs(scaled) > INT64_MAX:
        raise AmountOverflowError(
            f"{name} must fit in 64 bits with {decimals} decimals, was {found[0]!r}"
        )
    return scaled


def parse_nano(name: str, text: str | int | Decimal) -> int:
    """Return *text* in nanos: at most nine decimals, exactly.

    Raises
    ------
    InvalidInputError
        As `parse_scaled`.
    """
    return parse_scaled(name, text, 9)


def nano(text: str | int | Decimal) -> int:
    """Return a price, a size or a rate in nanos, for whoever writes commands by hand.

    Raises
    ------
    InvalidInputError
        As `parse_scaled`.

    Examples
    --------
    >>> nano("64000.5")
    64000500000000
    """
    return parse_nano("number", text)


def format_scaled(scaled: int, decimals: int) -> str:
    """Write a scaled integer as the shortest decimal string, the inverse of `parse_scaled`.

    >>> format_scaled(250_000_000, 9), format_scaled(-3, 0)
    ('0.25', '-3')
    """
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    fraction = fraction.rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def int64(name: str, value: int) -> int:
    """Return *value* if a 64-bit column holds it, else say so before it becomes a wrong number.

    Raises
    ------
    AmountOverflowError
        If it does not fit; minus 2**63 does not either, so that signs can be turned.
    """
    if -INT64_MAX <= value <= INT64_MAX:
        return value
    raise AmountOverflowError(f"{name} must fit in 64 bits, was {value}")


def mul_div_floor(a: int, b: int, c: int) -> int:
    """Return ``a * b / c`` rounded towards minus infinity: what an account is given."""
    return a * b // c


def mul_div_ceil(a: int, b: int, c: int) -> int:
    """Return ``a * b / c`` rounded towards plus infinity: what an account owes."""
    return -(-a * b // c)
