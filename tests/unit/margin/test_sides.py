"""Tests of equity at the two sides of prices: against the slow margin, and the laws of them."""

import copy

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.book import Book
from hullmark.errors import InvalidInputError
from hullmark.margin import (
    Change,
    Sides,
    WhatIf,
    any_in_breach,
    evaluate,
    evaluate_one,
    initial_prices,
    model_code,
    with_sides,
)

MODELS = ("tiered", "scenario")
WIDTHS = st.floats(0.0, 0.9)


def make_book(seed, n_accounts=40, n_instruments=11):
    """Return a book of random accounts, of which some owe and some hold nothing."""
    rng, book = np.random.default_rng(seed), Book(3)
    for n in range(n_accounts):
        row = book.add_account(model_code(MODELS[n % 2]))
        for asset in range(3):
            book.set_balance(row, asset, float(rng.choice([0.0, rng.normal() * 100])))
        for i in rng.permutation(n_instruments)[: rng.integers(0, n_instruments + 1)]:
            size, quote = rng.normal(size=2) * 10 ** rng.uniform(-2, 2)
            book.set_position(row, int(i), size=float(size), quote=float(quote))
    return book


def sides_about(tables, seed, strict, lenient):
    """Return sides so wide, each a random part of it: shares of the size of what is between."""
    rng = np.random.default_rng(seed)

    def about(middle, width):
        down, up = rng.uniform(size=(2, middle.size)) * width * np.abs(middle)
        return middle - down, middle + up

    low, high = about(tables.value, strict)
    floor, ceiling = about(tables.value, lenient)
    cheap, dear = about(tables.price_usd, strict)
    least, most = about(tables.price_usd, lenient)
    return Sides(low, high, ceiling, floor, cheap, dear, most, least)


def columns(found):
    """Return the columns of an evaluation as bytes."""
    return [column.tobytes() for column in found]


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_the_slow_margin_at_sides(make, slow_margin, seed):
    venue, book = make(seed=seed), make_book(seed)
    sides = sides_about(venue.tables, seed, 0.3, 0.6)
    s = [side.tolist() for side in sides]
    market = venue.market | {
        "sides": [
            (list(zip(s[0], s[1], strict=True)), list(zip(s[4], s[5], strict=True))),
            (list(zip(s[3], s[2], strict=True)), list(zip(s[7], s[6], strict=True))),
        ]
    }
    result = evaluate(book.rows(), with_sides(venue.tables, sides))
    for n in range(len(book)):
        account = book.account(n)
        positions = list(zip(*(c.tolist() for c in account[:3]), strict=True))
        slow = slow_margin(positions, account.balance.tolist(), MODELS[n % 2], market)
        np.testing.assert_allclose([c[n] for c in result], slow, rtol=1e-11, atol=1e-9)


@given(st.integers(0, 200))
def test_sides_without_a_width_change_no_bit(venue, seed):
    rows = make_book(seed).rows()
    flat = with_sides(venue.tables, sides_about(venue.tables, seed, 0.0, 0.0))
    assert flat.sides is not None
    assert columns(evaluate(rows, flat)) == columns(evaluate(rows, venue.tables))


@given(st.integers(0, 200), WIDTHS, WIDTHS)
def test_initial_equity_is_at_most_and_maintenance_equity_at_least_that_between(
    venue, seed, strict, lenient
):
    rows = make_book(seed).rows()
    between = evaluate(rows, venue.tables)
    sided = evaluate(
        rows, with_sides(venue.tables, sides_about(venue.tables, seed, strict, lenient))
    )
    assert (sided.equity_initial <= between.equity_initial).all()
    assert (sided.equity_maintenance >= between.equity_maintenance).all()
    unmoved = ("net_value", "initial", "maintenance", "worst", "worst_scenario")
    for name in (*unmoved, "gross_notional", "at_risk"):
        assert getattr(sided, name).tobytes() == getattr(between, name).tobytes()


# The trigger index looks at nobody who is surely healthy between the sides: it rests on this.
@given(st.integers(0, 200), WIDTHS, WIDTHS)
def test_who_is_healthy_between_is_in_no_breach_at_the_lenient_sides(venue, seed, strict, lenient):
    rows = make_book(seed).rows()
    tables = with_sides(venue.tables, sides_about(venue.tables, seed, strict, lenient))
    healthy = ~evaluate(rows, venue.tables).in_breach
    assert healthy.any()
    assert not (evaluate(rows, tables).in_breach & healthy).any()


@given(st.integers(0, 200), WIDTHS, WIDTHS)
def test_wider_sides_are_never_less_strict_nor_less_lenient(venue, seed, one, other):
    rows, (narrow, wide) = make_book(seed).rows(), sorted([one, other])
    less, more = (
        evaluate(rows, with_sides(venue.tables, sides_about(venue.tables, seed, width, width)))
        for width in (narrow, wide)
    )
    assert (more.equity_initial <= less.equity_initial).all()
    assert (more.equity_maintenance >= less.equity_maintenance).all()


def test_every_way_to_ask_reads_the_same_sides(venue):
    book = make_book(7)
    rows = book.rows()
    tables = with_sides(venue.tables, sides_about(venue.tables, 7, 0.2, 0.4))
    whole = evaluate(rows, tables)
    what_if = WhatIf(rows, tables, unsettled=np.ones(12, np.bool_))
    for n in range(len(book)):
        one = evaluate_one(*book.account(n), tables)
        assert list(one) == [column[n] for column in whole]
        assert what_if.spare_usd(n, Change()) == one.spare_initial
    assert any_in_breach(rows, tables) == whole.in_breach.any()


def test_a_gain_that_is_left_out_is_what_the_initial_check_counted(venue):
    book, tables = Book(3), venue.tables
    asset = int(tables.settle[0])
    row = book.add_account(model_code("scenario"))
    book.set_position(row, 0, size=2.0, quote=100.0)
    wide = with_sides(tables, sides_about(tables, 3, 0.5, 0.0))
    for at in (tables, wide):
        value, price = initial_prices(at, 0, 2.0)
        gain = max(2.0 * value + 100.0, 0.0) * price
        what_if = WhatIf(book.rows(), at, unsettled=np.ones(12, np.bool_))
        assert gain > 0.0
        assert what_if.spare_usd(row, settled=True) == what_if.spare_usd(row) - gain
    assert initial_prices(wide, 0, 2.0) == (
        wide.sides.long_initial[0],
        wide.sides.debt_initial[asset],
    )
    assert initial_prices(wide, 0, -2.0)[0] == wide.sides.short_initial[0]


@pytest.mark.parametrize("name", Sides._fields)
def test_a_side_on_the_wrong_side_is_refused(venue, name):
    flat = sides_about(venue.tables, 0, 0.0, 0.0)
    low = name in ("long_initial", "short_maintenance", "credit_initial", "debt_maintenance")
    wrong = copy.deepcopy(flat)
    getattr(wrong, name)[1] += 1.0 if low else -1.0
    with pytest.raises(InvalidInputError, match=rf"^{name}\[1\] must be {'<=' if low else '>='} "):
        with_sides(venue.tables, wrong)
    with pytest.raises(InvalidInputError, match=rf"^{name} must have the shape"):
        with_sides(venue.tables, flat._replace(**{name: np.zeros(5)}))
