"""How a surface moves: changes of vol between snapshots of a chain, and what they have in common.

A change is measured where a rule book applies a shock: at a strike and at a time to expiry that
stay, so that a smile that moves along with spot is no change of its own. Beside it stands the
change at the money, which follows the forward. All changes are logarithmic.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import YEAR_DAYS, FloatArray
from hullmark.errors import InvalidInputError
from hullmark.feeds import ChainQuotes
from hullmark.scenarios import SHOCK_DAYS
from hullmark.volatility import Surface, SurfaceFit, fit_surface

TENOR_DAYS = (2.0, 4.0, 7.0, 14.0, 30.0, 60.0, 90.0, 180.0)  # tenors at which vol is read
DEVIATIONS = (-1.0, 0.0, 1.0)  # of a strike from the forward, before the change
GRID_DAYS = (7.0, 30.0, 90.0, 180.0)  # of the principal components: one per octave or two
HORIZON_SLACK = 0.25  # of a horizon by which two snapshots may miss it
CHANGES_MIN = 10  # fewer say nothing of a regression, a tail or a component
TAIL = 0.2  # share of the changes that are the large moves of a side
BAND = (0.05, 0.95)  # quantiles of vol beside its regression on spot

STILL = 1e-12  # a change that is smaller is one of rounding

_HOUR_NS = 3_600_000_000_000
_MONEY = DEVIATIONS.index(0.0)
_PIVOT = TENOR_DAYS.index(SHOCK_DAYS)
_ROUNDS = 25  # of a fixed point that gains a digit in two or three


class VolSnapshot(NamedTuple):
    """The surface of one underlying at one time."""

    time_ns: int
    surface: Surface
    forward_usd: tuple[float, ...]  # of each expiry of the surface

    @classmethod
    def of(cls, time_ns: int, fit: SurfaceFit) -> "VolSnapshot":
        """Return the snapshot of a fitted chain: its surface, and the forwards it was quoted at."""
        return cls(time_ns, fit.surface, tuple(one.quotes.forward for one in fit.smiles))

    @property
    def spot_usd(self) -> float:
        """The forward of the soonest expiry, which is spot but for the carry of some hours."""
        return self.forward_usd[0]

    def log_forward(self, years: float) -> float:
        """Return the logarithm of the forward, linear between expiries and flat beyond them."""
        return float(np.interp(years, self.surface.years, np.log(self.forward_usd)))

    def log_strikes(self, years: float) -> FloatArray:
        """Return ``ln(K / F)`` of the strikes that are DEVIATIONS from the forward.

        A deviation is the strike's own vol times the root of time, as a rule book counts it.
        """
        k, z = np.zeros(len(DEVIATIONS)), np.array(DEVIATIONS)
        for _ in range(_ROUNDS):
            k = z * np.sqrt(self.surface.total_variance(k, years=years))
        return k


@dataclass(frozen=True, slots=True, kw_only=True)
class VolChanges:
    """What changed between pairs of snapshots that are a horizon apart. Pairs may overlap."""

    horizon_hours: float
    start_ns: NDArray[np.int64]  # (N,) of the earlier snapshot
    hours: FloatArray  # (N,) apart
    spot: FloatArray  # (N,) change of spot
    vol: FloatArray  # (N, len(TENOR_DAYS), len(DEVIATIONS)) change of vol at strikes
    money: FloatArray  # (N, len(TENOR_DAYS)) change of vol at the money

    @property
    def level(self) -> FloatArray:
        """Change of vol at 30 days, at the strike that was the forward, shape (N,)."""
        return self.vol[:, _PIVOT, _MONEY]

    @property
    def grid(self) -> FloatArray:
        """The changes of vol at GRID_DAYS, strike by strike, shape (N, G)."""
        at = [TENOR_DAYS.index(days) for days in GRID_DAYS]
        return self.vol[:, at].reshape(len(self.spot), -1)

    @property
    def apart(self) -> int:
        """How many of the changes fit beside each other in time, without an overlap."""
        ends = self.start_ns + np.rint(self.hours * _HOUR_NS).astype(np.int64)
        count, free_ns = 0, 0
        for start, end in zip(self.start_ns.tolist(), ends.tolist(), strict=True):
            if start >= free_ns:
                count, free_ns = count + 1, end
        return count


class Regression(NamedTuple):
    """Changes of vol on changes of spot, by least squares."""

    slope: float
    intercept: float
    correlation: float
    low: float  # quantiles of what is left of vol: BAND
    high: float


class LargeMoves(NamedTuple):
    """The changes of vol when spot made its largest moves to one side."""

    changes: int  # how many
    spot: float  # change of spot: the least of those moves
    low: float  # change of vol: least, median and most
    median: float
    high: float


class TermPower(NamedTuple):
    """How the level moves by tenor: relative to 30 days, and the powers of ``30 / days``."""

    ratio: FloatArray  # (len(TENOR_DAYS),)
    short: float  # up to 30 days
    long: float


class Components(NamedTuple):
    """Principal components of spot and the grid of vols, each in its standard deviations."""

    deviation: FloatArray  # (1 + G,) of spot, then of each vol
    loading: FloatArray  # (C, 1 + G) the largest of each component above 0
    share: FloatArray  # (C,) of the variance
    low: FloatArray  # (C,) least and largest score
    high: FloatArray

    def move(self, component: int, score: float) -> FloatArray:
        """Return the logarithmic move of spot and the grid at a score, shape (1 + G,)."""
        moved: FloatArray = score * self.loading[component] * self.deviation
        return moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamics:
    """What the changes of one horizon have in common."""

    changes: VolChanges
    strike: Regression  # of vol at 30 days at the strike that was the forward
    money: Regression  # ... and at the money
    falls: LargeMoves
    rises: LargeMoves
    term: TermPower
    components: Components

    @classmethod
    def of(cls, changes: VolChanges) -> "Dynamics":
        """Measure the changes.

        Raises
        ------
        InvalidInputError
            If spot, or vol at 30 days, never moved.
        """
        for name in ("spot", "level"):
            if not float(np.ptp(getattr(changes, name))) > STILL:
                raise InvalidInputError(f"changes.{name} must differ from each other, and do not")
        order = np.argsort(changes.spot, kind="stable")
        count = max(int(TAIL * order.size), 1)
        return cls(
            changes=changes,
            strike=_regress(changes.level, changes.spot),
            money=_regress(changes.money[:, _PIVOT], changes.spot),
            falls=_large(changes, order[:count]),
            rises=_large(changes, order[-count:]),
            term=term_power(changes),
            components=principal_components(changes),
        )


def vol_snapshots(chain: ChainQuotes) -> dict[str, tuple[VolSnapshot, ...]]:
    """Return the fitted surfaces of every snapshot of a chain, by underlying.

    Raises
    ------
    FeedError
        If a cell is not of its column's type.
    InvalidInputError
        If an underlying has no expiry with five usable strikes in a snapshot.
    """
    found: dict[str, list[VolSnapshot]] = {}
    for time_ns in chain.times_ns:
        for coin, quotes in chain.at(time_ns)[1].items():
            found.setdefault(coin, []).append(VolSnapshot.of(time_ns, fit_surface(quotes)))
    return {coin: tuple(snapshots) for coin, snapshots in found.items()}


def vol_changes(snapshots: Sequence[VolSnapshot], *, horizon_hours: float) -> VolChanges:
    """Return the changes from each snapshot to the one that is nearest to a horizon later.

    Parameters
    ----------
    snapshots : sequence of VolSnapshot
        Of one underlying, in order of time.
    horizon_hours : float
        Above 0. A pair that misses it by more than a quarter is left out.

    Raises
    ------
    InvalidInputError
        If the horizon is not above 0, times do not rise, or fewer than 10 pairs are left.
    """
    if not (math.isfinite(horizon_hours) and horizon_hours > 0.0):
        raise InvalidInputError(f"horizon_hours must be finite and > 0, was {horizon_hours!r}")
    times = np.array([s.time_ns for s in snapshots], np.int64)
    if (np.diff(times) <= 0).any():
        at = int(np.argmax(np.diff(times) <= 0)) + 1
        raise InvalidInputError(f"snapshots[{at}] must be later than the one before, was not")
    pairs: list[tuple[int, int]] = []
    for i, start in enumerate(times[:-1].tolist()):
        missed = np.abs((times[i + 1 :] - start) / _HOUR_NS - horizon_hours)
        j = int(np.argmin(missed))
        if missed[j] <= HORIZON_SLACK * horizon_hours:
            pairs.append((i, i + 1 + j))
    if len(pairs) < CHANGES_MIN:
        raise InvalidInputError(
            f"snapshots must have at least {CHANGES_MIN} pairs {horizon_hours:g} hours apart,"
            f" had {len(pairs)}"
        )
    moved = [_change(snapshots[i], snapshots[j]) for i, j in pairs]
    starts, ends = (times[list(side)] for side in zip(*pairs, strict=True))
    return VolChanges(
        horizon_hours=horizon_hours,
        start_ns=starts,
        hours=(ends - starts) / _HOUR_NS,
        spot=np.array(
            [math.log(snapshots[j].spot_usd / snapshots[i].spot_usd) for i, j in pairs], np.float64
        ),
        vol=np.stack([vol for vol, _ in moved]),
        money=np.stack([money for _, money in moved]),
    )


def term_power(changes: VolChanges) -> TermPower:
    """Return how relative changes at the strike that was the forward depend on tenor.

    The ratio of a tenor is the slope of its relative change on that of 30 days, through the
    origin: a rule book scales a relative shock. The powers are least squares of its logarithm.
    """
    relative = np.expm1(changes.vol[:, :, _MONEY])
    pivot = relative[:, _PIVOT]
    ratio = (relative * pivot[:, None]).sum(axis=0) / (pivot**2).sum()
    arm, rise = np.log(SHOCK_DAYS / np.array(TENOR_DAYS)), np.log(np.maximum(ratio, 1e-9))

    def power(side: NDArray[np.bool_]) -> float:
        return float((arm[side] * rise[side]).sum() / (arm[side] ** 2).sum())

    return TermPower(ratio, power(arm > 0.0), power(arm < 0.0))


def principal_components(changes: VolChanges) -> Components:
    """Return the principal components of spot and the grid, as correlations weigh them."""
    table = np.column_stack([changes.spot, changes.grid])
    deviation = table.std(axis=0)
    scored = (table - table.mean(axis=0)) / np.where(deviation > STILL, deviation, 1.0)
    left, size, loading = np.linalg.svd(scored, full_matrices=False)
    # A component has no sign: the largest of its loadings is put above zero.
    largest = loading[np.arange(len(loading)), np.abs(loading).argmax(axis=1)]
    sign = np.where(largest < 0.0, -1.0, 1.0)
    scores = left * size * sign
    return Components(
        deviation=deviation,
        loading=loading * sign[:, None],
        share=size**2 / (size**2).sum(),
        low=scores.min(axis=0),
        high=scores.max(axis=0),
    )


def _change(before: VolSnapshot, after: VolSnapshot) -> tuple[FloatArray, FloatArray]:
    vol = np.empty((len(TENOR_DAYS), len(DEVIATIONS)))
    money = np.empty(len(TENOR_DAYS))
    for d, days in enumerate(TENOR_DAYS):
        years = days / YEAR_DAYS
        k = before.log_strikes(years)
        moved = k - (after.log_forward(years) - before.log_forward(years))
        was = before.surface.vol(k, years=years)
        vol[d] = np.log(after.surface.vol(moved, years=years) / was)
        money[d] = math.log(after.surface.vol([0.0], years=years)[0] / was[_MONEY])
    return vol, money


def _regress(vol: FloatArray, spot: FloatArray) -> Regression:
    slope, intercept = regression_lines(vol[:, None], spot)
    left = vol - intercept[0] - slope[0] * spot
    low, high = np.quantile(left, BAND).tolist()
    correlation = float(np.corrcoef(spot, vol)[0, 1])
    return Regression(float(slope[0]), float(intercept[0]), correlation, low, high)


def regression_lines(table: FloatArray, by: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slope and intercept of each column of *table* (N, G) on *by* (N,)."""
    about = by - by.mean()
    slope: FloatArray = about @ (table - table.mean(axis=0)) / (about**2).sum()
    return slope, table.mean(axis=0) - slope * by.mean()


def _large(changes: VolChanges, rows: NDArray[np.intp]) -> LargeMoves:
    spot, level = changes.spot[rows], changes.level[rows]
    low, median, high = np.quantile(level, (0.0, 0.5, 1.0)).tolist()
    least = float(spot[np.abs(spot).argmin()])
    return LargeMoves(rows.size, least, low, median, high)
