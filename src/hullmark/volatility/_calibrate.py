"""The calibration of one smile: a start that cannot miss, and a polished end without arbitrage.

Inside, a smile is ``(u, p, q, m, s)``: the least total variance, the roots of the slopes of the
right and the left wing, the turn, and the logarithm of the width. With ``x = k - m``,
``sigma = exp(s)`` and ``r = sqrt(x**2 + sigma**2)``,

``w = u + p**2 (r + x) / 2 + q**2 (r - x) / 2 - sigma p q``.

Every rule of a valid smile is then a bound of one number, and all derivatives are smooth.
"""

import math

import numpy as np

from hullmark.core import FloatArray, kernel
from hullmark.volatility._arbitrage import inspect, lift, raw, spaced
from hullmark.volatility._start import LEAST_MIN, SLOPE_TOP, WIDTH_MAX, WIDTH_MIN, gentle, start
from hullmark.volatility._svi import density

DAMPED_STEPS = 40
FIXED_POINTS, MOVING_POINTS = 33, 25
DENSITY_MIN = 2e-4  # what the calibration asks of g, so that nothing is left below 0 in between
CALENDAR = 1.0 + 1e-6  # and of a later total variance, in units of the earlier one
PENALTY, ROUNDS = 10.0, 6  # of what is lacking, ten times as much in each round
ROOT_SLOPE_MIN = 1e-4
STARTS = 2
AGREE = 0.01  # two starts whose costs differ by less, relatively, have found the same smile
VOL_POINTS = 100.0


@kernel
def to_raw(smile: FloatArray) -> tuple[float, float, float, float, float]:
    u, p, q, m = smile[0], smile[1], smile[2], smile[3]
    sigma = math.exp(smile[4])
    right, left = p * p, q * q
    total = right + left
    rho = (right - left) / total if total > 0.0 else 0.0
    return u - sigma * p * q, 0.5 * total, rho, m, sigma


@kernel
def from_raw(a: float, b: float, rho: float, m: float, sigma: float, smile: FloatArray) -> None:
    smile[1] = math.sqrt(b * (1.0 + rho))
    smile[2] = math.sqrt(b * (1.0 - rho))
    smile[0] = a + sigma * smile[1] * smile[2]
    smile[3] = m
    smile[4] = math.log(sigma)


# w, w', w'' at one point.
@kernel
def shape(k: float, smile: FloatArray, sigma: float) -> tuple[float, float, float]:
    right, left, x = smile[1] * smile[1], smile[2] * smile[2], k - smile[3]
    r2 = x * x + sigma * sigma
    r = math.sqrt(r2)
    up, down = sides(x, r, sigma)
    w = smile[0] + 0.5 * (right * up + left * down) - sigma * smile[1] * smile[2]
    bend = 0.5 * (right + left) * sigma * sigma / (r2 * r)
    return w, 0.5 * (right * up - left * down) / r, bend


# r + x and r - x, the smaller without cancellation.
@kernel
def sides(x: float, r: float, sigma: float) -> tuple[float, float]:
    outer = r + abs(x)
    inner = sigma * sigma / outer
    return (outer, inner) if x >= 0.0 else (inner, outer)


# The derivative of by[0] w + by[1] w' + by[2] w'' in (u, p, q, m, s), to `row`, whatever `by` is.
@kernel
def expand(
    k: float, smile: FloatArray, sigma: float, by: tuple[float, float, float], row: FloatArray
) -> None:
    p, q, x = smile[1], smile[2], k - smile[3]
    r2 = x * x + sigma * sigma
    r = math.sqrt(r2)
    up, down = sides(x, r, sigma)
    half = 0.5 * (p * p + q * q)
    curl = sigma * sigma / (r2 * r)
    bend = half * curl
    slope = 0.5 * (p * p * up - q * q * down) / r
    w, w1, w2 = by
    row[0] = w
    row[1] = w * (p * up - sigma * q) + w1 * p * up / r + w2 * p * curl
    row[2] = w * (q * down - sigma * p) - w1 * q * down / r + w2 * q * curl
    row[3] = -w * slope - w1 * bend + w2 * 3.0 * bend * x / r2
    row[4] = w * sigma * (half * sigma / r - p * q) - w1 * bend * x
    row[4] += w2 * bend * (2.0 - 3.0 * sigma * sigma / r2)


