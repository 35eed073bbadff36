"""Tests of the quasi-explicit start against SciPy's bounded least squares."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import lsq_linear

from hullmark.volatility._start import SLOPE_TOP, explicit, start


def slow_explicit(k, w, weight, m, sigma):
    """Solve for a and the two slopes in their box; return half of twice the cost, and they."""
    x = k - m
    r = np.sqrt(x * x + sigma * sigma)
    design = np.column_stack([np.ones(k.size), 0.5 * (r + x), 0.5 * (r - x)])
    root = np.sqrt(weight)
    box = ([-np.inf, 0, 0], [np.inf, SLOPE_TOP, SLOPE_TOP])
    found = lsq_linear(design * root[:, None], w * root, box, tol=1e-14, lsq_solver="exact")
    return 2 * found.cost, found.x


@given(seed=st.integers(0, 10_000), m=st.floats(-0.5, 0.5), sigma=st.floats(0.02, 1))
def test_the_closed_form_is_the_least_of_the_box(seed, m, sigma):
    random = np.random.default_rng(seed)
    k = np.sort(random.uniform(-1, 1, 20))
    # Also lines and hats, whose best slopes are at the ends of the box.
    w = 0.1 + random.uniform(-3, 3) * k + random.uniform(-1, 1) * k**2
    weight = random.uniform(0.1, 1, 20)
    cost, a, right, left = explicit(k, w, weight, m, sigma)
    slow_cost, (slow_a, slow_right, slow_left) = slow_explicit(k, w, weight, m, sigma)
    assert cost == pytest.approx(slow_cost, rel=1e-6, abs=1e-9)
    assert (a, right, left) == pytest.approx((slow_a, slow_right, slow_left), abs=1e-4)


def test_the_start_is_near_the_smile_that_made_the_quotes(smiles):
    for smile in smiles.values():
        k = np.linspace(-0.6, 0.6, 31)
        w, found = smile.total_variance(k), np.empty(5)
        start(k, w, np.ones(31), found)
        a, _, m = found[0], found[1], found[3]
        assert np.isfinite(found).all()
        assert a == pytest.approx(smile.least, rel=0.1)
        assert m == pytest.approx(smile.m, abs=0.05)
