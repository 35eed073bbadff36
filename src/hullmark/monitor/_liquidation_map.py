"""The liquidation map: what would be under maintenance margin, over a grid of moves."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.errors import InvalidInputError
from hullmark.margin import RiskTables, evaluate


class LiquidationMap(NamedTuple):
    """Per move, the accounts in breach there and what they hold.

    Every move is looked at by itself, from the book as it stands: nothing is closed on the way.
    """

    move: FloatArray  # (M,) relative move of the price
    long_usd: FloatArray  # (M,) notional at the moved price, of the positions that are long
    short_usd: FloatArray  # (M,) of those that are short; not negative
    accounts: IntArray  # (M,) how many accounts


@kernel
def notional_sides(
    under: NDArray[np.bool_], rows: Rows, notional_usd: FloatArray
) -> tuple[float, float]:
    """Return the notional, long and short, of the rows that are marked."""
    long_usd = short_usd = 0.0
    for row in range(under.size):
        if under[row]:
            for j in range(rows.start[row], rows.start[row] + rows.count[row]):
                usd = rows.size[j] * notional_usd[rows.instrument[j]]
                if usd > 0.0:
                    long_usd += usd
                else:
                    short_usd -= usd
    return long_usd, short_usd


def liquidation_map(
    rows: Rows,
    tables_at: Callable[[float], RiskTables],
    moves: Sequence[float] | FloatArray,
    *,
    threads: int = 1,
    only_at: Callable[[float], IntArray] | None = None,
) -> LiquidationMap:
    """Return the notional that would be liquidated at each of some moves.

    Parameters
    ----------
    rows : Rows
        The book.
    tables_at : callable
        Returns the risk tables after a relative move.
    moves : sequence of float
        Relative moves, -0.1 a fall by a tenth; finite and above -1, in any order.
    threads : int
        As in `margin.evaluate`.
    only_at : callable, optional
        Returns the rows that may be in breach after a relative move, as a trigger index knows them;
        all others are left out. Without it every row is evaluated.

    Raises
    ------
    InvalidInputError
        If a move is not one.
    """
    if bad := [move for move in moves if not -1.0 < move < math.inf]:
        raise InvalidInputError(f"moves must be finite and > -1, was {bad[0]:g}")
    sides, accounts = np.zeros((2, len(moves))), np.zeros(len(moves), np.int64)
    for at, move in enumerate(moves):
        tables = tables_at(float(move))
        under = np.zeros(rows.start.size, np.bool_)
        which = np.arange(under.size) if only_at is None else only_at(float(move))
        under[which] = evaluate(rows, tables, which=which, threads=threads).in_breach
        accounts[at] = np.count_nonzero(under)
        sides[:, at] = notional_sides(under, rows, tables.notional_usd)
    return LiquidationMap(np.array(moves, dtype=np.float64), sides[0], sides[1], accounts)
