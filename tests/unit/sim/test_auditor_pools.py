"""Tests of the auditor on pools: worth, stakes, notices and takeovers; one forgery each."""

import pytest

from ..clearing.backed import VAULT, backed, joined
from .told_stages import ANN, BOB, CAT, DAN, forge, left_out, more, taken_over, true

POOL = 150


@pytest.fixture(scope="module")
def history():
    return true(taken_over())


@pytest.mark.parametrize(
    ("kind", "where", "change", "says"),
    [
        ("PoolJoined", {}, {"pool": "other"}, "pool must be one of the rules', open"),
        ("PoolJoined", {}, {"account": POOL}, "member must be no pool itself"),
        ("PoolJoined", {}, {"account": 999}, "account must be open to users"),
        ("PoolJoined", {}, {"quanta": 0}, "quanta must be > 0"),
        ("PoolJoined", {}, {"quanta": 10**10}, "settled cash left must be >= 0"),
        ("PoolJoined", {}, {"worth_quanta": 1}, "worth_quanta must be 0"),
        ("PoolJoined", {"account": DAN}, {"worth_quanta": more(-1)}, "worth_quanta must be 300"),
        ("PoolLeaveNoticed", {}, {"account": BOB}, "member must be of vault"),
        ("PoolLeaveNoticed", {}, {"due_ns": more(1)}, "due_ns must be"),
        ("PoolLeft", {}, {"account": BOB}, "quanta must be <= 0.0, its stake"),
        ("PoolLeft", {}, {"quanta": 400 * 10**6}, "quanta must be <= 3"),
        ("PoolLeft", {}, {"worth_quanta": more(5)}, "worth_quanta must be"),
        ("AccountTakenOver", {}, {"pool": "other"}, "stage must be takeover by other"),
        ("AccountTakenOver", {}, {"account": BOB}, "account must be in a liquidation"),
        ("AccountTakenOver", {}, {"asset": "BTC"}, "asset must be USDT"),
        ("AccountTakenOver", {}, {"net_quanta": more(1)}, "net_quanta must be 20000000"),
    ],
)
def test_a_pool_is_held_to_what_is_documented(history, kind, where, change, says):
    forge(kind, where, change, says, history)


def test_nobody_leaves_without_a_notice_that_has_run(history):
    without = left_out(history, "PoolLeaveNoticed")
    forge("PoolLeft", {}, {}, "notice must be run, and good still, was None", without)


def test_a_loss_is_shared_in_proportion(history):
    """Cat has three of four parts when the pool takes over at 20 more than it is worth."""
    left = next(e for e, *_ in history if e["type"] == "PoolLeft")
    before = left["worth_quanta"] * 315 // (300 + 100 + 20 + 50)
    change = {"quanta": before + 2 * 10**6}
    forge("PoolLeft", {"account": CAT}, change, "quanta must be <=", history)


def test_a_pool_takes_no_more_of_a_market_than_its_cap(history):
    (rules, *rest), *others = history
    text = rules["rules"].replace('"exposure_usd_max":"1000"', '"exposure_usd_max":"719"')
    told = [({**rules, "rules": text}, *rest), *others]
    forge("PortfolioMoved", {}, {}, "what a pool holds must be <= 719.0 USD of PERP", told)


def test_a_pool_bears_no_more_than_its_limit():
    """At 85 the account is 20 under, and 10 may be lost."""
    bank = backed(VAULT)
    bank.do(joined(CAT, 600))
    bank.pass_time(1, usd="85")
    (rules, *rest), *others = true(bank)
    text = rules["rules"].replace('"loss_usd_max":"100"', '"loss_usd_max":"10"')
    told = [({**rules, "rules": text}, *rest), *others]
    forge("AccountTakenOver", {}, {}, "loss must be <= 10.0 USD, was 20.0", told)


def test_money_of_a_pool_is_taken_out_by_its_members_alone(history):
    """What a member takes out is no withdrawal of the pool's account."""
    left = next(n for n, (event, *_) in enumerate(history) if event["type"] == "PoolLeft")
    told = {"type": "Transferred", "source": POOL, "target": ANN, "asset": "USDT", "quanta": 1}
    moved = [*history[:left], (told, *history[left][1:]), *history[left:]]
    forge("Transferred", {}, {}, "source must be no pool", moved)
