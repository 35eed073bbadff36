"""Whole rows written at once: the kernels behind `Book.set_rows`.

*Lines* are the new content of some rows: the cash and the count of each, and their positions end to
end.
"""

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray, IntArray, kernel


@kernel
def first_bad_row(
    n_rows: int,
    rows: IntArray,
    balance: FloatArray,
    count: IntArray,
    instrument: NDArray[np.int32],
    size: FloatArray,
    quote: FloatArray,
) -> int:
    """Return the first line that no row of a book can be; -1 if there is none."""
    first = 0
    for k in range(rows.size):
        stop = first + count[k]
        if not (0 <= rows[k] < n_rows and first <= stop <= instrument.size):
            return k
        for a in range(balance.shape[1]):
            if not np.isfinite(balance[k, a]):
                return k
        before = -1
        for j in range(first, stop):
            if not (instrument[j] > before and np.isfinite(size[j]) and np.isfinite(quote[j])):
                return k
            if size[j] == 0.0:
                return k
            before = instrument[j]
        first = stop
    return -1 if first == instrument.size else rows.size - 1


@kernel
def write_rows(
    done: int,
    rows: IntArray,
    balance: FloatArray,
    count: IntArray,
    instrument: NDArray[np.int32],
    size: FloatArray,
    quote: FloatArray,
    to_start: IntArray,
    to_room: IntArray,
    to_count: IntArray,
    to_balance: FloatArray,
    to_instrument: NDArray[np.int32],
    to_size: FloatArray,
    to_quote: FloatArray,
) -> int:
    """Write the lines from *done* on; return the first that finds no room, or their number."""
    first = count[:done].sum()
    for k in range(done, rows.size):
        row, n = rows[k], count[k]
        if n > to_room[row]:
            return k
        to_count[row] = n
        to_balance[row] = balance[k]
        at = to_start[row]
        for j in range(n):
            to_instrument[at + j] = instrument[first + j]
            to_size[at + j] = size[first + j]
            to_quote[at + j] = quote[first + j]
        first += n
    return rows.size
