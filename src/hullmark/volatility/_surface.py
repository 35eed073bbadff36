"""Smiles in a row of expiries: vol at any log-moneyness and time."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from hullmark.core import FloatArray, finite_vector
from hullmark.errors import InvalidInputError
from hullmark.volatility._arbitrage import ArbitrageReport, check_calendar, check_slice
from hullmark.volatility._svi import SLOPE_MAX, Svi


@dataclass(frozen=True, slots=True)
class Surface:
    """Smiles by time to expiry, and total variance at equal log-moneyness linear between them.

    Before the first expiry vol is that of the first; after the last the forward variance of the
    last interval goes on, at each log-moneyness (with one expiry: its vol). Nowhere does total
    variance exceed its value at the money by more than ``2 * abs(k)``: beyond that bound, which
    follows from Lee's moment formula [1]_ and which every smile keeps, wings are cut.

    If the smiles are free of arbitrage and do not cross, the surface has no calendar arbitrage
    anywhere: between two of them ``w`` is linear and rising in time.

    Parameters
    ----------
    years : tuple of float
        Above 0, rising.
    smiles : tuple of Svi
        One for each.

    Raises
    ------
    InvalidInputError
        If there is no smile, or *years* break their rule.

    References
    ----------
    .. [1] R. Lee, "The moment formula for implied volatility at extreme strikes", Mathematical
       Finance 14 (2004).

    Examples
    --------
    >>> near = Svi(a=0.01, b=0.1, rho=-0.3, m=0.0, sigma=0.2)
    >>> far = Svi(a=0.04, b=0.2, rho=-0.3, m=0.0, sigma=0.2)
    >>> surface = Surface((0.1, 0.5), (near, far))
    >>> [round(float(surface.vol([0.0], years=t)[0]), 4) for t in (0.05, 0.1, 0.3, 0.5, 1.0)]
    [0.5477, 0.5477, 0.4282, 0.4, 0.3775]
    >>> surface.arbitrage().free
    True
    """

    years: tuple[float, ...]
    smiles: tuple[Svi, ...]

    def __post_init__(self) -> None:
        if not self.smiles or len(self.years) != len(self.smiles):
            raise InvalidInputError(
                f"smiles must be one for each of the years, at least one, was {len(self.smiles)}"
                f" for {len(self.years)}"
            )
        for i, (t, before) in enumerate(zip(self.years, (0.0, *self.years[:-1]), strict=True)):
            if not (math.isfinite(t) and t > before):
                raise InvalidInputError(f"years[{i}] must be finite and > {before:g}, was {t!r}")

    def total_variance(self, k: ArrayLike, *, years: float) -> FloatArray:
        """Return ``vol**2 * years`` at each log-moneyness ``k = ln(strike / forward)``.

        Raises
        ------
        InvalidInputError
            If *years* is not finite and above 0, or *k* no vector of finite numbers.
        """
        at = finite_vector("k", k)
        if not (math.isfinite(years) and years > 0.0):
            raise InvalidInputError(f"years must be finite and > 0, was {years!r}")
        with_money = np.append(at, 0.0)
        w = self._linear(with_money, years)
        bounded: FloatArray = np.minimum(w[:-1], w[-1] + SLOPE_MAX * np.abs(at))
        return bounded

    def vol(self, k: ArrayLike, *, years: float) -> FloatArray:
        """Return the volatility at each log-moneyness, a fraction per square-root year.

        Raises
        ------
        InvalidInputError
            As for `total_variance`.
        """
        return np.sqrt(self.total_variance(k, years=years) / years)

    def arbitrage(self) -> ArbitrageReport:
        """Return the least density of each smile, and where neighbours in time cross."""
        rows = list(zip(self.years, self.smiles, strict=True))
        found = (
            check_calendar(a, b, earlier_years=t, later_years=u)
            for (t, a), (u, b) in pairwise(rows)
        )
        return ArbitrageReport(
            slices=tuple(check_slice(smile, t) for t, smile in rows),
            crossings=tuple(crossing for crossing in found if crossing is not None),
        )

    def _linear(self, k: FloatArray, years: float) -> FloatArray:
        n = len(self.years)
        j = int(np.searchsorted(self.years, years))
        if j == 0 or n == 1:
            return self.smiles[0].total_variance(k) * (years / self.years[0])
        j = min(j, n - 1)
        t, u = self.years[j - 1], self.years[j]
        low, high = self.smiles[j - 1].total_variance(k), self.smiles[j].total_variance(k)
        if years == u:
            return high
        share = (years - t) / (u - t)
        if share <= 1.0:
            return (1.0 - share) * low + share * high
        return high + np.maximum(high - low, 0.0) * (share - 1.0)  # never back in time
