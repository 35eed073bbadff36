"""Prices of many auctions at once, in whole nanos: equal to `PriceCurve.price_nano` of each.

Legs are exact quotients. Powers are products with factors of 127 bits; where such a factor cannot
settle the floor, which takes a price less than 2**-57 nanos under a whole number, the price is
worked out by itself.
"""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, lcm
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import INT64_MAX, SECOND_NS, IntArray, exactly, int64, kernel, wide_floor
from hullmark.errors import InvalidInputError
from hullmark.liquidation._curves import (
    ExponentialCurve,
    LeggedCurve,
    PriceCurve,
    StairstepCurve,
)

_Limbs = NDArray[np.uint64]

_ENTRIES_MAX = 2**18  # powers of one cut that are kept, 4 MiB
_BITS = 127  # of a factor: one is 2**127
_GUARD = 129  # bits below those, while a table is made
_PARTS = 1_000  # of a part of a second: milliseconds, microseconds, nanoseconds
_EXACT_STEPS = 64  # powers of a cut's denominator beyond that do not fit in 63 bits, unless it is 1

_ONE = np.uint64(1)
_HALF, _LOW = np.uint64(32), np.uint64(2**32 - 1)
_TOP = np.uint64(63)
_FRACTION = np.uint64(2**63 - 1)
# Four factors, each less than two units of 2**-127 too small, and three products that each lose six
# more at most, times a start price below 2**63: less than 2**5 units of 2**-63 too small.
_DOUBT = np.uint64(2**6)


class Powers(NamedTuple):
    """What a cut leaves, as factors of 127 bits in two limbs, and exactly where that fits."""

    high: _Limbs
    low: _Limbs
    numerator: IntArray
    denominator: IntArray
    last: int  # beyond it no power leaves a nano of any price


def reprice(curve: PriceCurve, tops_nano: IntArray, elapsed_ns: IntArray) -> IntArray:
    """Return the prices of auctions on one curve, each rounded down exactly.

    Parameters
    ----------
    curve : PriceCurve
    tops_nano : ndarray of int64, shape (n,), nanos, >= 0
        Start prices, or references of a `TwoLegCurve`.
    elapsed_ns : ndarray of int64, shape (n,), nanoseconds, >= 0

    Returns
    -------
    ndarray of int64, shape (n,), nanos

    Raises
    ------
    InvalidInputError
        If shapes or types differ, or a number is negative.
    AmountOverflowError
        If a price does not fit in 64 bits, on a curve that starts above its reference.

    >>> curve = StairstepCurve(step_s=90, cut=Decimal("0.99"))
    >>> reprice(curve, np.array([5 * 10**9, 10**9]), np.array([180 * 10**9, 0])).tolist()
    [4900500000, 1000000000]
    """
    _check(tops_nano, elapsed_ns)
    out = np.zeros(len(tops_nano), np.int64)
    asked = np.zeros(len(tops_nano), np.bool_)
    if isinstance(curve, LeggedCurve):
        legs_kernel(tops_nano, elapsed_ns, *_leg_columns(curve), out, asked)
    elif isinstance(curve, StairstepCurve | ExponentialCurve):
        _reprice_powers(curve, tops_nano, elapsed_ns, out, asked)
    else:
        asked[:] = True
    for i in np.flatnonzero(asked).tolist():
        out[i] = int64("price", curve.price_nano(int(tops_nano[i]), int(elapsed_ns[i])))
    return out


def _check(tops_nano: IntArray, elapsed_ns: IntArray) -> None:
    for name, column in (("tops_nano", tops_nano), ("elapsed_ns", elapsed_ns)):
        if column.dtype != np.int64 or column.ndim != 1:
            shown = f"{column.dtype} of {column.ndim} dimensions"
            raise InvalidInputError(f"{name} must be a vector of int64, was {shown}")
        if len(column) and column.min() < 0:
            raise InvalidInputError(f"{name} must be >= 0, was {column.min()}")
    if len(tops_nano) != len(elapsed_ns):
        raise InvalidInputError(
            f"elapsed_ns must have {len(tops_nano)} rows, was of {len(elapsed_ns)}"
        )


# The factor of a leg as (numerator - slope * elapsed) / denominator, in whole numbers of at most 63
# bits; a leg that does not fit has denominator 0.
@lru_cache(maxsize=64)
def _leg_columns(curve: LeggedCurve) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    rows = []
    for leg in curve.legs():
        slope = (leg.start - leg.end) / (leg.to_s - leg.from_s)
        base, per_ns = leg.start + slope * leg.from_s, slope / SECOND_NS
        denominator = lcm(base.denominator, per_ns.denominator)
        row = [int(base * denominator), int(per_ns * denominator), denominator]
        last_ns = min(ceil(leg.to_s * SECOND_NS) - 1, INT64_MAX)
        rows.append([last_ns, *(row if max(row) <= INT64_MAX else [0, 0, 0])])
    columns = np.array(rows, np.int64).T.copy()
    return columns[0], columns[1], columns[2], columns[3]


@kernel
def legs_kernel(
    tops_nano: IntArray,
    elapsed_ns: IntArray,
    last_ns: IntArray,
    numerator: IntArray,
    slope: IntArray,
    denominator: IntArray,
    out: IntArray,
    asked: NDArray[np.bool_],
) -> None:
    """Write prices of straight legs, and note where one must be worked out by itself."""
    for i in range(len(tops_nano)):
        for leg in range(len(last_ns)):
            if elapsed_ns[i] > last_ns[leg]:
                continue
            if denominator[leg] == 0:
                asked[i] = True
            else:
                part = numerator[leg] - slope[leg] * elapsed_ns[i]
                out[i], fits = wide_floor(tops_nano[i], part, 1, denominator[leg])
                asked[i] = not fits
            break


