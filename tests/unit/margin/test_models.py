"""Tests of the models' parameters and registry."""

import pytest

from hullmark.errors import DocumentError, InvalidInputError
from hullmark.margin import MODELS, ScenarioModel, TieredModel, model_code

TIERS = {"tiers": [{"floor_usd": "0", "initial": "0.02", "maintenance": "0.01"}]}


def test_every_model_has_a_code_of_its_own():
    assert {name: model_code(name) for name in MODELS} == {"tiered": 0, "scenario": 1}


def test_refuses_a_model_that_is_not_there():
    with pytest.raises(InvalidInputError, match="must be one of tiered, scenario, was 'span'"):
        model_code("span")


def test_a_broken_schedule_is_found_by_its_path():
    with pytest.raises(DocumentError, match=r"margin.tiered.X must be a table with the one key"):
        TieredModel.parse({"X": {}})
    with pytest.raises(DocumentError, match=r"margin.tiered.X must be a table, was 3"):
        TieredModel.parse({"X": 3})


def test_reads_the_factors_and_leaves_the_scenarios_to_their_own_reader():
    tree = {"initial_factor": "1.25", "maintenance_factor": "1", "moves": ["0"]}
    assert ScenarioModel.parse(tree) == ScenarioModel(initial_factor=1.25, maintenance_factor=1.0)


@pytest.mark.parametrize(
    ("tree", "rule"),
    [
        ({"initial_factor": "1"}, "margin.scenario: maintenance_factor must be given, was absent"),
        ({"initial_factor": "1", "maintenance_factor": "2"}, "<= initial_factor, was 2 and 1"),
        ({"initial_factor": "1", "maintenance_factor": "0"}, "0 < maintenance_factor"),
        ({"initial_factor": "Infinity", "maintenance_factor": "1"}, "must be a decimal string"),
        ({"initial_factor": "1", "maintenance_factor": 1}, "be a decimal string .*, was 1"),
    ],
)
def test_refuses_factors_that_break_a_rule(tree, rule):
    with pytest.raises(DocumentError, match=rule):
        ScenarioModel.parse(tree)
