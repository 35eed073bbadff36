"""From the ledger's whole numbers to the floats of risk: one conversion each, correctly rounded.

Python divides integers of any size correctly rounded. A kernel does the same as long as the numbers
are whole as floats too, and leaves the others to Python.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray, IntArray, kernel
from hullmark.ledger import MICRO, Ledger, Position

_WHOLE_MAX = 2**53  # up to here every whole number is a float


class Scale(NamedTuple):
    """What the whole numbers of a ledger count, by instrument and by asset."""

    lot: list[float]  # contract units in one lot
    settled: list[int]  # quanta per unit of the settlement asset
    unit: list[int]  # quanta per unit of each asset
    lot_array: FloatArray
    settled_array: FloatArray
    unit_array: FloatArray

    @classmethod
    def of(cls, ledger: Ledger) -> "Scale":
        """Return the scale of a ledger's assets and instruments as they are now."""
        unit = [asset.quanta_per_unit for asset in ledger.assets]
        settled = [unit[ledger.settlement(n)] for n in range(len(ledger.instruments))]
        lot = [instrument.lot for instrument in ledger.instruments]
        return cls(lot, settled, unit, *(np.array(c, np.float64) for c in (lot, settled, unit)))

    def position(self, number: int, position: Position) -> tuple[float, float]:
        """Return size and quote of a position: contract units and settlement units.

        The quote carries the funding index at which the position last settled.
        """
        lots, quote, paid_micro = position
        carried = quote + lots * paid_micro / MICRO
        return lots * self.lot[number], carried / self.settled[number]

    def positions(
        self, instrument: NDArray[np.int32], lots: IntArray, quote: IntArray, paid_micro: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the same for many positions, bit for bit."""
        sizes, quotes = np.empty(lots.size), np.empty(lots.size)
        if convert_positions(
            instrument, lots, quote, paid_micro, self.lot_array, self.settled_array, sizes, quotes
        ):
            for j in np.flatnonzero(np.isnan(quotes)).tolist():
                exact = Position(int(lots[j]), int(quote[j]), int(paid_micro[j]))
                sizes[j], quotes[j] = self.position(int(instrument[j]), exact)
        return sizes, quotes

    def balances(self, cash: IntArray) -> FloatArray:
        """Return cash in units, of arrays of shape (n, A) in quanta."""
        balances = np.empty(cash.shape)
        if convert_cash(cash, self.unit_array, balances):
            for row, asset in np.argwhere(np.isnan(balances)).tolist():
                balances[row, asset] = int(cash[row, asset]) / self.unit[asset]
        return balances


@kernel
def position_units(
    lots: int, quote: int, paid_micro: int, lot: float, settled: float
) -> tuple[float, float, bool]:
    """Return size and quote of a position, and whether they are correctly rounded for sure."""
    carry = float(lots) * float(paid_micro)
    exact = abs(carry) < _WHOLE_MAX and abs(float(paid_micro)) < _WHOLE_MAX
    return lots * lot, (quote + carry / MICRO) / settled, exact


@kernel
def cash_units(quanta: int, unit: float) -> tuple[float, bool]:
    """Return cash in units, and whether it is correctly rounded for sure."""
    return quanta / unit, abs(float(quanta)) < _WHOLE_MAX


@kernel
def convert_positions(
    instrument: NDArray[np.int32],
    lots: IntArray,
    quote: IntArray,
    paid_micro: IntArray,
    lot: FloatArray,
    settled: FloatArray,
    sizes: FloatArray,
    quotes: FloatArray,
) -> int:
    """Write sizes and quotes; return how many quotes are NaN, being left to Python."""
    left = 0
    for j in range(lots.size):
        i = instrument[j]
        sizes[j], quotes[j], exact = position_units(
            lots[j], quote[j], paid_micro[j], lot[i], settled[i]
        )
        if not exact:
            quotes[j] = np.nan
            left += 1
    return left


@kernel
def convert_cash(cash: IntArray, unit: FloatArray, balances: FloatArray) -> int:
    """Write balances; return how many are NaN, being left to Python."""
    left = 0
    for row in range(cash.shape[0]):
        for a in range(unit.size):
            balances[row, a], exact = cash_units(cash[row, a], unit[a])
            if not exact:
                balances[row, a] = np.nan
                left += 1
    return left
