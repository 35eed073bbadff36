"""Tests of the single writer: time, durability, running to rest, and coming back from a journal."""

import json

import pytest

from hullmark.core import nano
from hullmark.domain import Mode, Reason, commands, events
from hullmark.errors import InvalidInputError, JournalError, PluginError
from hullmark.journal import Journal, open_store, read
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Keyed, Venue, open_venue, replay, verify

from .media import FullStore

SECOND_NS = 10**9
TRADERS = range(201, 207)


class Recorder:
    """An execution port that notes what was durable when an order came."""

    def __init__(self, store):
        self.store = store
        self.sent = []

    def send(self, order, /):
        """Note the order, and whether the journal had it."""
        journalled = [e for unit in read(self.store) for e in unit.events]
        self.sent.append((order.account, order in journalled))


def crowd(market):
    """Let six traders buy what a fall to 60,000 takes from them."""
    for account in TRADERS:
        market.do(
            commands.OpenAccount(account=account, mode=Mode.CROSS),
            market.deposit(account, "USDT", "5000"),
            market.trade("BTC-PERP", "1", "64000", buyer=account),
        )
    return market


def ordered(venue):
    return {(order.account, order.lots) for order in venue.state.working.values()}


def types(units):
    return [type(unit.command).__name__ for unit in units]


def test_what_is_submitted_together_is_one_batch(tree):
    store = MemoryStore()
    venue = Venue(Journal(store), clock=lambda: 1)
    rules = market_rules(tree)
    venue.submit_all([rules, *(commands.OpenAccount(account=a, mode=Mode.CROSS) for a in TRADERS)])
    assert len(list(store.batches())) == 1
    venue.submit(commands.AdvanceTime())
    assert len(list(store.batches())) == 2
    assert [unit.sequence for unit in read(store)] == list(range(1, len(TRADERS) + 4))
    assert venue.submit_all([]) == []
    assert len(list(store.batches())) == 2


def market_rules(tree):
    """Return the command that founds the example venue."""
    with open_venue(tree) as venue:
        return commands.AdoptRules(rules=venue.rules.text)


def test_a_failing_store_stops_the_venue(tree):
    store = FullStore(room=1)
    venue = Venue(Journal(store), clock=lambda: 1)
    venue.submit(market_rules(tree))
    durable = venue.state_hash()
    assert not venue.failed
    with pytest.raises(JournalError, match="disk is full"):
        venue.submit(commands.OpenAccount(account=100, mode=Mode.CROSS))
    assert venue.failed
    store.room = 5
    with pytest.raises(JournalError, match="memory is ahead of it"):
        venue.submit(commands.AdvanceTime())
    assert Venue(Journal(store), clock=lambda: 1).state_hash() == durable


def test_an_order_is_sent_once_it_is_durable_and_not_when_the_commit_fails(market, tree, names):
    store = FullStore(room=10)
    port = Recorder(store)
    market.venue = Venue(Journal(store), clock=lambda: market.now_ns, port=port)
    market.do(market_rules(tree))
    market.found().do(market.trade("BTC-PERP", "1", "64000"))
    store.room = 0
    with pytest.raises(JournalError):
        market.venue.submit(market.bitcoin("60000"))
    assert port.sent == []
    store.room = 10
    market.venue = Venue(Journal(store), clock=lambda: market.now_ns, port=port)
    market.do(market.bitcoin("60000"))
    assert port.sent == [(names.trader, True)]


def test_a_command_runs_to_rest_with_its_causes(market, names):
    market.do(market.trade("BTC-PERP", "1", "64000"))
    (answer,) = market.do(market.bitcoin("60000"))
    assert types(answer.units) == ["ObservePrices", "SweepAccounts", "CureBreach"]
    first = answer.units[0].sequence
    assert [unit.cause for unit in answer.units] == [None, first, first + 1]
    assert isinstance(answer.events[0], events.PricesAccepted)
    assert answer.refusal is None


def test_a_refusal_is_an_answer_and_stands_in_the_journal(tmp_path, example):
    path = tmp_path / "journal.db"
    with open_venue(example, journal=path) as venue:
        answer = venue.submit(commands.Withdraw(account=7, asset="USDT", quanta=1))
        assert answer.refusal.reason is Reason.ACCOUNT_UNKNOWN
        assert answer.events == (answer.refusal,)
    with open_venue(journal=path) as venue:
        assert venue.submit(commands.AdvanceTime()).units[0].sequence == 3


