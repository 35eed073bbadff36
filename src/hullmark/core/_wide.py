"""Exact arithmetic inside kernels: sums that say when they leave 64 bits, quotients of products.

A kernel has no integer of its own that is wider than 64 bits, and its sums wrap silently. Here a
product is two or three 64-bit limbs, and every result comes with a flag that says whether it fits;
where it does not, the number beside the flag means nothing.
"""

import numpy as np

from hullmark.core._kernel import kernel

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_HALF = np.uint64(32)  # bits of half a limb
_LOW_HALF = np.uint64(2**32 - 1)
_BASE = np.uint64(2**32)
_SIGN = np.uint64(2**63)


@kernel
def wide_add(a: int, b: int) -> tuple[int, bool]:
    """Return ``a + b``, and whether it fits in 64 bits."""
    total = a + b
    return total, ((a ^ total) & (b ^ total)) >= 0


@kernel
def wide_subtract(a: int, b: int) -> tuple[int, bool]:
    """Return ``a - b``, and whether it fits in 64 bits."""
    difference = a - b
    return difference, ((a ^ b) & (a ^ difference)) >= 0


@kernel
def wide_floor(a: int, b: int, c: int, divisor: int) -> tuple[int, bool]:
    """Return ``a * b * c / divisor``, rounded down, and whether it fits; no divisor is zero."""
    negative = ((a ^ b) ^ (c ^ divisor)) < 0
    quotient, rest, fits = _quotient(_size(a), _size(b), _size(c), _size(divisor))
    return _signed(quotient, negative, negative and rest, fits)


@kernel
def wide_ceil(a: int, b: int, c: int, divisor: int) -> tuple[int, bool]:
    """Return ``a * b * c / divisor``, rounded up, and whether it fits; no divisor is zero."""
    negative = ((a ^ b) ^ (c ^ divisor)) < 0
    quotient, rest, fits = _quotient(_size(a), _size(b), _size(c), _size(divisor))
    return _signed(quotient, negative, rest and not negative, fits)


# The absolute value; that of the most negative number is a number here.
@kernel
def _size(number: int) -> np.uint64:
    return np.uint64(-number) if number < 0 else np.uint64(number)


@kernel
def _signed(size: np.uint64, negative: bool, away: bool, fits: bool) -> tuple[int, bool]:
    if away:
        size += _ONE
        fits = fits and size != _ZERO
    limit = _SIGN if negative else _SIGN - _ONE
    number = np.int64(size)
    return int(-number if negative else number), bool(fits and size <= limit)


# Of four sizes: a * b * c // divisor, whether there is a rest, and whether it fits in one limb.
@kernel
def _quotient(
    a: np.uint64, b: np.uint64, c: np.uint64, divisor: np.uint64
) -> tuple[np.uint64, bool, bool]:
    high, low = _product(a, b)
    if c != _ONE:
        carried, low = _product(low, c)
        over, middle = _product(high, c)
        high = middle + carried
        if over != _ZERO or high < middle:
            return _ZERO, False, False
    if high >= divisor:
        return _ZERO, False, False
    quotient, rest = _divide(high, low, divisor)
    return quotient, rest != _ZERO, True


# The product of two limbs as two limbs, from four products of halves.
@kernel
def _product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    a_high, a_low = a >> _HALF, a & _LOW_HALF
    b_high, b_low = b >> _HALF, b & _LOW_HALF
    low = a_low * b_low
    cross = a_high * b_low + (low >> _HALF)
    other = a_low * b_high + (cross & _LOW_HALF)
    return a_high * b_high + (cross >> _HALF) + (other >> _HALF), a * b


# Two limbs by one that is larger than the first: quotient and rest.
@kernel
def _divide(high: np.uint64, low: np.uint64, divisor: np.uint64) -> tuple[np.uint64, np.uint64]:
    if high == _ZERO:
        return low // divisor, low % divisor
    if divisor < _BASE:  # one half at a time, as by hand
        first = (high << _HALF) | (low >> _HALF)
        second = ((first % divisor) << _HALF) | (low & _LOW_HALF)
        return ((first // divisor) << _HALF) | (second // divisor), second % divisor
    return _divide_long(high, low, divisor)


# Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D, with halves as digits.
@kernel
def _divide_long(
    high: np.uint64, low: np.uint64, divisor: np.uint64
) -> tuple[np.uint64, np.uint64]:
    shift = _ZERO
    while divisor < _SIGN:
        divisor <<= _ONE
        shift += _ONE
    if shift:
        high = (high << shift) | (low >> (np.uint64(64) - shift))
        low <<= shift
    first, rest = _digit(high, low >> _HALF, divisor)
    second, rest = _digit(rest, low & _LOW_HALF, divisor)
    return (first << _HALF) | second, rest >> shift


# The next digit of the quotient of *rest* and one more half: guessed, and at most twice too large.
@kernel
def _digit(rest: np.uint64, half: np.uint64, divisor: np.uint64) -> tuple[np.uint64, np.uint64]:
    top, bottom = divisor >> _HALF, divisor & _LOW_HALF
    digit = rest // top
    over = rest - digit * top
    while digit >= _BASE or digit * bottom > ((over << _HALF) | half):
        digit -= _ONE
        over += top
        if over >= _BASE:
            break
    return digit, ((rest << _HALF) | half) - digit * divisor
