"""The soak: histories drawn from seeds, driven through the real runtime while its storage fails.

A history begins with an empty journal and ends after a number of events, at most `HISTORY_EVENTS`;
a longer soak is made of histories with consecutive seeds. So whatever fails, fails again in the one
history of its own seed.
"""

import tempfile
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from hullmark.domain import commands
from hullmark.errors import InvalidInputError, JournalError, WorkerError
from hullmark.runtime import Answer, Keyed, Venue, verify
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._soak_laws import SoakLaws
from hullmark.sim._soak_openings import Openings
from hullmark.sim._soak_report import HistoryReport, SoakFailure, SoakReport
from hullmark.sim._workload import START_NS, Request, Workload

HISTORY_EVENTS = 20_000  # in one history, at most: recovery reads it all, and memory holds it

_WHOLE_STEPS = 250  # between two comparisons of everything
_CARELESS_STEPS = 40  # between two requests that are no commands
_ON_DISK = 8  # every so many seeds a history is written to a file
_ANSWERS = 64  # of keyed commands, kept to be compared with their repetitions


class History:
    """One history: a seed, a venue, its storage, and the laws that it is held to.

    Parameters
    ----------
    seed : int
        Equal seeds give equal histories, to the byte.
    folder : path, optional
        Where the journal is written; ``None`` keeps it in memory.
    audited : bool
        Whether the auditor's second model must agree after every unit.
    """

    def __init__(self, seed: int, folder: Path | None = None, *, audited: bool = True) -> None:
        self._path = None if folder is None else folder / f"soak-{seed}.db"
        self._clock = SimulatedClock(START_NS)
        self._workload = Workload(seed, self._clock)
        self.report = HistoryReport(seed=seed, store="memory" if folder is None else "sqlite")
        self._openings = Openings(
            seed, self._path, self._clock, self.report, on_takeover=_work_as_rival
        )
        self._laws = SoakLaws(audited=audited)
        # Under keys, so that no fault takes away what a history cannot begin without.
        self._pending: deque[Sequence[Request]] = deque(
            [Keyed(f"founding {place}", request)]
            for place, request in enumerate(self._workload.founding())
        )
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._steps = 0
        self._venue = self._openings.first()

    def run(
        self, events: int, *, on_progress: Callable[[int], None] | None = None
    ) -> HistoryReport:
        """Go on until there are so many events, or until a law breaks; return what was met."""
        started_s = time.perf_counter()
        report, broken = self.report, list[str]()
        try:
            while not broken and report.total < events:
                broken = self._step()
                if on_progress is not None:
                    on_progress(report.total)
            broken = broken or self._compare() or self._verify()
        except Exception as e:  # whatever the engine raises here is what the soak is for
            broken = [f"raised {type(e).__name__}: {e}"]
        if broken:
            report.failure = SoakFailure(
                report.seed, min(report.total + 1, events), self._laws.sequence, broken[0]
            )
        else:
            report.tip_hash = self._venue.tip.hash.hex()
            report.state_hash = self._venue.state_hash()
        self._venue.close()
        self._openings.close()
        report.wall_s = time.perf_counter() - started_s
        return report

    def _step(self) -> list[str]:
        self._steps += 1
        self._venue = self._openings.hand_over(self._venue)
        requests = self._pending.popleft() if self._pending else self._workload.step(self._venue)
        try:
            answers = self._venue.submit_all(requests)
        except JournalError:
            return self._recover(requests)
        broken = self._follow()
        for request, answer in zip(requests, answers, strict=True):
            broken += self._settle(request, answer)
        if self._steps % _CARELESS_STEPS == 0:
            broken += self._try_careless()
        if self._steps % _WHOLE_STEPS == 0:
            broken += self._compare()
        return broken

    # What the journal holds beyond what was seen, unit by unit.
    def _follow(self) -> list[str]:
        for unit in self._openings.units():
            self.report.count(unit)
            self._workload.see(unit)
            if broken := self._laws.take(unit):
                return broken
        return []

    def _settle(self, request: Request, answer: Answer) -> list[str]:
        if answer.refusal is not None and self._laws.state.rules is None:
            self.report.refusals[answer.refusal.reason] += 1  # before record 1: not in the journal
        if not isinstance(request, Keyed):
            return []
        first = self._answers.get(request.key)
        if first is None:
            self._answers[request.key] = answer
            if len(self._answers) > _ANSWERS:
                self._answers.popitem(last=False)
            return []
        self.report.repeated += 1
        if answer == first:
            return []
        return [f"key {request.key!r} must be answered as at first, {first}, was {answer}"]

    def _try_careless(self) -> list[str]:
        before = self._venue.tip
        request = self._workload.malformed(self._venue)
        if self._answers and self._steps % (3 * _CARELESS_STEPS) == 0:
            request = Keyed(next(reversed(self._answers)), commands.CancelOrder(order=-7))
        try:
            self._venue.submit_all([commands.AdvanceTime(), request])
        except InvalidInputError:
            self.report.turned_away += 1
        else:
            return [f"request must be turned away, was answered: {request!r:.200}"]
        if self._venue.tip != before:
            return [f"journal must stay where it was after {request!r:.200}"]
        return []

    # As an operator would: whatever is in memory is thrown away, and the journal opened again.
    # What was not answered is sent again, if its key says that it can be.
    def _recover(self, requests: Sequence[Request]) -> list[str]:
        try:
            self._venue.submit(commands.AdvanceTime())
        except JournalError:
            pass
        else:
            return ["a venue whose commit has failed must take no more commands"]
        self._venue = self._openings.again(self._venue)
        again = [request for request in requests if isinstance(request, Keyed)]
        self.report.resent += len(again)
        if again:
            self._pending.appendleft(again)
        return self._follow() or self._compare()

    def _compare(self) -> list[str]:
        broken, followed = self._laws.differences(self._venue), self._openings.followed_hash()
        if followed not in {None, self._venue.state_hash()}:
            broken.append(f"a follower must have the facts of the venue, was {followed}")
        return broken

    # A file is read once more by whoever may doubt it, and every command decided again.
    def _verify(self) -> list[str]:
        if self._path is None:
            return []
        proof = verify(self._path, redecide=True, snapshots=self._openings.snapshots)
        told = [f"verification at unit {law.sequence}: {law.law}" for law in proof.broken]
        told += [f"decided again, {difference}" for difference in proof.differences or ()]
        told += [f"{s.path.name} {s.fault}" for s in proof.snapshots or () if s.fault is not None]
        if proof.state_hash != self._venue.state_hash():
            told.append(f"verification must give the state hash, was {proof.state_hash}")
        return told


