"""Tests of the surface: between expiries, before, after, and far out."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.volatility import Surface, Svi

K = np.linspace(-2, 2, 81)


@pytest.fixture(scope="module")
def surface(smiles):
    return Surface(tuple(smiles), tuple(smiles.values()))


def test_at_an_expiry_the_surface_is_its_smile(surface, smiles):
    for years, smile in smiles.items():
        assert surface.total_variance(K, years=years) == pytest.approx(
            smile.total_variance(K), rel=1e-14
        )


def test_between_expiries_total_variance_is_linear_in_time(surface, smiles):
    low, high = smiles[0.1].total_variance(K), smiles[0.4].total_variance(K)
    assert surface.total_variance(K, years=0.25) == pytest.approx((low + high) / 2)


def test_before_the_first_expiry_its_vol_goes_on(surface, smiles):
    assert surface.vol(K, years=0.001) == pytest.approx(smiles[0.02].vol(K, years=0.02))


def test_after_the_last_expiry_its_forward_variance_goes_on(surface):
    k = [-0.2, 0.0, 0.2]
    at = {t: surface.total_variance(k, years=t) for t in (0.4, 1.0, 2.2)}
    assert (at[2.2] - at[1.0]) / 1.2 == pytest.approx((at[1.0] - at[0.4]) / 0.6)
    alone = Surface(surface.years[:1], surface.smiles[:1])
    assert alone.vol(k, years=0.1) == pytest.approx(surface.vol(k, years=0.02))


@given(first=st.floats(0.001, 20), more=st.floats(0.001, 20))
def test_total_variance_never_falls_in_time(surface, first, more):
    low, high = (surface.total_variance(K, years=t) for t in (first, first + more))
    assert (high >= low * (1 - 1e-12)).all()


@given(years=st.floats(0.001, 1000))
def test_no_wing_is_steeper_than_the_moment_formula_allows(surface, years):
    k = np.array([-50.0, -5.0, -1.0, 0.0, 1.0, 5.0, 50.0])
    w = surface.total_variance(k, years=years)
    assert (w <= w[3] + 2 * np.abs(k) + 1e-9).all()


def test_smiles_within_the_bound_are_not_cut(surface, smiles):
    far = np.array([-500.0, 500.0])
    assert surface.total_variance(far, years=1.0) == pytest.approx(smiles[1.0].total_variance(far))


@pytest.mark.parametrize(
    ("years", "rule"),
    [
        ((), "smiles must be one for each of the years, at least one, was 1 for 0"),
        ((0.0,), r"years\[0\] must be finite and > 0, was 0.0"),
        ((math.nan,), r"years\[0\] must be finite and > 0, was nan"),
    ],
)
def test_a_surface_keeps_its_rules(years, rule):
    with pytest.raises(InvalidInputError, match=rule):
        Surface(years, (Svi(a=0.1, b=0.1, rho=0.0, m=0.0, sigma=0.1),))


def test_expiries_must_rise(smiles):
    with pytest.raises(InvalidInputError, match=r"years\[1\] must be finite and > 0.4, was 0.1"):
        Surface((0.4, 0.1), (smiles[0.4], smiles[0.1]))


def test_a_surface_is_asked_for_a_time_above_zero(surface):
    with pytest.raises(InvalidInputError, match="years must be finite and > 0, was -1"):
        surface.vol([0.0], years=-1.0)
