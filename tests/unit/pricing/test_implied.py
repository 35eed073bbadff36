"""Tests of implied volatility: the round trip, and what has no answer."""

import math

import mpmath
import numpy as np
import pytest
import QuantLib

from hullmark.errors import InvalidInputError
from hullmark.pricing import black76, implied_vol
from hullmark.pricing._implied import implied_kernel

GOOD = {"forward": [100.0], "strike": [100.0], "years": [1.0], "call": [True]}


def options(n, seed, deviations_max):
    """Return calls and puts of a second to ten years, vols from 1e-4 to 10."""
    random = np.random.default_rng(seed)
    years = 10 ** random.uniform(-7.5, 1, n)
    vol = 10 ** random.uniform(-4, 1, n)
    forward = 10 ** random.uniform(-3, 5, n)
    deviations = random.uniform(-deviations_max, deviations_max, n)
    deviations[::9] = 0
    strike = forward * np.exp(np.clip(deviations * vol * np.sqrt(years), -90, 90))
    return {
        "forward": forward,
        "strike": strike,
        "years": years,
        "call": random.random(n) < 0.5,
    }, vol


def vol_uncertainty(points, vol, price_error):
    """Return what an error of the price means in volatility."""
    vega = 100 * black76(**points, vol=vol).vega
    with np.errstate(divide="ignore"):
        return price_error / vega


@pytest.mark.parametrize("deviations_max", [1, 6, 30])
def test_round_trip_is_good_to_1e_12_where_the_price_carries_the_information(deviations_max):
    points, vol = options(20_000, 1, deviations_max)
    price = black76(**points, vol=vol).value
    larger = np.maximum(points["forward"], points["strike"])
    informative = vol_uncertainty(points, vol, 8e-16 * larger) < 1e-12
    assert informative.sum() > (50 if deviations_max == 30 else 1_000)
    error = np.abs(implied_vol(price=price, **points) - vol)
    assert np.max(error[informative]) <= 1e-12


def test_wings_out_of_the_money_are_relatively_good_although_their_prices_are_tiny():
    points, vol = options(20_000, 2, 30)
    points["call"] = points["forward"] < points["strike"]
    s = vol * np.sqrt(points["years"])
    x = np.abs(np.log(points["strike"] / points["forward"]))
    kept = (x > 2 * s) & (s > 1e-3) & (s < 3)
    points = {name: column[kept] for name, column in points.items()}
    price = black76(**points, vol=vol[kept]).value
    seen = price > 1e-290
    assert seen.sum() > 1_000
    error = np.abs(implied_vol(price=price, **points) / vol[kept] - 1)
    assert np.max(error[seen]) <= 1e-12


def test_agrees_with_50_digits():
    with mpmath.workdps(50):
        f, k, t = mpmath.mpf(100), mpmath.mpf(120), mpmath.mpf(1) / 4
        s = mpmath.mpf("0.8") * mpmath.sqrt(t)
        d1 = mpmath.log(f / k) / s + s / 2
        price = float(f * mpmath.ncdf(d1) - k * mpmath.ncdf(d1 - s))
    ours = implied_vol(price=[price], forward=[100.0], strike=[120.0], years=[0.25], call=[True])
    assert abs(ours[0] - 0.8) < 1e-15


def test_agrees_with_quantlib_where_quantlib_is_good():
    points, vol = options(500, 3, 2)
    price = black76(**points, vol=vol).value
    s = vol * np.sqrt(points["years"])
    ours = implied_vol(price=price, **points) * np.sqrt(points["years"])
    for i in np.flatnonzero((s > 0.01) & (s < 2)):
        theirs = QuantLib.blackFormulaImpliedStdDev(
            QuantLib.Option.Call if points["call"][i] else QuantLib.Option.Put,
            float(points["strike"][i]),
            float(points["forward"][i]),
            float(price[i]),
            1.0,
            0.0,
            float(s[i]),
            1e-13,
            1000,
        )
        assert ours[i] == pytest.approx(theirs, rel=1e-9)


def test_a_price_that_no_vol_gives_is_nan_and_the_intrinsic_value_is_zero():
    price = [math.nan, -1.0, 9.0, 10.0, 110.0, 110.1, math.inf, -math.inf, 109.999]
    n = len(price)
    found = implied_vol(
        price=price, forward=[110.0] * n, strike=[100.0] * n, years=[1.0] * n, call=[True] * n
    )
    assert np.isnan(found).tolist() == [True, True, True, False, True, True, True, True, False]
    assert found[3] == 0.0
    assert found[8] > 5


def test_no_time_left_has_no_implied_vol():
    assert np.isnan(implied_vol(price=[5.0], **(GOOD | {"years": [0.0]})))[0]


def test_ends_for_every_price_between_the_bounds():
    price = np.concatenate([10.0 ** np.arange(-306, 2), 100 * (1 - 10.0 ** -np.arange(1, 16))])
    for strike in (100.0, 100.0000001, 150.0, 1e4, 1e12):
        columns = [np.full(price.size, x) for x in (100.0, strike, 1.0)]
        call = np.ones(price.size, np.bool_)
        found = implied_vol(
            price=price, forward=columns[0], strike=columns[1], years=columns[2], call=call
        )
        assert np.all(np.isfinite(found))
        assert np.all(np.diff(found) >= -1e-12 * found[1:])
        back = black76(
            forward=columns[0], strike=columns[1], years=columns[2], vol=found, call=call
        ).value
        assert np.max(np.abs(back - price)) <= 1e-13 * 100


def test_compiled_kernel_agrees_with_its_source():
    points, vol = options(300, 4, 5)
    price = black76(**points, vol=vol).value
    compiled, source = np.empty(300), np.empty(300)
    implied_kernel(price, *points.values(), compiled)
    with np.errstate(all="ignore"):
        implied_kernel.py_func(price, *points.values(), source)
    np.testing.assert_allclose(compiled, source, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"forward": [0.0]}, r"forward\[0\] must be finite and > 0, was 0"),
        ({"years": [math.nan]}, r"years\[0\] must be finite, was nan"),
        ({"strike": [1.0, 2.0]}, "strike must be as long as price, 1, was 2"),
        ({"price": [[1.0]]}, "price must be 1-D, was 2-D"),
        ({"price": ["dear"]}, "price must be numbers, was"),
        ({"call": [1.0]}, "call must be a 1-D array of booleans, was float64"),
    ],
)
def test_names_the_argument_the_rule_and_the_value(change, message):
    with pytest.raises(InvalidInputError, match=message):
        implied_vol(**({"price": [5.0]} | GOOD | change))
