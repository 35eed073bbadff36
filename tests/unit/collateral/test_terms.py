"""Tests of collateral terms: the laws of the value, and what the parser refuses."""

import pytest
from hypothesis import given, strategies as st

from hullmark.collateral import CollateralTerms, asset_value_usd
from hullmark.errors import DocumentError, InvalidInputError

units = st.floats(min_value=-1e9, max_value=1e9)
prices = st.floats(min_value=0, max_value=1e6)
haircuts = st.floats(min_value=0, max_value=1)
caps = st.one_of(st.just(float("inf")), st.floats(min_value=0, max_value=1e9))


def test_a_credit_loses_its_haircut_up_to_the_cap_and_a_debt_counts_in_full():
    assert asset_value_usd(2.0, 100.0, 0.25, float("inf")) == 150.0
    assert asset_value_usd(2.0, 100.0, 0.25, 120.0) == 120.0
    assert asset_value_usd(-2.0, 100.0, 0.25, 120.0) == -200.0
    assert asset_value_usd(0.0, 100.0, 0.25, 0.0) == 0.0


@given(units, units, prices, haircuts, caps)
def test_more_units_are_never_worth_less(a, b, price, haircut, cap):
    low, high = sorted((a, b))
    assert asset_value_usd(low, price, haircut, cap) <= asset_value_usd(high, price, haircut, cap)


@given(units, prices, haircuts, haircuts, caps)
def test_a_larger_haircut_never_leaves_more(held, price, a, b, cap):
    low, high = sorted((a, b))
    less = asset_value_usd(held, price, high, cap)
    assert less <= asset_value_usd(held, price, low, cap) <= held * price


@given(units, prices, haircuts, caps)
def test_the_compiled_kernel_agrees_with_its_source(held, price, haircut, cap):
    source = asset_value_usd.py_func(held, price, haircut, cap)
    assert asset_value_usd(held, price, haircut, cap) == source


def test_reads_an_entry_of_the_assets_tree():
    tree = {"decimals": 8, "haircut_initial": "0.1", "haircut_maintenance": "0.05", "cap_usd": "7"}
    terms = CollateralTerms.parse("BTC", tree | {"shocked": True, "peg": "1"})
    assert terms == CollateralTerms(haircut_initial=0.1, haircut_maintenance=0.05, cap_usd=7.0)
    assert CollateralTerms.parse("USDT", {"decimals": 6}) == CollateralTerms()
    assert CollateralTerms().cap_usd is None


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"haircut": "0"}, "assets.BTC has an unknown key 'haircut'"),
        ({"haircut_initial": "1.1"}, r"assets.BTC: haircut_initial must be in \[0, 1\], was 1.1"),
        ({"haircut_initial": "-0.1"}, r"haircut_initial must be in \[0, 1\], was -0.1"),
        ({"haircut_initial": "NaN"}, "haircut_initial must be a decimal string"),
        ({"haircut_initial": "1e-1"}, "haircut_initial must be a decimal string .*, was '1e-1'"),
        ({"haircut_initial": 0}, "haircut_initial must be a decimal string .*, was 0"),
        ({"haircut_initial": "0.0000000001"}, "haircut_initial must have at most 9 decimals"),
        ({"haircut_maintenance": 0.1}, "haircut_maintenance must be a decimal string .*, was 0.1"),
        ({"haircut_maintenance": "0.2"}, "haircut_maintenance must be <= haircut_initial"),
        ({"cap_usd": "-1"}, "cap_usd must be finite and >= 0, was -1"),
    ],
)
def test_refuses_an_entry_that_breaks_a_rule(change, rule):
    with pytest.raises(DocumentError, match=rule):
        CollateralTerms.parse("BTC", {"decimals": 8, "haircut_initial": "0.1"} | change)


def test_refuses_terms_that_are_not_numbers():
    with pytest.raises(InvalidInputError, match="cap_usd must be finite"):
        CollateralTerms(cap_usd=float("inf"))