@pytest.mark.parametrize("quanta", [1.5, 2.0, "5", None, True])
def test_what_is_no_whole_number_is_refused_and_nothing_is_applied(market, names, quanta):
    before = market.venue.state_hash()
    good = market.deposit(names.trader, "USDT", "1")
    with pytest.raises(InvalidInputError, match="command must fit its schema"):
        market.venue.submit_all(
            [good, commands.Deposit(account=names.trader, asset="USDT", quanta=quanta)]
        )
    assert market.venue.state_hash() == before
    market.do(good)


@pytest.mark.parametrize("later_ns", [None, 5 * SECOND_NS])
def test_rules_with_an_engine_that_is_not_installed_are_not_taken_in(market, tree, later_ns):
    before = market.venue.state_hash()
    tree["liquidation"]["engine"] = "unheard-of"
    effective_ns = later_ns and market.now_ns + later_ns
    adopt = commands.AdoptRules(rules=json.dumps(tree), effective_ns=effective_ns)
    with pytest.raises(PluginError, match="no liquidation engine 'unheard-of'"):
        market.venue.submit_all([commands.AdvanceTime(), adopt])
    assert market.venue.state_hash() == before
    market.do(commands.AdvanceTime())


def test_a_clock_that_steps_back_is_held(market):
    market.now_ns += 10 * SECOND_NS
    market.do(commands.AdvanceTime())
    late_ns = market.now_ns
    market.now_ns -= 5 * SECOND_NS
    (answer,) = market.do(commands.AdvanceTime())
    assert {unit.time_ns for unit in answer.units} == {late_ns}
    market.now_ns += 6 * SECOND_NS
    (answer,) = market.do(commands.AdvanceTime())
    assert answer.units[0].time_ns == late_ns + SECOND_NS


def test_a_command_that_holds_a_mapping_is_carried_out(market):
    vols = {"BTC-25DEC26-80000-C": nano("0.7")}
    market.do(commands.AdoptSurface(vol_nano=vols))
    assert market.venue.state.vols_nano == vols


@pytest.fixture
def limited(opened, tmp_path):
    """Return a function to a market with a crowd, from where on reactions are limited."""

    def limit(reactions_max):
        market = crowd(opened(journal=tmp_path / "journal.db").found())
        market.venue.close()
        kept = Journal(open_store(tmp_path / "journal.db"))
        market.venue = Venue(kept, clock=lambda: market.now_ns, reactions_max=reactions_max)
        return market

    return limit


@pytest.mark.parametrize("limit", [2, 3, 5])
def test_reactions_beyond_the_limit_are_carried_over_by_events(opened, limited, limit):
    free = crowd(opened().found())
    free.do(free.bitcoin("60000"))
    market = limited(limit)
    (answer,) = market.do(market.bitcoin("60000"))
    assert len(answer.units) == limit + 1
    deferred = answer.units[-1].events[0]
    assert isinstance(deferred, events.ReactionsDeferred)
    assert market.venue.state.deferred == deferred.commands
    for _ in range(20):
        if not market.venue.state.deferred:
            break
        market.do(commands.AdvanceTime())
    assert market.venue.state.deferred == ()
    assert ordered(market.venue) == ordered(free.venue)
    assert {account for account, _ in ordered(market.venue)} == set(TRADERS)


def test_what_is_put_off_again_and_again_has_run_before_the_next_command(limited, tmp_path):
    market = limited(2)
    market.do(market.bitcoin("60000"))
    first, before = market.venue.state.deferred, market.venue.tip.sequence
    assert len(first) > 2
    market.do(market.deposit(TRADERS[0], "USDT", "1"))
    market.venue.close()
    units = [unit for unit in read(tmp_path / "journal.db") if unit.sequence > before]
    resumed = [type(unit.command).__name__ for unit in units]
    assert resumed.count("ResumeReactions") == len(first)
    assert [unit.command for unit in units if unit.command in first] == list(first)
    assert resumed[-1] == "Deposit"
    assert verify(tmp_path / "journal.db", redecide=True).holds


