"""Margin calls, the breaker, halts and delistings, worked by hand.

Ann has 100 USDT and eight perpetuals bought at 100: at 95 she has 60 and needs 38, at 92.5 she has
40 and needs 37.
"""

import pytest

from hullmark.core import nano
from hullmark.domain import Reason, commands, events

from .bank import (
    ANN,
    BOB,
    EIGHT,
    EXPIRY_NS,
    MAKER,
    SECOND_NS,
    START_NS,
    Bank,
    bust,
    deposit,
    events_of,
    fill,
    in_columns,
    kinds,
    only,
    opened,
    rest,
    trade,
    tree,
)

CALLS = ["0.8", "0.9"]
TWO = ("Ada", "Grace")
R = Reason


def called(bank, usd):
    """Return the margin calls at a price, a minute later than the last."""
    bank.do(bank.said(usd))
    found = bank.pass_time(1)
    calls = events_of(found, events.MarginCalled | events.MarginCallEnded)
    return [(e.account, getattr(e, "level_nano", None)) for e in calls]


def test_a_margin_call_is_told_once_per_level_and_ended_below_all():
    bank = Bank(tree(calls=CALLS)).found()
    bank.do(*EIGHT)
    assert called(bank, "95") == []
    assert called(bank, "93.2") == [(ANN, nano("0.8"))]
    assert called(bank, "93.1") == []
    assert called(bank, "92.5") == [(ANN, nano("0.9"))]
    assert called(bank, "93.2") == [(ANN, nano("0.8"))]
    assert called(bank, "95") == [(ANN, None)]
    assert called(bank, "95") == []


def test_a_level_that_is_just_reached_is_a_call():
    """Of 46.25 she needs 37: 0.8."""
    bank = Bank(tree(calls=CALLS)).found()
    bank.do(*EIGHT, deposit(ANN, "6.25 USDT"))
    assert called(bank, "92.5") == [(ANN, nano("0.8"))]


def test_accounts_are_called_in_the_order_of_their_numbers():
    bank = Bank(tree(calls=CALLS)).found()
    bank.do(opened(110), deposit(110, "100 USDT"), trade(110, 8, "PERP", "100"), *EIGHT)
    bank.do(deposit(BOB, "95 USDT"), trade(BOB, 8, "PERP", "100"))
    assert called(bank, "93.2") == [
        (ANN, nano("0.8")),
        (BOB, nano("0.9")),
        (110, nano("0.8")),
    ]


def test_a_liquidation_ends_the_call_and_so_does_an_empty_account():
    bank = Bank(tree(calls=CALLS)).found()
    bank.do(*EIGHT, deposit(BOB, "100 USDT"), trade(BOB, 8, "PERP", "100"))
    assert called(bank, "93.2") == [(ANN, nano("0.8")), (BOB, nano("0.8"))]
    bank.do(trade(MAKER, 8, "PERP", "93.2", seller=BOB))
    bank.do(bank.said("90"))
    assert ANN in bank.state.episodes
    assert called(bank, "90") == [(ANN, None), (BOB, None)]
    assert bank.state.calls == {}


def test_calls_end_with_the_levels_of_the_venue_file():
    bank = Bank(tree(calls=CALLS)).found()
    bank.do(*EIGHT)
    called(bank, "93.2")
    bank.do(commands.AdoptRules(rules=Bank(tree()).state.in_force.text))
    assert called(bank, "93.2") == [(ANN, None)]
    assert called(bank, "93.2") == []


def test_prices_alone_call_nobody():
    bank = Bank(tree(calls=CALLS)).found()
    bank.do(*EIGHT)
    assert kinds(bank.pass_time(1, usd="93.2")) == []


def breaker(level, until=None, who=None):
    until_ns = None if until is None else START_NS + until * SECOND_NS
    return commands.SetBreaker(level=level, until_ns=until_ns, authorisers=who)


def test_one_person_stops_auctions_and_two_let_them_go_on(bank):
    bank.do(breaker(1), breaker(3))
    for weaker in (breaker(2), breaker(0), breaker(3, until=60)):
        assert bank.refused(weaker) is R.UNAUTHORISED
    assert bank.refused(breaker(0, who=("Ada", "ada"))) is R.UNAUTHORISED
    assert bank.state.breaker.level == 3
    bank.do(breaker(2, who=TWO), breaker(0, who=TWO))
    assert bank.state.breaker is None
    assert bank.do(breaker(0)) == []


def test_a_breaker_that_is_higher_and_shorter_needs_two_people(bank):
    """When it is over less would be stopped than now."""
    bank.do(breaker(1, until=100))
    assert bank.refused(breaker(2, until=99)) is R.UNAUTHORISED
    bank.do(breaker(2, until=100), breaker(2))


def test_a_breaker_that_is_over_is_lowered_by_anybody(bank):
    bank.do(breaker(3, until=10))
    bank.pass_time(10)
    bank.do(breaker(1, until=20))
    assert bank.state.breaker.level == 1


@pytest.mark.parametrize("request_", [breaker(4), breaker(-1), breaker(1, until=0), breaker(0, 9)])
def test_a_breaker_has_a_level_and_an_end_that_is_to_come(bank, request_):
    assert bank.refused(request_) is R.AMOUNT_INVALID


def halt(symbol="PERP", **more):
    return commands.HaltInstrument(instrument=symbol, **more)


RESUMED = commands.ResumeInstrument(instrument="PERP")


