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

LOW = (Fraction(0), Fraction("0.1"), Fraction("0.05"))
TIERS = (LOW, (Fraction(100), Fraction(1), Fraction("0.5")))


@pytest.fixture
def market():
    """Return the market of the small venue, bitcoin at 100, and three accounts without anything."""
    found = AuditorMarket(AuditorLedger())
    found.terms = read_terms(json.dumps(TREE))
    found.prices = {f: Weighed(nano("100"), VALID, 1) for f in TREE["prices"]}
    found.modes = {ANN: "cross", MAKER: "cross", PORT: "portfolio"}
    return found


def test_a_debt_counts_in_full_and_a_credit_after_haircut_and_cap():
    assert counted(Fraction(-10), Fraction("0.1"), None) == -10
    assert counted(Fraction(10), Fraction("0.1"), None) == 9
    assert counted(Fraction(10), Fraction("0.1"), Fraction(5)) == 5


def test_each_dollar_pays_the_rate_of_its_tier():
    assert tiered(Fraction(100), TIERS) == (10, 5)
    assert tiered(Fraction(101), TIERS) == (11, Fraction(11, 2))
    assert tiered(Fraction(0), TIERS) == (0, 0)


def test_a_perpetual_is_margined_exactly(market):
    market.ledger.move(MAKER, ANN, "USDT", 100 * 10**6)
    market.ledger.exchange(market.rules.instruments["PERP"], ANN, MAKER, 8, 799 * 10**6, 0)
    market.ledger.index_micro["PERP"] = 1  # a millionth of a quantum is due on each lot
    found = market.standing(ANN)
    assert found.net == 101 - Fraction(8, 10**12)
    assert (found.maintenance_margin, found.initial_margin) == (40, 80)
    assert market.net_quanta(ANN, "USDT") == (101 * 10**6 - 1, 0)
    assert market.gains(ANN) == pytest.approx(1.0)


def test_coins_move_in_a_scenario_and_an_inverse_contract_against_them_does_not(market):
    perpetual = market.rules.instruments["INVERSE"]
    market.ledger.move(MAKER, PORT, "BTC", 10**8)
    assert market.standing(PORT).maintenance_margin == pytest.approx(20.0)  # a fifth of a coin
    market.ledger.exchange(perpetual, MAKER, PORT, 100, -(10**8), 0)  # sold for 100 dollars
    found = market.standing(PORT)
    assert found.net == 100
    assert found.maintenance_margin == pytest.approx(0.0)


def test_funding_that_was_paid_before_a_position_was_opened_moves_nothing(market):
    perpetual = market.rules.instruments["INVERSE"]
    market.ledger.index_micro["INVERSE"] = 10**12
    market.ledger.move(MAKER, PORT, "BTC", 10**8)
    market.ledger.exchange(perpetual, MAKER, PORT, 100, -(10**8), 0)
    assert market.standing(PORT).maintenance_margin == pytest.approx(0.0)


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
