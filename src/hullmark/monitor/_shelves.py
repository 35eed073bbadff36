"""Shelves: prices in buckets, so that a tick finds those it crosses and looks at no other.

Every account has an *entry* per factor it is exposed to, and an entry two bounds: below the lower
and above the upper one nothing is known of the account. A bound lies in the bucket of its price's
logarithm, one row of buckets per factor and side, used as a ring; the bounds of a bucket are a
doubly linked list whose links lie in the entries. So a bound is put in, taken out or moved at a
cost that does not depend on how many there are.

Of each row of buckets an *edge* is kept: no bound lies between it and the price. A tick that stays
within both edges of a factor has crossed nothing, and is done.

The lines ``_ = ...`` are the last use of what a function is given, as `core.inlined` asks.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.core import FloatArray, IntArray, inlined

SLOTS = 8192  # buckets of a ring; a power of two
WIDTH = 2e-4  # of a bucket, in the log of the price: the ring spans a factor of five
_SEARCH = 64  # buckets that are looked through for the next bound, before the edge is put there
_SAFE = 1e-9  # relative: how far the end of a bucket may be off

Int32Array = NDArray[np.int32]

FACTOR, ROW = 0, 1  # of an entry
NEXT, BEFORE, SLOT = 2, 4, 6  # of its lower bound; its upper one's are behind
COLUMNS = 8


class Shelves(NamedTuple):
    """``E`` entries, ``F`` factors, ``L`` of which move, ``N`` rows of accounts."""

    entry: Int32Array  # (E, 8) factor, row, and per side: next and previous entry, slot or -1
    bound: FloatArray  # (E, 2) the lower and the upper price
    head: Int32Array  # (2 L, SLOTS) the first entry of each bucket, or -1
    edge: FloatArray  # (L, 2)
    lane: Int32Array  # (F,) place of a factor among those that move, or -1
    first: IntArray  # (N,) first entry of each row
    count: IntArray  # type: ignore[assignment]  # (N,) entries of each row; hides tuple.count
    room: IntArray  # (N,) entries it has room for


@inlined
def bucket_of(price: float) -> int:
    """Return the number of the bucket that a price lies in, counted from that of 1."""
    return math.floor(math.log(price) / WIDTH)


@inlined
def unlink(entry: int, side: int, s: Shelves) -> None:
    """Take a bound out of its bucket."""
    entries, head, lane = s.entry, s.head, s.lane
    slot = entries[entry, SLOT + side]
    if slot >= 0:
        following, before = entries[entry, NEXT + side], entries[entry, BEFORE + side]
        if before >= 0:
            entries[before, NEXT + side] = following
        else:
            head[2 * lane[entries[entry, FACTOR]] + side, slot] = following
        if following >= 0:
            entries[following, BEFORE + side] = before
        entries[entry, SLOT + side] = -1
    _ = entries, head, lane, s.entry


@inlined
def link(entry: int, side: int, s: Shelves) -> None:
    """Put a bound into the bucket of its price, and the edge before it."""
    entries, head, edge = s.entry, s.head, s.edge
    price, lane = s.bound[entry, side], s.lane[entries[entry, FACTOR]]
    if side == 0:
        edge[lane, 0] = max(edge[lane, 0], price)
    else:
        edge[lane, 1] = min(edge[lane, 1], price)
    slot, ring = bucket_of(price) & (SLOTS - 1), 2 * lane + side
    if entries[entry, SLOT + side] != slot:
        unlink(entry, side, s)
        following = head[ring, slot]
        entries[entry, NEXT + side] = following
        entries[entry, BEFORE + side] = -1
        entries[entry, SLOT + side] = slot
        if following >= 0:
            entries[following, BEFORE + side] = entry
        head[ring, slot] = entry
    _ = entries, head, edge, s.entry


# The nearest bound beyond the price, or a place before which there is none.
@inlined
def _next_edge(lane: int, side: int, price: float, s: Shelves) -> float:
    entries, bounds, head = s.entry, s.bound, s.head
    at, step = bucket_of(price), -1 if side == 0 else 1
    found = -math.inf if side == 0 else math.inf
    for _ in range(_SEARCH):
        far = math.exp((at if side == 0 else at + 1) * WIDTH)  # the bucket's end
        entry = head[2 * lane + side, at & (SLOTS - 1)]
        while entry >= 0:
            bound = bounds[entry, side]  # which may be one of another turn of the ring
            if side == 0:
                near = price > bound >= far * (1.0 - _SAFE)
                found = max(found, bound) if near else found
            else:
                near = price < bound <= far * (1.0 + _SAFE)
                found = min(found, bound) if near else found
            entry = entries[entry, NEXT + side]
        if not math.isinf(found):
            break
        at += step
    if math.isinf(found):
        found = far * (1.0 + _SAFE) if side == 0 else far * (1.0 - _SAFE)
    _ = entries, bounds, head, s.entry
    return found


@inlined
def cross(
    lane: int,
    side: int,
    price: float,
    s: Shelves,
    seen: NDArray[np.bool_],
    found: IntArray,
    n: int,
) -> int:
    """Note the rows whose bound a price has reached, behind the *n* in *found*; return how many.

    A row that is *seen* already is not noted again. Bounds stay in their buckets.
    """
    entries, bounds, head, edges = s.entry, s.bound, s.head, s.edge
    edge = edges[lane, side]
    if price <= edge if side == 0 else price >= edge:
        at, step = bucket_of(edge), -1 if side == 0 else 1
        for k in range(min((bucket_of(price) - at) * step + 1, SLOTS)):  # once around is all
            entry = head[2 * lane + side, (at + k * step) & (SLOTS - 1)]
            while entry >= 0:
                row, bound = entries[entry, ROW], bounds[entry, side]
                if not seen[row] and (price <= bound if side == 0 else price >= bound):
                    seen[row] = True
                    found[n] = row
                    n += 1
                entry = entries[entry, NEXT + side]
        edges[lane, side] = _next_edge(lane, side, price, s)
    _ = entries, bounds, head, edges, s.entry, seen, found
    return n
