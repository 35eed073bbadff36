"""The most that the options of one expiry can lose at settlement."""

import numpy as np
from numpy.typing import NDArray

from hullmark.book import PositionRows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.scenarios import ContractColumns


# Payoffs are lines between strikes, so a minimum lies at zero or at a strike; above the last one
# the slope is the sum of the calls, which the caller charges by itself.
@kernel
def max_loss_kernel(
    start: IntArray,
    contract: IntArray,
    size: FloatArray,
    expiry: IntArray,
    strike: FloatArray,
    call: NDArray[np.bool_],
    out: FloatArray,
) -> None:
    for r in range(start.size - 1):
        j, stop = start[r], start[r + 1]
        while j < stop:
            e = expiry[contract[j]]
            if e < 0:
                j += 1
                continue
            first = j
            while j < stop and expiry[contract[j]] == e:
                j += 1
            least = 0.0
            for at in range(first - 1, j):
                settlement = strike[contract[at]] if at >= first else 0.0
                payoff = 0.0
                for k in range(first, j):
                    i = contract[k]
                    side = settlement - strike[i] if call[i] else strike[i] - settlement
                    payoff += size[k] * max(side, 0.0)
                least = min(least, payoff)
            out[r, e] = least


def max_loss(columns: ContractColumns, positions: PositionRows) -> FloatArray:
    """Return the least payoff of each row's options of each expiry, at most 0, shape (R, E), USD.

    Settlement at zero and at every strike that is held; long options count at their payoff.
    """
    out = np.zeros((len(positions.start) - 1, len(columns.expiries)))
    group = np.where(columns.option, columns.expiry, -1)
    if len(positions.size):
        max_loss_kernel(*positions, group, columns.strike, columns.call, out)
    return out
