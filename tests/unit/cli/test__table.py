"""Tests of the table printer."""

import pytest

from hullmark.cli._table import Column, coins, percent, price, small, table, usd


def test_names_go_left_numbers_right_and_what_is_absent_is_a_dash():
    columns = [Column("coin", left=True), Column("USD", usd), Column("at", price)]
    text = table(columns, [("BTC", 1_234.4, 63_858.345), ("ETH", -0.2, None)])
    assert text.splitlines() == [
        "coin    USD      at",
        "----  -----  ------",
        "BTC   1,234  63,858",
        "ETH       0       -",
    ]


def test_a_table_without_rows_is_its_headings():
    assert table([Column("a"), Column("bc")], []) == "a  bc\n-  --"


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (usd, -1_234_567.8, "-1,234,568"),
        (usd, -0.4, "0"),
        (percent, 0.1234, "12.3%"),
        (price, 1_873.93, "1,873.9"),
        (price, 0.171234, "0.17123"),
        (price, 0.0, "0"),
        (coins, -0.00001, "0.0000"),
        (coins, -10.25, "-10.2500"),
        (small, -0.000523, "-5.23e-04"),
        (small, -6.6e-20, "0"),
    ],
)
def test_numbers_are_written_for_readers(write, value, text):
    assert write(value) == text
