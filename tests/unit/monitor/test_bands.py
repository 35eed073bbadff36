"""Tests of the bands: those that a slow search over the levels finds, and where rows are put."""

import random

import numpy as np
import pytest

from hullmark.book import Book
from hullmark.core import kernel
from hullmark.margin import build_slopes, evaluate, row_reach, scratch_for
from hullmark.monitor._bands import (
    Places,
    crossed_rows,
    holding,
    leaving_rows,
    link_rows,
    place_rows,
)
from hullmark.monitor._shelves import COLUMNS, FACTOR, NEXT, ROW, SLOT, SLOTS, Shelves

from ...laws.moving_book import ASSETS, FIXED, INSTRUMENTS, fill, market_of, start

RADII = np.array([0.5, 0.1, 0.02])
ACCOUNTS = 60


@kernel
def _reach(row, rows, tables, slopes, level, work):
    lo = rows.start[row]
    return row_reach(lo, lo + rows.count[row], row, rows, tables, slopes, level, work)


class Banded:
    """A book of random rows, and shelves and places for it that are still empty."""

    def __init__(self, seed, entries=None):
        chance = random.Random(seed)
        self.price, self.book = start(), Book(len(ASSETS))
        self.market = market_of(chance, self.price)
        for _ in range(ACCOUNTS):
            fill(chance, self.book, self.book.add_account(chance.randint(0, 1)), self.market)
        self.rows, self.tables = self.book.rows(), self.market.tables
        self.slopes = build_slopes(self.market, fixed=FIXED, radii=RADII.tolist())
        self.work = scratch_for(self.tables, len(INSTRUMENTS) + len(ASSETS))
        moving = self.slopes.high[0] > self.slopes.low[0]
        room = self.rows.count + len(ASSETS)
        given = int(room.sum()) if entries is None else 0
        self.s = Shelves(
            entry=np.full((given or entries, COLUMNS), -1, np.int32),
            bound=np.zeros((given or entries, 2)),
            head=np.full((2 * int(moving.sum()), SLOTS), -1, np.int32),
            edge=np.tile([-np.inf, np.inf], (int(moving.sum()), 1)),
            lane=np.where(moving, np.cumsum(moving) - 1, -1).astype(np.int32),
            first=np.cumsum(room) - room if given else np.zeros(ACCOUNTS, np.int64),
            count=np.zeros(ACCOUNTS, np.int64),
            room=room if given else np.zeros(ACCOUNTS, np.int64),
        )
        self.places = Places(
            reach=np.full(ACCOUNTS, -1.0),
            watch=np.zeros(ACCOUNTS, np.int64),
            watched_at=np.full(ACCOUNTS, -1),
            used=np.array([given, 0]),
        )

    def place(self, lo=0, *, linked=True, rows=None, which=None):
        """Give rows their bands, all of them if not told, and return where it stopped."""
        which = np.arange(ACCOUNTS) if which is None else np.array(which)
        market = rows or self.rows, self.tables, self.slopes, RADII, self.price
        kept = self.s, self.places, linked
        return place_rows(lo, which.size, which, *market, self.work, *kept)

    def entries(self, row):
        """Return the factors of a row with their bounds."""
        at = slice(self.s.first[row], self.s.first[row] + self.s.count[row])
        assert (self.s.entry[at, ROW] == row).all()
        bounds = self.s.bound[at].tolist()
        return dict(zip(self.s.entry[at, FACTOR].tolist(), bounds, strict=True))

    def band(self, row):
        """Return what `entries` should, and the reach: the best of all levels."""
        best, bounds = 0.0, {}
        for level in range(RADII.size):
            count, reach = _reach(row, self.rows, self.tables, self.slopes, level, self.work)
            found, narrowest = {}, reach
            for f, harm in zip(self.work.factor[:count], self.work.harmful[:count], strict=True):
                low, high = self.slopes.low[level, f], self.slopes.high[level, f]
                centre = self.slopes.centre[level, f]
                inside = min(self.price[f] - low, high - self.price[f])
                narrowest = min(narrowest, inside / centre)
                step = reach * centre
                found[int(f)] = [
                    max(low, self.price[f] - step) if harm[0] else low,
                    min(high, self.price[f] + step) if harm[1] else high,
                ]
            if narrowest > best:
                best, bounds = narrowest, found
        return best, bounds

    def shelved(self):
        """Return the entries on every shelf, as row, factor and side."""
        found = {}
        for ring, slot in np.argwhere(self.s.head >= 0).tolist():
            at = int(self.s.head[ring, slot])
            while at >= 0:
                row, factor = self.s.entry[at, ROW], self.s.entry[at, FACTOR]
                found.setdefault((ring, slot), set()).add((int(row), int(factor)))
                at = int(self.s.entry[at, NEXT + ring % 2])
        return found


