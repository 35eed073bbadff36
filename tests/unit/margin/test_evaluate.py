"""Tests of the kernel: against the slow reference, and against itself from every side."""

import numpy as np
import pytest

from hullmark.book import Book
from hullmark.core import kernel
from hullmark.errors import InvalidInputError
from hullmark.margin import (
    BLOCK,
    Evaluation,
    Health,
    evaluate,
    evaluate_one,
    evaluate_row,
    model_code,
)

MODELS = ("tiered", "scenario")


def make_book(seed, n_accounts=60, n_instruments=11):
    """Return a book of random accounts with zero to all instruments, long, short and in debt."""
    rng, book = np.random.default_rng(seed), Book(3)
    for n in range(n_accounts):
        row = book.add_account(model_code(MODELS[n % 2]))
        for asset in range(3):
            book.set_balance(row, asset, float(rng.choice([0.0, rng.normal() * 100])))
        for i in rng.permutation(n_instruments)[: rng.integers(0, n_instruments + 1)]:
            size, quote = rng.normal(size=2) * 10 ** rng.uniform(-2, 2)
            book.set_position(row, int(i), size=float(size), quote=float(quote))
    return book


@pytest.mark.parametrize("n_scenarios", [1, 8, 11, 33, 70])
def test_agrees_with_the_slow_margin(make, slow_margin, n_scenarios):
    venue, book = make(seed=n_scenarios, n_scenarios=n_scenarios), make_book(n_scenarios)
    result = evaluate(book.rows(), venue.tables)
    for n in range(len(book)):
        account = book.account(n)
        positions = list(zip(*(c.tolist() for c in account[:3]), strict=True))
        slow = slow_margin(positions, account.balance.tolist(), MODELS[n % 2], venue.market)
        fast = [column[n] for column in result]
        assert (fast[6], fast[8]) == (slow[6], slow[8])
        np.testing.assert_allclose(fast, slow, rtol=1e-11, atol=1e-9)


def test_sums_add_one_product_after_the_other_so_their_bits_are_known(venue):
    rng, book = np.random.default_rng(5), Book(3)
    for row in range(50):
        book.add_account(model_code("scenario"))
        for asset in range(3):
            book.set_balance(row, asset, float(rng.normal() * 100))
        for i in range(12):
            book.set_position(row, i, size=float(rng.normal() * 10), quote=0.0)
    result = evaluate(book.rows(), venue.tables)
    for row in range(50):
        account, profit = book.account(row), np.zeros(11)
        for units, moves in zip(account.balance, venue.arrays.asset_risk, strict=True):
            profit += units * moves
        for i, size in zip(account.instrument, account.size, strict=True):
            profit += size * venue.arrays.risk[i]
        assert result.worst[row] == profit.min()
        assert result.worst_scenario[row] == profit.argmin()


def test_threads_slices_and_selections_give_the_bits_of_one_sweep(venue):
    rows = make_book(1).rows()
    whole = evaluate(rows, venue.tables)
    backwards = np.arange(rows.start.size)[::-1].copy()
    for name in Evaluation._fields:
        column = getattr(whole, name)
        for other, expected in (
            (evaluate(rows, venue.tables, threads=2), column),
            (evaluate(rows, venue.tables, lo=7, hi=9), column[7:9]),
            (evaluate(rows, venue.tables, which=backwards), column[::-1]),
        ):
            assert getattr(other, name).tobytes() == expected.tobytes()


def test_one_account_has_the_bits_of_its_row(venue):
    book = make_book(2)
    whole = evaluate(book.rows(), venue.tables)
    for n in range(len(book)):
        one = evaluate_one(*book.account(n), venue.tables)
        assert one == Health(*(column[n] for column in whole))
        assert type(one.worst_scenario) is int


@kernel
def _rows_one_by_one(rows, tables, out, profits):
    asset, profit = np.empty((2, tables.cap_usd.size)), np.empty(BLOCK * len(tables.blocks))
    for n in range(rows.start.size):
        start = rows.start[n]
        result = evaluate_row(start, start + rows.count[n], n, rows, tables, asset, profit)
        out[n, 0], out[n, 1], out[n, 2] = result[4], result[5], result[6]
        profits[n] = profit[: tables.n_scenarios]


