"""Tests of Black-76 against 50 digits, against QuantLib, and at its limits."""

import math

import mpmath
import numpy as np
import pytest
import QuantLib
from hypothesis import given, strategies as st

from hullmark.core import YEAR_DAYS
from hullmark.errors import InvalidInputError
from hullmark.pricing import black76, black76_value
from hullmark.pricing._black76 import BLOCK, greeks_block, value_kernel

SECOND_YEARS = 1 / (YEAR_DAYS * 86_400)
N_POINTS = 12_000


def market(n, seed):
    """Return forwards, strikes, times and vols from the ordinary to the absurd."""
    random = np.random.default_rng(seed)
    forward = 10 ** random.uniform(-6, 6, n)
    years = 10 ** random.uniform(math.log10(SECOND_YEARS), 1, n)
    vol = 10 ** random.uniform(-4, 1, n)
    years[::7], vol[1::11] = SECOND_YEARS, 1e-4
    years[2::11], vol[3::11] = random.uniform(0.01, 1, years[2::11].size), 10.0
    vol[2::11] = random.uniform(0.2, 1.5, vol[2::11].size)
    spread = vol * np.sqrt(years)
    deviations = random.normal(0, 3, n)
    deviations[::5] = random.uniform(-45, 45, deviations[::5].size)  # deep wings
    deviations[1::13] = 0  # at the money, to the bit
    strike = forward * np.exp(np.clip(deviations * spread, -100, 100))
    strike[4::17] = forward[4::17] * 10 ** random.uniform(-3, 3, strike[4::17].size)
    years[5::101], vol[6::101] = 0.0, 0.0
    return {
        "forward": forward,
        "strike": strike,
        "years": years,
        "vol": vol,
        "call": random.random(n) < 0.5,
    }


def exact(forward, strike, years, vol, call):
    """Return the textbook, in 50 digits: value, delta, gamma, vega and theta, and d1."""
    f, k, t, v = map(mpmath.mpf, (forward, strike, years, vol))
    s = v * mpmath.sqrt(t)
    if s == 0:
        delta = mpmath.mpf(f > k) if f != k else mpmath.mpf(1) / 2
        vega = mpmath.sqrt(t) * f * mpmath.npdf(0) / 100 if f == k else 0
        value = max(f - k if call else k - f, 0)
        return value, delta - (not call), 0, vega, 0, mpmath.inf
    d1 = mpmath.log(f / k) / s + s / 2
    d2 = d1 - s
    root2 = mpmath.sqrt(2)
    w = 1 if call else -1
    delta = w * mpmath.erfc(-w * d1 / root2) / 2
    value = f * delta - w * k * mpmath.erfc(-w * d2 / root2) / 2
    density = mpmath.exp(-d1 * d1 / 2) / mpmath.sqrt(2 * mpmath.pi)
    gamma = density / (f * s)
    vega = f * density * mpmath.sqrt(t) / 100
    theta = -f * density * v / (2 * mpmath.sqrt(t)) / mpmath.mpf(YEAR_DAYS)
    return value, delta, gamma, vega, theta, d1


@pytest.fixture(scope="module")
def compared():
    points = market(N_POINTS, seed=1)
    with mpmath.workdps(50):
        truth = [exact(*(x.item() for x in row)) for row in zip(*points.values(), strict=True)]
        greeks = black76(**points)
        errors = np.array(
            [
                [float(mpmath.mpf(g) - e) for g, e in zip(ours, row[:5], strict=True)]
                for ours, row in zip(np.transpose(greeks).tolist(), truth, strict=True)
            ]
        ).T
    return points, greeks, np.array(truth, dtype=float).T, errors


def test_value_is_within_4e_16_of_the_larger_of_forward_and_strike(compared):
    points, _, _, errors = compared
    scale = np.maximum(points["forward"], points["strike"])
    assert np.max(np.abs(errors[0]) / scale) <= 4e-16