def _reprice_powers(
    curve: StairstepCurve | ExponentialCurve,
    tops_nano: IntArray,
    elapsed_ns: IntArray,
    out: IntArray,
    asked: NDArray[np.bool_],
) -> None:
    if curve.cut == 1:
        out[:] = tops_nano
        return
    if isinstance(curve, StairstepCurve):
        step_ns, rests = int(Fraction(curve.step_s) * SECOND_NS), np.zeros(1, np.int64)
        steps = elapsed_ns // step_ns if step_ns <= INT64_MAX else np.zeros_like(elapsed_ns)
    else:
        steps, rests = np.divmod(elapsed_ns, SECOND_NS)
    powers = _powers(curve.cut, _entries(int(steps.max(initial=0))))
    parts = _second_parts(curve.cut) if rests.any() else _NO_PARTS
    powers_kernel(tops_nano, steps, rests, *powers, *parts, out, asked)


# So many that a table is seldom made again while time goes on.
def _entries(step: int) -> int:
    return int(min(max(2 ** (step + 1).bit_length(), 2**10), _ENTRIES_MAX))


@lru_cache(maxsize=16)
def _powers(cut: Decimal, entries: int) -> Powers:
    ratio, last = Fraction(cut), 0
    if cut > 0:
        with exactly():
            last = min(int(63 * Decimal(2).ln() / -cut.ln()) + 1, INT64_MAX)
    high, low = _limbs(ratio, min(entries, last + 1))
    exact = [
        (ratio.numerator**n, ratio.denominator**n)
        for n in range(_EXACT_STEPS)
        if ratio.denominator**n <= INT64_MAX
    ]
    numerator, denominator = np.array(exact, np.int64).T.copy()
    return Powers(high, low, numerator, denominator, last)


# The powers of a part of a second: a thousand of each of milliseconds, microseconds, nanoseconds.
@lru_cache(maxsize=16)
def _second_parts(cut: Decimal) -> tuple[_Limbs, _Limbs]:
    tables = []
    for places in (3, 6, 9):
        with exactly(100):
            root = Fraction(cut ** Decimal(1).scaleb(-places))
        tables.append(_limbs(root, _PARTS))
    return (
        np.concatenate([high for high, _ in tables]),
        np.concatenate([low for _, low in tables]),
    )


# Powers from the zeroth on; each rounded down, and less than two units below the true one.
def _limbs(ratio: Fraction, entries: int) -> tuple[_Limbs, _Limbs]:
    one = 1 << (_BITS + _GUARD)
    factor, power, found = int(ratio * one), one, []
    for _ in range(entries):
        found.append(power >> _GUARD)
        power = power * factor >> (_BITS + _GUARD)
    high = np.array([number >> 64 for number in found], np.uint64)
    low = np.array([number & (2**64 - 1) for number in found], np.uint64)
    return high, low


_NO_PARTS: tuple[_Limbs, _Limbs] = (np.zeros(0, np.uint64), np.zeros(0, np.uint64))


@kernel
def powers_kernel(
    tops_nano: IntArray,
    steps: IntArray,
    rests: IntArray,
    high: _Limbs,
    low: _Limbs,
    numerator: IntArray,
    denominator: IntArray,
    last: int,
    part_high: _Limbs,
    part_low: _Limbs,
    out: IntArray,
    asked: NDArray[np.bool_],
) -> None:
    """Write prices of powers, and note where one must be worked out by itself.

    ``rests`` are nanoseconds of the second that has begun, or one zero where steps are all.
    """
    for i in range(len(tops_nano)):
        step, rest = steps[i], rests[i] if len(rests) == len(steps) else 0
        if step > last:
            continue
        if step >= len(high):
            asked[i] = True
        elif rest == 0 and step < len(numerator):
            out[i], fits = wide_floor(tops_nano[i], numerator[step], 1, denominator[step])
            asked[i] = not fits
        else:
            first, second = high[step], low[step]
            if rest > 0:
                milli, micro, nano = rest // 1_000_000, rest // 1_000 % 1_000, rest % 1_000
                for at in (milli, 1_000 + micro, 2_000 + nano):
                    first, second = _times(first, second, part_high[at], part_low[at])
            out[i], asked[i] = _scaled(np.uint64(tops_nano[i]), first, second)


# The product of two factors of 127 bits, at most six units too small.
@kernel
def _times(
    a_high: np.uint64, a_low: np.uint64, b_high: np.uint64, b_low: np.uint64
) -> tuple[np.uint64, np.uint64]:
    high, middle = _product(a_high, b_high)
    first, _ = _product(a_high, b_low)
    second, _ = _product(a_low, b_high)
    for carried in (first, second):
        middle += carried
        if middle < carried:
            high += _ONE
    return (high << _ONE) | (middle >> _TOP), middle << _ONE


# A start price times a factor of 127 bits, rounded down, and whether it may be one too small.
@kernel
def _scaled(top: np.uint64, high: np.uint64, low: np.uint64) -> tuple[int, bool]:
    whole, middle = _product(top, high)
    carried, _ = _product(top, low)
    middle += carried
    if middle < carried:
        whole += _ONE
    rest = middle & _FRACTION
    price = np.int64((whole << _ONE) | (middle >> _TOP))
    return int(price), bool(rest > _FRACTION - _DOUBT)


# The product of two limbs as two limbs, from four products of halves.
@kernel
def _product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    a_high, a_low = a >> _HALF, a & _LOW
    b_high, b_low = b >> _HALF, b & _LOW
    cross = a_high * b_low + (a_low * b_low >> _HALF)
    other = a_low * b_high + (cross & _LOW)
    return a_high * b_high + (cross >> _HALF) + (other >> _HALF), a * b
