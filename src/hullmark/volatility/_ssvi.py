"""A whole surface as three numbers and a level per expiry: SSVI, free of arbitrage."""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from hullmark.core import FloatArray, kernel
from hullmark.errors import InvalidInputError
from hullmark.volatility._calibrate import VOL_POINTS, add, solve
from hullmark.volatility._fit import Residuals, SmileFit, SurfaceFit, residuals
from hullmark.volatility._quotes import SmileQuotes
from hullmark.volatility._surface import Surface
from hullmark.volatility._svi import Svi

RHO_MAX = 0.999
PULL_MIN, PULL_MAX = 1e-3, 2.0 - 1e-9  # of eta * (1 + abs(rho))
GAMMA_MIN, GAMMA_MAX = 1e-3, 0.5
STEPS = 40
BUMP = 1e-6


class Ssvi(Struct, frozen=True, kw_only=True):
    r"""A surface of slices that share their shape [1]_.

    .. math:: w(k, \theta) = \frac{\theta}{2} \left( 1 + \rho \varphi k
        + \sqrt{(\varphi k + \rho)^2 + 1 - \rho^2} \right), \quad
        \varphi(\theta) = \frac{\eta}{\theta^\gamma (1 + \theta)^{1 - \gamma}}

    Its rules leave no arbitrage. By theorem 4.2 of the article a butterfly needs
    ``theta * phi * (1 + abs(rho)) > 4`` or ``theta * phi**2 * (1 + abs(rho)) > 4``, but ``theta *
    phi <= eta`` and, as gamma is at most a half, ``theta * phi**2 <= eta**2``. By theorem 4.1 a
    calendar spread needs falling levels, or a derivative of ``theta * phi`` in theta below 0 or
    above phi: it is ``phi * (1 - gamma) / (1 + theta)``.

    Parameters
    ----------
    rho : float
        Skew, in (-1, 1).
    eta : float
        Above 0; ``eta * (1 + abs(rho)) <= 2``.
    gamma : float
        In (0, 0.5].
    years : tuple of float
        Above 0, rising.
    levels : tuple of float
        Total variance at the money of each expiry: above 0, not falling.

    Raises
    ------
    InvalidInputError
        If a number breaks its rule.

    References
    ----------
    .. [1] J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative
       Finance 14 (2014), section 4.

    Examples
    --------
    >>> surface = Ssvi(rho=-0.3, eta=1.2, gamma=0.4, years=(0.1, 1.0), levels=(0.02, 0.2)).surface()
    >>> surface.arbitrage().free
    True
    """

    rho: float
    eta: float
    gamma: float
    years: tuple[float, ...]
    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        pull = self.eta * (1.0 + abs(self.rho))
        rules = (
            ("rho", abs(self.rho) < 1.0, "in (-1, 1)", self.rho),
            ("eta", self.eta > 0.0, "> 0", self.eta),
            ("eta * (1 + abs(rho))", pull <= 2.0, "<= 2", pull),
            ("gamma", 0.0 < self.gamma <= 0.5, "in (0, 0.5]", self.gamma),
        )
        for name, kept, rule, value in rules:
            if not kept:
                raise InvalidInputError(f"{name} must be {rule}, was {value!r}")
        if not self.levels or len(self.levels) != len(self.years):
            raise InvalidInputError(
                f"levels must be one for each of the years, at least one, was {len(self.levels)}"
                f" for {len(self.years)}"
            )
        if not (math.isfinite(self.levels[-1]) and self.levels[0] > 0.0):
            raise InvalidInputError(f"levels must be finite and > 0, was {self.levels}")
        for i, (low, high) in enumerate(pairwise(self.levels), 1):
            if not low <= high:
                raise InvalidInputError(f"levels[{i}] must be >= {low:g}, was {high!r}")

    def smile(self, level: float) -> Svi:
        """Return the slice with this total variance at the money, as raw SVI."""
        phi = power_law(level, self.eta, self.gamma)
        flat = math.sqrt((1.0 - self.rho) * (1.0 + self.rho))
        return Svi(
            a=0.5 * level * flat * flat,
            b=0.5 * level * phi,
            rho=self.rho,
            m=-self.rho / phi,
            sigma=flat / phi,
        )

    def surface(self) -> Surface:
        """Return the slices in a row."""
        return Surface(self.years, tuple(self.smile(level) for level in self.levels))


class SsviFit(NamedTuple):
    """What was fitted, and how well: each expiry with its slice, to be asked for residuals."""

    ssvi: Ssvi
    smiles: tuple[SmileFit, ...]

    def residuals(self) -> Residuals:
        """Return the statistics of the absolute errors over all expiries."""
        return residuals(self.smiles)


@kernel
def power_law(level: float, eta: float, gamma: float) -> float:
    phi: float = eta / (level**gamma * (1.0 + level) ** (1.0 - gamma))
    return phi


