"""One Parquet file, filled row by row: a bounded number of rows is held, however many there are."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from hullmark.core import Closing
from hullmark.errors import FeedError, InvalidInputError

Kind = Literal["int", "bool", "text", "json", "time", "decimal"]

DECIMAL_DIGITS, DECIMAL_PLACES = 38, 9  # lots of 64 bits times a lot of 64 bits still fit
_BLOCK_ROWS = 4_096  # held as Python objects
_GROUP_ROWS = 65_536  # and those before them as columns, until they are a row group
_GROUP_BYTES = 1 << 26


class TableFile(Closing):
    """A table on its way to a file. It is whole once it was closed.

    Parameters
    ----------
    path : Path
        The file, which is made.
    columns : mapping of Kind
        What each column holds. Any cell may be ``None``.
    """

    def __init__(self, path: Path, columns: Mapping[str, Kind]) -> None:
        pa, parquet = load_arrow()
        self.path, self.columns = path, columns
        self.rows = 0
        kinds = _arrow_types(pa)
        self._schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
        self._to_block: Callable[..., Any] = pa.record_batch
        self._to_table: Callable[..., Any] = pa.Table.from_batches
        self._faults = (pa.ArrowException, OverflowError)
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._cells: list[list[Any]] = [[] for _ in columns]
        self._blocks: list[Any] = []
        self._bytes = 0

    def add(self, row: Sequence[Any]) -> None:
        """Add a row, its cells in the order of the columns.

        Raises
        ------
        InvalidInputError
            If a number does not fit in 64 bits; at the latest when the file is closed.
        """
        for cells, cell in zip(self._cells, row, strict=True):
            cells.append(cell)
        self.rows += 1
        if len(self._cells[0]) == _BLOCK_ROWS:
            self._pack()

    def close(self) -> None:
        """Write what is held, and end the file; a second call does nothing."""
        if self._writer.is_open:
            try:
                self._pack()
                self._write()
            finally:
                self._writer.close()

    def _pack(self) -> None:
        if not self._cells[0]:
            return
        try:
            block = self._to_block(self._cells, schema=self._schema)
        except self._faults as e:
            raise InvalidInputError(f"rows of {self.path.name} must fit their columns: {e}") from e
        finally:
            self._cells = [[] for _ in self.columns]
        self._blocks.append(block)
        self._bytes += block.nbytes
        if len(self._blocks) * _BLOCK_ROWS >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._write()

    def _write(self) -> None:
        if self._blocks:
            self._writer.write_table(self._to_table(self._blocks), row_group_size=_GROUP_ROWS)
        self._blocks, self._bytes = [], 0


def load_arrow() -> tuple[Any, Any]:
    """Return the modules that write Parquet.

    Raises
    ------
    FeedError
        If they are not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to load
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as e:
        raise FeedError(
            f"writing Parquet must have pyarrow, but {e}: pip install 'hullmark[data]'"
        ) from e
    return pa, parquet


def _arrow_types(pa: Any) -> dict[Kind, Any]:  # noqa: ANN401 - a module without types
    return {
        "int": pa.int64(),
        "bool": pa.bool_(),
        "text": pa.string(),
        "json": pa.string(),
        "time": pa.timestamp("ns", tz="UTC"),
        "decimal": pa.decimal128(DECIMAL_DIGITS, DECIMAL_PLACES),
    }
