"""Tests of one row asked after a change: the bits of a row that was built with it."""

import gc
import math

import numpy as np
import pytest

from hullmark.book import Book, Rows
from hullmark.errors import InvalidInputError
from hullmark.margin import (
    Change,
    WhatIf,
    any_in_breach,
    evaluate,
    evaluate_one,
    model_code,
    spare_kernel,
)

from .test_evaluate import make_book

N_INSTRUMENTS = 12  # the last one has no tiers


def asked(book, venue, *, unsettled=None):
    """Return a book's rows at a venue, all instruments unsettled unless said otherwise."""
    if unsettled is None:
        unsettled = np.ones(N_INSTRUMENTS, np.bool_)
    return WhatIf(book.rows(), venue.tables, unsettled=unsettled)


def changed(account, change):
    """Return an account as a row of its own, after a change."""
    book = Book(account.balance.size)
    book.add_account(account.model)
    for asset, units in enumerate(account.balance.tolist()):
        book.set_balance(0, asset, units)
    for number, size, quote in zip(*(c.tolist() for c in account[:3]), strict=True):
        book.set_position(0, number, size=size, quote=quote)
    if change.instrument >= 0:
        book.set_position(0, change.instrument, size=change.size, quote=change.quote)
    if change.asset >= 0:
        book.set_balance(0, change.asset, change.units)
    return book.account(0)


def spare_of(row, tables):
    """Return initial equity less initial margin, the slow way."""
    return evaluate_one(*row, tables).spare_initial


def changes(rng):
    """Yield changes of every kind: none, a payment, a position opened, moved or closed."""
    yield Change()
    yield Change(asset=int(rng.integers(3)), units=float(rng.normal() * 100))
    for size in (0.0, float(rng.normal() * 10)):
        number, asset = int(rng.integers(N_INSTRUMENTS - 1)), int(rng.integers(3))
        yield Change(number, size, float(rng.normal()), asset, float(rng.normal() * 100))


@pytest.mark.parametrize("n_scenarios", [1, 8, 11, 33])
def test_has_the_bits_of_the_row_that_was_built_with_the_change(make, n_scenarios):
    venue, book = make(seed=n_scenarios, n_scenarios=n_scenarios), make_book(n_scenarios)
    rng, rows = np.random.default_rng(1), asked(book, venue)
    for row in range(len(book)):
        for change in changes(rng):
            slow = spare_of(changed(book.account(row), change), venue.tables)
            assert rows.spare_usd(row, change) == slow, (row, change)


def test_the_rows_stay_as_they_were(venue):
    book, rng = make_book(3), np.random.default_rng(1)
    rows = asked(book, venue)
    for row in range(len(book)):
        for change in changes(rng):
            rows.spare_usd(row, change, settled=True)
    assert book == make_book(3)


def test_takes_off_the_gains_that_are_not_settled(venue):
    book = make_book(4)
    some = np.arange(N_INSTRUMENTS) % 2 == 0
    for unsettled in (np.ones(N_INSTRUMENTS, np.bool_), some):
        rows, tables = asked(book, venue, unsettled=unsettled), venue.tables
        for row in range(len(book)):
            account, gains = book.account(row), 0.0
            for number, size, quote in zip(*account[:3], strict=True):
                gain = max(size * tables.value[number] + quote, 0.0)
                gains += gain * tables.price_usd[tables.settle[number]] * unsettled[number]
            assert rows.spare_usd(row, settled=True) == rows.spare_usd(row) - gains


def test_sees_what_is_written_later_and_says_what_it_is_about(make):
    venue, book = make(), make_book(5)
    rows = asked(book, venue)
    assert rows.is_about(book.rows(), venue.tables)
    before = rows.spare_usd(0)
    book.set_balance(0, 0, 12_345.0)
    venue.tables.value[:] *= 2.0
    assert rows.spare_usd(0) == spare_of(book.account(0), venue.tables) != before
    book.add_account(0)
    assert not rows.is_about(book.rows(), venue.tables)


