"""What many trades cost, and what they would make of those who trade, on a copy of their lines.

The kernels count as `cost_ceil` and `Ledger.trade_many` do, and look before every fill for the room
that a single trade must find. A cost that they cannot count is left to integers of any width.
"""

from collections.abc import Sequence
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.clearing._checks import QUANTA_MAX
from hullmark.core import (
    INT64_MAX,
    NANO,
    IntArray,
    inlined,
    kernel,
    wide_add,
    wide_ceil,
    wide_floor,
    wide_subtract,
)
from hullmark.domain import Future, Instrument, Option, Perpetual, Spot, SystemAccount
from hullmark.ledger import MICRO, Ledger, Lines, cost_ceil, fill_kernel

NO_COST = -INT64_MAX - 1  # of a trade whose cost does not fit in 64 bits

_CONTRACT, _OPTION, _SPOT = range(3)
# The columns of `terms`, one row per instrument that is traded, of `trades`, and of `fills`.
_NUMBER, _KIND, _SETTLEMENT, _BASE, _LOT_QUANTA = range(5)
_PLACE, _LOTS, _COST, _FEES = range(4)  # the fees of both sides, the buyer's first
_OWNER = _FEES  # which of the rows fills

Slots = tuple[NDArray[Any], ...]


class Outcome(NamedTuple):
    """What ``T`` accounts have after the trades, as far as those had room.

    ``reduces`` is known of every side up to the first without room.
    """

    done: int  # trades; the number of all, or the first without room
    side: int  # without room: 0 the buyer's, 1 the seller's
    reduces: NDArray[np.bool_]  # (2, n) the fill closes a part of what its side holds, or all of it
    lines: Lines


class Filled(NamedTuple):
    """What ``T`` accounts have after fills of their own, each as if there were no other."""

    fits: NDArray[np.bool_]  # (T,) whether there surely was room for all of them
    lines: Lines  # those of an account without room mean nothing


