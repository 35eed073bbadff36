"""A table of any length is written by the row group, and holds what was added."""

from decimal import Decimal

import pytest
from pyarrow import parquet

from hullmark.errors import InvalidInputError
from hullmark.studies import _export_file
from hullmark.studies._export_file import TableFile

KINDS = {"a": "int", "b": "text", "c": "bool", "d": "time", "e": "decimal", "f": "json"}


def row(number):
    return number, str(number), number % 2 == 0, number, Decimal(number).scaleb(-9), "{}"


@pytest.mark.parametrize("count", [0, 1, 4_095, 4_096, 4_097, 70_000, 140_000])
def test_rows_come_back_as_they_were_added(tmp_path, count):
    with TableFile(tmp_path / "t.parquet", KINDS) as table:
        for number in range(count):
            table.add(row(number))
    assert table.rows == count
    found = parquet.read_table(tmp_path / "t.parquet")
    assert found.column_names == list(KINDS)
    assert found["a"].to_pylist() == list(range(count))
    assert found["d"].cast("int64").to_pylist() == list(range(count))
    if count:
        assert found["e"][-1].as_py() == Decimal(count - 1).scaleb(-9)
        assert found["b"][-1].as_py() == str(count - 1)
    file = parquet.ParquetFile(tmp_path / "t.parquet")
    assert file.num_row_groups == -(-count // 65_536)


def test_what_is_held_does_not_grow_with_the_table(tmp_path):
    held = []
    with TableFile(tmp_path / "t.parquet", KINDS) as table:
        for number in range(150_000):
            table.add(row(number))
            if number % 1_000 == 0:
                held.append(len(table._cells[0]) + sum(b.num_rows for b in table._blocks))
    assert max(held) <= 65_536 + 4_096


def test_long_texts_are_written_sooner(tmp_path, monkeypatch):
    monkeypatch.setattr(_export_file, "_GROUP_BYTES", 1_000_000)
    with TableFile(tmp_path / "t.parquet", {"a": "text"}) as table:
        for _ in range(10_000):
            table.add(("x" * 200,))
    assert parquet.ParquetFile(tmp_path / "t.parquet").num_row_groups == 2


def test_any_cell_may_be_missing(tmp_path):
    with TableFile(tmp_path / "t.parquet", KINDS) as table:
        table.add((None,) * 6)
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == [dict.fromkeys(KINDS)]


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_that_does_not_fit_is_refused_by_the_name_of_the_table(tmp_path, number):
    table = TableFile(tmp_path / "t.parquet", {"a": "int"})
    table.add((number,))
    with pytest.raises(InvalidInputError, match=r"rows of t\.parquet must fit their columns"):
        table.close()
    table.close()
