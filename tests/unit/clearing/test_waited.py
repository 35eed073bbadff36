"""What marks have lost since the trigger, in numbers worked by hand.

Ann is long eight perpetuals, and her trigger is at 90.
"""

import pytest

from hullmark.clearing import evolve
from hullmark.clearing._waited import lost_by_waiting
from hullmark.domain import events

from .bank import ANN, BOB, Bank, opened, taken_in_hand, tree

USDT = 10**6


def waited(bank, symbol, held, account=ANN):
    number = bank.state.ledger.instrument_index[symbol]
    return lost_by_waiting(bank.state, bank.venue.views, account, number, held)


@pytest.mark.parametrize(("usd", "lost"), [("90", 0), ("89", 1), ("92", -2)])
def test_what_is_held_has_lost_what_the_mark_lost_and_shorts_have_gained_it(usd, lost):
    bank = taken_in_hand("90")
    bank.do(bank.said(usd))
    assert waited(bank, "PERP", 5) == 5 * lost * USDT
    assert waited(bank, "PERP", -5) == -5 * lost * USDT


def test_both_values_are_rounded_down():
    """At 89.0000005 a lot is worth half a quantum beside 89 million, which is cut off."""
    bank = taken_in_hand("90")
    bank.do(bank.said("89.0000005"))
    assert waited(bank, "PERP", 1) == USDT
    assert waited(bank, "PERP", -1) == 1 - USDT


def test_what_was_not_held_at_the_trigger_or_settles_in_another_asset_has_lost_nothing():
    bank = taken_in_hand("90")
    bank.do(bank.said("89", ETHER="9"))
    assert waited(bank, "ETHER", 5) == 0
    assert waited(bank, "INVERSE", 5) == 0


def test_who_is_not_in_hand_has_lost_nothing():
    bank = taken_in_hand("90")
    bank.do(bank.said("89"))
    assert waited(bank, "PERP", 5, BOB) == 0


def test_without_a_price_nothing_is_known_to_be_lost():
    """An inverse contract has no value at a price of zero."""
    bank = Bank(tree())
    bank.do(opened(ANN))
    started = {"net_quanta": -5, "trigger_nano": {}, "lots": {}}
    evolve(bank.state, events.LiquidationStarted(account=ANN, asset="BTC", **started))
    assert waited(bank, "INVERSE", 5) == 0
