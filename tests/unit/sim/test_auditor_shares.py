"""Tests of the auditor on shares of accounts: what moves, at what price; one forgery each."""

import pytest

from .told_history import disagreements
from .told_stages import ANN, BOB, MAKER, forge, left_out, more, sold_in_shares, taken_over, true

GAP = {"gap_quanta": more(9), "impact_quanta": more(-9)}
# Of what moved most is judged when it is told what for.
AT = dict.fromkeys(["lots", "cash in USDT", "a share", "gap_quanta"], "AuctionTaken")


@pytest.fixture(scope="module")
def history():
    return true(sold_in_shares())


def moved(lots, usdt):
    return {"lots": {"PERP": lots}, "cost_quanta": {"PERP": usdt * 10**6}}


@pytest.mark.parametrize(
    ("kind", "where", "change", "says"),
    [
        ("PortfolioMoved", {}, moved(2, 180), "lots must be {'PERP': 1}"),
        ("PortfolioMoved", {}, moved(9, 810), "lots of PERP must be within 8"),
        ("PortfolioMoved", {}, {"cost_quanta": {"PERP": 89_999_999}}, "cost of PERP must be 9"),
        ("PortfolioMoved", {}, {"cash_quanta": {"USDT": 2_500_001}}, "cash in USDT must be 2"),
        ("PortfolioMoved", {}, {"target": MAKER}, f"a share must be moved to {BOB}"),
        ("PortfolioMoved", {}, {"target": 103}, f"taker must be no relative of {ANN}"),
        ("AuctionTaken", {}, {"paid_quanta": more(-3)}, "paid_quanta must be 2375000"),
        ("AuctionTaken", {}, {"share_nano": 900_000_000}, "share_nano must be <= 0.52"),
        ("AuctionTaken", {}, {"notional_nano": more(1)}, "notional_nano must be 90000000000"),
        ("AuctionTaken", {}, {"penalty_quanta": 1}, "penalty_quanta must be 0"),
        ("AuctionTaken", {"auction": 2}, {"paid_quanta": more(-10)}, "what the taker is paid"),
        ("DeficitCovered", {}, GAP, "gap_quanta must be"),
    ],
)
def test_a_share_is_taken_as_documented(history, kind, where, change, says):
    forge(kind, where, change, says, history, at=AT.get(says.split(" must")[0]))


def test_what_was_paid_in_is_not_for_sale(history):
    """The second bidder pays for what is left beside the payment of the first."""
    second = [e for e, *_ in history if e["type"] == "AuctionTaken"][1]
    where, change = {"share_nano": second["share_nano"]}, {"paid_quanta": more(356_250)}
    forge("AuctionTaken", where, change, "paid_quanta must be", history)


def test_what_moves_is_told_what_for(history):
    without = left_out(history, "AuctionTaken")
    says = "what moved must be sold, or taken over"
    assert [found for found in disagreements(without) if says in found]


def test_a_takeover_takes_everything():
    history = true(taken_over())
    says = "all it has must be moved to 150"
    forge("PortfolioMoved", {}, {"cash_quanta": {}}, says, history)
