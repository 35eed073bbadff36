"""Tests of the search for arbitrage: against dense grids, and on smiles known to have it."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.volatility import Surface, Svi
from hullmark.volatility._arbitrage import check_calendar, check_slice, inspect, lift

VOGT = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
NOTHING = np.empty(0)
years = {"earlier_years": 0.1, "later_years": 0.2}


@given(
    rho=st.floats(-0.95, 0.95), b=st.floats(0.01, 0.9), m=st.floats(-0.5, 0.5),
    sigma=st.floats(0.01, 1), least=st.floats(1e-4, 0.3),
)  # fmt: skip
def test_no_dense_grid_finds_a_lower_density(rho, b, m, sigma, least):
    smile = Svi(a=least - b * sigma * math.sqrt(1 - rho**2) + 1e-9, b=b, rho=rho, m=m, sigma=sigma)
    found = check_slice(smile, 1.0)
    dense = np.concatenate([np.linspace(-1, 1, 4001), m + sigma * np.linspace(-20, 20, 4001)])
    g = smile.density(dense).min()
    # What is near 0 is refined, and what is not need not be known so well.
    assert found.density_min <= (g + 1e-6 + 1e-3 * abs(g) if g < 0.01 else 1.05 * g)
    assert smile.density([found.k])[0] == pytest.approx(found.density_min)


def test_the_worst_butterfly_is_named():
    found = check_slice(VOGT, 1.0)
    k = np.linspace(0, 2, 200_001)
    g = VOGT.density(k)
    assert not found.free
    assert found.density_min == pytest.approx(g.min(), abs=1e-7)
    assert found.k == pytest.approx(k[g.argmin()], abs=1e-3)


def test_the_worst_crossing_is_named_with_its_size():
    low = Svi(a=0.02, b=0.1, rho=0.0, m=0.0, sigma=0.1)
    dip = Svi(a=0.01, b=0.2, rho=0.0, m=0.1, sigma=0.02)
    found = check_calendar(low, dip, **years)
    k = np.linspace(-1, 1, 200_001)
    lack = low.total_variance(k) - dip.total_variance(k)
    assert found.k == pytest.approx(k[lack.argmax()], abs=1e-3)
    assert found.lack == pytest.approx(lack.max(), abs=1e-9)
    at = [found.k]
    raised = math.sqrt(low.total_variance(at)[0] / 0.2) - dip.vol(at, years=0.2)[0]
    assert found.vol_points == pytest.approx(100 * raised)
    assert check_calendar(low, low, **years) is None


def test_wings_that_cross_far_out_are_found_by_their_slopes():
    steep = Svi(a=0.01, b=0.11, rho=0.0, m=0.0, sigma=0.1)
    high = Svi(a=5.00, b=0.10, rho=0.0, m=0.0, sigma=0.1)
    found = check_calendar(steep, high, **years)
    assert found.k == math.inf
    assert found.lack == pytest.approx(0.01)


def test_a_report_is_free_only_without_butterflies_and_crossings():
    good = Svi(a=0.02, b=0.1, rho=0.0, m=0.0, sigma=0.3)
    better = Svi(a=0.05, b=0.1, rho=0.0, m=0.0, sigma=0.3)
    assert Surface((0.1, 0.2), (good, better)).arbitrage().free
    back = Surface((0.1, 0.2), (better, good)).arbitrage()
    assert not back.free
    assert [c.earlier_years for c in back.crossings] == [0.1]
    assert not Surface((1.0,), (VOGT,)).arbitrage().free


def test_a_lift_takes_no_more_than_it_needs():
    smile, worst = np.array(VOGT.parameters), np.empty(4)
    lift(smile, NOTHING, 3.0, worst)
    assert worst[0] >= 0
    lifted = smile[0] - VOGT.a
    assert lifted > 0
    smile[0] -= 0.01 * lifted
    inspect(smile, NOTHING, 3.0, worst)
    assert worst[0] < 0


def test_a_lift_ends_a_crossing():
    low = Svi(a=0.02, b=0.1, rho=0.0, m=0.0, sigma=0.1)
    dip = np.array([0.01, 0.2, 0.0, 0.1, 0.02])
    worst = np.empty(4)
    lift(dip, np.array(low.parameters), 3.0, worst)
    assert min(worst[0], worst[2]) >= 0
