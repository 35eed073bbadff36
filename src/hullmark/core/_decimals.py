"""Exact decimals for rules: what is taken for a number, and how it is rounded.

Every rule works in a context of its own, so that nothing depends on the caller's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from functools import lru_cache
from typing import TypeAlias

from hullmark.errors import InvalidInputError

Number: TypeAlias = Decimal | int | str

PRECISION = 60  # digits of what cannot be exact: quotients, powers and logarithms


@contextmanager
def exactly(digits: int = PRECISION) -> Iterator[None]:
    """Work to so many digits, whatever the caller's context says."""
    with localcontext(_context(digits)):
        yield


# One for each precision, since making one costs as much as the rule does; `localcontext` works on
# a copy, so that it stays as it is.
@lru_cache(maxsize=64)
def _context(digits: int) -> Context:
    traps = [InvalidOperation, DivisionByZero, Overflow]
    return Context(prec=digits, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=traps)


def decimal_of(name: str, value: Number) -> Decimal:
    """Return a finite number as it stands; a float is refused, as it is not what was written."""
    if isinstance(value, (float, bool)):
        raise InvalidInputError(f"{name} must be a Decimal, an int or text, was {value!r}")
    try:
        number = Decimal(value)
    except (ArithmeticError, ValueError, TypeError) as e:
        raise InvalidInputError(f"{name} must be a number, was {value!r}") from e
    if not number.is_finite():
        raise InvalidInputError(f"{name} must be finite, was {value!r}")
    return number


def positive(name: str, value: Number) -> Decimal:
    """Return a number above zero."""
    number = decimal_of(name, value)
    if number <= 0:
        raise InvalidInputError(f"{name} must be > 0, was {number}")
    return number


def not_negative(name: str, value: Number) -> Decimal:
    """Return a number of zero or more."""
    number = decimal_of(name, value)
    if number < 0:
        raise InvalidInputError(f"{name} must be >= 0, was {number}")
    return number


def share(name: str, value: Number) -> Decimal:
    """Return a number in [0, 1]."""
    number = decimal_of(name, value)
    if not 0 <= number <= 1:
        raise InvalidInputError(f"{name} must be in [0, 1], was {number}")
    return number


def rounded(value: Decimal, quantum: Number | None, rounding: str = ROUND_FLOOR) -> Decimal:
    """Return a multiple of *quantum*, or the value itself where there is none."""
    if quantum is None:
        return value
    step = positive("quantum", quantum)
    return (value / step).to_integral_value(rounding) * step


def clamped(value: Decimal, low: Decimal, high: Decimal) -> Decimal:
    """Return the point of [low, high] that is nearest to a value."""
    return min(max(value, low), high)