def test_value_is_relatively_good_to_1e_12_where_it_is_at_least_a_thousandth(compared):
    points, _, truth, errors = compared
    body = truth[0] >= 1e-3 * points["forward"]
    assert body.sum() > 1_000
    assert np.max(np.abs(errors[0][body] / truth[0][body])) <= 1e-12


def test_greeks_are_within_1e_14_of_their_maximum_over_the_forward(compared):
    points, _, _, errors = compared
    root = np.sqrt(points["years"])
    s = points["vol"] * root
    live = s > 0
    density = 1 / math.sqrt(2 * math.pi)
    with np.errstate(divide="ignore", invalid="ignore"):
        maxima = [
            np.ones(N_POINTS),
            density / (points["forward"] * s),
            points["forward"] * density * root / 100,
            points["forward"] * density * points["vol"] / (2 * root) / YEAR_DAYS,
        ]
    for error, maximum in zip(errors[1:], maxima, strict=True):
        assert np.max(np.abs(error[live] / maximum[live])) <= 1e-14


def test_greeks_are_relatively_good_to_1e_12_in_the_body(compared):
    _, _, truth, errors = compared
    body = np.abs(truth[5]) < 3.5
    assert body.sum() > 5_000
    for j in range(1, 5):
        assert np.max(np.abs(errors[j][body] / truth[j][body])) <= 1e-12


def test_zero_time_and_zero_vol_have_the_stated_limits(compared):
    points, greeks, truth, errors = compared
    still = points["vol"] * points["years"] == 0
    assert still.sum() > 100
    assert np.all(np.abs(errors[1:, still]) <= 1e-15 * (1 + np.abs(truth[1:5, still])))
    at_the_money = black76(
        forward=[50.0] * 4,
        strike=[50.0] * 4,
        years=[0.0, 0.0, 0.25, 0.25],
        vol=[0.5, 0.5, 0.0, 0.0],
        call=[True, False] * 2,
    )
    np.testing.assert_array_equal(at_the_money.value, 0)
    np.testing.assert_array_equal(at_the_money.delta, [0.5, -0.5, 0.5, -0.5])
    np.testing.assert_array_equal(at_the_money.gamma, 0)
    np.testing.assert_array_equal(at_the_money.theta, 0)
    per_point = 50 * 0.5 / math.sqrt(2 * math.pi) / 100
    np.testing.assert_allclose(at_the_money.vega, [0, 0, per_point, per_point], rtol=1e-15)
    assert np.all(np.isfinite(greeks))


def test_agrees_with_quantlib_where_quantlib_is_good():
    points = market(3_000, seed=2)
    s = points["vol"] * np.sqrt(points["years"])
    kept = (s > 1e-2) & (s < 5) & (np.abs(np.log(points["strike"] / points["forward"])) < 3 * s)
    points = {name: column[kept] for name, column in points.items()}
    assert kept.sum() > 500
    theirs = [
        QuantLib.blackFormula(
            QuantLib.Option.Call if c else QuantLib.Option.Put, k, f, v * math.sqrt(t)
        )
        for f, k, t, v, c in zip(*(x.tolist() for x in points.values()), strict=True)
    ]
    scale = np.maximum(points["forward"], points["strike"])
    assert np.max(np.abs(black76_value(**points) - theirs) / scale) < 1e-14


def test_value_alone_is_the_same_number_to_the_bit():
    points = market(5_000, seed=3)
    np.testing.assert_array_equal(black76_value(**points), black76(**points).value)


def test_a_result_does_not_depend_on_its_neighbours():
    points = market(700, seed=4)
    whole = np.array(black76(**points))
    alone = [black76(**{k: c[i : i + 1] for k, c in points.items()}) for i in range(700)]
    np.testing.assert_array_equal(whole, np.array(alone)[:, :, 0].T)


