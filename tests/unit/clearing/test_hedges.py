"""Hedges: what may be opened, and what the venue makes of an engine that asks for more.

A portfolio account has sold ten calls; an engine of these tests closes none of them and buys
perpetuals instead, as many as it is told.
"""

from collections import deque
from dataclasses import dataclass

import pytest

from hullmark.clearing import decide, evolve, react, stamp
from hullmark.clearing._hedges import hedges_allowed, hedges_of
from hullmark.domain import Mode, commands, events
from hullmark.liquidation import Plan

from .bank import ANN, EIGHT, PORT, QUANTA_MAX, Bank, deposit, events_of, opened, trade, tree

OTHER = 105
PERP, ETHER, CALL = 2, 3, 6


@dataclass
class Hedger:
    """Closes some lots of all that is held, and opens hedges, for whoever it is asked about."""

    hedges: tuple[tuple[int, int], ...]
    closes: int = 0

    def propose(self, breaches, /):
        """Return what was said, for each."""
        return [
            Plan(
                account=breach.account,
                lots=tuple(
                    min(abs(held), self.closes) * (-1 if held > 0 else 1)
                    for held in breach.lots.tolist()
                ),
                reason="as a test wants it",
                hedges=self.hedges,
            )
            for breach in breaches
        ]


def short_of_calls(**liquidation):
    """Return a bank where the portfolio account comes under as bitcoin rises, at 110."""
    bank = Bank(tree(**{"hedges": ["PERP"]} | liquidation)).found()
    bank.do(opened(OTHER, Mode.PORTFOLIO), deposit(OTHER, "1000 USDT"), deposit(PORT, "200 USDT"))
    bank.do(trade(OTHER, 10, "CALL", "1", seller=PORT))
    return bank


def ordered(bank, engine, *requests):
    """Return the orders that an engine of the test leads to, the commands run to rest."""
    state, found, waiting = bank.state, [], deque(requests)
    stamp(state, bank.now_ns)
    while waiting:
        for event in decide(state, bank.venue.views, engine, waiting.popleft()):
            evolve(state, event)
            bank.venue.views.apply(event)
            waiting.extend(react(state, event))
            found.append(event)
    return [(o.instrument, o.lots) for o in events_of(found, events.LiquidationOrdered)]


def risen(bank, engine):
    bank.now_ns += 10**9
    return ordered(bank, engine, bank.said("120"))


def test_a_hedge_that_lowers_the_worst_loss_is_opened():
    assert risen(short_of_calls(), Hedger(((PERP, 6),))) == [("PERP", 6)]


def test_a_hedge_comes_after_what_is_closed():
    orders = risen(short_of_calls(), Hedger(((PERP, 3),), closes=2))
    assert orders == [("CALL", 2), ("PERP", 3)]


@pytest.mark.parametrize("lots", [-6, 60])
def test_a_hedge_that_raises_the_worst_loss_is_left_out(lots):
    assert risen(short_of_calls(), Hedger(((PERP, lots),), closes=2)) == [("CALL", 2)]


def test_nothing_is_opened_that_the_venue_file_does_not_name():
    engine = Hedger(((PERP, 6),), closes=2)
    assert risen(short_of_calls(hedges=["ETHER"]), engine) == [("CALL", 2)]
    assert risen(short_of_calls(hedges=[]), engine) == [("CALL", 2)]


def test_nothing_is_opened_that_is_halted_or_without_a_price():
    bank = short_of_calls(hedges=["PERP", "ETHER"])
    assert hedges_of(bank.state, bank.venue.views).instrument.tolist() == [PERP, ETHER]
    bank.do(commands.HaltInstrument(instrument="PERP"))
    assert hedges_of(bank.state, bank.venue.views).instrument.tolist() == [ETHER]
    empty = Bank(tree(hedges=["PERP"]))
    assert hedges_of(empty.state, empty.venue.views) is None


def test_a_throttle_is_the_most_that_is_opened():
    """At 120 a perpetual is 120: three of them in 400."""
    throttle = {"burst_usd": "400", "refill_usd_per_s": "1"}
    bank = short_of_calls(throttle=throttle)
    assert hedges_of(bank.state, bank.venue.views).lots_max.tolist() == [4]
    assert risen(bank, Hedger(((PERP, 6),))) == [("PERP", 3)]


def test_who_cannot_carry_an_instrument_is_given_none_of_it():
    bank = Bank(tree(hedges=["CALL", "ETHER"])).found()
    bank.do(*EIGHT)
    plan = Plan(account=ANN, lots=(0,), reason="", hedges=((ETHER, 3), (CALL, 1)))
    assert hedges_allowed(bank.state, bank.venue.views, ANN, plan) == [(ETHER, 3)]


def test_what_is_being_closed_is_not_opened_as_well():
    bank = Bank(tree(hedges=["PERP", "ETHER"])).found()
    bank.do(*EIGHT)
    plan = Plan(account=ANN, lots=(-1,), reason="", hedges=((PERP, 3), (ETHER, 3)))
    assert hedges_allowed(bank.state, bank.venue.views, ANN, plan) == [(ETHER, 3)]


def test_a_price_in_doubt_opens_nothing():
    bank = Bank(tree(hedges=["ETHER"])).found()
    bank.do(*EIGHT)
    bank.pass_time(61, usd="100", ETHER=None)
    plan = Plan(account=ANN, lots=(0,), reason="", hedges=((ETHER, 3),))
    assert hedges_allowed(bank.state, bank.venue.views, ANN, plan) == []


def test_no_more_is_sold_than_a_throttle_lets_through():
    """At 100 there are four of them in 400."""
    throttle = {"burst_usd": "400", "refill_usd_per_s": "1"}
    bank = Bank(tree(hedges=["PERP", "ETHER"], throttle=throttle)).found()
    bank.do(*EIGHT)
    plan = Plan(account=ANN, lots=(0,), reason="", hedges=((PERP, -9), (ETHER, 41)))
    found = hedges_allowed(bank.state, bank.venue.views, ANN, plan)
    assert found == [(PERP, -4), (ETHER, 40)]  # Ann has eight perpetuals, none of which is closed


def test_a_lot_that_is_worth_less_than_a_billionth_may_be_opened():
    rules = tree(hedges=["ETHER"])
    (ether,) = (each for each in rules["instruments"] if each["symbol"] == "ETHER")
    ether["lot"] = "0.000000001"
    bank = Bank(rules)
    bank.do(bank.said(ETHER="0.5"))
    assert hedges_of(bank.state, bank.venue.views).lots_max.tolist() == [QUANTA_MAX]


def test_what_stands_after_a_hedge_that_is_not_allowed_is_opened():
    bank = Bank(tree(hedges=["CALL", "ETHER", "PERP"])).found()
    bank.do(deposit(ANN, "100 USDT"))
    state, views = bank.state, bank.venue.views
    plan = Plan(account=ANN, lots=(), reason="", hedges=((CALL, 1), (ETHER, 0), (PERP, 2)))
    assert hedges_allowed(state, views, ANN, plan) == [(PERP, 2)]
    bank.pass_time(61, usd="100", ETHER=None)
    plan = Plan(account=ANN, lots=(), reason="", hedges=((ETHER, 3), (PERP, 2)))
    assert hedges_allowed(state, views, ANN, plan) == [(PERP, 2)]


def test_hedges_are_told_by_their_numbers_in_whatever_order_a_file_names_them():
    bank = Bank(tree(hedges=["ETHER", "PERP"])).found()
    assert hedges_of(bank.state, bank.venue.views).instrument.tolist() == [PERP, ETHER]
