"""Columns: arrays with spare room that Python reads and writes as plain integers."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_ROOM_MIN = 16


class Column:
    """Integers, one a row, or as many as *width* says.

    ``array`` is for kernels and ``view`` for Python: a number that it returns has no width, and one
    that does not fit is a ``ValueError`` and is not stored. Both are new when the column has grown.
    """

    __slots__ = ("array", "view")

    def __init__(self, dtype: DTypeLike = np.int64, *, width: int | None = None) -> None:
        shape = 0 if width is None else (0, width)
        self.array: NDArray[Any] = np.zeros(shape, dtype)
        self.view: Any = self.array.data

    def reserve(self, rows: int) -> None:
        """Make room for so many rows; what is new is zero."""
        room = len(self.array)
        if rows > room:
            self.replace(self.array, max(rows, 2 * room, _ROOM_MIN))

    def replace(self, values: NDArray[Any], rows: int) -> None:
        """Take over a copy of some values, with zeros behind them up to so many rows."""
        array = np.zeros((rows, *self.array.shape[1:]), self.array.dtype)
        array[: len(values)] = values
        self.array, self.view = array, array.data

    def widen(self, more: int) -> None:
        """Give every row so many numbers more, all zero."""
        array = np.zeros((len(self.array), self.array.shape[1] + more), self.array.dtype)
        array[:, : self.array.shape[1]] = self.array
        self.array, self.view = array, array.data


def exact_sum(values: NDArray[np.int64]) -> int:
    """Return the sum of up to 2**31 numbers, whatever its width."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def exact_sums(keys: NDArray[Any], values: NDArray[np.int64], size: int) -> list[int]:
    """Return the sums of the values of each key in ``[0, size)``, whatever their width."""
    high, low = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(high, keys, values >> 32)
    np.add.at(low, keys, values & 0xFFFFFFFF)
    return [(h << 32) + n for h, n in zip(high.tolist(), low.tolist(), strict=True)]
