"""A small good file per reader, and a way to write a bad one."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from hullmark.core import parse_instant

START_NS = parse_instant("start", "2025-10-10T00:00:00Z")
BAR_NS = 300 * 10**9


def bars(n=4, **changed):
    """Return the columns of *n* good 5-minute bars, some of them replaced."""
    columns = {
        "date": pa.array([START_NS + i * BAR_NS for i in range(n)], pa.timestamp("ns", "UTC")),
        "open": [100.0 + i for i in range(n)],
        "high": [102.0 + i for i in range(n)],
        "low": [99.0 + i for i in range(n)],
        "close": [101.0 + i for i in range(n)],
        "volume": [10.0] * n,
    }
    return columns | changed


@pytest.fixture
def write(tmp_path):
    """Write columns to a file, in the format of its name, and return its path."""

    def to_file(columns, name="bars.parquet"):
        path = tmp_path / name
        table = pa.table(columns)
        if name.endswith(".parquet"):
            parquet.write_table(table, path)
        elif name.endswith(".gz"):
            with pa.CompressedOutputStream(str(path), "gzip") as stream:
                csv.write_csv(table, stream)
        else:
            csv.write_csv(table, path)
        return path

    return to_file


@pytest.fixture
def scenario_2025():
    """Return the path of the scenario that the repository ships."""
    return Path(__file__).parents[3] / "scenarios" / "oct-2025.toml"
