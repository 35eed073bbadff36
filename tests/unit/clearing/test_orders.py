"""What is ordered: whole lots, limits towards the mark, within throttles, collateral first."""

import pytest

from hullmark.core import nano
from hullmark.domain import Parked, events

from .bank import (
    ANN,
    FUND,
    MAKER,
    Bank,
    deposit,
    events_of,
    fill,
    kinds,
    only,
    parked,
    rest,
    taken_in_hand,
    trade,
    tree,
)

USDT = 10**6


def test_the_order_is_the_smallest_whole_number_of_lots_that_reaches_the_target(bank):
    """Of 500 lots at 83: (500 - n) x 4.15 <= 0.8 x (1500 - n x (1.66 + 0.83)), so n >= 405.5."""
    bank.do(deposit(ANN, "10000 USDT"), trade(ANN, 500, "PERP", "100"))
    found = bank.pass_time(1, usd="83")
    assert kinds(found) == ["LiquidationStarted", "LiquidationOrdered"]
    order = only(found, events.LiquidationOrdered)
    assert (order.lots, order.limit_nano) == (-406, nano("81.34"))
    assert order.deadline_ns == bank.now_ns + 30 * 10**9
    assert order.notional_nano == nano(406 * 83)
    done = bank.do(fill(1, -406, "81.34"))
    assert kinds(done) == ["LiquidationFilled", "LiquidationEnded"]
    assert only(done, events.LiquidationEnded).cured
    health = bank.venue.health(ANN)
    assert health.maintenance <= 0.8 * health.equity_maintenance


def test_every_position_is_closed_by_the_same_share(bank):
    bank.do(deposit(ANN, "20000 USDT"), trade(ANN, 500, "PERP", "100"))
    bank.do(trade(MAKER, 3000, "ETHER", "10", seller=ANN))
    bank.pass_time(1, usd="83", ETHER="13.5")
    lots = {order.instrument: order.lots for order in bank.orders()}
    held = {"PERP": bank.held(ANN)[0], "ETHER": bank.held(ANN, "ETHER")[0]}
    assert -lots["PERP"] / held["PERP"] == pytest.approx(-lots["ETHER"] / held["ETHER"], abs=2e-3)
    assert lots["ETHER"] > 0 > lots["PERP"]


@pytest.mark.parametrize(("usd", "limit"), [("83.000000001", "81.340000001"), ("83", "81.34")])
def test_a_price_limit_is_rounded_towards_the_mark(usd, limit):
    order = taken_in_hand(usd=usd).only_order()
    assert order.limit_nano == nano(limit)


def test_a_buying_limit_is_rounded_down(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(MAKER, 8, "PERP", "100", seller=ANN))
    bank.pass_time(1, usd="110.000000001")
    assert bank.only_order().limit_nano == nano("112.200000001")


def test_resting_orders_are_released_before_anything_is_closed(bank):
    bank.do(deposit(ANN, "200 USDT"), trade(ANN, 8, "PERP", "100"))
    bank.do(rest(5, ANN, 2, "PERP", "80"), rest(4, ANN, -3, "ETHER", "12"))
    found = bank.pass_time(1, usd="78")
    assert kinds(found) == ["OrderReleased"] * 2 + ["LiquidationStarted", "LiquidationOrdered"]
    assert [e.order for e in events_of(found, events.OrderReleased)] == [4, 5]
    assert bank.state.resting == {}


def test_a_throttle_cuts_an_order_to_whole_lots_and_then_lets_it_wait():
    """Room for 200 USD is two lots at 90; it comes back at 1.5 USD a second."""
    bank = taken_in_hand(throttle={"burst_usd": "200", "refill_usd_per_s": "1.5"})
    assert bank.only_order().lots == -2
    bank.do(fill(1, -2, "90"))
    assert parked(bank) == (Parked.THROTTLED, 61)
    bank.pass_time(59, usd="90")
    assert bank.orders() == []
    bank.pass_time(1, usd="90")  # 20 left and 90 come back: one lot
    assert bank.only_order().lots == -1
    assert ANN not in bank.state.parked


def test_a_throttle_is_never_overdrawn_and_never_overfull():
    bank = taken_in_hand(throttle={"burst_usd": "200", "refill_usd_per_s": "1.5"})
    assert bank.state.throttle_nano("PERP") == nano("20")
    bank.now_ns += 40 * 10**9
    bank.do(deposit(ANN, "1000 USDT"))
    assert bank.state.throttle_nano("PERP") == nano("80")
    bank.pass_time(1_000)
    assert bank.state.throttle_nano("PERP") == nano("200")
    assert bank.state.throttle_nano("ETHER") == nano("200")


