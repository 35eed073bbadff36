"""Tests of the door from a file to checked arrays: what is refused, and in which words."""

import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from pyarrow import parquet

from hullmark.errors import FeedError
from hullmark.feeds import nearest_nano, read_table


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.csv.gz"])
def test_a_column_is_the_same_from_every_format(write, name):
    table = read_table(write({"price": [1.5, 2.25], "symbol": ["A", "B"]}, name))
    np.testing.assert_array_equal(table.positives("price"), [1.5, 2.25])
    np.testing.assert_array_equal(table.where("symbol", "B").floats("price"), [2.25])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FeedError, match=r"gone\.parquet must be a file; it does not exist"):
        read_table(tmp_path / "gone.parquet")


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(FeedError, match=r"must end in \.parquet, \.csv, \.csv\.gz"):
        read_table(tmp_path / "prices.xlsx")


@pytest.mark.parametrize("name", ["t.parquet", "t.csv.gz"])
@pytest.mark.parametrize("kept", [0, 5, 60])
def test_a_truncated_file_is_refused(write, name, kept):
    path = write({"price": [float(i**3) for i in range(500)]}, name)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(FeedError, match="cannot be read, it is truncated or corrupted"):
        read_table(path)


def test_a_corrupted_file_is_refused(write):
    path = write({"price": [float(i) for i in range(5000)]})
    data = bytearray(path.read_bytes())
    data[4:2000] = bytes(1996)
    path.write_bytes(data)
    with pytest.raises(FeedError, match="truncated or corrupted"):
        read_table(path)


def test_a_csv_row_with_a_cell_too_few_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n3\n")
    with pytest.raises(FeedError, match="Row #3: Expected 2 columns, got 1"):
        read_table(path)


def test_a_missing_column_is_named_with_those_that_are_there(write):
    table = read_table(write({"open": [1.0], "high": [2.0]}))
    with pytest.raises(FeedError, match="column 'close' is missing; the file has open, high"):
        table.floats("close")


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ("nan", "missing"),
        ("inf", "inf"),
        ("-inf", "-inf"),
        ("0", "0.0"),
        ("-3", "-3.0"),
        ("", "miss"),
    ],
)
def test_a_bad_price_is_named_by_file_row_column_and_value(tmp_path, bad, text):
    path = tmp_path / "t.csv"
    path.write_text(f"price,other\n1.5,1\n{bad},1\n2.5,1\n")
    with pytest.raises(FeedError, match=rf"t\.csv: row 2, column 'price' must be .*, was {text}"):
        read_table(path).positives("price")


def test_a_nan_in_a_parquet_file_is_refused(write):
    table = read_table(write({"price": [1.0, 2.0, float("nan")]}))
    with pytest.raises(FeedError, match="row 3, column 'price' must be finite, was nan"):
        table.floats("price")


def test_a_word_among_numbers_is_found_however_far_down(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("price\n" + "1.25\n" * 300_000 + "abc\n" + "1.25\n" * 10)
    with pytest.raises(FeedError, match="row 300001, column 'price' must be a number, was 'abc'"):
        read_table(path).floats("price")


@pytest.mark.parametrize("column", ["number", "text"])
def test_a_column_of_the_wrong_type_is_no_time(write, column):
    table = read_table(write({"number": [1.0], "text": ["yesterday"]}))
    with pytest.raises(FeedError, match=f"row 1, column '{column}' must be a time stamp"):
        table.instants(column)


def test_a_bad_time_among_good_ones_is_found(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("date,price\n2025-10-10T00:00:00Z,1\n2025-13-10T00:00:00Z,1\n")
    with pytest.raises(FeedError, match="row 2, column 'date' must be a time stamp, was '2025-13"):
        read_table(path).instants("date")


def test_stamps_are_ns_in_utc_whatever_unit_and_zone_they_were_written_in(write):
    ms = pa.array([1_760_054_400_000], pa.timestamp("ms", "Europe/Paris"))
    naive = pa.array([1_760_054_400], pa.timestamp("s"))
    table = read_table(write({"ms": ms, "naive": naive}))
    assert table.instants("ms")[0] == table.instants("naive")[0] == 1_760_054_400 * 10**9


def test_a_stamp_that_does_not_fit_in_64_bit_ns_is_refused(write):
    table = read_table(write({"date": pa.array([10**13], pa.timestamp("s"))}))
    with pytest.raises(FeedError, match="column 'date' must hold time stamps of 1677 to 2262"):
        table.instants("date")


def test_a_value_that_is_nowhere_is_refused(write):
    table = read_table(write({"symbol": ["A", "B"]}))
    with pytest.raises(FeedError, match="column 'symbol' must hold 'C' somewhere"):
        table.where("symbol", "C")


def test_without_the_library_the_error_says_what_to_install(write, monkeypatch):
    path = write({"price": [1.0]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FeedError, match=r'pip install "hullmark\[data\]"'):
        read_table(path)


@given(st.integers(-(10**15), 10**15))
def test_a_decimal_of_fifteen_digits_comes_back_from_its_float(nano):
    assert nearest_nano(np.array([nano / 1e9]))[0] == nano


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e10])
def test_what_has_no_nanos_is_refused(bad):
    with pytest.raises(FeedError, match="fit in 64 bits of nanos"):
        nearest_nano(np.array([bad]))


def test_a_flipped_byte_is_found_where_pages_have_checksums(tmp_path):
    path = tmp_path / "sums.parquet"
    table = pa.table({"close": [float(i) for i in range(100)]})
    options = {"compression": "none", "use_dictionary": False, "write_page_checksum": True}
    parquet.write_table(table, path, **options)
    assert read_table(path).floats("close").size == 100
    damaged = bytearray(path.read_bytes())
    damaged[200] ^= 1  # within the page of numbers, which begins the file
    path.write_bytes(damaged)
    with pytest.raises(FeedError, match=r"cannot be read, it is truncated or corrupted: .*verif"):
        read_table(path)


def test_texts_are_neither_missing_nor_empty_nor_there_again(write):
    table = read_table(write({"name": ["a", "b", "a"], "gap": ["a", None, "b"], "n": [1, 2, 3]}))
    assert table.texts("name") == ["a", "b", "a"]
    with pytest.raises(FeedError, match="row 1, column 'name' must be there once in a day"):
        table.once("name", "a day")
    with pytest.raises(FeedError, match="row 2, column 'gap' must be a text, was missing"):
        table.texts("gap")
    with pytest.raises(FeedError, match="row 1, column 'n' must be a text, was 1"):
        table.texts("n")


def test_numbers_are_taken_as_they_are_and_missing_ones_are_nan(write):
    table = read_table(write({"price": [1.5, None, -2.0], "size": pa.array([None] * 3)}))
    np.testing.assert_array_equal(table.numbers("price"), [1.5, np.nan, -2.0])
    assert np.isnan(table.numbers("size")).all()
    with pytest.raises(FeedError, match="column 'name' must be a number, was 'x'"):
        read_table(write({"name": ["x"]})).numbers("name")
