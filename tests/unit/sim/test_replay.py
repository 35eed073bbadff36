"""Tests of one run: the order of what happens, its determinism, and what stops it."""

from dataclasses import replace
from itertools import pairwise

import pytest

from hullmark.clearing import State, state_hash
from hullmark.core import SECOND_NS
from hullmark.domain import commands, events
from hullmark.errors import InsolventMakerError
from hullmark.journal import Journal, read
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue, replay as replay_unit
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._founding import MAKER, found
from hullmark.sim._path import FundingPayment
from hullmark.sim._replay import Player, RunSettings, run_path
from hullmark.sim._stage import read_path


def founding_of(run):
    """Return the part of a run's journal from before the window moved."""
    store = MemoryStore()
    start_ns = next(iter(read(run.store))).time_ns
    for batch in run.store.batches():
        units = [u for u in read(run.store) if batch.first <= u.sequence <= batch.last]
        if any(isinstance(unit.command, commands.AccrueFunding) for unit in units):
            break
        if any(unit.time_ns > start_ns for unit in units):
            break
        store.append(batch)
    return store


@pytest.fixture(scope="module")
def founding(replay):
    return founding_of(replay.worse)


def play(replay, founding, path=None, **changes):
    fields = {"name": "test", "order": "OLHC", "oracle_delay_s": 3, "execution_delay_s": 2}
    settings = RunSettings(**{**fields, **changes})
    path = path or read_path(replay.scenario, None, order=settings.order)
    return run_path(founding, replay.rules, path, replay.scenario.replay, settings)


def test_a_run_has_the_hash_of_its_journal(replay):
    for run in (*replay.runs, replay.upper_bound):
        state = State()
        for unit in read(run.store):
            replay_unit(state, unit)
        assert state_hash(state) == run.state_hash


def test_every_order_is_answered_after_the_execution_delay(replay):
    sent, answered = {}, {}
    for unit in read(replay.worse.store):
        for event in unit.events:
            if isinstance(event, events.LiquidationOrdered):
                sent[event.order] = unit.time_ns
            elif isinstance(event, events.LiquidationFilled):
                answered[event.order] = unit.time_ns
    assert sent
    assert sent.keys() == answered.keys()
    assert {answered[n] - sent[n] for n in sent} == {2 * SECOND_NS}


def test_prices_reach_the_venue_after_the_oracle_delay(replay):
    late = [
        unit.time_ns - said.observed_ns
        for unit in read(replay.worse.store)
        if isinstance(unit.command, commands.ObservePrices) and unit.sequence > 2
        for said in unit.command.prints
    ]
    assert set(late) == {3 * SECOND_NS}


def test_without_delays_prices_and_fills_come_at_once(replay):
    run = next(r for r in replay.runs if r.settings.oracle_delay_s == 0)
    start_ns = next(iter(read(run.store))).time_ns
    for unit in read(run.store):
        if isinstance(unit.command, commands.ObservePrices):
            assert {said.observed_ns for said in unit.command.prints} == {unit.time_ns}
        assert unit.time_ns >= start_ns


def test_funding_comes_before_the_prices_of_its_instant(replay, founding):
    path = read_path(replay.scenario, None, order="OHLC")
    payment_ns = path.time_ns(int(path.observations[5]))
    paid = replace(
        path,
        funding=(
            FundingPayment(
                time_ns=payment_ns, symbol="BTC", rate_nano=10**5, interval_ns=8 * 3600 * SECOND_NS
            ),
        ),
    )
    run = play(replay, founding, paid, order="OHLC", oracle_delay_s=0)
    order = [
        type(unit.command)
        for unit in read(run.store)
        if unit.time_ns == payment_ns
        and isinstance(unit.command, commands.AccrueFunding | commands.ObservePrices)
    ]
    assert order == [commands.AccrueFunding, commands.ObservePrices]


def test_equal_runs_are_equal_to_the_byte(replay, founding):
    one, two = (play(replay, founding) for _ in range(2))
    assert list(one.store.batches()) == list(two.store.batches())
    assert one.state_hash == two.state_hash == replay_hash(replay)


def replay_hash(replay):
    return next(
        run.state_hash
        for run in replay.runs
        if run.settings.order == "OLHC" and run.settings.oracle_delay_s == 3
    )


def test_feedback_lets_own_orders_move_the_prices(replay, founding):
    moved = play(replay, founding, feedback=True)
    assert moved.state_hash != replay_hash(replay)
    assert moved.tally.notional_quanta > 0


def test_a_maker_under_its_own_margin_ends_the_run_loudly(replay):
    path = read_path(replay.scenario, None, order="OLHC")
    settings = replace(replay.scenario.replay, maker_capital_usd=400_000)
    founding = MemoryStore()
    with Venue(Journal(founding), clock=SimulatedClock(path.start_ns)) as venue:
        found(venue, replay.rules, path, replay.population, settings, asset=replay.asset)
        net_usd = sum(
            p.lots * venue.views.movable.tables.notional_usd[i]
            for i, p in venue.state.ledger.positions(MAKER)
        )
    assert net_usd < 0  # the maker is short, so it is a rise that ruins it
    rise = {"trade": path.trade[0] ** 2 / path.trade, "mark": path.mark[0] ** 2 / path.mark}
    with pytest.raises(InsolventMakerError, match="health of the maker must be >= 0, was -"):
        play(replay, founding, replace(path, **rise))


def test_the_maker_is_no_account_of_the_population(replay):
    assert MAKER not in {a.account for a in replay.population.accounts(MAKER + 1)}
    assert replay.worse.tally.maker_ratio_worst > 0


class Watchmen:
    """Bystanders who look every hour, and every minute from the second hour on."""

    def __init__(self, start_ns):
        self.start_ns = start_ns
        self.looked_ns = []

    def next_ns(self, venue, now_ns):
        """Return the next whole hour, or a minute from now."""
        assert venue.state.now_ns <= now_ns
        hour_ns = 3_600 * SECOND_NS
        hourly_ns = self.start_ns + ((now_ns - self.start_ns) // hour_ns + 1) * hour_ns
        busy = now_ns - self.start_ns >= hour_ns
        return min(hourly_ns, now_ns + 60 * SECOND_NS) if busy else hourly_ns

    def act(self, venue, now_ns):
        """Note the time, and ask for what the venue refuses."""
        del venue
        self.looked_ns.append(now_ns)
        return [commands.CureBreach(account=1)]


def test_bystanders_look_when_they_say_and_an_earlier_look_takes_the_place_of_a_later(
    replay, founding
):
    path = read_path(replay.scenario, None, order="OHLC")
    settings = RunSettings(name="test", order="OHLC", oracle_delay_s=3, execution_delay_s=2)
    watchmen = Watchmen(path.start_ns)
    player = Player(
        founding, replay.rules, path, replay.scenario.replay, settings, bystanders=watchmen
    )
    player.play(None)
    looked_s = [(ns - path.start_ns) // SECOND_NS for ns in watchmen.looked_ns]
    assert looked_s[0] == 3_600
    assert looked_s == sorted(set(looked_s))
    assert len(looked_s) >= 58
    assert max(b - a for a, b in pairwise(looked_s)) <= 60
    assert looked_s[-1] <= path.seconds
