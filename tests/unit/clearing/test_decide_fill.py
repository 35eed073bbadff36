"""What a fill cost, step by step: five parts that add up to it, and the penalty."""

from msgspec.structs import replace

from hullmark.clearing._decide_fill import report_fill
from hullmark.domain import events

from .bank import events_of, fill, only, taken_in_hand

USDT = 10**6


def decided(bank, price, *, arrival, lots=None):
    """Return what a fill of the order at work comes to."""
    order = bank.only_order()
    command = fill(order.order, order.lots if lots is None else lots, price, arrival=arrival)
    (filled,) = report_fill(bank.state, bank.venue.views, command)
    assert isinstance(filled, events.LiquidationFilled)
    return filled


def changed(bank, **terms):
    """Change what the order at work says."""
    order = bank.only_order()
    bank.state.working[order.order] = replace(order, **terms)
    return bank


def parts(filled):
    return (
        filled.participation_quanta,
        filled.latency_quanta,
        filled.oracle_quanta,
        filled.impact_quanta,
    )


def test_what_is_lost_until_the_fill_is_told_by_the_step_at_which_it_was():
    """Sent at 90, at 89 by the venue when it arrives, at 88.5 by the market, filled at 88.2."""
    bank = taken_in_hand("90")
    bank.pass_time(1, usd="89")
    filled = decided(bank, "88.2", arrival="88.5")
    lots = -filled.lots
    assert parts(filled) == (0, lots * USDT, lots * 500_000, lots * 300_000)
    assert sum(parts(filled)) == lots * 1_800_000  # of 90, all that 88.2 is short of


def test_what_is_lost_before_an_order_is_sent_was_lost_waiting():
    """The first order comes back unfilled; the second is sent at 89."""
    bank = taken_in_hand("90")
    bank.pass_time(1, usd="89")
    bank.do(fill(bank.only_order().order, 0, "89"))
    filled = decided(bank, "88", arrival="88.5")
    lots = -filled.lots
    assert parts(filled) == (lots * USDT, 0, lots * 500_000, lots * 500_000)


def test_a_better_price_counts_below_zero():
    filled = decided(taken_in_hand("90"), "91", arrival="90.5")
    lots = -filled.lots
    assert parts(filled) == (0, 0, -lots * 500_000, -lots * 500_000)


def test_of_an_order_without_a_mark_all_until_its_arrival_is_latency():
    """As orders of before release 0.2.0 are."""
    bank = changed(taken_in_hand("90"), mark_nano=0)
    bank.pass_time(1, usd="89")
    filled = decided(bank, "88.2", arrival="88.5")
    lots = -filled.lots
    assert parts(filled) == (0, lots * 1_500_000, 0, lots * 300_000)


def test_an_answer_without_lots_cost_nothing():
    filled = decided(taken_in_hand("90"), "89", arrival="85", lots=0)
    assert (parts(filled), filled.cost_quanta, filled.penalty_quanta) == ((0, 0, 0, 0), 0, 0)


def test_the_penalty_is_a_hundredth_of_what_was_sold():
    filled = decided(taken_in_hand("90"), "90", arrival="90", lots=-1)
    assert (filled.cost_quanta, filled.penalty_quanta) == (90 * USDT, 900_000)


def test_a_penalty_takes_no_more_than_the_account_is_worth():
    """At 87.6 it is worth 0.8, and a hundredth of the eight sold would be 7.008."""
    filled = decided(taken_in_hand("87.6"), "87.6", arrival="87.6", lots=-8)
    assert filled.penalty_quanta == 800_000
    bankrupt = taken_in_hand("87")
    assert decided(bankrupt, "87", arrival="87").penalty_quanta == 0


def test_an_order_before_the_breach_pays_no_penalty():
    bank = changed(taken_in_hand("90"), soft=True)
    assert decided(bank, "90", arrival="90").penalty_quanta == 0


def test_what_was_told_of_parts_is_what_the_whole_lost():
    bank = taken_in_hand("90")
    lots = bank.only_order().lots
    found = bank.do(
        fill(1, -1, "88.5", arrival="89", final=False), fill(1, lots + 1, "88.2", arrival="88.6")
    )
    lost = sum(sum(parts(each)) for each in events_of(found, events.LiquidationFilled))
    assert lost == 1_500_000 + (-lots - 1) * 1_800_000
    first = only([found[0]], events.LiquidationFilled)
    assert parts(first) == (0, 0, USDT, 500_000)
