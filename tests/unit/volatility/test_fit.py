"""Tests of the fit of a whole surface."""

import math

import numpy as np
import pytest

from hullmark.errors import InvalidInputError
from hullmark.volatility import Svi, fit_smile, fit_surface


def test_a_surface_comes_back_from_its_own_quotes(smiles, make):
    fit = fit_surface(make(smiles))
    assert not fit.dropped
    assert fit.residuals().max < 0.05
    assert fit.residuals().strikes >= 4 * 23  # the ends lie at three deviations
    assert fit.arbitrage.free
    assert fit.repaired == fit.surface
    assert fit.surface.years == tuple(smiles)


def test_an_absurd_quote_changes_nothing_but_the_list_of_what_was_dropped(smiles, make):
    quotes = make(smiles)
    good = fit_surface(quotes)
    quotes.vol[30] = 4.0
    found = fit_surface(quotes)
    assert [d.instrument for d in found.dropped] == ["O30"]
    assert found.surface == good.surface


def test_crossing_smiles_are_reported_and_repaired(smiles, make):
    crossing = {0.02: smiles[0.02], 0.021: Svi(a=0.001, b=0.05, rho=-0.2, m=0.01, sigma=0.08)}
    fit = fit_surface(make(crossing))
    (found,) = fit.arbitrage.crossings
    assert (found.earlier_years, found.later_years) == (0.02, 0.021)
    assert found.vol_points > 1
    assert all(s.free for s in fit.arbitrage.slices)
    assert fit.repaired.arbitrage().free
    k = np.linspace(-3, 3, 1001)
    low, high = (fit.repaired.total_variance(k, years=t) for t in crossing)
    assert (high >= low).all()
    assert fit.residuals(repaired=True).max > fit.residuals().max


def test_residuals_are_those_within_three_deviations(smiles, make):
    quotes = make({0.1: smiles[0.1]}, deviations=5.0, tick=0.01, noise=0.01)
    fit = fit_surface(quotes)
    (one,) = fit.smiles
    errors = np.abs(one.errors())[np.abs(one.quotes.deviations) <= 3]
    found = fit.residuals()
    assert found.strikes == errors.size < one.quotes.k.size
    assert found.max == errors.max()
    assert found.median == pytest.approx(np.median(errors))
    assert found.max_ticks > 0
    assert math.isnan(fit_surface(make({0.1: smiles[0.1]})).residuals().max_ticks)


def test_quotes_of_no_use_are_refused_with_the_first_reason(smiles, make):
    with pytest.raises(InvalidInputError, match="O0: its expiry has 4 usable strikes"):
        fit_surface(make({0.1: smiles[0.1]}, strikes=4))


def test_a_smile_of_four_strikes_is_refused(smiles, make_smile):
    quotes = make_smile(smiles[0.1], 0.1)
    few = quotes._replace(**{n: getattr(quotes, n)[:4] for n in ("k", "vol", "weight")})
    with pytest.raises(InvalidInputError, match="quotes must be of at least 5 strikes, was 4"):
        fit_smile(few)
