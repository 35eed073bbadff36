"""Aave, March 2026: a growth cap below the rate that it caps. Sources: the incident's file."""

import copy

import pytest

from hullmark.domain import Reason, commands

from .incident import MAKER, Incident, rules_command

BORROWERS = range(1_000, 1_034)


def borrowed():
    """Return the venue before the update, with all its borrowers."""
    incident = Incident("capo-2026")
    facts = incident.file["facts"]
    assert len(BORROWERS) == int(facts["accounts"])
    incident.at(0)
    incident.open(MAKER, ETH="1000000", WSTETH="1000000")
    each = float(facts["collateral_wsteth"]) / len(BORROWERS)
    bought = each * float(facts["loan_to_value"])  # on credit
    for account in BORROWERS:
        incident.open(account, WSTETH=f"{each - bought:.4f}")
        incident.do(incident.trade(account, f"{bought:.4f}", "WSTETH-ETH", facts["rate"]))
    return incident


def capped(incident, name, **changes):
    """Return the rules with a growth cap of the file."""
    rules = copy.deepcopy(incident.rules)
    rules["prices"]["WSTETH"]["growth_cap"] = incident.file[name] | changes
    return rules


def with_cap(incident, name, **changes):
    """Return the command that adopts a growth cap of the file."""
    return rules_command(capped(incident, name, **changes))


def test_a_cap_that_begins_below_the_rate_is_refused_with_both_numbers():
    incident = borrowed()
    answer = incident.venue.submit(with_cap(incident, "mistake"))
    facts = incident.file["facts"]
    assert answer.refusal.reason is Reason.RULES_INVALID
    assert all(facts[number] in answer.refusal.detail for number in ("rate", "cap"))
    incident.at(60)
    assert incident.price("WSTETH") == ("VALID", "", 2457.8)
    assert incident.taken_in_hand() == set()
    incident.check()


def test_the_cap_that_was_meant_is_adopted_and_touches_nobody():
    incident = borrowed()
    incident.do(with_cap(incident, "meant"))
    incident.at(60)
    assert incident.price("WSTETH") == ("VALID", "", 2457.8)
    assert incident.taken_in_hand() == set()
    incident.check()


def test_let_in_by_a_tolerance_it_liquidates_all_of_them():
    incident = borrowed()
    incident.do(with_cap(incident, "mistake", tolerance="0.03"))
    assert incident.taken_in_hand() == set()
    incident.at(60)
    grade, _, usd = incident.price("WSTETH")
    facts = incident.file["facts"]
    assert grade == "VALID"
    assert usd / 2000 / float(facts["rate"]) - 1 == pytest.approx(-0.0285, abs=1e-4)
    assert incident.taken_in_hand() == set(BORROWERS)
    incident.check()


def test_a_dry_run_names_all_whom_it_would_liquidate_and_stops_the_update():
    incident = borrowed()
    mistake = capped(incident, "mistake", tolerance="0.03")
    assert set(incident.venue.dry_run(mistake)) == set(BORROWERS)
    assert incident.venue.dry_run(capped(incident, "meant")) == ()
    command = rules_command(mistake)
    answer = incident.venue.submit(commands.AdoptRules(rules=command.rules, breaches_max=0))
    assert answer.refusal.reason is Reason.RULES_INVALID
    assert f"at most 0 accounts under maintenance margin, would bring {len(BORROWERS)}" in (
        answer.refusal.detail
    )
    incident.do(commands.AdoptRules(rules=command.rules, breaches_max=len(BORROWERS)))
    incident.check()
