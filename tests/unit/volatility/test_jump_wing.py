"""Tests of the jump wings and of the repair: the published example, and the way back."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.volatility import JumpWing, Svi, repair
from hullmark.volatility._arbitrage import check_slice

# Gatheral and Jacquier (2014), section 5.1: Vogt's smile at one year, and its jump wings.
VOGT = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
VOGT_WINGS = (0.01742625, -0.1752111, 0.6997381, 1.316798, 0.0116249)


def numbers(wings):
    return (
        wings.variance, wings.skew, wings.put_slope, wings.call_slope, wings.least_variance
    )  # fmt: skip


def test_reproduces_the_published_jump_wings():
    assert numbers(JumpWing.of(VOGT, years=1.0)) == pytest.approx(VOGT_WINGS, rel=1e-6)


@given(
    b=st.floats(0.01, 0.9), rho=st.floats(-0.9, 0.9), m=st.floats(-0.5, 0.5),
    sigma=st.floats(0.01, 1), years=st.floats(0.01, 2),
)  # fmt: skip
def test_raw_and_jump_wings_go_both_ways(slow, b, rho, m, sigma, years):
    assume(abs(m / np.hypot(m, sigma) - rho) > 1e-3)  # else the least is at the money
    smile = Svi(a=0.02, b=b, rho=rho, m=m, sigma=sigma)
    wings = JumpWing.of(smile, years=years)
    assert numbers(wings) == pytest.approx(slow.jump_wing(*smile.parameters, years), rel=1e-12)
    k = np.linspace(-1, 1, 21)
    assert wings.svi().total_variance(k) == pytest.approx(smile.total_variance(k), rel=1e-6)


def test_the_repair_keeps_vol_skew_and_left_wing(slow):
    found = repair(VOGT, years=1.0)
    wings = JumpWing.of(found, years=1.0)
    assert check_slice(found, 1.0).free
    assert numbers(wings)[:3] == pytest.approx(VOGT_WINGS[:3], rel=1e-6)
    # The published ends of the repair are c = 0.3493158 and v = 0.01548182; a part of the way is
    # enough.
    assert 0.3493158 < wings.call_slope < VOGT_WINGS[3]
    assert VOGT_WINGS[4] < wings.least_variance < 0.01548182
    k = np.linspace(-2, 2, 4001)
    assert found.density(k).min() >= 0
    assert slow.density(0.8, found.parameters) > 0


def test_a_smile_without_arbitrage_is_left_alone(smiles):
    assert repair(smiles[0.4], years=0.4) is smiles[0.4]


@given(
    b=st.floats(0.05, 0.9), rho=st.floats(-0.9, 0.9), m=st.floats(-0.5, 0.5),
    sigma=st.floats(0.01, 0.3),
)  # fmt: skip
def test_whatever_the_smile_its_repair_is_free_and_keeps_the_vol_at_the_money(b, rho, m, sigma):
    smile = Svi(a=0.01, b=b, rho=rho, m=m, sigma=sigma)
    found = repair(smile, years=0.5)
    assert check_slice(found, 0.5).free
    assert found.total_variance([0.0]) == pytest.approx(smile.total_variance([0.0]), rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"variance": 0.0}, "variance must be > 0, was 0"),
        ({"put_slope": -1.0}, "put_slope must be >= 0, was -1"),
        ({"least_variance": 0.5}, "least_variance must be <= variance, 0.2, was 0.5"),
        ({"skew": float("nan")}, "skew must be finite, was nan"),
        ({"years": 0.0}, "years must be > 0, was 0"),
    ],
)
def test_jump_wings_keep_their_rules(changes, rule):
    good = {
        "variance": 0.2, "skew": -0.1, "put_slope": 0.8, "call_slope": 0.5,
        "least_variance": 0.15, "years": 1.0,
    }  # fmt: skip
    with pytest.raises(InvalidInputError, match=rule):
        JumpWing(**good | changes)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"skew": -0.5}, "2 \\* skew must be between"),
        ({"put_slope": 0.0, "call_slope": 0.0}, "put_slope \\+ call_slope must be > 0"),
        ({"least_variance": 0.2}, "least_variance must be below variance"),
    ],
)
def test_numbers_of_no_smile_are_refused(changes, rule):
    good = {
        "variance": 0.2, "skew": -0.1, "put_slope": 0.8, "call_slope": 0.5,
        "least_variance": 0.15, "years": 1.0,
    }  # fmt: skip
    with pytest.raises(InvalidInputError, match=rule):
        JumpWing(**good | changes).svi()


def test_a_smile_of_no_variance_at_the_money_has_no_jump_wings():
    with pytest.raises(InvalidInputError, match="at the money must be > 0, was 0"):
        JumpWing.of(Svi(a=0.0, b=0.0, rho=0.0, m=0.0, sigma=1.0), years=1.0)
    with pytest.raises(InvalidInputError, match="years must be finite and > 0"):
        JumpWing.of(VOGT, years=0.0)