@pytest.mark.parametrize("seed", range(3))
def test_bands_are_the_widest_of_all_levels_and_rows_without_any_are_watched(seed):
    banded = Banded(seed)
    assert banded.place() == ACCOUNTS
    under = evaluate(banded.rows, banded.tables).in_breach
    owes = (banded.rows.balance < 0.0).any(axis=1)
    levels = set()
    for row in range(ACCOUNTS):
        reach, found = banded.places.reach[row], banded.entries(row)
        if banded.rows.count[row] == 0 and not owes[row]:
            assert reach == -1.0
            assert found == {}
            continue
        best, bounds = banded.band(row)
        assert reach == (best if best >= 1e-9 else 0.0)
        if reach == 0.0:
            assert found == {}
        else:
            assert found == bounds
            levels.add(min(n for n, radius in enumerate((*RADII, 0.0)) if reach >= 0.5 * radius))
        assert not (under[row] and reach > 0.0)
    watched = banded.places.watch[: banded.places.used[1]]
    assert set(watched.tolist()) == set(np.flatnonzero(banded.places.reach == 0.0).tolist())
    assert set(np.flatnonzero(under).tolist()) <= set(watched.tolist())
    assert [banded.places.watched_at[row] for row in watched] == list(range(watched.size))
    assert len(levels) > 1  # more than one level was the best of some


def test_linking_afterwards_puts_the_same_bounds_on_the_same_shelves():
    banded, late = Banded(5), Banded(5)
    banded.place()
    late.place(linked=False)
    assert late.shelved() == {}
    assert late.places.used[1] == 0
    link_rows(late.s, late.places)
    assert late.shelved() == banded.shelved()
    np.testing.assert_array_equal(late.s.edge, banded.s.edge)
    assert late.places.used.tolist() == banded.places.used.tolist()
    np.testing.assert_array_equal(late.places.watched_at, banded.places.watched_at)


def test_a_row_that_is_put_again_leaves_no_bound_behind():
    banded = Banded(6)
    banded.place()
    before = banded.shelved()
    banded.place(which=list(range(0, ACCOUNTS, 3)) * 2)
    assert banded.shelved() == before
    empty = banded.rows._replace(
        count=np.zeros_like(banded.rows.count), balance=np.zeros_like(banded.rows.balance)
    )
    banded.place(rows=empty)
    assert banded.shelved() == {}
    assert (banded.places.reach == -1.0).all()
    assert banded.places.used[1] == 0
    assert (banded.places.watched_at == -1).all()


def test_it_stops_where_entries_run_out_and_goes_on_with_more():
    whole, banded = Banded(7), Banded(7, entries=20)
    whole.place()
    stopped = banded.place()
    assert 0 < stopped < ACCOUNTS
    assert banded.s.count[stopped] == 0
    assert banded.entries(0) == whole.entries(0)
    more = ((0, 2_000), (0, 0))
    banded.s = banded.s._replace(
        entry=np.pad(banded.s.entry, more), bound=np.pad(banded.s.bound, more)
    )
    assert banded.place(stopped) == ACCOUNTS
    assert banded.shelved() == whole.shelved()
    assert banded.places.used[0] <= 2_020


