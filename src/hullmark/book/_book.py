"""The owner of a book's columns: it grows them, patches them, and keeps each row in order."""

import math
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hullmark.book._lines import first_bad_row, write_rows
from hullmark.book._rows import AccountRow, Rows
from hullmark.core import FloatArray, IntArray
from hullmark.errors import InvalidInputError

Number = TypeVar("Number", bound=np.generic)
Integer = TypeVar("Integer", bound=np.signedinteger[Any])

_ROOM_MIN = 4  # places a row gets when it first holds something


class Book:
    """Accounts by row number, in the order in which they were added. Rows are never removed.

    Parameters
    ----------
    n_assets : int
        Number of assets of the venue, the width of every balance.

    Raises
    ------
    InvalidInputError
        If there is no asset.

    Examples
    --------
    >>> book = Book(2)
    >>> row = book.add_account(0)
    >>> book.set_balance(row, 0, 1_000.0)
    >>> book.set_position(row, 7, size=2.0, quote=-60_000.0)
    >>> book.position(row, 7)
    (2.0, -60000.0)
    """

    def __init__(self, n_assets: int) -> None:
        if n_assets < 1:
            raise InvalidInputError(f"n_assets must be >= 1, was {n_assets}")
        self._n = 0
        self._rows: Rows | None = None  # as last handed out; none once they no longer fit
        self._used = 0  # places handed out, abandoned ones included
        self._abandoned = 0
        self._start = np.zeros(0, np.int64)
        self._count = np.zeros(0, np.int64)
        self._room = np.zeros(0, np.int64)
        self._model = np.zeros(0, np.int8)
        self._balance = np.zeros((0, n_assets))
        self._instrument = np.zeros(0, np.int32)
        self._size = np.zeros(0)
        self._quote = np.zeros(0)

    @classmethod
    def from_columns(
        cls,
        *,
        model: ArrayLike,
        balance: ArrayLike,
        owner: ArrayLike,
        instrument: ArrayLike,
        size: ArrayLike,
        quote: ArrayLike,
    ) -> Self:
        """Build a book at once, from one line per position in any order.

        Parameters
        ----------
        model : array_like of int, shape (n_accounts,)
            Code of each account's margin model.
        balance : array_like of float, shape (n_accounts, n_assets), units
            Cash of each account.
        owner, instrument : array_like of int, shape (n_positions,)
            Row and instrument of each position; a pair occurs once.
        size, quote : array_like of float, shape (n_positions,)
            As in `Rows`. A size of zero is left out.

        Raises
        ------
        InvalidInputError
            If lengths differ, a number is not finite or not whole where it must be, a row or
            instrument is out of range, or a position is given twice.
        """
        cash = np.array(balance, dtype=np.float64, ndmin=2)
        book = cls(cash.shape[1])
        who, what = _whole("owner", owner, np.int64), _whole("instrument", instrument, np.int32)
        sizes, quotes = np.asarray(size, np.float64), np.asarray(quote, np.float64)
        for name, places in (("instrument", what), ("size", sizes), ("quote", quotes)):
            if places.shape != who.shape:
                raise InvalidInputError(
                    f"{name} must be as long as owner, {who.size}, was {places.size}"
                )
        for name, column in (("balance", cash), ("size", sizes), ("quote", quotes)):
            if not np.isfinite(column).all():
                bad = column[~np.isfinite(column)].flat[0]
                raise InvalidInputError(f"{name} must be finite, was {bad:g}")
        if who.size and not (who.min() >= 0 and who.max() < len(cash) and what.min() >= 0):
            raise InvalidInputError(
                f"owner must be in [0, {len(cash)}) and instrument >= 0,"
                f" was in [{who.min()}, {who.max()}] and {what.min()}"
            )
        order = np.lexsort((what, who))
        order = order[sizes[order] != 0.0]
        who, what = who[order], what[order]
        twice = np.flatnonzero((who[1:] == who[:-1]) & (what[1:] == what[:-1]))
        if twice.size:
            pair = f"row {who[twice[0]]}, instrument {what[twice[0]]}"
            raise InvalidInputError(f"a position must be given once, was given twice: {pair}")
        codes = _whole("model", model, np.int8)
        if codes.shape != (len(cash),):
            raise InvalidInputError(f"model must have one code per account, was {codes.size} codes")
        book._n, book._model, book._balance = len(cash), codes, cash
        book._count = np.bincount(who, minlength=len(cash)).astype(np.int64)
        book._place(what, sizes[order], quotes[order])
        return book

    def __len__(self) -> int:
        return self._n

    def __eq__(self, other: object) -> bool:
        """Compare content, bit for bit; neither spare room nor places in memory count."""
        if not isinstance(other, Book):
            return NotImplemented
        mine, theirs = self._content(), other._content()
        return all(
            a.shape == b.shape and a.tobytes() == b.tobytes()
            for a, b in zip(mine, theirs, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def add_account(self, model: int) -> int:
        """Append an empty account under the margin model of that code, and return its row."""
        row = self._n
        if row == self._start.size:
            for name in ("_start", "_count", "_room", "_model", "_balance"):
                setattr(self, name, _grown(getattr(self, name), max(2 * row, 16)))
        self._model[row] = model
        self._n += 1
        self._rows = None
        return row

    def set_balance(self, row: int, asset: int, units: float) -> None:
        """Replace the cash that a row holds of one asset.

        Raises
        ------
        InvalidInputError
            If the row or asset is not of the book, or *units* is not finite.
        """
        self._check(row)
        if not 0 <= asset < self._balance.shape[1]:
            raise InvalidInputError(f"asset must be in [0, {self._balance.shape[1]}), was {asset}")
        self._balance[row, asset] = _finite("units", units)

    def set_model(self, row: int, model: int) -> None:
        """Put a row under another margin model.

        Raises
        ------
        InvalidInputError
            If the row is not of the book.
        """
        self._check(row)
        self._model[row] = model

    def set_position(self, row: int, instrument: int, *, size: float, quote: float) -> None:
        """Replace what a row holds of one instrument; a size of zero removes it, quote and all.

        Raises
        ------
        InvalidInputError
            If the row is not of the book, *instrument* is below 0, or a number is not finite.
        """
        self._check(row)
        if instrument < 0:
            raise InvalidInputError(f"instrument must be >= 0, was {instrument}")
        size, quote = _finite("size", size), _finite("quote", quote)
        at, held = self._find(row, instrument)
        stop = int(self._start[row] + self._count[row])
        if size == 0.0:
            if held:
                for column in (self._instrument, self._size, self._quote):
                    column[at : stop - 1] = column[at + 1 : stop]
                self._count[row] -= 1
            return
        if not held:
            if self._count[row] == self._room[row]:
                moved = self._move(row, int(self._count[row]) + 1)
                at, stop = at + moved, stop + moved
            for column in (self._instrument, self._size, self._quote):
                column[at + 1 : stop + 1] = column[at:stop]
            self._instrument[at] = instrument
            self._count[row] += 1
        self._size[at], self._quote[at] = size, quote

    def set_rows(
        self,
        rows: IntArray,
        *,
        balance: FloatArray,
        count: IntArray,
        instrument: NDArray[np.int32],
        size: FloatArray,
        quote: FloatArray,
    ) -> None:
        """Replace all that some rows hold, their models left as they are.

        Parameters
        ----------
        rows : ndarray of int64, shape (n,)
            Rows of the book.
        balance : ndarray of float64, shape (n, n_assets), units
            Cash of each of them.
        count : ndarray of int64, shape (n,)
            How many positions each of them holds.
        instrument, size, quote : ndarrays of int32, float64 and float64, shape (sum of count,)
            Their positions end to end, instruments ascending within a row, no size zero.

        Raises
        ------
        InvalidInputError
            If a row is not of the book, lengths differ, or a number breaks its rule. The book is
            then as it was.
        """
        n, width, held = rows.size, self._balance.shape[1], instrument.size
        if not (
            balance.shape == (n, width) and count.size == n and size.size == quote.size == held
        ):
            raise InvalidInputError(
                f"columns must fit {n} rows, {width} assets and {held} positions, was "
                f"{balance.shape}, {count.size}, {size.size} and {quote.size}"
            )
        lines = rows, balance, count, instrument, size, quote
        if (bad := first_bad_row(self._n, *lines)) >= 0:
            raise InvalidInputError(
                "rows must be of the book, their instruments ascending and their numbers finite, "
                f"was not so in row {rows[bad]}"
            )
        done = 0
        while (done := write_rows(done, *lines, *self._columns())) < n:
            self._move(int(rows[done]), int(count[done]))

    def position(self, row: int, instrument: int) -> tuple[float, float]:
        """Return size and quote of a position, zeros where there is none.

        Raises
        ------
        InvalidInputError
            If the row is not of the book.
        """
        self._check(row)
        at, held = self._find(row, instrument)
        return (float(self._size[at]), float(self._quote[at])) if held else (0.0, 0.0)

    def account(self, row: int) -> AccountRow:
        """Return one row as views: copy what is to be changed, or kept over the next patch.

        Raises
        ------
        InvalidInputError
            If the row is not of the book.
        """
        self._check(row)
        start = int(self._start[row])
        stop = start + int(self._count[row])
        return AccountRow(
            self._instrument[start:stop],
            self._size[start:stop],
            self._quote[start:stop],
            self._balance[row],
            int(self._model[row]),
        )

    def rows(self) -> Rows:
        """Return the columns as views, valid until the next account or position is added.

        Until then it is the same tuple, and the next change is seen in its arrays.
        """
        if self._rows is None:
            n, used = self._n, self._used
            self._rows = Rows(
                self._start[:n],
                self._count[:n],
                self._instrument[:used],
                self._size[:used],
                self._quote[:used],
                self._balance[:n],
                self._model[:n],
            )
        return self._rows

    def _columns(self) -> tuple[NDArray[Any], ...]:
        places = self._instrument, self._size, self._quote
        return self._start, self._room, self._count, self._balance, *places

    def _check(self, row: int) -> None:
        if not 0 <= row < self._n:
            raise InvalidInputError(f"row must be in [0, {self._n}), was {row}")

    # The place of an instrument in its row, or where it would go, and whether it is there.
    def _find(self, row: int, instrument: int) -> tuple[int, bool]:
        start = int(self._start[row])
        stop = start + int(self._count[row])
        at = start + int(self._instrument[start:stop].searchsorted(instrument))
        return at, at < stop and int(self._instrument[at]) == instrument

    # Gives a row room for *need* positions, and for twice as many as it has, behind all others;
    # returns by how much its places moved.
    def _move(self, row: int, need: int) -> int:
        start, count = int(self._start[row]), int(self._count[row])
        self._rows = None
        if self._abandoned > max(self._used // 2, 1024):
            at = _places(self._start[: self._n], self._count[: self._n])
            self._place(self._instrument[at], self._size[at], self._quote[at])
            if self._room[row] >= need:
                return int(self._start[row]) - start
        room, new = max(2 * count, need, _ROOM_MIN), self._used
        if new + room > self._size.size:
            for name in ("_instrument", "_size", "_quote"):
                setattr(self, name, _grown(getattr(self, name), max(2 * new, new + room, 64)))
        old = int(self._start[row])
        for column in (self._instrument, self._size, self._quote):
            column[new : new + count] = column[old : old + count]
        self._abandoned += int(self._room[row])
        self._start[row], self._room[row], self._used = new, room, new + room
        return new - start

    # Lays all rows out anew, in order, each with a quarter of its size as spare room.
    def _place(self, instrument: NDArray[np.int32], size: FloatArray, quote: FloatArray) -> None:
        n, count = self._n, self._count[: self._n]
        self._rows = None
        room = np.where(count > 0, count + np.maximum(count // 4, 2), 0)
        stop = np.cumsum(room)
        self._used, self._abandoned = int(stop[-1]) if n else 0, 0
        start = np.zeros(self._count.size, np.int64)
        start[:n] = stop - room
        self._start, self._room = start, _grown(room, self._count.size)
        to = _places(start[:n], count)
        self._instrument = np.zeros(self._used, np.int32)
        self._size, self._quote = np.zeros(self._used), np.zeros(self._used)
        self._instrument[to], self._size[to], self._quote[to] = instrument, size, quote

    # What the book says, in order and without spare room.
    def _content(self) -> tuple[NDArray[np.generic], ...]:
        n = self._n
        at = _places(self._start[:n], self._count[:n])
        rows = self._model[:n], self._balance[:n], self._count[:n]
        return *rows, self._instrument[at], self._size[at], self._quote[at]


def _places(start: IntArray, count: IntArray) -> IntArray:
    before = np.cumsum(count) - count
    return np.repeat(start - before, count) + np.arange(int(count.sum()))


def _grown(column: NDArray[Number], length: int) -> NDArray[Number]:
    grown = np.zeros((length, *column.shape[1:]), column.dtype)
    grown[: len(column)] = column
    return grown


# A copy, since NumPy would cut off what does not fit into a column without a word.
def _whole(name: str, values: ArrayLike, kind: type[Integer]) -> NDArray[Integer]:
    array = np.asarray(values)
    with np.errstate(invalid="ignore"):  # what is not finite differs from any whole number
        whole = array.astype(kind)
    if array.ndim != 1 or not np.array_equal(whole, array):
        raise InvalidInputError(
            f"{name} must be 1-D and of whole numbers in {np.iinfo(kind).bits} bits, "
            f"was {values!r:.80}"
        )
    return whole


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise InvalidInputError(f"{name} must be finite, was {value:g}")
    return float(value)