# x is rho, eta * (1 + |rho|) and gamma: in a box.
@kernel
def errors_kernel(
    x: FloatArray, k: FloatArray, vol: FloatArray, weight: FloatArray, years: FloatArray,
    level: FloatArray, out: FloatArray,
) -> float:  # fmt: skip
    rho, eta = x[0], x[1] / (1.0 + abs(x[0]))
    cost, theta, phi = 0.0, -1.0, 0.0
    for i in range(k.size):
        if level[i] != theta:
            theta = level[i]
            phi = power_law(theta, eta, x[2])
        y = phi * k[i]
        w = 0.5 * theta * (1.0 + rho * y + math.sqrt((y + rho) ** 2 + 1.0 - rho * rho))
        out[i] = VOL_POINTS * math.sqrt(weight[i]) * (math.sqrt(w / years[i]) - vol[i])
        cost += 0.5 * out[i] * out[i]
    return cost


# The best of a coarse grid, and from there the descent of Levenberg and Marquardt in the box.
@kernel
def fit_kernel(
    k: FloatArray, vol: FloatArray, weight: FloatArray, years: FloatArray, level: FloatArray,
    best: FloatArray,
) -> None:  # fmt: skip
    lower = np.array([-RHO_MAX, PULL_MIN, GAMMA_MIN, 0.0, 0.0])
    upper = np.array([RHO_MAX, PULL_MAX, GAMMA_MAX, 0.0, 0.0])
    here, there, row = np.empty(k.size), np.empty(k.size), np.zeros(5)
    cost, x = math.inf, np.zeros(5)
    for i in range(7):
        for j in range(5):
            for h in range(3):
                x[0], x[1], x[2] = -0.75 + 0.25 * i, 0.2 + 0.4 * j, 0.1 + 0.2 * h
                trial = errors_kernel(x, k, vol, weight, years, level, there)
                if trial < cost:
                    cost, best[:] = trial, x
    normal, gradient, step, free = np.empty((5, 5)), np.empty(5), np.empty(5), np.zeros(5)
    jacobian, damping = np.empty((3, k.size)), 1e-3
    errors_kernel(best, k, vol, weight, years, level, here)
    for _ in range(STEPS):
        for j in range(3):
            x[:] = best
            bump = BUMP if best[j] + BUMP <= upper[j] else -BUMP
            x[j] += bump
            errors_kernel(x, k, vol, weight, years, level, there)
            jacobian[j] = (there - here) / bump
        normal[:], gradient[:] = 0.0, 0.0
        for i in range(k.size):
            row[:3] = jacobian[:, i]
            add(here[i], row, normal, gradient)
        for j in range(3):
            out = (best[j] <= lower[j] and gradient[j] > 0.0) or (
                best[j] >= upper[j] and gradient[j] < 0.0
            )
            free[j] = 0.0 if out else 1.0
        trial = math.inf
        while trial >= cost and damping < 1e8:
            trial = math.inf
            if solve(normal, gradient, free, damping, step):
                x[:] = np.minimum(np.maximum(best + step, lower), upper)
                trial = errors_kernel(x, k, vol, weight, years, level, there)
            damping = damping * 0.2 if trial < cost else damping * 5.0
        if not trial < cost:
            break
        done = cost - trial <= 1e-8 * cost
        cost, best[:], here[:] = trial, x, there
        if done:
            break


def fit_ssvi(fit: SurfaceFit) -> SsviFit:
    """Fit SSVI to the quotes of a surface, weighted as they were there.

    Levels are those of the fitted smiles at the money, raised to that of the expiry before where
    they fall. The three numbers of the shape then minimise the weighted squares of the errors in
    vol over all expiries: fewer numbers and larger errors than raw SVI, and no arbitrage at all.

    Parameters
    ----------
    fit : SurfaceFit
        Its quotes and levels are taken, and not its smiles.
    """
    quotes = [one.quotes for one in fit.smiles]
    at_money = [float(one.svi.total_variance([0.0])[0]) for one in fit.smiles]
    levels = np.maximum.accumulate(at_money)
    best = np.zeros(5)
    fit_kernel(
        np.concatenate([q.k for q in quotes]),
        np.concatenate([q.vol for q in quotes]),
        np.concatenate([q.weight for q in quotes]),
        _repeated(quotes, [q.years for q in quotes]),
        _repeated(quotes, levels.tolist()),
        best,
    )
    ssvi = Ssvi(
        rho=float(best[0]),
        eta=float(best[1] / (1.0 + abs(best[0]))),
        gamma=float(best[2]),
        years=tuple(q.years for q in quotes),
        levels=tuple(levels.tolist()),
    )
    slices = [ssvi.smile(level) for level in ssvi.levels]
    return SsviFit(ssvi, tuple(SmileFit(q, s, s) for q, s in zip(quotes, slices, strict=True)))


def _repeated(quotes: list[SmileQuotes], values: list[float]) -> FloatArray:
    return np.repeat(np.array(values, np.float64), [q.k.size for q in quotes])
