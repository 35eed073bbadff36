"""One smile as five numbers: raw SVI, its derivatives and its density.

``k = ln(strike / forward)``, and ``w(k)`` is the total implied variance ``vol**2 * years``.
"""

import math

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike

from hullmark.core import FloatArray, finite_vector, kernel
from hullmark.errors import InvalidInputError

SLOPE_MAX = 2.0  # of total variance in |k|: Lee (2004), as the forward is finite
_FIELDS = ("a", "b", "rho", "m", "sigma")


@kernel
def svi(k: float, a: float, b: float, rho: float, m: float, sigma: float) -> float:
    x = k - m
    return a + b * (rho * x + math.sqrt(x * x + sigma * sigma))


# Total variance with its first and second derivative in k.
@kernel
def svi_derivatives(
    k: float, a: float, b: float, rho: float, m: float, sigma: float
) -> tuple[float, float, float]:
    x = k - m
    root = math.sqrt(x * x + sigma * sigma)
    bent = sigma / root
    return a + b * (rho * x + root), b * (rho + x / root), b * bent * bent / root


# The risk-neutral density over a positive factor: Gatheral and Jacquier (2014), equation 2.1.
@kernel
def density(k: float, w: float, slope: float, bend: float) -> float:
    if not w > 0.0:
        return math.nan
    inside = 1.0 - 0.5 * k * slope / w
    return inside * inside - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * bend


@kernel
def total_variance_kernel(
    k: FloatArray,
    a: FloatArray,
    b: FloatArray,
    rho: FloatArray,
    m: FloatArray,
    sigma: FloatArray,
    out: FloatArray,
) -> None:
    for i in range(k.size):
        out[i] = svi(k[i], a[i], b[i], rho[i], m[i], sigma[i])


@kernel
def density_kernel(
    k: FloatArray, a: float, b: float, rho: float, m: float, sigma: float, out: FloatArray
) -> None:
    for i in range(k.size):
        w, slope, bend = svi_derivatives(k[i], a, b, rho, m, sigma)
        out[i] = density(k[i], w, slope, bend)


def svi_total_variance(
    k: ArrayLike, *, a: ArrayLike, b: ArrayLike, rho: ArrayLike, m: ArrayLike, sigma: ArrayLike
) -> FloatArray:
    r"""Return the total variance of raw SVI [1]_ at each log-moneyness.

    .. math:: w(k) = a + b \left( \rho (k - m) + \sqrt{(k - m)^2 + \sigma^2} \right)

    Parameters may break the rules of :class:`Svi`, and the result may then be negative: a venue's
    published parameters are taken as they are.

    Parameters
    ----------
    k : array_like of float, shape (n,), ln(strike / forward)
    a, b, rho, m, sigma : float or array_like of float, shape (n,)
        One for all points, or one for each. All finite.

    Returns
    -------
    ndarray of float64, shape (n,), vol**2 * years

    Raises
    ------
    InvalidInputError
        If a number is not finite, or an array of parameters is not as long as *k*.

    References
    ----------
    .. [1] J. Gatheral, "A parsimonious arbitrage-free implied volatility parameterization with
       application to the valuation of volatility derivatives", Global Derivatives, Madrid (2004).

    Examples
    --------
    >>> svi_total_variance([-0.1, 0.0, 0.1], a=0.04, b=0.4, rho=-0.4, m=0.05, sigma=0.1)
    array([0.13611103, 0.09272136, 0.07672136])
    """
    at = finite_vector("k", k)
    columns: list[FloatArray] = []
    for name, values in zip(_FIELDS, (a, b, rho, m, sigma), strict=True):
        if np.ndim(values) == 0:
            columns.append(np.full(at.size, finite_vector(name, np.reshape(values, 1))[0]))
            continue
        column = finite_vector(name, values)
        if column.size != at.size:
            raise InvalidInputError(f"{name} must be as long as k, {at.size}, was {column.size}")
        columns.append(column)
    out = np.empty(at.size)
    level, slope, skew, turn, width = columns
    total_variance_kernel(at, level, slope, skew, turn, width, out)
    return out


