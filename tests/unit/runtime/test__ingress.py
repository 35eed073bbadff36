"""Commands from many threads are committed in groups, each answered, none twice."""

import threading

import pytest

from hullmark.domain import commands
from hullmark.errors import InvalidInputError, JournalError
from hullmark.journal import Journal, open_store, read_batches
from hullmark.runtime import Ingress, Venue, verify

from .media import FullStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def market(opened, path):
    return opened(journal=path).found()


def test_what_many_threads_submit_is_all_carried_out_in_some_order(market, names, path):
    deposit = market.deposit(names.trader, "USDT", "1")
    before, answers = market.venue.cash(names.trader, "USDT").quanta, []
    with Ingress(market.venue) as ingress:

        def submit(number):
            for place in range(25):
                answers.append(ingress.submit(deposit, key=f"{number}-{place}"))

        threads = [threading.Thread(target=submit, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert market.venue.cash(names.trader, "USDT").quanta == before + 200 * 10**6
    assert len({answer.units[0].sequence for answer in answers}) == 200
    market.venue.close()
    assert verify(path).broken == ()


def test_groups_are_as_large_as_they_may_be_and_keep_the_order(market, names, path):
    deposits = [market.deposit(names.trader, "USDT", str(n)) for n in range(1, 8)]
    with Ingress(market.venue, batch_max=3, delay_ms_max=200) as ingress:
        promised = [ingress.post(deposit) for deposit in deposits]
    units = [promise.result().units[0] for promise in promised]
    assert [unit.command for unit in units] == deposits
    assert [unit.sequence for unit in units] == sorted(unit.sequence for unit in units)
    market.venue.close()
    with open_store(path, read_only=True) as store:
        assert [len(units) for _, units in read_batches(store)][-3:] == [3, 3, 1]


def test_a_command_without_a_schema_takes_no_other_down_with_it(market, names):
    good = market.deposit(names.trader, "USDT", "1")
    bad = commands.Deposit(account=names.trader, asset="USDT", quanta=1.5)
    with Ingress(market.venue, delay_ms_max=200) as ingress:
        promised = [ingress.post(command) for command in (good, bad, good)]
    assert promised[0].result().refusal is None
    assert promised[2].result().refusal is None
    with pytest.raises(InvalidInputError, match="command must fit its schema"):
        promised[1].result()


def test_after_a_failed_commit_who_waits_is_told_and_who_comes_is_refused_at_once(opened, names):
    market, store = opened(), FullStore(room=2)
    rules = commands.AdoptRules(rules=market.venue.rules.text)
    market.venue = Venue(Journal(store), clock=lambda: market.now_ns)
    market.do(rules)
    good = market.found().deposit(names.trader, "USDT", "1")
    with Ingress(market.venue, delay_ms_max=200) as ingress:
        promised = [ingress.post(good) for _ in range(3)]
        for promise in promised:
            with pytest.raises(JournalError, match="disk is full"):
                promise.result()
        with pytest.raises(JournalError, match="a commit has failed"):
            ingress.post(good)


def test_nobody_is_carried_out_who_has_gone(market, names):
    good = market.deposit(names.trader, "USDT", "1")
    before = market.venue.cash(names.trader, "USDT").quanta
    with Ingress(market.venue, batch_max=1) as ingress:
        promised = [ingress.post(good) for _ in range(200)]
        gone = sum(promise.cancel() for promise in promised)
    assert market.venue.cash(names.trader, "USDT").quanta == before + (200 - gone) * 10**6
    assert gone > 0


def test_a_closed_one_takes_nothing_and_leaves_the_venue_open(market, names):
    good = market.deposit(names.trader, "USDT", "1")
    ingress = Ingress(market.venue)
    ingress.close()
    ingress.close()
    with pytest.raises(JournalError, match="ingress must be open"):
        ingress.submit(good)
    assert market.venue.submit(good).refusal is None


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ({"batch_max": 0}, "batch_max must be >= 1, was 0"),
        ({"delay_ms_max": -1.0}, r"delay_ms_max must be in \[0, 60000\]"),
        ({"delay_ms_max": float("nan")}, r"delay_ms_max must be in \[0, 60000\]"),
    ],
)
def test_limits_are_limits(market, limits, what):
    with pytest.raises(InvalidInputError, match=what):
        Ingress(market.venue, **limits)


def test_its_own_thread_does_not_wait_for_itself(market, names):
    good, found = market.deposit(names.trader, "USDT", "1"), []

    def again(done):
        with pytest.raises(JournalError, match="must not be waited for by its own thread"):
            ingress.submit(good)
        ingress.close()
        found.append(done.result().refusal)

    ingress = Ingress(market.venue, delay_ms_max=50)
    promise = ingress.post(good)
    promise.add_done_callback(again)
    promise.result()
    ingress.close()
    assert found == [None]