# Counts a residual in: half its square in the cost that is returned.
@kernel
def add(residual: float, row: FloatArray, normal: FloatArray, gradient: FloatArray) -> float:
    for i in range(5):
        gradient[i] += residual * row[i]
        for j in range(i + 1):
            normal[i, j] += row[i] * row[j]
    return 0.5 * residual * residual


# Half the sum of squares at a smile, with its gradient and Gauss-Newton matrix: of the quotes in
# vol points, and of what density and calendar lack, times `penalty`.
@kernel
def assemble(
    k: FloatArray, vol: FloatArray, weight: FloatArray, years: float, smile: FloatArray,
    before: FloatArray, fixed: FloatArray, penalty: float, normal: FloatArray,
    gradient: FloatArray,
) -> float:  # fmt: skip
    normal[:], gradient[:] = 0.0, 0.0
    row, cost, sigma = np.empty(5), 0.0, math.exp(smile[4])
    for i in range(k.size):
        root = math.sqrt(shape(k[i], smile, sigma)[0] / years)
        scale = math.sqrt(weight[i]) * VOL_POINTS
        expand(k[i], smile, sigma, (0.5 * scale / (root * years), 0.0, 0.0), row)
        cost += add(scale * (root - vol[i]), row, normal, gradient)
    for j in range(fixed.size + MOVING_POINTS):
        i = j - fixed.size
        at = fixed[j] if i < 0 else smile[3] + sigma * 30.0 * spaced(i, MOVING_POINTS, 0.05)
        w, slope, bend = shape(at, smile, sigma)
        lack = DENSITY_MIN - density(at, w, slope, bend)
        if lack > 0.0:
            inside = 1.0 - 0.5 * at * slope / w
            by_w = inside * at * slope / (w * w) + 0.25 * slope * slope / (w * w)
            by_slope = -inside * at / w - 0.5 * slope * (1.0 / w + 0.25)
            expand(at, smile, sigma, (-penalty * by_w, -penalty * by_slope, -0.5 * penalty), row)
            cost += add(penalty * lack, row, normal, gradient)
        if before.size:
            least = CALENDAR * raw(at, before)
            if w < least:
                root = math.sqrt(w / years)
                lack = VOL_POINTS * (math.sqrt(least / years) - root)
                by_w = -0.5 * VOL_POINTS * penalty / (root * years)
                expand(at, smile, sigma, (by_w, 0.0, 0.0), row)
                cost += add(penalty * lack, row, normal, gradient)
    return cost


# The step that solves (normal + damping * diagonal) step = -gradient on the free coordinates.
@kernel
def solve(
    normal: FloatArray, gradient: FloatArray, free: FloatArray, damping: float, step: FloatArray
) -> bool:
    low = np.zeros((5, 5))
    for i in range(5):
        for j in range(i + 1):
            x = normal[i, j] * free[i] * free[j]
            if i == j:
                x = x + damping * (x + 1e-12) if free[i] > 0.0 else 1.0
            for h in range(j):
                x -= low[i, h] * low[j, h]
            if i > j:
                low[i, j] = x / low[j, j]
            elif x > 0.0:
                low[i, i] = math.sqrt(x)
            else:
                return False
    for i in range(5):
        x = -gradient[i] * free[i]
        for h in range(i):
            x -= low[i, h] * step[h]
        step[i] = x / low[i, i]
    for i in range(4, -1, -1):
        x = step[i]
        for h in range(i + 1, 5):
            x -= low[h, i] * step[h]
        step[i] = x / low[i, i]
    return True


# Levenberg and Marquardt, with projection on the bounds: a coordinate at a bound that the gradient
# pushes outwards does not take part in a step.
@kernel
def descend(
    k: FloatArray, vol: FloatArray, weight: FloatArray, years: float, smile: FloatArray,
    before: FloatArray, fixed: FloatArray, penalty: float, bounds: FloatArray,
) -> float:  # fmt: skip
    normal, gradient, free, step = np.empty((5, 5)), np.empty(5), np.empty(5), np.empty(5)
    normal2, gradient2 = np.empty((5, 5)), np.empty(5)
    lower, upper = bounds[0], bounds[1]
    smile[:] = np.minimum(np.maximum(smile, lower), upper)
    cost = assemble(k, vol, weight, years, smile, before, fixed, penalty, normal, gradient)
    damping = 1e-3
    for _ in range(DAMPED_STEPS):
        for i in range(5):
            out = (smile[i] <= lower[i] and gradient[i] > 0.0) or (
                smile[i] >= upper[i] and gradient[i] < 0.0
            )
            free[i] = 0.0 if out else 1.0
        if not solve(normal, gradient, free, damping, step):
            damping *= 10.0
            continue
        trial = np.minimum(np.maximum(smile + step, lower), upper)
        there = assemble(k, vol, weight, years, trial, before, fixed, penalty, normal2, gradient2)
        if there < cost:
            done = cost - there <= 1e-5 * cost
            smile[:], cost = trial, there
            normal[:], gradient[:] = normal2, gradient2
            damping = max(damping * 0.2, 1e-9)
            if done:
                break
        else:
            damping *= 5.0
            if damping > 1e8:
                break
    return cost