def _work_as_rival(venue: Venue) -> None:
    venue.submit(commands.AdvanceTime())


def soak(
    seed: int,
    events: int,
    *,
    workers: int = 1,
    audit_every: int = 1,
    on_progress: Callable[[int], None] | None = None,
) -> SoakReport:
    """Run histories of consecutive seeds until there are so many events, or until a law breaks.

    Parameters
    ----------
    seed : int
        Of the first history.
    events : int
        In all histories together; the last one is shorter.
    workers : int
        Processes; the result is the same for any number. With more than one, a script must be
        importable without starting anew, as `multiprocessing` asks.
    audit_every : int
        Every so many seeds a history has the auditor beside it, which takes most of its time; the
        other laws hold for all.
    on_progress : callable, optional
        Called with the events so far, at times.

    Raises
    ------
    InvalidInputError
        If *events*, *workers* or *audit_every* is below 1.
    WorkerError
        If a process dies.
    """
    wanted = {"events": events, "workers": workers, "audit_every": audit_every}
    for name, value in wanted.items():
        if value < 1:
            raise InvalidInputError(f"{name} must be >= 1, was {value}")
    started_s = time.perf_counter()
    jobs = [
        _Job(each, min(HISTORY_EVENTS, events - start), audited=each % audit_every == 0)
        for each, start in enumerate(range(0, events, HISTORY_EVENTS), start=seed)
    ]
    histories = list[HistoryReport]()
    for history in _histories(jobs, workers, on_progress):
        histories.append(history)
        if history.failure is not None:
            break
        if on_progress is not None:
            on_progress(sum(h.total for h in histories))
    return SoakReport(tuple(histories), time.perf_counter() - started_s)


class _Job(NamedTuple):
    seed: int
    events: int
    audited: bool


def _histories(
    jobs: Sequence[_Job], workers: int, on_progress: Callable[[int], None] | None
) -> Iterator[HistoryReport]:
    if workers == 1:
        for job in jobs:
            yield _live(job)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_live, job) for job in jobs]
        try:
            for future in waiting:
                yield future.result()
        except BrokenProcessPool as e:
            raise WorkerError(f"a history must be lived to its end, but {e}") from e
        finally:
            for future in waiting:
                future.cancel()


def _live(job: _Job) -> HistoryReport:
    with ExitStack() as stack:
        folder = None
        if job.seed % _ON_DISK == 0:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        return History(job.seed, folder, audited=job.audited).run(job.events)
