"""Tests of the shelves: against a plain list of bounds that is looked through from end to end."""

import math
import random

import numpy as np
import pytest

from hullmark.core import kernel
from hullmark.monitor._shelves import (
    BEFORE,
    COLUMNS,
    FACTOR,
    NEXT,
    ROW,
    SLOT,
    SLOTS,
    WIDTH,
    Shelves,
    bucket_of,
    cross,
    link,
    unlink,
)

RING = SLOTS * WIDTH  # the span of a ring, in the log of a price
FACTORS, ROWS = 3, 40


@kernel
def _link(entry, side, s):
    link(entry, side, s)


@kernel
def _unlink(entry, side, s):
    unlink(entry, side, s)


@kernel
def _cross(lane, price, s, seen, found):
    n = cross(lane, 0, price, s, seen, found, 0)
    return cross(lane, 1, price, s, seen, found, n)


@kernel
def _bucket(price):
    return bucket_of(price)


class Shelf:
    """Shelves of rows with an entry per factor, and beside them a dictionary of all bounds."""

    def __init__(self, prices, rows=ROWS):
        factors = len(prices)
        self.prices, self.rows, self.bounds = list(prices), rows, {}
        entries = rows * factors
        entry = np.full((entries, COLUMNS), -1, np.int32)
        entry[:, ROW], entry[:, FACTOR] = np.divmod(np.arange(entries), factors)
        self.s = Shelves(
            entry=entry,
            bound=np.zeros((entries, 2)),
            head=np.full((2 * factors, SLOTS), -1, np.int32),
            edge=np.tile([-np.inf, np.inf], (factors, 1)),
            lane=np.arange(factors, dtype=np.int32),
            first=np.arange(rows) * factors,
            count=np.full(rows, factors),
            room=np.full(rows, factors),
        )
        self.seen, self.found = np.zeros(rows, np.bool_), np.zeros(rows, np.int64)

    def put(self, row, factor, low, high):
        """Give a row bounds on a factor."""
        entry = row * len(self.prices) + factor
        self.s.bound[entry] = low, high
        for side in (0, 1):
            _link(entry, side, self.s)
        self.bounds[row, factor] = low, high

    def take(self, row, factor):
        """Take a row off the shelf of a factor."""
        for side in (0, 1):
            _unlink(row * len(self.prices) + factor, side, self.s)
        self.bounds.pop((row, factor), None)

    def tick(self, factor, price):
        """Move a price and return the rows that the shelves find."""
        self.prices[factor] = price
        n = _cross(factor, price, self.s, self.seen, self.found)
        self.seen[self.found[:n]] = False
        return self.found[:n].tolist()

    def reached(self, factor, price):
        """Return the rows that looking through all bounds finds."""
        return {
            row
            for (row, f), (low, high) in self.bounds.items()
            if f == factor and (price <= low or price >= high)
        }

    def buckets(self):
        """Return the entries of every bucket that holds some, after the links were walked."""
        entry, found = self.s.entry, {}
        for ring, slot in np.argwhere(self.s.head >= 0).tolist():
            before, at = -1, int(self.s.head[ring, slot])
            while at >= 0:
                assert entry[at, BEFORE + ring % 2] == before
                assert entry[at, SLOT + ring % 2] == slot
                found.setdefault((ring, slot), set()).add(at)
                before, at = at, int(entry[at, NEXT + ring % 2])
        return found

    def expected_buckets(self):
        """Return them as the bounds have it."""
        found = {}
        for (row, factor), bounds in self.bounds.items():
            for side, bound in enumerate(bounds):
                place = 2 * factor + side, math.floor(math.log(bound) / WIDTH) % SLOTS
                found.setdefault(place, set()).add(row * len(self.prices) + factor)
        return found

    def band(self, chance, factor):
        """Return bounds around the price, as near as a rounding or as far as two rings."""
        away = [math.exp(chance.uniform(math.log(1e-8), math.log(2.5 * RING))) for _ in "ab"]
        price = self.prices[factor]
        return price * math.exp(-away[0]), price * math.exp(away[1])


def _next_price(chance, shelf, factor):
    kind, price = chance.random(), shelf.prices[factor]
    if kind < 0.1:  # exactly at a bound
        low, high = chance.choice([b for (_, f), b in shelf.bounds.items() if f == factor])
        return chance.choice([low, high])
    scale = 3e-5 if kind < 0.5 else 0.01 if kind < 0.9 else 1.5 * RING
    return price * math.exp(chance.gauss(0, scale))


