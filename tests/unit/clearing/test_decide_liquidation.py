"""Liquidations worked by hand: who is taken in hand, what a fill may do, and how long one waits.

Ann has 100 USDT and eight bitcoin perpetuals bought at 100. At 90 she has 20 left and needs
8 x 90 x 5 % = 36, so she is taken in hand; her orders may slip to 88.2.
"""

import itertools

import pytest

from hullmark.core import nano
from hullmark.domain import Mode, Parked, Reason, commands, events

from .bank import (
    ANN,
    BOB,
    EIGHT,
    EXPIRY_NS,
    MAKER,
    PORT,
    Bank,
    deposit,
    fill,
    kinds,
    only,
    opened,
    rest,
    taken_in_hand,
    trade,
    withdraw,
)

OTHER = 105  # a second portfolio account
USDT = 10**6


def test_a_healthy_account_is_untouched(bank):
    bank.do(*EIGHT, deposit(BOB, "100 USDT"), trade(BOB, 2, "PERP", "100"))
    assert bank.do(commands.CureBreach(account=BOB)) == []
    assert bank.do(commands.SweepAccounts()) == []
    before = bank.held(BOB), bank.cash(BOB)
    found = bank.pass_time(1, usd="90")
    assert {e.account for e in found if hasattr(e, "account")} == {ANN}
    bank.do(fill(1, -8, "88.2"))
    assert (bank.held(BOB), bank.cash(BOB)) == before


def test_health_of_zero_is_no_breach(bank):
    """At p she has 100 - 8 x (100 - p) and needs 8 x p x 5 %: both are alike at p = 92.105263..."""
    bank.do(*EIGHT)
    assert kinds(bank.pass_time(1, usd="92.5")) == []
    bank.do(bank.said("92.105263158"))
    assert bank.orders() == []
    bank.do(bank.said("92.105263157"))
    assert bank.only_order().account == ANN


def test_the_worst_ratio_is_cured_first_and_equal_ones_by_number(bank):
    bank.do(deposit(BOB, "100 USDT"), trade(BOB, 9, "PERP", "100"), *EIGHT)
    bank.do(opened(110), deposit(110, "100 USDT"), trade(110, 8, "PERP", "100"))
    found = bank.pass_time(1, usd="90")
    assert only(found, events.BreachesFound).accounts == (BOB, ANN, 110)
    assert [order.account for order in bank.orders()] == [BOB, ANN, 110]


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (fill(1, -9, "90"), "larger than what is left"),
        (fill(1, 1, "90"), "on the wrong side"),
        (fill(1, -1, "88.199999999"), "beyond the limit"),
        (fill(1, -1, "90", counterparty=ANN), "against its own account"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fill_that_its_order_does_not_allow_is_refused(request_, rule):
    bank = taken_in_hand()
    assert bank.refused(request_) is Reason.LIMIT_BROKEN
    assert bank.only_order().order == 1
    bank.do(fill(1, -8, "88.2"))


def test_a_part_leaves_the_rest_of_the_order_at_work():
    bank = taken_in_hand()
    bank.do(fill(1, -3, "89", final=False))
    assert bank.state.unfilled == {1: -5}
    assert bank.refused(fill(1, -6, "89")) is Reason.LIMIT_BROKEN
    bank.do(fill(1, 0, "89", final=False))
    bank.do(fill(1, -5, "89"))
    assert bank.held(ANN) == (0, 0)


def test_a_fill_on_its_deadline_is_in_time_and_a_nanosecond_later_it_is_late():
    bank = taken_in_hand()
    bank.now_ns += 30 * 10**9
    bank.do(fill(1, -1, "90", final=False))
    bank.now_ns += 1
    assert bank.refused(fill(1, -1, "90")) is Reason.LIMIT_BROKEN


def test_a_late_order_ends_and_its_successor_is_priced_anew():
    bank = taken_in_hand()
    found = bank.pass_time(31, usd="89")
    assert kinds(found) == ["OrderExpired", "LiquidationOrdered"]
    assert only(found, events.OrderExpired).order == 1
    order = bank.only_order()
    assert (order.order, order.limit_nano) == (2, nano("87.22"))
    assert bank.refused(fill(1, -8, "90")) is Reason.ORDER_UNKNOWN


def test_a_counterparty_must_be_able_to_carry_what_it_gets(bank):
    """A portfolio account that sold calls is under at 130; a tiered account has no tiers there."""
    bank.do(opened(OTHER, Mode.PORTFOLIO), deposit(OTHER, "1000 USDT"), deposit(PORT, "200 USDT"))
    bank.do(trade(OTHER, 10, "CALL", "1", seller=PORT))
    bank.pass_time(1, usd="130")
    order = bank.only_order()
    assert (order.account, order.instrument, order.lots) == (PORT, "CALL", 10)
    price = str(order.limit_nano / 10**9)
    assert bank.refused(fill(1, 10, price)) is Reason.INSTRUMENT_UNMARGINED
    bank.do(fill(1, 10, price, counterparty=OTHER))
    bank.pass_time(1, usd="130")
    bank.check()


def test_an_order_in_an_expired_future_is_not_filled_and_ends_with_it(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 8, "FUTURE", "100"))
    bank.now_ns = EXPIRY_NS - 10**9
    bank.do(bank.said("90"))
    bank.now_ns = EXPIRY_NS
    assert bank.refused(fill(1, -8, "90")) is Reason.INSTRUMENT_EXPIRED
    found = bank.do(commands.SettleExpiry(instrument="FUTURE", price_nano=nano("95")))
    assert kinds(found)[:2] == ["OrderExpired", "ExpirySettled"]
    assert only(found, events.LiquidationEnded).cured
    assert bank.cash(ANN) == "60"


