"""The cost-minimal engine: its linear programme, and the whole plan, for 40 positions.

Accounts are random: 40 of 60 perpetuals on four factors, long and short, margined by 33 scenarios,
each in a book with a depth of its own; they are 1 to 30 % of their maintenance margin under it. A
programme is the first one of a plan: about 150 columns and 34 rows. *Fresh* counts the making of
the solver. A figure of an account is the least of its repeats; p99 is that over all accounts.

The peer is `scipy.optimize.linprog` with the same method, HiGHS, on the same programme; the least
costs are compared before anything is timed. The last rows are no times: what the plans save.
"""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from _harness import REPEATS_MIN, Row
from scipy import optimize, sparse

from hullmark.book import AccountRow
from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.liquidation import Breach, compare_costs
from hullmark.liquidation.cost_minimal import CostMinimal, Programme, Solver, first_programme
from hullmark.margin import (
    RiskTables,
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_tables,
    evaluate_one,
)

SEED = 20251010
LISTED, HELD, SCENARIOS, FACTORS = 60, 40, 33, 4
ACCOUNTS, LARGE = 200, 2_000
TIERS = TierSchedule(
    (
        Tier(floor_usd=0.0, initial=0.04, maintenance=0.02),
        Tier(floor_usd=1e5, initial=0.06, maintenance=0.03),
        Tier(floor_usd=1e6, initial=0.1, maintenance=0.05),
    )
)


def market(rng: np.random.Generator) -> RiskTables:
    """Return a random market: contracts of 1 to 10,000 USD that move by a few common factors."""
    perps = [
        Perpetual(symbol=f"P{i}", underlying=f"P{i}", settlement="USDT", lot_nano=10**9)
        for i in range(LISTED)
    ]
    usd = rng.uniform(1.0, 1e4, LISTED)
    moves = rng.normal(0.0, 1.0, (LISTED, FACTORS)) @ rng.normal(0.0, 0.1, (FACTORS, SCENARIOS))
    arrays = SimpleNamespace(
        value=usd,
        notional_usd=usd,
        risk=usd[:, None] * moves,
        asset_risk=np.zeros((1, SCENARIOS)),
    )
    return build_tables(
        perps,
        ("USDT",),
        arrays,
        asset_price_usd=np.ones(1),
        collateral={"USDT": CollateralTerms()},
        tiered=TieredModel({perp.symbol: TIERS for perp in perps}),
        scenario=ScenarioModel(),
    )


def account(tables: RiskTables, number: int, rng: np.random.Generator, model: int) -> Breach:
    """Return a random account in breach."""
    held = np.sort(rng.choice(LISTED, HELD, replace=False)).astype(np.int32)
    value = tables.value[held]
    lots = np.maximum(1.0, np.rint(np.exp(rng.normal(10.5, 1.5, HELD)) / value))
    lots *= rng.choice((-1.0, 1.0), HELD)
    row = AccountRow(held, lots, -lots * value, np.zeros(1), model)
    health = evaluate_one(*row, tables)
    row.balance[0] -= health.health + health.maintenance * rng.uniform(0.01, 0.3)
    slips = rng.uniform(0.002, 0.02, HELD)
    return Breach(
        account=number,
        holding=row,
        tables=tables,
        lots=lots.astype(np.int64),
        limit_value=value * (1.0 - slips * np.sign(lots)),
        target=0.9,
        penalty=0.005,
        fee=0.0005,
        depth_usd=np.exp(rng.normal(12.0, 1.5, HELD)),
    )


def accounts(n: int, model: int) -> list[Breach]:
    """Return random accounts in breach, on one random market."""
    rng = np.random.default_rng(SEED)
    tables = market(rng)
    return [account(tables, number, rng, model) for number in range(n)]


def peer(programme: Programme) -> float:
    """Solve a programme by SciPy; return the least cost."""
    shape = programme.least.size, programme.cost.size
    matrix = sparse.csc_array((programme.entry, programme.row, programme.start), shape=shape)
    bounds = np.column_stack([np.zeros(programme.cost.size), programme.upper])
    found = optimize.linprog(
        programme.cost, A_ub=-matrix, b_ub=-programme.least, bounds=bounds, method="highs-ds"
    )
    return float(found.fun)


def least_seconds(given: Sequence[Any], *contestants: Callable[[Any], object]) -> list[list[float]]:
    """Return the least time of each contestant for each of what is given, in turns."""
    best = [[float("inf")] * len(given) for _ in contestants]
    gc.collect()
    gc.disable()
    try:
        for _ in range(REPEATS_MIN):
            for n, one in enumerate(given):
                for k, contestant in enumerate(contestants):
                    start = time.perf_counter()
                    contestant(one)
                    best[k][n] = min(best[k][n], time.perf_counter() - start)
    finally:
        gc.enable()
    return best


def p99_ms(seconds: Sequence[float]) -> float:
    """Return the 99th of a hundred parts, in milliseconds."""
    return 1e3 * statistics.quantiles(seconds, n=100)[98]


def rows(large: bool) -> list[Row]:
    """Return the figures of the programme, of the whole plan, and of what plans save."""
    breaches = accounts(LARGE if large else ACCOUNTS, ScenarioModel.code)
    programmes, reused, engine = [first_programme(b) for b in breaches], Solver(), CostMinimal()
    for programme in programmes[:50]:
        ours, theirs = reused.solve(programme).cost, peer(programme)
        if abs(ours - theirs) > 1e-6 * (1.0 + abs(theirs)):
            raise AssertionError(f"both must find the same least cost, was {ours} and {theirs}")
    fresh, again, scipy = least_seconds(programmes, lambda p: Solver().solve(p), reused.solve, peer)
    engine.propose(breaches[:5])
    (plans,) = least_seconds(breaches, lambda breach: engine.propose([breach]))
    name, size = "cost-minimal", f"{HELD} positions x {SCENARIOS} scenarios"
    return [
        Row.alone(f"{name} LP, {size}, fresh, p99", "ms", ours=p99_ms(fresh), bar="<= 2"),
        Row.alone(f"{name} LP, {size}, reused, p99", "ms", ours=p99_ms(again), bar="<= 1"),
        Row.time(
            f"{name} LP, {size}, fresh, median",
            "ms",
            ours=1e3 * statistics.median(fresh),
            peer="scipy.optimize.linprog",
            theirs=1e3 * statistics.median(scipy),
            bar=">= 3",
        ),
        Row.alone(f"{name} plan, p50", "ms", ours=1e3 * statistics.median(plans), bar=None),
        Row.alone(f"{name} plan, p99", "ms", ours=p99_ms(plans), bar=None),
        *saved("scenarios", breaches),
        *saved("tiers", accounts(len(breaches), TieredModel.code)),
    ]


def saved(model: str, breaches: Sequence[Breach]) -> list[Row]:
    """Return what plans save of the cost of the other ways to choose, all accounts together."""
    found = compare_costs(breaches)
    minimal = sum(one.minimal_usd for one in found)
    ways = {
        "the same share": (sum(one.share_usd for one in found), ">= 10"),
        "the cheapest first": (sum(one.cheapest_usd for one in found), ">= 0"),
    }
    return [
        Row.alone(
            f"cost-minimal saves of {way}, {model}", "%", ours=100 * (1 - minimal / usd), bar=bar
        )
        for way, (usd, bar) in ways.items()
    ]