def test_a_row_that_is_written_meanwhile_is_left_where_it_is_out_of_the_columns():
    banded = Banded(8)
    held = int(np.argmax(banded.rows.count))
    beyond = banded.rows.start.copy()
    beyond[held] = banded.rows.size.size - int(banded.rows.count[held]) + 1
    many = banded.rows.count.copy()
    many[held] = len(INSTRUMENTS) + 1
    for torn in (banded.rows._replace(start=beyond), banded.rows._replace(count=many)):
        banded.places.reach[held] = 0.5
        assert banded.place(rows=torn, which=[held]) == 1
        assert banded.places.reach[held] == -1.0
        assert banded.s.count[held] == 0


def test_a_row_that_has_grown_meanwhile_leaves_the_others_their_bands():
    whole, banded = Banded(8), Banded(8)
    whole.place(linked=False)
    grown = int(np.argmax(whole.s.count))
    banded.s.room[grown] = int(whole.s.count[grown]) - 1  # as many as it had when room was given
    assert banded.place(linked=False) == ACCOUNTS
    assert (banded.s.count[grown], banded.places.reach[grown]) == (0, -1.0)
    others = np.arange(ACCOUNTS) != grown
    assert banded.places.reach[others].tolist() == whole.places.reach[others].tolist()
    assert banded.s.count[others].tolist() == whole.s.count[others].tolist()


def test_looking_at_other_prices_finds_whom_going_there_finds_and_moves_nothing():
    banded, draws = Banded(9), np.random.default_rng(9)
    banded.place()
    seen, found = np.zeros(ACCOUNTS, np.bool_), np.zeros(ACCOUNTS, np.int64)
    factors = np.flatnonzero(banded.s.lane >= 0)
    sizes = set()
    for scale in (1e-4, 0.01, 0.05, 0.3):
        prices = banded.price[factors] * np.exp(draws.normal(0.0, scale, factors.size))
        edges, before = banded.s.edge.copy(), banded.price.copy()
        n = leaving_rows(factors, prices, banded.s, seen, found)
        expected = sorted(found[:n].tolist())
        np.testing.assert_array_equal(banded.s.edge, edges)
        np.testing.assert_array_equal(banded.price, before)
        moved = banded.price.copy()
        n = crossed_rows(factors, prices, moved, banded.s, seen, found)
        assert sorted(found[:n].tolist()) == expected
        np.testing.assert_array_equal(moved[factors], prices)
        assert not seen.any()
        out = dict(zip(factors.tolist(), prices.tolist(), strict=True))
        assert expected == [
            row for row in range(ACCOUNTS)
            if any(f in out and not low < out[f] < high
                   for f, (low, high) in banded.entries(row).items())
        ]  # fmt: skip
        sizes.add(n)
        banded.s.edge[:] = edges
    assert len(sizes) > 2


def test_a_price_that_does_not_move_alone_is_taken_over_and_finds_nobody():
    banded = Banded(10)
    banded.place()
    seen, found = np.zeros(ACCOUNTS, np.bool_), np.zeros(ACCOUNTS, np.int64)
    usd = np.array([0])
    assert banded.s.lane[0] == -1
    assert crossed_rows(usd, np.array([0.5]), banded.price, banded.s, seen, found) == 0
    assert banded.price[0] == 0.5
    assert leaving_rows(usd, np.array([0.1]), banded.s, seen, found) == 0


def test_holders_of_instruments_are_those_with_a_position_in_one():
    banded = Banded(11)
    mask = np.zeros(len(INSTRUMENTS), np.bool_)
    assert not holding(banded.rows, mask).any()
    mask[[0, 7]] = True
    expected = [bool(mask[banded.book.account(row).instrument].any()) for row in range(ACCOUNTS)]
    assert 0 < sum(expected) < ACCOUNTS
    assert holding(banded.rows, mask).tolist() == expected


def test_slots_of_what_is_on_no_shelf_say_so():
    banded = Banded(12)
    banded.place(linked=False)
    for row in range(ACCOUNTS):
        at = slice(banded.s.first[row], banded.s.first[row] + banded.s.count[row])
        assert (banded.s.entry[at, SLOT : SLOT + 2] == -1).all()
