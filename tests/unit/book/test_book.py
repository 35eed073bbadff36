"""Tests of the book: patches against a plain dictionary, then against a rebuild, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.book import Book
from hullmark.errors import InvalidInputError

N_ASSETS = 2
finite = st.floats(min_value=-1e12, max_value=1e12)
sizes = st.one_of(st.just(0.0), finite)
patches = st.one_of(
    st.tuples(st.just("account"), st.integers(0, 1)),
    st.tuples(st.just("balance"), st.integers(0, 30), st.integers(0, N_ASSETS - 1), finite),
    st.tuples(st.just("position"), st.integers(0, 30), st.integers(0, 12), sizes, finite),
)


def patched(steps):
    """Return the book after the steps, and the same content as dictionaries."""
    book, model, balance, held = Book(N_ASSETS), [], {}, {}
    for kind, *step in steps:
        if kind == "account":
            assert book.add_account(step[0]) == len(model)
            model.append(step[0])
        elif model and kind == "balance":
            row, asset, units = step[0] % len(model), *step[1:]
            book.set_balance(row, asset, units)
            balance[row, asset] = units
        elif model:
            row, instrument, size, quote = step[0] % len(model), *step[1:]
            book.set_position(row, instrument, size=size, quote=quote)
            held[row, instrument] = (size, quote)
    return book, model, balance, {k: v for k, v in held.items() if v[0] != 0}


def rebuilt(model, balance, held):
    """Build the book at once from its content."""
    cash = np.array(
        [[balance.get((n, a), 0.0) for a in range(N_ASSETS)] for n in range(len(model))]
    )
    lines = list(held.items())
    return Book.from_columns(
        model=model,
        balance=cash.reshape(len(model), N_ASSETS),
        owner=[row for (row, _), _ in lines],
        instrument=[i for (_, i), _ in lines],
        size=[size for _, (size, _) in lines],
        quote=[quote for _, (_, quote) in lines],
    )


@given(st.lists(patches, max_size=80))
def test_a_patched_book_equals_its_rebuild_bit_for_bit(steps):
    book, *content = patched(steps)
    assert book == rebuilt(*content)


@given(st.lists(patches, max_size=80))
def test_the_rows_are_what_a_dictionary_says_in_instrument_order(steps):
    book, model, balance, held = patched(steps)
    rows = book.rows()
    assert len(book) == rows.start.size == len(model)
    assert rows.model.tolist() == model
    for n in range(len(model)):
        at = slice(rows.start[n], rows.start[n] + rows.count[n])
        listed = zip(rows.instrument[at], rows.size[at], rows.quote[at], strict=True)
        assert [*listed] == [(i, *held[m, i]) for m, i in sorted(held) if m == n]
        assert rows.balance[n].tolist() == [balance.get((n, a), 0.0) for a in range(N_ASSETS)]
        assert book.account(n).instrument.tolist() == rows.instrument[at].tolist()


def test_a_rebuilt_book_can_be_patched_on():
    book = rebuilt([0, 1], {}, {(0, 1): (1.0, 2.0), (1, 3): (3.0, 4.0)})
    for instrument in range(20):
        book.set_position(0, instrument, size=5.0, quote=6.0)
    row = book.add_account(1)
    book.set_position(row, 2, size=7.0, quote=8.0)
    assert book.account(0).instrument.tolist() == list(range(20))
    assert book.position(1, 3) == (3.0, 4.0)
    assert book.position(row, 2) == (7.0, 8.0)
    assert book.position(row, 3) == (0.0, 0.0)


def test_abandoned_places_are_won_back():
    book = Book(1)
    for row in range(300):
        book.add_account(0)
        for instrument in range(20):
            book.set_position(row, instrument, size=float(row + 1), quote=float(instrument))
    content = rebuilt_from(book)
    assert book == content
    assert book.rows().size.size < 4 * content.rows().size.size


def rebuilt_from(book):
    accounts = [book.account(n) for n in range(len(book))]
    return Book.from_columns(
        model=[a.model for a in accounts],
        balance=[a.balance for a in accounts],
        owner=np.repeat(np.arange(len(book)), [a.size.size for a in accounts]),
        instrument=np.concatenate([a.instrument for a in accounts]),
        size=np.concatenate([a.size for a in accounts]),
        quote=np.concatenate([a.quote for a in accounts]),
    )


def test_books_that_differ_in_the_last_bit_differ():
    one, other = Book(1), Book(1)
    for book, units in ((one, 1.0), (other, np.nextafter(1.0, 2.0))):
        book.set_balance(book.add_account(0), 0, float(units))
    assert one != other
    other.set_balance(0, 0, 1.0)
    assert one == other
    other.set_model(0, 1)
    assert one != other


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda b: b.set_balance(1, 0, 1.0), r"row must be in \[0, 1\), was 1"),
        (lambda b: b.set_balance(0, 2, 1.0), r"asset must be in \[0, 2\), was 2"),
        (lambda b: b.set_balance(0, 0, np.nan), "units must be finite, was nan"),
        (lambda b: b.set_position(0, -1, size=1.0, quote=0.0), "instrument must be >= 0, was -1"),
        (lambda b: b.set_position(0, 1, size=np.inf, quote=0.0), "size must be finite, was inf"),
        (lambda b: b.set_position(0, 1, size=1.0, quote=np.nan), "quote must be finite, was nan"),
        (lambda b: b.position(-1, 0), r"row must be in \[0, 1\), was -1"),
        (lambda _: Book(0), "n_assets must be >= 1, was 0"),
    ],
)
def test_names_what_is_wrong_and_changes_nothing(call, rule):
    book, same = Book(N_ASSETS), Book(N_ASSETS)
    book.add_account(0), same.add_account(0)
    with pytest.raises(InvalidInputError, match=rule):
        call(book)
    assert book == same


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"owner": [0, 2]}, r"owner must be in \[0, 2\) and instrument >= 0"),
        ({"instrument": [1, -1]}, r"owner must be in \[0, 2\) and instrument >= 0"),
        ({"owner": [1, 1], "instrument": [4, 4]}, "given twice: row 1, instrument 4"),
        ({"size": [np.nan, 1.0]}, "size must be finite, was nan"),
        ({"model": [0]}, "model must have one code per account, was 1 codes"),
        ({"model": [0, 256]}, r"model must be 1-D and of whole numbers in 8 bits, was \[0, 256\]"),
        ({"instrument": [1, 2**32 + 2]}, "instrument must be 1-D and of whole numbers in 32 bits"),
        ({"owner": [0, 0.5]}, r"owner must be 1-D and of whole numbers in 64 bits, was \[0, 0.5\]"),
        ({"quote": [0.0]}, "quote must be as long as owner, 2, was 1"),
    ],
)
def test_refuses_columns_that_are_not_a_book(change, rule):
    columns = {
        "model": [0, 0],
        "balance": np.zeros((2, 1)),
        "owner": [0, 1],
        "instrument": [1, 2],
        "size": [1.0, 2.0],
        "quote": [0.0, 0.0],
    }
    with pytest.raises(InvalidInputError, match=rule):
        Book.from_columns(**(columns | change))
