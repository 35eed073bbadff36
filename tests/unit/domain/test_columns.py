"""Columns of whole numbers: packed, read back, and refused where they are none."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.domain import COLUMN_BYTES, pack_column, unpack_columns
from hullmark.errors import InvalidInputError

numbers = st.integers(-(2**63), 2**63 - 1)


@given(st.integers(0, 5).flatmap(lambda n: st.lists(st.lists(numbers, min_size=n, max_size=n))))
def test_what_was_packed_is_read_back(columns):
    packed = [pack_column(column) for column in columns]
    assert all(len(p) == COLUMN_BYTES * len(c) for p, c in zip(packed, columns, strict=True))
    if columns:
        found = unpack_columns(packed)
        assert found.tolist() == columns
        assert found.dtype == np.int64


def test_a_column_is_little_endian_on_every_machine():
    assert pack_column([1, -2]) == bytes([1, *[0] * 7, 254, *[255] * 7])


@pytest.mark.parametrize("odd", [2**63, -(2**63) - 1, 1.0, "1", None])
def test_what_is_no_whole_number_of_64_bits_is_refused(odd):
    with pytest.raises(InvalidInputError, match="numbers must be whole and fit in 64 bits, was"):
        pack_column([1, odd])


@pytest.mark.parametrize("columns", [[], [b"1234"], [bytes(8), bytes(16)], [bytes(8), b""]])
def test_columns_that_are_no_table_are_refused(columns):
    with pytest.raises(InvalidInputError, match="columns must have one length, a multiple of 8"):
        unpack_columns(columns)
