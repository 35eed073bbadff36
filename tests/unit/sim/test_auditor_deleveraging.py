"""Tests of the auditor on deleveraging: order, side, price and haircuts; one forgery each."""

import pytest

from .told_stages import ANN, BOB, MAKER, deleveraged, forge, left_out, lost, more, true


@pytest.fixture(scope="module")
def queue():
    return true(deleveraged("queue", "81.3", fund="1 USDT"))


@pytest.fixture(scope="module")
def least():
    return true(deleveraged("least-haircut", "81.3"))


@pytest.mark.parametrize("policy", ["queue", "pro-rata", "least-haircut"])
@pytest.mark.parametrize("price", [None, "mark"])
@pytest.mark.parametrize("usd", ["86.9", "81.3", "60"])
def test_every_policy_and_price_is_worked_out_alike(policy, price, usd):
    terms = {} if price is None else {"price": price}
    assert true(deleveraged(policy, usd, fund="2 USDT", **terms))


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("Deleveraged", {"counterparty": MAKER}, "counterparty must be on the other side"),
        ("Deleveraged", {"account": BOB}, "account must be in a liquidation"),
        ("Deleveraged", {"lots": -1}, "lots must be -7"),
        ("Deleveraged", {"haircut_quanta": more(1)}, "positions closed must be"),
        ("Deleveraged", {"rank": 2}, "positions closed must be"),
        ("Deleveraged", {"cost_quanta": more(1)}, "cost_quanta must be"),
        ("Deleveraged", {"price_nano": more(2)}, "price_nano must be"),
        ("DeleveragingEnded", {"policy": "pro-rata"}, "policy must be queue"),
        ("DeleveragingEnded", {"lots": more(1)}, "lots must be -8"),
        ("DeleveragingEnded", {"left_lots": 1}, "left_lots must be 0"),
        ("DeleveragingEnded", {"deficit_quanta": more(99)}, "deficit_quanta must be"),
        ("DeleveragingEnded", {"uncovered_quanta": 1}, "uncovered_quanta must be 0"),
        ("DeleveragingEnded", {"account": BOB}, "positions closed must be one at least"),
    ],
)
def test_a_queue_is_followed_as_documented(queue, kind, change, says):
    at = kind if "counterparty" in says or "in a liquidation" in says else "DeleveragingEnded"
    forge(kind, {}, change, says, queue, at=at)


def test_nobody_is_passed_over(queue):
    without = left_out(queue, "Deleveraged")
    forge("DeleveragingEnded", {}, {}, "positions closed must be", without)


@pytest.mark.parametrize(
    ("change", "says", "at"),
    [
        ({"quanta": more(1)}, "haircuts must be", "DeleveragingEnded"),
        ({"payer": MAKER}, "haircuts must be", "DeleveragingEnded"),
        ({"payer": ANN}, "payer must be another user", "HaircutTaken"),
        ({"quanta": 0}, "quanta must be > 0", "HaircutTaken"),
    ],
)
def test_a_loss_is_shared_by_gains_and_by_nobody_else(least, change, says, at):
    forge("HaircutTaken", {}, change, says, least, at=at)


def test_who_is_worth_something_is_not_deleveraged(queue):
    """At 95 the same account has 60 left, and nobody may be closed."""
    richer = [
        ({**e, "quanta": 10**9} if e["type"] == "Deposited" and e["account"] == ANN else e, *rest)
        for e, *rest in queue
    ]
    forge("Deleveraged", {}, {}, "net value of the deleveraged must be < 0", richer)


def test_what_the_market_left_is_shared_when_the_books_are_closed():
    adl = {"policy": "least-haircut", "at_once": False}
    history = true(lost("fund", "adl", fund="3 USDT", buyer=BOB, adl=adl))
    taken = [e for e, *_ in history if e["type"] == "HaircutTaken"]
    assert [e["payer"] for e in taken] == [MAKER]
    change, says = {"quanta": more(1)}, "haircuts must be"
    forge("HaircutTaken", {}, change, says, history, at="DeficitCovered")
