"""Derive's margin models, the engine's and the slow reference's, against its published cases."""

import json
import runpy
from pathlib import Path

import pytest

from hullmark.domain import Portfolio
from hullmark.rulebooks import load_rulebook, statements

HERE = Path(__file__).parent
REFERENCE = runpy.run_path(str(HERE.parent / "reference" / "derive.py"))
MODELS = {
    "derive-portfolio-2": REFERENCE["portfolio_2"],
    "derive-portfolio": REFERENCE["portfolio"],
    "derive-standard": REFERENCE["standard"],
}
GOLDEN = json.loads((HERE / "derive.json").read_text(encoding="utf-8"))
KINDS = "initial", "maintenance"
QUANTUM = 18  # decimals of the contracts, which cut the last one
TOLERANCE = 1e-12  # relative, and absolute below one: the published numbers are binary floats


def tree_of(vector):
    """Return a vector's document with its parameters in place."""
    parameters = dict(GOLDEN["parameters"][vector["parameters"]])
    if "collaterals" in vector:
        parameters["collaterals"] = vector["collaterals"]
    return vector["document"] | {"parameters": parameters}


def found(result, name):
    """Return the number of a result that a published one is called by."""
    if name == "least":
        return min([*result["scenarios"], result["basis"]])
    kind, *rest = name.split(".")
    if len(rest) == 1:
        return result["add_ons"][kind][rest[0]]
    if rest:
        underlying, part = rest
        return sum(v[part] for (u, _), v in result["expiries"][kind].items() if u == underlying)
    return result[kind]


def published(expected):
    """Yield name and number of whatever was published unrounded."""
    for name, value in expected.items():
        if isinstance(value, dict):
            yield from value.items()
        elif name != "scenarios" and not name.endswith("_truncated"):
            yield name, value


@pytest.mark.parametrize("vector", GOLDEN["vectors"], ids=lambda vector: vector["name"])
def test_the_reference_reproduces_the_published_case(vector):
    result, expected = MODELS[vector["rulebook"]](tree_of(vector), 0), vector["expected"]
    for name, value in published(expected):
        assert float(found(result, name)) == pytest.approx(
            float(value), rel=TOLERANCE, abs=TOLERANCE
        ), name
    scenarios = expected.get("scenarios", [])
    assert [float(pnl) for pnl in result["scenarios"][: len(scenarios)]] == pytest.approx(
        [float(pnl) for pnl in scenarios], rel=TOLERANCE, abs=1e-11
    )
    for kind in KINDS:
        if f"{kind}_truncated" in expected:
            quanta = int(result[kind] * 10**QUANTUM)
            whole = abs(quanta) // 10**QUANTUM * (1 if quanta >= 0 else -1)
            assert whole == int(expected[f"{kind}_truncated"])


@pytest.mark.parametrize("vector", GOLDEN["vectors"], ids=lambda vector: vector["name"])
def test_the_engine_reproduces_the_published_case(vector):
    expected, book = vector["expected"], load_rulebook(vector["rulebook"])
    (statement,) = statements(Portfolio.parse_tree(tree_of(vector)), book)
    excess = dict(zip(KINDS, (statement.initial_excess, statement.maintenance_excess), strict=True))
    for kind in KINDS:
        if kind in expected:
            assert excess[kind] == pytest.approx(float(expected[kind]), rel=TOLERANCE)
        else:
            assert int(excess[kind]) == int(expected[f"{kind}_truncated"])
    if "mark_to_market" in expected:
        assert statement.mark_to_market == pytest.approx(float(expected["mark_to_market"]))
    (part,) = statement.underlyings
    scenarios = [float(pnl) for pnl in expected.get("scenarios", [])]
    found = list(part.scenarios.values())[: len(scenarios)]
    assert found == pytest.approx(scenarios, rel=TOLERANCE, abs=1e-11)
    if "least" in expected:
        assert part.worst == pytest.approx(float(expected["least"]), rel=TOLERANCE, abs=1e-11)
    if expected.get("worst", len(scenarios)) < len(scenarios):
        assert part.worst_scenario == list(part.scenarios)[expected["worst"]]


@pytest.mark.parametrize("vector", GOLDEN["vectors"], ids=lambda vector: vector["name"])
def test_margins_are_the_value_less_every_add_on(vector):
    result = MODELS[vector["rulebook"]](tree_of(vector), 0)
    for kind, parts in result["add_ons"].items():
        assert result[kind] == result["mark_to_market"] - sum(parts.values())
