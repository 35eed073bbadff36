"""What some rows of a ledger hold, as columns: read by a kernel, a row after the other."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import IntArray, kernel


class Lines(NamedTuple):
    """Some rows of a ledger: ``n`` of them with ``p`` positions, those of a row together."""

    cash: IntArray  # (n, n_assets) quanta
    held: IntArray  # (n,) positions of each row
    instrument: NDArray[np.int32]  # (p,) ascending within a row
    lots: IntArray  # (p,)
    quote: IntArray  # (p,)
    paid: IntArray  # (p,) micro-quanta


def read_lines(rows: IntArray, cash: IntArray, slots: tuple[NDArray[Any], ...]) -> Lines:
    """Return the lines of *rows*; *slots* as `Slots.arrays` has them."""
    head, following, _, instrument, lots, quote, paid = slots
    held = np.empty(rows.size, np.int64)
    found = np.empty(count_held(rows, head, following, held), np.int64)
    list_slots(rows, head, following, found)
    return Lines(cash[rows], held, instrument[found], lots[found], quote[found], paid[found])


@kernel
def count_held(
    rows: IntArray, head: NDArray[np.int32], following: NDArray[np.int32], held: IntArray
) -> int:
    """Write the number of positions of each row, and return their sum."""
    total = 0
    for k in range(rows.size):
        held[k] = 0
        slot = head[rows[k]]
        while slot >= 0:
            held[k] += 1
            slot = following[slot]
        total += held[k]
    return total


@kernel
def list_slots(
    rows: IntArray, head: NDArray[np.int32], following: NDArray[np.int32], found: IntArray
) -> None:
    """Write the slots of each row, one row after the other."""
    at = 0
    for k in range(rows.size):
        slot = head[rows[k]]
        while slot >= 0:
            found[at] = slot
            at += 1
            slot = following[slot]
