"""Risk arrays of a rule book: 6,000 options revalued in 40 scenarios, by `Revaluation.values`.

The revaluation is that of `derive-portfolio-2`, both of its skew twists among the scenarios. The
peer is NumPy with SciPy's normal distribution in blocks that fit the second-level cache, for every
option the call, and puts by parity.
"""

from decimal import Decimal

import numpy as np
from _harness import Row, best_seconds
from scipy.special import ndtr

from hullmark.core import FloatArray
from hullmark.domain import HeldContract, Node, PortfolioMarket
from hullmark.rulebooks import load_rulebook
from hullmark.rulebooks.scenario import ScenarioBook
from hullmark.scenarios import ContractColumns, Revaluation, Shock

DAYS = (1, 2, 3, 5, 7, 14, 21, 28, 56, 91, 182, 364)
STRIKES = range(40_000, 165_000, 500)
BLOCK_ROWS = 200  # options; times the scenarios, the best of 50 to 1,000


def make_columns() -> ContractColumns:
    """Return the contracts of a market with a smile: 12 expiries of 250 strikes, both sides."""
    smile = {str(k): f"{0.5 + 0.3 * abs(k / 1e5 - 1):.4f}" for k in STRIKES}
    expiries = {
        f"day {d}": {"seconds": d * 86_400, "forward": f"{100_000 + 20 * d}", "vols": smile}
        for d in DAYS
    }
    tree = {"underlyings": {"BTC": {"spot": "100000", "expiries": expiries}}}
    options = [
        HeldContract("option", "BTC", label, Decimal(strike), call)
        for label in expiries
        for strike in STRIKES
        for call in (False, True)
    ]
    return ContractColumns.of(PortfolioMarket.parse(Node("market", tree)), options)


def make_shocks() -> list[Shock]:
    """Return 40 scenarios: 38 moves with volatility up, down or as it is, and both twists."""
    levels = ("none", "up", "down")
    moves = [Decimal(n) / 100 for n in range(62, 138, 2)]
    grid = [Shock(spot=move, vol=levels[n % 3]) for n, move in enumerate(moves)]
    return [*grid, *(Shock(spot=Decimal(1), vol=twist) for twist in ("linear", "absolute"))]


def shocked_vols(columns: ContractColumns, years: FloatArray) -> dict[str, FloatArray]:
    """Return the volatilities by shock, with the parameters of the rule book."""
    vol, days = columns.vol, years * 365
    scale = (30 / np.maximum(days, 1)) ** np.where(days <= 30, 0.3, 0.13)
    root, k = np.sqrt(years), np.log(columns.strike / columns.anchor)
    cap, flat = 0.25 - 0.1 * root, np.maximum(0.01, root * 4 * 0.6)
    turns = {"linear": k * cap / flat, "absolute": np.abs(k) * cap / flat}
    return {
        "none": vol,
        "up": np.maximum(vol * (1 + 0.5 * scale), 0.4),
        "down": vol * np.maximum(1 - 0.3 * scale, 0),
        **{name: vol * (1 + np.clip(turn, -cap, cap)) for name, turn in turns.items()},
    }


def peer(columns: ContractColumns, shocks: list[Shock], discount: FloatArray) -> FloatArray:
    """Return the same values by blocked NumPy."""
    years = columns.seconds[columns.expiry] / (365 * 86_400)
    vols = shocked_vols(columns, years)
    deviation = {kind: vol * np.sqrt(years) for kind, vol in vols.items()}
    spot = np.array([float(s.spot) for s in shocks])
    discounts, out = discount[columns.expiry][:, None], np.empty((len(years), len(shocks)))
    for first in range(0, len(years), BLOCK_ROWS):
        at = slice(first, first + BLOCK_ROWS)
        strike, forward = columns.strike[at, None], columns.anchor[at, None] * spot
        s = np.stack([deviation[shock.vol][at] for shock in shocks], axis=1)
        d1 = np.log(forward / strike) / s + 0.5 * s
        value = forward * ndtr(d1) - strike * ndtr(d1 - s)
        value = np.where(columns.call[at, None], value, value - (forward - strike))
        np.multiply(value, discounts[at], out=out[at])
    return out


def rows(large: bool) -> list[Row]:
    """Return the rows of one market; *large* changes nothing."""
    book = load_rulebook("derive-portfolio-2").open().margin
    assert isinstance(book, ScenarioBook)
    revaluation: Revaluation = book.models[""].revaluation
    columns, shocks = make_columns(), make_shocks()
    discount = np.exp(-0.05 * revaluation.years(columns))
    ours = revaluation.values(columns, shocks, discount)
    theirs = peer(columns, shocks, discount)
    assert ours.shape == (6_000, 40)
    assert np.max(np.abs(ours - theirs)) <= 1e-9 * np.max(columns.anchor)  # the same work
    mine, blocked = best_seconds(
        lambda: revaluation.values(columns, shocks, discount),
        lambda: peer(columns, shocks, discount),
    )
    name = "risk arrays, 6,000 x 40"
    return [
        Row.alone(name, "s", ours=mine, bar="< 0.05"),
        Row.time(name, "s", ours=mine, peer="SciPy blocked", theirs=blocked, bar=None),
    ]
