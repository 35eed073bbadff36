"""One row of a book, asked what it would be worth after a trade or a payment.

Handing two dozen arrays to a kernel takes longer than what it does with one row. So they are put
into a bundle once, and every question passes that.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.core import Bundle, bundle, kernel
from hullmark.errors import InvalidInputError
from hullmark.margin._evaluate import COLUMNS, sweep_rows
from hullmark.margin._tables import RiskTables, Sides


class Change(NamedTuple):
    """What a question replaces in a row: at most one position, and the cash of one asset."""

    instrument: int = -1  # -1: no position
    size: float = 0.0  # contract units after the change; 0: the position is gone
    quote: float = 0.0  # settlement units after it
    asset: int = -1  # -1: no cash
    units: float = 0.0  # units after it


_NO_CHANGE = Change()


@kernel
def spare_kernel(
    what_if: Bundle,
    row: int,
    settled: bool,
    number: int,
    new_size: float,
    new_quote: float,
    paid_in: int,
    units: float,
) -> float:
    """Return what `WhatIf.spare_usd` does, from within another kernel; inputs are trusted.

    It begins with `WhatIf.bundle`; then come the row, whether unsettled gains are taken off, and
    the numbers of a `Change`.
    """
    rows, tables, unsettled = what_if.content
    start, stop = rows.start[row], rows.start[row] + rows.count[row]
    instrument = np.empty(stop - start + 1, np.int32)
    size, quote = np.empty(stop - start + 1), np.empty(stop - start + 1)
    n, done = 0, number < 0
    for j in range(start, stop + 1):
        if not done and (j == stop or rows.instrument[j] >= number):
            done = True
            if new_size != 0.0:
                instrument[n], size[n], quote[n] = number, new_size, new_quote
                n += 1
        if j < stop and rows.instrument[j] != number:
            instrument[n], size[n], quote[n] = rows.instrument[j], rows.size[j], rows.quote[j]
            n += 1
    balance = rows.balance[row : row + 1].copy()
    if paid_in >= 0:
        balance[0, paid_in] = units
    model = rows.model[row : row + 1]
    one = Rows(np.zeros(1, np.int64), np.full(1, n), instrument, size, quote, balance, model)
    asset, profit = np.empty((2, balance.shape[1])), np.empty(tables.risk.shape[1])
    out = np.empty((COLUMNS, 1))
    sweep_rows(0, 1, np.zeros(1, np.int64), one, tables, tables.sides, asset, profit, out)
    spare: float = out[1, 0] - (out[3, 0] if out[8, 0] > 0.0 else 0.0)  # as `Health.spare_initial`
    if not settled:
        return spare
    return spare - _gains_usd(start, stop, rows, tables, tables.sides, unsettled)


# As `initial_prices` has it. By itself: what is not there is known when this is compiled.
@kernel
def _gains_usd(
    start: int,
    stop: int,
    rows: Rows,
    tables: RiskTables,
    sides: Sides | None,
    unsettled: NDArray[np.bool_],
) -> float:
    gains = 0.0
    for j in range(start, stop):
        i = rows.instrument[j]
        if unsettled[i]:
            size, asset = rows.size[j], tables.settle[i]
            if sides is None:
                value, price = tables.value[i], tables.price_usd[asset]
            else:
                value = sides.long_initial[i] if size > 0.0 else sides.short_initial[i]
                price = sides.debt_initial[asset]
            gains += max(size * value + rows.quote[j], 0.0) * price
    return gains


class WhatIf:
    """The rows of a book at a market, asked one at a time; none is changed by it.

    Parameters
    ----------
    rows, tables : Rows, RiskTables
        As in `evaluate`. What is later written into these arrays is seen by the next question.
    unsettled : ndarray of bool, shape (I,)
        The instruments whose gain lies in the quote until it is realised.

    Raises
    ------
    InvalidInputError
        If *unsettled* is not of the instruments of the tables.
    """

    def __init__(self, rows: Rows, tables: RiskTables, *, unsettled: NDArray[np.bool_]) -> None:
        if unsettled.shape != tables.value.shape:
            raise InvalidInputError(
                f"unsettled must have the shape {tables.value.shape}, was {unsettled.shape}"
            )
        self._about = rows, tables
        self._sizes = len(rows.start), len(tables.value), len(tables.price_usd)
        self.bundle = bundle((rows, tables, unsettled))  # what `spare_kernel` takes first

    def is_about(self, rows: Rows, tables: RiskTables) -> bool:
        """Whether these are the very arrays that are asked here."""
        return self._about[0] is rows and self._about[1] is tables

    def spare_usd(self, row: int, change: Change = _NO_CHANGE, *, settled: bool = False) -> float:
        """Return initial equity less initial margin of a row after *change*, USD.

        The bits are those of `evaluate_one`. Minus infinity where a tiered row holds an instrument
        without a tier schedule. With *settled*, the gains that the row has now and has not realised
        are taken off.

        Raises
        ------
        InvalidInputError
            If the book has no such row, or the venue no such instrument or asset.
        """
        number, new_size, new_quote, asset, units = change
        rows, instruments, assets = self._sizes
        if not (0 <= row < rows and -1 <= number < instruments and -1 <= asset < assets):
            _refuse(row, change, self._sizes)
        return float(
            spare_kernel(self.bundle, row, settled, number, new_size, new_quote, asset, units)
        )


def _refuse(row: int, change: Change, sizes: tuple[int, int, int]) -> None:
    rows, instruments, assets = sizes
    for name, number, low, size in (
        ("row", row, 0, rows),
        ("instrument", change.instrument, -1, instruments),
        ("asset", change.asset, -1, assets),
    ):
        if not low <= number < size:
            raise InvalidInputError(f"{name} must be in [{low}, {size}), was {number}")