class Svi(Struct, frozen=True, kw_only=True):
    """A smile in the raw parameters of stochastic volatility inspired (SVI).

    Its total variance is nowhere negative, and grows in neither wing faster than Lee's moment
    formula [1]_ allows. That leaves butterfly arbitrage possible: see `density`.

    Parameters
    ----------
    a : float
        Level, total variance.
    b : float
        Slope of the wings, not negative; ``b * (1 + abs(rho)) <= 2``.
    rho : float
        Skew, in (-1, 1).
    m : float
        Where the smile turns, log-moneyness.
    sigma : float
        How sharply it turns, log-moneyness, above 0.

    Raises
    ------
    InvalidInputError
        If a parameter breaks its rule, or the least total variance is below 0.

    References
    ----------
    .. [1] R. Lee, "The moment formula for implied volatility at extreme strikes", Mathematical
       Finance 14 (2004).

    Examples
    --------
    >>> smile = Svi(a=0.04, b=0.4, rho=-0.4, m=0.05, sigma=0.1)
    >>> smile.vol([0.0], years=0.25).round(6)
    array([0.609004])
    """

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def __post_init__(self) -> None:
        for name in _FIELDS:
            if not math.isfinite(getattr(self, name)):
                raise InvalidInputError(f"{name} must be finite, was {getattr(self, name)!r}")
        rules = (
            ("b", self.b >= 0.0, ">= 0", self.b),
            ("rho", abs(self.rho) < 1.0, "in (-1, 1)", self.rho),
            ("sigma", self.sigma > 0.0, "> 0", self.sigma),
            ("b * (1 + abs(rho))", self.slope_max <= SLOPE_MAX, "<= 2", self.slope_max),
        )
        for name, kept, rule, value in rules:
            if not kept:
                raise InvalidInputError(f"{name} must be {rule}, was {value:.17g}")
        if self.least < 0.0:
            raise InvalidInputError(
                f"a + b * sigma * sqrt(1 - rho**2) must be >= 0, was {self.least:.17g}"
            )

    @property
    def parameters(self) -> tuple[float, float, float, float, float]:
        """The five numbers in the order a, b, rho, m, sigma."""
        return self.a, self.b, self.rho, self.m, self.sigma

    @property
    def least(self) -> float:
        """The least total variance of the smile."""
        return self.a + self.b * self.sigma * math.sqrt((1.0 - self.rho) * (1.0 + self.rho))

    @property
    def slope_max(self) -> float:
        """Slope of the steeper wing, total variance per log-moneyness."""
        return self.b * (1.0 + abs(self.rho))

    def total_variance(self, k: ArrayLike) -> FloatArray:
        """Return the total variance at each log-moneyness ``k = ln(strike / forward)``.

        Raises
        ------
        InvalidInputError
            If *k* is no vector of finite numbers.
        """
        a, b, rho, m, sigma = self.parameters
        # The least value may fall below 0 by rounding where it is 0.
        return np.maximum(svi_total_variance(k, a=a, b=b, rho=rho, m=m, sigma=sigma), 0.0)

    def vol(self, k: ArrayLike, *, years: float) -> FloatArray:
        """Return the volatility at each log-moneyness, a fraction per square-root year.

        Raises
        ------
        InvalidInputError
            If *years* is not above 0, or *k* is no vector of finite numbers.
        """
        if not (math.isfinite(years) and years > 0.0):
            raise InvalidInputError(f"years must be finite and > 0, was {years!r}")
        return np.sqrt(self.total_variance(k) / years)

    def density(self, k: ArrayLike) -> FloatArray:
        r"""Return g(k), the risk-neutral density of the log-price over a positive factor.

        .. math:: g = \left(1 - \frac{k w'}{2 w}\right)^2
            - \frac{w'^2}{4} \left(\frac{1}{w} + \frac{1}{4}\right) + \frac{w''}{2}

        Below 0 a butterfly of options costs less than nothing [1]_. NaN where *w* is 0.

        Raises
        ------
        InvalidInputError
            If *k* is no vector of finite numbers.

        References
        ----------
        .. [1] J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative
           Finance 14 (2014), equation 2.1 and lemma 2.2.
        """
        at = finite_vector("k", k)
        out = np.empty(at.size)
        density_kernel(at, *self.parameters, out)
        return out
