"""Shocks of volatility by tenor and by moneyness, one number at a time."""

import math

import numpy as np
import pytest

from hullmark.domain import Node
from hullmark.errors import DocumentError
from hullmark.scenarios import SHOCK_DAYS, SkewTwist, TermShock, term_scale

SHOCK = {
    "up": "0.5",
    "down": "0.3",
    "short_power": "0.3",
    "long_power": "0.13",
    "floor_days": "1",
    "vol_min": "0.4",
}
SKEW = {
    "k_min": "0.01",
    "width": "4",
    "vol_static": "0.6",
    "vol_slope": "0.1",
    "linear": {"cap": "0.25", "slope": "-0.1"},
    "absolute": {"cap": "0.2", "slope": "0.3"},
}
DAYS = np.array([0.0, 0.2, 1.0, 7.0, 30.0, 30.0001, 90.0, 700.0])


def test_the_scale_has_a_floor_and_two_powers():
    found = term_scale(DAYS, floor_days=1.0, power_short=0.3, power_long=0.13)
    expected = [(30 / max(d, 1)) ** (0.3 if d <= 30 else 0.13) for d in DAYS]
    assert found.tolist() == pytest.approx(expected, rel=1e-15)
    assert found[DAYS == SHOCK_DAYS].tolist() == [1.0]


def test_volatility_goes_up_to_a_floor_and_down_to_nothing():
    shock = TermShock.parse(Node("p", {**SHOCK, "down": "0.7"}))
    vol = np.full(len(DAYS), 0.2)
    scale = [(30 / max(d, 1)) ** (0.3 if d <= 30 else 0.13) for d in DAYS]
    up, down = shock.shocked("up", vol, DAYS), shock.shocked("down", vol, DAYS)
    assert up.tolist() == pytest.approx([max(0.2 * (1 + 0.5 * s), 0.4) for s in scale])
    assert down.tolist() == pytest.approx([0.2 * max(1 - 0.7 * s, 0) for s in scale])
    assert down[0] == 0.0


def test_the_strongest_shock_of_the_strongest_power_is_finite():
    huge = "999999999999999"
    terms = {**SHOCK, "up": huge, "short_power": "10", "floor_days": "0.000000000000000001"}
    shock = TermShock.parse(Node("p", terms))
    assert np.isfinite(shock.shocked("up", np.array([float(huge)]), np.zeros(1))).all()
    assert shock.shocked("down", np.array([1.0]), np.zeros(1)).tolist() == [0.0]


def slow_twist(shape, *, strike, forward, years):
    """Return the multiplier of volatility."""
    terms, root = SKEW[shape], math.sqrt(years)
    k = math.log(strike / forward)
    k = abs(k) if shape == "absolute" else k
    cap = float(terms["cap"]) + float(terms["slope"]) * root
    flat = max(0.01, root * 4 * (0.6 + 0.1 * root))
    turn = min(cap, k * cap / flat) if k >= 0 else max(-cap, k * cap / flat)
    return max(1 + turn, 0)


@pytest.mark.parametrize("shape", ["linear", "absolute"])
@pytest.mark.parametrize("years", [0.0, 0.01, 0.5, 9.0])
def test_the_smile_turns_about_the_forward(shape, years):
    strikes = np.array([10.0, 60.0, 95.0, 100.0, 101.0, 150.0, 5_000.0])
    found = SkewTwist.parse(Node("p", SKEW), shape).twisted(
        np.full(7, 0.5), forward=np.full(7, 100.0), strike=strikes, years=np.full(7, years)
    )
    expected = [0.5 * slow_twist(shape, strike=k, forward=100, years=years) for k in strikes]
    assert found.tolist() == pytest.approx(expected, rel=1e-14)
    if years < 6:  # later the cap is below zero, and cuts at the forward too
        assert found[3] == 0.5


def test_a_smile_that_is_flat_at_the_forward_cannot_turn():
    flat = SkewTwist.parse(Node("p", {**SKEW, "k_min": "0"}), "linear")
    one = np.ones(1)
    assert np.isfinite(flat.twisted(one, forward=one, strike=2 * one, years=one)).all()
    with pytest.raises(DocumentError, match=r"parameters\.skew must have k_min .*, was 0"):
        flat.twisted(one, forward=one, strike=one, years=0 * one)
