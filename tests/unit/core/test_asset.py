"""Tests of assets: how many decimals a quantum may have."""

import pytest
from hypothesis import given, strategies as st

from hullmark.core import DECIMALS_MAX, Asset
from hullmark.errors import InvalidInputError


@given(st.integers(0, DECIMALS_MAX))
def test_a_unit_is_a_power_of_ten_of_quanta(decimals):
    assert Asset("BTC", decimals).quanta_per_unit == int("1" + "0" * decimals)


@pytest.mark.parametrize("bad", [-1, 10, 18])
def test_decimals_outside_the_range_are_refused(bad):
    with pytest.raises(InvalidInputError) as refused:
        Asset("ETH", bad)
    assert str(refused.value) == f"decimals of ETH must be in [0, 9], was {bad}"


def test_an_asset_without_a_name_is_refused():
    with pytest.raises(InvalidInputError, match="symbol must not be empty"):
        Asset("", 6)
