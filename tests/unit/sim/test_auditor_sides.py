"""Tests of equity at the sides of prices: the worked example of the documentation, and others."""

import json
from fractions import Fraction

import pytest

from hullmark.core import nano
from hullmark.sim._auditor_ledger import AuditorLedger
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_policies import UNCERTAIN, VALID
from hullmark.sim._auditor_prices import Weighed
from hullmark.sim._auditor_sides import cash_at
from hullmark.sim._auditor_terms import read_terms

from ..clearing.bank import ANN, MAKER, PORT, TREE

SECOND = 10**9


@pytest.fixture
def market():
    """Return the market of the small venue, of which one price at a time can be in doubt."""
    found = AuditorMarket(AuditorLedger())
    found.adopt(read_terms(json.dumps(TREE)))
    found.now_ns = 2
    found.prices = {f: Weighed(nano("100"), VALID, 1) for f in TREE["prices"]}
    found.modes = {ANN: "cross", MAKER: "cross", PORT: "portfolio"}
    return found


def widen(market, factor, low, high, **more):
    """Give a price sides."""
    sides = {"low_nano": nano(low), "high_nano": nano(high)} | more
    market.prices[factor] = market.prices[factor]._replace(**sides)
    market.repriced()


def equities(market, account):
    """Return initial and maintenance equity, in USD."""
    found = market.standing(account)
    return [round(found.usd(n), 6) for n in (found.initial_equity, found.maintenance_equity)]


def test_a_valid_price_is_strict_to_open_and_itself_to_keep(market):
    perpetual = market.rules.instruments["PERP"]
    market.ledger.move(MAKER, ANN, "USDT", 100 * 10**6)
    market.ledger.exchange(perpetual, ANN, MAKER, 8, 800 * 10**6, 0)
    assert equities(market, ANN) == [100, 100]
    widen(market, "PERP", "95", "110")
    assert equities(market, ANN) == [60, 100]
    assert equities(market, MAKER) == [-100 - 80, -100]  # short of eight, and in debt


def test_in_doubt_a_breach_is_called_at_the_account_safe_side(market):
    perpetual = market.rules.instruments["PERP"]
    market.ledger.exchange(perpetual, ANN, MAKER, 8, 800 * 10**6, 0)
    widen(market, "PERP", "95", "110", grade=UNCERTAIN, doubted_ns=2)
    assert equities(market, ANN) == [-40, 80]
    assert equities(market, MAKER) == [-80, 40]
    assert market.safe_nano("PERP", -1) == nano("110")
    assert market.safe_nano("PERP", 1) == nano("95")


def test_an_asset_counts_at_the_side_that_says_whether_it_is_owed(market):
    market.ledger.move(MAKER, ANN, "BTC", 10**8)
    widen(market, "BTC", "80", "130", grade=UNCERTAIN, doubted_ns=2)
    kept = market.rules.assets["BTC"]
    bought = [80 * (1 - kept.haircut_initial), 130 * (1 - kept.haircut_maintenance)]
    assert equities(market, ANN) == [round(float(usd), 6) for usd in bought]
    assert equities(market, MAKER) == [-130, -80]
    cash = market.ledger.cash[ANN]
    assert cash_at(cash, market.rules, market.lenient) == 130
    assert cash_at(market.ledger.cash[MAKER], market.rules, market.lenient) == -80


def test_an_inverse_contract_rises_with_its_mark(market):
    perpetual = market.rules.instruments["INVERSE"]
    market.ledger.exchange(perpetual, ANN, MAKER, 100, -(10**8), 0)  # long of 100 dollars
    widen(market, "INVERSE", "80", "125")
    assert equities(market, ANN)[0] == -25  # owes a quarter of a coin
    assert equities(market, MAKER)[0] == -20


def test_an_option_is_worth_least_and_most_at_the_ends_of_its_index(market):
    market.vol_nano["CALL"] = nano("0.5")
    market.valuation_ns = 1
    low, high = (market.mark("CALL", lambda _, price, usd=usd: nano(usd)) for usd in ("90", "120"))
    market.ledger.exchange(market.rules.instruments["CALL"], PORT, MAKER, 1, 0, 0)
    widen(market, "BTC", "90", "120", grade=UNCERTAIN, doubted_ns=2)
    lot = market.rules.instruments["CALL"].lot
    found = market.standing(PORT)
    assert found.usd(found.initial_equity) == pytest.approx(float(low * lot))
    assert found.usd(found.maintenance_equity) == pytest.approx(float(high * lot))


def test_gains_that_cannot_leave_are_counted_at_the_strict_side_and_the_dearest(market):
    inverse = market.rules.instruments["INVERSE"]
    market.ledger.exchange(inverse, ANN, MAKER, 100, -2 * 10**8, 0)  # bought at 50
    assert market.gains(ANN) == pytest.approx(100)
    widen(market, "INVERSE", "80", "125")
    widen(market, "BTC", "90", "120")
    assert market.gains(ANN) == pytest.approx(float((2 - Fraction(100, 80)) * 120))
    assert market.gains(MAKER) == 0


def test_a_standing_follows_a_doubt_that_begins_and_a_grace_that_ends_with_time(market):
    grace = json.dumps(TREE | {"actions": {"grace_s": "5"}})
    market.adopt(read_terms(grace))
    perpetual = market.rules.instruments["PERP"]
    market.ledger.exchange(perpetual, ANN, MAKER, 8, 800 * 10**6, 0)
    widen(market, "PERP", "95", "110")
    old_ns = 1 + market.rules.prices["PERP"].staleness_ns
    found = []
    for now_ns in (old_ns, old_ns + 1, old_ns + 5 * SECOND, old_ns + 5 * SECOND + 1):
        market.now_ns = now_ns
        found.append(equities(market, ANN)[1])
    assert found == [0, 80, 80, 0]