@pytest.mark.parametrize("seed", range(4))
def test_a_tick_finds_exactly_the_rows_whose_bound_it_has_reached(seed):
    chance = random.Random(seed)
    shelf = Shelf([1.0, 60_000.0, 1e-4])
    for row in range(ROWS):
        for factor in range(FACTORS):
            shelf.put(row, factor, *shelf.band(chance, factor))
    ticks = crossings = turns = 0
    for step in range(3_000):
        row, factor = chance.randrange(ROWS), chance.randrange(FACTORS)
        kind = chance.random()
        if kind < 0.2:
            shelf.put(row, factor, *shelf.band(chance, factor))
        elif kind < 0.25:
            shelf.take(row, factor)
        else:
            before, price = shelf.prices[factor], _next_price(chance, shelf, factor)
            expected, found = shelf.reached(factor, price), shelf.tick(factor, price)
            assert len(found) == len(set(found))
            assert set(found) == expected, step
            ticks, crossings = ticks + 1, crossings + len(found)
            turns += abs(math.log(price / before)) > RING
            for crossed in found:
                shelf.put(crossed, factor, *shelf.band(chance, factor))
        below, above = shelf.s.edge[factor]
        for (_, f), (low, high) in shelf.bounds.items():
            assert f != factor or (low <= below and high >= above), step
        if step % 100 == 0:
            assert shelf.buckets() == shelf.expected_buckets()
    assert ticks > 2_000
    assert crossings > 2_000
    assert turns > 50  # more than once around


@pytest.mark.parametrize("by", [-3.3, -1.01, 1.01, 3.3])
def test_a_jump_of_more_than_a_ring_finds_every_row_on_its_way_once(by):
    shelf = Shelf([100.0])
    for row in range(ROWS):
        away = RING * 3.0 * (row + 1) / ROWS
        shelf.put(row, 0, 100.0 * math.exp(-away), 100.0 * math.exp(away))
    price = 100.0 * math.exp(by * RING)
    found = shelf.tick(0, price)
    assert sorted(found) == [row for row in range(ROWS) if 3.0 * (row + 1) / ROWS <= abs(by)]


def test_a_row_that_is_seen_through_one_factor_is_not_noted_through_another():
    shelf = Shelf([100.0, 100.0], rows=2)
    for row in range(2):
        shelf.put(row, 0, 99.0, 101.0)
        shelf.put(row, 1, 90.0, 110.0)
    shelf.seen[1] = True
    assert shelf.tick(0, 98.0) == [0]


def test_a_price_at_a_bound_has_reached_it_and_one_bit_before_has_not():
    shelf = Shelf([100.0], rows=2)
    shelf.put(0, 0, 99.0, 150.0)
    shelf.put(1, 0, 50.0, 101.0)
    assert shelf.tick(0, math.nextafter(99.0, 100.0)) == []
    assert shelf.tick(0, math.nextafter(101.0, 100.0)) == []
    assert shelf.tick(0, 99.0) == [0]
    assert shelf.tick(0, 101.0) == [1]


def test_a_tick_within_the_edges_leaves_them_and_one_beyond_puts_them_before_the_next_bound():
    shelf = Shelf([100.0], rows=3)
    shelf.put(0, 0, 99.5, 200.0)
    shelf.put(1, 0, 99.0, 200.0)
    shelf.put(2, 0, 10.0, 200.0)
    assert shelf.s.edge[0].tolist() == [99.5, 200.0]
    assert shelf.tick(0, 99.6) == []
    assert shelf.s.edge[0].tolist() == [99.5, 200.0]
    assert shelf.tick(0, 99.4) == [0]
    assert shelf.s.edge[0].tolist() == [99.0, 200.0]
    assert shelf.tick(0, 98.0) == [1]
    edge = shelf.s.edge[0, 0]  # nothing near: no farther than it has looked
    assert 98.0 * math.exp(-66 * WIDTH) < edge < 98.0 * math.exp(-62 * WIDTH)


def test_what_was_taken_out_is_not_found_and_may_be_taken_out_again():
    shelf = Shelf([100.0], rows=3)
    for row in range(3):  # one bucket: the first, one between and the last of its list
        shelf.put(row, 0, 99.0, 101.0)
    for row in (1, 1, 2):
        shelf.take(row, 0)
    assert shelf.buckets() == shelf.expected_buckets()
    assert shelf.tick(0, 90.0) == [0]
    shelf.take(0, 0)
    assert shelf.buckets() == {}
    assert shelf.tick(0, 200.0) == []


@pytest.mark.parametrize("price", [1e-9, 0.3, 1.0, 1.0001, 60_000.0, 1e12])
def test_a_bucket_is_as_wide_as_it_says(price):
    number = _bucket(price)
    assert number * WIDTH <= math.log(price) + 1e-9
    assert math.log(price) - 1e-9 <= (number + 1) * WIDTH
