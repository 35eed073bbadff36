"""Tests of the whole replay: seeds, the worse order, and what it refuses."""

import multiprocessing
import os
import time
import tomllib

import pytest

from hullmark.errors import DocumentError, InvalidInputError, WorkerError
from hullmark.sim import replay_crash
from hullmark.sim._stage import RUNS, Job, Stage

from .conftest import VENUE


def test_a_replay_plays_both_orders_with_and_without_delays(replay):
    played = [
        (run.settings.order, run.settings.oracle_delay_s, run.settings.execution_delay_s)
        for run in replay.runs
    ]
    assert played == [("OHLC", 0, 0), ("OHLC", 3, 2), ("OLHC", 0, 0), ("OLHC", 3, 2)]


def test_the_worse_order_has_the_larger_deficit_at_the_declared_delays(replay):
    delayed = [run for run in replay.runs if run.settings.oracle_delay_s]
    assert replay.worse in delayed
    assert replay.worse.deficit_quanta == max(run.deficit_quanta for run in delayed)
    assert replay.journal is replay.worse.store
    assert replay.upper_bound.settings.order == replay.worse.settings.order


def test_equal_seeds_give_equal_hashes_and_another_seed_another_book(replay, request_for):
    again = replay_crash(request_for())
    assert [r.state_hash for r in again.runs] == [r.state_hash for r in replay.runs]
    other = replay_crash(request_for(seed=4))
    assert other.population.lots.tobytes() != replay.population.lots.tobytes()
    assert other.worse.state_hash != replay.worse.state_hash


def test_processes_change_nothing_but_the_time_it_takes(replay, request_for):
    told = []
    parallel = replay_crash(
        request_for(), workers=2, on_progress=lambda done, total: told.append((done, total))
    )
    assert [r.state_hash for r in parallel.runs] == [r.state_hash for r in replay.runs]
    assert parallel.upper_bound.state_hash == replay.upper_bound.state_hash
    assert list(parallel.journal.batches()) == list(replay.journal.batches())
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_no_workers_at_all_are_refused(request_for):
    with pytest.raises(InvalidInputError, match="workers must be >= 1, was 0"):
        replay_crash(request_for(), workers=0)


def test_a_venue_with_several_assets_is_refused(request_for, tmp_path):
    path = tmp_path / "venue.toml"
    text = VENUE.read_text(encoding="utf-8")
    path.write_text(
        text + '\n[assets.USDC]\ndecimals = 6\npeg = "1"\nshocked = false\n', encoding="utf-8"
    )
    with pytest.raises(DocumentError, match="assets of a replay's venue must be one"):
        replay_crash(request_for(venue=path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'kind = "perpetual"',
            'kind = "future"\nexpiry = "2026-01-01T00:00:00Z"',
            "must be linear perpetuals, was BTC-PERP",
        ),
        ('penalty = "0.005"', 'penalty = "1.5"', "penalty must be >= 0 and < 1, was 1.5"),
        ('target = "0.8"', "target = 0.8", "target must be a decimal string"),
    ],
)
def test_a_bad_venue_file_is_refused_by_name(old, new, message, request_for, tmp_path):
    text = VENUE.read_text(encoding="utf-8")
    assert tomllib.loads(text)
    path = tmp_path / "venue.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DocumentError, match=message):
        replay_crash(request_for(venue=path))


def test_a_book_larger_than_the_venue_can_take_is_refused(request_for):
    with pytest.raises(InvalidInputError, match="open_interest_usd must be"):
        replay_crash(request_for(open_interest_usd=10))


def test_no_more_processes_are_started_than_there_are_runs():
    with Stage(workers=100_000, on_progress=None) as stage:
        assert stage._pool._max_workers == RUNS


def test_a_worker_that_dies_is_told_and_ends_the_replay(replay):
    job = Job(
        scenario=replay.scenario,
        rules=replay.rules,
        data=None,
        jump=False,
        settings=replay.worse.settings,
    )
    with Stage(workers=2, on_progress=None) as stage:
        stage._pool.submit(os._exit, 1)
        wait = stage.play(replay.worse.store, job)
        with pytest.raises(WorkerError, match="must live to its end, but one died"):
            wait()


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_closing_a_stage_ends_its_processes_whatever_they_are_at():
    stage = Stage(workers=2, on_progress=None)
    ours = set(multiprocessing.active_children()) - stage._others
    assert len(ours) == 2
    stage._pool.submit(time.sleep, 600)
    stage.close()
    left, deadline_s = {process.pid for process in ours}, time.monotonic() + 30
    while left and time.monotonic() < deadline_s:
        left = {pid for pid in left if is_running(pid)}
        time.sleep(0.05)
    assert not left
