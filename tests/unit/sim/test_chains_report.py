"""Tests of the tree of a comparison: its sums, and that programs can read it."""

import json

import pytest

from hullmark.sim import chains_report, compare_chains


@pytest.fixture(scope="module")
def tree(comparison):
    return chains_report(comparison)


def test_a_deficit_is_what_the_steps_paid(tree):
    for run in tree["runs"]:
        paid = sum(float(usd) for usd in run["paid"].values())
        assert paid == pytest.approx(float(run["deficit"]), abs=1e-5)


def test_what_was_asked_is_the_deficit_less_the_fund(tree):
    for run in tree["runs"]:
        asked = float(run["deficit"]) - float(run["paid"]["fund"]) - float(run["paid"]["backstop"])
        assert float(run["deleveraging"]["asked"]) == pytest.approx(asked, abs=1e-5)


def test_the_hedged_are_held_against_the_run_without_deleveraging(tree, comparison):
    bare, queue = tree["runs"]
    assert bare["deleveraging"]["hedged"]["less_than_without_usd"] == "0.00"
    tally = comparison.runs[1].tally
    hit = (tally.deleveraged | tally.payers) & tally.hedged
    less = sum(
        comparison.runs[0].hedged_net_usd[n] - comparison.runs[1].hedged_net_usd[n] for n in hit
    )
    told = queue["deleveraging"]["hedged"]
    assert told["accounts"] == len(hit)
    assert float(told["less_than_without_usd"]) == pytest.approx(less, abs=0.01)


def test_the_tree_is_json_and_the_same_for_equal_requests(tree, chains_request):
    again = chains_report(compare_chains(chains_request()))
    for each in (tree, again):
        assert each.pop("wall_s") > 0
        for run in each["runs"]:
            assert run.pop("wall_s") > 0
    assert json.dumps(again) == json.dumps(tree)


def test_the_head_says_what_everything_rests_on(tree):
    assert tree["version"] == 1
    assert tree["source"] == "published facts"
    assert tree["order"] in ("O-H-L-C", "O-L-H-C")
    assert (tree["accounts"], tree["seed"], tree["fund_usd"]) == (200, 3, "0.00")
    assert tree["chains"] == [{"name": "book", "title": "orders, then deleveraging"}]
