"""Where a calibration begins: the best smile of a grid, refined by a simplex.

Given the turn ``m`` and the width ``sigma``, total variance is linear in the other three numbers of
raw SVI, and their best values are known in closed form: two dimensions are left to search.
"""

import math

import numpy as np

from hullmark.core import FloatArray, kernel

SLOPE_TOP = 2.0 - 1e-9  # strictly inside of Lee's bound
WIDTH_MIN, WIDTH_MAX = 1e-4, 4.0  # sigma, in log-moneyness
LEAST_MIN = 1e-9  # total variance: a vol of 0.06 % over a day
GRID_TURNS, GRID_WIDTHS = 11, 9
SIMPLEX_STEPS = 40


# Given turn and width, w is linear in a and the two slopes, which are in [0, 2]: the best of them
# in closed form, on an edge of that box if need be. De Marco and Martini, "Quasi-explicit
# calibration of Gatheral's SVI model", Zeliade White Paper (2009), in the slopes of the wings.
@kernel
def explicit(
    k: FloatArray, w: FloatArray, weight: FloatArray, m: float, sigma: float
) -> tuple[float, float, float, float]:
    total, mean_f, mean_h, mean_w = 0.0, 0.0, 0.0, 0.0
    ff, fh, hh, fw, hw, ww = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(k.size):
        x = k[i] - m
        r = math.sqrt(x * x + sigma * sigma)
        f, h, y, c = 0.5 * (r + x), 0.5 * (r - x), w[i], weight[i]
        total += c
        mean_f += c * f
        mean_h += c * h
        mean_w += c * y
        ff += c * f * f
        fh += c * f * h
        hh += c * h * h
        fw += c * f * y
        hw += c * h * y
        ww += c * y * y
    mean_f, mean_h, mean_w = mean_f / total, mean_h / total, mean_w / total
    ff, fh, hh = (
        ff - total * mean_f * mean_f,
        fh - total * mean_f * mean_h,
        hh - total * mean_h * mean_h,
    )
    fw, hw, ww = (
        fw - total * mean_f * mean_w,
        hw - total * mean_h * mean_w,
        ww - total * mean_w * mean_w,
    )
    cost, right, left = math.inf, 0.0, 0.0
    top = SLOPE_TOP
    det = ff * hh - fh * fh
    if det > 1e-12 * ff * hh:
        x, y = (hh * fw - fh * hw) / det, (ff * hw - fh * fw) / det
        if 0.0 <= x <= top and 0.0 <= y <= top:
            cost, right, left = ww - x * fw - y * hw, x, y
    if cost == math.inf:
        for edge in range(4):
            fixed = 0.0 if edge < 2 else top
            if edge % 2 == 0:
                x, y = fixed, (hw - fixed * fh) / hh if hh > 0.0 else 0.0
            else:
                x, y = (fw - fixed * fh) / ff if ff > 0.0 else 0.0, fixed
            x, y = min(max(x, 0.0), top), min(max(y, 0.0), top)
            here = ww - 2.0 * (x * fw + y * hw) + x * x * ff + 2.0 * x * y * fh + y * y * hh
            if here < cost:
                cost, right, left = here, x, y
    return cost, mean_w - right * mean_f - left * mean_h, right, left


@kernel
def start(k: FloatArray, w: FloatArray, weight: FloatArray, smile: FloatArray) -> None:
    lo, hi = k.min(), k.max()
    span = max(hi - lo, 1e-3)
    corner, cost = np.zeros((3, 2)), np.full(3, math.inf)
    for i in range(GRID_TURNS):
        m = lo - 0.1 * span + 1.2 * span * i / (GRID_TURNS - 1)
        for j in range(GRID_WIDTHS):
            s = math.log(0.01 * span) + math.log(200.0) * j / (GRID_WIDTHS - 1)
            here = explicit(k, w, weight, m, math.exp(s))[0]
            if here < cost[0]:
                cost[0], corner[0, 0], corner[0, 1] = here, m, s
    corner[1, 0], corner[1, 1] = corner[0, 0] + 0.06 * span, corner[0, 1]
    corner[2, 0], corner[2, 1] = corner[0, 0], corner[0, 1] + 0.3
    for j in range(1, 3):
        cost[j] = explicit(k, w, weight, corner[j, 0], width(corner[j, 1]))[0]
    simplex(k, w, weight, corner, cost)
    best = np.argmin(cost)
    m, sigma = corner[best, 0], width(corner[best, 1])
    _, a, right, left = explicit(k, w, weight, m, sigma)
    smile[1], smile[2] = math.sqrt(right), math.sqrt(left)
    smile[0] = max(a + sigma * smile[1] * smile[2], LEAST_MIN)
    smile[3], smile[4] = m, math.log(sigma)


@kernel
def width(s: float) -> float:
    return min(max(math.exp(s), WIDTH_MIN), WIDTH_MAX)


# Nelder and Mead, "A simplex method for function minimization", Computer J. 7 (1965).
@kernel
def simplex(
    k: FloatArray, w: FloatArray, weight: FloatArray, corner: FloatArray, cost: FloatArray
) -> None:
    for _ in range(SIMPLEX_STEPS):
        worst, best = np.argmax(cost), np.argmin(cost)
        if cost[worst] - cost[best] <= 1e-6 * abs(cost[best]):
            return
        middle = (corner.sum(axis=0) - corner[worst]) / 2.0
        second = 0.0
        for j in range(3):
            if j != worst:
                second = max(second, cost[j])
        trial = middle + (middle - corner[worst])
        here = explicit(k, w, weight, trial[0], width(trial[1]))[0]
        if here < cost[best]:
            far = middle + 2.0 * (middle - corner[worst])
            there = explicit(k, w, weight, far[0], width(far[1]))[0]
            if there < here:
                trial, here = far, there
        elif here >= second:
            part = 0.5 if here < cost[worst] else -0.5
            trial = middle + part * (middle - corner[worst])
            here = explicit(k, w, weight, trial[0], width(trial[1]))[0]
            if here >= cost[worst]:
                for j in range(3):
                    if j != best:
                        corner[j] = 0.5 * (corner[j] + corner[best])
                        cost[j] = explicit(k, w, weight, corner[j, 0], width(corner[j, 1]))[0]
                continue
        corner[worst], cost[worst] = trial, here


# A start that has no butterfly arbitrage: a slice of SSVI through the level at the money.
@kernel
def gentle(k: FloatArray, w: FloatArray, part: float, smile: FloatArray) -> None:
    level = w[np.argmin(np.abs(k))]
    phi = part * 2.0 / math.sqrt(level)
    smile[1] = smile[2] = math.sqrt(0.5 * level * phi)
    smile[0], smile[3], smile[4] = level, 0.0, -math.log(phi)
