"""What one instrument is worth at the accepted prices, and the limits at which it is closed."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.clearing._unwinds import limit_nano, net_worth
from hullmark.core import INT64_MAX, NANO, nano
from hullmark.ledger import Position

from .bank import ANN, EIGHT, Bank, adopt, deposit, trade, tree

VENUE = Bank().found().venue
NUMBER = {symbol: n for n, symbol in enumerate(("SPOT", "LOAN", "PERP", "ETHER", "INVERSE"))}


def test_what_is_worth_nothing_can_be_bought_back_at_the_lowest_price_there_is(bank):
    assert [limit_nano(bank.venue.state, 0, lots) for lots in (5, -5)] == [1, 1]
    assert limit_nano(bank.venue.state, INT64_MAX, 5) == INT64_MAX  # no price is higher


def test_an_unwind_of_a_linear_contract_is_its_mark_less_and_plus_the_slippage(bank):
    """At 90 a sale may slip by 2 % to 88.2, a purchase to 91.8."""
    bank.do(bank.said("90"))
    unwind = bank.venue._views.unwind(NUMBER["PERP"])
    assert (unwind.symbol, unwind.mark_nano) == ("PERP", nano("90"))
    assert (unwind.limit_nano(-1), unwind.limit_nano(1)) == (nano("88.2"), nano("91.8"))
    assert (unwind.sell_value, unwind.buy_value) == pytest.approx((88.2, 91.8), rel=1e-12)
    assert unwind.notional_nano(-3) == unwind.notional_nano(3) == nano("270")


def test_an_unwind_of_an_inverse_contract_is_in_coins(bank):
    """A dollar is worth 1/100 of a coin; sold at 98 it has cost 1/98, so it fetches less."""
    unwind = bank.venue._views.unwind(NUMBER["INVERSE"])
    assert unwind.sell_value == pytest.approx(-1 / 98, rel=1e-9)
    assert unwind.buy_value == pytest.approx(-1 / 102, rel=1e-9)


def test_an_unwind_is_forgotten_when_prices_or_rules_move(bank):
    unwind = bank.venue._views.unwind
    assert unwind(NUMBER["PERP"]) is unwind(NUMBER["PERP"])
    bank.do(*EIGHT, deposit(ANN, "1 USDT"))
    assert unwind(NUMBER["PERP"]).mark_nano == nano("100")
    bank.do(bank.said("95"))
    assert unwind(NUMBER["PERP"]).mark_nano == nano("95")
    bank.do(adopt(tree(slippage="0.5")))
    assert unwind(NUMBER["PERP"]).sell_nano == nano("47.5")


@given(st.lists(st.integers(-(10**9), 10**9), min_size=4, max_size=4), st.integers(0, 1))
def test_net_worth_is_every_part_rounded_down(numbers, asset):
    """USDT is worth 1, USDC 1: what is in the one counts as much in the other."""
    lots, unwind, usdt, usdc = numbers
    cash = [usdt, usdc, 0, 0]
    held = [(NUMBER["PERP"], Position(lots, unwind, 0))]
    unwinds = [VENUE._views.unwind(NUMBER["PERP"])]
    found = net_worth(VENUE.state, unwinds, held, list(cash), asset)
    worth = Fraction(lots * unwinds[0].mark_nano * 10**6, NANO)
    assert found == worth.__floor__() + unwind + usdt + usdc


def test_net_worth_takes_off_the_funding_that_is_due(bank):
    bank.do(*EIGHT, trade(ANN, 1, "PERP", "100"))
    views, state = bank.venue._views, bank.state
    held = [(NUMBER["PERP"], Position(9, 0, -3 * 10**6))]
    unwinds = [views.unwind(NUMBER["PERP"])]
    assert net_worth(state, unwinds, held, [0, 0, 0, 0], 0) == 9 * 100 * 10**6 - 27
