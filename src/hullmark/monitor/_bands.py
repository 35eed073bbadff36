"""Bands: per account and factor the prices between which it is surely healthy, kept on shelves.

The lines ``_ = ...`` are the last use of what a function is given, as `core.inlined` asks.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, inlined, kernel
from hullmark.margin import RiskTables, Scratch, Slopes, row_reach
from hullmark.monitor._shelves import FACTOR, ROW, SLOT, Shelves, cross, link, unlink

_LEAST = 1e-9  # a narrower band would be left by the rounding of a price: the row is watched


class Places(NamedTuple):
    """Where rows are, beside their entries. ``N`` rows."""

    reach: FloatArray  # (N,) how far all prices may move, a share; -1: never in breach
    watch: IntArray  # (N,) the rows that are looked at on every tick, in front
    watched_at: IntArray  # (N,) place of each row among them, or -1
    used: IntArray  # (2,) entries handed out; rows watched


# The bounds at one level, and the least distance to a bound, a share of a price.
@inlined
def _bounds_at(
    start: int,
    stop: int,
    row: int,
    rows: Rows,
    tables: RiskTables,
    slopes: Slopes,
    level: int,
    price: FloatArray,
    work: Scratch,
    best: float,
) -> tuple[int, float]:
    count, reach = row_reach(start, stop, row, rows, tables, slopes, level, work)
    narrowest = reach
    for k in range(count):
        f = work.factor[k]
        inside = min(price[f] - slopes.low[level, f], slopes.high[level, f] - price[f])
        narrowest = min(narrowest, inside / slopes.centre[level, f])
    better = narrowest > best
    for k in range(count if better else 0):
        f = work.factor[k]
        work.best[k] = f
        step = reach * slopes.centre[level, f]
        low, high = slopes.low[level, f], slopes.high[level, f]
        fall, rise = work.harmful[k, 0], work.harmful[k, 1]
        work.bound[k, 0] = max(low, price[f] - step) if fall else low
        work.bound[k, 1] = min(high, price[f] + step) if rise else high
    _ = rows.start, tables.value, slopes.low, work.low
    return count if better else -1, max(narrowest, best)


# Finds the widest band over the levels, which come with the widest box first.
@inlined
def _band(
    start: int,
    stop: int,
    row: int,
    rows: Rows,
    tables: RiskTables,
    slopes: Slopes,
    radii: FloatArray,
    price: FloatArray,
    work: Scratch,
) -> tuple[int, float]:
    best, count, n_assets = 0.0, 0, rows.balance.shape[1]
    for level in range(radii.size):
        found, best = _bounds_at(start, stop, row, rows, tables, slopes, level, price, work, best)
        if found >= 0:
            count = found
        straight = count > 0  # slopes in a contract's own price alone do not hang on the box
        for k in range(count):
            straight &= work.best[k] >= n_assets
        if straight or level + 1 == radii.size or best >= radii[level + 1]:
            break  # no band of a narrower box is wider
    _ = rows.start, tables.value, slopes.low, work.low
    return count, best


@inlined
def _owes(row: int, rows: Rows) -> bool:
    owes = False
    for a in range(rows.balance.shape[1]):
        owes |= rows.balance[row, a] < 0.0
    return owes


@inlined
def _clear(row: int, s: Shelves) -> None:
    for entry in range(s.first[row], s.first[row] + s.count[row]):
        unlink(entry, 0, s)
        unlink(entry, 1, s)
    s.count[row] = 0
    _ = s.entry


# Writes the entries of a row; false where it has no room for them, and nothing is changed.
@inlined
def _write(row: int, count: int, work: Scratch, s: Shelves, used: IntArray) -> bool:
    entries, bounds, firsts, counts, rooms = s.entry, s.bound, s.first, s.count, s.room
    best, found = work.best, work.bound
    first, same = firsts[row], counts[row] == count
    for k in range(count if same else 0):
        same &= entries[first + k, FACTOR] == best[k]
    full = not same and count > rooms[row] and used[0] + count > entries.shape[0]
    if not same and not full:
        _clear(row, s)
        if count > rooms[row]:
            room = min(2 * count, entries.shape[0] - used[0])  # it may grow on
            firsts[row], rooms[row] = used[0], room
            used[0] += room
        first = firsts[row]
        for k in range(count):
            entries[first + k, FACTOR], entries[first + k, ROW] = best[k], row
            entries[first + k, SLOT] = entries[first + k, SLOT + 1] = -1
        counts[row] = count
    for k in range(0 if full else count):
        bounds[first + k, 0], bounds[first + k, 1] = found[k, 0], found[k, 1]
    _ = entries, bounds, firsts, counts, rooms, best, found, used, work.low, s.entry
    return not full


@inlined
def _watch(row: int, watched: bool, places: Places) -> None:
    watch, watched_at, used = places.watch, places.watched_at, places.used
    at = watched_at[row]
    if watched and at < 0:
        watch[used[1]] = row
        watched_at[row] = used[1]
        used[1] += 1
    elif not watched and at >= 0:
        used[1] -= 1
        last = watch[used[1]]
        watch[at] = last
        watched_at[last] = at
        watched_at[row] = -1
    _ = watch, watched_at, used, places.reach


@kernel
def place_rows(
    lo: int,
    hi: int,
    which: IntArray,
    rows: Rows,
    tables: RiskTables,
    slopes: Slopes,
    radii: FloatArray,
    price: FloatArray,
    work: Scratch,
    s: Shelves,
    places: Places,
    linked: bool,
) -> int:
    """Give the rows ``which[lo:hi]`` new bands; stop where there is no room for more entries.

    Returns where it stopped. What is not *linked* is new, and is to be linked by `link_rows`:
    several threads may write different rows at once. A row that is being written meanwhile may be
    read half: what is out of the columns or has no room is left, and what comes out is noise.
    """
    places_held, factors_max = rows.size.size, work.factor.size
    for n in range(lo, hi):
        row = which[n]
        start, held = rows.start[row], rows.count[row]
        count, reach = 0, -1.0
        whole = start + held <= places_held and held + rows.balance.shape[1] <= factors_max
        if whole and (held > 0 or _owes(row, rows)):
            stop = start + held
            count, reach = _band(start, stop, row, rows, tables, slopes, radii, price, work)
        if reach >= _LEAST:
            if not _write(row, count, work, s, places.used):
                if linked:
                    return n
                count, reach = 0, -1.0  # it has grown meanwhile, and is written once more
            for entry in range(s.first[row], s.first[row] + (count if linked else 0)):
                link(entry, 0, s)
                link(entry, 1, s)
        else:
            _clear(row, s)
            reach = min(reach, 0.0)
        places.reach[row] = reach
        if linked:
            _watch(row, reach == 0.0, places)
    return hi


@kernel
def link_rows(s: Shelves, places: Places) -> None:
    """Put the bounds of all rows of new shelves into their buckets, and note the watched."""
    for row in range(s.first.size):
        for entry in range(s.first[row], s.first[row] + s.count[row]):
            link(entry, 0, s)
            link(entry, 1, s)
        if places.reach[row] == 0.0:
            _watch(row, True, places)


# The rows that leave a band as one factor goes to a price, on either side.
@inlined
def _left(
    factor: int,
    price: float,
    s: Shelves,
    seen: NDArray[np.bool_],
    found: IntArray,
    n: int,
    kept: bool,
) -> int:
    edge, lane = s.edge, s.lane[factor]
    if lane >= 0:
        below, above = edge[lane, 0], edge[lane, 1]
        n = cross(lane, 0, price, s, seen, found, n)
        n = cross(lane, 1, price, s, seen, found, n)
        if not kept:
            edge[lane, 0], edge[lane, 1] = below, above
    _ = edge, s.entry
    return n


@kernel
def crossed_rows(
    factors: IntArray,
    prices: FloatArray,
    price: FloatArray,
    s: Shelves,
    seen: NDArray[np.bool_],
    found: IntArray,
) -> int:
    """Move *factors* to their new *prices*; return how many rows, in *found*, have left a band."""
    n = 0
    for k in range(factors.size):
        price[factors[k]] = prices[k]
        n = _left(factors[k], prices[k], s, seen, found, n, True)
    for k in range(n):
        seen[found[k]] = False
    return n


@kernel
def leaving_rows(
    factors: IntArray,
    prices: FloatArray,
    s: Shelves,
    seen: NDArray[np.bool_],
    found: IntArray,
) -> int:
    """Return how many rows, in *found*, would leave a band at other prices; nothing moves."""
    n = 0
    for k in range(factors.size):
        n = _left(factors[k], prices[k], s, seen, found, n, False)
    for k in range(n):
        seen[found[k]] = False
    return n


@kernel
def holding(rows: Rows, instruments: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return per row whether it holds one of the *instruments*."""
    found = np.zeros(rows.start.size, np.bool_)
    for row in range(found.size):
        for j in range(rows.start[row], rows.start[row] + rows.count[row]):
            found[row] |= instruments[rows.instrument[j]]
    return found


@kernel
def largest_of(numbers: FloatArray, s: Shelves) -> FloatArray:
    """Return per row the largest of the *numbers* of its factors; 0 where it has none."""
    found = np.zeros(s.first.size)
    for row in range(found.size):
        for entry in range(s.first[row], s.first[row] + s.count[row]):
            found[row] = max(found[row], numbers[s.entry[entry, FACTOR]])
    return found
