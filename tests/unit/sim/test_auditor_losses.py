"""Tests of the auditor on the waterfall: who pays, in which order, and why; one forgery each."""

from fractions import Fraction

import pytest

from hullmark.sim._auditor_cases import Case
from hullmark.sim._auditor_losses import split

from .told_stages import BOB, forge, lost, more, true


@pytest.fixture(scope="module")
def history():
    return true(lost("fund", "backstop", "socialised", fund="3 USDT"))


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("LossSocialised", {"quanta": more(-1)}, "socialised_quanta must be"),
        ("LossSocialised", {"quanta": 10**13}, "quanta must be <= "),
        ("LossSocialised", {"base_quanta": more(1)}, "base_quanta must be"),
        ("DeficitCovered", {"backstop_quanta": more(-1)}, "backstop_quanta must be 5000000"),
        ("DeficitCovered", {"fund_quanta": more(-1)}, "fund_quanta must be"),
        ("DeficitCovered", {"bad_debt_quanta": 1}, "bad_debt_quanta must be 0"),
        ("DeficitCovered", {"socialised_quanta": more(1)}, "socialised_quanta must be"),
        ("DeficitCovered", {"haircut_quanta": 1}, "haircut_quanta must be 0"),
        ("DeficitCovered", {"market": "PERP"}, "market must be None"),
        (
            "DeficitCovered",
            {"gap_quanta": more(9), "impact_quanta": more(-9)},
            "gap_quanta must be",
        ),
        (
            "DeficitCovered",
            {"participation_quanta": more(9), "latency_quanta": more(-9)},
            "participation_quanta",
        ),
        ("DeficitCovered", {"oracle_quanta": more(9), "latency_quanta": more(-9)}, "oracle_quanta"),
        ("DeficitCovered", {"impact_quanta": more(1)}, "gap to impact must be"),
    ],
)
def test_each_pays_in_its_turn_as_far_as_it_goes(history, kind, change, says):
    at = "DeficitCovered" if "socialised_quanta" in says else kind
    forge(kind, {}, change, says, history, at=at)


def test_a_venue_that_socialises_nothing_may_not():
    history = true(lost("fund", "backstop", "socialised", fund="3 USDT"))
    (rules, *rest), *others = history
    text = rules["rules"].replace('"backstop","socialised",', '"backstop",')
    told = [({**rules, "rules": text}, *rest), *others]
    forge("LossSocialised", {}, {}, "steps must be with socialised", told)


def test_the_causes_follow_one_another_down_to_the_deficit():
    """Of 100 at the trigger 70 were lost waiting and 50 late: the first 20 missing are late."""
    case = Case("USDT", 100, {}, participation_quanta={"USDT": 70}, late_quanta={"USDT": 50})
    found = split(case, "USDT", 35, Fraction(100))
    assert found == {"gap": 0, "participation": 0, "latency": 20, "oracle": 0, "impact": 15}


@pytest.fixture(scope="module")
def gained():
    """Return a history in which the maker alone has gained what Ann has lost."""
    return true(lost("fund", "socialised", fund="3 USDT", socialised_by="gains"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"quanta": more(-1)}, "parts together must be"),
        ({"base_quanta": more(1)}, "base_quanta must be"),
        ({"parts": []}, "parts together must be"),
        ({"parts": lambda parts: [{**parts[0], "payer": BOB}]}, "parts must be"),
    ],
)
def test_gains_share_what_is_left_as_documented(gained, change, says):
    forge("LossSocialised", {}, change, says, gained)


def test_whoever_has_gained_nothing_shares_nothing(gained):
    change = {"parts": lambda parts: [{**parts[0], "payer": BOB}]}
    forge("LossSocialised", {}, change, "who shares a loss must be with a gain", gained)
