"""How much one order may close, worked by hand.

Ann has 100 USDT and eight perpetuals bought at 100. At 90 she has 20 and needs 36; a lot is 90 USD,
and at a slippage and a penalty of nothing five lots must go to reach 0.8.
"""

import pytest

from hullmark.clearing._cases import case_of
from hullmark.clearing._order_sizes import most_lots
from hullmark.domain import Parked, events

from .bank import (
    ANN,
    BOB,
    EIGHT,
    MAKER,
    Bank,
    deposit,
    fill,
    kinds,
    only,
    opened,
    parked,
    trade,
    tree,
)

CHEAP = {"slippage": "0", "penalty": "0", "rounds_max": 9}


def sized(usd="90", *, requests=(), **sizes):
    bank = Bank(tree(**CHEAP, sizes=sizes)).found()
    bank.do(*EIGHT, *requests)
    bank.pass_time(1, usd=usd)
    return bank


def ordered(bank):
    return [(order.account, order.lots) for order in bank.orders()]


def test_without_sizes_an_order_is_what_the_engine_wants():
    bank = Bank(tree(**CHEAP)).found()
    bank.do(*EIGHT)
    bank.pass_time(1, usd="90")
    assert ordered(bank) == [(ANN, -5)]


@pytest.mark.parametrize(
    ("sizes", "lots"),
    [
        ({"share": "0.25"}, -2),
        ({"share": "0.25", "notional_min_usd": "270"}, -3),
        ({"share": "0.25", "whole_below_usd": "720"}, -5),
        ({"share": "0.25", "whole_below_usd": "719"}, -2),
        ({"share": "0.01"}, -1),
        # 36 / 0.8 - 20 = 25 are short of the target.
        ({"share": "0.25", "shortage_below_usd": "25.000001"}, -5),
        ({"share": "0.25", "shortage_below_usd": "25"}, -2),
        ({"account_max_usd": "271", "block_s": "60"}, -3),
        ({"market_max_usd": "271", "block_s": "60"}, -3),
    ],
)
def test_an_order_is_no_larger_than_its_size(sizes, lots):
    assert ordered(sized(**sizes)) == [(ANN, lots)]


def test_a_share_grows_from_the_beginning_of_the_liquidation():
    """A quarter and, after 20 seconds of 80, another."""
    bank = sized(share="0.25", ramp_s="80")
    bank.pass_time(20)
    bank.do(fill(1, 0, "90"))
    assert ordered(bank) == [(ANN, -4)]


def test_after_a_part_nothing_is_ordered_in_the_cool_down_and_then_the_whole():
    bank = sized(share="0.25", cooldown_s="30")
    found = bank.do(fill(1, 0, "90"))
    assert only(found, events.LiquidationParked).reason is Parked.THROTTLED
    bank.pass_time(60, usd="90")
    assert ordered(bank) == [(ANN, -5)]


def test_for_a_while_after_a_part_the_whole_may_go_and_then_a_part_again():
    bank = sized(share="0.25", whole_s="30")
    bank.do(fill(1, 0, "90"))
    assert ordered(bank) == [(ANN, -5)]
    bank.pass_time(30)
    bank.do(fill(2, 0, "90"))
    assert ordered(bank) == [(ANN, -2)]


def test_a_market_is_shared_by_all_in_a_block_and_free_again_in_the_next():
    """Ann is worse, and first. One lot is let through where nothing has been used."""
    also = (deposit(BOB, "101 USDT"), trade(BOB, 8, "PERP", "100"))
    bank = sized(requests=also, market_max_usd="360", block_s="60")
    assert ordered(bank) == [(ANN, -4)]
    assert bank.state.parked[BOB].reason is Parked.THROTTLED
    assert bank.state.ordered["PERP"].nano == 360 * 10**9
    bank.pass_time(61, usd="90")
    assert (BOB, -4) in ordered(bank) or (ANN, -4) in ordered(bank)
    assert len(bank.orders()) == 1


def test_an_account_is_capped_over_all_its_orders_in_a_block():
    bank = sized(account_max_usd="271", block_s="3600")
    found = bank.do(fill(1, -3, "90"))
    assert kinds(found)[1:] == ["LiquidationParked"]
    assert parked(bank)[0] is Parked.THROTTLED
    assert bank.state.courses[ANN].ordered.nano == 270 * 10**9


def test_what_is_known_of_orders_ends_with_the_liquidation():
    bank = sized(share="0.9")
    bank.do(fill(1, -5, "90"))
    assert bank.state.courses == {}


def test_what_others_have_ordered_counts_only_where_it_is_asked_for():
    """Ann has ordered all of a market's 360 in this block: of it nothing is left for Bob."""
    also = (deposit(BOB, "101 USDT"), trade(BOB, 8, "PERP", "100"))
    bank = sized(requests=also, market_max_usd="360", block_s="60")
    state, views = bank.state, bank.venue.views
    case = case_of(state, views, BOB)
    terms = state, views, case, views.unwinds(case.held)
    assert most_lots(*terms, beside_others=False) == [4]
    assert most_lots(*terms, beside_others=True) == [0]


def test_a_lot_that_is_worth_less_than_a_billionth_counts_as_one():
    rules = tree(sizes={"account_max_usd": "0.000000003", "block_s": "60"})
    (ether,) = (each for each in rules["instruments"] if each["symbol"] == "ETHER")
    ether["lot"] = "0.000000001"
    bank = Bank(rules)
    bank.do(bank.said(ETHER="0.5"), *(opened(account) for account in (ANN, MAKER)))
    bank.do(*(deposit(account, "1 USDT") for account in (ANN, MAKER)))
    bank.do(trade(ANN, 5, "ETHER", "0.5"))
    state, views = bank.state, bank.venue.views
    case = case_of(state, views, ANN)
    unwinds = views.unwinds(case.held)
    assert most_lots(state, views, case, unwinds, beside_others=True) == [3]
