"""When an account is let go: no more in breach, or at the target.

Ann has 100 USDT and eight perpetuals bought at 100. At 90 she has 20 and needs 36; with four of
them closed at 90 she needs 18, and is at 0.9.
"""

import pytest

from hullmark.clearing._exits import is_short_of_exit, short_of_exit
from hullmark.domain import commands

from .bank import ANN, BOB, EIGHT, Bank, deposit, fill, kinds, trade, tree

FREE = {"slippage": "0", "penalty": "0", "rounds_max": 1}


def at_nine_tenths(**liquidation):
    bank = Bank(tree(**FREE | liquidation)).found()
    bank.do(*EIGHT, deposit(BOB, "100 USDT"), trade(BOB, 8, "PERP", "98"))
    bank.pass_time(1, usd="90")
    bank.do(fill(1, -4, "90"))
    return bank


def test_between_the_lines_only_who_is_in_hand_is_worked_on():
    bank = at_nine_tenths(exit="target")
    state, views = bank.state, bank.venue.views
    assert (is_short_of_exit(state, views, ANN), is_short_of_exit(state, views, BOB)) == (
        True,
        False,
    )
    assert short_of_exit(state, views, ()) == [ANN]
    assert short_of_exit(state, views, (ANN,)) == []


@pytest.mark.parametrize(("usd", "in_hand"), [("90.66", True), ("90.67", False)])
def test_a_liquidation_ends_at_the_target(usd, in_hand):
    """With four lots she has 4 p - 340 and needs p / 5: 0.8 is at 272 / 3."""
    bank = at_nine_tenths(exit="target")
    bank.do(bank.said(usd))
    assert (ANN in bank.state.episodes) is in_hand


def test_without_such_an_exit_nobody_is_short_of_it():
    bank = at_nine_tenths()
    assert ANN not in bank.state.episodes
    assert short_of_exit(bank.state, bank.venue.views, ()) == []


SOFT = {"stage": "soft", "level": "0.8", "share_max": "0.5"}


@pytest.mark.parametrize("usd", ["92.5", "91"])
def test_the_soft_stage_ends_at_its_level_though_the_target_is_lower(usd):
    """At 92.5 Ann is near a breach, and at 91 in one; a saviour brings her to the level."""
    bank = Bank(tree(exit="target", target="0.5", chain=[SOFT, {"stage": "partial"}])).found()
    bank.do(*EIGHT, deposit(BOB, "100 USDT"))
    terms = {"saviour": BOB, "asset": "USDT", "quanta_max": 50 * 10**6}
    bank.do(commands.SetSoftTerms(account=ANN, opted_in=True, **terms))
    found = kinds(bank.pass_time(1, usd=usd))
    assert found == [*soft_breaches(usd), "LiquidationStarted", "ToppedUp", "LiquidationEnded"]
    assert not is_short_of_exit(bank.state, bank.venue.views, ANN)


def soft_breaches(usd):
    return ["SoftBreachesFound"] if usd == "92.5" else []


def test_who_is_in_breach_is_not_short_of_the_exit_but_of_the_margin():
    bank = at_nine_tenths(exit="target")
    bank.do(bank.said("89"))
    assert bank.venue.views.health(ANN).in_breach
    assert not is_short_of_exit(bank.state, bank.venue.views, ANN)
