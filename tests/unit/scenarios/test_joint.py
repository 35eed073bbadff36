"""Tests of joint vol moves against a slow reference, one option at a time."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.domain import Node
from hullmark.errors import DocumentError
from hullmark.scenarios import MoveShape, Shock, VolMove, shock_labels, term_scale

SHAPE = MoveShape(
    power_short=0.3,
    power_long=0.5,
    days_min=2.0,
    days_max=180.0,
    deviations_max=1.0,
    factor_min=0.1,
)
MOVE = VolMove(level=0.4, term=-0.02, skew=0.1, shape=SHAPE)
TREE = {
    "short_power": "0.3",
    "long_power": "0.5",
    "days_min": "2",
    "days_max": "180",
    "deviations_max": "1",
    "factor_min": "0.1",
}


def slow_vol(move, vol, forward, strike, years, days):
    shape, held = move.shape, min(max(days, move.shape.days_min), move.shape.days_max)
    k, width = math.log(strike / forward), vol * math.sqrt(years)
    if width > 0:
        z = max(-shape.deviations_max, min(shape.deviations_max, k / width))
    else:
        z = math.copysign(shape.deviations_max, k) if k else 0.0
    power = shape.power_short if held <= 30 else shape.power_long
    factor = 1 + (30 / held) ** power * (move.level + move.skew * z)
    factor += move.term * math.log(30 / held)
    return min(vol * max(factor, shape.factor_min), 1e9)


def shocked(move, vol, forward, strike, days):
    columns = [np.array([float(x)]) for x in (vol, forward, strike, days)]
    vol, forward, strike, days = columns
    moved = move.shocked(vol, forward=forward, strike=strike, years=days / 365.0, days=days)
    return moved[0]


number = st.floats(-1.0, 1.0).map(lambda x: round(x, 4))


@given(
    level=number, term=number, skew=number,
    vol=st.floats(0.0, 5.0), strike=st.floats(0.05, 20.0), days=st.floats(0.0, 2_000.0),
)  # fmt: skip
def test_a_move_is_what_a_slow_reading_of_its_formula_gives(level, term, skew, vol, strike, days):
    move = VolMove(level=level, term=term, skew=skew, shape=SHAPE)
    expected = slow_vol(move, vol, 1.0, strike, days / 365.0, days)
    assert shocked(move, vol, 1.0, strike, days) == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_nothing_moves_without_numbers():
    still = VolMove(level=0.0, term=0.0, skew=0.0, shape=SHAPE)
    vol = np.array([0.3, 0.77, 4.0])
    ones = np.ones(3)
    moved = still.shocked(vol, forward=ones, strike=vol, years=ones, days=365 * ones)
    assert (moved == vol).all()


def test_a_level_move_has_its_size_at_thirty_days_and_the_scale_of_other_moves_elsewhere():
    level = VolMove(level=0.4, term=0.0, skew=0.0, shape=SHAPE)
    days = np.array([3.0, 30.0, 120.0])
    scale = term_scale(days, floor_days=2.0, power_short=0.3, power_long=0.5)
    found = [shocked(level, 0.5, 1.0, 1.2, d) / 0.5 - 1 for d in days]
    assert found == pytest.approx(0.4 * scale)
    assert found[1] == pytest.approx(0.4)


def test_nothing_is_extrapolated_beyond_what_was_measured():
    assert shocked(MOVE, 0.5, 1.0, 1.0, 0.1) == shocked(MOVE, 0.5, 1.0, 1.0, 2.0)
    assert shocked(MOVE, 0.5, 1.0, 1.0, 900.0) == shocked(MOVE, 0.5, 1.0, 1.0, 180.0)
    one_out = math.exp(0.5 * math.sqrt(30 / 365))
    assert shocked(MOVE, 0.5, 1.0, 9.0, 30.0) == pytest.approx(shocked(MOVE, 0.5, 1.0, one_out, 30))


def test_a_skew_above_zero_lifts_calls_and_lowers_puts():
    turn = VolMove(level=0.0, term=0.0, skew=0.1, shape=SHAPE)
    assert shocked(turn, 0.5, 1.0, 2.0, 30.0) == pytest.approx(0.55)
    assert shocked(turn, 0.5, 1.0, 1.0, 30.0) == 0.5
    assert shocked(turn, 0.5, 1.0, 0.5, 30.0) == pytest.approx(0.45)


def test_a_volatility_stops_falling_at_the_least_factor():
    fall = VolMove(level=-0.8, term=0.0, skew=0.0, shape=SHAPE)
    assert shocked(fall, 0.5, 1.0, 1.0, 2.0) == pytest.approx(0.05)


def test_a_joint_move_is_a_shock_like_any_other():
    shock = Shock(spot=Decimal("0.87"), vol=MOVE)
    assert not shock.rotates
    assert shock.label == "-13% vol +40% term -2% skew +10%"
    assert shock_labels([shock, shock])[1] == "-13% vol +40% term -2% skew +10% (2)"
    assert len({shock, Shock(spot=Decimal("0.87"), vol=MOVE)}) == 1


def test_a_shape_is_read_from_decimals():
    assert MoveShape.parse(Node("shape", TREE)) == SHAPE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"days_max": "1"}, r"shape\.days_max must be >= days_min, 2, was '1'"),
        ({"days_min": "0"}, r"shape\.days_min must be > 0, was '0'"),
        ({"short_power": "11"}, r"shape\.short_power must be <= 10, was '11'"),
        ({"deviations_max": "-1"}, r"shape\.deviations_max must be >= 0, was '-1'"),
        ({"factor_min": 0.1}, r"shape\.factor_min must be a decimal string"),
        ({"power": "1"}, r"shape must have no keys but .*, was 'power'"),
    ],
)
def test_a_shape_that_breaks_a_rule_is_refused(changes, message):
    with pytest.raises(DocumentError, match=message):
        MoveShape.parse(Node("shape", TREE | changes))
