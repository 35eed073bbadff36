"""From measured dynamics to scenarios: joint moves of spot, level, term structure and skew.

Three kinds, all of one horizon: *pairs*, spot on a grid up to its worst moves with vol at either
edge of the band about its regression on spot; the *worst* moves, those of spot and those of vol, as
they were seen; and the *components*, each at its least and its largest score.
"""

import math
from typing import NamedTuple

import numpy as np

from hullmark.core import FloatArray
from hullmark.errors import InvalidInputError
from hullmark.scenarios import SHOCK_DAYS, MoveShape, VolMove
from hullmark.studies._dynamics import (
    DEVIATIONS,
    GRID_DAYS,
    TENOR_DAYS,
    Dynamics,
    VolChanges,
    regression_lines,
)

PAIR_SHARES = (1.0, 2.0 / 3.0, 1.0 / 3.0)  # of the worst move of spot to each side
COMPONENTS = 3
FACTOR_MIN = 0.1  # of a vol: far below what any set here comes to; a guard, not a finding

_PLACES = 4  # decimals of what is published
_LEVEL = GRID_DAYS.index(SHOCK_DAYS) * len(DEVIATIONS) + DEVIATIONS.index(0.0)  # in the grid


class MeasuredMove(NamedTuple):
    """A scenario, and how far the three numbers of its vol move are from what was measured."""

    name: str
    kind: str  # "pair", "worst" or "component"
    spot: float  # what it is multiplied by
    vol: VolMove
    error: float  # root mean square over the grid, of the factor of a vol


def move_shape(dynamics: Dynamics) -> MoveShape:
    """Return the shape of the moves: the measured powers, within the tenors and strikes measured.

    Numbers are rounded as they are published.
    """
    return MoveShape(
        power_short=round(dynamics.term.short, _PLACES),
        power_long=round(dynamics.term.long, _PLACES),
        days_min=TENOR_DAYS[0],
        days_max=TENOR_DAYS[-1],
        deviations_max=DEVIATIONS[-1],
        factor_min=FACTOR_MIN,
    )


def measured_moves(dynamics: Dynamics) -> tuple[MeasuredMove, ...]:
    """Return the scenarios that the changes of a horizon make, each name once.

    Numbers are rounded to four decimals, as they are published.

    Raises
    ------
    InvalidInputError
        If spot never fell, or never rose.
    """
    changes, shape = dynamics.changes, move_shape(dynamics)
    if not changes.spot.min() < 0.0 < changes.spot.max():
        raise InvalidInputError(
            "changes.spot must have a fall and a rise,"
            f" was {changes.spot.min():g} to {changes.spot.max():g}"
        )
    found = [_fitted(name, "pair", move, shape) for name, move in _pairs(dynamics).items()]
    table = np.column_stack([changes.spot, changes.grid])
    for name, row in _worst(changes).items():
        found.append(_fitted(name, "worst", table[row], shape))
    parts = dynamics.components
    for c in range(COMPONENTS):
        for side, score in (("low", parts.low[c]), ("high", parts.high[c])):
            move = parts.move(c, float(score))
            found.append(_fitted(f"component {c + 1} {side}", "component", move, shape))
    return tuple(found)


def fit_move(log_grid: FloatArray, shape: MoveShape) -> tuple[VolMove, float]:
    """Return the joint move that is nearest to the changes of a grid, and its error.

    Least squares of the factors of vol over GRID_DAYS and DEVIATIONS, shape (G,).
    """
    days, z = (grid.ravel() for grid in np.meshgrid(np.array(GRID_DAYS), DEVIATIONS, indexing="ij"))
    scale = shape.scale(days)
    columns = np.column_stack([scale, shape.turn(days), scale * z])
    factor = np.expm1(log_grid)
    numbers = np.linalg.lstsq(columns, factor, rcond=None)[0]
    level, term, skew = (round(float(x), _PLACES) + 0.0 for x in numbers)  # no -0
    error = math.sqrt(float(((columns @ (level, term, skew) - factor) ** 2).mean()))
    return VolMove(level=level, term=term, skew=skew, shape=shape), error


# Rows of the changes; often the worst of vol is the worst of spot, and then it is there once.
def _worst(changes: VolChanges) -> dict[str, int]:
    rows = {"worst fall": changes.spot.argmin(), "worst rise": changes.spot.argmax()}
    for name, row in (("vol up", changes.level.argmax()), ("vol down", changes.level.argmin())):
        if row not in rows.values():
            rows[f"most {name}"] = row
    return {name: int(row) for name, row in rows.items()}


# Log moves of spot and the grid. The vols follow spot along their regressions, and are carried to
# the edge of the band by their regressions on what spot leaves of the level.
def _pairs(dynamics: Dynamics) -> dict[str, FloatArray]:
    changes = dynamics.changes
    slope, intercept = regression_lines(changes.grid, changes.spot)
    left = changes.grid - intercept - changes.spot[:, None] * slope
    follow, _ = regression_lines(left, left[:, _LEVEL])
    found: dict[str, FloatArray] = {}
    falls = [share * float(changes.spot.min()) for share in PAIR_SHARES]
    rises = [share * float(changes.spot.max()) for share in reversed(PAIR_SHARES)]
    for spot in (*falls, 0.0, *rises):
        for side, edge in (("low", dynamics.strike.low), ("high", dynamics.strike.high)):
            name = f"spot {100.0 * math.expm1(spot):+.1f}% vol {side}"
            found[name] = np.append(spot, slope * spot + follow * edge)
    return found


def _fitted(name: str, kind: str, move: FloatArray, shape: MoveShape) -> MeasuredMove:
    vol, error = fit_move(move[1:], shape)
    return MeasuredMove(name, kind, round(math.exp(move[0]), _PLACES), vol, error)