def rounds_are_used_up():
    bank = taken_in_hand()
    bank.do(fill(1, 0, "85"))
    bank.do(fill(2, 0, "85"))
    return bank


def throttle_has_no_room():
    return taken_in_hand(throttle={"burst_usd": "89", "refill_usd_per_s": "1"})


def ether_is_silent():
    bank = Bank().found()
    bank.do(*EIGHT, trade(ANN, 1, "ETHER", "10"))
    bank.pass_time(61, usd="90", ETHER=None)
    return bank


def closing_costs_more_than_it_frees():
    """Let no more than one lot go, which at its limit loses 9 + 0.9 and frees 4.5."""
    throttle = {"burst_usd": "100", "refill_usd_per_s": "1"}
    return taken_in_hand(slippage="0.1", throttle=throttle)


def bitcoin_is_halted():
    bank = taken_in_hand()
    bank.do(commands.HaltInstrument(instrument="PERP"))
    return bank


PARKED = {
    Parked.ROUNDS_EXHAUSTED: rounds_are_used_up,
    Parked.THROTTLED: throttle_has_no_room,
    Parked.PRICE_DOUBTFUL: ether_is_silent,
    Parked.HALTED: bitcoin_is_halted,
    Parked.NOTHING_HELPS: closing_costs_more_than_it_frees,
}


def test_every_reason_to_wait_has_a_way_to_it():
    assert set(PARKED) == set(Parked)


@pytest.mark.parametrize("reason", Parked)
def test_a_liquidation_waits_for_its_reason_and_is_taken_up_again(reason):
    bank = PARKED[reason]()
    assert bank.orders() == []
    pause = bank.state.parked[ANN]
    assert (pause.reason, pause.until_ns) == (reason, bank.now_ns + 60 * 10**9)
    assert bank.refused(withdraw(ANN, "0.000001 USDT")) in {
        Reason.UNDER_LIQUIDATION,
        Reason.PRICE_DOUBTFUL,
    }
    assert kinds(bank.pass_time(59, usd="90")) == []
    assert bank.state.parked[ANN] == pause
    again = bank.pass_time(1, usd="90")
    assert set(kinds(again)) <= {"LiquidationOrdered", "LiquidationParked"}
    assert len(kinds(again)) >= 1
    bank.check()


def test_an_account_that_recovers_while_it_waits_is_let_go():
    bank = rounds_are_used_up()
    found = bank.pass_time(1, usd="100")
    assert only(found, events.LiquidationEnded).cured
    assert (bank.state.parked, bank.state.episodes) == ({}, {})
    bank.do(withdraw(ANN, "20 USDT"))


def test_whoever_is_in_hand_may_reduce_where_no_order_is_at_work_and_deposit():
    bank = taken_in_hand()
    sale = trade(MAKER, 1, "PERP", "90", seller=ANN)
    assert bank.refused(sale) is Reason.UNDER_LIQUIDATION
    bank.do(fill(1, 0, "85"), fill(2, 0, "85"))
    assert bank.refused(trade(ANN, 1, "PERP", "90")) is Reason.UNDER_LIQUIDATION
    assert bank.refused(rest(1, ANN, -1, "PERP", "95")) is Reason.UNDER_LIQUIDATION
    bank.do(sale, deposit(ANN, "50 USDT"))
    assert only(bank.pass_time(1, usd="90"), events.LiquidationEnded).cured


def test_a_cure_that_finds_an_order_at_work_waits_for_its_answer():
    bank = taken_in_hand()
    assert bank.do(commands.CureBreach(account=ANN)) == []
    assert kinds(bank.do(commands.SweepAccounts())) == []
    assert bank.only_order().order == 1


def test_the_rounds_of_an_endless_liquidation_are_finite_between_pauses():
    bank = taken_in_hand()
    ordered = 0
    for order in itertools.count(1):
        if not bank.orders():
            break
        bank.do(fill(order, 0, "80"))
        ordered += 1
    assert ordered == 2
