"""Black's formula for options on a forward: value and greeks of many options in one pass.

With ``s = vol * sqrt(years)``, ``a`` the smaller and ``b`` the larger of forward and strike, the
option out of the money is worth ``a N(d1) - b N(d2)``, ``d = ln(a / b) / s ± s / 2``, by put-call
symmetry whichever it is. As ``a n(d1) = b n(d2)`` for the density ``n``, it equals
``a n(d1) (M(-d1) - M(-d2))`` with the Mills ratio ``M(y) = N(-y) / n(y)``: one exponential, and
what ``d1`` and ``d2`` are off by in common cancels. Intrinsic value is added last.

The loop is free of branches and calls, so that LLVM vectorises it without fastmath.
"""

import math
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hullmark.core import (
    YEAR_DAYS,
    FloatArray,
    finite_vector,
    kernel,
    nonnegative_vector,
    positive_vector,
)
from hullmark.errors import InvalidInputError
from hullmark.pricing._fused import fma

BLOCK = 96  # options whose greeks wait in the first-level cache until they are stored

LEAST, MOST = 1e-60, 1e60  # of what is accepted: products of several stay finite
STILL = 1e-100  # vol * sqrt(years) at or below which nothing moves any more
MILLS_MAX = 40.0  # N(-40) is 1e-350, below the least double
TURN = 0.35  # d1 below which a difference of Mills ratios is exacter than 1 less a sum of them
TAIL = 37.5  # beyond it a density is 0: exp(-703), and no denormal numbers
PDF_0 = 0.3989422804014327  # 1 / sqrt(2 pi)
LN2_HIGH = 6.93147180369123816490e-01  # Cody and Waite: ln 2 in two parts, the first of 32 bits,
LN2_LOW = 1.90821492927058770002e-10  # so that its product with an exponent is exact
LOG2_E = 1.4426950408889634
ROUND = 6755399441055744.0  # 1.5 * 2**52: a double plus this has its nearest integer as last bits
VOL_POINT = 0.01
HALF_PER_DAY = 0.5 / YEAR_DAYS


class Greeks(NamedTuple):
    """Value and sensitivities of one unit of each option, as seen by its holder."""

    value: FloatArray  # in the currency of the forward
    delta: FloatArray  # per unit of the forward
    gamma: FloatArray  # change of delta per unit of the forward
    vega: FloatArray  # per vol point: 0.01 of volatility
    theta: FloatArray  # per day that passes, forward and volatility unchanged


# M(y) = numerator / denominator, times sqrt(2 pi): a rational form as in Cody, "Rational Chebyshev
# approximations for the error function", Math. Comp. 23 (1969), fitted anew on [-0.36, 40] with 40
# digits (Lawson's weights), so that n(y) M(y) is good to 5e-17. All coefficients are positive.
@kernel
def mills_numerator(y: float) -> float:
    p = fma(y, 8.776047147666725e-07, 2.566646402575702e-05)
    p = fma(y, fma(y, p, 0.00036137059123654113), 0.0031887310185679187)
    p = fma(y, fma(y, p, 0.019349462585258846), 0.08361871014494526)
    p = fma(y, fma(y, p, 0.25776949553030837), 0.5496005457884731)
    return fma(y, fma(y, p, 0.7440083633926399), 0.5)


@kernel
def mills_denominator(y: float) -> float:
    p = fma(y, fma(y, 2.199828792037209e-06, 6.433628442655265e-05), 0.0009080215712722606)
    p = fma(y, fma(y, p, 0.00805729957199958), 0.049403333584200466)
    p = fma(y, fma(y, p, 0.2174652776215815), 0.6928452391004684)
    p = fma(y, fma(y, p, 1.5718931246787673), 2.423086436462917)
    return fma(y, fma(y, p, 2.285901287588145), 1.0)


