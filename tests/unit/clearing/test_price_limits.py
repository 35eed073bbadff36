"""Price limits that slide to bankruptcy, and what a fill brings beyond it, worked by hand.

Ann has 100 USDT and eight perpetuals bought at 100: she is bankrupt at 87.50. At 90 she has 20 and
needs 36, so that 16 / 36 of her margin is gone: the limit is 90 - 2.50 x 4 / 9 = 88.8888...
"""

import pytest

from hullmark.clearing._cases import case_of
from hullmark.clearing._price_limits import bankruptcy_surplus, limited_unwinds
from hullmark.core import nano
from hullmark.domain import events

from .bank import (
    ANN,
    BOB,
    EIGHT,
    FUND,
    MAKER,
    Bank,
    deposit,
    fill,
    taken_in_hand,
    trade,
    tree,
)

SLIDING = {"limit": "sliding"}


def limit_of(bank, account=ANN):
    views = bank.venue.views
    (unwind,) = limited_unwinds(bank.state, views, case_of(bank.state, views, account))
    return unwind


def test_a_limit_of_a_sale_slides_towards_the_bankruptcy_price_and_is_rounded_to_the_mark():
    assert taken_in_hand(**SLIDING).only_order().limit_nano == nano("88.888888889")


def test_a_limit_of_a_purchase_slides_up():
    """Sold at 100, at 110 she has 20 and needs 44: 110 + 2.50 x 24 / 44."""
    bank = Bank(tree(**SLIDING)).found()
    bank.do(deposit(ANN, "100 USDT"), trade(MAKER, 8, "PERP", "100", seller=ANN))
    bank.pass_time(1, usd="110")
    assert bank.only_order().limit_nano == nano("111.363636363")


def test_a_slippage_that_is_declared_is_a_share_of_the_mark_as_ever():
    bank = taken_in_hand()
    unwind = limit_of(bank)
    assert unwind == bank.venue.views.unwind(bank.state.ledger.instrument_index["PERP"])


def test_who_is_bankrupt_at_the_mark_is_closed_there():
    assert taken_in_hand(usd="87", **SLIDING).only_order().limit_nano == nano("87")


def test_who_is_not_in_breach_would_be_closed_at_the_mark():
    bank = Bank(tree(**SLIDING)).found()
    bank.do(*EIGHT)
    assert limit_of(bank).sell_nano == nano("100")


def test_net_value_is_shared_by_notional():
    """Of 800 bitcoin is 720 and ether 80: of 20 they may lose 18 and 2, and a half of that now."""
    bank = Bank(tree(**SLIDING)).found()
    bank.do(*EIGHT, trade(ANN, 8, "ETHER", "10"))
    bank.pass_time(1, usd="90")
    views = bank.venue.views
    unwinds = limited_unwinds(bank.state, views, case_of(bank.state, views, ANN))
    assert [u.sell_nano for u in unwinds] == [nano("88.875"), nano("9.875")]


@pytest.mark.parametrize(
    ("side", "cash", "usd"),
    [("long", "0.16 BTC", "90"), ("short", "0.13 BTC", "110")],
)
def test_an_inverse_contract_slides_too(side, cash, usd):
    """A hundred dollars at 100 are one coin: nothing is left where 100 / p is 1.16, or 0.87."""
    bank = Bank(tree(**SLIDING)).found()
    sides = {"long": (BOB, MAKER), "short": (MAKER, BOB)}[side]
    bank.do(deposit(BOB, cash), trade(sides[0], 100, "INVERSE", "100", seller=sides[1]))
    bank.pass_time(1, usd=usd)
    health = bank.venue.views.health(BOB)
    gone = 1 - health.equity_maintenance / health.maintenance
    zero = 100 / {"long": 1.16, "short": 0.87}[side]
    assert 0 < gone < 1
    expected = float(usd) + (zero - float(usd)) * gone
    assert bank.only_order().limit_nano / 10**9 == pytest.approx(expected, rel=1e-9)


