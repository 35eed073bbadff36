"""Rows for programs: CSV and Parquet, the same columns in both."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hullmark.cli._output import write_whole

Records = Sequence[Mapping[str, Any]]


def csv_text(columns: Mapping[str, str], rows: Records) -> str:
    """Return rows as CSV; what does not exist is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue().rstrip("\n")


def write_parquet(columns: Mapping[str, str], rows: Records, path: Path) -> None:
    """Write rows to a Parquet file; what does not exist is null.

    *columns* names the type of each: ``str``, ``bool`` or ``float``.
    """
    from hullmark.errors import FeedError

    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as e:
        raise FeedError(f'writing {path.name} needs pyarrow: pip install "hullmark[data]"') from e
    types: dict[str, Any] = {"str": pa.string(), "bool": pa.bool_(), "float": pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    content = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(list(rows), schema=schema), content)
    write_whole(path, content.getvalue())


def _cell(value: Any) -> Any:  # noqa: ANN401 - a number, a text, a flag or None
    return str(value).lower() if isinstance(value, bool) else value
