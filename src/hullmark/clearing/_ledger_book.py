"""The book's columns, which follow the ledger: only the rows that were touched are written anew."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Book, Rows
from hullmark.clearing._state import State
from hullmark.clearing._units import Scale, cash_units, position_units
from hullmark.core import Bundle, FloatArray, IntArray, kernel
from hullmark.domain import SystemAccount
from hullmark.ledger import Lines, Position

SYSTEM_ROWS = len(SystemAccount)  # they stand in the ledger, and not in the book


class LedgerBook:
    """The rows of all user accounts, in order of opening, under the rules of its making.

    Parameters
    ----------
    state : State
        The facts. Once other rules are in force, this is to be made anew.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._touched = state.ledger.watch()  # rows of the ledger, since they were last written
        self._scale = Scale.of(state.ledger)
        self._book = self._build()

    @property
    def book(self) -> Book:
        """The book, up to date with the ledger."""
        if self._touched:
            self._write(self._touched)
            self._touched.clear()
        return self._book

    def row(self, account: int) -> int:
        """Return the row of one account, up to date with the ledger."""
        row = self._state.ledger.row_of[account]
        if row in self._touched:  # the others will be asked for as well, and all cost little more
            self._write(self._touched)
            self._touched.clear()
        return row - SYSTEM_ROWS

    @property
    def current(self) -> Book:
        """The book as it stands: only the rows that were asked for are up to date."""
        return self._book

    @property
    def scale(self) -> tuple[FloatArray, FloatArray]:
        """Per instrument the contract units in a lot, and the quanta of a settlement unit."""
        return self._scale.lot_array, self._scale.settled_array

    def position(self, number: int, position: Position) -> tuple[float, float]:
        """Return size and quote of a position, as the book would have them."""
        return self._scale.position(number, position)

    def units(self, asset: int, quanta: int) -> float:
        """Return cash in units, as the book would have it."""
        return quanta / self._scale.unit[asset]

    def models(self, rows: IntArray) -> NDArray[np.int8]:
        """Return the codes of the margin models of rows of the ledger, users' only."""
        if len(self._book) + SYSTEM_ROWS < len(self._state.ledger.accounts):
            self._write(self._touched)
            self._touched.clear()
        return self._book.rows().model[rows - SYSTEM_ROWS]

    def rows_of(self, lines: Lines, model: NDArray[np.int8]) -> Rows:
        """Return lines that no account need have as the book would have them."""
        instrument, *exact = lines[2:]
        size, quote = self._scale.positions(instrument, *exact)
        start, balance = np.cumsum(lines.held) - lines.held, self._scale.balances(lines.cash)
        return Rows(start, lines.held, instrument, size, quote, balance, model)

    def _build(self) -> Book:
        ledger, scale = self._state.ledger, self._scale
        columns = ledger.columns()
        first = int(columns["held"][:SYSTEM_ROWS].sum())
        held, cash = columns["held"][SYSTEM_ROWS:], columns["cash"][SYSTEM_ROWS:]
        instrument, lots, quote, paid = (
            columns[name][first:] for name in ("instrument", "lots", "quote", "paid")
        )
        sizes, quotes = scale.positions(instrument, lots, quote, paid)
        return Book.from_columns(
            model=np.array(self._models(ledger.accounts[SYSTEM_ROWS:]), np.int8),
            balance=scale.balances(cash),
            owner=np.repeat(np.arange(len(held)), held),
            instrument=instrument,
            size=sizes,
            quote=quotes,
        )

    def _write(self, touched: Collection[int]) -> None:
        book, ledger = self._book, self._state.ledger
        if opened := ledger.accounts[len(book) + SYSTEM_ROWS :]:
            for model in self._models(opened):
                book.add_account(model)
        rows = np.array([row for row in touched if row >= SYSTEM_ROWS], np.int64)
        if rows.size:
            scale = self._scale
            balance, count, instrument, size, quote, exact = read_rows(
                ledger.bundle, rows, scale.lot_array, scale.settled_array, scale.unit_array
            )
            if not exact:
                cash, _, _, *numbers = ledger.lines(rows)
                balance = scale.balances(cash)
                size, quote = scale.positions(instrument, *numbers)
            book.set_rows(
                rows - SYSTEM_ROWS,
                balance=balance,
                count=count,
                instrument=instrument,
                size=size,
                quote=quote,
            )

    def _models(self, accounts: Sequence[int]) -> list[int]:
        margin, modes = self._state.in_force.margin, self._state.modes
        code_of = {mode: margin.code(mode) for mode in margin.model_of}
        return [code_of[modes[account]] for account in accounts]


@kernel
def read_rows(
    ledger: Bundle, rows: IntArray, lot: FloatArray, settled: FloatArray, unit: FloatArray
) -> tuple[FloatArray, IntArray, NDArray[np.int32], FloatArray, FloatArray, bool]:
    """Return what `Book.set_rows` takes of rows of a ledger, and whether it is exact for sure.

    It begins with `Ledger.bundle`; the last three are the arrays of a `Scale`.
    """
    cash, slots, _ = ledger.content[:3]
    head, following, _, instruments, lots, quotes, paid = slots
    count, total, exact = np.zeros(rows.size, np.int64), 0, True
    for k in range(rows.size):
        slot = head[rows[k]]
        while slot >= 0:
            count[k] += 1
            slot = following[slot]
        total += count[k]
    balance, instrument = np.empty((rows.size, unit.size)), np.empty(total, np.int32)
    size, quote, at = np.empty(total), np.empty(total), 0
    for k in range(rows.size):
        for a in range(unit.size):
            balance[k, a], sure = cash_units(cash[rows[k], a], unit[a])
            exact = exact and sure
        slot = head[rows[k]]
        while slot >= 0:
            i = instruments[slot]
            size[at], quote[at], sure = position_units(
                lots[slot], quotes[slot], paid[slot], lot[i], settled[i]
            )
            instrument[at], exact = i, exact and sure
            slot, at = following[slot], at + 1
    return balance, count, instrument, size, quote, exact
