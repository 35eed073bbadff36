"""The worst scenario of rows that net by expiry: one kernel under every scenario rule book.

Within an expiry, options add up in each scenario to a value ``V``, and at the market to ``m``. The
expiry gains ``V d - m``, where the *discount* ``d`` depends on the sign of ``V``; a scenario that
*rotates* the skew takes ``-|gain|``, since either rotation may come. The row gains the sum over its
expiries and its linear positions, times the *weight* of the scenario, and what is left is moved
towards zero by at most its *relief*; of a gain a *share* counts. The least of that, or of the basis
contingency, is the worst.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from hullmark.book import PositionRows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.margin._lanes import BLOCK
from hullmark.margin._net_lanes import (
    EXTRAS,
    FLOOR,
    MOVE,
    RELIEF,
    SIGN,
    STEPS,
    WEIGHT,
    end_row,
    net_group,
)


class NettingTables(NamedTuple):
    """What the netting kernel reads beside the rows.

    ``I`` contracts, ``G`` groups (expiries), ``S`` scenarios. *value* has two columns more, for
    the basis contingency: spot up and spot down.
    """

    group: IntArray  # (I,) expiry of an option; -1 of what is linear
    value: FloatArray  # (I, S + 2) per unit in each scenario
    base: FloatArray  # (I,) per unit at the market
    positive: FloatArray  # (G,) discount of a value above zero
    negative: FloatArray  # (G,) discount of a value below zero
    basis: FloatArray  # (G,) share of the loss when spot and future part; 0: no such charge
    move: FloatArray  # (S,) what one unit of linear exposure gains
    weight: FloatArray  # (S,)
    rotates: NDArray[np.bool_]  # (S,)
    relief: FloatArray  # (S,) how far a gain or loss is moved towards zero, >= 0
    gain_share: float  # of a gain that counts

    @classmethod
    def plain(cls, group: IntArray, value: FloatArray, base: FloatArray, move: FloatArray) -> Self:
        """Return tables without post-processing, which parts then replace by name."""
        groups, shocks = int(group.max(initial=-1)) + 1, len(move)
        return cls(
            group=group,
            value=np.ascontiguousarray(value),
            base=base,
            positive=np.ones(groups),
            negative=np.ones(groups),
            basis=np.zeros(groups),
            move=move,
            weight=np.ones(shocks),
            rotates=np.zeros(shocks, np.bool_),
            relief=np.zeros(shocks),
            gain_share=1.0,
        )


class Netted(NamedTuple):
    """The outcome of rows over the scenarios."""

    worst: FloatArray  # (R,) least gain, the basis contingency included
    scenario: IntArray  # (R,) the first that attains it; S: the basis contingency
    basis: FloatArray  # (R,) basis contingency, <= 0
    option_value: FloatArray  # (R,) options at the market
    profit: FloatArray  # (R, S) gain in each scenario; (0, S) where it was not asked for


# `value` and `steps` are as `_padded` makes them; *blocks* has a zero per block of scenarios, whose
# count is thereby constant.
@kernel
def net_kernel(
    start: IntArray,
    contract: IntArray,
    size: FloatArray,
    linear: FloatArray,
    value: FloatArray,
    steps: FloatArray,
    tables: NettingTables,
    out: Netted,
    blocks: tuple[int, ...],
) -> None:
    group, shocks = tables.group, tables.move.size
    gain = np.empty(value.shape[1])
    for r in range(start.size - 1):
        for s in range(gain.size):
            gain[s] = linear[r] * steps[MOVE, s]
        contingency = total = 0.0
        j, stop = start[r], start[r + 1]
        while j < stop:
            g = group[contract[j]]
            if g < 0:
                j += 1
                continue
            j, at_market, spot_up, spot_down = net_group(
                value,
                group,
                contract,
                size,
                j,
                stop,
                tables.positive[g],
                tables.negative[g],
                steps,
                gain,
                blocks,
            )
            contingency += min(min(spot_up, spot_down) - at_market, 0.0) * tables.basis[g]
            total += at_market
        worst, scenario = end_row(gain, steps, tables.gain_share, blocks)
        if not worst < contingency:
            worst, scenario = contingency, shocks
        if out.profit.shape[0]:
            out.profit[r, :] = gain[:shocks]
        out.worst[r], out.scenario[r] = worst, scenario
        out.basis[r], out.option_value[r] = contingency, total


def net(
    rows: PositionRows, linear: FloatArray, tables: NettingTables, *, keep: bool = False
) -> Netted:
    """Return the worst scenario of every row.

    Parameters
    ----------
    rows : PositionRows
        ``R`` rows of ``tables``' contracts, those of one group beside each other.
    linear : ndarray of float64, shape (R,)
        Exposure of each row that gains ``linear * move`` in a scenario.
    tables : NettingTables
        The contracts in every scenario.
    keep : bool, default False
        Whether to return the gain in each scenario.

    Notes
    -----
    The worst is at most zero where a basis contingency competes, as at Derive, and there is always
    one here: without a share of its own it is 0, "nothing happens".
    """
    count, shocks = len(rows.start) - 1, len(tables.move)
    out = Netted(
        worst=np.empty(count),
        scenario=np.empty(count, np.int64),
        basis=np.empty(count),
        option_value=np.empty(count),
        profit=np.empty((count if keep else 0, shocks)),
    )
    blocks = (0,) * -(-(shocks + EXTRAS) // BLOCK)
    value, steps = _padded(tables, BLOCK * len(blocks))
    net_kernel(*rows, linear, value, steps, tables, out, blocks)
    return out


# Rows begin at a cache line, which array allocation by itself does not see to.
def _padded(tables: NettingTables, width: int) -> tuple[FloatArray, FloatArray]:
    count, shocks = len(tables.base), len(tables.move)
    memory = np.zeros(count * width + BLOCK)
    first = -memory.ctypes.data % (8 * BLOCK) // 8
    value = memory[first : first + count * width].reshape(count, width)
    value[:, :shocks] = tables.value[:, :shocks]
    value[:, -EXTRAS] = tables.base
    value[:, 1 - EXTRAS :] = tables.value[:, shocks:]
    steps = np.zeros((STEPS, width))
    steps[MOVE, :shocks], steps[WEIGHT, :shocks] = tables.move, tables.weight
    steps[RELIEF, :shocks] = tables.relief
    steps[SIGN, :shocks] = np.where(tables.rotates, -0.0, 0.0)
    steps[FLOOR] = np.where(np.arange(width) < shocks, -np.inf, np.inf)
    return value, steps