def test_what_a_fill_brings_beyond_bankruptcy_goes_to_the_fund_up_to_the_penalty():
    """At 88.95 a lot is 1.45 above her bankruptcy price; the penalty of 1 % is 0.8895."""
    bank = taken_in_hand(**SLIDING)
    lots = bank.only_order().lots
    bank.do(fill(1, lots, "88.95"))
    assert bank.cash(FUND) == str(-lots * 0.8895).rstrip("0")
    bank.check()


def test_the_bankruptcy_price_is_that_of_the_account_and_not_of_the_mark():
    """The mark has fallen to 87 meanwhile: bankrupt at 87.50 all the same, 1.40 under the fill."""
    bank = taken_in_hand(**SLIDING)
    lots = bank.only_order().lots
    bank.do(bank.said("87"))
    bank.do(fill(1, lots, "88.9"))
    assert bank.cash(FUND) == str(round(-lots * 0.889, 6)).rstrip("0")


def test_a_fill_at_the_bankruptcy_price_leaves_nothing_for_the_fund():
    bank = taken_in_hand(usd="87.5", **SLIDING)
    order = bank.only_order()
    assert order.limit_nano == nano("87.5")
    bank.do(fill(1, -8, "87.5"))
    assert bank.cash(FUND) == "0"
    assert bank.cash(ANN) == "0"
    bank.check()


def test_between_the_two_it_is_what_is_over_the_bankruptcy_price():
    """At 87.60 it is 0.10 a lot, less than 0.876."""
    bank = taken_in_hand(usd="87.6", **SLIDING)
    bank.do(fill(1, -8, "87.6"))
    assert bank.cash(FUND) == "0.8"
    assert bank.cash(ANN) == "0"
    bank.check()


def test_of_a_part_of_a_position_its_part_of_net_value_is_rounded_down():
    """Net value is 20.000001, and three eighths of it 7.500000 and a bit.

    Three lots are sold at 88.95 that are worth 90: 7.5 less 3.15 are over.
    """
    bank = Bank(tree(**SLIDING)).found()
    bank.do(deposit(ANN, "100.000001 USDT"), trade(ANN, 8, "PERP", "100"))
    bank.pass_time(1, usd="90")
    terms = {"limit_nano": 1, "deadline_ns": bank.now_ns, "notional_nano": 0}
    order = events.LiquidationOrdered(order=1, account=ANN, instrument="PERP", lots=-3, **terms)
    surplus = bankruptcy_surplus(bank.state, bank.venue.views, order, -3, -266_850_000)
    assert surplus == 4_350_000
    assert bankruptcy_surplus(bank.state, bank.venue.views, order, 3, 266_850_000) == 0


def test_what_a_fill_brings_under_the_bankruptcy_price_is_nothing():
    """Of net value 7.5 stand for three lots: at 87 they bring 9 less than the mark."""
    bank = Bank(tree(**SLIDING)).found()
    bank.do(*EIGHT)
    bank.pass_time(1, usd="90")
    terms = {"limit_nano": 1, "deadline_ns": bank.now_ns, "notional_nano": 0}
    order = events.LiquidationOrdered(order=1, account=ANN, instrument="PERP", lots=-3, **terms)
    assert bankruptcy_surplus(bank.state, bank.venue.views, order, -3, -261 * 10**6) == 0
    assert bankruptcy_surplus(bank.state, bank.venue.views, order, -3, -263 * 10**6) == 500_000


def test_an_inverse_short_that_is_worth_more_than_it_owes_has_no_bankruptcy_price():
    """Ten dollars are a tenth of a coin and Bob has five: no price makes him owe that."""
    bank = Bank(tree(**SLIDING)).found()
    bank.do(deposit(BOB, "5 BTC"), trade(MAKER, 10, "INVERSE", "100", seller=BOB))
    assert limit_of(bank, BOB).buy_nano == nano("100")  # in no breach: at the mark
