"""Tests of a dry run of rules: whom they would bring under, and what it leaves alone."""

import copy
import json

import pytest

from hullmark.clearing import Rules, newly_under, state_hash
from hullmark.domain import Reason, commands

from .bank import ANN, BOB, EIGHT, TREE, deposit, trade


def asking(rate, **sections):
    """Return the rules with another rate of margin for PERP, and other sections."""
    tree = copy.deepcopy(TREE) | sections
    tree["margin"]["tiered"]["PERP"]["tiers"][0] |= {"initial": rate, "maintenance": rate}
    return tree


@pytest.fixture
def long(bank):
    """ANN has 100 for 800 of notional, BOB 100 for 500."""
    bank.do(*EIGHT, deposit(BOB, "100 USDT"), trade(BOB, 5, "PERP", "100"))
    return bank


@pytest.mark.parametrize(
    ("rate", "under"), [("0.1", ()), ("0.125", ()), ("0.13", (ANN,)), ("0.21", (ANN, BOB))]
)
def test_it_names_whom_a_rate_would_bring_under_the_worst_first(long, rate, under):
    before = state_hash(long.state)
    assert newly_under(long.state, Rules.parse(asking(rate))) == under
    assert state_hash(long.state) == before
    assert long.venue.dry_run(asking(rate)) == under


def test_who_is_under_already_is_left_out(long):
    long.pass_time(1, usd="91")  # ANN has 28 left, and needs 36.4
    assert newly_under(long.state, Rules.parse(asking("0.13"))) == (BOB,)


def test_a_price_that_the_rules_would_cut_counts_as_cut(long):
    prices = copy.deepcopy(TREE["prices"])
    prices["PERP"]["growth_cap"] = {"snapshot": "91", "at": "2025-10-09", "per_year": "0"}
    assert newly_under(long.state, Rules.parse(asking("0.05", prices=prices))) == (ANN,)


def test_what_the_rules_add_stands_in_nobodys_way(long):
    tree = asking("0.13")
    tree["assets"]["EURC"] = {"decimals": 6, "peg": "1.1"}
    perpetual = next(i for i in tree["instruments"] if i["symbol"] == "PERP")
    tree["instruments"].append(perpetual | {"symbol": "PERP-2"})
    tree["margin"]["tiered"]["PERP-2"] = tree["margin"]["tiered"]["PERP"]
    tree["prices"]["PERP-2"] = tree["prices"]["PERP"]
    assert newly_under(long.state, Rules.parse(tree)) == (ANN,)
    assert "EURC" not in long.state.ledger.asset_index


def test_adoption_is_refused_where_it_brings_more_under_than_it_may(long):
    adopt = commands.AdoptRules(rules=json.dumps(asking("0.21")), breaches_max=1)
    refusal = long.venue.submit(adopt).refusal
    assert refusal.reason is Reason.RULES_INVALID
    assert refusal.detail == (
        f"rules must bring at most 1 accounts under maintenance margin, would bring 2: {ANN}, {BOB}"
    )
    long.do(commands.AdoptRules(rules=json.dumps(asking("0.21")), breaches_max=2))
    assert long.state.in_force.margin.tiered.schedules["PERP"].tiers[0].maintenance == 0.21
