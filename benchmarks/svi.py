"""SVI surfaces of whole snapshots, BTC and ETH with some 24 expiries: time, errors, arbitrage.

On recorded Deribit chains where there are any, all of their snapshots; else on a chain made of SSVI
slices with noise. The time is of screening, fit, density checks, calendar checks and repair, from
columns to surfaces, the median over the snapshots. An error is the model's vol less the mark vol,
in vol points, of every quote within three standard deviations of the vol at the money.
"""

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _harness import Row

from hullmark.feeds import read_quotes
from hullmark.volatility import OptionQuotes, Ssvi, SurfaceFit, fit_surface

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
FOLDER = DATA / "deribit_option_chains_2026"
FILES = {
    "daily": "chain_daily_2025-12-30_2026-03-31.parquet",
    "crash": "chain_6h_2026-01-28_2026-02-10.parquet",
}
BARS = {"daily": ("<= 0.15", "<= 0.7", "<= 1.5"), "crash": (None, "<= 1.0", None)}
DAYS = (1, 2, 3, 4, 8, 15, 22, 36, 64, 127, 218, 309)
REPEATS = 3

Snapshot = dict[str, OptionQuotes]


class Fitted(NamedTuple):
    """Surfaces of one file, with their quotes and the time of each snapshot."""

    pairs: list[tuple[OptionQuotes, SurfaceFit]]
    seconds: list[float]


def recorded(file: str) -> Iterator[Snapshot]:
    """Yield the snapshots of a recorded chain."""
    chain = read_quotes(FOLDER / file)
    for time_ns in chain.times_ns:
        yield chain.at(time_ns)[1]


def drawn() -> Iterator[Snapshot]:
    """Yield snapshots of two coins, twelve expiries, 33 strikes."""
    random = np.random.default_rng(7)
    years = tuple(d / 365.25 for d in DAYS)
    for _ in range(20):
        snapshot = {}
        for coin, vol in (("BTC", 0.45), ("ETH", 0.65)):
            level = tuple(vol * vol * t for t in years)
            ssvi = Ssvi(rho=-0.25, eta=1.0, gamma=0.45, years=years, levels=level)
            z = np.linspace(-3.3, 3.3, 33)
            k = np.concatenate([z * math.sqrt(w) for w in level])
            vols = [ssvi.smile(w).vol(z * math.sqrt(w), years=w / vol**2) for w in level]
            n, nothing = k.size, np.full(k.size, math.nan)
            snapshot[coin] = OptionQuotes(
                instruments=tuple(map(str, range(n))),
                years=np.repeat(years, 33),
                strike=1_000 * np.exp(k),
                call=k > 0,
                forward=np.full(n, 1_000.0),
                vol=np.concatenate(vols) * (1 + 0.004 * random.standard_normal(n)),
                mark=nothing,
                bid=nothing,
                ask=nothing,
                tick=nothing,
            )
        yield snapshot


def fit_all(snapshots: Iterator[Snapshot]) -> Fitted:
    """Fit every snapshot, at its best time of a few."""
    pairs, seconds = [], []
    for snapshot in snapshots:
        best = math.inf
        for _ in range(REPEATS):
            start = time.perf_counter()
            fits = {coin: fit_surface(quotes) for coin, quotes in snapshot.items()}
            best = min(best, time.perf_counter() - start)
        seconds.append(best)
        pairs += [(snapshot[coin], fit) for coin, fit in fits.items()]
    return Fitted(pairs, seconds)


def errors(
    quotes: OptionQuotes,
    fit: SurfaceFit,
    chosen: np.ndarray | None = None,
    *,
    repaired: bool = False,
) -> np.ndarray:
    """Return the errors of a surface in vol points, of the chosen quotes or all."""
    found = []
    for one in fit.smiles:
        rows = (quotes.years == one.quotes.years) & np.isfinite(quotes.vol)
        rows &= True if chosen is None else chosen
        k = np.log(quotes.strike[rows] / quotes.forward[rows])
        within = np.abs(k) <= 3 * one.quotes.money_vol * math.sqrt(one.quotes.years)
        smile = one.repaired if repaired else one.svi
        vol = smile.vol(k, years=one.quotes.years)
        found.append(100 * np.abs(vol - quotes.vol[rows])[within])
    return np.concatenate(found)


def held_out(quotes: OptionQuotes) -> np.ndarray:
    """Return the errors at every other strike of a surface fitted to the rest."""
    out = np.zeros(quotes.years.size, np.bool_)
    for years in np.unique(quotes.years):
        rows = quotes.years == years
        out |= rows & np.isin(quotes.strike, np.unique(quotes.strike[rows])[1::2])
    kept = {name: getattr(quotes, name)[~out] for name in quotes.__slots__[1:]}
    names = tuple(n for n, skip in zip(quotes.instruments, out, strict=True) if not skip)
    return errors(quotes, fit_surface(OptionQuotes(instruments=names, **kept)), out)


def quality(name: str, fitted: Fitted) -> Iterator[Row]:
    """Yield the rows of errors and arbitrage of one file."""
    found = np.concatenate([errors(*pair) for pair in fitted.pairs])
    figures = np.quantile(found, (0.5, 0.95, 0.99)).tolist()
    for label, figure, bar in zip(("median", "95%", "99%"), figures, BARS[name], strict=True):
        yield Row.alone(f"SVI {name}, error {label}", "vol points", ours=figure, bar=bar)
    found = np.concatenate([errors(*pair, repaired=True) for pair in fitted.pairs])
    p95 = float(np.quantile(found, 0.95))
    yield Row.alone(f"SVI {name}, repaired, error 95%", "vol points", ours=p95, bar=BARS[name][1])
    out = np.concatenate([held_out(quotes) for quotes, _ in fitted.pairs])
    p95 = float(np.quantile(out, 0.95))
    yield Row.alone(f"SVI {name}, held out, 95%", "vol points", ours=p95, bar="<= 0.9")
    worst = max(
        (s.residuals() for _, fit in fitted.pairs for s in fit.smiles),
        key=lambda r: r.max if r.max_ticks > 2 else 0.0,
    )
    most = worst.max if worst.max_ticks > 2 else 0.0
    yield Row.alone(f"SVI {name}, worst beyond 2 ticks", "vol points", ours=most, bar="<= 10")
    butterflies = sum(not s.free for _, fit in fitted.pairs for s in fit.arbitrage.slices)
    yield Row.alone(f"SVI {name}, smiles with g < 0", "smiles", ours=butterflies, bar="<= 0")
    free = np.mean([fit.repaired.arbitrage().free for _, fit in fitted.pairs])
    yield Row.alone(f"SVI {name}, repaired and free", "share", ours=float(free), bar=">= 0.95")


def rows(large: bool) -> list[Row]:
    """Return the rows; *large* changes nothing."""
    fit_all(drawn())  # compiles
    if not FOLDER.is_dir():
        seconds = float(np.median(fit_all(drawn()).seconds))
        return [Row.alone("SVI, a drawn snapshot", "ms", ours=1e3 * seconds, bar="<= 50")]
    found = []
    for name, file in FILES.items():
        fitted = fit_all(recorded(file))
        seconds = float(np.median(fitted.seconds))
        found.append(Row.alone(f"SVI {name}, a snapshot", "ms", ours=1e3 * seconds, bar="<= 50"))
        found += quality(name, fitted)
    return found
