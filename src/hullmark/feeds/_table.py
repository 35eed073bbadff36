"""Tables: one door from a Parquet or CSV file to checked arrays.

Every reader of this package goes through :class:`Table`, so a bad cell is refused in the same words
wherever it is met: the file, the row (counted from 1, without the header), the column, the value.
"""

import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hullmark.core import NANO, SECOND_NS, FloatArray, IntArray, format_instant
from hullmark.errors import FeedError

HOUR_NS = 3_600 * SECOND_NS
_SUFFIXES = (".parquet", ".csv", ".csv.gz")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of one file, or some of its rows, as they were read."""

    path: Path
    columns: dict[str, Any]  # pyarrow.ChunkedArray; the library comes without types
    rows: IntArray  # of the kept rows: their place in the file, from 0

    def floats(self, column: str) -> FloatArray:
        """Return a column of finite numbers."""
        import pyarrow as pa  # noqa: PLC0415

        cells = self._cells(column)
        if not (pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type)):
            self.refuse(_first_not(cells.to_pylist(), float), column, "a number")
        if cells.null_count:
            self.refuse(_first_null(cells), column, "a number")
        numbers = np.asarray(cells.to_numpy(), dtype=np.float64)
        self.require(np.isfinite(numbers), column, "finite")
        return numbers

    def numbers(self, column: str) -> FloatArray:
        """Return a column of numbers as they are; NaN where there is none."""
        import pyarrow as pa  # noqa: PLC0415

        cells = self._cells(column)
        if pa.types.is_null(cells.type):
            return np.full(len(cells), np.nan)
        if not (pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type)):
            self.refuse(_first_not(cells.to_pylist(), float), column, "a number")
        return np.array(cells.cast(pa.float64()).to_numpy(), dtype=np.float64)

    def positives(self, column: str) -> FloatArray:
        """Return a column of finite numbers above zero: prices and sizes."""
        numbers = self.floats(column)
        self.require(numbers > 0, column, "> 0")
        return numbers

    def nonnegatives(self, column: str) -> FloatArray:
        """Return a column of finite numbers not below zero: volumes and floors."""
        numbers = self.floats(column)
        self.require(numbers >= 0, column, ">= 0")
        return numbers

    def instants(self, column: str) -> IntArray:
        """Return a column of time stamps in ns; without a zone they are UTC."""
        import pyarrow as pa  # noqa: PLC0415

        cells = self._cells(column)
        if not pa.types.is_timestamp(cells.type):
            first = _first_not(cells.to_pylist(), datetime.fromisoformat)
            self.refuse(first, column, "a time stamp")
        if cells.null_count:
            self.refuse(_first_null(cells), column, "a time stamp")
        try:
            stamps = cells.cast(pa.timestamp("ns")).cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid as e:  # before 1677 or after 2262
            raise FeedError(
                f"{self.path}: column {column!r} must hold time stamps of 1677 to 2262 only"
            ) from e
        return np.asarray(stamps, dtype=np.int64)

    def milliseconds(self, column: str) -> IntArray:
        """Return a column of epoch milliseconds in ns."""
        numbers = self.positives(column)
        self.require(numbers < 2**63 / 1e6, column, "milliseconds within 64-bit ns")
        self.require(numbers % 1 == 0, column, "whole milliseconds")
        return np.asarray(numbers, dtype=np.int64) * (SECOND_NS // 1_000)

    def texts(self, column: str) -> list[str]:
        """Return a column of texts that are not empty."""
        found: list[str] = self._cells(column).to_pylist()
        good = np.array([isinstance(text, str) and bool(text) for text in found], dtype=bool)
        self.require(good, column, "a text")
        return found

    def once(self, column: str, where: str) -> list[str]:
        """Return a column of texts that are all different."""
        found = self.texts(column)
        last = {text: i for i, text in enumerate(found)}
        alone = np.array([last[text] == i for i, text in enumerate(found)], dtype=bool)
        self.require(alone, column, f"there once in {where}")
        return found

    def where(self, column: str, equals: str) -> "Table":
        """Return the rows whose *column* is the text *equals*, or refuse if there is none."""
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.compute as pc  # noqa: PLC0415

        cells = self._cells(column)
        if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            self.refuse(0, column, "a text")
        found = np.flatnonzero(
            pc.fill_null(pc.equal(cells, pa.scalar(equals, cells.type)), False).to_numpy()
        )
        if not found.size:
            raise FeedError(f"{self.path}: column {column!r} must hold {equals!r} somewhere")
        return self.take(found)

    def take(self, kept: NDArray[np.int64]) -> "Table":
        """Return some rows, by their place in this table."""
        columns = {name: cells.take(kept) for name, cells in self.columns.items()}
        return Table(self.path, columns, self.rows[kept])

    def require(self, good: NDArray[np.bool_], column: str, rule: str) -> None:
        """Refuse the first row that is not *good*."""
        bad = np.flatnonzero(~good)
        if bad.size:
            self.refuse(int(bad[0]), column, rule)

    def refuse(self, i: int, column: str, rule: str) -> None:
        """Refuse the *i*-th row of this table, naming the row of the file."""
        import pyarrow as pa  # noqa: PLC0415

        cells = self._cells(column)
        if not len(cells):
            raise FeedError(f"{self.path}: column {column!r} must be {rule}, was empty")
        text = repr(cells[i].as_py()) if cells[i].is_valid else "missing"
        if cells[i].is_valid and pa.types.is_timestamp(cells.type):
            text = format_instant(cells[i].cast(pa.timestamp("ns")).value)
        row = int(self.rows[i]) + 1
        raise FeedError(f"{self.path}: row {row}, column {column!r} must be {rule}, was {text}")

    def _cells(self, column: str) -> Any:  # noqa: ANN401
        if column not in self.columns:
            known = ", ".join(self.columns)
            raise FeedError(f"{self.path}: column {column!r} is missing; the file has {known}")
        return self.columns[column]


def read_table(path: Path | str) -> Table:
    """Read a ``.parquet``, ``.csv`` or ``.csv.gz`` file whole.

    Raises
    ------
    FeedError
        If the optional library is not installed, or the file is missing, truncated or corrupted.
    """
    path = Path(path)
    try:
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import csv, parquet  # noqa: PLC0415
    except ImportError as e:
        raise FeedError(f'reading {path.name} needs pyarrow: pip install "hullmark[data]"') from e
    if not path.name.endswith(_SUFFIXES):
        raise FeedError(f"{path} must end in {', '.join(_SUFFIXES)}")
    if not path.is_file():
        raise FeedError(f"{path} must be a file; it does not exist")
    try:
        if path.suffix == ".parquet":
            table = parquet.ParquetFile(path, page_checksum_verification=True).read()
        else:
            text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            # One block and one thread: types are inferred from all of it, and rows are numbered.
            options = csv.ReadOptions(block_size=len(text) + 1, use_threads=False)
            table = csv.read_csv(io.BytesIO(text), read_options=options)
    except (pa.ArrowException, OSError, EOFError, zlib.error) as e:
        reason = str(e).splitlines()[0]
        raise FeedError(f"{path} cannot be read, it is truncated or corrupted: {reason}") from e
    if twice := sorted({n for n in table.column_names if table.column_names.count(n) > 1}):
        raise FeedError(f"{path}: column {twice[0]!r:.60} must be there once, was there again")
    columns = {name: table.column(name) for name in table.column_names}
    return Table(path, columns, np.arange(table.num_rows, dtype=np.int64))


def check_grid(table: Table, column: str, stamps_ns: IntArray, step_ns: int | None) -> None:
    """Refuse stamps that repeat or go back and, given a step, those that leave one out."""
    steps = np.diff(stamps_ns)
    table.require(np.append(True, steps != 0), column, "later than the row before (duplicate)")
    table.require(np.append(True, steps > 0), column, "later than the row before (unsorted)")
    if step_ns is None:
        return
    table.require(stamps_ns % step_ns == 0, column, f"on a grid of {step_ns // SECOND_NS} s")
    table.require(
        np.append(True, steps == step_ns),
        column,
        f"{step_ns // SECOND_NS} s after the row before (gap)",
    )


def cut(table: Table, column: str, *, start_ns: int | None, stop_ns: int | None) -> Table:
    """Return the rows stamped from *start_ns* up to but excluding *stop_ns*."""
    stamps = table.instants(column)
    kept = np.ones(stamps.size, dtype=bool)
    if start_ns is not None:
        kept &= stamps >= start_ns
    if stop_ns is not None:
        kept &= stamps < stop_ns
    if not kept.any():
        first = "the start" if start_ns is None else format_instant(start_ns)
        last = "the end" if stop_ns is None else format_instant(stop_ns)
        raise FeedError(f"{table.path}: column {column!r} must have rows from {first} to {last}")
    return table.take(np.flatnonzero(kept))


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return *array* closed to writing: a record that readers share."""
    array.setflags(write=False)
    return array


def nearest_nano(values: FloatArray) -> IntArray:
    """Round floats to the nearest whole nano, ties to even: for facts read as floats.

    A price or rate of at most nine decimals and fifteen digits comes back as it was written. It is
    no rounding of money: nobody owes the difference.

    Raises
    ------
    FeedError
        If a number is not finite, or its nanos do not fit in 64 bits.
    """
    scaled = np.rint(np.asarray(values, dtype=np.float64) * NANO)
    if not np.all(np.abs(scaled) < 2.0**63):  # catches NaN as well
        raise FeedError(f"values must be finite and fit in 64 bits of nanos, was {values}")
    return scaled.astype(np.int64)


def _first_null(cells: Any) -> int:  # noqa: ANN401
    import pyarrow.compute as pc  # noqa: PLC0415

    return int(np.flatnonzero(pc.is_null(cells).to_numpy())[0])


def _first_not(cells: list[Any], parse: Callable[[Any], object]) -> int:
    for i, cell in enumerate(cells):
        try:
            parse(cell)
        except (TypeError, ValueError):
            return i
    return 0
