"""A surface fitted to a chain: smile by smile, and once more where expiries cross."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hullmark.core import FloatArray
from hullmark.errors import InvalidInputError
from hullmark.volatility._arbitrage import NOTHING, ArbitrageReport, check_calendar
from hullmark.volatility._calibrate import calibrate
from hullmark.volatility._quotes import (
    Dropped,
    OptionQuotes,
    SmileQuotes,
    Source,
    Weights,
    screen,
)
from hullmark.volatility._surface import Surface
from hullmark.volatility._svi import Svi

DEVIATIONS_MAX = 3.0  # residuals are judged within this many standard deviations


class Residuals(NamedTuple):
    """How far a model is from its quotes within three standard deviations, in vol points."""

    strikes: int
    median: float
    p95: float
    p99: float
    max: float
    max_ticks: float  # the largest in ticks of price; NaN where ticks are unknown


@dataclass(frozen=True, slots=True)
class SmileFit:
    """One expiry: its quotes, and the smiles fitted to them."""

    quotes: SmileQuotes
    svi: Svi  # free of butterfly arbitrage
    repaired: Svi  # and nowhere below the repaired smile of the expiry before

    def errors(self, *, repaired: bool = False) -> FloatArray:
        """Return model less quote in vol points, by strike."""
        smile = self.repaired if repaired else self.svi
        return 100.0 * (smile.vol(self.quotes.k, years=self.quotes.years) - self.quotes.vol)

    def residuals(self, *, repaired: bool = False) -> Residuals:
        """Return the statistics of the absolute errors."""
        return residuals((self,), repaired=repaired)


@dataclass(frozen=True, slots=True)
class SurfaceFit:
    """What was fitted to the quotes of one underlying."""

    smiles: tuple[SmileFit, ...]
    dropped: tuple[Dropped, ...]

    @property
    def surface(self) -> Surface:
        """The smiles as they fit best, each free of butterfly arbitrage."""
        return Surface(self._years, tuple(s.svi for s in self.smiles))

    @property
    def repaired(self) -> Surface:
        """The smiles that do not cross either."""
        return Surface(self._years, tuple(s.repaired for s in self.smiles))

    @property
    def arbitrage(self) -> ArbitrageReport:
        """What is wrong with `surface`; nothing of it is left in `repaired`."""
        return self.surface.arbitrage()

    def residuals(self, *, repaired: bool = False) -> Residuals:
        """Return the statistics of the absolute errors over all expiries."""
        return residuals(self.smiles, repaired=repaired)

    @property
    def _years(self) -> tuple[float, ...]:
        return tuple(s.quotes.years for s in self.smiles)


def fit_surface(
    quotes: OptionQuotes, *, source: Source = "mark", weights: Weights = "window"
) -> SurfaceFit:
    """Fit raw SVI to each expiry of one underlying.

    A smile minimises the weighted squares of its errors in vol, under the rules of
    :class:`Svi` and with a density that is nowhere negative. The start is quasi-explicit [1]_, the
    end a descent of Levenberg and Marquardt whose penalties rise until nothing is lacking. Where
    total variance falls from an expiry to the next the later smile is fitted again, from that
    lower bound and with wings at least as steep: that is the *repaired* surface.

    Parameters
    ----------
    quotes : OptionQuotes
        Of one underlying.
    source : {"mark", "mid", "bid", "ask"}
        Whose vol is fitted.
    weights : {"window", "vega", "spread"}
        See `screen`.

    Returns
    -------
    SurfaceFit
        With every quote that was left out, and why.

    Raises
    ------
    InvalidInputError
        If no expiry has five usable strikes.

    References
    ----------
    .. [1] S. De Marco and C. Martini, "Quasi-explicit calibration of Gatheral's SVI model",
       Zeliade Systems White Paper (2009).
    """
    smiles, dropped = screen(quotes, source=source, weights=weights)
    if not smiles:
        why = f": {dropped[0].instrument}: {dropped[0].reason}" if dropped else ""
        raise InvalidInputError(f"quotes must have an expiry with five usable strikes{why}")
    fits: list[SmileFit] = []
    for one in smiles:
        svi = fit_smile(one)
        fits.append(SmileFit(one, svi, _above(fits[-1], one, svi) if fits else svi))
    return SurfaceFit(tuple(fits), dropped)


def fit_smile(quotes: SmileQuotes, *, above: Svi | None = None, first: Svi | None = None) -> Svi:
    """Fit raw SVI to the quotes of one expiry, in one compiled call.

    Parameters
    ----------
    quotes : SmileQuotes
        At least five strikes.
    above : Svi, optional
        An earlier smile that this one must not cross.
    first : Svi, optional
        Where to begin, instead of a search.

    Raises
    ------
    InvalidInputError
        If there are fewer strikes.
    """
    if quotes.k.size < 5:
        raise InvalidInputError(f"quotes must be of at least 5 strikes, was {quotes.k.size}")
    found, worst = np.empty(5), np.empty(4)
    before = NOTHING if above is None else np.array(above.parameters)
    begin = NOTHING if first is None else np.array(first.parameters)
    calibrate(quotes.k, quotes.vol, quotes.weight, quotes.years, before, begin, found, worst)
    a, b, rho, m, sigma = found.tolist()
    return Svi(a=a, b=b, rho=rho, m=m, sigma=sigma)


def _above(before: SmileFit, quotes: SmileQuotes, svi: Svi) -> Svi:
    crossing = check_calendar(
        before.repaired, svi, earlier_years=before.quotes.years, later_years=quotes.years
    )
    return svi if crossing is None else fit_smile(quotes, above=before.repaired, first=svi)


def residuals(smiles: tuple[SmileFit, ...], *, repaired: bool = False) -> Residuals:
    """Return the statistics of the absolute errors of several smiles together."""
    errors, ticks = [], []
    for one in smiles:
        within = np.abs(one.quotes.deviations) <= DEVIATIONS_MAX
        error = np.abs(one.errors(repaired=repaired))[within]
        errors.append(error)
        ticks.append(error / (100.0 * one.quotes.tick_vol[within]))
    size = np.concatenate(errors)
    if not size.size:
        return Residuals(0, *[math.nan] * 5)
    median, p95, p99 = np.quantile(size, (0.5, 0.95, 0.99)).tolist()
    worst = int(np.argmax(size))
    in_ticks = float(np.concatenate(ticks)[worst])
    return Residuals(size.size, median, p95, p99, float(size[worst]), in_ticks)
