"""Tests of the trigger index of a state: what makes it look at whom, and what it may ignore."""

import time

import msgspec
import numpy as np
import pytest

from hullmark.clearing._ledger_book import SYSTEM_ROWS, LedgerBook
from hullmark.clearing._running_index import REBASE_NS, RunningIndex
from hullmark.clearing._running_tables import RunningTables
from hullmark.clearing._venue_market import VenueMarket
from hullmark.core import nano
from hullmark.domain import Mode, commands, events
from hullmark.margin import evaluate

from .bank import (
    ANN,
    BOB,
    PORT,
    SECOND_NS,
    adopt,
    deposit,
    events_of,
    opened,
    trade,
    tree,
)

WRITER = 105  # of options
MAKER_ROW, ANN_ROW, BOB_ROW, CHILD_ROW, PORT_ROW, WRITER_ROW = range(6)


class Indexed:
    """The small venue with an index beside it that hears of every event."""

    def __init__(self, bank, accounts_min=0):
        self.bank, self.state = bank, bank.state
        self.bank.do(
            deposit(ANN, "200 USDT"), trade(ANN, 8, "PERP", "100"),
            deposit(BOB, "200 USDT"), trade(BOB, 20, "ETHER", "10"),
            deposit(PORT, "500 USDT"), opened(WRITER, Mode.PORTFOLIO), deposit(WRITER, "500 USDT"),
            trade(PORT, 2, "CALL", "5", seller=WRITER),
        )  # fmt: skip
        self.tables = RunningTables(self.state)
        self.index = RunningIndex(self.state, self.tables, accounts_min=accounts_min)

    def hear(self, found):
        """Tell the index of events."""
        for event in found:
            self.tables.apply(event)
            self.index.apply(event)
        return found

    def do(self, *requests):
        """Carry out commands, of which the index hears."""
        return self.hear(self.bank.do(*requests))

    def pass_time(self, seconds, usd=None, **other):
        """Move the clock and perhaps all prices."""
        return self.hear(self.bank.pass_time(seconds, usd, **other))

    def rows(self):
        """Return the columns of the book, up to date."""
        return LedgerBook(self.state).book.rows()

    def find(self):
        """Return the rows that the index had to evaluate, after a look at all of them."""
        rows = self.rows()
        found = self.index.find(rows, SYSTEM_ROWS)
        under = evaluate(rows, VenueMarket.of(self.state).tables).in_breach
        assert sorted(found.in_breach) == np.flatnonzero(under).tolist()
        assert self.index.checked.accounts == under.size
        return found.rows.tolist()


@pytest.fixture
def venue(bank):
    """Return the venue after the first question."""
    indexed = Indexed(bank)
    indexed.find()
    assert indexed.index.checked[:4] == (6, 6, 0, 0)
    assert indexed.find() == []
    assert indexed.index.checked[:4] == (6, 0, 0, 0)
    return indexed


def test_few_accounts_are_all_evaluated_until_there_are_enough(bank):
    indexed = Indexed(bank, accounts_min=7)
    assert indexed.index.find(indexed.rows(), SYSTEM_ROWS) is None
    assert indexed.index.checked[:4] == (6, 6, 0, 0)
    assert indexed.index.nearest(3) == []
    assert indexed.index.at_risk_after({"BTC"}, -0.1) is None
    assert not indexed.index.sweeping
    indexed.do(opened(106))
    assert indexed.index.find(indexed.rows(), SYSTEM_ROWS) is not None
    assert indexed.index.checked[:4] == (7, 7, 0, 0)
    assert indexed.index.nearest(3) != []


def test_a_price_within_all_bands_looks_at_nobody_and_one_beyond_at_whom_it_concerns(venue):
    venue.pass_time(1, usd="99.9")
    assert ANN_ROW not in venue.find()
    venue.do(venue.bank.prints({"PERP": "86"}))  # Ann has 88 left and needs 34
    assert venue.find() == []
    venue.do(venue.bank.prints({"PERP": "78"}))  # Ann has 24 left and needs 31
    assert ANN_ROW in venue.find()
    assert venue.index.checked.crossed >= 1
    assert venue.index.checked.at_ns == venue.bank.now_ns
    assert BOB_ROW not in venue.find()


def test_what_an_account_does_makes_it_looked_at_once(venue):
    venue.do(deposit(BOB, "1 USDT"))
    assert venue.find() == [BOB_ROW]
    assert venue.find() == []
    venue.do(deposit(ANN, "1 USDT"), opened(106), deposit(106, "9 USDT"))
    assert venue.find() == [ANN_ROW, 6]