def test_nothing_is_traded_in_a_halted_instrument_until_it_is_resumed(bank):
    bank.do(
        *EIGHT,
        deposit(BOB, "100 USDT"),
        rest(1, BOB, 1, "PERP", "90"),
        rest(2, BOB, 1, "ETHER", "9"),
    )
    found = bank.do(halt())
    assert kinds(found) == ["OrderReleased", "InstrumentHalted"]
    assert list(bank.state.resting) == [2]
    one = trade(BOB, 1, "PERP", "100")
    for request in (one, in_columns(one), rest(3, BOB, 1, "PERP", "90")):
        assert bank.refused(request) is R.INSTRUMENT_HALTED
    bank.do(trade(BOB, 1, "ETHER", "10"), bank.said("99"))
    assert bank.state.prices["PERP"].price_nano == nano("99")
    bank.do(RESUMED)
    bank.do(bank.said("99"), one, rest(3, BOB, 1, "PERP", "90"))
    assert bank.state.halted == {}


def test_a_halt_stops_liquidations_of_those_who_hold_it_and_its_end_takes_them_up():
    bank = Bank().found()
    bank.do(*EIGHT)
    bank.pass_time(1, usd="90")
    order = bank.only_order()
    found = bank.do(halt())
    assert kinds(found) == ["OrderExpired", "InstrumentHalted", "LiquidationParked"]
    assert bank.refused(fill(order.order, -8, "90")) is R.ORDER_UNKNOWN
    bank.pass_time(60, usd="90")
    assert bank.orders() == []
    bank.pass_time(60)
    bank.do(bank.said("90"), RESUMED)
    found = bank.pass_time(60, usd="90")
    assert only(found, events.LiquidationOrdered).instrument == "PERP"


def test_collateral_is_not_sold_in_a_halted_market(bank):
    bank.do(deposit(BOB, "10 BTC"), halt("SPOT"))
    adjusted = commands.AdjustCash(
        source=BOB, target=100, asset="USDT", quanta=10**9, authorisers=TWO, reason="late fee"
    )
    found = bank.do(adjusted)
    assert only(found, events.LiquidationParked).reason.name == "HALTED"


def test_a_bust_may_be_what_the_halt_is_for(bank):
    bank.do(deposit(BOB, "100 USDT"))
    (unit,) = bank.venue.submit(trade(BOB, 1, "ETHER", "10")).units
    bank.do(halt("ETHER"), bust(unit))
    assert bank.held(BOB, "ETHER") == (0, 0)


def test_a_halt_may_become_a_delisting_and_nothing_is_halted_twice(bank):
    bank.do(halt())
    assert bank.refused(halt()) is R.INSTRUMENT_HALTED
    bank.do(halt(delisting=True))
    assert bank.refused(halt()) is R.INSTRUMENT_HALTED
    assert bank.refused(halt(delisting=True)) is R.INSTRUMENT_HALTED
    bank.do(RESUMED)
    assert bank.refused(RESUMED) is R.INSTRUMENT_HALTED


@pytest.mark.parametrize("symbol", ["SPOT", "CALL"])
def test_what_has_no_final_value_is_not_delisted(bank, symbol):
    assert bank.refused(halt(symbol, delisting=True)) is R.INSTRUMENT_LIVE
    bank.do(halt(symbol))


def settle(symbol="PERP", price="60"):
    return commands.SettleExpiry(instrument=symbol, price_nano=nano(price))


@pytest.mark.parametrize("symbol", ["PERP", "FUTURE", "ETHER", "INVERSE"])
def test_a_delisted_contract_is_settled_once_at_a_declared_price_and_traded_no_more(bank, symbol):
    bank.do(deposit(BOB, "10000 USDT"), deposit(BOB, "1 BTC"), trade(BOB, 3, symbol, "50"))
    bank.do(halt(symbol))
    assert bank.refused(settle(symbol)) is R.INSTRUMENT_LIVE
    bank.do(halt(symbol, delisting=True), settle(symbol))
    assert (bank.held(BOB, symbol), bank.held(MAKER, symbol)) == ((0, 0), (0, 0))
    assert bank.state.halted == {}
    one = trade(BOB, 1, symbol, "60")
    for request in (one, in_columns(one), rest(3, BOB, 1, symbol, "90"), settle(symbol)):
        assert bank.refused(request) is R.INSTRUMENT_EXPIRED
    assert bank.refused(halt(symbol)) is R.INSTRUMENT_EXPIRED
    bank.check()


def test_a_final_settlement_pays_what_the_price_has_moved_and_asks_for_no_mark(bank):
    bank.do(*EIGHT, halt(delisting=True))
    bank.pass_time(3_600)
    bank.do(settle(price="95"))
    assert bank.cash(ANN) == "60"


def test_a_final_settlement_may_leave_a_deficit_that_is_shared(bank):
    bank.do(*EIGHT, halt(delisting=True))
    found = bank.do(settle(price="80"))
    covered = only(found, events.DeficitCovered)
    assert (covered.account, covered.bad_debt_quanta) == (ANN, 60 * 10**6)
    bank.check()


def test_a_future_past_its_expiry_is_not_halted(bank):
    bank.now_ns = EXPIRY_NS
    assert bank.refused(halt("FUTURE")) is R.INSTRUMENT_EXPIRED


def test_an_account_opts_in_changes_its_terms_and_opts_out(bank):
    terms = {"saviour": BOB, "asset": "USDT", "quanta_max": 5}
    (first,) = bank.do(commands.SetSoftTerms(account=ANN, opted_in=True))
    (changed,) = bank.do(commands.SetSoftTerms(account=ANN, opted_in=True, **terms))
    assert bank.do(commands.SetSoftTerms(account=ANN, opted_in=True, **terms)) == []
    assert (first.saviour, changed.saviour) == (None, BOB)
    (left,) = bank.do(commands.SetSoftTerms(account=ANN, opted_in=False))
    assert left == events.SoftTermsDropped(account=ANN)
    assert bank.do(commands.SetSoftTerms(account=ANN, opted_in=False)) == []
