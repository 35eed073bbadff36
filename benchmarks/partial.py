"""Planning with the partial engine: one account, and the 11,000 of a burst in one batch.

Accounts hold contracts of a venue of 40, settled in one asset and margined by tiers. In one half of
the figures they close a common share, in the other the cheapest positions first. Budget: 50 us for
one account of five positions through `propose`, and much less than a second for 11,000 of them.

The peer is the common share in plain Python: floats in lists, the same bisection, which asks no
share twice. It plans the same lots.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from _harness import REPEATS_MIN, Row, best_seconds

from hullmark.book import AccountRow, Rows
from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.liquidation import Breach, Breaches, Choice, Plan
from hullmark.liquidation.partial import Partial
from hullmark.margin import (
    RiskTables,
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_tables,
    evaluate,
)

INSTRUMENTS, ACCOUNTS, SEED = 40, 11_000, 20251010
HELD = 5  # positions of each account; and of the large one:
HELD_LARGE = 25
TIERS = ((0.0, 0.01), (50_000.0, 0.025), (250_000.0, 0.05))  # USD, maintenance
TARGET, PENALTY = 0.8, 0.0005
MISSING = 0.1  # of its maintenance margin, by which each account is under
HALVINGS = 40
CALLS = 200  # per repeat where one call is short


def market(rng: np.random.Generator) -> RiskTables:
    """Return the tables of the venue."""
    perps = [
        Perpetual(symbol=f"P{i}", underlying=f"U{i}", settlement="USDT", lot_nano=10**9)
        for i in range(INSTRUMENTS)
    ]
    usd = rng.uniform(1.0, 1e3, INSTRUMENTS)
    tiers = tuple(Tier(floor_usd=f, initial=2 * m, maintenance=m) for f, m in TIERS)
    return build_tables(
        perps,
        ("USDT",),
        SimpleNamespace(
            value=usd,
            notional_usd=usd,
            risk=np.zeros((INSTRUMENTS, 1)),
            asset_risk=np.zeros((1, 1)),
        ),
        asset_price_usd=np.ones(1),
        collateral={"USDT": CollateralTerms()},
        tiered=TieredModel({perp.symbol: TierSchedule(tiers) for perp in perps}),
        scenario=ScenarioModel(),
    )


def crowd(accounts: int, held: int, choice: Choice) -> Breaches:
    """Return so many accounts that are all under by the same share of what they need."""
    rng = np.random.default_rng(SEED)
    tables, places = market(rng), accounts * held
    picked = [np.sort(rng.choice(INSTRUMENTS, held, replace=False)) for _ in range(accounts)]
    instrument = np.concatenate(picked).astype(np.int32)
    lots = rng.integers(100, 2_000, places) * rng.choice([-1, 1], places)
    size, value = lots.astype(np.float64), tables.value[instrument]
    start, count = np.arange(accounts) * held, np.full(accounts, held)
    model = np.full(accounts, TieredModel.code, np.int8)
    rows = Rows(start, count, instrument, size, -size * value, np.zeros((accounts, 1)), model)
    rows.balance[:, 0] = (1.0 - MISSING) * evaluate(rows, tables).maintenance
    slip = rng.uniform(5e-4, 5e-3, INSTRUMENTS)[instrument]
    return Breaches(
        accounts=range(accounts),
        rows=rows,
        tables=tables,
        lots=lots,
        limit_value=value * (1 - slip * np.sign(size)),
        depth_usd=rng.choice([1e6, 1e8, np.inf], INSTRUMENTS)[instrument],
        target=TARGET,
        penalty=PENALTY,
        choice=choice,
    )


def alone(batch: Breaches) -> Breach:
    """Return the first account of a batch by itself, with arrays of its own."""
    breach, (instrument, size, quote, balance, model) = batch[0], batch[0].holding
    row = AccountRow(instrument.copy(), size.copy(), quote.copy(), balance.copy(), model)
    return replace(breach, holding=row, lots=breach.lots.copy())


class Plain:
    """The common share in plain Python."""

    def __init__(self, tables: RiskTables) -> None:
        self._price = tables.value.tolist()

    def propose(self, batch: Breaches) -> list[Plan]:
        """Return a plan per account."""
        rows, lots, limit = batch.rows, batch.lots.tolist(), batch.limit_value.tolist()
        numbers, quote, cash = rows.instrument.tolist(), rows.quote.tolist(), rows.balance.tolist()
        plans = []
        for n, account in enumerate(batch.accounts):
            part = slice(int(rows.start[n]), int(rows.start[n] + rows.count[n]))
            held = numbers[part], lots[part], quote[part], limit[part]
            closed = self._smallest(*held, cash[n][0], batch.target, batch.penalty)
            plans.append(Plan(account=account, lots=closed, reason="share"))
        return plans

    def _smallest(
        self,
        numbers: list[int],
        lots: list[int],
        quote: list[float],
        limit: list[float],
        cash: float,
        target: float,
        penalty: float,
    ) -> tuple[int, ...]:
        def trades(share: float) -> tuple[int, ...]:
            closed = [min(math.ceil(share * abs(n)), abs(n)) for n in lots]
            return tuple(-c if n > 0 else c for c, n in zip(closed, lots, strict=True))

        def reaches(tried: tuple[int, ...]) -> bool:
            equity, needed = cash, 0.0
            for i, n, q, at, t in zip(numbers, lots, quote, limit, tried, strict=True):
                price = self._price[i]
                equity += q - t * at + (n + t) * price - penalty * abs(t) * price
                needed += bracket(abs(n + t) * price)
            return equity > 0.0 and needed <= target * equity

        low, high, short, enough = 0.0, 1.0, trades(0.0), trades(1.0)
        if not reaches(enough):
            return enough
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            tried = trades(middle)
            if tried == enough or (tried != short and reaches(tried)):
                high, enough = middle, tried
            else:
                low, short = middle, tried
        return enough


def bracket(notional_usd: float) -> float:
    """Return the maintenance margin of a position."""
    needed = 0.0
    for k, (floor, rate) in enumerate(TIERS):
        above = TIERS[k + 1][0] if k + 1 < len(TIERS) else math.inf
        needed += rate * max(min(notional_usd, above) - floor, 0.0)
    return needed


def seconds_each(propose: Callable[[], object]) -> Callable[[], None]:
    """Return a contestant that asks often enough to be timed."""

    def often() -> None:
        for _ in range(CALLS):
            propose()

    return often


def of_one(held: int, bar: str | None) -> list[Row]:
    """Return the figures of one account."""
    ours, names = Partial(), {"share": "common share", "cheapest": "cheapest first"}
    share = crowd(1, held, "share")
    plain, breach = Plain(share.tables), alone(share)
    if ours.propose([breach])[0].lots != plain.propose(share)[0].lots:
        raise AssertionError("the peer must plan the same lots")
    cheap = replace(breach, choice="cheapest")
    times = best_seconds(
        seconds_each(lambda: ours.propose([breach])),
        seconds_each(lambda: ours.propose([cheap])),
        seconds_each(lambda: plain.propose(share)),
        repeats=4 * REPEATS_MIN,
    )
    micros = [1e6 * seconds / CALLS for seconds in times]
    return [
        row
        for name, ours_us in zip(names.values(), micros, strict=False)
        for row in (
            Row.alone(f"plan, {held} positions, {name}", "us", ours=ours_us, bar=bar),
            Row.time(
                f"plan, {held} positions, {name}, against the share in plain Python",
                "us",
                ours=ours_us,
                peer="plain Python",
                theirs=micros[2],
                bar=None,
            ),
        )
    ]


def of_many() -> list[Row]:
    """Return the figures of a burst in one batch."""
    ours, share, cheap = Partial(), *(crowd(ACCOUNTS, HELD, c) for c in ("share", "cheapest"))
    plain = Plain(share.tables)
    same = [a.lots for a in ours.propose(share)] == [b.lots for b in plain.propose(share)]
    if not same:
        raise AssertionError("the peer must plan the same lots")
    first, second, peer = best_seconds(
        lambda: ours.propose(share),
        lambda: ours.propose(cheap),
        lambda: plain.propose(share),
        repeats=REPEATS_MIN,
    )
    name = f"plans, {ACCOUNTS:,} accounts in one batch"
    return [
        Row.alone(f"{name}, common share", "s", ours=first, bar="< 0.5"),
        Row.alone(f"{name}, cheapest first", "s", ours=second, bar="< 0.5"),
        Row.time(
            f"{name}, common share, against plain Python",
            "s",
            ours=first,
            peer="plain Python",
            theirs=peer,
            bar=">= 5",
        ),
    ]


def rows(large: bool) -> list[Row]:
    """Return the figures of one account, small and large, and of a burst."""
    return [*of_one(HELD, "<= 50"), *of_one(HELD_LARGE, None), *of_many()]
