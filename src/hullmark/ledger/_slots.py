"""Positions: one slot each, and for every row of the ledger a list of its slots.

A list is in the order of instruments and ends with -1. Slots that have become free form a list of
their own, from which the next ones are taken, so there is never more than one number per position
and column.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hullmark.core import IntArray, kernel
from hullmark.ledger._column import Column
from hullmark.ledger._packed import PER_POSITION
from hullmark.ledger._position import Position

# The numbers that change beside the columns, and how many notes a kernel has made.
FREE, USED, NOTED = range(3)
_STEPS_MAX = 8  # in Python; a longer list is followed by the kernel


class Slots:
    """The columns of all positions, and the lists that lead to them."""

    __slots__ = (
        "_mark",
        "columns",
        "following",
        "head",
        "instrument",
        "lots",
        "marks",
        "owner",
        "paid",
        "quote",
    )

    def __init__(self) -> None:
        self.head = Column(np.int32)  # per row: its first slot
        self.following = Column(np.int32)  # per slot: the next one of its row, or of the free ones
        self.owner = Column(np.int32)  # its row
        self.instrument = Column(np.int32)  # -1: the slot is free
        self.lots, self.quote, self.paid = Column(), Column(), Column()
        self.marks = np.array([-1, 0, 0])  # what is FREE and USED; the third is a kernel's own
        self._mark: Any = self.marks.data
        self.columns = (
            self.following,
            self.owner,
            self.instrument,
            self.lots,
            self.quote,
            self.paid,
        )

    @property
    def free(self) -> int:
        """The first free slot; -1: there is none."""
        slot: int = self._mark[FREE]
        return slot

    @free.setter
    def free(self, slot: int) -> None:
        self._mark[FREE] = slot

    @property
    def used(self) -> int:
        """How many slots have ever been taken."""
        slots: int = self._mark[USED]
        return slots

    @used.setter
    def used(self, slots: int) -> None:
        self._mark[USED] = slots

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """What kernels take."""
        return self.head.array, *(column.array for column in self.columns)

    def reserve(self, more: int) -> None:
        """Make room for so many positions more."""
        slots = self._mark[USED] + more
        if slots > len(self.paid.array):
            for column in self.columns:
                column.reserve(slots)

    def seek(self, row: int, instrument: int) -> tuple[int, int]:
        """Return the slot of a position, -1 without one, and that before its place in the list."""
        following, instruments = self.following.view, self.instrument.view
        before, slot = -1, self.head.view[row]
        for _ in range(_STEPS_MAX):
            if slot < 0 or instruments[slot] >= instrument:
                break
            before, slot = slot, following[slot]
        else:
            before, slot = seek_kernel(
                before, slot, instrument, self.following.array, self.instrument.array
            )
        return (slot if slot >= 0 and instruments[slot] == instrument else -1), before

    def at(self, slot: int) -> Position:
        """Return what is in a slot."""
        return Position(self.lots.view[slot], self.quote.view[slot], self.paid.view[slot])

    def held(self, row: int) -> list[tuple[int, Position]]:
        """Return the positions of a row in the order of instruments."""
        following, instrument = self.following.view, self.instrument.view
        lots, quote, paid = self.lots.view, self.quote.view, self.paid.view
        found = []
        slot = self.head.view[row]
        while slot >= 0:
            found.append((instrument[slot], Position(lots[slot], quote[slot], paid[slot])))
            slot = following[slot]
        return found

    def insert(self, row: int, instrument: int, before: int) -> int:
        """Give a row a slot for an instrument, behind the slot *before*, and return it."""
        slot = self.free
        if slot >= 0:
            self.free = self.following.view[slot]
        else:
            self.reserve(1)
            slot = self.used
            self.used += 1
        links, place = (self.head, row) if before < 0 else (self.following, before)
        self.following.view[slot] = links.view[place]
        links.view[place] = slot
        self.owner.view[slot], self.instrument.view[slot] = row, instrument
        return slot

    def remove(self, row: int, slot: int, before: int) -> None:
        """Take a slot from a row, and empty it."""
        links, place = (self.head, row) if before < 0 else (self.following, before)
        links.view[place] = self.following.view[slot]
        self.following.view[slot], self.free = self.free, slot
        self.instrument.view[slot] = -1
        self.lots.view[slot] = self.quote.view[slot] = self.paid.view[slot] = 0

    def unpack(self, columns: Mapping[str, IntArray]) -> None:
        """Take over the positions of a ledger's columns."""
        held, instrument = columns["held"], columns["instrument"]
        rows, n = len(held), len(instrument)
        ends = np.cumsum(held)
        following = np.arange(1, n + 1, dtype=np.int32)
        following[ends[held > 0] - 1] = -1
        self.head.replace(np.where(held > 0, ends - held, -1), rows)
        self.following.replace(following, n)
        self.owner.replace(np.repeat(np.arange(rows, dtype=np.int32), held), n)
        stored = (self.instrument, self.lots, self.quote, self.paid)
        for name, column in zip(PER_POSITION, stored, strict=True):
            column.replace(columns[name], n)
        self.free, self.used = -1, n


@kernel
def seek_kernel(
    before: int,
    slot: int,
    instrument: int,
    following: NDArray[np.int32],
    instruments: NDArray[np.int32],
) -> tuple[int, int]:
    """Go on from a slot to the place of an instrument: the slots before and at it."""
    while slot >= 0 and instruments[slot] < instrument:
        before, slot = slot, following[slot]
    return before, slot


@kernel
def remove_kernel(
    slots: tuple[NDArray[Any], ...], row: int, slot: int, before: int, free: int
) -> int:
    """Do what `Slots.remove` does, and return the first free slot."""
    head, following, _, instrument, lots, quote, paid = slots
    if before < 0:
        head[row] = following[slot]
    else:
        following[before] = following[slot]
    following[slot] = free
    instrument[slot] = -1
    lots[slot] = quote[slot] = paid[slot] = 0
    return slot
