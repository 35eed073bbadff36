"""Tests of the auditor on the fund's parts and on recorded losses; one forgery each."""

import pytest

from hullmark.domain import commands

from ..clearing.bank import deposit
from .told_stages import FUND, USDT, forge, left_out, lost, more, true

PARTS = (("PERP", 2 * USDT), ("ETHER", 3 * USDT))
POOLED = {"fund": {"pooled": True}}


@pytest.fixture(scope="module")
def history():
    return true(lost("fund", fund="8 USDT", allocated=PARTS, **adl("least-haircut")))


def adl(policy, **terms):
    return {
        "steps": ["fund", "adl", "bad-debt"],
        "adl": {"policy": policy, "at_once": False},
    } | terms


@pytest.fixture(scope="module")
def repaid():
    bank = lost("fund", "socialised", fund="3 USDT")
    bank.do(deposit(FUND, "100 USDT"))
    bank.do(commands.RepayLosses(asset="USDT", quanta=10_000_001))
    bank.do(commands.RepayLosses(asset="USDT", quanta=sum(bank.state.losses.values())))
    return true(bank)


@pytest.mark.parametrize(
    ("kind", "where", "change", "says"),
    [
        ("FundAllocated", {}, {"quanta": 9 * USDT}, "quanta must be in [-0, 8000000]"),
        ("FundAllocated", {}, {"quanta": -1}, "quanta must be in [-0, 8000000]"),
        ("FundAllocated", {}, {"quanta": 0}, "and not 0"),
        ("FundAllocated", {}, {"instrument": "MOON"}, "instrument must be one of the rules'"),
    ],
)
def test_the_fund_is_set_aside_as_documented(history, kind, where, change, says):
    forge(kind, where, change, says, history)


def test_the_market_pays_out_of_its_own_part_first(history):
    forge(
        "FundAllocated",
        {"instrument": "PERP", "quanta": -2 * USDT},
        {"quanta": -USDT},
        "part of PERP must be",
        history,
        at="DeficitCovered",
    )


def test_a_payment_that_was_drawn_from_no_part_is_found(history):
    without = left_out(history, "FundAllocated", {"instrument": "ETHER", "quanta": -3 * USDT})
    forge("DeficitCovered", {}, {}, "part of ETHER must be", without)


def test_the_parts_are_never_more_than_the_fund(history):
    """Money that leaves the fund for another reason leaves what is set aside."""
    place = max(
        n for n, (e, *_) in enumerate(history) if e["type"] == "FundAllocated" and e["quanta"] > 0
    )
    told = {"type": "CashAdjusted", "source": FUND, "target": 100, "asset": "USDT"}
    told |= {"quanta": 5 * USDT, "authorisers": ("Ada", "Grace"), "reason": "x"}
    moved = [*history[: place + 1], (told, *history[place][1:]), *history[place + 1 :]]
    forge("CashAdjusted", {}, {}, "parts in USDT must be <= 3000000", moved)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"quanta": 10**9}, "quanta must be in (0,"),
        ({"quanta": 0}, "quanta must be in (0,"),
        ({"asset": "BTC"}, "quanta must be in (0, 0]"),
    ],
)
def test_losses_are_paid_back_as_far_as_they_are_recorded(repaid, change, says):
    forge("LossesRepaid", {}, change, says, repaid)


def test_nobody_is_paid_back_twice(repaid):
    forge(
        "LossesRepaid", {"quanta": 10_000_001}, {"quanta": more(1)}, "quanta must be in (0,", repaid
    )
