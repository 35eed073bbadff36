"""Tests that the scenarios made from changes are the moves that made the changes."""

import math
from functools import partial

import numpy as np
import pytest

from hullmark.errors import InvalidInputError
from hullmark.studies import Dynamics, fit_move, measured_moves, move_shape, vol_changes

from .moving_surfaces import CONVEX, SHAPE, joint, level_move, pairs

SPOTS = (-0.12, -0.08, -0.05, -0.03, -0.01, 0.0, 0.01, 0.02, 0.04, 0.06, 0.09)


def changes_of(moves):
    made = [partial(joint, spot_move=spot, move=move) for spot, move in moves]
    return vol_changes(pairs(made), horizon_hours=24.0)


def dynamics_of(moves):
    return Dynamics.of(changes_of(moves))


@pytest.fixture(scope="module")
def plain():
    """Return dynamics of level moves alone, and what the level is to spot."""
    return dynamics_of([(spot, level_move(-1.5 * spot)) for spot in SPOTS])


@pytest.mark.parametrize(
    ("level", "term", "skew"),
    [(0.4, 0.0, 0.0), (-0.15, 0.02, 0.0), (0.2, -0.03, 0.05), (0.1, 0.01, -0.08)],
)
def test_a_joint_move_is_found_in_the_change_that_it_made(level, term, skew):
    move = level_move(level, term=term, skew=skew)
    for row in changes_of([(spot, move) for spot in SPOTS]).grid:
        found, error = fit_move(row, SHAPE)
        assert found.term == pytest.approx(term, abs=1e-4)
        assert found.skew == pytest.approx(skew, abs=1e-4)
        # The bend that the test's smiles have besides counts as level: two strikes of three.
        assert found.level == pytest.approx(level + 2 / 3 * CONVEX * abs(skew), abs=1e-4)
        assert error < 1e-4 + CONVEX * abs(skew)


def test_the_shape_holds_the_measured_powers_and_ranges(plain):
    shape = move_shape(plain)
    assert (shape.power_short, shape.power_long) == pytest.approx((0.4, 0.6), abs=1e-4)
    assert (shape.days_min, shape.days_max, shape.deviations_max) == (2, 180, 1)


def test_the_worst_moves_are_as_they_were_seen(plain):
    moves = {move.name: move for move in measured_moves(plain)}
    fall, rise = moves["worst fall"], moves["worst rise"]
    assert (fall.kind, rise.kind) == ("worst", "worst")
    assert (fall.spot, rise.spot) == pytest.approx((math.exp(-0.12), math.exp(0.09)), abs=1e-4)
    assert (fall.vol.level, rise.vol.level) == pytest.approx((0.18, -0.135), abs=1e-3)
    assert fall.error < 1e-3


def test_the_most_of_vol_is_a_scenario_where_spot_did_not_make_it():
    levels = [-1.5 * spot for spot in SPOTS]
    levels[5], levels[6] = 0.3, -0.2
    pair = [(s, level_move(level)) for s, level in zip(SPOTS, levels, strict=True)]
    moves = {move.name: move for move in measured_moves(dynamics_of(pair))}
    assert moves["most vol up"].vol.level == pytest.approx(0.3, abs=0.01)
    assert moves["most vol up"].spot == 1
    assert moves["most vol down"].vol.level == pytest.approx(-0.2, abs=0.01)


def test_pairs_reach_from_the_worst_fall_to_the_worst_rise(plain):
    moves = [move for move in measured_moves(plain) if move.kind == "pair"]
    spots = [move.spot for move in moves]
    assert len(moves) == 14
    assert spots == sorted(spots)
    assert (spots[0], spots[-1]) == pytest.approx((math.exp(-0.12), math.exp(0.09)), abs=1e-4)
    assert moves[6].name == "spot +0.0% vol low"


def test_pairs_stand_at_the_edges_of_the_band():
    noise = [0.05, -0.05] * 5 + [0.0]
    levels = [math.expm1(-1.7 * s + e) for s, e in zip(SPOTS, noise, strict=True)]
    made = [(s, level_move(level)) for s, level in zip(SPOTS, levels, strict=True)]
    dynamics = dynamics_of(made)
    line, moves = dynamics.strike, {m.name: m for m in measured_moves(dynamics)}
    for name, edge in (("spot +0.0% vol low", line.low), ("spot +0.0% vol high", line.high)):
        assert moves[name].vol.level == pytest.approx(math.expm1(edge), abs=3e-3)
    fall = moves["spot -11.3% vol high"].vol.level
    assert fall == pytest.approx(math.expm1(line.slope * -0.12 + line.high), abs=2e-2)


def test_components_are_moved_to_their_worst_scores(plain):
    moves = {move.name: move for move in measured_moves(plain)}
    low, high = moves["component 1 low"], moves["component 1 high"]
    assert len([move for move in moves.values() if move.kind == "component"]) == 6
    # One factor: its scores are the worst moves, less the mean.
    mean = np.mean(SPOTS)
    spots = sorted((low.spot, high.spot))
    assert spots == pytest.approx([math.exp(-0.12 - mean), math.exp(0.09 - mean)], abs=1e-2)
    assert low.vol.level * high.vol.level < 0


def test_names_are_used_once_and_numbers_are_as_published(plain):
    moves = measured_moves(plain)
    assert len({move.name for move in moves}) == len(moves)
    for move in moves:
        for number in (move.spot, move.vol.level, move.vol.term, move.vol.skew):
            assert number == round(number, 4)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sample_without_a_fall_or_a_rise_is_refused(sign):
    moves = [(sign * abs(spot), level_move(0.5 * spot)) for spot in SPOTS]
    with pytest.raises(InvalidInputError, match=r"changes\.spot must have a fall and a rise, was"):
        measured_moves(dynamics_of(moves))
