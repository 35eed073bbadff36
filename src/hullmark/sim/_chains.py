"""Chains of liquidation compared: one book, one crash, one seed, and every chain under each policy.

The book is two-sided (`two_sided`): whoever loses, somebody of the book has won it. The venue is
founded once; each run starts from a copy of it, adopts the rules of its chain and policy, lets the
cast in, and plays the declared delays in one order of the bars: the one with the larger deficit
under the first chain and policy.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path

from hullmark.clearing import Rules
from hullmark.core import Asset
from hullmark.errors import InvalidInputError
from hullmark.feeds import ReplaySettings, Scenario
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue, read_rules, read_venue_file
from hullmark.sim._cast import Agents, cast_accounts, prelude
from hullmark.sim._chain_plan import NO_POLICY, ChainPlan, ComparisonPlan, read_comparison
from hullmark.sim._chain_tally import ChainTally
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._crash import ORDERS, settlement_of
from hullmark.sim._founding import FIRST_USER, found, listings
from hullmark.sim._path import BarOrder, MarketPath
from hullmark.sim._population import draw
from hullmark.sim._population_parameters import load_parameters
from hullmark.sim._replay import Player, RunSettings
from hullmark.sim._request import IncidentRequest
from hullmark.sim._stage import alive, follow_parent, read_path, stop
from hullmark.sim._two_sided import TwoSidedBook, two_sided
from hullmark.waterfall import load_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainsRequest(IncidentRequest):
    """What is compared. What is ``None`` is taken from the comparison and the scenario file."""

    comparison: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRun:
    """One chain under one policy: what was counted, and what hedged accounts were left with."""

    chain: str
    policy: str
    order: BarOrder
    tally: ChainTally
    hedged_net_usd: Mapping[int, float]  # at the end of the window, by account
    cast_usd: Mapping[str, float]  # what each part of the cast gained, at the marks of the end
    broken: tuple[str, ...]  # laws of the books that do not hold: none
    state_hash: str
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainsComparison:
    """All runs, and what they rest on."""

    seed: int
    scenario: Scenario
    plan: ComparisonPlan
    asset: Asset
    book: TwoSidedBook
    order: BarOrder
    runs: tuple[ChainRun, ...]
    kind: str  # of the path: recorded, or a scenario
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    chain: ChainPlan
    policy: str
    order: BarOrder
    rules: Rules
    asset: Asset
    scenario: Scenario
    data: Path | None
    book: TwoSidedBook
    seed: int


def compare_chains(
    request: ChainsRequest,
    *,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> ChainsComparison:
    """Draw the book, found the venue, and play every chain under every policy.

    Parameters
    ----------
    request : ChainsRequest
        Where the chains, the market and the rules are.
    workers : int
        Processes to play the runs on; the result is the same for any number.
    on_progress : callable, optional
        Called with the runs done and their number.

    Raises
    ------
    DocumentError, FeedError
        If a file is not what it should be.
    InvalidInputError
        If *workers* is below 1, or the venue cannot take the book.
    PluginError
        If a policy is not installed.
    InsolventMakerError
        If the maker falls under its own margin.
    WorkerError
        If a process that plays a run dies.
    """
    if workers < 1:
        raise InvalidInputError(f"workers must be >= 1, was {workers}")
    started_s = time.perf_counter()
    plan, rules = read_comparison(request.comparison), read_rules(request.venue)
    tree, asset = read_venue_file(request.venue), settlement_of(rules)
    for policy in plan.policies:
        if policy != NO_POLICY:
            load_policy(policy)  # before anything is played for nothing
    made = {
        (chain.name, policy): chain.rules(tree, policy)
        for chain in plan.chains
        for policy in plan.policies
    }
    scenario = request.read({"fund_share": float(plan.fund_share), "accounts": plan.accounts})
    first = read_path(scenario, request.data, order="OHLC")
    book = _book(scenario.replay, rules, first, plan, request.seed, asset)
    founding = MemoryStore()
    with Venue(Journal(founding), clock=SimulatedClock(first.start_ns)) as venue:
        found(venue, rules, first, book.population, scenario.replay, asset=asset)

    def job(chain: ChainPlan, policy: str, order: BarOrder) -> _Job:
        return _Job(
            chain=chain, policy=policy, order=order, rules=made[chain.name, policy], asset=asset,
            scenario=scenario, data=request.data, book=book, seed=request.seed,
        )  # fmt: skip

    pairs = [(chain, policy) for chain in plan.chains for policy in plan.policies]
    jobs = [job(*pairs[0], order) for order in ORDERS]
    total = len(pairs) + 1
    tell = on_progress or (lambda _done, _total: None)
    tried = _played(founding, jobs, workers, lambda done: tell(done, total))
    worse = max(tried, key=lambda run: run.tally.sums.deficit)
    rest = [job(chain, policy, worse.order) for chain, policy in pairs[1:]]
    runs = _played(founding, rest, workers, lambda done: tell(done + 2, total))
    return ChainsComparison(
        seed=request.seed,
        scenario=scenario,
        plan=plan,
        asset=asset,
        book=book,
        order=worse.order,
        runs=(worse, *runs),
        kind=first.kind,
        wall_s=time.perf_counter() - started_s,
    )


def _book(
    replay: ReplaySettings,
    rules: Rules,
    first: MarketPath,
    plan: ComparisonPlan,
    seed: int,
    asset: Asset,
) -> TwoSidedBook:
    if replay.accounts < 2 or replay.accounts % 2:
        raise InvalidInputError(
            f"accounts must be two or another even number, one for each side, was {replay.accounts}"
        )
    half = draw(
        load_parameters(),
        listings(rules, first),
        seed=seed,
        accounts=replay.accounts // 2,
        open_interest_usd=replay.open_interest_usd / 2,
        settlement_decimals=asset.decimals,
    )
    return two_sided(
        half, hedged_share=float(plan.hedged_share), seed=seed, decimals=asset.decimals
    )


def _played(
    founding: MemoryStore, jobs: list[_Job], workers: int, told: Callable[[int], None]
) -> list[ChainRun]:
    if workers == 1 or len(jobs) <= 1:
        runs = []
        for job in jobs:
            runs.append(_play(founding, job))
            told(len(runs))
        return runs
    others = active_children()
    pool = ProcessPoolExecutor(min(workers, len(jobs)), get_context("spawn"), follow_parent)
    try:
        with alive():
            futures: list[Future[ChainRun]] = [pool.submit(_play, founding, job) for job in jobs]
            runs = []
            for future in futures:
                runs.append(future.result())
                told(len(runs))
            return runs
    finally:
        stop(pool, others)


def _play(founding: MemoryStore, job: _Job) -> ChainRun:
    started_s = time.perf_counter()
    path = read_path(job.scenario, job.data, order=job.order)
    replay, cast = job.scenario.replay, job.chain.cast
    hedged = frozenset((job.book.hedged + FIRST_USER).tolist())
    tally = ChainTally(
        rules=job.rules,
        asset=job.asset,
        hedged=hedged,
        pools=frozenset(pool.account for pool in job.rules.pools.values()),
    )
    settings = RunSettings(
        name=f"{job.chain.name}, {job.policy}",
        order=job.order,
        oracle_delay_s=replay.oracle_delay_s,
        execution_delay_s=replay.execution_delay_s,
    )
    player = Player(
        founding, job.rules, path, replay, settings,
        bystanders=Agents(cast, asset=job.asset), watcher=tally,
    )  # fmt: skip
    player.submit(
        list(
            prelude(
                cast, job.rules, job.book.population,
                asset=job.asset, seed=job.seed, first=FIRST_USER,
            )
        )
    )  # fmt: skip
    before = _cast_usd(player.venue, job)
    player.play(None)
    venue = player.venue
    after = _cast_usd(venue, job)
    return ChainRun(
        chain=job.chain.name,
        policy=job.policy,
        order=job.order,
        tally=tally,
        hedged_net_usd={account: venue.health(account).net_value for account in sorted(hedged)},
        cast_usd={name: after[name] - usd for name, usd in before.items()},
        broken=tuple(venue.books().broken),
        state_hash=venue.state_hash(),
        wall_s=time.perf_counter() - started_s,
    )


def _cast_usd(venue: Venue, job: _Job) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, accounts in cast_accounts(job.chain.cast, job.rules).items():
        found[name] = sum(venue.health(account).net_value for account in accounts)
    return found
