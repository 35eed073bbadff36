"""The tables that follow the prices: bit for bit those that are built at the accepted prices."""

import copy

import numpy as np
import pytest

from hullmark.clearing._running_tables import RunningTables
from hullmark.clearing._venue_market import VenueMarket
from hullmark.domain import commands, events
from hullmark.margin import Sides

from .bank import ANN, SECOND_NS, Bank, adopt, deposit, trade, tree


def without_options():
    """Return the rules of the small venue without its option."""
    rules = copy.deepcopy(tree())
    rules["instruments"] = [i for i in rules["instruments"] if i["kind"] != "option"]
    return rules


class Contracts(Bank):
    """The small venue without its option."""

    def do(self, *requests):
        """Carry out commands, but for those about options."""
        return super().do(*(r for r in requests if not isinstance(r, commands.AdoptSurface)))


@pytest.fixture(params=["contracts", "options"])
def venue(request):
    """Return the small venue, without and with its option."""
    bank = Contracts(without_options()) if request.param == "contracts" else Bank()
    return bank.found()


def bits(tables):
    """Return everything in risk tables, arrays as bytes."""
    return [
        e.tobytes() if isinstance(e, np.ndarray) else bits(e) if isinstance(e, Sides) else e
        for e in tables
    ]


def assert_current(venue):
    """Insist that the tables that followed are those that are built now."""
    assert bits(venue.venue.views.tables) == bits(VenueMarket.of(venue.state).tables)


@pytest.mark.parametrize("usd", ["100", "101.5", "97", "0.000000001", "9000000000"])
def test_tables_follow_prices(venue, usd):
    assert_current(venue)
    venue.pass_time(61)
    venue.do(venue.said(usd=usd))
    assert_current(venue)
    venue.pass_time(61)
    venue.do(venue.prints({"ETHER": "12"}))
    assert_current(venue)
    venue.pass_time(61)
    venue.do(venue.prints({"BTC": "110"}))  # an asset, in which something settles
    assert_current(venue)


def test_tables_follow_funding_time_and_rules(venue):
    venue.do(deposit(ANN, "500 USDT"), trade(ANN, 5, "PERP", "100"))
    assert_current(venue)
    for step in (
        commands.AccrueFunding(instrument="PERP", rate_nano=10**6),
        venue.prints({"PERP": "101"}),
        commands.AdvanceTime(),
        commands.AccrueFunding(instrument="INVERSE", rate_nano=-(10**6)),
        venue.said(usd="99"),
    ):
        venue.do(step)
        assert_current(venue)
    rules = without_options() if isinstance(venue, Contracts) else tree()
    rules["assets"]["BTC"]["haircut_initial"] = "0.3"
    rules["margin"]["scenario"]["moves"] = ["-0.3", "0", "0.3"]
    venue.do(adopt(rules))
    assert_current(venue)
    venue.do(venue.said(usd="98"))
    assert_current(venue)


def test_a_market_that_was_handed_out_stays_where_it_was(venue):
    market = venue.venue.views.movable
    before = bits(market.tables)
    assert venue.venue.views.movable is market
    venue.now_ns += SECOND_NS
    venue.do(venue.said(usd="103"))
    assert bits(market.tables) == before
    assert venue.venue.views.movable is not market
    assert bits(venue.venue.views.movable.tables) == bits(venue.venue.views.tables) != before


def test_only_contracts_are_moved_in_place(venue):
    views = venue.venue.views
    tables = views.tables
    venue.now_ns += SECOND_NS
    venue.do(venue.said(usd="103"))
    assert (views.tables is tables) == isinstance(venue, Contracts)


def test_what_does_not_move_prices_moves_nothing(venue):
    tables = RunningTables(venue.state)
    before = tables.tables
    tables.apply(events.Deposited(account=ANN, asset="USDT", quanta=1))
    assert tables.tables is before
