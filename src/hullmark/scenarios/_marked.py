"""Contracts that are worth their mark: what a price moves of the risk arrays, written in place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray, IntArray, kernel
from hullmark.domain import Instrument, Option, Spot
from hullmark.errors import InvalidInputError
from hullmark.scenarios._set import ScenarioSet


class MarkedContracts:
    """What `revalue` makes of instruments without optionality, for some of them at a time.

    Law: bit for bit what `revalue` returns. Only the columns that a margin reads are written, and
    the arrays may be wider than there are scenarios: what is behind repeats the first.

    Parameters
    ----------
    instruments : sequence of Instrument, length I
        In venue order.
    scenarios : ScenarioSet
        The grid.
    assets : sequence of str, length A
        Symbols in venue order.
    shocked : frozenset of str
        The assets whose USD price moves with spot.

    Raises
    ------
    InvalidInputError
        If there is an option.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        scenarios: ScenarioSet,
        *,
        assets: Sequence[str],
        shocked: frozenset[str],
    ) -> None:
        if options := [i.symbol for i in instruments if isinstance(i, Option)]:
            raise InvalidInputError(f"instruments must be worth their mark, was {options[0]}")
        column_of = {symbol: a for a, symbol in enumerate(assets)}
        self._moves = np.array([move for move, _ in scenarios.grid])
        self._settle = np.array([column_of[i.settlement] for i in instruments], np.int64)
        self._inverse = np.array(
            [not isinstance(i, Spot | Option) and i.inverse for i in instruments], np.bool_
        )
        self._moving = np.array([symbol in shocked for symbol in assets], np.bool_)

    def settled_in(self, asset: int) -> list[int]:
        """Return the numbers of the instruments that settle in an asset."""
        found: list[int] = np.flatnonzero(self._settle == asset).tolist()
        return found

    def write(
        self,
        numbers: IntArray,
        mark: FloatArray,
        price_usd: FloatArray,
        *,
        value: FloatArray,
        notional_usd: FloatArray,
        risk: FloatArray,
    ) -> None:
        """Revalue the instruments of some *numbers*, the others staying as they are.

        Parameters
        ----------
        numbers : ndarray of int64
            Which.
        mark : ndarray of float64, shape (I,), USD, > 0
            The mark of each instrument.
        price_usd : ndarray of float64, shape (A,), USD, > 0
            The price of each asset.
        value, notional_usd, risk : ndarrays of float64, shapes (I,), (I,) and (I, at least S)
            Written at those numbers.
        """
        terms = self._settle, self._inverse, self._moving, self._moves
        write_contracts(numbers, mark, price_usd, *terms, value, notional_usd, risk)

    def write_asset(self, asset: int, price_usd: float, asset_risk: FloatArray) -> None:
        """Write what one unit of an asset gains in each scenario, at its price."""
        gains = (price_usd if self._moving[asset] else 0.0) * self._moves
        asset_risk[asset] = gains[0]
        asset_risk[asset, : gains.size] = gains


@kernel
def write_contracts(
    numbers: IntArray,
    mark: FloatArray,
    price_usd: FloatArray,
    settle: IntArray,
    inverse: NDArray[np.bool_],
    moving: NDArray[np.bool_],
    moves: FloatArray,
    value: FloatArray,
    notional_usd: FloatArray,
    risk: FloatArray,
) -> None:
    """Write the rows of *numbers* in the last three arrays."""
    for i in numbers:
        price, anchor = price_usd[settle[i]], mark[i]
        base = -1.0 / anchor if inverse[i] else anchor
        value[i] = base
        notional_usd[i] = 1.0 if inverse[i] else anchor * price
        for s in range(moves.size):
            factor = 1.0 + moves[s]
            shocked = -1.0 / (anchor * factor) if inverse[i] else anchor * factor
            risk[i, s] = shocked * (price * factor if moving[settle[i]] else price) - base * price
        for s in range(moves.size, risk.shape[1]):
            risk[i, s] = risk[i, 0]
