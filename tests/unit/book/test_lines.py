"""Tests of whole rows written at once: as position by position, and nothing on a mistake."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.book import Book
from hullmark.errors import InvalidInputError

from .test_book import N_ASSETS, patched, patches

holdings = st.dictionaries(st.integers(0, 12), st.floats(1.0, 1e9), max_size=12)
updates = st.lists(st.dictionaries(st.integers(0, 30), holdings, max_size=6), max_size=4)


def columns_of(wanted):
    """Return rows, by what each shall hold, as `Book.set_rows` takes them."""
    lines = [(n, size) for held in wanted.values() for n, size in sorted(held.items())]
    return {
        "rows": np.array(list(wanted), np.int64),
        "balance": np.array([[float(len(held)), 7.0] for held in wanted.values()]).reshape(-1, 2),
        "count": np.array([len(held) for held in wanted.values()], np.int64),
        "instrument": np.array([n for n, _ in lines], np.int32),
        "size": np.array([size for _, size in lines], np.float64),
        "quote": np.array([-size for _, size in lines], np.float64),
    }


@given(st.lists(patches, max_size=60), updates)
def test_equals_the_book_that_is_patched_position_by_position(steps, changes):
    book, other = patched(steps)[0], patched(steps)[0]
    for change in changes:
        wanted = {row: held for row, held in change.items() if row < len(book)}
        book.set_rows(**columns_of(wanted))
        for row, held in wanted.items():
            other.set_balance(row, 0, float(len(held)))
            other.set_balance(row, 1, 7.0)
            for number in other.account(row).instrument.tolist():
                other.set_position(row, number, size=0.0, quote=0.0)
            for number, size in held.items():
                other.set_position(row, number, size=size, quote=-size)
    assert book == other


def written(**odd):
    """Return a book of two rows, and the columns that would write both, some of them odd."""
    book = Book(N_ASSETS)
    for _ in range(2):
        book.set_position(book.add_account(0), 3, size=1.0, quote=2.0)
    columns = columns_of({0: {1: 1.0, 2: 1.0}, 1: {5: 1.0}})
    return book, columns | {name: np.array(v, columns[name].dtype) for name, v in odd.items()}


@pytest.mark.parametrize(
    ("odd", "row"),
    [
        ({"rows": [0, 2]}, 2),
        ({"rows": [-1, 1]}, -1),
        ({"count": [-1, 4]}, 0),
        ({"count": [2, 2]}, 1),
        ({"count": [1, 1]}, 1),
        ({"balance": [[1.0, 2.0], [np.nan, 0.0]]}, 1),
        ({"instrument": [2, 1, 5]}, 0),
        ({"instrument": [1, 1, 5]}, 0),
        ({"instrument": [-1, 1, 5]}, 0),
        ({"size": [1.0, 1.0, 0.0]}, 1),
        ({"size": [np.inf, 1.0, 1.0]}, 0),
        ({"quote": [1.0, 1.0, np.nan]}, 1),
    ],
)
def test_a_line_that_no_row_can_be_is_refused_and_nothing_written(odd, row):
    book, columns = written(**odd)
    with pytest.raises(InvalidInputError, match=f"must be .* was not so in row {row}$"):
        book.set_rows(**columns)
    assert book == written()[0]


def test_columns_that_do_not_fit_each_other_are_refused():
    book, columns = written(size=[1.0])
    with pytest.raises(InvalidInputError, match=r"must fit 2 rows, 2 assets and 3 positions"):
        book.set_rows(**columns)


def test_the_rows_stay_the_same_tuple_until_something_is_added():
    book, columns = written()
    rows = book.rows()
    book.set_balance(0, 0, 5.0)
    book.set_position(0, 3, size=4.0, quote=0.0)
    assert book.rows() is rows
    assert rows.balance[0, 0] == 5.0
    book.set_rows(**columns)
    assert book.rows() is rows  # there was room
    book.add_account(0)
    assert book.rows() is not rows
    rows = book.rows()
    for number in range(20):
        book.set_position(0, number, size=1.0, quote=0.0)
    assert book.rows() is not rows
