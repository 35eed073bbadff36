"""The stage of orders: its hand-overs, and what is flagged before it is not done.

Ann has 100 USDT and eight perpetuals bought at 100. At 90 she has 20 and needs 36.
"""

import pytest

from hullmark.core import nano
from hullmark.domain import HandOver, Parked, Stage, commands, events

from .bank import (
    ANN,
    BOB,
    EIGHT,
    FUND,
    Bank,
    deposit,
    events_of,
    fill,
    kinds,
    only,
    trade,
    tree,
)

CHAIN = [{"stage": "partial", "deadline_s": "40"}, {"stage": "backstop"}]
# One lot at 10 % below costs 9, and a penalty of 0.81; it frees 4.50.
DEAR = {"slippage": "0.1", "chain": CHAIN}
ONE_LOT = {"burst_usd": "100", "refill_usd_per_s": "1"}


def told_at(usd="90", **liquidation):
    bank = Bank(tree(**liquidation)).found()
    bank.do(*EIGHT)
    return bank, bank.pass_time(1, usd=usd)


def test_what_is_toxic_is_flagged_before_the_hand_over():
    """Health is -16 and would be -16 - 9.81 + 4.50."""
    _, found = told_at(**DEAR, throttle=ONE_LOT)
    assert kinds(found)[:3] == ["LiquidationStarted", "ToxicityFlagged", "StageEntered"]
    flagged = only(found, events.ToxicityFlagged)
    assert (flagged.health_nano, flagged.after_nano) == (nano("-16"), nano("-21.31"))
    entered = events_of(found, events.StageEntered)[0]
    assert (entered.stage, entered.reason) == (Stage.BACKSTOP, HandOver.TOXIC)
    assert events_of(found, events.LiquidationOrdered) == []


def test_without_a_chain_what_is_toxic_waits_unflagged():
    _, found = told_at(slippage="0.1", throttle=ONE_LOT)
    assert kinds(found) == ["LiquidationStarted", "LiquidationParked"]
    assert only(found, events.LiquidationParked).reason is Parked.NOTHING_HELPS


def test_what_closes_the_account_in_full_is_ordered_whatever_it_costs():
    _, found = told_at(**DEAR)
    assert only(found, events.LiquidationOrdered).lots == -8
    assert events_of(found, events.ToxicityFlagged) == []


def test_a_throttle_without_room_is_a_pause_and_no_hand_over():
    _, found = told_at(chain=CHAIN, throttle={"burst_usd": "89", "refill_usd_per_s": "1"})
    assert kinds(found) == ["LiquidationStarted", "LiquidationParked"]


def test_rounds_that_are_used_up_hand_over():
    bank, _ = told_at(chain=CHAIN)
    bank.do(fill(1, 0, "90"))
    found = bank.do(fill(2, 0, "90"))
    assert events_of(found, events.StageEntered)[0].reason is HandOver.ROUNDS_EXHAUSTED


def test_the_deadline_of_the_stage_hands_over():
    bank, _ = told_at(chain=CHAIN, order_s="600")
    bank.pass_time(40)
    found = bank.do(fill(1, 0, "90"))
    assert events_of(found, events.StageEntered)[0].reason is HandOver.DEADLINE


def test_an_account_without_positions_has_nothing_to_order():
    """Bob owes dollars against gold that nobody trades."""
    bank = Bank(tree(chain=[{"stage": "partial"}])).found()
    bank.do(deposit(BOB, "10 GOLD"))
    two = {"authorisers": ("Ada", "Grace"), "reason": "a late fee"}
    found = bank.do(
        commands.AdjustCash(source=BOB, target=FUND, asset="USDT", quanta=300 * 10**6, **two)
    )
    assert BOB in bank.state.episodes
    assert events_of(found, events.LiquidationOrdered) == []


@pytest.mark.parametrize(("at_once", "reason"), [(True, True), (False, False)])
def test_below_zero_those_who_gain_are_asked_first_where_the_waterfall_says_so(at_once, reason):
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {
        "steps": ["fund", "adl", "bad-debt"],
        "adl": {"policy": "pro-rata", "at_once": at_once},
    }
    bank = Bank(rules).found()
    bank.do(*EIGHT)
    found = bank.pass_time(1, usd="80")
    assert bool(events_of(found, events.Deleveraged)) is reason
    assert bool(events_of(found, events.LiquidationOrdered)) is not reason


def test_the_exit_is_the_target_where_the_venue_says_so():
    """Five of eight reach it; three of them end the breach: 22.50 needed of 20 become 22.50."""
    bank, _ = told_at(exit="target", slippage="0", penalty="0")
    bank.do(fill(1, -3, "90"))
    assert ANN in bank.state.episodes, "five of 0.8 would be enough, and two are missing"
    assert bank.only_order().lots == -2
    found = bank.do(fill(2, -2, "90"))
    assert only(found, events.LiquidationEnded).cured


def test_the_exit_is_the_end_of_the_breach_where_it_says_nothing():
    bank, _ = told_at(slippage="0", penalty="0")
    found = bank.do(fill(1, -4, "90"))
    assert only(found, events.LiquidationEnded).cured


def test_an_account_short_of_its_exit_is_found_again_after_a_pause():
    bank, _ = told_at(exit="target", slippage="0", penalty="0", rounds_max=1)
    found = bank.do(fill(1, -4, "90"))
    assert only(found, events.LiquidationParked).reason is Parked.ROUNDS_EXHAUSTED
    found = bank.pass_time(60, usd="90")
    assert only(found, events.BreachesFound).accounts == (ANN,)
    assert bank.only_order().lots == -1


def test_nobody_short_of_an_exit_that_is_not_in_hand_is_touched():
    bank = Bank(tree(exit="target")).found()
    bank.do(*EIGHT, deposit(BOB, "100 USDT"), trade(BOB, 8, "PERP", "100"))
    assert kinds(bank.pass_time(1, usd="92.5")) == []
