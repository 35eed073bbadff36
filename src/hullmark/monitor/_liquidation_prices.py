"""Liquidation prices by search: outwards until health changes sign, then to the point.

Every health on the way is a full evaluation at the moved market, so a price is aware of tiers,
scenarios, haircuts and caps without knowing any of them.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from hullmark.book import AccountRow, Rows
from hullmark.core import FloatArray, IntArray
from hullmark.margin import Health, RiskTables, evaluate, evaluate_one

FACTOR_MAX = 100.0  # prices are searched from a hundredth to a hundredfold of the spot
STEP = 0.01  # of the log of the price: a dip of health that is narrower may be stepped over
_STEP_FAR = 0.1  # beyond half and double the spot
_TOLERANCE = 1e-10  # of the log of the price
_ROUNDS_MAX = 60


class MovableMarket(Protocol):
    """A venue at its market, which can be asked what margins rest on at another one."""

    def moved_tables(self, moved: frozenset[str], factor: float, /) -> RiskTables:
        """Return the tables where the prices of the underlyings *moved* are *factor* times."""
        ...

    def part(self, numbers: Sequence[int], /) -> "MovableMarket":
        """Return the same market with some of its instruments only, renumbered from zero."""
        ...


class Crossings(NamedTuple):
    """The nearest points on either side at which health is zero; ``None``: there is none."""

    below: float | None
    above: float | None


class _Bracket(NamedTuple):
    near: float  # logs of the factor
    near_usd: float  # health there
    far: float
    far_usd: float


def liquidation_factors(
    market: MovableMarket,
    rows: Rows,
    moved: frozenset[str],
    which: IntArray,
    *,
    on_step: Callable[[], None] = lambda: None,
) -> dict[int, Crossings]:
    """Return per row the nearest factors, below and above one, at which its health is zero.

    Parameters
    ----------
    market, rows : MovableMarket, Rows
        The venue at its market, and who holds what.
    moved : frozenset of str
        The underlyings whose prices take the factor; everything else stays.
    which : ndarray of int64
        The rows to search.
    on_step : callable
        Called after each of the `search_steps` of both directions, taken or not.
    """
    found: dict[int, list[float | None]] = {int(row): [None, None] for row in which}
    for side, direction in enumerate((-1.0, 1.0)):
        for row, bracket in _brackets(market, rows, moved, which, direction, on_step):
            found[row][side] = math.exp(_root(market, _account(rows, row), moved, bracket))
    return {row: Crossings(below, above) for row, (below, above) in found.items()}


def liquidation_factors_of(
    market: MovableMarket, account: AccountRow, moved: frozenset[str]
) -> Crossings:
    """Return the same for one account, which need not be in a book.

    Only what it holds is revalued, so the cost does not grow with the venue.
    """
    count = account.instrument.size
    alone = Rows(
        np.zeros(1, np.int64),
        np.array([count]),
        np.arange(count, dtype=np.int32),
        account.size,
        account.quote,
        account.balance.reshape(1, -1),
        np.array([account.model], np.int8),
    )
    part = market.part(account.instrument.tolist())
    return liquidation_factors(part, alone, moved, np.zeros(1, np.int64))[0]


def search_steps() -> list[float]:
    """Return the distances at which a search looks, as logs of the factor, nearest first."""
    near = np.arange(STEP, math.log(2.0), STEP)
    far = np.arange(float(near[-1]) + _STEP_FAR, math.log(FACTOR_MAX), _STEP_FAR)
    return [*near.tolist(), *far.tolist(), math.log(FACTOR_MAX)]


def _account(rows: Rows, row: int) -> AccountRow:
    held = slice(rows.start[row], rows.start[row] + rows.count[row])
    return AccountRow(
        rows.instrument[held],
        rows.size[held],
        rows.quote[held],
        rows.balance[row],
        int(rows.model[row]),
    )


def _brackets(
    market: MovableMarket,
    rows: Rows,
    moved: frozenset[str],
    which: IntArray,
    direction: float,
    on_step: Callable[[], None],
) -> Iterator[tuple[int, _Bracket]]:
    before, before_usd = 0.0, _health(market, rows, moved, which, 0.0)
    for distance in search_steps():
        on_step()
        if not which.size:
            continue
        at = direction * distance
        at_usd = _health(market, rows, moved, which, at)
        crossed = (before_usd < 0) != (at_usd < 0)
        for k in np.flatnonzero(crossed).tolist():
            yield int(which[k]), _Bracket(before, float(before_usd[k]), at, float(at_usd[k]))
        which, before_usd = which[~crossed], at_usd[~crossed]
        before = at


def _health(
    market: MovableMarket, rows: Rows, moved: frozenset[str], which: IntArray, at: float
) -> FloatArray:
    result = evaluate(rows, market.moved_tables(moved, math.exp(at)), which=which)
    return result.equity_maintenance - result.maintenance


# Regula falsi with the Illinois rule: the end that stays twice counts half, so that both close in.
def _root(
    market: MovableMarket, account: AccountRow, moved: frozenset[str], bracket: _Bracket
) -> float:
    part = market.part(account.instrument.tolist())
    numbers = np.arange(account.instrument.size, dtype=np.int32)
    a, fa, b, fb = bracket
    for _ in range(_ROUNDS_MAX):
        if abs(b - a) <= _TOLERANCE or fb == 0.0:
            break
        c = (a * fb - b * fa) / (fb - fa)
        health: Health = evaluate_one(numbers, *account[1:], part.moved_tables(moved, math.exp(c)))
        fc = health.equity_maintenance - health.maintenance
        if (fc < 0) != (fb < 0):
            a, fa = b, fb
        else:
            fa /= 2
        b, fb = c, fc
    return b
