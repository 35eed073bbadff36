"""Ticks through `decide`: what a price costs when nothing, little or everything hangs on it.

A venue of thirty perpetuals with three positions an account, from 1 to 50 times its equity. Timed
is everything from the command to the last event of the sweep that it sets off: prices weighed,
facts and views brought up to date, breaches found; the store is left out. Whoever comes under is
given more cash between two ticks, so that there are always accounts near the edge.

- A *calm* tick moves one price by about a basis point, as a second does. The peer is the same
  command in a venue of the same facts that evaluates every account.
- The *minute path* is BTC, ETH and SOL from May to June 2025, minute by minute, the other coins
  moving with BTC; with the recorded data absent it is drawn, and the name of the row says so.
- A *crash* tick moves every price by 4 %. Its cost is told per account, with and without the new
  bands and the breaches that are told.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sweep
from _harness import Row, best_seconds
from scale import INSTRUMENTS, SYMBOLS, SYSTEM, TREE

from hullmark.clearing import Facts, Rules, State, Views, decide, evolve, pack, react, stamp, unpack
from hullmark.domain import (
    FIRST_ACCOUNT,
    Command,
    Event,
    Mode,
    Print,
    SystemAccount,
    commands,
    events,
)
from hullmark.liquidation import load_engine
from hullmark.margin import evaluate, evaluate_one

SIZES = (10_000, 100_000, 1_000_000)
HELD = 3
PRICE, LOT = 100.0, 0.001
SECOND_NS = 10**9
STEP_NS = 10**6  # between two ticks: no timer runs out unless it is meant to
START_NS = 1_746_057_600 * SECOND_NS
CALM, WARM = 6_000, 1_000  # ticks, and ticks before them
CALM_MOVE = 1e-4
EVERYONE = 10**9  # more accounts than there are: no index
DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "binance_perp_2025_mit"
PATH = ("BTC", "ETH", "SOL")
ENGINE = load_engine("partial")


def drawn(accounts: int, seed: int = 7) -> State:
    """Return facts: accounts in pairs, each against its neighbour, with equity of every kind."""
    state, chance = State(), np.random.default_rng(seed)
    for event in decide(
        state, Views(state), ENGINE, commands.AdoptRules(rules=Rules.parse(TREE).text)
    ):
        evolve(state, event)
    columns, document = pack(state)
    first = chance.integers(0, INSTRUMENTS - HELD + 1, accounts // 2)
    usd = 10 ** chance.uniform(2, 5, (accounts // 2, HELD))
    sides = np.array([1, -1])[None, :, None]
    lots = (np.maximum(usd / PRICE / LOT, 1).astype(np.int64)[:, None, :] * sides).ravel()
    notional = np.abs(lots).reshape(accounts, HELD).sum(axis=1) * PRICE * LOT
    cash = np.zeros((SYSTEM + accounts, len(TREE["assets"])), np.int64)
    cash[SYSTEM:, 0] = notional / 10 ** chance.uniform(0, 1.7, accounts) * 1e6
    cash[SystemAccount.CUSTODY - 1] = -cash.sum(axis=0)
    held = np.zeros(SYSTEM + accounts, np.int64)
    held[SYSTEM:] = HELD
    changed = {
        "ledger.account": np.concatenate(
            [columns["ledger.account"], FIRST_ACCOUNT + np.arange(accounts, dtype=np.int64)]
        ),
        "ledger.cash": cash,
        "ledger.held": held,
        "ledger.instrument": (first[:, None] + np.arange(HELD)).repeat(2, axis=0).ravel(),
        "ledger.lots": lots,
        "ledger.quote": -lots * round(PRICE * LOT * 1e6),
        "ledger.paid": np.zeros(accounts * HELD, np.int64),
        "modes": np.full(accounts, list(Mode).index(Mode.CROSS), np.uint8),
    }
    return unpack(Facts(dict(columns) | changed, document))


class Market:
    """A venue's facts and views, its prices, and what the last tick has cost."""

    def __init__(self, state: State, **views: int) -> None:
        self.state, self.views = state, Views(state, **views)
        self.prices = np.full(INSTRUMENTS, PRICE)
        self.now_ns = max(START_NS, state.now_ns)
        self.first_s = self.tick(range(INSTRUMENTS))  # the index is built

    def run(self, command: Command) -> tuple[Sequence[Event], list[Command]]:
        """Decide a command and take its events in; return them and what they ask for."""
        found = decide(self.state, self.views, ENGINE, command)
        asked: list[Command] = []
        for event in found:
            evolve(self.state, event)
            self.views.apply(event)
            asked += react(self.state, event)
        return found, asked

    def tick(self, which: Sequence[int]) -> float:
        """Tell the prices of some instruments; return the seconds until breaches are found."""
        self.now_ns += STEP_NS
        stamp(self.state, self.now_ns)
        told = [(SYMBOLS[i], round(float(self.prices[i]) * 1e9)) for i in which]
        prints = tuple(
            Print(factor=symbol, source="a", price_nano=price, observed_ns=self.now_ns)
            for symbol, price in told
        )
        command = commands.ObservePrices(prints=prints)
        started = time.perf_counter()
        _, asked = self.run(command)
        events_found = [event for sweep in asked for event in self.run(sweep)[0]]
        seconds = time.perf_counter() - started
        self._top_up(events_found)
        return seconds

    def _top_up(self, found: Sequence[Event]) -> None:
        for event in found:
            if isinstance(event, events.BreachesFound):
                for account in event.accounts:
                    usd = self.views.health(account).gross_notional * 0.1
                    quanta = int(usd * 1e6) + 1
                    self.run(commands.Deposit(account=account, asset="USDT", quanta=quanta))

    def calm(self, ticks: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the microseconds of calm ticks."""
        chance, spent = np.random.default_rng(1), np.empty(ticks)
        for k in range(ticks):
            i = k % INSTRUMENTS
            self.prices[i] *= np.exp(chance.normal(0.0, CALM_MOVE))
            spent[k] = self.tick((i,))
        return spent[WARM:] * 1e6


def minute_path() -> tuple[str, Iterator[np.ndarray[Any, np.dtype[np.float64]]]]:
    """Return what the path is, and the relative moves of all instruments, minute by minute."""
    if DATA.exists():
        import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

        closes = {}
        for coin in PATH:
            table = pq.read_table(
                DATA / f"{coin}USDT_1m_2025-05_06.parquet", columns=["date", "close"]
            )
            closes[coin] = dict(
                zip(table["date"].to_pylist(), table["close"].to_pylist(), strict=True)
            )
        dates = sorted(set.intersection(*(set(c) for c in closes.values())))
        prices = np.array([[closes[coin][d] for coin in PATH] for d in dates])
        moves = prices[1:] / prices[:-1]
        name = f"{len(moves):,} minutes of May-June 2025"
    else:
        chance = np.random.default_rng(5)
        moves = np.exp(chance.standard_t(4, (40_000, 3)) * 3e-4)
        name = "40,000 drawn minutes (no recorded data)"
    of = np.zeros(INSTRUMENTS, np.int64)
    of[1], of[2] = 1, 2
    return name, (row[of] for row in moves)


def rows(large: bool) -> list[Row]:
    """Return the rows of calm, recorded and crash ticks; the whole path if *large*."""
    found, medians = [], {}
    for accounts in SIZES:
        market = Market(drawn(accounts))
        us = market.calm(CALM)
        medians[accounts] = float(np.median(us))
        for name, q in (("p99", 99.0), ("p99.9", 99.9), ("max", 100.0)):
            title = f"calm tick, {accounts:,} accounts, {name}"
            found.append(Row.alone(title, "us", ours=float(np.percentile(us, q)), bar=None))
    few, many = medians[SIZES[0]], medians[SIZES[-1]]
    peer = f"{SIZES[0]:,} accounts"
    found.append(
        Row.time(
            f"calm tick, {SIZES[-1]:,} accounts, p50",
            "us",
            ours=many,
            peer=peer,
            theirs=few,
            bar=">= 0.5",
        )
    )
    title = f"calm tick, {SIZES[1]:,} accounts, p50"
    found.append(Row.alone(title, "us", ours=medians[SIZES[1]], bar=None))
    again = Market(market.state)
    title = f"first tick of {SIZES[-1]:,} accounts, with the index built"
    found.append(Row.alone(title, "s", ours=again.first_s, bar="< 3"))
    everyone = Market(market.state, indexed_from=EVERYONE)
    everyone.prices[:] = market.prices
    whole_us = min(everyone.tick((k % INSTRUMENTS,)) for k in range(20)) * 1e6
    found.append(
        Row.time(
            "calm tick of a million, p50",
            "us",
            ours=many,
            peer="every account evaluated",
            theirs=whole_us,
            bar=">= 500",
        )
    )
    found += _beside(market)
    found += _crash(market)
    found += _path(market, None if large else 4_000)
    return found


def _beside(market: Market) -> list[Row]:
    for _ in range(2):
        market.now_ns += 120 * SECOND_NS  # the timer of the sweep has run out
        market.tick((0,))
    spent, chance = [], np.random.default_rng(2)
    for k in range(60_000):
        i = k % INSTRUMENTS
        market.prices[i] *= np.exp(chance.normal(0.0, CALM_MOVE))
        if market.views.index.sweeping:
            spent.append(market.tick((i,)))
        else:
            market.now_ns += 120 * SECOND_NS
            market.tick((i,))
    us = np.array(spent) * 1e6
    return [
        Row.alone(
            f"calm tick of a million beside a sweep, {name}",
            "us",
            ours=float(np.percentile(us, q)),
            bar=None,
        )
        for name, q in (("p50", 50.0), ("p99", 99.0), ("p99.9", 99.9), ("max", 100.0))
    ]


def _path(market: Market, ticks: int | None) -> list[Row]:
    name, moves = minute_path()
    spent, touched = [], []
    for k, move in enumerate(moves):
        if k == ticks:
            name = f"the first {ticks:,} of {name}"
            break
        market.prices *= move
        spent.append(market.tick(range(INSTRUMENTS)))
        touched.append(market.views.index.checked.evaluated)
    us, title = np.array(spent) * 1e6, f"a million accounts, {name}"
    figures = [
        ("mean", us.mean()),
        *((f"p{q}", np.percentile(us, q)) for q in (50, 99, 99.9)),
        ("max", us.max()),
    ]
    found = [Row.alone(f"{title}, {n}", "us", ours=float(v), bar=None) for n, v in figures]
    return [
        *found,
        Row.alone(
            f"{title}, accounts evaluated, mean", "accounts", ours=float(np.mean(touched)), bar=None
        ),
    ]


def _crash(market: Market) -> list[Row]:
    market.prices *= 0.96
    seconds = market.tick(range(INSTRUMENTS))
    evaluated = market.views.index.checked.evaluated
    book, tables = market.views.book.rows(), market.views.tables
    which = np.sort(np.random.default_rng(3).permutation(book.start.size)[:evaluated])
    alone = min(best_seconds(lambda: evaluate(book, tables, which=which)))
    each = seconds * 1e6 / evaluated
    return [
        Row.alone("crash tick of 4 %, a million accounts", "ms", ours=seconds * 1e3, bar=None),
        Row.alone("crash tick, accounts evaluated", "accounts", ours=float(evaluated), bar=None),
        Row.alone(
            "crash tick, evaluation, per account", "us", ours=alone * 1e6 / evaluated, bar=None
        ),
        Row.alone("crash tick, bands and breaches too, per account", "us", ours=each, bar="<= 0.5"),
        *_options(),
    ]


# Accounts of 25 instruments whose risk rows are there, under all scenarios: the refresh of the rows
# after a price is the pricing's, and is measured with it.
def _options() -> list[Row]:
    chance = np.random.default_rng(4)
    tables, book = sweep.make_tables(chance), sweep.make_book(chance, 100_000)
    rows = book.rows()
    batches = [np.sort(chance.integers(0, 100_000, 100)) for _ in range(200)]
    some = min(best_seconds(lambda: [evaluate(rows, tables, which=b) for b in batches])) / 20_000
    one = min(best_seconds(lambda: [evaluate_one(*book.account(r), tables) for r in range(2_000)]))
    held = f"{sweep.POSITIONS} positions, {sweep.SCENARIOS} scenarios"
    return [
        Row.alone(f"an account of {held}, of a hundred", "us", ours=some * 1e6, bar="<= 0.5"),
        Row.alone(f"an account of {held}, alone", "us", ours=one * 500.0, bar="<= 2"),
    ]
