"""Moves in pieces: shares of a move between two cuts, over which cost and margin are straight."""

from typing import NamedTuple

import numpy as np

from hullmark.core import FloatArray, IntArray, kernel
from hullmark.liquidation._lp_moves import Moves, cost_per_lot_usd

_CUTS = 3  # of a move with impact: at its share, and a ratio below and above


class Brackets(NamedTuple):
    """What tiers make of each move: all zero under a model without tiers."""

    held_usd: FloatArray  # (G,) notional of the position that a move closes
    first: IntArray  # (G,) first tier of its instrument
    last: IntArray  # (G,) behind its last one; equal to the first where there are none
    floor_usd: FloatArray  # (T,)
    rate: FloatArray  # (T,) marginal
    base_usd: FloatArray  # (T,) requirement of a notional at the floor


class Pieces(NamedTuple):
    """Shares of moves, ``C`` of them, those of one move behind one another in their order."""

    move: IntArray  # (C,)
    width: FloatArray  # (C,) share of the move
    cost_usd: FloatArray  # (C,) of the whole piece
    freed_usd: FloatArray  # (C,) maintenance margin by tiers; 0 under a model without


def pieces_of(around: FloatArray, ratio: float, moves: Moves, brackets: Brackets) -> Pieces:
    """Cut every move where its margin bends, and where it has impact around an expected share.

    Parameters
    ----------
    around : ndarray of float64, shape (G,), > 0
        The share of each move that is expected to be made.
    ratio : float, > 1
        Of one cut to the next: they are at ``around / ratio``, ``around`` and ``around * ratio``.

    Returns
    -------
    Pieces
        A chord between two cuts of a cost that rises with the square is never below it, and meets
        it at the cuts. So no point costs more than its pieces say, and the expected one costs just
        that. What may not be traded has no pieces.
    """
    return Pieces(*_cut(around, ratio, moves, brackets))


@kernel
def tiered_usd(
    notional_usd: float,
    first: int,
    last: int,
    floor_usd: FloatArray,
    rate: FloatArray,
    base_usd: FloatArray,
) -> float:
    """Return the maintenance margin of a notional by tiers *first* to *last*; 0 without any."""
    if first >= last:
        return 0.0
    k = first
    while k + 1 < last and floor_usd[k + 1] <= notional_usd:
        k += 1
    return float(base_usd[k] + (notional_usd - floor_usd[k]) * rate[k])


@kernel
def _cut(
    around: FloatArray, ratio: float, moves: Moves, brackets: Brackets
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    first, last, floor_usd = brackets.first, brackets.last, brackets.floor_usd
    room = first.size * (_CUTS + 1) + int((last - first).sum())
    move, width = np.empty(room, np.int64), np.empty(room)
    cost, freed = np.empty(room), np.empty(room)
    cuts = np.empty(room + 2)
    n = 0
    for g in range(first.size):
        most, held_usd = float(moves.most[g]), brackets.held_usd[g]
        if most == 0.0:
            continue
        whole_usd, count = most * moves.lot_usd[g], 1
        cuts[0] = 0.0
        if np.isfinite(moves.depth_usd[g]):
            for share in (around[g] / ratio, around[g], around[g] * ratio):
                if 0.0 < share < 1.0:
                    cuts[count] = share
                    count += 1
        for k in range(first[g] + 1, last[g]):
            if held_usd - whole_usd < floor_usd[k] < held_usd:
                cuts[count] = (held_usd - floor_usd[k]) / whole_usd
                count += 1
        cuts[count] = 1.0
        edges = np.sort(cuts[: count + 1])
        for p in range(count):
            a, b = edges[p], edges[p + 1]
            if a < b:
                move[n], width[n] = g, b - a
                cost[n] = (b - a) * cost_per_lot_usd(g, a * most, b * most, moves) * most
                inside_usd = held_usd - 0.5 * (a + b) * whole_usd
                freed[n] = (b - a) * whole_usd * _rate_at(inside_usd, g, brackets)
                n += 1
    return move[:n], width[:n], cost[:n], freed[:n]


# Of the tier that a notional lies in, and not a difference of requirements: pieces may be short.
@kernel
def _rate_at(notional_usd: float, g: int, brackets: Brackets) -> float:
    k, last = brackets.first[g], brackets.last[g]
    if k >= last:
        return 0.0
    while k + 1 < last and brackets.floor_usd[k + 1] <= notional_usd:
        k += 1
    return float(brackets.rate[k])