# exp(x) for x in [-708, 0]: Cody and Waite's reduction to |r| <= ln(2) / 2, and a polynomial that
# is exact to 2e-17 there (Chebyshev series of (exp(r) - 1 - r) / r**2).
@kernel
def exp_negative(x: float) -> float:
    shifted = fma(x, LOG2_E, ROUND)
    n = shifted - ROUND
    r = fma(-n, LN2_LOW, fma(-n, LN2_HIGH, x))
    r2 = r * r
    r4 = r2 * r2
    low = fma(
        r2,
        fma(r, 0.008333333333326141, 0.04166666666662416),
        fma(r, 0.1666666666666667, 0.5000000000000001),
    )
    high = fma(
        r2,
        fma(r, 2.755725542387984e-06, 2.4801521319879672e-05),
        fma(r, 0.00019841269874802173, 0.0013888888917198588),
    )
    top = fma(r, 2.510520706464424e-08, 2.762007691611333e-07)
    p = 1.0 + fma(r2, fma(r4, fma(r4, top, high), low), r)
    bits = np.float64(shifted).view(np.int64) + np.int64(1023)
    return p * np.int64(bits << np.int64(52)).view(np.float64)


# ln(a / b) is n ln 2 + ln(g / b), with g = a / 2**n within [2/3, 3/2] of b: so g - b is exact, and
# the logarithm keeps its relative accuracy however near a is to b.
@kernel
def scale_near(a: float, b: float) -> tuple[float, float]:
    bits = np.float64(a).view(np.int64) - np.float64(b).view(np.int64)
    n = (bits + np.int64(0x0008_0000_0000_0000)) >> np.int64(52)
    scale = np.int64((np.int64(1023) - n) << np.int64(52)).view(np.float64)
    return a * scale, np.float64(n)


# n ln 2 + 2 atanh(z): ln(g / b) for z = (g - b) / (g + b), |z| <= 1/5 (series in z**2, to 1e-16).
@kernel
def log_near(z: float, n: float) -> float:
    w = z * z
    w2 = w * w
    low = fma(
        w2,
        fma(w, 0.22222183041989138, 0.2857142883397801),
        fma(w, 0.399999999993412, 0.6666666666666694),
    )
    high = fma(w2, 0.15114922790924396, fma(w, 0.15284083744051755, 0.1818459529859721))
    return fma(n, LN2_HIGH, fma(2.0, z, fma(n, LN2_LOW, z * w * fma(w2 * w2, high, low))))


# The loops below hold one text twice, less the greeks: LLVM inlines the small functions above into
# a loop but not one as large as this, and does not vectorise a loop with a call in it. A test keeps
# the two equal to the bit. The first divisions are gathered into one, since each costs much.
@kernel
def value_kernel(
    forward: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    vol: FloatArray,
    call: NDArray[np.bool_],
    out: FloatArray,
) -> None:
    for i in range(forward.size):
        below = forward[i] < strike[i]
        a = forward[i] if below else strike[i]
        b = strike[i] if below else forward[i]
        near, n = scale_near(a, b)
        s = vol[i] * math.sqrt(years[i])
        s = s if s > STILL else STILL
        total = near + b
        shared = 1.0 / ((total * s) * (a * b))
        per_s = (total * (a * b)) * shared
        x = log_near((near - b) * (s * (a * b) * shared), n) * per_s
        d1 = fma(0.5, s, x)
        y1, y2 = -d1 if d1 < TURN else d1, fma(0.5, s, -x)
        y1 = y1 if y1 < MILLS_MAX else MILLS_MAX
        y2 = y2 if y2 < MILLS_MAX else MILLS_MAX
        density = exp_negative(-0.5 * y1 * y1)
        density = density if y1 < TAIL else 0.0
        scaled = a * density
        part1 = scaled * (
            mills_numerator(y1) / mills_denominator(y1)
        )  # a N(d1), or a N(-d1) from TURN on
        part2 = scaled * (mills_numerator(y2) / mills_denominator(y2))  # b N(d2)
        outside = part1 - part2 if d1 < TURN else (a - part1) - part2
        out[i] = outside + (0.0 if below == call[i] else b - a)


