"""Scenario sets of a stress test: what a file says, what it may not say, and the built-in set."""

from pathlib import Path

import pytest

from hullmark.errors import DocumentError
from hullmark.studies import (
    STANDARD_MOVES,
    StressScenario,
    parse_scenarios,
    read_scenarios,
    standard_scenarios,
)

SET = Path(__file__).parents[3] / "scenarios" / "stress.toml"


def one(**keys):
    return {"scenarios": [{"name": "a", **keys}]}


def test_a_file_gives_its_scenarios_in_its_order():
    found = read_scenarios(SET)
    assert [each.name for each in found][::3] == ["12-13 March 2020", "10 October 2025"]
    assert found[0] == StressScenario(
        "12-13 March 2020", {"BTC": -0.517, "ETH": -0.56}, others=-0.56
    )
    assert found[3].depth == 0.0225
    assert found[3].moves["DOGE"] == -0.5


def test_a_scenario_may_move_nothing_and_leaves_out_what_it_does_not_say():
    assert parse_scenarios(one()) == (StressScenario("a", {}),)
    assert parse_scenarios(one(vol="0.5")) == (StressScenario("a", {}, vol=0.5),)


def test_what_is_named_moves_by_itself_and_the_rest_as_the_others_do():
    scenario = StressScenario("a", {"BTC": -0.25, "USDT": -0.125}, others=-0.5)
    assert scenario.factors(["BTC", "ETH"]) == {"BTC": 0.75, "ETH": 0.5, "USDT": 0.875}


def test_the_built_in_set_moves_all_together_and_each_alone():
    found = standard_scenarios(["BTC", "ETH"])
    assert [each.others for each in found[:10]] == list(STANDARD_MOVES)
    assert [(each.name, dict(each.moves)) for each in found[10:]] == [
        ("BTC -50%", {"BTC": -0.5}),
        ("BTC +50%", {"BTC": 0.5}),
        ("ETH -50%", {"ETH": -0.5}),
        ("ETH +50%", {"ETH": 0.5}),
    ]


def test_where_one_underlying_is_all_it_does_not_move_twice():
    assert len(standard_scenarios(["BTC"])) == len(STANDARD_MOVES)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({}, "must have the key 'scenarios', and has not"),
        ({"scenarios": []}, "scenarios must have one scenario at least, and has not"),
        ({"scenarios": [{}]}, r"scenarios\[0\] must have the key 'name'"),
        (one(move="1"), r"scenarios\[0\] must have no keys but .*, was 'move'"),
        (one(moves={"BTC": "-1"}), r"scenarios\[0\].moves.BTC must be > -1, was '-1'"),
        (one(moves={"BTC": -0.5}), r"moves.BTC must be a decimal string"),
        (one(others="-1.5"), r"scenarios\[0\].others must be > -1, was '-1.5'"),
        (one(vol="-1"), r"scenarios\[0\].vol must be > -1, was '-1'"),
        (one(depth="0"), r"scenarios\[0\].depth must be > 0, was '0'"),
        ({"scenarios": [{"name": "a"}, {"name": "a"}]}, r"scenarios\[1\].name must be used once"),
        ({"scenarios": [], "stress": 1}, "must have no keys but .*, was 'stress'"),
    ],
)
def test_what_breaks_the_schema_is_refused_by_its_path(tree, message):
    with pytest.raises(DocumentError, match=message):
        parse_scenarios(tree)


@pytest.mark.parametrize("content", [b"scenarios = ", b"\xff", b"scenarios = []"])
def test_a_file_that_is_no_set_is_refused_by_name(tmp_path, content):
    path = tmp_path / "set.toml"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=f"scenario set {path}: "):
        read_scenarios(path)
