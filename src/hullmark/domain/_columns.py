"""Columns of whole numbers inside a command or an event, packed so that thousands cost little.

A column is the numbers one after another, 8 bytes each, little-endian, in two's complement.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from hullmark.core import IntArray
from hullmark.domain._events import Traded, TradesBooked
from hullmark.errors import InvalidInputError

COLUMN_BYTES = 8  # of one number


def pack_column(numbers: Iterable[int]) -> bytes:
    """Return whole numbers as a column.

    >>> pack_column([1, -2]).hex(" ", 8)
    '0100000000000000 feffffffffffffff'

    Raises
    ------
    InvalidInputError
        If one is no whole number, or does not fit in 64 bits.
    """
    found = list(numbers)
    try:
        return b"".join(number.to_bytes(COLUMN_BYTES, "little", signed=True) for number in found)
    except (AttributeError, OverflowError) as e:
        raise InvalidInputError(
            f"numbers must be whole and fit in 64 bits, was {found!r:.80}"
        ) from e


def unpack_columns(columns: Sequence[bytes]) -> IntArray:
    """Return columns of one length as an array with a row for each, to read and not to write.

    >>> unpack_columns([pack_column([1, -2]), pack_column([3, 4])]).tolist()
    [[1, -2], [3, 4]]

    Raises
    ------
    InvalidInputError
        If the lengths differ, or one is not that of whole numbers.
    """
    lengths = {len(column) for column in columns}
    if len(lengths) != 1 or any(length % COLUMN_BYTES for length in lengths):
        raise InvalidInputError(
            f"columns must have one length, a multiple of {COLUMN_BYTES}, was {sorted(lengths)}"
        )
    numbers = np.frombuffer(b"".join(columns), "<i8")
    return numbers.astype(np.int64, copy=False).reshape(len(columns), -1)


def trades_of(booked: TradesBooked) -> list[Traded]:
    """Return the trades of a round one by one, in order."""
    names = ("instrument", *(name for name in Traded.__struct_fields__ if name != "instrument"))
    numbers = unpack_columns([getattr(booked, name) for name in names])
    return [
        Traded(instrument=booked.symbols[place], **dict(zip(names[1:], row, strict=True)))
        for place, *row in numbers.T.tolist()
    ]
