"""Tests of the trigger index: who is looked at, who is not, and that nobody is forgotten."""

import dataclasses
import random

import numpy as np
import pytest

from hullmark.book import Book
from hullmark.errors import InvalidInputError
from hullmark.margin import TieredModel, build_slopes, evaluate
from hullmark.monitor import Checked, TriggerIndex, rows_holding
from hullmark.monitor._trigger_index import RADII

from ...laws.moving_book import ASSETS, FIXED, INSTRUMENTS, Watched, fill, market_of, moved, start

BTC_PERP, FACTOR = 0, len(ASSETS)  # the first contract, and its mark among the factors
NOBODY = np.zeros(0, np.int64)


class Perpetuals:
    """Rows that are long one coin at 60,010 USD each, with so many dollars of equity."""

    def __init__(self, *equities, threads=1):
        self.market, self.book = market_of(random.Random(1), start()), Book(len(ASSETS))
        self.prices, self.asked, self.rebuilt = start(), [], 0
        for usd in equities:
            self.hold(self.book.add_account(TieredModel.code), usd)
        self.index = TriggerIndex(
            self.book.rows(), self.market.tables, self.slopes_at, self.prices, threads=threads
        )

    def hold(self, row, usd, size=1.0):
        """Give a row its equity and a position in the perpetual."""
        self.book.set_balance(row, 0, float(usd))
        self.book.set_position(row, BTC_PERP, size=size, quote=-size * 60_010.0)

    def slopes_at(self, radii):
        """Return the slopes at the market, and note that they were asked for."""
        self.asked.append(tuple(radii))
        return build_slopes(self.market, fixed=FIXED, radii=radii)

    def tables(self):
        """Return the tables, and note that somebody wanted them."""
        self.rebuilt += 1
        return self.market.tables

    def tick(self, usd, touched=(), factor=FACTOR):
        """Move one price and return the rows in breach."""
        self.prices = self.prices.copy()
        self.prices[factor] = usd
        self.market = moved(self.market, self.prices)
        crossed = self.index.crossed(np.array([factor]), np.array([usd]))
        touched = np.array(touched, np.int64)
        found = self.index.check(self.book.rows(), self.tables, crossed, touched)
        everyone = evaluate(self.book.rows(), self.market.tables)
        assert sorted(found.in_breach) == np.flatnonzero(everyone.in_breach).tolist()
        return sorted(found.in_breach.tolist())


def test_a_tick_looks_at_those_whose_band_it_leaves_and_counts_everyone():
    venue = Perpetuals(3_000, 6_000, 30_000)
    assert venue.index.checked == Checked(3, 3, 0, 0)
    assert venue.tick(59_000.0) == []
    assert venue.index.checked == Checked(3, 0, 0, 0)
    assert venue.rebuilt == 0  # no table was wanted
    assert venue.tick(57_500.0) == [0]
    assert venue.index.checked == Checked(3, 1, 1, 0)
    assert venue.index.watched.tolist() == [0]
    assert venue.tick(57_400.0) == [0]
    assert venue.index.checked == Checked(3, 1, 0, 1)
    assert venue.tick(54_000.0) == [0, 1]
    assert venue.index.checked == Checked(3, 2, 1, 1)
    assert venue.tick(60_000.0) == []
    assert venue.index.watched.size == 0
    assert venue.tick(60_001.0) == []
    assert venue.index.checked == Checked(3, 0, 0, 0)


def test_a_row_that_both_crosses_and_is_touched_is_evaluated_once():
    venue = Perpetuals(3_000, 6_000)
    assert venue.tick(57_500.0, touched=[0, 0, 1]) == [0]
    assert venue.index.checked.evaluated == 2
    assert venue.index.checked.accounts == 2