def test_a_kernel_can_ask_for_a_row_and_for_its_scenarios(venue):
    rows = make_book(3).rows()
    out, profits = np.empty((rows.start.size, 3)), np.empty((rows.start.size, 11))
    _rows_one_by_one(rows, venue.tables, out, profits)
    whole = evaluate(rows, venue.tables)
    assert out[:, 0].tobytes() == whole.maintenance.tobytes()
    assert out[:, 1].tobytes() == whole.worst.tobytes()
    assert out[:, 2].tolist() == whole.worst_scenario.tolist()
    np.testing.assert_array_equal(profits[1::2].min(axis=1), whole.worst[1::2])


def test_padding_never_names_a_scenario(make):
    venue = make(seed=4, n_scenarios=9)
    book = Book(3)
    book.set_position(book.add_account(model_code("scenario")), 0, size=0.5, quote=0.0)
    venue.tables.risk[0] = 1.0  # a tie of all nine and of the padding
    assert evaluate(book.rows(), venue.tables).worst_scenario.tolist() == [0]


def test_an_empty_book_and_an_empty_account_need_nothing(venue):
    book = Book(3)
    assert evaluate(book.rows(), venue.tables).initial.size == 0
    for model in MODELS:
        book.add_account(model_code(model))
    result = evaluate(book.rows(), venue.tables)
    assert result.maintenance.tolist() == [0.0, 0.0]
    assert result.net_value.tolist() == [0.0, 0.0]
    assert result.worst_scenario.tolist() == [-1, 0]
    assert result.at_risk.tolist() == [False, False]


def test_mere_collateral_is_in_no_breach_however_little_of_it_counts(venue):
    book = Book(3)
    row = book.add_account(model_code("scenario"))
    book.set_balance(row, 1, 1_000.0)  # its cap counts far less than its own stress takes
    assert evaluate_one(*book.account(row), venue.tables).health < 0.0
    assert not evaluate_one(*book.account(row), venue.tables).in_breach
    book.set_balance(row, 0, -1e-6)
    assert evaluate_one(*book.account(row), venue.tables).in_breach
    assert evaluate(book.rows(), venue.tables).in_breach.tolist() == [True]


def test_what_is_to_spare_is_all_of_a_mere_deposit(venue):
    book = Book(3)
    deposit, indebted = (book.add_account(model_code("scenario")) for _ in range(2))
    for row in (deposit, indebted):
        book.set_balance(row, 1, 1_000.0)
    book.set_balance(indebted, 0, -1e-6)
    found = evaluate(book.rows(), venue.tables)
    assert (found.initial > 0.0).all()
    assert found.spare_initial[deposit] == found.equity_initial[deposit]
    assert found.spare_initial[indebted] == found.equity_initial[indebted] - found.initial[indebted]
    for row in (deposit, indebted):
        assert evaluate_one(*book.account(row), venue.tables).spare_initial == found[1][row] - (
            found.initial[row] if row == indebted else 0.0
        )


def test_refuses_a_tiered_account_whose_instrument_has_no_schedule(venue):
    book = make_book(0, n_accounts=3)
    book.set_position(2, 11, size=1.0, quote=0.0)
    with pytest.raises(InvalidInputError, match="row 2 must hold instruments with a tier schedule"):
        evaluate(book.rows(), venue.tables)
    with pytest.raises(InvalidInputError, match="must hold instruments with a tier schedule"):
        evaluate_one(*book.account(2), venue.tables)
    book.set_model(2, model_code("scenario"))
    assert np.isfinite(evaluate(book.rows(), venue.tables).initial).all()


@pytest.mark.parametrize("bounds", [{"lo": -1}, {"hi": 61}, {"lo": 3, "hi": 2}])
def test_refuses_rows_outside_the_book(venue, bounds):
    with pytest.raises(InvalidInputError, match=r"lo and hi must be in \[0, 60\], was"):
        evaluate(make_book(0).rows(), venue.tables, **bounds)
    with pytest.raises(InvalidInputError, match=r"which must be in \[0, 60\), was 0-60"):
        evaluate(make_book(0).rows(), venue.tables, which=np.array([0, 60]))


def test_refuses_to_sweep_on_no_thread(venue):
    with pytest.raises(InvalidInputError, match="threads must be >= 1, was 0"):
        evaluate(make_book(0).rows(), venue.tables, threads=0)
