"""Tests of SSVI: the formula, the absence of arbitrage, and the fit."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.volatility import Ssvi, fit_ssvi, fit_surface

GOOD = {"rho": -0.3, "eta": 1.2, "gamma": 0.4, "years": (0.1, 1.0), "levels": (0.02, 0.2)}


@given(
    rho=st.floats(-0.99, 0.99), pull=st.floats(0.01, 2), gamma=st.floats(0.01, 0.5),
    level=st.floats(1e-4, 3),
)  # fmt: skip
def test_a_slice_is_the_formula(slow, rho, pull, gamma, level):
    eta = (1 - 1e-12) * pull / (1 + abs(rho))
    smile = Ssvi(rho=rho, eta=eta, gamma=gamma, years=(1.0,), levels=(level,)).smile(level)
    k = np.linspace(-1, 1, 11)
    by_hand = [slow.ssvi(x, level, rho, eta, gamma) for x in k]
    assert smile.total_variance(k) == pytest.approx(by_hand, rel=1e-9)
    assert smile.total_variance([0.0])[0] == pytest.approx(level)


@settings(max_examples=40)
@given(
    rho=st.floats(-0.95, 0.95), pull=st.floats(0.05, 1.999), gamma=st.floats(0.01, 0.5),
    low=st.floats(1e-4, 1), times=st.floats(1, 10),
)  # fmt: skip
def test_whatever_its_numbers_it_has_no_arbitrage(rho, pull, gamma, low, times):
    levels = (low, low * times)
    eta = pull / (1 + abs(rho))
    surface = Ssvi(rho=rho, eta=eta, gamma=gamma, years=(0.1, 1.0), levels=levels).surface()
    report = surface.arbitrage()
    assert min(s.density_min for s in report.slices) > -1e-9
    assert all(c.lack < 1e-9 for c in report.crossings)


def test_its_numbers_come_back_from_its_own_quotes(make):
    ssvi = Ssvi(rho=-0.35, eta=0.9, gamma=0.42, years=(0.02, 0.1, 0.5), levels=(0.006, 0.03, 0.14))
    quotes = make({t: ssvi.smile(level) for t, level in zip(ssvi.years, ssvi.levels, strict=True)})
    found = fit_ssvi(fit_surface(quotes))
    assert found.ssvi.rho == pytest.approx(ssvi.rho, abs=2e-3)
    assert found.ssvi.eta == pytest.approx(ssvi.eta, abs=2e-2)
    assert found.ssvi.gamma == pytest.approx(ssvi.gamma, abs=5e-3)
    assert found.residuals().max < 0.1


def test_levels_that_fall_are_raised(smiles, make):
    fallen = {0.1: smiles[0.4], 0.2: smiles[0.1]}
    found = fit_ssvi(fit_surface(make(fallen))).ssvi
    assert found.levels[0] == found.levels[1]
    assert found.surface().arbitrage().free


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"rho": -1.0}, r"rho must be in \(-1, 1\), was -1.0"),
        ({"eta": 0.0}, "eta must be > 0, was 0.0"),
        ({"eta": 1.6}, r"eta \* \(1 \+ abs\(rho\)\) must be <= 2, was 2.08"),
        ({"gamma": 0.6}, r"gamma must be in \(0, 0.5\], was 0.6"),
        ({"levels": (0.2, 0.1)}, r"levels\[1\] must be >= 0.2, was 0.1"),
        ({"levels": (0.0, 0.1)}, "levels must be finite and > 0"),
        ({"levels": (0.1,)}, "levels must be one for each of the years, at least one, was 1 for 2"),
    ],
)
def test_ssvi_keeps_its_rules(changes, rule):
    with pytest.raises(InvalidInputError, match=rule):
        Ssvi(**GOOD | changes)
