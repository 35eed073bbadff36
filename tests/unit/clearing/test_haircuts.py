"""What a haircut turns into cash, so that no gain pays twice; in numbers worked by hand."""

from hullmark.clearing import evolve
from hullmark.clearing._haircuts import haircut
from hullmark.domain import commands, events

from .bank import ANN, BOB, MAKER, deposit, events_of, fill, only, opened, trade
from .test_decide_deleveraging import CAT, DAN, venue

USDT = 10**6
EVE = 112


def gain_of(bank, account):
    """Return what an account's positions have gained, in quanta."""
    views = bank.venue.views
    cash = bank.state.ledger.cash(account, 0)
    return views.net_quanta(account, 0) - cash


def test_a_gain_that_a_closure_made_cash_pays_first_and_nothing_is_realised():
    """Bob is short 4 from 100: all of it is closed at 80, and of its 80 he pays 30."""
    found = venue().pass_time(1, usd="80")
    taken = {e.payer: e for e in events_of(found, events.HaircutTaken)}
    assert (taken[BOB].quanta, taken[BOB].realised_quanta) == (30 * USDT, {})


def test_what_is_left_of_a_gain_is_realised_for_what_it_pays():
    """Bob gains 80 in bitcoin, 20 of which are cash after one lot is closed, and pays 30 of 60.

    Cat and Dan are out, so that Ann has 4 lots less to close; Bob is short 4 of somebody else's.
    """
    bank = venue(at_once=False)
    bank.do(opened(EVE), deposit(EVE, "1000 USDT"))
    bank.do(trade(EVE, 4, "PERP", "100", seller=BOB))
    found = bank.pass_time(1, usd="80")
    order = only(found, events.LiquidationOrdered)
    assert order.account == ANN
    before = gain_of(bank, BOB), bank.state.ledger.cash(BOB, 0)
    assert before[0] == 160 * USDT
    found = bank.do(fill(order.order, order.lots, "80"))
    taken = {e.payer: e for e in events_of(found, events.HaircutTaken)}
    assert sum(e.quanta for e in taken.values()) == 60 * USDT
    paid = taken[BOB]
    assert paid.realised_quanta == {"PERP": paid.quanta}
    assert gain_of(bank, BOB) == before[0] - paid.quanta
    assert bank.state.ledger.cash(BOB, 0) == before[1]
    assert bank.held(BOB)[0] == -8
    bank.check()


def test_two_bankruptcies_cut_a_gain_once():
    """Bob gains 80 in all; Ann lacks 60 of it, and then Eve may have the 20 that are left."""
    bank = venue(at_once=False)
    bank.do(opened(EVE), deposit(EVE, "100 USDT"), deposit(DAN, "1000 USDT"))
    bank.do(*(trade(a, 2, "PERP", "100") for a in (CAT, DAN)))  # out, at what they came in for
    bank.do(trade(EVE, 8, "PERP", "100"))
    found = bank.pass_time(1, usd="80")
    for order in bank.orders():
        found += bank.do(fill(order.order, order.lots, "80"))
    taken = [e for e in events_of(found, events.HaircutTaken) if e.payer == BOB]
    assert {e.account for e in taken} == {ANN, EVE}
    assert sum(e.quanta for e in taken) <= 80 * USDT
    assert gain_of(bank, BOB) == 80 * USDT - sum(e.quanta for e in taken)
    assert bank.venue.views.net_quanta(BOB, 0) >= 1000 * USDT
    bank.check()


def test_funding_that_is_paid_out_is_no_gain_that_is_left_to_realise():
    """Bob is owed 5 a lot: 20 of his 100 are cash once funding is settled, and 80 are realised."""
    bank = venue(at_once=False)
    bank.do(commands.AccrueFunding(instrument="PERP", rate_nano=50_000_000))
    views = bank.venue.views
    event = haircut(bank.state, views, ANN, BOB, 0, 15 * USDT)
    assert event.realised_quanta == {}
    bank.pass_time(1, usd="80")
    event = haircut(bank.state, views, ANN, BOB, 0, 30 * USDT)
    assert event.realised_quanta == {"PERP": 10 * USDT}
    before = gain_of(bank, BOB)
    evolve(bank.state, event)
    assert gain_of(bank, BOB) == before - 30 * USDT


def test_what_is_realised_of_an_asset_is_of_contracts_that_settle_in_it():
    bank = venue(at_once=False)
    bank.do(trade(MAKER, 9, "INVERSE", "100", seller=BOB))
    bank.pass_time(1, usd="80")
    event = haircut(bank.state, bank.venue.views, ANN, BOB, 0, 30 * USDT)
    assert event.realised_quanta == {"PERP": 30 * USDT}


def test_gains_are_realised_in_the_order_of_instruments_and_no_further_than_each_goes():
    """Bob gains 80 in bitcoin and 20 in ether: of 90 the second pays 10, of 30 it pays nothing."""
    bank = venue(at_once=False)
    bank.do(trade(MAKER, 20, "ETHER", "10", seller=BOB))
    bank.pass_time(1, usd="80", ETHER="9")
    views = bank.venue.views
    both = haircut(bank.state, views, ANN, BOB, 0, 90 * USDT)
    assert both.realised_quanta == {"PERP": 80 * USDT, "ETHER": 10 * USDT}
    one = haircut(bank.state, views, ANN, BOB, 0, 30 * USDT)
    assert one.realised_quanta == {"PERP": 30 * USDT}
    assert haircut(bank.state, views, ANN, BOB, 0, 1).realised_quanta == {"PERP": 1}
