"""Where a smile, or two of different expiries, would let somebody take money for nothing.

A butterfly is free where the density g is below 0, a calendar spread where total variance at equal
log-moneyness falls with time. Both are looked for on grids about the money and about the turns of
the smiles, each local minimum refined, and in the limit by the slopes of the wings.
"""

import math
from typing import NamedTuple

import numpy as np

from hullmark.core import FloatArray, kernel
from hullmark.volatility._svi import Svi, density, svi, svi_derivatives

CHECK_POINTS = 97
REFINE_STEPS = 14  # golden sections of a place where something is nearly wrong
NEAR = 0.02  # of g, or of w less the earlier w in units of w: what is nearly wrong
SLOPE_ROUNDING = 1e-12
GOLDEN = 0.6180339887498949
NOTHING = np.empty(0)  # no earlier smile


class SliceCheck(NamedTuple):
    """The least density of one smile."""

    years: float
    density_min: float  # g; below 0 a butterfly is free
    k: float  # where it is least

    @property
    def free(self) -> bool:
        """Whether there is no butterfly arbitrage."""
        return self.density_min >= 0.0


class Crossing(NamedTuple):
    """Two expiries whose total variances cross, and where it is worst."""

    earlier_years: float
    later_years: float
    k: float  # of the worst point; infinite where only the slopes of the wings cross
    lack: float  # earlier less later total variance there, or of the slopes
    vol_points: float  # by which the later vol would have to rise there


class ArbitrageReport(NamedTuple):
    """What was looked for on a surface, and what was found."""

    slices: tuple[SliceCheck, ...]
    crossings: tuple[Crossing, ...]

    @property
    def free(self) -> bool:
        """Whether there is neither butterfly nor calendar arbitrage."""
        return not self.crossings and all(s.free for s in self.slices)


@kernel
def raw(k: float, smile: FloatArray) -> float:
    return svi(k, smile[0], smile[1], smile[2], smile[3], smile[4])


# The j-th of n points in [-1, 1], denser in the middle: near 0 the step is as of a span of `part`.
@kernel
def spaced(j: int, n: int, part: float) -> float:
    t = 2.0 * j / (n - 1) - 1.0
    return t * (part + (1.0 - part) * t * t)


@kernel
def density_at(k: float, smile: FloatArray) -> float:
    w, slope, bend = svi_derivatives(k, smile[0], smile[1], smile[2], smile[3], smile[4])
    return density(k, w, slope, bend)


@kernel
def gain_at(k: float, smile: FloatArray, before: FloatArray) -> float:
    return (raw(k, smile) - raw(k, before)) if before.size else density_at(k, smile)


# The least of a function between two places, by golden section; `before` empty means the density.
@kernel
def refine(lo: float, hi: float, smile: FloatArray, before: FloatArray) -> tuple[float, float]:
    left, right = hi - GOLDEN * (hi - lo), lo + GOLDEN * (hi - lo)
    at_left, at_right = gain_at(left, smile, before), gain_at(right, smile, before)
    for _ in range(REFINE_STEPS):
        if at_left < at_right:
            hi, right, at_right = right, left, at_left
            left = hi - GOLDEN * (hi - lo)
            at_left = gain_at(left, smile, before)
        else:
            lo, left, at_left = left, right, at_right
            right = lo + GOLDEN * (hi - lo)
            at_right = gain_at(right, smile, before)
    return (at_left, left) if at_left < at_right else (at_right, right)


# The least over one grid about `centre`, kept in worst[place] with its k if less than that.
@kernel
def scan(
    smile: FloatArray, before: FloatArray, centre: float, half: float, part: float,
    worst: FloatArray, place: int,
) -> None:  # fmt: skip
    k2, k1, y2, y1 = 0.0, 0.0, math.inf, math.inf
    for j in range(CHECK_POINTS):
        k = centre + half * spaced(j, CHECK_POINTS, part)
        y = gain_at(k, smile, before)
        if y < worst[place]:
            worst[place], worst[place + 1] = y, k
        near = NEAR * raw(k1, before) if before.size else NEAR
        if j > 1 and y1 <= y2 and y1 <= y and y1 < near:
            least, at = refine(k2, k, smile, before)
            if least < worst[place]:
                worst[place], worst[place + 1] = least, at
        k2, k1, y2, y1 = k1, k, y1, y