def test_funding_looks_again_at_those_who_hold_the_contract(venue):
    venue.do(commands.AccrueFunding(instrument="PERP", rate_nano=10**7))
    assert venue.find() == [MAKER_ROW, ANN_ROW]
    assert venue.find() == []
    venue.do(commands.AccrueFunding(instrument="ETHER", rate_nano=10**7))
    venue.do(commands.AccrueFunding(instrument="PERP", rate_nano=-(10**7)))
    assert venue.find() == [MAKER_ROW, ANN_ROW, BOB_ROW]


@pytest.mark.parametrize(
    "command",
    [commands.AdoptSurface(vol_nano={"CALL": nano("0.9")}), commands.AdvanceTime()],
    ids=["surface", "time"],
)
def test_volatility_and_time_look_again_at_those_who_hold_an_option(venue, command):
    venue.bank.now_ns += SECOND_NS
    assert events_of(venue.do(command), events.SurfaceAdopted | events.TimeAdvanced)
    assert venue.find() == [PORT_ROW, WRITER_ROW]
    assert venue.find() == []


def test_rules_make_everyone_looked_at_anew(venue):
    rules = tree()
    rules["margin"]["tiered"]["PERP"]["tiers"][0]["maintenance"] = "0.06"
    assert events_of(venue.do(adopt(rules)), events.RulesAdopted)
    assert venue.index.nearest(1) == []
    venue.find()
    assert venue.index.checked[:4] == (6, 6, 0, 0)
    assert venue.find() == []


@pytest.mark.parametrize("factor", ["USDT", "GOLD", "CALL", "NOWHERE"])
def test_a_price_of_what_has_none_of_its_own_is_ignored(venue, factor):
    (heard,) = events_of(venue.bank.do(venue.bank.prints({"PERP": "99"})), events.PricesAccepted)
    (price,) = heard.prices
    other = msgspec.structs.replace(price, factor=factor)
    venue.index.apply(msgspec.structs.replace(heard, prices=(other,)))
    rows = venue.rows()
    assert venue.index.find(rows, SYSTEM_ROWS).rows.size == 0
    assert venue.index.checked[:4] == (6, 0, 0, 0)


def test_who_may_be_under_after_a_move_is_told_only_where_the_index_is_not_behind(venue):
    index = venue.index
    for move in (-0.01, -0.2, -0.5, 0.3):
        at_risk = index.at_risk_after({"BTC"}, move)
        tables = VenueMarket.of(venue.state).moved_tables(frozenset({"BTC"}), 1.0 + move)
        under = np.flatnonzero(evaluate(venue.rows(), tables).in_breach).tolist()
        assert set(under) <= set(at_risk.tolist())
        assert BOB_ROW not in at_risk
    assert ANN_ROW in index.at_risk_after({"BTC"}, -0.5)
    assert index.at_risk_after({"BTC"}, -0.01).tolist() == []
    assert index.at_risk_after({"ETH"}, -0.9).tolist() != []
    assert index.at_risk_after({"BTC", "GOLD"}, -0.1) is None  # gold is pegged
    for step in (
        deposit(BOB, "1 USDT"),
        venue.bank.prints({"PERP": "99.9"}),
        commands.AccrueFunding(instrument="PERP", rate_nano=1000),
    ):
        venue.do(step)
        assert index.at_risk_after({"BTC"}, -0.01) is None
        venue.find()
        assert index.at_risk_after({"BTC"}, -0.01) is not None


def test_the_nearest_come_with_their_reach_and_in_its_order(venue):
    found = venue.index.nearest(9)
    rows, reach = zip(*found, strict=True)
    assert list(reach) == sorted(reach)
    assert {ANN_ROW, BOB_ROW} <= set(rows)
    assert CHILD_ROW not in rows  # holds nothing
    assert venue.index.nearest(1) == found[:1]


def test_new_bands_for_all_are_taken_on_a_timer_while_questions_go_on(venue):
    assert not venue.index.sweeping
    venue.pass_time(REBASE_NS / SECOND_NS - 1, usd="100")
    venue.find()
    assert not venue.index.sweeping
    venue.pass_time(1, usd="99")
    venue.find()
    assert venue.index.sweeping
    venue.do(deposit(BOB, "1 USDT"), venue.bank.prints({"PERP": "98"}))
    deadline = time.monotonic() + 60
    while venue.index.sweeping and time.monotonic() < deadline:
        venue.find()
    assert not venue.index.sweeping
    assert venue.find() == []
    venue.do(venue.bank.prints({"PERP": "78"}))
    assert ANN_ROW in venue.find()


def test_what_changes_more_than_prices_gives_up_a_sweep_on_its_way(venue):
    venue.pass_time(REBASE_NS / SECOND_NS, usd="100")
    venue.find()
    assert venue.index.sweeping
    venue.do(commands.AccrueFunding(instrument="PERP", rate_nano=10**7))
    venue.find()
    assert not venue.index.sweeping
