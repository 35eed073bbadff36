"""The smallest common share: the same part of every position, as far as each may be closed."""

import numpy as np

from hullmark.core import IntArray, inlined, kernel
from hullmark.liquidation._fills import FIRST, ONE, Closing, Trial, fill, get_trades, reaches
from hullmark.margin import RiskTables, sweep_rows

_HALVINGS = 40  # a share to 1e-12: finer than one lot of any position


@kernel
def smallest_share(
    closing: Closing, tables: RiskTables, trial: Trial, base: IntArray, trades: IntArray
) -> bool:
    """Fill *trades* with the smallest common share that reaches the target; else with everything.

    *base* lots of each position are closed before, and the share is one of the rest. No position is
    closed beyond its cap, and everything is every position to its cap.

    Bisection keeps a share that is known to reach it on its upper side, so what it returns does
    reach it, whether or not health grows evenly with the share. Shares between which no whole lot
    lies close the same lots: of them one is asked. *trial* is scratch of one row or more.
    """
    tried, rows, which, out, sides = trial.trades, trial.rows, trial.which, trial.out, tables.sides
    asset, profit, target = trial.asset, trial.profit, closing.target
    short, enough = np.empty_like(trades), np.empty_like(trades)  # what the two ends close
    _close(0.0, closing, base, tried)
    get_trades(0, tried, short)
    low, high, reached = 0.0, 1.0, True
    for halving in range(_HALVINGS + 1):
        middle = 0.5 * (low + high) if halving else 1.0  # everything is asked first
        _close(middle, closing, base, tried)
        if halving and _equal(tried, enough):
            high = middle
        elif halving and _equal(tried, short):
            low = middle
        else:
            fill(0, tried, closing, tables, rows)
            sweep_rows(FIRST, ONE, which, rows, tables, sides, asset, profit, out)
            if reaches(0, out, target):
                high = middle
                get_trades(0, tried, enough)
            elif halving:
                low = middle
                get_trades(0, tried, short)
            else:
                reached = False
                get_trades(0, tried, enough)
                break
    for j in range(trades.size):
        trades[j] = enough[j]
    return reached


@inlined
def _close(share: float, closing: Closing, base: IntArray, tried: IntArray) -> None:
    lots, caps = closing.lots, closing.caps
    for j in range(lots.size):
        rest = abs(lots[j]) - base[j]
        closed = min(base[j] + min(int(np.ceil(share * rest)), rest), caps[j])
        tried[0, j] = -closed if lots[j] > 0 else closed


@inlined
def _equal(tried: IntArray, other: IntArray) -> bool:
    same = True
    for j in range(other.size):
        same &= tried[0, j] == other[j]
    return same
