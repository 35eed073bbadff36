"""Tests of the auditor on the way along the chain: hand-overs, soft stage, calls; forgeries."""

import pytest

from hullmark.domain import AuctionEnd, HandOver, Parked, QuoteEnd
from hullmark.sim import _auditor_auctions, _auditor_backstop, _auditor_chain, _auditor_desk

from ..clearing.bank import EIGHT, Bank, deposit, tree
from .told_history import disagreements
from .told_stages import (
    ANN,
    BOB,
    MAKER,
    forge,
    left_out,
    lost,
    more,
    soft,
    softened,
    sold_in_shares,
    true,
)

SHORT = "its saviour cannot bring it back"


@pytest.fixture(scope="module")
def history():
    return true(softened())


@pytest.fixture(scope="module")
def chain():
    return true(sold_in_shares())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"place": 0}, "place must be 1, was 0"),
        ({"place": 2}, "place must be < 2, was 2"),
        ({"stage": "takeover"}, "stage must be dutch-auction"),
        ({"reason": SHORT}, "reason to leave partial must be one that holds"),
        ({"reason": "the time of the stage is over"}, "reason to leave partial must be"),
        ({"reason": "its net value is below zero"}, "reason to leave partial must be"),
        ({"reason": "it has no positions any more"}, "reason to leave partial must be"),
        ({"reason": "each step that is allowed would lower its health"}, "reason to leave partial"),
        ({"reason": "the last stage could not end it either: it begins again"}, "place must be"),
        ({"account": BOB}, "account must be in a liquidation"),
    ],
)
def test_a_stage_hands_over_for_a_reason_that_holds(chain, change, says):
    forge("StageEntered", {}, change, says, chain)


@pytest.mark.parametrize(
    ("kind", "where", "change", "says"),
    [
        ("SoftTermsSet", {"account": ANN}, {"saviour": ANN}, "saviour must be another user"),
        ("SoftTermsSet", {"account": ANN}, {"saviour": 999}, "saviour must be another user"),
        ("SoftTermsSet", {"account": ANN}, {"asset": None}, "must be given together"),
        ("SoftTermsSet", {"account": ANN}, {"account": 999}, "account must be a user's"),
        ("SoftTermsDropped", {}, {"account": MAKER}, "account must be opted in"),
        ("SoftBreachesFound", {}, {"accounts": ()}, "an account near a breach must be listed"),
        ("SoftBreachesFound", {}, {"accounts": (ANN, ANN)}, "accounts must be distinct"),
        ("SoftBreachesFound", {}, {"accounts": (ANN, BOB)}, "account must be opted in"),
        ("ToppedUp", {}, {"quanta": 6_000_000}, "a top-up must be of 102, within 5000000"),
        ("ToppedUp", {}, {"saviour": MAKER}, "a top-up must be of 102"),
        ("ToppedUp", {}, {"account": BOB}, "account must be in a liquidation"),
        ("LiquidationOrdered", {"soft": True}, {"lots": -5}, "lots of a soft order must be <= 4"),
        ("LiquidationOrdered", {"soft": True}, {"soft": False}, "health must be < 0"),
    ],
)
def test_the_soft_stage_is_for_who_opted_in_and_is_near(history, kind, where, change, says):
    marked = [({"soft": False, **event}, *rest) for event, *rest in history]
    forge(kind, where, change, says, marked)


def test_a_top_up_is_no_more_than_brings_the_account_to_the_level():
    """Of 50 that are promised 6.25 are enough."""
    bank_history = true(topped_up())
    forge("ToppedUp", {}, {"quanta": more(9)}, "ratio after a top-up must be >= 0.8", bank_history)


def topped_up():
    stage = {"stage": "soft", "level": "0.8", "share_min": "0.1", "share_max": "0.5"}
    bank = Bank(tree(chain=[stage, {"stage": "partial"}])).found()
    bank.do(*EIGHT, deposit(BOB, "100 USDT"), soft(saviour=BOB, promised=50))
    bank.pass_time(1, usd="92.5")
    return bank


def test_a_step_that_is_flagged_would_lower_health(history):
    place = next(n for n, (event, *_) in enumerate(history) if event["type"] == "StageEntered")
    told = {"type": "ToxicityFlagged", "account": ANN, "health_nano": 5, "after_nano": 6}
    flagged = [*history[:place], (told, *history[place][1:]), *history[place:]]
    forge("ToxicityFlagged", {}, {}, "after_nano must be <= 5, was 6", flagged)
    forge("ToxicityFlagged", {}, {}, "health_nano must be", flagged)


@pytest.fixture(scope="module")
def calls():
    bank = Bank(tree(calls=["0.8", "0.9"])).found()
    bank.do(*EIGHT)
    for usd in ("93.2", "92.5", "95"):
        bank.pass_time(1, usd=usd)
        bank.pass_time(1)
    return true(bank)


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("MarginCalled", {"level_nano": 900_000_000}, "level of a margin call must be"),
        ("MarginCalled", {"account": MAKER}, "level of a margin call must be [None]"),
        ("MarginCallEnded", {"account": MAKER}, "margin call must be there"),
    ],
)
def test_a_margin_call_is_the_highest_level_that_is_reached(calls, kind, change, says):
    forge(kind, {}, change, says, calls)


def test_a_call_is_ended_only_below_all_levels(calls):
    place = next(n for n, (event, *_) in enumerate(calls) if event["type"] == "MarginCalled")
    told = {"type": "MarginCallEnded", "account": ANN}
    early = [*calls[: place + 1], (told, *calls[place][1:]), *calls[place + 1 :]]
    forge("MarginCallEnded", {}, {}, "level of a margin call must be", early)


def test_a_venue_without_a_chain_has_nothing_of_it():
    told = [event["type"] for event, *_ in true(lost("fund"))]
    assert {"SoftBreachesFound", "MarginCalled"}.isdisjoint(told)


def test_what_was_left_out_of_the_chain_is_missed(history):
    assert disagreements(left_out(history, "SoftTermsSet", {"account": ANN}))


def test_the_reasons_of_the_auditor_are_those_of_events():
    assert {*_auditor_chain.SAID_BY, _auditor_chain.DEADLINE, _auditor_chain.RESTARTED} == {
        reason.value for reason in HandOver
    }
    ends = ("CURED", "SOLD", "CONVERTED", "EXPIRED", "RULES_CHANGED", "EMPTIED")
    assert {getattr(_auditor_auctions, name) for name in ends} == {e.value for e in AuctionEnd}
    ends = ("EXPIRED", "FILLED", "LOSS_LIMIT")
    assert {getattr(_auditor_backstop, name) for name in ends} == {e.value for e in QuoteEnd}
    waits = {_auditor_desk.HALTED, _auditor_desk.PRICE_DOUBTFUL}
    assert waits == {Parked.HALTED.value, Parked.PRICE_DOUBTFUL.value}
