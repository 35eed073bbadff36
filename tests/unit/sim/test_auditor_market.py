"""Tests of the auditor's margins: haircuts, caps, tiers, and what moves in a scenario."""

import json
from fractions import Fraction

import pytest

from hullmark.core import nano
from hullmark.sim._auditor_ledger import AuditorLedger
from hullmark.sim._auditor_market import AuditorMarket, counted, tiered
from hullmark.sim._auditor_prices import VALID, Weighed
from hullmark.sim._auditor_terms import read_terms

from ..clearing.bank import ANN, MAKER, PORT, TREE

# In parts of a hundred: 10 % and 5 %, beyond 100 USD all and a half.
TIERS = ((0, 10, 5), (100, 100, 50))


@pytest.fixture
def market():
    """Return the market of the small venue, bitcoin at 100, and three accounts without anything."""
    found = AuditorMarket(AuditorLedger())
    found.adopt(read_terms(json.dumps(TREE)))
    found.prices = {f: Weighed(nano("100"), VALID, 1) for f in TREE["prices"]}
    found.modes = {ANN: "cross", MAKER: "cross", PORT: "portfolio"}
    return found


def exact(standing, number):
    """Return a number of a standing in USD, to the last fraction."""
    return Fraction(number, standing.unit)


def test_a_debt_counts_in_full_and_a_credit_after_haircut_and_cap():
    assert counted(-10, 90, 100, None) == -1_000
    assert counted(10, 90, 100, None) == 900
    assert counted(10, 90, 100, 500) == 500


def test_each_dollar_pays_the_rate_of_its_tier():
    assert tiered(100, TIERS) == (1_000, 500)
    assert tiered(101, TIERS) == (1_100, 550)
    assert tiered(0, TIERS) == (0, 0)


def test_a_perpetual_is_margined_exactly(market):
    market.ledger.move(MAKER, ANN, "USDT", 100 * 10**6)
    market.ledger.exchange(market.rules.instruments["PERP"], ANN, MAKER, 8, 799 * 10**6, 0)
    market.ledger.index_micro["PERP"] = 1  # a millionth of a quantum is due on each lot
    found = market.standing(ANN)
    assert exact(found, found.maintenance_equity) == 101 - Fraction(8, 10**12)
    assert exact(found, found.maintenance_margin) == 40
    assert exact(found, found.initial_margin) == 80
    assert market.net_quanta(ANN, "USDT") == (101 * 10**6 - 1, 0)
    assert market.gains(ANN) == pytest.approx(1.0)


def margin(market):
    """Return the maintenance margin of the portfolio, in USD."""
    found = market.standing(PORT)
    return found.usd(found.maintenance_margin)


def test_coins_move_in_a_scenario_and_an_inverse_contract_against_them_does_not(market):
    perpetual = market.rules.instruments["INVERSE"]
    market.ledger.move(MAKER, PORT, "BTC", 10**8)
    assert margin(market) == pytest.approx(20.0)  # a fifth of a coin
    market.ledger.exchange(perpetual, MAKER, PORT, 100, -(10**8), 0)  # sold for 100 dollars
    found = market.standing(PORT)
    assert exact(found, found.maintenance_equity) == 90  # a tenth less than a coin
    assert margin(market) == pytest.approx(0.0)


def test_funding_that_was_paid_before_a_position_was_opened_moves_nothing(market):
    perpetual = market.rules.instruments["INVERSE"]
    market.ledger.index_micro["INVERSE"] = 10**12
    market.ledger.move(MAKER, PORT, "BTC", 10**8)
    market.ledger.exchange(perpetual, MAKER, PORT, 100, -(10**8), 0)
    assert margin(market) == pytest.approx(0.0)


def test_an_account_is_at_risk_that_holds_something_or_owes(market):
    assert not market.at_risk(ANN)
    market.ledger.move(ANN, MAKER, "USDT", 1)
    assert market.at_risk(ANN)
    assert not market.at_risk(MAKER)


def test_without_a_price_nothing_is_said(market):
    del market.prices["BTC"]
    market.ledger.move(MAKER, ANN, "BTC", 1)
    assert market.standing(ANN) is None
    assert market.standing(999) is None


def test_a_standing_follows_whatever_it_rests_on(market):
    perpetual = market.rules.instruments["PERP"]
    market.ledger.move(MAKER, ANN, "USDT", 100 * 10**6)
    market.ledger.exchange(perpetual, ANN, MAKER, 8, 800 * 10**6, 0)

    def equity():
        found = market.standing(ANN)
        return exact(found, found.maintenance_equity)

    assert equity() == 100
    market.ledger.move(MAKER, ANN, "USDT", 10**6)
    assert equity() == 101
    market.prices["PERP"] = Weighed(nano("99"), VALID, 1)
    market.repriced()
    assert equity() == 93
    market.ledger.index_micro["PERP"] = 10**12
    market.changed()
    assert equity() == 85
    market.prices["INVERSE"] = Weighed(nano("7"), VALID, 1)
    before = market.standing(ANN)
    market.repriced()
    assert market.standing(ANN) is before  # nothing of it has moved


def test_standings_of_different_units_can_be_compared(market):
    market.ledger.move(MAKER, ANN, "USDT", 100 * 10**6)
    before = market.standing(ANN)
    finer = before._replace(**{n: 7 * getattr(before, n) for n in before._fields[:-1]})
    worse = finer._replace(maintenance_equity=finer.maintenance_equity - finer.slack - 7)
    assert finer.is_no_worse_than(before)
    assert before.is_no_worse_than(finer)
    assert not worse.is_no_worse_than(before)


def test_the_mark_of_an_option_may_be_off_by_what_floats_lose(market):
    assert market.blur_nano("PERP") == 0
    assert market.blur_nano("CALL") == 2  # of a forward of 100
    market.prices["BTC"] = Weighed(10**18, VALID, 1)
    assert market.blur_nano("CALL") == 1 + 10**6


def test_net_value_is_without_slack_but_for_options(market):
    market.prices["BTC"] = Weighed(nano("100"), VALID, 1)
    market.vol_nano["CALL"] = nano("0.5")
    market.ledger.exchange(market.rules.instruments["PERP"], ANN, MAKER, 1, 10**8, 0)
    assert market.net_quanta(ANN, "USDT")[1] == 0
    market.ledger.exchange(market.rules.instruments["CALL"], PORT, MAKER, 1, 10**6, 0)
    assert market.net_quanta(PORT, "USDT")[1] > 0