@pytest.mark.parametrize(
    ("row", "change", "message"),
    [
        (10**6, Change(), r"row must be in \[0, 7\), was 1000000"),
        (7, Change(), r"row must be in \[0, 7\), was 7"),
        (-1, Change(), r"row must be in \[0, 7\), was -1"),
        (0, Change(12, 1.0, 0.0), r"instrument must be in \[-1, 12\), was 12"),
        (0, Change(-2, 1.0, 0.0), r"instrument must be in \[-1, 12\), was -2"),
        (0, Change(asset=3, units=1.0), r"asset must be in \[-1, 3\), was 3"),
        (0, Change(asset=-2, units=1.0), r"asset must be in \[-1, 3\), was -2"),
    ],
)
def test_what_is_not_in_the_book_or_the_venue_is_refused(venue, row, change, message):
    with pytest.raises(InvalidInputError, match=message):
        asked(make_book(1, n_accounts=7), venue).spare_usd(row, change)


def test_unsettled_must_be_of_the_instruments(venue):
    with pytest.raises(InvalidInputError, match=r"unsettled must have the shape \(12,\), was"):
        asked(make_book(1), venue, unsettled=np.ones(3, np.bool_))


def test_columns_of_another_width_give_the_same_numbers(venue):
    book, wide = make_book(1), venue.tables.settle.astype(np.int64)
    tables = venue.tables._replace(settle=wide)
    other = WhatIf(book.rows(), tables, unsettled=np.ones(N_INSTRUMENTS, np.bool_))
    for row in range(len(book)):
        assert other.spare_usd(row) == asked(book, venue).spare_usd(row)


def test_what_is_asked_is_kept_alive(venue):
    book = make_book(1)
    expected = asked(book, venue).spare_usd(0)
    tables = venue.tables
    tables = tables._replace(value=tables.value.copy(), risk=tables.risk.copy())
    rows = Rows(*(column.copy() for column in book.rows()))
    kept = WhatIf(rows, tables, unsettled=np.ones(N_INSTRUMENTS, np.bool_)).bundle
    kept.content = None  # the handle of the kernel is all that is left
    del rows, tables
    gc.collect()
    others = [np.full(size, np.nan) for size in range(1, 400)]  # what would lie in their places
    assert spare_kernel(kept, 0, False, -1, 0.0, 0.0, -1, 0.0) == expected
    assert others


def test_what_has_no_tiers_leaves_nothing_to_spare(venue):
    book = Book(3)
    book.add_account(model_code("tiered"))
    change = Change(N_INSTRUMENTS - 1, 1.0, 0.0)
    assert asked(book, venue).spare_usd(0, change) == -math.inf


@pytest.mark.parametrize("seed", range(8))
def test_finds_a_breach_where_a_sweep_finds_one(make, seed):
    venue, book = make(seed), make_book(seed)
    healthy = Book(3)
    for row in np.flatnonzero(~evaluate(book.rows(), venue.tables).in_breach).tolist():
        account = book.account(row)
        added = healthy.add_account(account.model)
        for asset, units in enumerate(account.balance.tolist()):
            healthy.set_balance(added, asset, units)
        for number, size, quote in zip(*(c.tolist() for c in account[:3]), strict=True):
            healthy.set_position(added, number, size=size, quote=quote)
    assert any_in_breach(book.rows(), venue.tables)
    assert not any_in_breach(healthy.rows(), venue.tables)


def test_an_empty_book_and_one_that_a_sweep_refuses(venue):
    assert not any_in_breach(Book(3).rows(), venue.tables)
    book = Book(3)
    book.add_account(model_code("tiered"))
    book.set_position(0, N_INSTRUMENTS - 1, size=1.0, quote=0.0)
    assert any_in_breach(book.rows(), venue.tables)
