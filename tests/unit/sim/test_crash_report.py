"""Tests of the report's tree: it fits its schema, and says what the runs say."""

import json
from decimal import Decimal

import msgspec
import pytest

from hullmark.journal import copy
from hullmark.runtime import verify
from hullmark.sim import crash_report
from hullmark.studies import read_report, summary, write_report


@pytest.fixture(scope="module")
def tree(replay):
    return crash_report(replay)


def test_the_tree_is_a_report_that_studies_can_read(tree, tmp_path):
    page = write_report(tree, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(tree)
    )
    text = page.read_text(encoding="utf-8")
    assert tree["state_hash"] in text
    assert "published facts" in summary(tree)


def test_the_schema_names_every_key_of_the_tree(tree):
    read = json.loads(msgspec.json.encode(read_report(tree)))
    assert read == json.loads(json.dumps(tree))


def test_top_keys_are_those_of_the_journalled_run(tree, replay):
    (mine,) = [run for run in tree["runs"] if run["journalled"]]
    assert len(tree["runs"]) == 4
    assert tree["state_hash"] == mine["state_hash"] == replay.worse.state_hash
    assert tree["bad_debt"] == mine["bad_debt"]
    assert tree["worse"] == mine["order"] == "-".join(replay.worse.settings.order)


def test_the_journal_verifies_to_the_hash_of_the_report(tree, replay, tmp_path):
    copy(replay.journal, tmp_path / "journal.db")
    found = verify(tmp_path / "journal.db")
    assert found.state_hash == tree["state_hash"]
    assert not found.broken


def test_every_identity_of_money_is_exact(tree):
    for run in (*tree["runs"], tree["upper_bound"]):
        fund, causes = run["fund"], map(Decimal, run["causes"].values())
        assert sum(causes) == Decimal(run["deficit"])
        assert Decimal(fund["used"]) + Decimal(run["bad_debt"]) == Decimal(run["deficit"])
        level = Decimal(fund["start"]) + Decimal(fund["penalties_in"]) - Decimal(fund["used"])
        assert level == Decimal(fund["end"])
        (row,) = run["books"]["assets"]
        parts = (Decimal(row[key]) for key in ("accounts", "fund", "bad_debt"))
        assert sum(parts) == Decimal(row["custody"])
        assert run["books"]["balanced"]


def test_the_curve_of_funds_never_rises(tree):
    debts = [Decimal(point["bad_debt"]) for point in tree["fund_curve"]]
    assert debts == sorted(debts, reverse=True)
    assert debts[0] > debts[-1] == 0


def test_accounts_by_tier_are_positions_at_the_opening(tree, replay):
    (mine,) = [run for run in tree["runs"] if run["journalled"]]
    assert sum(row["accounts"] for row in mine["by_tier"]) == replay.population.lots.size
    assert all(row["liquidated"] <= row["accounts"] for row in mine["by_tier"])
    histogram = mine["health"]
    users_and_maker = replay.scenario.replay.accounts + 1
    assert sum(histogram["before"]) == sum(histogram["after"]) == users_and_maker


def test_a_set_up_that_leaves_a_tier_untried_says_so(tree):
    (mine,) = [run for run in tree["runs"] if run["journalled"]]
    untried = [row for row in mine["by_tier"] if not row["liquidated"]]
    told = [text for text in tree["warnings"] if text.startswith("set-up failed: no account")]
    assert len(told) == len(untried)


def test_what_is_assumed_is_said(tree):
    names = {row["name"] for row in tree["assumptions"]}
    assert {"path inside a bar", "mark", "impact", "insurance fund", "feedback", "tiers"} <= names
    (jumps,) = [row for row in tree["assumptions"] if row["name"] == "jump limits"]
    assert jumps["value"].startswith("fired 0 times in ")