def test_rows_that_come_later_are_known_from_then_on():
    venue = Perpetuals(30_000)
    rows = [venue.book.add_account(TieredModel.code) for _ in range(3)]
    for row, usd in zip(rows, (100, 3_000, 6_000), strict=True):
        venue.hold(row, usd)
    assert venue.tick(60_010.0, touched=rows) == [1]
    assert len(venue.index) == 4
    assert venue.index.checked == Checked(4, 3, 0, 0)
    assert venue.tick(57_500.0) == [1, 2]
    assert venue.tick(54_000.0) == [1, 2, 3]


def test_a_row_that_is_emptied_is_neither_watched_nor_found_again():
    venue = Perpetuals(3_000, 6_000)
    assert venue.tick(57_500.0) == [0]
    for row in (0, 1):
        venue.hold(row, 50.0, size=0.0)
    assert venue.tick(57_500.0, touched=[0, 1]) == []
    assert venue.index.watched.size == 0
    assert venue.index.reach.tolist() == [-1.0, -1.0]
    assert venue.tick(20_000.0) == []
    assert venue.index.checked == Checked(2, 0, 0, 0)


def test_the_nearest_in_time_are_those_whose_prices_are_lively():
    venue = Perpetuals(6_000, 3_000, 500)
    vol = np.zeros(start().size)
    vol[FACTOR] = 0.5
    rows, years = venue.index.nearest(9, vol)
    reach = venue.index.reach[rows]
    assert rows.tolist() == [2, 1, 0]  # in breach, then by way
    assert years.tolist() == pytest.approx(((reach / 0.5) ** 2).tolist())
    still, _ = venue.index.nearest(9, np.zeros_like(vol))
    assert still.tolist() == [2]  # who is in breach needs no time


def test_the_nearest_come_first_and_those_that_nothing_harms_not_at_all():
    venue = Perpetuals(6_000, 3_000, 500, 3_000, 0)
    venue.hold(4, 100.0, size=0.0)
    venue.tick(60_010.0, touched=[4])
    assert venue.index.nearest(9)[0].tolist() == [2, 1, 3, 0]
    assert venue.index.nearest(2)[0].tolist() == [2, 1]
    assert venue.index.nearest(0)[0].size == 0
    reach = venue.index.reach[venue.index.nearest(9)[0]]
    assert reach[0] == 0.0  # in breach
    assert (np.diff(reach) >= 0.0).all()
    # Equity of 3,000 less 1 % of the price, for each relative move of 60,010.
    assert reach[1] == pytest.approx((3_000.0 - 600.1) / 60_010.0, rel=1e-6)


def test_who_may_be_under_elsewhere_is_told_without_going_there():
    venue = Perpetuals(500, 3_000, 6_000, 30_000)
    factor = np.array([FACTOR])
    for usd, expected in ((59_000.0, [0]), (57_500.0, [0, 1]), (54_000.0, [0, 1, 2])):
        assert venue.index.at_risk_at(factor, np.array([usd])).tolist() == expected
    assert venue.index.prices[FACTOR] == 60_010.0
    assert venue.tick(59_000.0) == [0]


def test_slopes_are_taken_anew_where_prices_have_left_the_inner_half_of_a_box():
    venue = Perpetuals(500, 55_000)
    assert venue.asked == [RADII[:1], RADII]
    venue.tick(60_010.0 * 1.009, touched=[1])  # half of the narrowest box is a hundredth
    assert venue.asked[2:] == []
    venue.tick(60_010.0 * 1.011)  # nobody is evaluated, so that nobody needs them
    assert venue.asked[2:] == []
    venue.tick(60_010.0 * 1.011, touched=[1])
    assert venue.asked[2:] == [RADII[2:]]
    venue.tick(60_010.0 * 0.94)
    assert venue.asked[3:] == [RADII[1:2], RADII[2:]]
    venue.tick(60_010.0 * 0.7)
    assert venue.asked[5:] == [RADII[:1], RADII[1:2], RADII[2:]]
    venue.index.rebased()
    assert venue.asked[-2:] == [RADII[:1], RADII]