def number_rows(rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return rows of the ledger once each, and which of them each side is.

    *rows* are those of buyers and sellers, of shape (2, n). The first is the first buyer's.
    """
    who, sides = np.empty(rows.size, np.int64), np.empty_like(rows)
    seats = np.full(1 << (2 * rows.size).bit_length(), -1)
    return who[: seat_rows(rows, seats, who, sides)], sides


def costs_of(
    ledger: Ledger, numbers: Sequence[int], place: IntArray, lots: IntArray, price_nano: IntArray
) -> IntArray:
    """Return the cost of each trade as `cost_ceil` has it, or `NO_COST`.

    *numbers* are the instruments that are traded, *place* which of them each trade is in.
    """
    ratios = np.array([_unit_cost(ledger, number) for number in numbers], np.int64)
    costs = np.empty(lots.size, np.int64)
    if cost_trades(ratios, place, lots, price_nano, costs):
        for k in np.flatnonzero(costs == NO_COST).tolist():
            number = numbers[int(place[k])]
            unit = ledger.assets[ledger.settlement(number)].quanta_per_unit
            cost = cost_ceil(ledger.instruments[number], int(lots[k]), int(price_nano[k]), unit)
            if abs(cost) <= INT64_MAX:
                costs[k] = cost
    return costs


def carry_out(
    ledger: Ledger,
    rows: IntArray,
    numbers: Sequence[int],
    *,
    place: IntArray,
    sides: IntArray,
    lots: IntArray,
    costs: IntArray,
    fees: IntArray,
) -> Outcome:
    """Return what trades would make of some accounts; the ledger stays as it is.

    Parameters
    ----------
    ledger : Ledger
        What they have now.
    rows : ndarray of int64, shape (T,)
        The rows in the ledger of those who trade.
    numbers : sequence of int
        The instruments that are traded.
    place, lots, costs : ndarray of int64, shape (n,)
        Which of *numbers* each trade is in, its lots, and its cost as of `costs_of`.
    sides, fees : ndarray of int64, shape (2, n)
        Places in *rows* of buyer and seller, and what they pay to the venue.
    """
    n = lots.size
    cash, slots, used = _copied(ledger, rows, 2 * n)
    terms, funding = _terms_of(ledger, numbers), np.array(ledger.funding_micro, np.int64)
    trades, reduces = np.column_stack([place, lots, costs, *fees]), np.zeros((2, n), np.bool_)
    done, side = trade_lines(cash, slots, used, funding, terms, trades, sides, reduces)
    return Outcome(done, side, reduces, _left(cash, slots))


def fill_each(
    ledger: Ledger,
    rows: IntArray,
    numbers: Sequence[int],
    *,
    place: IntArray,
    owner: IntArray,
    lots: IntArray,
    costs: IntArray,
    penalty_nano: int,
) -> Filled:
    """Return what fills would make of some accounts, as `pretend` does; the ledger stays as it is.

    Parameters
    ----------
    ledger : Ledger
        What they have now.
    rows : ndarray of int64, shape (T,)
        Their rows in the ledger.
    numbers : sequence of int
        The instruments that are traded.
    place, owner, lots, costs : ndarray of int64, shape (n,)
        Which of *numbers* and of *rows* each fill is of, its signed lots, and what so many lots
        cost as of `costs_of`.
    penalty_nano : int
        What each fill pays besides, in billionths of its cost, >= 0; rounded up.
    """
    cash, slots, used = _copied(ledger, rows, lots.size)
    terms, funding = _terms_of(ledger, numbers), np.array(ledger.funding_micro, np.int64)
    fills, fits = np.column_stack([place, lots, costs, owner]), np.ones(rows.size, np.bool_)
    fill_lines(cash, slots, used, funding, terms, fills, penalty_nano, fits)
    return Filled(fits, _left(cash, slots))


# A copy of what accounts have, the venue's two of fees and of funding behind them: cash, slots with
# room for some more positions, and how many of them are used.
def _copied(ledger: Ledger, rows: IntArray, spare: int) -> tuple[IntArray, Slots, int]:
    venue = [ledger.row_of[a] for a in (SystemAccount.FEES, SystemAccount.FUNDING)]
    lines = ledger.lines(np.append(rows, venue))
    ends, used = np.cumsum(lines.held), lines.instrument.size
    following = np.arange(1, used + spare + 1, dtype=np.int32)
    following[ends[lines.held > 0] - 1] = -1
    head = np.where(lines.held > 0, ends - lines.held, -1).astype(np.int32)
    room = np.zeros(spare, np.int32)
    stored = [np.concatenate([column, room]) for column in lines[2:]]
    return lines.cash, (head, following, *stored), used


# What stands in such a copy, the venue's two accounts and flat positions left out.
def _left(cash: IntArray, slots: Slots) -> Lines:
    head, following, _, lots, _, _ = slots
    held, found = np.empty(head.size - 2, np.int64), np.empty(lots.size, np.int64)
    found = found[: list_open(head[:-2], following, lots, held, found)]
    return Lines(cash[:-2], held, *(column[found] for column in slots[2:]))


# A lot's cost in quanta over its price in nanos, as a ratio in lowest terms; of an inverse contract
# a lot's cost times its price, over zero. Over 1 and 0 where it does not fit.
def _unit_cost(ledger: Ledger, number: int) -> tuple[int, int]:
    terms = ledger.instruments[number]
    over = terms.lot_nano * ledger.assets[ledger.settlement(number)].quanta_per_unit
    if isinstance(terms, Perpetual | Future) and terms.inverse:
        return (-over if over <= INT64_MAX else 0), 0
    common = gcd(over, NANO * NANO)
    over //= common
    return (over if over <= INT64_MAX else 0), NANO * NANO // common


def _terms_of(ledger: Ledger, numbers: Sequence[int]) -> IntArray:
    return np.array([_terms(ledger, number) for number in numbers], np.int64)


def _terms(ledger: Ledger, number: int) -> tuple[int, int, int, int, int]:
    terms: Instrument = ledger.instruments[number]
    settlement = ledger.settlement(number)
    if isinstance(terms, Spot):
        base = ledger.asset_index[terms.underlying]
        return number, _SPOT, settlement, base, ledger.spot_lot_quanta(number)
    return number, (_OPTION if isinstance(terms, Option) else _CONTRACT), settlement, 0, 0


@kernel
def seat_rows(rows: IntArray, seats: IntArray, who: IntArray, sides: IntArray) -> int:
    """Write `number_rows`, and return how many there are.

    *seats* is a hash table with -1 in every seat: a power of two of them, and more than sides.
    """
    n = 0
    for k in range(rows.shape[1]):
        for side in range(2):
            row = rows[side, k]
            seat = row & (seats.size - 1)
            while seats[seat] >= 0 and who[seats[seat]] != row:
                seat = (seat + 1) & (seats.size - 1)
            if seats[seat] < 0:
                seats[seat], who[n] = n, row
                n += 1
            sides[side, k] = seats[seat]
    return n


@kernel
def cost_trades(
    ratios: IntArray, place: IntArray, lots: IntArray, price_nano: IntArray, costs: IntArray
) -> int:
    """Write the cost of each trade; return of how many it is `NO_COST`, being left to Python."""
    left = 0
    for k in range(lots.size):
        over, under = ratios[place[k], 0], ratios[place[k], 1]
        if under == 0:
            costs[k], fits = wide_ceil(lots[k], over, 1, price_nano[k])
        else:
            costs[k], fits = wide_ceil(lots[k], price_nano[k], over, under)
        if over == 0 or not fits:
            costs[k] = NO_COST
            left += 1
    return left


@kernel
def trade_lines(
    cash: IntArray,
    slots: Slots,
    used: int,
    funding: IntArray,
    terms: IntArray,
    trades: IntArray,
    sides: IntArray,
    reduces: NDArray[np.bool_],
) -> tuple[int, int]:
    """Carry out trades in order; return the first without room and its side, or their number.

    The last two rows of *cash* are the venue's accounts of fees and of funding.
    """
    for k in range(len(trades)):
        if trades[k, _COST] == NO_COST:
            return k, 0
        for side in range(2):
            sign = 1 - 2 * side
            used, reduces[side, k], fits = _fill_line(
                cash,
                slots,
                used,
                funding,
                terms[trades[k, _PLACE]],
                sides[side, k],
                sign * trades[k, _LOTS],
                sign * trades[k, _COST],
                trades[k, _FEES + side],
            )
            if not fits:
                return k, side
    return len(trades), 0


@kernel
def fill_lines(
    cash: IntArray,
    slots: Slots,
    used: int,
    funding: IntArray,
    terms: IntArray,
    fills: IntArray,
    penalty_nano: int,
    fits: NDArray[np.bool_],
) -> None:
    """Carry out fills of one side each, and write ``False`` where a row has no room for one."""
    for k in range(len(fills)):
        row, lots, cost = fills[k, _OWNER], fills[k, _LOTS], fills[k, _COST]
        if cost == NO_COST:
            fits[row] = False
            continue
        penalty, counted = wide_ceil(abs(cost), penalty_nano, 1, NANO)
        used, _, has_room = _fill_line(
            cash,
            slots,
            used,
            funding,
            terms[fills[k, _PLACE]],
            row,
            lots,
            cost if lots > 0 else -cost,
            penalty,
        )
        fits[row] &= counted and has_room


# One side of a trade: the slots used afterwards, whether it reduces, and whether there was room.
@inlined
def _fill_line(
    cash: IntArray,
    slots: Slots,
    used: int,
    funding: IntArray,
    terms: IntArray,
    row: int,
    size: int,
    cost: int,
    fee: int,
) -> tuple[int, bool, bool]:
    number, kind, asset = terms[_NUMBER], terms[_KIND], terms[_SETTLEMENT]
    moved, due, reduces, fits = -cost, 0, False, True
    if kind == _SPOT:
        base = terms[_BASE]
        coins, coins_fit = wide_floor(size, terms[_LOT_QUANTA], 1, 1)
        left, fits = wide_add(cash[row, base], coins)
        fits = fits and coins_fit and _has_room(coins) and _has_room(left)
        cash[row, base] = left
    else:
        _, _, _, lots, quote, paid = slots
        used, slot = _seek(slots, used, row, number)
        held = lots[slot]
        reduces = (held ^ size) < 0 and abs(size) <= abs(held)
        if paid[slot] != funding[number]:
            steps, steps_fit = wide_subtract(funding[number], paid[slot])
            due, due_fits = wide_ceil(held, steps, 1, MICRO)
            fits = steps_fit and due_fits
            paid[slot] = funding[number]
        open_cost = cost if kind == _CONTRACT else 0
        after, kept, realised, fill_fits = fill_kernel(held, quote[slot], size, open_cost)
        lots[slot], quote[slot] = after, kept
        fits = fits and fill_fits and _has_room(after) and _has_room(kept)
        if kind == _CONTRACT:
            moved = realised
    total, total_fits = wide_add(cash[row, asset], moved)
    fits = fits and total_fits and _has_room(total)
    cash[row, asset] = total
    for venue, quanta in ((-1, due), (-2, fee)):
        left, left_fits = wide_subtract(cash[row, asset], quanta)
        paid_in, paid_fits = wide_add(cash[len(cash) + venue, asset], quanta)
        cash[row, asset], cash[len(cash) + venue, asset] = left, paid_in
        fits = fits and left_fits and paid_fits
    return used, reduces, fits


@inlined
def _has_room(number: int) -> bool:
    return -QUANTA_MAX <= number <= QUANTA_MAX


# The slots used afterwards, and that of a position; a new one is flat.
@inlined
def _seek(slots: Slots, used: int, row: int, number: int) -> tuple[int, int]:
    head, following, instrument, _, _, _ = slots
    before, slot = -1, head[row]
    while slot >= 0 and instrument[slot] < number:
        before, slot = slot, following[slot]
    if slot >= 0 and instrument[slot] == number:
        return used, slot
    following[used], instrument[used] = slot, number
    if before < 0:
        head[row] = used
    else:
        following[before] = used
    return used + 1, used


@kernel
def list_open(
    head: NDArray[np.int32],
    following: NDArray[np.int32],
    lots: IntArray,
    held: IntArray,
    found: IntArray,
) -> int:
    """Write how many positions each row has and their slots, flat ones left out; return the sum."""
    total = 0
    for row in range(head.size):
        held[row], slot = 0, head[row]
        while slot >= 0:
            if lots[slot] != 0:
                found[total] = slot
                held[row] += 1
                total += 1
            slot = following[slot]
    return total
