"""Quotes made from known smiles, and the slow reference."""

import math
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hullmark.pricing import black76_value
from hullmark.volatility import OptionQuotes, Svi, screen

REFERENCE = Path(__file__).parents[2] / "reference" / "svi.py"
FORWARD = 70_000.0


def made(smiles, *, deviations=3.0, strikes=25, tick=0.0, noise=0.0, seed=0, **changes):
    """Return quotes of ``{years: Svi}``: a call and a put at every strike."""
    random, columns = np.random.default_rng(seed), {}
    for years, smile in smiles.items():
        width = float(smile.vol([0.0], years=years)[0]) * math.sqrt(years)
        k = np.repeat(np.linspace(-deviations, deviations, strikes) * width, 2)
        vol = smile.vol(k, years=years) + noise * np.repeat(random.standard_normal(strikes), 2)
        call = np.tile([True, False], strikes)
        strike = FORWARD * np.exp(k)
        t = np.full(k.size, years)
        mark = black76_value(
            forward=np.full(k.size, FORWARD), strike=strike, years=t, vol=vol, call=call
        )
        here = {"years": t, "strike": strike, "call": call, "vol": vol, "mark": mark}
        for name, column in here.items():
            columns.setdefault(name, []).append(column)
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    n = joined["years"].size
    given = {
        "instruments": tuple(f"O{i}" for i in range(n)),
        "forward": np.full(n, FORWARD),
        "bid": joined["mark"] * 0.99,
        "ask": joined["mark"] * 1.01,
        "tick": np.full(n, tick),
    }
    return OptionQuotes(**joined | given | changes)


def one_smile(smile, years, **options):
    """Return the usable quotes of one smile."""
    (quotes,), dropped = screen(made({years: smile}, **options))
    assert not dropped
    return quotes


@pytest.fixture(scope="session")
def slow():
    """Return the slow reference."""
    return SimpleNamespace(**runpy.run_path(str(REFERENCE)))


@pytest.fixture(scope="session")
def make():
    """Return the maker of quotes."""
    return made


@pytest.fixture(scope="session")
def make_smile():
    """Return the maker of the quotes of one smile."""
    return one_smile


@pytest.fixture(scope="session")
def smiles():
    """Return four smiles that rise in time, without arbitrage."""
    return {
        0.02: Svi(a=0.002, b=0.05, rho=-0.2, m=0.01, sigma=0.08),
        0.1: Svi(a=0.010, b=0.08, rho=-0.3, m=0.02, sigma=0.20),
        0.4: Svi(a=0.050, b=0.15, rho=-0.3, m=0.05, sigma=0.35),
        1.0: Svi(a=0.150, b=0.25, rho=-0.3, m=0.10, sigma=0.60),
    }
