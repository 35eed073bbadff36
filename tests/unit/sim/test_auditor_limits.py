"""Tests of the auditor on price limits: by the slippage, and on the way to bankruptcy."""

import pytest

from ..clearing.bank import ANN, BOB, Bank, deposit, taken_in_hand, trade, tree
from .told_stages import forge, more, true


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize("symbol", ["PERP", "INVERSE"])
def test_limits_slide_alike_on_both_sides(side, symbol):
    """Of both kinds of contract, with another position beside it."""
    bank = Bank(tree(limit="sliding")).found()
    lots, cash = (8, "100 USDT") if symbol == "PERP" else (800, "1.2 BTC")
    bank.do(deposit(BOB, cash))
    buyer, seller = (BOB, 100) if side == "long" else (100, BOB)
    bank.do(trade(buyer, lots, symbol, "100", seller=seller))
    bank.pass_time(1, usd="93" if side == "long" else "107")
    bank.pass_time(1, usd="89.3" if side == "long" else "112.1")
    history = true(bank)
    assert bank.orders()
    wrong = more(10**8) if side == "long" else more(-(10**8))
    forge("LiquidationOrdered", {}, {"limit_nano": wrong}, "limit_nano must be", history)


def test_a_limit_is_a_share_of_the_mark_where_it_does_not_slide():
    history = true(taken_in_hand())
    forge(
        "LiquidationOrdered", {}, {"limit_nano": more(1)}, "limit_nano must be 88200000000", history
    )


def test_a_limit_beyond_bankruptcy_is_found():
    history = true(taken_in_hand(limit="sliding"))
    forge("LiquidationOrdered", {"account": ANN}, {"limit_nano": 1}, "limit_nano must be", history)
