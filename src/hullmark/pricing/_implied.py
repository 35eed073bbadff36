"""Implied volatility: the inverse of Black's formula, for many options at once."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hullmark.core import FloatArray, kernel, nonnegative_vector, positive_vector
from hullmark.errors import InvalidInputError
from hullmark.pricing._black76 import (
    MILLS_MAX,
    PDF_0,
    bool_vector,
    log_near,
    mills_denominator,
    mills_numerator,
    scale_near,
    vector,
)

STEPS_MAX = 100  # about four are needed; bisection alone would end in this many
NEAR = 1e-6  # relative step after which Halley's cube is below rounding
TOTAL_VOL_MAX = 70.0  # a value differs from its upper bound by less than the least double
SHORT = 1e-5  # total volatility below which two Mills ratios are too near to be subtracted
ROOT_2PI = 2.5066282746310002


@kernel
def mills(y: float) -> float:
    y = y if y < MILLS_MAX else MILLS_MAX
    return mills_numerator(y) / mills_denominator(y)


# The value c in units of the smaller of forward and strike, what it lacks to its bound of 1, its
# slope in total volatility s, and the ratio of the second derivative to the slope.
@kernel
def at_total_vol(s: float, moneyness: float) -> tuple[float, float, float, float]:
    x = moneyness / s
    d1, d2 = 0.5 * s - x, -0.5 * s - x
    density = math.exp(-0.5 * d1 * d1)
    if s < SHORT:  # the slope of the ratio, M' = y M - 1 / sqrt(2 pi), times s
        inside = density * s * (PDF_0 - x * mills(x))
        outside = 1.0 - inside
    elif d1 < 0.0:
        inside = density * (mills(-d1) - mills(-d2))
        outside = 1.0 - inside
    else:
        outside = density * (mills(d1) + mills(-d2))
        inside = 1.0 - outside
    return inside, outside, PDF_0 * density, d1 * d2 / s


# The root s of c(s) = price in units of the smaller of forward and strike, `moneyness` being
# |ln(F / K)|. Halley's method on ln(c), or on ln(1 - c) where c is more than a half: both are
# nearly straight where they are used. A step out of the bracket is replaced by a bisection.
@kernel
def total_vol(price: float, rest: float, moneyness: float) -> float:
    upper = price > 0.5
    target = math.log(rest) if upper else math.log(price)
    lo, hi = 0.0, TOTAL_VOL_MAX
    if upper:  # at the money, c = 1 - 2 N(-s / 2), and N(-y) < exp(-y * y / 2) / 2
        s = math.sqrt(8.0 * -target)
    else:  # two lower bounds: the leading term of ln(c) far from the money, and c at the money
        s = max(moneyness / math.sqrt(-2.0 * target), ROOT_2PI * price)
    for _ in range(STEPS_MAX):
        inside, outside, slope, turn = at_total_vol(s, moneyness)
        level = outside if upper else inside
        sign = -1.0 if upper else 1.0
        step = math.nan  # to be replaced where the level is below the least double
        error = -math.inf
        if level > 0.0:
            error = math.log(level) - target
            newton = -sign * error * level / slope
            turn -= sign * slope / level
            step = newton / max(1.0 + 0.5 * newton * turn, 0.5)
        if sign * error < 0.0:
            lo = s
        else:
            hi = s
        if abs(step) <= NEAR * s:
            return s + step
        s = s + step
        if not lo < s < hi:
            s = 0.5 * (lo + hi)
    return s


@kernel
def implied_kernel(
    price: FloatArray,
    forward: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    call: NDArray[np.bool_],
    out: FloatArray,
) -> None:
    for i in range(price.size):
        a, b = min(forward[i], strike[i]), max(forward[i], strike[i])
        inside = (forward[i] > strike[i]) if call[i] else (forward[i] < strike[i])
        outside = price[i] - (b - a if inside else 0.0)
        if not (outside >= 0.0 and outside < a and years[i] > 0.0):
            out[i] = math.nan
        elif outside / a == 0.0:
            out[i] = 0.0
        else:
            near, n = scale_near(a, b)
            moneyness = -log_near((near - b) / (near + b), n)
            s = total_vol(outside / a, (a - outside) / a, moneyness)
            out[i] = s / math.sqrt(years[i])


def implied_vol(
    *, price: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, call: ArrayLike
) -> FloatArray:
    """Return the volatility at which Black's formula gives each price.

    A price that no volatility gives is an answer about the market, not a mistake of the caller:
    it is NaN in the result, where the price is NaN, below intrinsic value, or not below its upper
    bound (the forward of a call, the strike of a put), or where no time is left. At the intrinsic
    value itself the result is 0, the least volatility that gives it.

    The result is good to 1e-12 where the price carries that much information: in the money, what
    a price shows of volatility is the little by which it exceeds intrinsic value.

    Parameters
    ----------
    price : array_like of float, shape (n,), currency of the forward
        Undiscounted; anything, see above.
    forward, strike : array_like of float, shape (n,), one currency
        Finite and above 0.
    years : array_like of float, shape (n,), years
        Finite and not negative.
    call : array_like of bool, shape (n,)
        True for a call, false for a put.

    Returns
    -------
    ndarray of float64, shape (n,), fraction per square-root year

    Raises
    ------
    InvalidInputError
        If the arrays differ in length, or forward, strike or years break their rule.

    Examples
    --------
    >>> implied_vol(price=[7.965567455405804, -1.0], forward=[100.0] * 2, strike=[100.0] * 2,
    ...             years=[0.25] * 2, call=[True] * 2).round(12)
    array([0.4, nan])
    """
    p = vector("price", price)
    f = positive_vector("forward", vector("forward", forward))
    k = positive_vector("strike", vector("strike", strike))
    t = nonnegative_vector("years", vector("years", years))
    calls = bool_vector("call", call)
    named = {"forward": f, "strike": k, "years": t, "call": calls}
    for name, column in named.items():
        if column.size != p.size:
            raise InvalidInputError(f"{name} must be as long as price, {p.size}, was {column.size}")
    out = np.empty(p.size)
    implied_kernel(p, f, k, t, calls, out)
    return out
