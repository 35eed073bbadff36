"""What the parts of a rule book see: rows of positions with their prices and collateral."""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hullmark.book import PositionRows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.domain import CollateralPrice, Node, UnderlyingMarket
from hullmark.scenarios import ContractColumns


class Charge(NamedTuple):
    """What a part requires of each row, in the currency of the rows; not below zero."""

    initial: FloatArray  # (R,) what the initial check requires, the maintenance part included
    maintenance: FloatArray  # (R,)


class MarginRows(Struct, frozen=True, kw_only=True, dict=True):
    """``R`` rows on one underlying: what a rule book nets, and what it margins together."""

    columns: ContractColumns
    positions: PositionRows
    account: IntArray  # (R,) number of the account each row belongs to
    underlying: str  # "" where the rows hold no contract
    price: FloatArray  # (I,) currency per contract unit at the market
    delta: FloatArray  # (I,) coins per unit of an option, as the rule book counts it
    vega: FloatArray  # (I,) currency per vol point and unit of an option
    years: FloatArray  # (E,) to each expiry
    coin: bool  # whether the currency is the coin itself
    collaterals: Mapping[str, CollateralPrice]
    collateral: FloatArray  # (R, C) units held, in the order of *collaterals*
    stable: float | None  # USD price of the cash asset

    @property
    def market(self) -> UnderlyingMarket:
        """Prices of the underlying."""
        return self.columns.market.underlyings[self.underlying]

    @property
    def spot(self) -> float:
        """Spot of the underlying in the currency of the rows: 1 where that is the coin."""
        return 1.0 if self.coin or not self.underlying else float(self.market.spot)

    @property
    def mark(self) -> float:
        """Mark of the perpetual, USD per coin; 1 where there is none."""
        mark = self.market.perpetual if self.underlying else None
        return 1.0 if mark is None else float(mark)

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.account)

    @property
    def none(self) -> FloatArray:
        """A charge of nothing."""
        return np.zeros(self.count)

    @cached_property
    def collateral_value(self) -> FloatArray:
        """Value of each collateral of each row in the cash asset, shape (R, C)."""
        prices = np.array([float(c.price) for c in self.collaterals.values()], np.float64)
        value: FloatArray = self.collateral * prices / (self.stable or 1.0)
        return value

    @cached_property
    def coins(self) -> FloatArray:
        """Coins of each position that is no option, shape (P,); inverse contracts at their mark."""
        i = self.positions.contract
        linear = np.where(self.columns.option[i], 0.0, self.positions.size)
        return linear / self.columns.anchor[i] if self.coin else linear

    @cached_property
    def position_delta(self) -> FloatArray:
        """Delta of each position in coins, shape (P,); that of a future fades as it settles."""
        i = self.positions.contract
        variable = self.columns.of_expiry(self.columns.variable_share, otherwise=1.0)
        delta: FloatArray = self.coins * variable[i] + self.positions.size * self.delta[i]
        return delta

    def total(
        self, per_unit: FloatArray, at: NDArray[np.bool_] | None = None, *, gross: bool = False
    ) -> FloatArray:
        """Return per row the sum of its sizes, each times its contract's *per_unit*, shape (R,).

        Of rows that *at* does not mark it is 0; *gross* takes absolute sizes. Sums are taken in
        position order, as those of `PositionRows.sums` are, without an array of positions between.
        """
        out = self.none
        if per_unit.any():
            at = np.ones(self.count, np.bool_) if at is None else at
            total_kernel(*self.positions, per_unit, at, gross, out)
        return out

    @cached_property
    def perpetual(self) -> FloatArray:
        """Coins of the perpetual in each row, shape (R,); an inverse one at its mark."""
        size = self.total(self.columns.perpetual.astype(np.float64))
        return size / self.mark if self.coin else size

    @cached_property
    def holds_perpetual(self) -> NDArray[np.bool_]:
        """Whether a row holds the perpetual, shape (R,)."""
        held: NDArray[np.bool_] = self.perpetual != 0.0
        return held

    @cached_property
    def naked(self) -> FloatArray:
        """Short options per row that no opposite position at their strike offsets, shape (R,)."""
        out = self.none
        naked_kernel(*self.positions, self._place, out)
        return out

    # Numbers the strikes of all expiries in order, shape (I,); -1 of what is no option.
    @cached_property
    def _place(self) -> IntArray:
        columns = self.columns
        keys = columns.option, columns.expiry, columns.strike
        begins = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
        number = np.concatenate([[0], np.cumsum(begins)])[: len(columns.contracts)]
        return np.where(columns.option, number, -1)


def across(values: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """Return per row the sum of its columns, each times its weight.

    One column after the other: then columns of zeros, which other rows have brought in, change no
    bit of a row's sum, as those of a matrix product or of a pairwise sum do.
    """
    total = np.zeros(len(values))
    for c, column in enumerate(values.T):
        total += column if weights is None else column * weights[c]
    return total


# Loops over unsigned places, as no place counts from the end: half the time.
@kernel
def total_kernel(
    start: IntArray,
    contract: IntArray,
    size: FloatArray,
    per_unit: FloatArray,
    at: NDArray[np.bool_],
    gross: bool,
    out: FloatArray,
) -> None:
    for r in range(out.size):
        total, stop = 0.0, start[r + 1] if at[r] else start[r]
        for j in range(np.uintp(start[r]), np.uintp(stop)):
            units = abs(size[j]) if gross else size[j]
            total += units * per_unit[np.uintp(contract[j])]
        out[r] = total


# A strike's call and put stand beside each other. Nothing branches on a size or on a strike, as
# good as random both: a branch guessed wrong takes longer than a position.
@kernel
def naked_kernel(
    start: IntArray, contract: IntArray, size: FloatArray, place: IntArray, out: FloatArray
) -> None:
    for r in range(out.size):
        naked, held, before = 0.0, 0.0, -1
        for j in range(np.uintp(start[r]), np.uintp(start[r + 1])):
            here = place[np.uintp(contract[j])]
            opens = here != before
            naked += 0.5 * (abs(held) - held) if opens else 0.0
            held = (0.0 if opens else held) + size[j]
            held = held if here >= 0 else 0.0
            before = here
        out[r] = naked + 0.5 * (abs(held) - held)


class AddOn(Protocol):
    """A named charge of a rule book."""

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the parameters of the charge."""
        ...

    def charge(self, rows: MarginRows, /) -> Charge:
        """Return what every row is charged."""
        ...


@runtime_checkable
class MovesWithSpot(Protocol):
    """An add-on on collateral of which some moves with spot, and so cancels risk."""

    def moving(self, rows: MarginRows, /) -> FloatArray:
        """Return the value per row of what moves with spot."""
        ...
