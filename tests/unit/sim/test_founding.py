"""Tests of founding: everybody is in, at the first mark, with what was drawn."""

import tomllib
from dataclasses import replace

import pytest

from hullmark.clearing import Rules
from hullmark.core import NANO
from hullmark.domain import Mode, SystemAccount
from hullmark.errors import InvalidInputError
from hullmark.feeds import read_scenario
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._founding import FIRST_USER, MAKER, found, listings, prints
from hullmark.sim._path import MarketPath
from hullmark.sim._population import draw
from hullmark.sim._population_parameters import load_parameters

from .conftest import VENUE

USDT = 10**6


@pytest.fixture(scope="module")
def rules():
    return Rules.parse(tomllib.loads(VENUE.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def path(short_scenario):
    return MarketPath.from_scenario(short_scenario, order="OHLC")


@pytest.fixture(scope="module")
def settings(short_scenario):
    return read_scenario(short_scenario).replay


def book_of(rules, path, accounts=200):
    return draw(
        load_parameters(),
        listings(rules, path),
        seed=5,
        accounts=accounts,
        open_interest_usd=1e7,
        settlement_decimals=6,
    )


def venue_at(path):
    return Venue(Journal(MemoryStore()), clock=SimulatedClock(path.start_ns))


def test_a_founded_venue_holds_the_book_as_drawn(rules, path, settings):
    book, venue = book_of(rules, path), venue_at(path)
    found(venue, rules, path, book, settings, asset=rules.assets[0])
    ledger = venue.state.ledger
    for drawn in book.accounts(FIRST_USER):
        held = {
            ledger.instruments[i].symbol: position.lots
            for i, position in ledger.positions(drawn.account)
        }
        assert held == dict(drawn.positions)
        assert ledger.cash(drawn.account, 0) == drawn.deposit_quanta
        assert venue.state.modes[drawn.account] is drawn.mode
        if drawn.mode is Mode.ISOLATED:
            assert venue.state.parents[drawn.account] == drawn.parent
    assert not venue.books().broken
    assert venue.views.breaches() == ()


def test_the_maker_takes_the_residual_with_its_declared_capital(rules, path, settings):
    book, venue = book_of(rules, path), venue_at(path)
    found(venue, rules, path, book, settings, asset=rules.assets[0])
    ledger = venue.state.ledger
    assert ledger.cash(MAKER, 0) == settings.maker_capital_usd * USDT
    for k, listing in enumerate(book.listings):
        number = ledger.instrument_index[listing.symbol]
        assert ledger.position(MAKER, number).lots == -book.lots[book.instrument == k].sum()


def test_the_fund_is_the_declared_share_of_open_interest(rules, path, settings):
    venue = venue_at(path)
    found(venue, rules, path, book_of(rules, path), settings, asset=rules.assets[0])
    expected = settings.fund_share * settings.open_interest_usd * USDT
    assert venue.state.ledger.cash(SystemAccount.FUND, 0) == round(expected)


def test_nobody_gains_or_loses_by_the_opening(rules, path, settings):
    book, venue = book_of(rules, path), venue_at(path)
    found(venue, rules, path, book, settings, asset=rules.assets[0])
    for drawn in book.accounts(FIRST_USER):
        net = venue.views.net_quanta(drawn.account, 0)
        assert abs(net - drawn.deposit_quanta) <= len(drawn.positions)  # a quantum of rounding each


def test_a_maker_without_capital_cannot_found_a_venue(rules, path, settings):
    poor = replace(settings, maker_capital_usd=1)
    with pytest.raises(InvalidInputError, match="the venue must take the book as drawn, refused"):
        found(venue_at(path), rules, path, book_of(rules, path), poor, asset=rules.assets[0])


def test_progress_ends_with_everything_done(rules, path, settings):
    told = []
    found(
        venue_at(path), rules, path, book_of(rules, path, 50), settings,
        asset=rules.assets[0], on_progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[-1][0] == told[-1][1]


def test_a_venue_that_does_not_list_a_coin_is_refused(path):
    tree = tomllib.loads(VENUE.read_text(encoding="utf-8"))
    tree["instruments"] = tree["instruments"][1:]
    for section in (tree["margin"]["tiered"], tree["prices"], tree["liquidation"]["depth_usd"]):
        del section["BTC-PERP"]
    with pytest.raises(InvalidInputError, match="venue file must list BTC-PERP with tiers"):
        listings(Rules.parse(tree), path)


def test_prints_are_the_marks_of_a_row_moved_by_a_share(path):
    said = prints(path, 7)
    assert [p.price_nano for p in said] == path.mark_nano(7).tolist()
    assert {p.observed_ns for p in said} == {path.start_ns + 7 * NANO}
    moved = prints(path, 7, [-0.5] * len(said))
    assert [p.price_nano for p in moved] == [round(p.price_nano * 0.5) for p in said]
