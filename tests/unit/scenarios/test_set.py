"""Tests of the scenario grid: its order, its labels, its vol shocks and what it refuses."""

import numpy as np
import pytest

from hullmark.core import YEAR_DAYS
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.scenarios import ScenarioSet

TREE = {
    "moves": ["-0.16", "-0.08", "0", "0.08", "0.16"],
    "vol_up": "0.5",
    "vol_down": "0.25",
    "power_short": "0.3",
    "power_long": "0.13",
    "days_floor": "1",
    "vol_floor": "0.5",
}


def test_scenarios_are_moves_times_down_same_up():
    grid = ScenarioSet.parse(TREE)
    assert len(grid.grid) == len(grid.labels) == 15
    assert grid.labels[:4] == ("-16% vol down", "-16% vol same", "-16% vol up", "-8% vol down")
    assert grid.grid[7] == (0.0, 0)


def test_the_outermost_moves_can_come_with_vol_up_alone():
    grid = ScenarioSet.parse(TREE | {"edges_up_only": True})
    assert len(grid.labels) == 11
    assert grid.labels[0] == "-16% vol up"
    assert grid.labels[-1] == "+16% vol up"
    assert grid.labels[1:4] == ("-8% vol down", "-8% vol same", "-8% vol up")


def test_leaves_the_factors_of_the_margin_model_alone():
    tree = TREE | {"initial_factor": "1.25", "maintenance_factor": "1"}
    assert ScenarioSet.parse(tree) == ScenarioSet.parse(TREE)


def test_vol_shocks_grow_towards_expiry_down_to_the_floor_of_days():
    # Worked by hand: at 7.5 days (30 / 7.5)**0.3 = 4**0.3 = 1.5157166; at 120 days
    # (1/4)**0.13 = 0.8350879; below one day as at one, 30**0.3 = 2.77419.
    days = np.array([7.5, 30.0, 120.0, 1.0, 0.25, 0.0])
    vols = ScenarioSet.parse(TREE).shocked_vol(np.full(6, 0.8), days / YEAR_DAYS)
    scale = np.array([1.5157166, 1.0, 0.8350879, 2.77419, 2.77419, 2.77419])
    np.testing.assert_allclose(vols[1], 0.8 * (1 + 0.5 * scale), rtol=1e-5)
    np.testing.assert_allclose(vols[-1], 0.8 * (1 - 0.25 * scale), rtol=1e-4)
    np.testing.assert_array_equal(vols[0], 0.8)


def test_vol_up_is_not_below_its_floor_and_vol_down_not_below_zero():
    grid = ScenarioSet.parse(TREE | {"vol_down": "0.9"})
    vols = grid.shocked_vol(np.array([0.1]), np.array([2 / YEAR_DAYS]))
    assert vols[1][0] == 0.5
    assert vols[-1][0] == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"moves": ["0.1", "0"]}, r"margin.scenario.moves\[1\] must be > the move before it, 0.1"),
        ({"moves": ["0", "0"]}, r"moves\[1\] must be > the move before it, 0, was 0"),
        ({"moves": ["-1", "0"]}, r"moves\[0\] must be finite and > -1, was -1"),
        ({"moves": ["-0.1", "0.1"]}, "moves must contain 0"),
        ({"moves": ["NaN", "0"]}, r"moves\[0\] must be a decimal string .*, was 'NaN'"),
        ({"moves": [0.1]}, r"moves\[0\] must be a decimal string .*, was 0.1"),
        ({"moves": []}, "moves must be 1 to 64, was 0"),
        ({"moves": "0"}, "margin.scenario.moves must be a list, was '0'"),
        ({"vol_up": "-0.5"}, "margin.scenario.vol_up must be finite and >= 0, was -0.5"),
        ({"vol_down": "inf"}, "vol_down must be a decimal string .*, was 'inf'"),
        ({"days_floor": "0"}, "days_floor must be finite and > 0, was 0"),
        ({"edges_up_only": "yes"}, "edges_up_only must be a boolean, was 'yes'"),
        ({"extra": "1"}, "margin.scenario has an unknown key 'extra'"),
    ],
)
def test_refuses_a_grid_that_breaks_its_rules_and_says_where(change, message):
    with pytest.raises(DocumentError, match=message):
        ScenarioSet.parse(TREE | change)


def test_refuses_a_grid_that_lacks_a_key():
    with pytest.raises(DocumentError, match=r"margin\.scenario must have the key 'vol_floor'"):
        ScenarioSet.parse({key: value for key, value in TREE.items() if key != "vol_floor"})
    with pytest.raises(DocumentError, match=r"margin\.scenario must be a table, was 'x'"):
        ScenarioSet.parse("x")


def test_a_grid_built_in_python_keeps_the_same_rules():
    with pytest.raises(InvalidInputError, match=r"moves\[0\] must be finite and > -1, was nan"):
        ScenarioSet(
            moves=(float("nan"), 0.0),
            vol_up=0.5,
            vol_down=0.25,
            power_short=0.3,
            power_long=0.1,
            days_floor=1.0,
            vol_floor=0.5,
        )
