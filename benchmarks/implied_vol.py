"""Implied volatility against QuantLib's solver, called in a loop, at the same accuracy."""

import numpy as np
import QuantLib
from _harness import Row, best_seconds
from black76 import chain

from hullmark.pricing import black76_value, implied_vol

N_OPTIONS = 100_000
N_QUANTLIB = 5_000
PRICE_MIN = 1e-8  # of the forward; below it QuantLib's solver fails


def quantlib_loop(options: list[tuple[float, float, float, bool, float]]) -> list[float]:
    """Solve each option to 1e-12 in total volatility, from QuantLib's own first guess."""
    solve = QuantLib.blackFormulaImpliedStdDev
    call, put = QuantLib.Option.Call, QuantLib.Option.Put
    return [
        solve(call if c else put, k, f, p, 1.0, 0.0, QuantLib.nullDouble(), 1e-12, 100) / t**0.5
        for f, k, t, c, p in options
    ]


def rows(large: bool) -> list[Row]:
    """Return the rows of options out of the money; *large* changes nothing."""
    options = chain(N_OPTIONS)
    options["call"] = options["forward"] < options["strike"]
    vol = options["vol"]
    price = black76_value(**options)
    kept = price > PRICE_MIN * options["forward"]
    quotes = {k: c[kept] for k, c in options.items() if k != "vol"} | {"price": price[kept]}
    few = {k: c[:N_QUANTLIB].tolist() for k, c in quotes.items()}
    listed = list(zip(*few.values(), strict=True))

    error = float(np.max(np.abs(implied_vol(**quotes) - vol[kept])))
    theirs_error = float(np.max(np.abs(np.array(quantlib_loop(listed)) - vol[kept][:N_QUANTLIB])))
    ours, theirs = best_seconds(
        lambda: implied_vol(**quotes), lambda: quantlib_loop(listed), repeats=5
    )
    return [
        Row.time(
            "implied vol",
            "ns/option",
            ours=ours * 1e9 / kept.sum(),
            peer="QuantLib loop",
            theirs=theirs * 1e9 / N_QUANTLIB,
            bar=">= 4",
        ),
        Row.alone("implied vol, worst round trip", "vol", ours=error, bar="<= 1e-12"),
        Row.alone("implied vol, QuantLib's worst", "vol", ours=theirs_error, bar=None),
    ]