def test_compiled_kernels_agree_with_their_source():
    points = market(BLOCK, seed=5)
    compiled, source = np.empty(BLOCK), np.empty(BLOCK)
    value_kernel(*points.values(), compiled)
    value_kernel.py_func(*points.values(), source)
    scale = np.maximum(points["forward"], points["strike"])
    np.testing.assert_allclose(compiled / scale, source / scale, rtol=0, atol=4e-16)
    block, by_source = np.zeros(5 * BLOCK), np.zeros(5 * BLOCK)
    greeks_block(*points.values(), block)
    greeks_block.py_func(*points.values(), by_source)
    ours, theirs = block.reshape(5, BLOCK)[1:], by_source.reshape(5, BLOCK)[1:]
    maxima = np.max(np.abs(theirs), axis=1, keepdims=True)
    np.testing.assert_allclose(ours / maxima, theirs / maxima, rtol=1e-12, atol=1e-15)


@given(
    st.floats(1e-6, 1e6),
    st.floats(1e-6, 1e6),
    st.floats(0, 10),
    st.floats(0, 10),
)
def test_call_less_put_is_forward_less_strike_and_values_keep_their_bounds(f, k, years, vol):
    call, put = black76_value(
        forward=[f, f], strike=[k, k], years=[years] * 2, vol=[vol] * 2, call=[True, False]
    )
    dust = 8e-16 * max(f, k)
    assert abs((call - put) - (f - k)) <= dust
    assert max(f - k, 0) - dust <= call <= f + dust
    assert max(k - f, 0) - dust <= put <= k + dust


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"forward": [1.0, 0.0]}, r"forward\[1\] must be finite and > 0, was 0"),
        ({"strike": [1.0, np.inf]}, r"strike\[1\] must be finite, was inf"),
        ({"years": [-1.0, 1.0]}, r"years\[0\] must be finite and >= 0, was -1"),
        ({"vol": [0.5, np.nan]}, r"vol\[1\] must be finite, was nan"),
        ({"forward": [1.0, 1e-61]}, r"prices must be in \[1e-60, 1e\+60\], .* in \[1e-61, 1\]"),
        ({"vol": [0.5, 1e61]}, "years and vol at most 1e[+]60, were in .* at most 1e[+]61"),
        ({"vol": [0.5]}, "vol must be as long as forward, 2, was 1"),
        ({"vol": [[0.5, 0.5]]}, "vol must be 1-D, was 2-D"),
        ({"vol": ["a", "b"]}, "vol must be numbers, was"),
        ({"call": [1, 0]}, "call must be a 1-D array of booleans, was int64"),
        ({"out": np.zeros((5, 3))}, r"out must be float64 in C order of shape \(5, 2\)"),
    ],
)
def test_names_the_argument_the_rule_and_the_value(change, message):
    good = {"forward": [1.0, 1.0], "strike": [1.0, 1.0], "years": [1.0, 1.0], "vol": [0.5, 0.5]}
    with pytest.raises(InvalidInputError, match=message):
        black76(**(good | {"call": [True, False]} | change))


def test_writes_where_it_is_told_to():
    points, out = market(300, seed=6), np.empty((5, 300))
    greeks = black76(**points, out=out)
    assert np.shares_memory(greeks.theta, out)
    np.testing.assert_array_equal(out, np.array(black76(**points)))


def test_the_extremes_that_are_accepted_give_finite_numbers():
    prices = [1e-60, 1e60, 1e-60, 1.0]
    for years, vol in ((1e60, 1e60), (1e60, 0.0), (0.0, 1e60), (1e-60, 1e-60), (1.0, 1.0)):
        for forward in prices:
            greeks = black76(
                forward=[forward] * 4,
                strike=prices,
                years=[years] * 4,
                vol=[vol] * 4,
                call=[True, False] * 2,
            )
            assert np.all(np.isfinite(greeks))


def test_nothing_in_is_nothing_out():
    assert black76(forward=[], strike=[], years=[], vol=[], call=[]).value.size == 0