# The results wait at constant places of one small array: LLVM then needs no test for overlap.
@kernel
def greeks_block(
    forward: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    vol: FloatArray,
    call: NDArray[np.bool_],
    block: FloatArray,
) -> None:
    for i in range(forward.size):
        below = forward[i] < strike[i]
        a = forward[i] if below else strike[i]
        b = strike[i] if below else forward[i]
        near, n = scale_near(a, b)
        root = math.sqrt(years[i])
        s = vol[i] * root
        moving = s > STILL
        s = s if moving else STILL
        total = near + b
        shared = 1.0 / ((total * s) * (a * b))
        per_s = (total * (a * b)) * shared
        x = log_near((near - b) * (s * (a * b) * shared), n) * per_s
        d1 = fma(0.5, s, x)
        y1, y2 = -d1 if d1 < TURN else d1, fma(0.5, s, -x)
        y1 = y1 if y1 < MILLS_MAX else MILLS_MAX
        y2 = y2 if y2 < MILLS_MAX else MILLS_MAX
        density = exp_negative(-0.5 * y1 * y1)
        density = density if y1 < TAIL else 0.0
        scaled = a * density
        part1 = scaled * (mills_numerator(y1) / mills_denominator(y1))
        part2 = scaled * (mills_numerator(y2) / mills_denominator(y2))
        outside = part1 - part2 if d1 < TURN else (a - part1) - part2
        block[i] = outside + (0.0 if below == call[i] else b - a)
        per_forward = (total * s) * (strike[i] * shared)
        tail = (part1 if below else part2) * per_forward
        above = below & (d1 < TURN)  # whether N(d1) itself is the tail
        block[BLOCK + i] = (tail if above else 1.0 - tail) - (0.0 if call[i] else 1.0)
        weight = PDF_0 * scaled
        curve = weight * per_s if moving else 0.0
        block[2 * BLOCK + i] = curve * per_forward * per_forward
        block[3 * BLOCK + i] = VOL_POINT * weight * root
        block[4 * BLOCK + i] = -HALF_PER_DAY * (curve * (vol[i] * vol[i]))


@kernel
def copy_kernel(source: FloatArray, target: FloatArray) -> None:
    for i in range(target.size):
        target[i] = source[i]


# Whether all numbers keep their rules; which one does not is then found by the readable checks.
@kernel
def valid_kernel(
    forward: FloatArray, strike: FloatArray, years: FloatArray, vol: FloatArray
) -> bool:
    bad = 0
    for i in range(forward.size):
        prices = (LEAST <= forward[i] <= MOST) & (LEAST <= strike[i] <= MOST)
        bad += 0 if prices & (0.0 <= years[i] <= MOST) & (0.0 <= vol[i] <= MOST) else 1
    return bad == 0


# False if it met a number that breaks its rule; `out` is then half written.
@kernel
def greeks_kernel(
    forward: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    vol: FloatArray,
    call: NDArray[np.bool_],
    out: FloatArray,
) -> bool:
    block = np.empty(5 * BLOCK)
    n = forward.size
    for lo in range(0, n, BLOCK):
        hi = min(lo + BLOCK, n)
        parts = forward[lo:hi], strike[lo:hi], years[lo:hi], vol[lo:hi]
        if not valid_kernel(*parts):
            return False
        greeks_block(*parts, call[lo:hi], block)
        for j in range(5):
            copy_kernel(block[j * BLOCK : (j + 1) * BLOCK], out[j, lo:hi])
    return True


