"""The holdings of a portfolio document as rows of positions."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hullmark.core import FloatArray, IntArray
from hullmark.domain import HeldContract, Holding


class PositionRows(NamedTuple):
    """``R`` rows with ``P`` positions end to end, in contract order within a row.

    A row is what a rule book nets: an account, or what an account holds on one underlying.
    """

    start: IntArray  # (R + 1,) first position of each row
    contract: IntArray  # (P,) number of the contract
    size: FloatArray  # (P,) contract units, negative when short

    @property
    def row(self) -> IntArray:
        """The row of each position, shape (P,)."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def sums(self, values: FloatArray) -> FloatArray:
        """Return per row the sum of one number per position, shape (R,).

        Sums are taken in position order, so that equal rows have equal bits wherever they stand.
        """
        total: FloatArray = np.bincount(
            self.row, weights=values, minlength=len(self.start) - 1
        ).astype(np.float64, copy=False)
        return total


def position_rows(
    rows: Sequence[Mapping[HeldContract, float]], number: Mapping[HeldContract, int]
) -> PositionRows:
    """Return rows of positions, sorted by the *number* of their contract."""
    sorted_rows = [sorted((number[c], size) for c, size in row.items()) for row in rows]
    flat = [pair for row in sorted_rows for pair in row]
    return PositionRows(
        start=np.cumsum([0, *(len(row) for row in sorted_rows)], dtype=np.int64),
        contract=np.array([i for i, _ in flat], np.int64),
        size=np.array([size for _, size in flat], np.float64),
    )


def sizes(positions: Sequence[Holding]) -> dict[HeldContract, float]:
    """Return the sizes of *positions* as floats, by contract."""
    return {p.contract: float(p.size) for p in positions}
