"""From the numbers of accounts to their rows, many at once.

A dictionary finds one account faster; for thousands it follows as many pointers to integers all
over the memory. Here rows lie in one array by a hash of their account, and what they are the rows
of is looked up in the column of account numbers.
"""

import numpy as np
from numpy.typing import NDArray

from hullmark.core import IntArray, kernel

# Knuth, The Art of Computer Programming, volume 3, 6.4: 2**64 over the golden ratio.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_BITS_MIN = 6


class Directory:
    """The rows of accounts, which are entered when they are first looked for."""

    __slots__ = ("_bits", "_known", "_seats")

    def __init__(self) -> None:
        self._known = 0  # rows entered
        self._bits = _BITS_MIN
        self._seats = np.full(1 << self._bits, -1, np.int32)  # a power of two, half empty at least

    def rows_of(self, accounts: IntArray, numbers: IntArray) -> IntArray:
        """Return the row of each account, -1 where there is none.

        *numbers* are those of all accounts, by row; none of them may have changed since the last
        call, and there may be more.
        """
        if self._known < numbers.size:
            if 2 * numbers.size > self._seats.size:
                self._bits = (2 * numbers.size - 1).bit_length() + 1
                self._seats, self._known = np.full(1 << self._bits, -1, np.int32), 0
            enter_rows(self._known, numbers, self._bits, self._seats)
            self._known = numbers.size
        rows = np.empty(accounts.size, np.int64)
        find_rows(accounts, numbers, self._bits, self._seats, rows)
        return rows


@kernel
def _seat_of(account: int, bits: int) -> int:
    return int(np.int64((np.uint64(account) * _MULTIPLIER) >> np.uint64(64 - bits)))


@kernel
def enter_rows(known: int, numbers: IntArray, bits: int, seats: NDArray[np.int32]) -> None:
    """Give every row from *known* on the first free seat behind that of its account."""
    for row in range(known, numbers.size):
        seat = _seat_of(numbers[row], bits)
        while seats[seat] >= 0:
            seat = (seat + 1) & (seats.size - 1)
        seats[seat] = row


@kernel
def find_rows(
    accounts: IntArray, numbers: IntArray, bits: int, seats: NDArray[np.int32], rows: IntArray
) -> None:
    """Write the row of each account, or -1."""
    for k in range(accounts.size):
        seat = _seat_of(accounts[k], bits)
        while seats[seat] >= 0 and numbers[seats[seat]] != accounts[k]:
            seat = (seat + 1) & (seats.size - 1)
        rows[k] = seats[seat]