@kernel
def approach(
    k: FloatArray, vol: FloatArray, weight: FloatArray, years: float, smile: FloatArray,
    before: FloatArray, fixed: FloatArray, bounds: FloatArray, span: float, found: FloatArray,
    worst: FloatArray,
) -> None:  # fmt: skip
    penalty = PENALTY
    for j in range(ROUNDS):
        descend(k, vol, weight, years, smile, before, fixed, penalty, bounds)
        found[0], found[1], found[2], found[3], found[4] = to_raw(smile)
        inspect(found, before, span, worst)
        if worst[0] >= 0.0 and worst[2] >= 0.0:
            break
        fixed[FIXED_POINTS + j] = worst[1] if worst[0] < 0.0 else worst[3]
        penalty *= 10.0


# What the calibration may choose from: Lee's slopes, and at least those of the smile before.
@kernel
def bounds_of(before: FloatArray, reach: float) -> FloatArray:
    bounds = np.empty((2, 5))
    top = math.sqrt(SLOPE_TOP)
    bounds[0] = LEAST_MIN, ROOT_SLOPE_MIN, ROOT_SLOPE_MIN, -2.0 * reach, math.log(WIDTH_MIN)
    bounds[1] = math.inf, top, top, 2.0 * reach, math.log(WIDTH_MAX)
    if before.size:
        bounds[0, 1] = min(max(ROOT_SLOPE_MIN, math.sqrt(before[1] * (1.0 + before[2]))), top)
        bounds[0, 2] = min(max(ROOT_SLOPE_MIN, math.sqrt(before[1] * (1.0 - before[2]))), top)
    return bounds


# One smile from its quotes, above the smile `before` and from the smile `first` where there are
# such: raw parameters to `found`, and to `worst` what `inspect` says of them.
@kernel
def calibrate(
    k: FloatArray, vol: FloatArray, weight: FloatArray, years: float, before: FloatArray,
    first: FloatArray, found: FloatArray, worst: FloatArray,
) -> None:  # fmt: skip
    w, steep = np.empty(k.size), np.empty(k.size)
    for i in range(k.size):
        w[i] = vol[i] * vol[i] * years
        steep[i] = weight[i] / (4.0 * vol[i] * vol[i] * years * years)
    reach = max(abs(k.min()), abs(k.max()), 1e-3)
    span = max(3.0 * reach, 10.0 * math.sqrt(w.max()))
    fixed = np.empty(FIXED_POINTS + ROUNDS)
    for j in range(FIXED_POINTS):
        fixed[j] = span * spaced(j, FIXED_POINTS, 0.2)
    bounds = bounds_of(before, reach)
    smile, end, seen = np.empty(5), np.empty(5), np.empty(4)
    least, normal, gradient = math.inf, np.empty((5, 5)), np.empty(5)
    for attempt in range(STARTS):
        if attempt > 0:
            gentle(k, w, 0.35 * attempt, smile)
        elif first.size:
            from_raw(first[0], first[1], first[2], first[3], first[4], smile)
        else:
            start(k, w, steep, smile)
        fixed[FIXED_POINTS:] = 0.0
        approach(k, vol, weight, years, smile, before, fixed, bounds, span, end, seen)
        lift(end, before, span, seen)
        from_raw(end[0], end[1], end[2], end[3], end[4], smile)
        cost = assemble(k, vol, weight, years, smile, before, fixed, 0.0, normal, gradient)
        agree = abs(cost - least) <= AGREE * cost
        if cost < least:
            least = cost
            found[:], worst[:] = end, seen
        if agree:
            break
