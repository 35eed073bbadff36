"""Columns of a whole ledger: what they are called, and what no ledger can have in them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hullmark.core import Asset, IntArray
from hullmark.domain import Instrument, Option, Spot
from hullmark.errors import InvalidInputError
from hullmark.ledger._column import exact_sum, exact_sums

PER_POSITION = ("instrument", "lots", "quote", "paid")
_NAMES = frozenset({"account", "cash", "held", "funding", *PER_POSITION})
_LEAST = np.iinfo(np.int64).min  # fits, and its opposite does not


def checked_columns(
    columns: Mapping[str, NDArray[Any]],
    assets: Sequence[Asset],
    instruments: Sequence[Instrument],
    settlement: Sequence[int],
) -> Mapping[str, IntArray]:
    """Return columns that a ledger can have, or name the first that is wrong.

    Raises
    ------
    InvalidInputError
        If one is.
    """
    if set(columns) != _NAMES:
        raise InvalidInputError(f"columns must be {sorted(_NAMES)}, was {sorted(columns)}")
    rows, positions = len(columns["account"]), len(columns["instrument"])
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(PER_POSITION, (positions,))
    shapes |= {"account": (rows,), "held": (rows,), "cash": (rows, len(assets))}
    shapes["funding"] = (len(instruments),)
    for name, shape in shapes.items():
        if columns[name].dtype != np.int64 or columns[name].shape != shape:
            found = f"{columns[name].dtype} of {columns[name].shape}"
            raise InvalidInputError(f"{name} must be int64 of {shape}, was {found}")
    _check_positions(columns, instruments)
    _check_sums(columns, assets, settlement)
    return columns


def _check_positions(columns: Mapping[str, IntArray], instruments: Sequence[Instrument]) -> None:
    held, instrument, lots, quote, _ = (columns[n] for n in ("held", *PER_POSITION))
    n = len(instrument)
    _refuse("held", held, (held < 0) | (held > n), f"in [0, {n}]")
    if int(held.sum()) != n:
        raise InvalidInputError(f"held must sum to the {n} positions, was {held.sum()}")
    kinds = np.array([_kind(terms) for terms in instruments], np.int64)
    unknown = (instrument < 0) | (instrument >= len(kinds))
    _refuse("instrument", instrument, unknown, f"in [0, {len(kinds)})")
    first = np.zeros(n + 1, np.bool_)  # the first position of a row
    first[np.cumsum(held) - held] = True
    follows = np.zeros(n, np.bool_)
    follows[1:] = instrument[1:] <= instrument[:-1]
    _refuse("instrument", instrument, follows & ~first[:-1], "above the one before it")
    _refuse("instrument", instrument, kinds[instrument] == _SPOT, "one that is held as a position")
    _refuse("lots", lots, (lots == 0) | (lots == _LEAST), "a number of lots, not 0")
    _refuse("quote", quote, quote == _LEAST, "above -2**63")
    _refuse("quote", quote, (kinds[instrument] == _OPTION) & (quote != 0), "0 of an option")


def _check_sums(
    columns: Mapping[str, IntArray], assets: Sequence[Asset], settlement: Sequence[int]
) -> None:
    cash, instrument, lots, quote = (columns[n] for n in ("cash", "instrument", "lots", "quote"))
    _refuse("funding", columns["funding"], columns["funding"] == _LEAST, "above -2**63")
    quotes = exact_sums(np.array(settlement, np.int64)[instrument], quote, len(assets))
    for number, asset in enumerate(assets):
        total = quotes[number] + exact_sum(cash[:, number])
        if total:
            name = f"cash and quote of {asset.symbol}"
            raise InvalidInputError(f"{name} must sum to 0, was {total}")
    for number, total in enumerate(exact_sums(instrument, lots, len(settlement))):
        if total:
            raise InvalidInputError(f"lots of instrument {number} must sum to 0, was {total}")


_CONTRACT, _OPTION, _SPOT = range(3)


def _kind(terms: Instrument) -> int:
    return {Spot: _SPOT, Option: _OPTION}.get(type(terms), _CONTRACT)


def _refuse(name: str, values: IntArray, bad: NDArray[np.bool_], rule: str) -> None:
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise InvalidInputError(f"{name}[{i}] must be {rule}, was {values[i]}")