def test_an_order_of_more_usd_than_a_column_holds_is_still_an_order(bank):
    """800 million lots at 90 are 72 billion USD: in nanos more than 64 bits."""
    bank.do(deposit(MAKER, "100000000000 USDT"), deposit(ANN, "10000000000 USDT"))
    bank.do(trade(ANN, 800_000_000, "PERP", "100"))
    bank.pass_time(1, usd="90")
    assert bank.only_order().lots < -200_000_000
    bank.check()


def in_debt(perp, **liquidation):
    """Return a venue where Ann has 2 BTC, owes 50 USDT, and holds five lots that have fallen."""
    bank = Bank(tree(**liquidation)).found()
    bank.do(deposit(ANN, "2 BTC"), trade(ANN, 10, "PERP", "100"))
    bank.do(trade(MAKER, 5, "PERP", "90", seller=ANN))
    assert bank.cash(ANN) == "-50"
    bank.pass_time(1, usd="100", PERP=perp)
    return bank


def test_collateral_is_sold_against_a_debt_before_a_position_is_closed():
    """One bitcoin fetches 98 at its limit, which is more than the 50 owed."""
    bank = in_debt(perp="75")
    order = bank.only_order()
    assert (order.instrument, order.lots, order.limit_nano) == ("SPOT", -1, nano("98"))
    done = bank.do(fill(1, -1, "99"))
    assert only(done, events.LiquidationFilled).penalty_quanta == 0
    assert (bank.cash(ANN), bank.cash(ANN, "BTC")) == ("49", "1")
    assert bank.only_order().instrument == "PERP"  # 90 + 49 - 125 < 18.75, and nothing is owed


def test_a_sale_that_cures_leaves_the_position_alone():
    bank = in_debt(perp="76")  # 180 - 50 - 120 < 19, but 90 + 49 - 120 is just enough
    done = bank.do(fill(1, -1, "99"))
    assert kinds(done) == ["LiquidationFilled", "LiquidationEnded"]
    assert bank.held(ANN)[0] == 5


def test_a_sale_of_collateral_keeps_to_the_throttle():
    bank = in_debt(perp="75", throttle={"burst_usd": "99", "refill_usd_per_s": "1"})
    assert bank.orders() == []
    assert parked(bank) == (Parked.THROTTLED, 61)


def test_collateral_is_not_sold_at_a_price_in_doubt(bank):
    bank.do(deposit(ANN, "2 BTC"), trade(ANN, 10, "PERP", "100"))
    bank.do(trade(MAKER, 5, "PERP", "90", seller=ANN))
    bank.pass_time(61, usd="100", PERP="75", SPOT=None)
    assert bank.orders() == []
    assert parked(bank) == (Parked.PRICE_DOUBTFUL, 121)
    bank.pass_time(60, usd="100", PERP="75")
    assert bank.only_order().instrument == "SPOT"


def with_gold(ounces, usd):
    """Return a venue where Ann's position was closed, and she has gold and owes USDT."""
    bank = Bank().found()
    bank.do(deposit(ANN, f"{ounces} GOLD"), deposit(ANN, "50 USDT"))
    bank.do(trade(ANN, 8, "PERP", "100"))
    bank.pass_time(1, usd=usd)
    return bank, bank.do(fill(1, -8, usd))


def test_collateral_without_a_market_goes_to_the_fund_that_pays():
    """50 - 8 x 25 = -150 against gold worth 100: the debt is covered whole, the gold seized."""
    bank, done = with_gold(2, usd="75")
    assert kinds(done)[1:] == ["CollateralSeized", "DeficitCovered", "LiquidationEnded"]
    assert bank.cash(FUND, "GOLD") == "2"
    covered = only(done, events.DeficitCovered)
    assert (covered.fund_quanta, covered.bad_debt_quanta) == (0, 150 * USDT)
    # All of it was missing when the price fell; what the gold is worth pays none of it.
    causes = covered.gap_quanta, covered.latency_quanta, covered.impact_quanta
    assert causes == (150 * USDT, 0, 0)
    assert [bank.cash(ANN, asset) for asset in ("USDT", "GOLD")] == ["0", "0"]
    bank.check()


def test_collateral_worth_more_than_the_debt_is_not_for_the_taking():
    """50 - 8 x 20 = -110 against gold worth 150, of which half counts."""
    bank, done = with_gold(3, usd="80")
    assert kinds(done) == ["LiquidationFilled", "LiquidationParked"]
    assert parked(bank) == (Parked.NOTHING_HELPS, 61)
    assert (bank.cash(ANN), bank.cash(ANN, "GOLD")) == ("-116.4", "3")  # 1 % of 640 as penalty
    bank.do(deposit(ANN, "50 USDT"))
    assert only(bank.pass_time(60, usd="80"), events.LiquidationEnded).cured
