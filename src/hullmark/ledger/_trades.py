"""Many trades in one call: all of them, or none.

The kernel counts as `Ledger.trade` does, row by row, and notes every number that it replaces. Where
one does not fit into 64 bits on the way, it puts all of them back.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hullmark.core import (
    Bundle,
    IntArray,
    inlined,
    kernel,
    wide_add,
    wide_ceil,
    wide_floor,
    wide_subtract,
)
from hullmark.errors import InvalidInputError
from hullmark.ledger._position import MICRO
from hullmark.ledger._slots import FREE, NOTED, USED, remove_kernel, seek_kernel

CONTRACT, OPTION, SPOT = range(3)
NOTES_MAX = 32  # of one trade; no trade replaces as many numbers
_LEAST = np.iinfo(np.int64).min

Slots = tuple[NDArray[Any], ...]

# What a note can be of: cash, or a column of the slots by its place in their tuple, or their head.
_HEAD, _FOLLOWING, _OWNER, _INSTRUMENT, _LOTS, _QUOTE, _PAID, _CASH = range(8)
# The columns of `trades` and of `terms`.
_BUYER, _SELLER, _NUMBER, _SIZE, _COST, _BUYER_FEE, _SELLER_FEE = range(7)
_KIND, _SETTLEMENT, _BASE, _LOT_QUANTA = range(4)
TERMS = 4
_COLUMNS = ("buyers", "sellers", "instruments", "lots", "costs", "buyer_fees", "seller_fees")
# The rows of the venue's accounts that take part.
_FEES, _FUNDING = range(2)


def trades_table(*columns: ArrayLike) -> IntArray:
    """Return the columns of trades side by side, one row per trade.

    Raises
    ------
    InvalidInputError
        If one has another length than the first, or is no vector of 64-bit integers.
    """
    found = [np.asarray(column) for column in columns]
    for name, column in zip(_COLUMNS, found, strict=True):
        if column.ndim != 1 or len(column) != found[0].size:
            raise InvalidInputError(f"{name} must be ({found[0].size},), was {column.shape}")
        if len(column) and not np.can_cast(column.dtype, np.int64):
            raise InvalidInputError(f"{name} must be 64-bit integers, was {column.dtype}")
    return np.column_stack([column.astype(np.int64) for column in found])


class LedgerArrays(NamedTuple):
    """What kernels get of a ledger, as the content of one bundle."""

    cash: IntArray  # (rows, n_assets) quanta
    slots: Slots  # as `Slots.arrays` has them
    funding: IntArray  # per instrument: what one long lot owes
    terms: IntArray  # per instrument
    marks: IntArray  # what is FREE, USED and NOTED
    notes: IntArray  # room for those of one trade


@kernel
def trade_many_kernel(
    ledger: LedgerArrays,
    trades: IntArray,
    owners: tuple[int, int],
) -> int:
    """Carry out trades; return their number, or the first that does not fit, with nothing done.

    *trades* name the sides by row. There must be room for two positions more per trade, and for
    ``NOTES_MAX`` notes.
    """
    free, used = ledger.marks[FREE], ledger.marks[USED]
    ledger.marks[NOTED] = 0
    for k in range(len(trades)):
        number = trades[k, _NUMBER]
        if not _trade(
            ledger,
            owners,
            (trades[k, _BUYER], trades[k, _SELLER]),
            number,
            trades[k, _SIZE],
            trades[k, _COST],
            (trades[k, _BUYER_FEE], trades[k, _SELLER_FEE]),
        ):
            _put_back(ledger.cash, ledger.slots, ledger.marks, ledger.notes)
            ledger.marks[FREE], ledger.marks[USED] = free, used
            return k
    return len(trades)


@kernel
def trade_kernel(
    ledger: Bundle,
    buyer: int,
    seller: int,
    number: int,
    size: int,
    cost: int,
    buyer_fee: int,
    seller_fee: int,
    fees: int,
    funding: int,
) -> int:
    """Carry out one trade; return 1 if funding was settled with it, 0 if not.

    Below zero: it does not fit or there is no such instrument, and nothing is done. *fees* and
    *funding* are the rows of the venue's accounts, -1 without one. The content of *ledger* is
    `LedgerArrays`, with room for two positions more.
    """
    arrays = ledger.content
    if not 0 <= number < len(arrays.terms):
        return -1
    marks = arrays.marks
    free, used = marks[FREE], marks[USED]
    marks[NOTED] = 0
    sides, charged = (buyer, seller), (buyer_fee, seller_fee)
    if _trade(arrays, (fees, funding), sides, number, size, cost, charged):
        return 1 if _was_moved(arrays, funding) else 0
    _put_back(arrays.cash, arrays.slots, marks, arrays.notes)
    marks[FREE], marks[USED] = free, used
    return -1


# One trade with its fees, or False; what was done until then is in the notes.
@inlined
def _trade(
    ledger: LedgerArrays,
    owners: tuple[int, int],
    sides: tuple[int, int],
    number: int,
    size: int,
    cost: int,
    charged: tuple[int, int],
) -> bool:
    cash, slots, funding, terms, marks, notes = ledger
    buyer, seller = sides
    kind, asset = terms[number, _KIND], terms[number, _SETTLEMENT]
    if kind == SPOT:
        coins, fits = wide_floor(size, terms[number, _LOT_QUANTA], 1, 1)
        fits = fits and _move(cash, seller, buyer, terms[number, _BASE], coins, marks, notes)
    else:
        open_cost = cost if kind == CONTRACT else 0
        fits = _LEAST not in (size, cost)
        whose = (buyer, owners[_FUNDING], asset)
        fits = fits and _fill(cash, slots, funding, whose, number, size, open_cost, marks, notes)
        whose = (seller, owners[_FUNDING], asset)
        fits = fits and _fill(cash, slots, funding, whose, number, -size, -open_cost, marks, notes)
    if kind != CONTRACT:
        fits = fits and _move(cash, buyer, seller, asset, cost, marks, notes)
    for side in range(2):
        if charged[side] != 0:
            fee = charged[side]
            fits = fits and _move(cash, sides[side], owners[_FEES], asset, fee, marks, notes)
    return fits


# Whether cash of a row is among the notes.
@inlined
def _was_moved(ledger: LedgerArrays, row: int) -> bool:
    _, _, _, _, marks, notes = ledger
    for n in range(marks[NOTED]):
        if notes[n, 0] == _CASH and notes[n, 1] // ledger.cash.shape[1] == row:
            return True
    return False


# Moves cash from one row to another, or returns False; a row below zero is not there.
@inlined
def _move(
    cash: IntArray,
    source: int,
    target: int,
    asset: int,
    quanta: int,
    marks: IntArray,
    notes: IntArray,
) -> bool:
    left, fits = wide_subtract(cash[source, asset], quanta)
    if not fits or target < 0:
        return False
    _note(marks, notes, _CASH, source * cash.shape[1] + asset, cash[source, asset])
    cash[source, asset] = left
    total, fits = wide_add(cash[target, asset], quanta)
    if not fits:
        return False
    _note(marks, notes, _CASH, target * cash.shape[1] + asset, cash[target, asset])
    cash[target, asset] = total
    return True


# What `Ledger._fill` does, of a row with the row of funding and the settlement asset; or False.
@inlined
def _fill(
    cash: IntArray,
    slots: Slots,
    funding: IntArray,
    whose: tuple[int, int, int],
    number: int,
    size: int,
    cost: int,
    marks: IntArray,
    notes: IntArray,
) -> bool:
    head, following, _, instruments, lots, quotes, paid = slots
    row, funding_row, asset = whose
    before, slot = seek_kernel(-1, head[row], number, following, instruments)
    found = slot >= 0 and instruments[slot] == number
    held = quote = 0
    if found:
        held, quote = lots[slot], quotes[slot]
        if paid[slot] != funding[number]:
            steps, fits = wide_subtract(funding[number], paid[slot])
            due, due_fits = wide_ceil(held, steps, 1, MICRO)
            if not (fits and due_fits):
                return False
            if not _move(cash, row, funding_row, asset, due, marks, notes):
                return False
            _note(marks, notes, _PAID, slot, paid[slot])
            paid[slot] = funding[number]
    after, kept, realised, fits = fill_kernel(held, quote, size, cost)
    if not fits:
        return False
    if after != 0:
        if not found:
            slot = _insert(slots, row, number, before, marks, notes)
            paid[slot] = funding[number]
        _note(marks, notes, _LOTS, slot, lots[slot])
        _note(marks, notes, _QUOTE, slot, quotes[slot])
        lots[slot], quotes[slot] = after, kept
    elif found:
        _note_slot(slots, row, slot, before, marks, notes)
        marks[FREE] = remove_kernel(slots, row, slot, before, marks[FREE])
    total, fits = wide_add(cash[row, asset], realised)
    if fits and realised != 0:
        _note(marks, notes, _CASH, row * cash.shape[1] + asset, cash[row, asset])
        cash[row, asset] = total
    return fits


@kernel
def fill_kernel(held: int, quote: int, size: int, cost: int) -> tuple[int, int, int, bool]:
    """Do what `fill` does: lots and quote afterwards, profit, and whether all fits on the way."""
    after, after_fits = wide_add(held, size)
    owed, owed_fits = wide_subtract(quote, cost)
    kept, kept_fits = owed, True
    if after == 0:
        kept = 0
    elif held == 0 or size == 0 or (held ^ size) >= 0:
        kept = owed
    elif (held ^ after) >= 0:
        kept, kept_fits = wide_ceil(quote, after, 1, held)
    else:
        kept, kept_fits = wide_ceil(cost, after, -1, size)
    realised, realised_fits = wide_subtract(owed, kept)
    in_range = _LEAST not in (after, kept)
    return (
        after,
        kept,
        realised,
        after_fits and owed_fits and kept_fits and realised_fits and in_range,
    )


# What `Slots.insert` does.
@inlined
def _insert(
    slots: Slots, row: int, number: int, before: int, marks: IntArray, notes: IntArray
) -> int:
    head, following, owner, instruments, _, _, _ = slots
    slot: int = marks[FREE]
    if slot >= 0:
        marks[FREE] = following[slot]
    else:
        slot = marks[USED]
        marks[USED] += 1
    _note_slot(slots, row, slot, before, marks, notes)
    if before < 0:
        following[slot], head[row] = head[row], slot
    else:
        following[slot], following[before] = following[before], slot
    owner[slot], instruments[slot] = row, number
    return slot


# Notes all of a slot, and the link to it.
@inlined
def _note_slot(
    slots: Slots, row: int, slot: int, before: int, marks: IntArray, notes: IntArray
) -> None:
    head, following, owner, instruments, lots, quotes, paid = slots
    if before < 0:
        _note(marks, notes, _HEAD, row, head[row])
    else:
        _note(marks, notes, _FOLLOWING, before, following[before])
    _note(marks, notes, _FOLLOWING, slot, following[slot])
    _note(marks, notes, _OWNER, slot, owner[slot])
    _note(marks, notes, _INSTRUMENT, slot, instruments[slot])
    _note(marks, notes, _LOTS, slot, lots[slot])
    _note(marks, notes, _QUOTE, slot, quotes[slot])
    _note(marks, notes, _PAID, slot, paid[slot])


@inlined
def _note(marks: IntArray, notes: IntArray, column: int, place: int, before: int) -> None:
    n = marks[NOTED]
    notes[n, 0], notes[n, 1], notes[n, 2] = column, place, before
    marks[NOTED] = n + 1


# Undoes what the notes are of, the newest first.
@kernel
def _put_back(cash: IntArray, slots: Slots, marks: IntArray, notes: IntArray) -> None:
    head, following, owner, instruments, lots, quotes, paid = slots
    every_cash = cash.reshape(-1)
    for n in range(marks[NOTED] - 1, -1, -1):
        column, place, before = notes[n, 0], notes[n, 1], notes[n, 2]
        if column == _CASH:
            every_cash[place] = before
        elif column == _HEAD:
            head[place] = before
        elif column == _FOLLOWING:
            following[place] = before
        elif column == _OWNER:
            owner[place] = before
        elif column == _INSTRUMENT:
            instruments[place] = before
        elif column == _LOTS:
            lots[place] = before
        elif column == _QUOTE:
            quotes[place] = before
        else:
            paid[place] = before
