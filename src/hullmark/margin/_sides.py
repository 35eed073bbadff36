"""Equity where prices have two sides, and what each side is.

Every sum adds in the order of the sum without sides, and each of its terms is on the declared side
of the term there. Rounding keeps order, so that the sums are too, in every bit.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.collateral import asset_value_usd
from hullmark.core import FloatArray, inlined
from hullmark.domain import Instrument, Option, Spot
from hullmark.margin._tables import RiskTables, Sides
from hullmark.market import MarketView


@inlined
def equity_at_sides(
    start: int,
    stop: int,
    rows: Rows,
    tables: RiskTables,
    sides: Sides,
    asset: FloatArray,
    worth: FloatArray,
) -> tuple[float, float]:
    """Return initial and maintenance equity, each at its sides.

    ``asset[0]`` has cash and quotes; ``worth`` is scratch. Whether something is owed is decided by
    what cash, quotes and positions come to at the side that is asked.
    """
    for a in range(asset.shape[1]):
        worth[0, a] = worth[1, a] = 0.0
    settle, strict, lenient = 0, 0.0, 0.0
    for j in range(np.uintp(start), np.uintp(stop)):
        i = np.uintp(rows.instrument[j])
        size = rows.size[j]
        if tables.settle[i] != settle:
            worth[0, settle] += strict
            worth[1, settle] += lenient
            settle, strict, lenient = tables.settle[i], 0.0, 0.0
        long = size > 0.0
        strict += size * (sides.long_initial[i] if long else sides.short_initial[i])
        lenient += size * (sides.long_maintenance[i] if long else sides.short_maintenance[i])
    worth[0, settle] += strict
    worth[1, settle] += lenient
    initial = maintenance = 0.0
    for a in range(asset.shape[1]):
        cap = tables.cap_usd[a]
        units = asset[0, a] + worth[0, a]
        price = sides.credit_initial[a] if units > 0.0 else sides.debt_initial[a]
        initial += asset_value_usd(units, price, tables.haircut_initial[a], cap)
        units = asset[0, a] + worth[1, a]
        price = sides.credit_maintenance[a] if units > 0.0 else sides.debt_maintenance[a]
        maintenance += asset_value_usd(units, price, tables.haircut_maintenance[a], cap)
    return initial, maintenance


def initial_prices(tables: RiskTables, instrument: int, size: float) -> tuple[float, float]:
    """Return what the initial check counts a position at, if its gain is to be left out.

    Settlement units per contract unit; and USD per settlement unit, the dearest, since a gain that
    stands against a debt has saved as much.
    """
    asset, sides = tables.settle[instrument], tables.sides
    if sides is None:
        return float(tables.value[instrument]), float(tables.price_usd[asset])
    value = (sides.long_initial if size > 0.0 else sides.short_initial)[instrument]
    return float(value), float(sides.debt_initial[asset])


def sides_of(
    instruments: Sequence[Instrument],
    tables: RiskTables,
    carry: FloatArray | None,
    *,
    strict: tuple[MarketView, MarketView],
    lenient: tuple[MarketView, MarketView],
) -> Sides:
    """Return the sides that two pairs of markets leave.

    Parameters
    ----------
    instruments : sequence of Instrument, length I
        Those of the tables.
    tables : RiskTables
        At the prices between.
    carry : ndarray of float64, shape (I,), optional
        What is taken off each value: settlement units per contract unit.
    strict, lenient : pairs of MarketView
        The market at the least and at the most that its prices may be, for the initial and for the
        maintenance check. An option may be worth more at either: it is looked at at both, and at
        the tables.
    """
    inverse = np.array(
        [not isinstance(i, Spot | Option) and i.inverse for i in instruments], np.bool_
    )
    low, high = _values(strict, tables, inverse, carry)
    floor, ceiling = _values(lenient, tables, inverse, carry)
    cheap, dear = _prices(strict, tables)
    least, most = _prices(lenient, tables)
    return Sides(low, high, ceiling, floor, cheap, dear, most, least)


def _values(
    views: tuple[MarketView, MarketView],
    tables: RiskTables,
    inverse: NDArray[np.bool_],
    carry: FloatArray | None,
) -> tuple[FloatArray, FloatArray]:
    values = [tables.value]
    for view in views:
        value = view.mark.copy()
        value[inverse] = -1.0 / value[inverse]
        values.append(value if carry is None else value - carry)
    return np.minimum.reduce(values), np.maximum.reduce(values)


def _prices(
    views: tuple[MarketView, MarketView], tables: RiskTables
) -> tuple[FloatArray, FloatArray]:
    prices = [tables.price_usd, *(view.asset_price_usd for view in views)]
    return np.minimum.reduce(prices), np.maximum.reduce(prices)