def test_another_that_is_asked_for_slopes_is_the_only_one_asked():
    venue, asked = Perpetuals(500), []

    def slopes_at(radii):
        asked.append(tuple(radii))
        return build_slopes(venue.market, fixed=FIXED, radii=radii)

    venue.index.ask_slopes(slopes_at)
    before = len(venue.asked)
    venue.index.rebased()
    assert asked == [RADII[:1], RADII]
    assert len(venue.asked) == before


def test_where_each_price_is_that_of_one_contract_one_box_is_enough():
    chosen, asked = [0, 1, 5], []  # contracts that are paid in dollars
    whole = market_of(random.Random(1), start())
    market = dataclasses.replace(whole.part(chosen), shocked=frozenset())

    def slopes_at(radii):
        asked.append(tuple(radii))
        return build_slopes(market, fixed=ASSETS, radii=radii)

    book = Book(len(ASSETS))
    book.add_account(TieredModel.code)
    prices = start()[[*range(len(ASSETS)), *(len(ASSETS) + n for n in chosen)]]
    TriggerIndex(book.rows(), market.tables, slopes_at, prices)
    assert asked == [RADII[:1]]


def test_entries_grow_as_rows_come_to_hold_more():
    chance = random.Random(3)
    watched = Watched(chance, accounts=1)
    index, book, market = watched.index, watched.book, watched.market
    before = len(index._shelves.entry)
    for _ in range(60):
        fill(chance, book, book.add_account(chance.randint(0, 1)), market)
    found = index.check(book.rows(), lambda: market.tables, NOBODY, np.arange(len(book)))
    assert len(index._shelves.entry) > 10 * before
    anew = TriggerIndex(book.rows(), market.tables, watched.slopes_at, watched.prices)
    np.testing.assert_array_equal(index.reach, anew.reach)
    assert set(index.watched.tolist()) == set(anew.watched.tolist())
    everyone = evaluate(book.rows(), market.tables)
    assert sorted(found.in_breach) == np.flatnonzero(everyone.in_breach).tolist()
    shelves = index._shelves
    held = np.concatenate([
        np.arange(first, first + count)
        for first, count in zip(shelves.first, shelves.count, strict=True)
    ])  # fmt: skip
    assert np.unique(held).size == held.size  # no entry is that of two rows
    assert held.max() < index._places.used[0] <= len(shelves.entry)


def test_threads_give_the_bands_of_one():
    chance = random.Random(4)
    watched = Watched(chance, accounts=200)
    rows, tables = watched.book.rows(), watched.market.tables
    one, many = (
        TriggerIndex(rows, tables, watched.slopes_at, watched.prices, threads=threads)
        for threads in (1, 3)
    )
    assert many.reach.tobytes() == one.reach.tobytes()
    assert many.watched.tolist() == one.watched.tolist()
    assert many.checked == one.checked
    factors = np.flatnonzero(one._shelves.lane >= 0)
    for by in (1.0, 0.999, 1.01, 0.9):
        crossed = [sorted(i.crossed(factors, watched.prices[factors] * by)) for i in (one, many)]
        assert crossed[0] == crossed[1]
    assert crossed[0]


def test_an_empty_book_is_an_index_of_nobody():
    venue = Perpetuals()
    assert len(venue.index) == 0
    assert venue.tick(1_000.0) == []
    assert venue.index.checked == Checked(0, 0, 0, 0)
    assert venue.index.nearest(3)[0].size == 0


@pytest.mark.parametrize("threads", [0, -2])
def test_refuses_to_build_on_no_thread(threads):
    with pytest.raises(InvalidInputError, match=f"threads must be >= 1, was {threads}"):
        Perpetuals(1_000, threads=threads)


def test_holders_are_the_rows_with_a_position():
    venue = Perpetuals(1_000, 2_000, 3_000)
    venue.hold(1, 2_000.0, size=0.0)
    mask = np.zeros(len(INSTRUMENTS), np.bool_)
    mask[BTC_PERP] = True
    assert rows_holding(venue.book.rows(), mask).tolist() == [0, 2]
    assert rows_holding(venue.book.rows(), ~mask).size == 0
