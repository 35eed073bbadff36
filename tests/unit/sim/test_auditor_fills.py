"""Tests of the auditor on fills: what was lost between trigger and fill, and what the fund gets."""

import pytest

from ..clearing.bank import fill, taken_in_hand
from .told_stages import forge, lost, more, softened, true


@pytest.fixture(scope="module")
def history():
    return true(lost("fund"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"participation_quanta": more(9)}, "participation_quanta must be"),
        ({"latency_quanta": more(9), "oracle_quanta": more(-9)}, "latency_quanta must be"),
        ({"oracle_quanta": more(9)}, "waiting to impact must be"),
        ({"impact_quanta": more(9)}, "waiting to impact must be"),
        ({"surplus_quanta": 1}, "surplus_quanta must be 0, was 1"),
    ],
)
def test_what_was_lost_on_the_way_is_told_step_by_step(history, change, says):
    forge("LiquidationFilled", {}, change, says, history)


def test_the_mark_that_an_order_left_at_is_told(history):
    forge(
        "LiquidationOrdered", {}, {"mark_nano": more(5)}, "mark_nano must be 85000000000", history
    )


def test_a_soft_order_pays_no_penalty():
    history = true(softened())
    forge("LiquidationFilled", {}, {"penalty_quanta": 1}, "penalty_quanta must be 0", history)


@pytest.fixture(scope="module")
def sliding():
    bank = taken_in_hand(limit="sliding", slippage="0.02")
    order = bank.only_order()
    bank.do(fill(order.order, order.lots, "89.5"))
    return true(bank)


def test_where_limits_slide_the_fund_gets_what_is_over_bankruptcy(sliding):
    filled = next(e for e, *_ in sliding if e["type"] == "LiquidationFilled")
    assert filled["surplus_quanta"] > 0
    forge(
        "LiquidationFilled", {}, {"surplus_quanta": more(90_000)}, "surplus_quanta must be", sliding
    )
    forge("LiquidationFilled", {}, {"penalty_quanta": 1}, "penalty_quanta must be 0", sliding)
