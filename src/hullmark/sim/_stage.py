"""Where runs are played: here one after the other, or on several processes at once."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from hullmark.clearing import Rules
from hullmark.core import Closing
from hullmark.errors import WorkerError
from hullmark.feeds import Scenario
from hullmark.journal.memory import MemoryStore
from hullmark.sim._path import BarOrder, MarketPath
from hullmark.sim._replay import Run, RunSettings, run_path

RUNS = 5  # of a replay: two orders with and without delays, and the upper bound
_SHARES = 1_000  # of one run, as progress is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A run to play: everything but the venue that it starts from."""

    scenario: Scenario
    rules: Rules
    data: Path | None
    jump: bool
    settings: RunSettings


def read_path(
    scenario: Scenario, data: Path | None, *, order: BarOrder, jump: bool = False
) -> MarketPath:
    """Return recorded prices where there is a folder of them, else the published facts."""
    if data is None:
        return MarketPath.from_scenario(scenario.path, order=order, jump=jump)
    return MarketPath.from_recorded(data, order=order, jump=jump, replay=scenario.replay)


class Stage(Closing):
    """Plays jobs, each on a copy of a founded venue.

    Parameters
    ----------
    workers : int
        Processes, at most as many as there are runs, which start to load now; with one, jobs are
        played in this process when they are asked for.
    on_progress : callable, optional
        Called with what is done of all `RUNS`; from worker processes it hears of whole runs only.
    """

    def __init__(self, *, workers: int, on_progress: Callable[[int, int], None] | None) -> None:
        self._on_progress, self._done = on_progress, 0
        self._pool = None
        workers = min(workers, RUNS)
        if workers > 1:  # no fork: it copies the threads' locks, but not the threads
            context = multiprocessing.get_context("spawn")
            self._others = set(multiprocessing.active_children())
            self._pool = ProcessPoolExecutor(workers, context, follow_parent)
            for _ in range(workers):
                self._pool.submit(_load)

    def close(self) -> None:
        """End the processes, whatever they are at; what has not been started is dropped."""
        if self._pool is not None:
            stop(self._pool, self._others)

    def play(self, founding: MemoryStore, job: Job) -> Callable[[], Run]:
        """Start a job on a copy of a founded venue, and return what waits for its run."""
        if self._pool is None:
            run = _play(founding, job, self._tell)
            self._end_run()
            return lambda: run
        with alive():
            future: Future[Run] = self._pool.submit(_play, founding, job)
        future.add_done_callback(lambda _: self._end_run())
        return partial(_wait, future)

    def _end_run(self) -> None:
        self._done += 1
        self._tell(0, 1)

    def _tell(self, done: int, total: int) -> None:
        if self._on_progress is not None:
            share = _SHARES * done // max(total, 1)
            self._on_progress(min(self._done * _SHARES + share, RUNS * _SHARES), RUNS * _SHARES)


def stop(pool: ProcessPoolExecutor, others: Collection[BaseProcess]) -> None:
    """End the processes of a pool, whatever they are at; *others* were there before it."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in set(multiprocessing.active_children()).difference(others):
        process.terminate()


def _wait(future: Future[Run]) -> Run:
    with alive():
        return future.result()


@contextmanager
def alive() -> Iterator[None]:
    """Tell of a worker that dies in words.

    Raises
    ------
    WorkerError
        If one does.
    """
    try:
        yield
    except BrokenProcessPool as e:
        raise WorkerError(
            "a process that plays a run must live to its end, but one died: give it more memory, "
            "or take fewer workers"
        ) from e


def follow_parent() -> None:
    """Let a worker leave with its parent: nobody works on for one that is gone.

    An interrupt is the parent's to handle.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None, "this runs in a worker"

    def leave() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()


def _load() -> None:
    """Do nothing, in a process that has imported this module to do it."""


def _play(
    founding: MemoryStore, job: Job, on_progress: Callable[[int, int], None] | None = None
) -> Run:
    settings = job.settings
    path = read_path(job.scenario, job.data, order=settings.order, jump=job.jump)
    replay = job.scenario.replay
    return run_path(founding, job.rules, path, replay, settings, on_progress=on_progress)
