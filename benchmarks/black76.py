"""Black-76: value and four greeks in one pass, against NumPy with SciPy and a QuantLib loop.

All on one thread. The peers use SciPy's ``ndtr``, reuse ``d1`` and the density, take puts from
calls by parity, and store into arrays that are there already where they run in blocks.
"""

import numpy as np
import QuantLib
from _harness import Row, best_seconds
from numpy.typing import NDArray
from scipy.special import ndtr

from hullmark.core import YEAR_DAYS
from hullmark.pricing import black76, black76_value

N_OPTIONS = 1_000_000
BLOCK = 8_192  # a block's temporaries fit the second-level cache; the best of 2k to 64k
N_QUANTLIB = 20_000

Floats = NDArray[np.float64]


def chain(n: int) -> dict[str, NDArray[np.generic]]:
    """Return *n* options of a day to a year with vols of 20 to 150 percent, from one seed."""
    random = np.random.default_rng(76)
    forward = random.uniform(20_000, 120_000, n)
    return {
        "forward": forward,
        "strike": forward * np.exp(random.normal(0, 0.3, n)),
        "years": random.uniform(1 / 365, 1, n),
        "vol": random.uniform(0.2, 1.5, n),
        "call": random.random(n) < 0.5,
    }


def numpy_greeks(f: Floats, k: Floats, t: Floats, v: Floats, call: Floats) -> tuple[Floats, ...]:
    """Return the five results by whole-array arithmetic."""
    root = np.sqrt(t)
    s = v * root
    d1 = np.log(f / k) / s + 0.5 * s
    cdf = ndtr(d1)
    value = f * cdf - k * ndtr(d1 - s)
    density = np.exp(-0.5 * d1 * d1) * 0.3989422804014327
    weight = f * density
    value = np.where(call, value, value - (f - k))
    delta = np.where(call, cdf, cdf - 1.0)
    theta = weight * v / (root * (-2 * YEAR_DAYS))
    return value, delta, density / (f * s), 0.01 * weight * root, theta


def quantlib_loop(columns: list[tuple[float, float, float, float, bool]]) -> None:
    """Price each option with its greeks through QuantLib's calculator."""
    for f, k, t, v, call in columns:
        kind = QuantLib.Option.Call if call else QuantLib.Option.Put
        payoff = QuantLib.PlainVanillaPayoff(kind, k)
        one = QuantLib.BlackCalculator(payoff, f, v * t**0.5)
        one.value()
        one.deltaForward()
        one.gammaForward()
        one.vega(t)
        one.theta(f, t)


def rows(large: bool) -> list[Row]:
    """Return the rows of one million options; *large* changes nothing."""
    options = chain(N_OPTIONS)
    columns = tuple(options.values())
    ours, theirs = np.empty((5, N_OPTIONS)), np.empty((5, N_OPTIONS))

    def blocked() -> None:
        for i in range(0, N_OPTIONS, BLOCK):
            part = numpy_greeks(*(c[i : i + BLOCK] for c in columns))
            for row, result in zip(theirs, part, strict=True):
                row[i : i + BLOCK] = result

    black76(**options, out=ours)
    blocked()
    for mine, peer in zip(ours, theirs, strict=True):  # the same work
        assert np.max(np.abs(mine - peer)) <= 1e-11 * np.max(np.abs(peer))

    one, whole, block = best_seconds(
        lambda: black76(**options, out=ours), lambda: numpy_greeks(*columns), blocked
    )
    few = chain(N_QUANTLIB)
    listed = list(zip(*(c.tolist() for c in few.values()), strict=True))
    few_out = np.empty((5, N_QUANTLIB))
    small, loop = best_seconds(
        lambda: black76(**few, out=few_out), lambda: quantlib_loop(listed), repeats=5
    )
    (alone,) = best_seconds(lambda: black76_value(**options))
    ns, ns_few = 1e9 / N_OPTIONS, 1e9 / N_QUANTLIB
    name, unit = "black76 value + greeks", "ns/option"
    return [
        Row.time(
            name, unit, ours=one * ns, peer="SciPy whole-array", theirs=whole * ns, bar=">= 5"
        ),
        Row.time(name, unit, ours=one * ns, peer="SciPy blocked", theirs=block * ns, bar=">= 3"),
        Row.time(
            name,
            unit,
            ours=small * ns_few,
            peer="QuantLib loop",
            theirs=loop * ns_few,
            bar=">= 200",
        ),
        Row.alone("black76 value only", unit, ours=alone * ns, bar=None),
    ]
