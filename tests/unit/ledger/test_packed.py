"""Tests of a ledger as columns: there and back, and what no ledger can have in them."""

import numpy as np
import pytest
from hypothesis import given

from hullmark.domain import SystemAccount
from hullmark.errors import InvalidInputError
from hullmark.ledger import Ledger

from .contracts import ASSETS, BTC, INSTRUMENTS, NUMBER, USDC, opened, table
from .test_ledger import replayed, steps

INT64_MIN = -(2**63)


def filled():
    """Return a ledger in which 100 and 101 hold three contracts and cash."""
    ledger = opened()
    ledger.move(SystemAccount.CUSTODY, 100, USDC, 10**9)
    ledger.move(SystemAccount.CUSTODY, 101, BTC, 10**8)
    for symbol, cost in (("INVERSE", -7), ("CALL", 0), ("PERP", 5_000)):
        ledger.accrue_funding(NUMBER[symbol], 3)
        ledger.trade(100, 101, NUMBER[symbol], lots=5, cost=cost)
    return ledger


def restored(columns):
    return Ledger.from_columns(columns, ASSETS, INSTRUMENTS)


def refused(columns, told):
    with pytest.raises(InvalidInputError, match=told):
        restored(columns)


@given(steps)
def test_a_ledger_comes_back_from_its_columns_and_goes_on_as_before(steps):
    ledger, half = None, len(steps) // 2
    for n, (ledger, _) in enumerate(replayed(steps)):  # noqa: B007
        if n == half:
            break
    again = restored(ledger.columns())
    assert table(again) == table(ledger)
    assert (again.accounts, again.row_of) == (ledger.accounts, ledger.row_of)
    for each in (ledger, again):
        each.trade(100, 103, NUMBER["DUST"], lots=3, cost=7)
        each.trade(102, 100, NUMBER["PERP"], lots=3, cost=7)
        each.settle_expiry(NUMBER["FUTURE"], 10**9)
        each.open(200)
        each.move(100, 200, USDC, 5)
    assert table(again) == table(ledger)
    columns, others = ledger.columns(), again.columns()
    assert all(np.array_equal(columns[name], others[name]) for name in columns)


def test_columns_are_as_long_as_what_is_there_and_in_the_order_of_rows():
    columns = filled().columns()
    assert columns["account"].tolist() == [*SystemAccount, 100, 101, 102, 103]
    assert columns["held"].tolist() == [0] * 7 + [3, 3, 0, 0]
    assert columns["instrument"].tolist() == [0, 2, 5, 0, 2, 5]
    assert columns["lots"].tolist() == [5, 5, 5, -5, -5, -5]
    assert columns["quote"].tolist() == [-5_000, 7, 0, 5_000, -7, 0]
    assert columns["paid"].tolist() == [3] * 6
    assert columns["funding"].tolist() == [3, 0, 3, 0, 0, 3, 0, 0, 0, 0]
    assert columns["cash"][7:9].tolist() == [[10**9, 0], [0, 10**8]]
    assert all(column.dtype == np.int64 for column in columns.values())


def test_columns_are_a_copy_in_both_directions():
    ledger = filled()
    columns, before = ledger.columns(), table(ledger)
    again = restored(columns)
    for column in columns.values():
        column[:] = 1
    assert table(ledger) == table(again) == before


def test_an_empty_ledger_has_columns_too():
    empty = Ledger.from_columns(Ledger().columns(), (), ())
    assert empty.accounts == []
    assert Ledger.from_columns(opened().columns(), ASSETS, INSTRUMENTS).lots_totals() == [0] * 10


@pytest.mark.parametrize(
    ("name", "place", "number", "told"),
    [
        ("account", 8, 100, "account must be 11 different numbers, was 10"),
        ("held", 7, -1, r"held\[7\] must be in \[0, 6\], was -1"),
        ("held", 7, 7, r"held\[7\] must be in \[0, 6\], was 7"),
        ("held", 7, 2, "held must sum to the 6 positions, was 5"),
        ("instrument", 1, 10, r"instrument\[1\] must be in \[0, 10\), was 10"),
        ("instrument", 1, -1, r"instrument\[1\] must be in \[0, 10\), was -1"),
        ("instrument", 1, 0, r"instrument\[1\] must be above the one before it, was 0"),
        ("instrument", 2, 1, r"instrument\[2\] must be above the one before it, was 1"),
        ("instrument", 2, 9, r"instrument\[2\] must be one that is held as a position, was 9"),
        ("instrument", 2, 6, "lots of instrument 5 must sum to 0, was -5"),
        ("lots", 0, 0, r"lots\[0\] must be a number of lots, not 0, was 0"),
        (
            "lots",
            0,
            INT64_MIN,
            r"lots\[0\] must be a number of lots, not 0, was -9223372036854775808",
        ),
        ("lots", 0, 6, "lots of instrument 0 must sum to 0, was 1"),
        ("quote", 0, INT64_MIN, r"quote\[0\] must be above -2\*\*63, was -9223372036854775808"),
        ("quote", 2, 1, r"quote\[2\] must be 0 of an option, was 1"),
        ("quote", 0, -4_999, "cash and quote of USDC must sum to 0, was 1"),
        ("cash", (0, BTC), 0, "cash and quote of BTC must sum to 0, was 100000000"),
        ("funding", 0, INT64_MIN, r"funding\[0\] must be above -2\*\*63, was -9223372036854775808"),
    ],
)
def test_a_number_that_no_ledger_can_have_is_named(name, place, number, told):
    columns = filled().columns()
    columns[name][place] = number
    refused(columns, told)


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("cash", lambda c: c[:, :1], r"cash must be int64 of \(11, 2\), was int64 of \(11, 1\)"),
        ("held", lambda c: c[:-1], r"held must be int64 of \(11,\), was int64 of \(10,\)"),
        ("lots", lambda c: c[:-1], r"lots must be int64 of \(6,\), was int64 of \(5,\)"),
        ("paid", lambda c: c.astype(float), r"paid must be int64 of \(6,\), was float64 of \(6,\)"),
        ("funding", lambda c: c[1:], r"funding must be int64 of \(10,\), was int64 of \(9,\)"),
        ("account", lambda c: c.reshape(1, -1), r"account must be int64 of \(1,\), was int64 of"),
    ],
)
def test_a_column_of_another_shape_is_named(name, change, told):
    columns = filled().columns()
    columns[name] = change(columns[name])
    refused(columns, told)


def test_columns_have_their_names_and_no_others():
    columns = filled().columns()
    refused(columns | {"more": columns["lots"]}, "columns must be .*, was .*'more'")
    del columns["paid"]
    refused(columns, "columns must be .*'paid'.*, was")