def black76(
    *,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    call: ArrayLike,
    out: FloatArray | None = None,
) -> Greeks:
    r"""Return value, delta, gamma, vega and theta of European options on a forward, undiscounted.

    .. math:: C = F N(d_1) - K N(d_2), \quad P = C - F + K, \quad
        d_{1,2} = \ln(F / K) / \sigma\sqrt{T} \pm \sigma\sqrt{T} / 2

    Black's formula [1]_ at rate zero. At zero time or volatility the value is the intrinsic one,
    delta is the limit (1/2 or -1/2 at the money), vega too (at zero volatility and at the money
    it is not 0). Gamma and theta are 0 there, also at the money, where their limits at zero time
    are infinite: a kink has neither.

    Parameters
    ----------
    forward, strike : array_like of float, shape (n,), one currency
        Above 0; from 1e-60 to 1e60.
    years, vol : array_like of float, shape (n,), years and fraction per square-root year
        Not negative; at most 1e60.
    call : array_like of bool, shape (n,)
        True for a call, false for a put.
    out : ndarray of float64, shape (5, n), C order, optional
        Where to write; the result's columns are its rows. New if absent.

    Returns
    -------
    Greeks
        Value good to 4e-16 of the larger of forward and strike; each greek to 1e-14 of its maximum
        over forwards.

    Raises
    ------
    InvalidInputError
        If the arrays differ in length, or a number breaks its rule; the message names the first.

    References
    ----------
    .. [1] F. Black, "The pricing of commodity contracts", J. Financial Economics 3 (1976).

    Examples
    --------
    >>> greeks = black76(forward=[100.0], strike=[100.0], years=[0.25], vol=[0.4], call=[True])
    >>> f"{greeks.value[0]:.6f} {greeks.delta[0]:.4f} {greeks.vega[0]:.4f} {greeks.theta[0]:.4f}"
    '7.965567 0.5398 0.1985 -0.0435'
    """
    columns = _read(forward, strike, years, vol, call)
    shape = (5, columns[0].size)
    if out is None:
        out = np.empty(shape)
    elif out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
        raise InvalidInputError(f"out must be float64 in C order of shape {shape}, was {out.shape}")
    if not greeks_kernel(*columns, out):
        _refuse(*columns[:4])
    return Greeks(*out)


def black76_value(
    *, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, vol: ArrayLike, call: ArrayLike
) -> FloatArray:
    """Return the value alone: the same number as :func:`black76`'s, in less time.

    Parameters and errors are those of :func:`black76`.

    >>> black76_value(forward=[100.0], strike=[90.0], years=[0.0], vol=[0.4], call=[True])
    array([10.])
    """
    columns = _read(forward, strike, years, vol, call)
    if not valid_kernel(*columns[:4]):
        _refuse(*columns[:4])
    value = np.empty(columns[0].size)
    value_kernel(*columns, value)
    return value


def _read(
    forward: ArrayLike, strike: ArrayLike, years: ArrayLike, vol: ArrayLike, call: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, NDArray[np.bool_]]:
    names = ("forward", "strike", "years", "vol")
    f, k, t, v = (
        vector(name, values)
        for name, values in zip(names, (forward, strike, years, vol), strict=True)
    )
    calls = bool_vector("call", call)
    for name, column in zip((*names[1:], "call"), (k, t, v, calls), strict=True):
        if column.size != f.size:
            raise InvalidInputError(
                f"{name} must be as long as forward, {f.size}, was {column.size}"
            )
    return f, k, t, v, calls


def _refuse(f: FloatArray, k: FloatArray, t: FloatArray, v: FloatArray) -> NoReturn:
    positive_vector("forward", f)
    positive_vector("strike", k)
    nonnegative_vector("years", t)
    nonnegative_vector("vol", v)
    prices = np.concatenate([f, k])
    raise InvalidInputError(
        f"prices must be in [{LEAST:g}, {MOST:g}], years and vol at most {MOST:g}, were in"
        f" [{prices.min():g}, {prices.max():g}], at most {t.max():g} and at most {v.max():g}"
    )


# A copy only where the kernel needs one; what the numbers are is checked by the kernels.
def vector(name: str, values: ArrayLike) -> FloatArray:
    """Return *values* as a contiguous 1-D float64 array."""
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError) as e:
        raise InvalidInputError(f"{name} must be numbers, was {values!r:.60}") from e
    return array if np.ndim(values) == 1 else finite_vector(name, np.asarray(values))


def bool_vector(name: str, values: ArrayLike) -> NDArray[np.bool_]:
    """Return *values* as a contiguous 1-D array of booleans, or refuse them."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.dtype != np.bool_ and array.size):
        raise InvalidInputError(f"{name} must be a 1-D array of booleans, was {array.dtype}")
    return np.ascontiguousarray(array, dtype=np.bool_)
