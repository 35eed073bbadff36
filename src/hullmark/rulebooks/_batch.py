"""The margin of many rows at once, as columns."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hullmark.core import FloatArray, IntArray
from hullmark.margin import Charge


def at_floor(initial: FloatArray, floors: Mapping[str, Charge]) -> dict[int, tuple[str, ...]]:
    """Return by row the floors that lie above an initial requirement."""
    notes: dict[int, tuple[str, ...]] = {}
    for name, floor in floors.items():
        for row in np.flatnonzero(floor.initial > initial).tolist():
            notes[row] = (*notes.get(row, ()), name)
    return notes


class Settlement(NamedTuple):
    """How a rule book settles what is on an underlying."""

    currency: str  # in which premiums and profits are paid
    coin: bool  # whether that is the underlying itself: sizes of perpetuals and futures are USD


class Batch(NamedTuple):
    """``R`` rows of one underlying in one currency. Requirements and charges are not below zero."""

    underlying: str  # "" for what belongs to none
    currency: str
    account: IntArray  # (R,) number of the account
    mark_to_market: FloatArray  # (R,) value of positions and collateral, cash apart
    initial: FloatArray  # (R,) requirement
    maintenance: FloatArray  # (R,) requirement
    charges: Mapping[str, Charge]  # by the name of the add-on
    inside: Collection[str] = ()  # charges that the factor multiplies
    floors: Collection[str] = ()  # charges that the requirement is not below
    labels: Sequence[str] = ()  # of the S scenarios
    worst: FloatArray | None = None  # (R,) least gain
    scenario: IntArray | None = None  # (R,) where; S: no scenario but the basis contingency
    basis: FloatArray | None = None  # (R,) basis contingency
    profit: FloatArray | None = None  # (R, S) where it was asked for
    notes: Mapping[int, Sequence[str]] = {}  # by row: which of several rules has bound
