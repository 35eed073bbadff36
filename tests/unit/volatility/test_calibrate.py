"""Tests of the calibration: its derivatives, and its end against a general optimiser."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hullmark.volatility import Svi, fit_smile
from hullmark.volatility._arbitrage import check_calendar, check_slice
from hullmark.volatility._calibrate import assemble, expand, from_raw, shape, to_raw
from hullmark.volatility._svi import svi_derivatives


def inner(smile):
    found = np.empty(5)
    from_raw(*smile.parameters, found)
    return found


def test_the_inner_numbers_come_back(smiles):
    for smile in smiles.values():
        assert to_raw(inner(smile)) == pytest.approx(smile.parameters, rel=1e-12)


@pytest.mark.parametrize("k", [-2.0, -0.3, 0.0, 0.05, 0.8])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_derivatives_are_those_of_differences(smiles, k, order):
    here, row = inner(smiles[0.4]), np.empty(5)
    expand(k, here, math.exp(here[4]), tuple(float(i == order) for i in range(3)), row)
    for j in range(5):
        ends = []
        for step in (-1e-6, 1e-6):
            moved = here.copy()
            moved[j] += step
            ends.append(shape(k, moved, math.exp(moved[4]))[order])
        assert row[j] == pytest.approx((ends[1] - ends[0]) / 2e-6, rel=1e-6, abs=1e-8)


def test_the_inner_form_is_the_smile_and_its_derivatives(smiles):
    for smile in smiles.values():
        here = inner(smile)
        for k in (-3.0, -0.1, 0.0, 0.4, 5.0):
            found = shape(k, here, smile.sigma)
            assert found == pytest.approx(svi_derivatives(k, *smile.parameters), rel=1e-11)


def test_the_gradient_of_the_cost_is_that_of_differences(smiles, make_smile):
    quotes = make_smile(smiles[0.4], 0.4, noise=0.01)
    # A kink with a negative density, under an earlier smile that is above it: all penalties count.
    before = np.array(smiles[1.0].parameters)
    here = inner(Svi(a=0.02, b=0.4, rho=-0.3, m=0.3, sigma=0.05))
    fixed = np.linspace(-1, 1, 9)
    normal, gradient, unused = np.empty((5, 5)), np.empty(5), np.empty(5)

    def cost(smile, out):
        return assemble(
            quotes.k, quotes.vol, quotes.weight, quotes.years, smile, before, fixed, 3.0, normal,
            out,
        )  # fmt: skip

    cost(here, gradient)
    for j in (0, 1, 2):  # turn and width move the points that are looked at too
        ends = []
        for step in (-1e-7, 1e-7):
            moved = here.copy()
            moved[j] += step
            ends.append(cost(moved, unused))
        assert gradient[j] == pytest.approx((ends[1] - ends[0]) / 2e-7, rel=1e-4)


def test_a_smile_comes_back_from_its_own_quotes(smiles, make_smile):
    for years, smile in smiles.items():
        quotes = make_smile(smile, years)
        error = 100 * np.abs(fit_smile(quotes).vol(quotes.k, years=years) - quotes.vol)
        assert error.max() < 0.05


@pytest.mark.parametrize("seed", range(6))
def test_noisy_quotes_are_fitted_as_well_as_by_a_general_optimiser(slow, smiles, make_smile, seed):
    years = list(smiles)[seed % 4]
    quotes = make_smile(smiles[years], years, noise=0.004, seed=seed)
    found = fit_smile(quotes)
    ours = slow.cost(quotes.k, quotes.vol, quotes.weight, years, found.parameters)
    theirs, parameters = slow.calibrate(quotes.k, quotes.vol, quotes.weight, years)
    k = np.linspace(-3, 3, 2001)
    w = np.array([slow.total_variance(x, *parameters) for x in k])
    assert ours >= theirs * (1 - 1e-6)
    free = (
        w.min() > 0
        and Svi(
            **dict(zip("ab", parameters[:2], strict=True)),
            rho=parameters[2],
            m=parameters[3],
            sigma=parameters[4],
        )
        .density(k)
        .min()
        > 0.001
    )
    assert ours <= theirs * (1.02 if free else 1.5)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000), years=st.floats(0.001, 2), level=st.floats(0.1, 2),
    noise=st.floats(0, 0.1), curve=st.floats(-0.1, 0.3),
)  # fmt: skip
def test_whatever_the_quotes_the_smile_is_valid_and_free(
    make_smile, seed, years, level, noise, curve
):
    quotes = make_smile(Svi(a=level**2 * years, b=0, rho=0, m=0, sigma=1), years)
    random = np.random.default_rng(seed)
    z = quotes.deviations
    vol = level * (1 + curve * z**2 + noise * random.standard_normal(z.size))
    found = fit_smile(quotes._replace(vol=np.maximum(vol, 0.02)))
    check = check_slice(found, years)
    assert check.free
    k = np.concatenate([np.linspace(-1, 1, 2001), np.linspace(-30, 30, 2001) * found.sigma])
    assert found.density(k).min() >= -1e-9


def test_a_smile_above_another_does_not_cross_it(smiles, make_smile):
    low = Svi(a=0.001, b=0.1, rho=-0.5, m=0.02, sigma=0.1)
    quotes = make_smile(low, 0.1)
    above = smiles[0.1]
    assert check_calendar(above, fit_smile(quotes), earlier_years=0.09, later_years=0.1) is not None
    found = fit_smile(quotes, above=above)
    assert check_slice(found, 0.1).free
    assert check_calendar(above, found, earlier_years=0.09, later_years=0.1) is None


def test_equal_quotes_give_equal_bits(smiles, make_smile):
    quotes = make_smile(smiles[0.1], 0.1, noise=0.01)
    assert fit_smile(quotes) == fit_smile(quotes)


def test_a_flat_smile_is_fitted_flat(make_smile):
    flat = Svi(a=0.04, b=0.0, rho=0.0, m=0.0, sigma=1.0)
    found = fit_smile(make_smile(flat, 0.25))
    assert found.vol([-0.5, 0.0, 0.5], years=0.25) == pytest.approx([0.4] * 3, abs=1e-4)
    assert math.isfinite(found.sigma)