# Where density or calendar is worst, of all places that are looked at: the least g, its k, the
# least of w less the earlier w, in total variance, and its k. `span` is how far to look about 0.
@kernel
def inspect(smile: FloatArray, before: FloatArray, span: float, worst: FloatArray) -> None:
    nothing = before[:0]
    worst[0], worst[1], worst[2], worst[3] = math.inf, 0.0, math.inf, 0.0
    m, sigma = smile[3], smile[4]
    scan(smile, nothing, 0.0, span, 0.1, worst, 0)
    scan(smile, nothing, m, 100.0 * sigma, 0.02, worst, 0)
    if before.size:
        scan(smile, before, 0.0, span, 0.1, worst, 2)
        scan(smile, before, m, 100.0 * sigma, 0.02, worst, 2)
        scan(smile, before, before[3], 100.0 * before[4], 0.02, worst, 2)


# The least lift of the whole smile, to a part in a thousand, that leaves no arbitrage: high enough,
# the slopes alone decide, and they are within Lee's bound and those of the earlier smile.
@kernel
def lift(smile: FloatArray, before: FloatArray, span: float, worst: FloatArray) -> None:
    inspect(smile, before, span, worst)
    if worst[0] >= 0.0 and worst[2] >= 0.0:
        return
    a, low, high = smile[0], 0.0, 1e-7
    for _ in range(40):
        smile[0] = a + high
        inspect(smile, before, span, worst)
        if worst[0] >= 0.0 and worst[2] >= 0.0:
            break
        low, high = high, 2.0 * high
    for _ in range(10):
        middle = 0.5 * (low + high)
        smile[0] = a + middle
        inspect(smile, before, span, worst)
        if worst[0] >= 0.0 and worst[2] >= 0.0:
            high = middle
        else:
            low = middle
    smile[0] = a + high
    inspect(smile, before, span, worst)


def reach(smile: Svi) -> float:
    """Return how far about the money to look, in log-moneyness: beyond it g is at its limit."""
    return max(1.0, 10.0 * math.sqrt(max(smile.least, 1e-12)), 2.0 * abs(smile.m))


def check_slice(smile: Svi, years: float) -> SliceCheck:
    """Return where the density of one smile is least."""
    worst = np.empty(4)
    inspect(np.array(smile.parameters), NOTHING, reach(smile), worst)
    return SliceCheck(years, float(worst[0]), float(worst[1]))


def check_calendar(
    earlier: Svi, later: Svi, *, earlier_years: float, later_years: float
) -> Crossing | None:
    """Return the worst crossing of two smiles, or None where the later one is nowhere below.

    About the money first, then in the limit of the wings, then anywhere.
    """
    span = max(reach(earlier), reach(later))
    above, below = np.array(later.parameters), np.array(earlier.parameters)
    worst = np.array([math.inf, 0.0, math.inf, 0.0])
    scan(above, below, 0.0, span, 0.1, worst, 2)
    if worst[2] >= 0.0:
        for side in (1.0, -1.0):  # far out the steeper wing is above, however late
            excess = earlier.b * (1.0 + side * earlier.rho) - later.b * (1.0 + side * later.rho)
            if excess > SLOPE_ROUNDING:
                return Crossing(earlier_years, later_years, side * math.inf, excess, math.inf)
        inspect(above, below, span, worst)
    if worst[2] >= 0.0:
        return None
    k = float(worst[3])
    low, high = max(raw(k, above), 0.0), max(raw(k, below), 0.0)
    points = 100.0 * (math.sqrt(high / later_years) - math.sqrt(low / later_years))
    return Crossing(earlier_years, later_years, k, high - low, points)