def test_what_was_put_off_survives_the_process(opened, limited, tmp_path):
    market = limited(3)
    market.do(market.bitcoin("60000"))
    waiting = market.venue.state.deferred
    assert waiting
    market.venue.close()
    again = opened(venue=None, journal=tmp_path / "journal.db")
    assert again.venue.state.deferred == waiting
    again.now_ns = market.now_ns
    again.do(commands.AdvanceTime())
    assert {account for account, _ in ordered(again.venue)} == set(TRADERS)


def test_a_limit_that_would_put_everything_off_for_ever_is_none():
    with pytest.raises(InvalidInputError, match="reactions_max must be >= 2, was 1"):
        Venue(Journal(MemoryStore()), clock=lambda: 1, reactions_max=1)


@pytest.mark.parametrize("keyed", [False, True])
def test_what_is_the_runtimes_own_is_turned_away_with_all_it_may_hold(market, tree, keyed):
    tree["liquidation"]["engine"] = "unheard-of"
    hidden = commands.AdoptRules(rules=json.dumps(tree))
    before = market.venue.tip, market.venue.state_hash()
    for own in (commands.DeferReactions(commands=(hidden,)), commands.ResumeReactions()):
        rule = f"{type(own).__name__} must not be submitted: the runtime's own"
        with pytest.raises(InvalidInputError, match=rule):
            market.venue.submit_all([market.observe(), Keyed("a", own) if keyed else own])
    assert (market.venue.tip, market.venue.state_hash()) == before


def test_a_journal_gives_the_facts_back_and_goes_on_as_if_nothing_had_happened(opened, tmp_path):
    path = tmp_path / "journal.db"
    stopped, steady = opened(journal=path).found(), opened().found()
    for market in (stopped, steady):
        crowd(market)
        market.now_ns += SECOND_NS
        market.do(
            commands.AccrueFunding(instrument="BTC-PERP", rate_nano=nano("0.0001")),
            market.bitcoin("60000"),
        )
    facts = stopped.venue.state_hash()
    assert facts == steady.venue.state_hash()
    stopped.venue.close()
    resumed = opened(venue=None, journal=path)
    assert resumed.venue.state_hash() == facts
    for market in (resumed, steady):
        market.now_ns = stopped.now_ns + SECOND_NS
        (order,) = (o for o in market.venue.state.working.values() if o.account == TRADERS[0])
        fill = commands.ReportFill(
            order=order.order,
            counterparty=100,
            lots=order.lots,
            price_nano=nano("59900"),
            arrival_nano=nano("60000"),
            final=True,
        )
        market.do(fill, market.bitcoin("58000"))
    assert resumed.venue.state_hash() == steady.venue.state_hash()
    assert resumed.venue.health(TRADERS[0]) == steady.venue.health(TRADERS[0])
    assert resumed.venue.books().broken == ()


def test_replaying_units_by_hand_gives_the_same_facts(tree):
    store = MemoryStore()
    venue = Venue(Journal(store), clock=lambda: 1)
    venue.submit_all([market_rules(tree), commands.OpenAccount(account=100, mode=Mode.CROSS)])
    other = Venue(Journal(MemoryStore()), clock=lambda: 1)
    for unit in read(store):
        replay(other.state, unit)
    assert other.state_hash() == venue.state_hash()


def test_what_is_refused_before_the_rules_is_no_part_of_the_history(market):
    store = MemoryStore()
    with Venue(Journal(store), clock=lambda: 5) as venue:
        early = venue.submit(commands.AdvanceTime())
        broken = venue.submit(commands.AdoptRules(rules="{}"))
        assert [early.refusal.reason, broken.refusal.reason] == [
            Reason.RULES_MISSING,
            Reason.RULES_INVALID,
        ]
        assert list(read(store)) == []
        both = venue.submit_all(
            [commands.AdvanceTime(), commands.AdoptRules(rules=market.venue.rules.text)]
        )
    assert [answer.refusal is None for answer in both] == [False, True]
    assert [type(unit.command) for unit in read(store)] == [commands.AdoptRules]
    assert next(iter(read(store))).sequence == 1
