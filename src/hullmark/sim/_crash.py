"""The crash replay: one book on one market, four ways to play it, and an upper bound.

Bars do not say whether the high or the low came first, so both orders are played, each without
delays and with the declared ones. The *worse* order is the one with the larger deficit, before the
fund, at the declared delays; its run is the journalled one. One more run, on the path that jumps
between the four prices of a bar in the worse order, bounds what the path inside a bar could hide.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from hullmark.clearing import Rules
from hullmark.core import Asset
from hullmark.domain import Perpetual
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.feeds import Scenario
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue, read_rules
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._founding import found, listings
from hullmark.sim._path import BarOrder
from hullmark.sim._population import Population, draw
from hullmark.sim._population_parameters import PopulationParameters, load_parameters
from hullmark.sim._replay import Run, RunSettings
from hullmark.sim._request import IncidentRequest
from hullmark.sim._stage import Job, Stage, read_path

ORDERS: tuple[BarOrder, ...] = ("OHLC", "OLHC")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashReplay:
    """What the replay left: its runs, and everything that they rest on."""

    seed: int
    scenario: Scenario
    rules: Rules
    asset: Asset  # in which everything is settled
    population: Population
    parameters: PopulationParameters
    runs: tuple[Run, ...]
    upper_bound: Run
    worse: Run
    feedback: bool
    wall_s: float

    @property
    def journal(self) -> MemoryStore:
        """The journal of the worse run, from record 1 on."""
        return self.worse.store


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequest(IncidentRequest):
    """What a replay is asked to play. What is ``None`` is taken from the scenario file."""

    feedback: bool = False


def replay_crash(
    request: ReplayRequest,
    *,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> CrashReplay:
    """Draw the book, found the venue, and play all runs.

    Parameters
    ----------
    request : ReplayRequest
        Where the market and the rules are, and what to change of the scenario's settings.
    workers : int
        Processes to play the runs on; the result is the same for any number. With more than one,
        a script must be importable without starting anew, as `multiprocessing` asks.
    on_progress : callable, optional
        Called with the thousandths done and a thousand.

    Raises
    ------
    DocumentError, FeedError
        If a file is not what it should be.
    InvalidInputError
        If *workers* is below 1, or the venue cannot take the book.
    InsolventMakerError
        If the maker falls under its own margin.
    WorkerError
        If a process that plays a run dies.
    """
    if workers < 1:
        raise InvalidInputError(f"workers must be >= 1, was {workers}")
    started_s = time.perf_counter()
    scenario = request.read()
    rules = read_rules(request.venue)
    asset = settlement_of(rules)
    first = read_path(scenario, request.data, order="OHLC")
    parameters = load_parameters()
    population = draw(
        parameters,
        listings(rules, first),
        seed=request.seed,
        accounts=scenario.replay.accounts,
        open_interest_usd=float(scenario.replay.open_interest_usd),
        settlement_decimals=asset.decimals,
    )
    founding = MemoryStore()
    jobs = {
        (order, delayed): _job(request, scenario, rules, order, delayed=delayed)
        for order in ORDERS
        for delayed in (False, True)
    }
    with (
        Stage(workers=workers, on_progress=_part(on_progress, 200, 1_000)) as stage,
        Venue(Journal(founding), clock=SimulatedClock(first.start_ns)) as venue,
    ):
        found(
            venue, rules, first, population, scenario.replay,
            asset=asset, on_progress=_part(on_progress, 0, 200),
        )  # fmt: skip
        delayed = [stage.play(founding, jobs[order, True]) for order in ORDERS]
        prompt = [stage.play(founding, jobs[order, False]) for order in ORDERS]
        worse = max((run() for run in delayed), key=lambda run: run.deficit_quanta)
        jump = _job(request, scenario, rules, worse.settings.order, delayed=True, jump=True)
        bound = stage.play(founding, jump)
        runs = tuple(run() for pair in zip(prompt, delayed, strict=True) for run in pair)
        upper_bound = bound()
    return CrashReplay(
        seed=request.seed,
        scenario=scenario,
        rules=rules,
        asset=asset,
        population=population,
        parameters=parameters,
        runs=runs,
        upper_bound=upper_bound,
        worse=worse,
        feedback=request.feedback,
        wall_s=time.perf_counter() - started_s,
    )


def _job(
    request: ReplayRequest,
    scenario: Scenario,
    rules: Rules,
    order: BarOrder,
    *,
    delayed: bool,
    jump: bool = False,
) -> Job:
    replay, how = scenario.replay, "declared delays" if delayed else "no delay"
    return Job(
        scenario=scenario,
        rules=rules,
        data=request.data,
        jump=jump,
        settings=RunSettings(
            name=f"{order}, {how}" + (", jumps between the points" if jump else ""),
            order=order,
            oracle_delay_s=replay.oracle_delay_s if delayed else 0,
            execution_delay_s=replay.execution_delay_s if delayed else 0,
            feedback=request.feedback,
        ),
    )


def settlement_of(rules: Rules) -> Asset:
    """Return the asset in which all of a replay's venue is settled.

    The book is drawn in linear perpetuals of one pegged asset, so the venue may hold nothing else.

    Raises
    ------
    DocumentError
        If it holds something else.
    """
    if len(rules.assets) != 1 or rules.terms[0].peg_nano is None:
        symbols = ", ".join(asset.symbol for asset in rules.assets)
        raise DocumentError(f"assets of a replay's venue must be one, with a peg, was {symbols}")
    for instrument in rules.instruments:
        if not isinstance(instrument, Perpetual) or instrument.inverse:
            raise DocumentError(
                f"instruments of a replay must be linear perpetuals, was {instrument.symbol}"
            )
    return rules.assets[0]


def _part(
    on_progress: Callable[[int, int], None] | None, start: int, stop: int
) -> Callable[[int, int], None] | None:
    if on_progress is None:
        return None
    return lambda done, total: on_progress(start + (stop - start) * done // max(total, 1), 1_000)
