"""What is done to many rows at once: interest and expiry, as one by one.

A kernel stops before the first row that it cannot count in 64 bits, with nothing of that row done;
the caller does this one with integers that have no width, and goes on behind it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hullmark.core import NANO, IntArray, kernel, wide_add, wide_ceil, wide_floor, wide_subtract
from hullmark.ledger._position import MICRO
from hullmark.ledger._slots import remove_kernel, seek_kernel


@kernel
def interest_kernel(cash: IntArray, rows: IntArray, start: int, target: int, rate_nano: int) -> int:
    """Charge the debts of some rows from *start*; return where it stopped, or their number."""
    for k in range(start, len(rows)):
        row = rows[k]
        gained, fits = wide_floor(cash[row], rate_nano, 1, NANO)  # below zero: what is owed
        left, left_fits = wide_add(cash[row], gained)
        total, total_fits = wide_subtract(cash[target], gained)
        if not (fits and left_fits and total_fits):
            return k
        cash[row], cash[target] = left, total
    return len(rows)


@kernel
def expiry_kernel(
    cash: IntArray,
    slots: tuple[NDArray[Any], ...],
    rows: NDArray[np.int32],
    start: int,
    free: int,
    instrument: int,
    index: int,
    payoff: tuple[int, int],
    owners: tuple[int, int],
) -> tuple[int, int]:
    """Close the positions of some rows from *start*: where it stopped, and the first free slot.

    *cash* is that of the settlement asset, *payoff* a ratio of quanta per lot, and *owners* the
    rows of the accounts of funding and of settlement.
    """
    head, following, _, instruments, lots, quote, paid = slots
    funding, settlement = owners
    for k in range(start, len(rows)):
        row = rows[k]
        before, slot = seek_kernel(-1, head[row], instrument, following, instruments)
        steps, fits_0 = wide_subtract(index, paid[slot])
        due, fits_1 = wide_ceil(lots[slot], steps, 1, MICRO)
        worth, fits_2 = wide_floor(lots[slot], payoff[0], 1, payoff[1])
        own, fits_3 = wide_subtract(cash[row], due)
        transit, fits_4 = wide_add(cash[funding], due)
        own, fits_5 = wide_add(own, quote[slot])
        pool, fits_6 = wide_subtract(cash[settlement], worth)
        own, fits_7 = wide_add(own, worth)
        fits = fits_0 and fits_1 and fits_2 and fits_3 and fits_4 and fits_5 and fits_6 and fits_7
        if not fits or row in (funding, settlement):
            return k, free
        cash[row], cash[funding], cash[settlement] = own, transit, pool
        free = remove_kernel(slots, row, slot, before, free)
    return len(rows), free
