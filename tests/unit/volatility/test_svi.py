"""Tests of raw SVI: its formula, its density and its rules."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.volatility import Svi, svi_total_variance
from hullmark.volatility._svi import density_kernel, total_variance_kernel

GOOD = {"a": 0.04, "b": 0.4, "rho": -0.4, "m": 0.05, "sigma": 0.1}
K = np.linspace(-1.5, 1.5, 61)


@given(rho=st.floats(-0.99, 0.99), b=st.floats(0, 1), m=st.floats(-1, 1), sigma=st.floats(0.001, 2))
def test_total_variance_is_the_formula_and_never_below_the_least(slow, rho, b, m, sigma):
    smile = Svi(a=0.01, b=b, rho=rho, m=m, sigma=sigma)
    by_hand = [slow.total_variance(k, *smile.parameters) for k in K]
    assert smile.total_variance(K) == pytest.approx(by_hand, rel=1e-13)
    assert smile.total_variance(K).min() >= smile.least * (1 - 1e-12)


def test_kernels_are_their_own_source():
    columns = [np.full(K.size, x) for x in GOOD.values()]
    fast, plain = np.empty(K.size), np.empty(K.size)
    total_variance_kernel(K, *columns, fast)
    total_variance_kernel.py_func(K, *columns, plain)
    assert fast == pytest.approx(plain, rel=1e-15)
    density_kernel(K, *GOOD.values(), fast)
    density_kernel.py_func(K, *GOOD.values(), plain)
    assert fast == pytest.approx(plain, rel=1e-13)


def test_the_density_is_the_second_difference_of_calls(slow):
    smile = Svi(**GOOD)
    for k in np.linspace(-0.6, 0.6, 13):
        assert smile.density([k])[0] == pytest.approx(slow.density(k, smile.parameters), rel=2e-5)


# Gatheral and Jacquier (2014), example 3.1: the parameters of Axel Vogt, whose density is negative
# near k = 0.8.
def test_the_smile_of_vogt_has_a_negative_density():
    vogt = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
    g = vogt.density(K)
    assert 0.6 < K[np.argmin(g)] < 1.2
    assert -0.04 < g.min() < -0.02


def test_parameters_may_be_one_for_all_points_or_one_for_each():
    each = svi_total_variance(K, **{name: np.full(K.size, x) for name, x in GOOD.items()})
    assert each.tolist() == svi_total_variance(K, **GOOD).tolist()
    with pytest.raises(InvalidInputError, match="rho must be as long as k, 61, was 2"):
        svi_total_variance(K, **GOOD | {"rho": [0.1, 0.2]})
    with pytest.raises(InvalidInputError, match=r"sigma\[0\] must be finite"):
        svi_total_variance(K, **GOOD | {"sigma": math.nan})


def test_published_parameters_that_break_the_rules_are_still_evaluated():
    assert svi_total_variance([0.0], **GOOD | {"a": -1.0})[0] < 0


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"b": -0.1}, "b must be >= 0, was -0.1"),
        ({"rho": 1.0}, r"rho must be in \(-1, 1\), was 1"),
        ({"sigma": 0.0}, "sigma must be > 0, was 0"),
        ({"b": 1.5}, r"b \* \(1 \+ abs\(rho\)\) must be <= 2, was 2.09"),
        ({"a": -0.04}, "must be >= 0, was -0.003"),
        ({"m": math.inf}, "m must be finite, was inf"),
    ],
)
def test_a_smile_keeps_its_rules(changes, rule):
    with pytest.raises(InvalidInputError, match=rule):
        Svi(**GOOD | changes)


def test_a_vol_needs_time():
    assert Svi(**GOOD).vol([0.0], years=0.25)[0] == pytest.approx(0.609004, abs=1e-6)
    with pytest.raises(InvalidInputError, match="years must be finite and > 0, was 0"):
        Svi(**GOOD).vol([0.0], years=0.0)


def test_total_variance_of_nothing_has_no_density():
    flat = Svi(a=0.0, b=0.0, rho=0.0, m=0.0, sigma=1.0)
    assert flat.total_variance([1.0])[0] == 0
    assert np.isnan(flat.density([1.0])[0])
