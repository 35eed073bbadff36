"""The linear programme: the least expected cost at which an account is back at its target.

Its variables are the pieces of each move: their cost rises from one to the next, as impact does,
and the margin that they free by tiers falls, as marginal rates do, so that a cheapest point makes
the pieces of a move in their order. Beside them stand the worst loss, under a model with scenarios,
and for each asset whose count bends within reach what the bend takes off. Rows say that

1. target x equity - maintenance margin >= 0;
2. the worst loss is no less than the loss of any scenario (and it may not exceed what it was);
3. an asset counts for no more than each of its lines.

Everything is divided by the gross notional, and each piece by its largest entry.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.liquidation._engine import Breach
from hullmark.liquidation._lp_moves import Effects, Lines, Moves, effects_of, lines_of
from hullmark.liquidation._lp_pieces import Brackets, Pieces, pieces_of, tiered_usd
from hullmark.liquidation._lp_solver import Programme
from hullmark.margin import ScenarioModel

Places: TypeAlias = NDArray[np.int32]

_SCENARIO = ScenarioModel.code
_LEAST_ENTRY = 1e-9  # HiGHS takes smaller ones for zero


class Count(NamedTuple):
    """How assets are counted: by one line each, and less where a second or third line is below."""

    slope: FloatArray  # (A,) of the line that counts in the first row, USD per unit
    asset: IntArray  # (B,) of each further line
    column: IntArray  # (B,) number of its asset among those that have one
    line: FloatArray  # (B,) slope of the further line
    at_zero: FloatArray  # (B,) USD that it has at no units


class Draft(NamedTuple):
    """An account and its moves, ready to be cut into pieces and written as a programme."""

    target: float
    factor: float  # maintenance margin per worst loss
    required_usd: float  # maintenance margin by tiers of what is held
    scale_usd: float
    moves: Moves
    brackets: Brackets
    effects: Effects
    counted: Count

    def pieces(self, around: FloatArray, ratio: float) -> Pieces:
        """Return the moves in pieces, cut around the shares that are expected."""
        return pieces_of(around, ratio, self.moves, self.brackets)

    def programme(self, pieces: Pieces) -> tuple[Programme, FloatArray]:
        """Return the programme, and the share of its move that one unit of each piece stands for.

        Columns are the pieces, then the worst loss where there are scenarios, then one for each
        asset whose count bends.
        """
        terms = self.target, self.factor, self.required_usd, self.scale_usd
        written = _written(*terms, pieces, self.effects, self.counted)
        return Programme(*written[:-1]), written[-1]


def draft_of(breach: Breach, rows: Rows, moves: Moves) -> Draft:
    """Return the draft of a breach, given as one row and its moves."""
    t, instrument = breach.tables, rows.instrument
    tiered = rows.model[0] != _SCENARIO
    held_usd = np.abs(rows.size) * t.notional_usd[instrument]
    first = t.tier_start[instrument].astype(np.int64)
    last = t.tier_stop[instrument].astype(np.int64) if tiered else first
    tiers = t.tier_floor_usd, t.tier_maintenance, t.tier_maintenance_base_usd
    place, effects = moves.place, effects_of(rows, moves, t)
    return Draft(
        target=breach.target,
        factor=t.maintenance_factor,
        required_usd=_required_usd(held_usd, first, last, *tiers) if tiered else 0.0,
        scale_usd=max(float(held_usd.sum()), 1.0),
        moves=moves,
        brackets=Brackets(held_usd[place], first[place], last[place], *tiers),
        effects=effects,
        counted=count_of(effects, lines_of(t)),
    )


def count_of(effects: Effects, lines: Lines) -> Count:
    """Return how assets are counted within reach of the moves: few of them bend there."""
    (credit, debt, cap), units = lines, effects.units
    low = units + np.bincount(effects.asset, np.minimum(effects.units_by, 0.0), units.size)
    high = units + np.bincount(effects.asset, np.maximum(effects.units_by, 0.0), units.size)
    owed = high <= 0.0
    slope = np.where(owed, debt, credit)
    crossed = np.flatnonzero((low < 0.0) & (debt != slope))
    capped = np.flatnonzero(~owed & (credit * high > cap))
    asset = np.concatenate([crossed, capped])
    line = np.concatenate([debt[crossed], np.zeros(capped.size)])
    at_zero = np.concatenate([np.zeros(crossed.size), cap[capped]])
    return Count(slope, asset, np.unique(asset, return_inverse=True)[1], line, at_zero)


@kernel
def _required_usd(
    held_usd: FloatArray,
    first: IntArray,
    last: IntArray,
    floor_usd: FloatArray,
    rate: FloatArray,
    base_usd: FloatArray,
) -> float:
    total = 0.0
    for j in range(held_usd.size):
        total += tiered_usd(held_usd[j], first[j], last[j], floor_usd, rate, base_usd)
    return total


@kernel
def _written(
    target: float,
    factor: float,
    required_usd: float,
    scale_usd: float,
    pieces: Pieces,
    effects: Effects,
    count: Count,
) -> tuple[FloatArray, FloatArray, FloatArray, Places, Places, FloatArray, FloatArray]:
    """Return the columns of a programme, and the share that one unit of each piece stands for."""
    n_pieces, n_scenarios, n_lines = pieces.move.size, effects.profit.size, count.asset.size
    worst = n_pieces if n_scenarios else -1  # its column
    bends = n_pieces + (n_scenarios > 0)  # first column of the bends
    n_columns = bends + (int(count.column.max()) + 1 if n_lines else 0)
    n_rows = 1 + n_scenarios + n_lines
    cost, upper = np.zeros(n_columns), np.full(n_columns, np.inf)
    unit, least, column = np.zeros(n_pieces), np.empty(n_rows), np.empty(n_rows)
    start = np.empty(n_columns + 1, np.int32)
    row, entry = np.empty(n_columns * n_rows, np.int32), np.empty(n_columns * n_rows)
    n = 0
    for c in range(n_pieces):
        start[c] = n
        size = _piece(c, target, pieces, effects, count, column)
        if size <= _LEAST_ENTRY**2 * scale_usd:  # it changes nothing
            upper[c] = 0.0
            continue
        cost[c], upper[c] = pieces.cost_usd[c] / size, size / scale_usd
        unit[c] = pieces.width[c] * scale_usd / size
        for r in range(n_rows):
            if abs(column[r]) > _LEAST_ENTRY * size:
                row[n], entry[n] = r, column[r] / size
                n += 1
    equity_usd, loss_usd = 0.0, 0.0
    for a in range(effects.units.size):
        equity_usd += count.slope[a] * effects.units[a]
    least[0] = (required_usd - target * equity_usd) / scale_usd
    for s in range(n_scenarios):
        least[1 + s] = -effects.profit[s] / scale_usd
        loss_usd = max(loss_usd, -effects.profit[s])
    if worst >= 0:
        start[worst], upper[worst] = n, loss_usd / scale_usd
        row[n : n + n_scenarios + 1] = np.arange(n_scenarios + 1)
        entry[n], entry[n + 1 : n + n_scenarios + 1] = -factor, 1.0
        n += n_scenarios + 1
    for b in range(n_columns - bends):
        start[bends + b], row[n], entry[n] = n, 0, -target
        n += 1
        for k in range(n_lines):
            a = count.asset[k]
            if count.column[k] == b:
                row[n], entry[n] = 1 + n_scenarios + k, 1.0
                n += 1
                at_units = (count.line[k] - count.slope[a]) * effects.units[a]
                least[1 + n_scenarios + k] = -(count.at_zero[k] + at_units) / scale_usd
    start[n_columns] = n
    return cost, upper, least, start, row[:n], entry[:n], unit


@kernel
def _piece(
    c: int, target: float, pieces: Pieces, effects: Effects, count: Count, column: FloatArray
) -> float:
    """Write what one piece adds to each row, USD; return the largest of it."""
    g, width, n_scenarios = pieces.move[c], pieces.width[c], effects.profit.size
    a = effects.asset[g]
    units = effects.units_by[g] * width
    column[0] = target * count.slope[a] * units + pieces.freed_usd[c]
    for s in range(n_scenarios):
        column[1 + s] = effects.profit_by[g, s] * width
    for k in range(count.asset.size):
        bend = count.line[k] - count.slope[a] if count.asset[k] == a else 0.0
        column[1 + n_scenarios + k] = bend * units
    size = 0.0
    for r in range(column.size):
        size = max(size, abs(column[r]))
    return size
