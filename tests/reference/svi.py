"""Smiles slowly and obviously: formulas as they are printed, and a calibration by SciPy.

Written without the coordinates, derivatives or kernels of the package: plain floats, finite
differences of Black's formula, and a general optimiser from many starts.
"""

import math

import numpy as np
from scipy import optimize, stats


def total_variance(k, a, b, rho, m, sigma):
    """Gatheral (2004)."""
    return a + b * (rho * (k - m) + math.sqrt((k - m) ** 2 + sigma**2))


def call(k, w):
    """Black's call on a forward of 1, strike exp(k)."""
    d1 = -k / math.sqrt(w) + math.sqrt(w) / 2
    d2 = d1 - math.sqrt(w)
    return stats.norm.cdf(d1) - math.exp(k) * stats.norm.cdf(d2)


def density_of_strike(k, parameters, step=1e-4):
    """Second derivative of the call in the strike, by differences: Breeden and Litzenberger."""
    strike = math.exp(k)
    at = [math.log(strike + i * step * strike) for i in (-1, 0, 1)]
    low, here, high = (call(x, total_variance(x, *parameters)) for x in at)
    return (high - 2 * here + low) / (step * strike) ** 2


def density(k, parameters, step=1e-4):
    """Divide it by n(d2) / (K sqrt(w)), which leaves g."""
    w = total_variance(k, *parameters)
    d2 = -k / math.sqrt(w) - math.sqrt(w) / 2
    return density_of_strike(k, parameters, step) * math.exp(k) * math.sqrt(w) / stats.norm.pdf(d2)


def jump_wing(a, b, rho, m, sigma, years):
    """Gatheral and Jacquier (2014), equation 3.5."""
    w = total_variance(0.0, a, b, rho, m, sigma)
    return (
        w / years,
        b / 2 / math.sqrt(w) * (-m / math.sqrt(m**2 + sigma**2) + rho),
        b * (1 - rho) / math.sqrt(w),
        b * (1 + rho) / math.sqrt(w),
        (a + b * sigma * math.sqrt(1 - rho**2)) / years,
    )


def ssvi(k, level, rho, eta, gamma):
    """Gatheral and Jacquier (2014), equation 4.1 with the power law."""
    phi = eta / (level**gamma * (1 + level) ** (1 - gamma))
    return level / 2 * (1 + rho * phi * k + math.sqrt((phi * k + rho) ** 2 + 1 - rho**2))


def cost(k, vol, weight, years, parameters):
    """Half the weighted sum of squared errors in vol points."""
    w = np.array([total_variance(x, *parameters) for x in k])
    return 0.5 * float(np.sum(weight * (100 * (np.sqrt(w / years) - vol)) ** 2))


def calibrate(k, vol, weight, years, starts=12, seed=1):
    """Fit raw SVI from many starts, without a thought for arbitrage; return cost and numbers."""
    random = np.random.default_rng(seed)
    span, level = np.ptp(k), float(np.min(vol) ** 2 * years)

    def errors(x):
        a, b, rho, m, sigma = x
        w = a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + sigma**2))
        return np.sqrt(weight) * 100 * (np.sqrt(np.maximum(w, 1e-12) / years) - vol)

    box = ([-9, 0, -0.9999, -2 * span, 1e-4], [9, 2, 0.9999, 2 * span, 4])
    best = None
    for _ in range(starts):
        first = [
            level * random.uniform(0, 1), random.uniform(0.01, 0.5), random.uniform(-0.7, 0.7),
            random.uniform(-0.3, 0.3) * span, span * random.uniform(0.05, 1),
        ]  # fmt: skip
        found = optimize.least_squares(errors, first, bounds=box, x_scale="jac", max_nfev=3_000)
        if best is None or found.cost < best.cost:
            best = found
    return best.cost, tuple(best.x)
