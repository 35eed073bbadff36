"""Surfaces whose moves are known: pairs of snapshots, still at first and moved a day later.

A pair begins every third day, so that no change is measured from one pair to the next.
"""

import math

import numpy as np

from hullmark.core import DAY_NS, YEAR_DAYS
from hullmark.scenarios import MoveShape, VolMove
from hullmark.studies import TENOR_DAYS, VolSnapshot
from hullmark.volatility import Surface, Svi

START_NS = 1_770_000_000 * 10**9
VOL = 0.5
SPOT = 80_000.0
CONVEX = 0.5  # of the skew: a vol that is linear in strike is zero somewhere, and no SVI smile
YEARS = tuple(days / YEAR_DAYS for days in TENOR_DAYS)
SHAPE = MoveShape(
    power_short=0.4,
    power_long=0.6,
    days_min=2.0,
    days_max=180.0,
    deviations_max=1.0,
    factor_min=0.1,
)


def smile(vols, years, shift):
    """Return a smile with these vols at -1, 0 and 1 deviation of the still one, shifted."""
    q = VOL * math.sqrt(years)
    low, middle, high = (v * v * years for v in vols)
    slope = (high - low) / (2 * q)
    if not slope:
        return Svi(a=middle, b=0.0, rho=0.0, m=-shift, sigma=0.1)
    bend, rho = 2 * abs(slope), math.copysign(0.5, slope)
    rise = (low + high - 2 * middle) / 2 / bend  # of the root, from the middle to either side
    sigma = (q * q - rise * rise) / (2 * rise)
    return Svi(a=middle - bend * sigma, b=bend, rho=rho, m=-shift, sigma=sigma)


def flat(time_ns, *, spot=SPOT, factor=None):
    """Return a snapshot without smiles; *factor* is of the vol of a tenor."""
    factor = factor or (lambda _: 1.0)
    smiles = tuple(
        Svi(a=(VOL * factor(days)) ** 2 * years, b=0.0, rho=0.0, m=0.0, sigma=0.1)
        for days, years in zip(TENOR_DAYS, YEARS, strict=True)
    )
    return VolSnapshot(time_ns, Surface(YEARS, smiles), (spot,) * len(YEARS))


def joint(time_ns, spot_move, move):
    """Return the still surface after a joint move of spot and vol, and a bend of the smile."""
    smiles = []
    for days, years in zip(TENOR_DAYS, YEARS, strict=True):
        scale = float(move.shape.scale(np.array([days]))[0])
        turned = 1 + move.term * math.log(30 / days)
        at = [move.level + move.skew * z + CONVEX * abs(move.skew * z) for z in (-1, 0, 1)]
        smiles.append(smile([VOL * (turned + scale * x) for x in at], years, spot_move))
    forward = (SPOT * math.exp(spot_move),) * len(YEARS)
    return VolSnapshot(time_ns, Surface(YEARS, tuple(smiles)), forward)


def pairs(moved):
    """Return still and moved snapshots in turn; *moved* are functions of the time."""
    found = []
    for n, make in enumerate(moved):
        start = START_NS + 3 * n * DAY_NS
        found += [flat(start), make(start + DAY_NS)]
    return found


def level_move(level, *, term=0.0, skew=0.0):
    """Return a joint move of the shape of this module."""
    return VolMove(level=level, term=term, skew=skew, shape=SHAPE)
