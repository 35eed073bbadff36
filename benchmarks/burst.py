"""A burst: one price tick brings 11,000 accounts under, and each is decided and taken in.

From the price command to rest as the runtime runs it: prices, sweep, and a `CureBreach` for each
account in order of margin ratio, with its orders. The store is left out. Budget: one second, for as
many as were liquidated in the minute of 10 October 2025 on one venue. The rules are those of
``scenarios/oct-2025-venue.toml`` without a throttle; there accounts are closed in full. In a second
venue limits are so near to the mark that a part of each account is enough, which takes a search for
the share, and one more margin to check it.

The peer is the same decisions with every account worked out by itself, in the same process. Events
are the same, byte for byte, between both and between two runs.
"""

import gc
import random
import statistics
import time
import tomllib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from _harness import REPEATS_MIN, Row

from hullmark.clearing import Rules, Views, decide, evolve, react, stamp
from hullmark.domain import Command, Event, Mode, Print, commands, events, pack_column
from hullmark.journal import Journal, Unit
from hullmark.journal.memory import MemoryStore
from hullmark.liquidation import load_engine
from hullmark.runtime import Venue

VENUE_FILE = Path(__file__).parent.parent / "scenarios" / "oct-2025-venue.toml"
ACCOUNTS = 11_500  # of which some survive
UNDER_MIN = 11_000
MAKER, FIRST = 100, 101  # the number of the maker, and of the first user
NOW_NS, SECOND_NS = 1_760_130_900_000_000_000, 10**9
SEED = 20251010
FALL_MILLI = 70  # of every price, in thousandths
NAMES = {"full": "closed in full", "part": "closed in part"}
# Equity over notional at the start; 0.07 of it is lost. And what is near to the mark.
EQUITY = {"full": (0.04, 0.075), "part": (0.071, 0.0745)}
NEAR = {"slippage": "0.001", "penalty": "0.001"}


class Untimed(Journal):
    """A journal in memory that notes how long it took, to be left out."""

    seconds = 0.0

    def append(self, units: Sequence[Unit]) -> None:
        """Append *units*."""
        start = time.perf_counter()
        super().append(units)
        self.seconds += time.perf_counter() - start


class Crowd:
    """A venue in which one tick brings nearly everybody under."""

    def __init__(self, kind: str) -> None:
        self._tree = tomllib.loads(VENUE_FILE.read_text(encoding="utf-8"))
        del self._tree["liquidation"]["throttle"]
        self._tree["liquidation"].update(NEAR if kind == "part" else {})
        listed = self._tree["instruments"]
        self._price = {i["symbol"]: 100 * 10**9 * k for k, i in enumerate(listed, start=1)}
        self._now_ns = NOW_NS
        self.journal = Untimed(MemoryStore())
        self.venue = Venue(self.journal, clock=lambda: self._now_ns)
        self.venue.submit(commands.AdoptRules(rules=Rules.parse(self._tree).text))
        for answer in self.venue.submit_all(self._founding(EQUITY[kind])):
            if answer.refusal:
                raise AssertionError(f"no command may be refused, was {answer.refusal.detail}")
        self.journal.seconds = 0.0
        self._now_ns += SECOND_NS
        self.venue.submit(commands.AdvanceTime())  # everything is compiled, and nobody is under

    def tick(self) -> Command:
        """Return the prices that bring them under."""
        return self._observed(1_000 - FALL_MILLI)

    def _founding(self, equity: tuple[float, float]) -> Iterator[Command]:
        chance, trades = random.Random(SEED), []
        yield self._observed(1_000)
        yield commands.OpenAccount(account=MAKER, mode=Mode.CROSS)
        yield commands.Deposit(account=MAKER, asset="USDT", quanta=10**16)
        symbols = tuple(self._price)
        for account in range(FIRST, FIRST + ACCOUNTS):
            notional_usd = 0.0
            for k in chance.sample(range(len(symbols)), chance.choice((1, 1, 1, 2, 2, 3, 5))):
                lots, price_nano = chance.randrange(10, 2_000), self._price[symbols[k]]
                notional_usd += lots * float(self._tree["instruments"][k]["lot"]) * price_nano / 1e9
                trades.append((k, account, MAKER, lots, price_nano, 0, 0))
            quanta = int(notional_usd * 1e6 * chance.uniform(*equity))
            yield commands.OpenAccount(account=account, mode=Mode.CROSS)
            yield commands.Deposit(account=account, asset="USDT", quanta=quanta)
        for start in range(0, len(trades), 10_000):
            columns = map(pack_column, zip(*trades[start : start + 10_000], strict=True))
            instrument, buyer, seller, lots, price, buyer_fee, seller_fee = columns
            yield commands.ReportTrades(
                symbols=symbols,
                instrument=instrument,
                buyer=buyer,
                seller=seller,
                lots=lots,
                price_nano=price,
                buyer_fee_quanta=buyer_fee,
                seller_fee_quanta=seller_fee,
            )

    def _observed(self, milli: int) -> Command:
        said = [
            Print(factor=s, source="replay", price_nano=p * milli // 1_000, observed_ns=NOW_NS)
            for s, p in self._price.items()
        ]
        return commands.ObservePrices(prints=tuple(said))


def in_runtime(kind: str) -> tuple[float, list[Event]]:
    """Return the seconds of the burst in the runtime, its store left out, and its events."""
    crowd = Crowd(kind)
    command = crowd.tick()
    gc.collect()
    start = time.perf_counter()
    answer = crowd.venue.submit(command)
    seconds = time.perf_counter() - start - crowd.journal.seconds
    return seconds, [event for unit in answer.units for event in unit.events]


def by_hand(kind: str, *, together: bool) -> tuple[list[float], list[Event]]:
    """Return the seconds of each command of the burst, and its events.

    Views that are not told of the breaches work out each account when it is asked about.
    """
    crowd = Crowd(kind)
    state, engine = crowd.venue.state, load_engine("partial")
    views, found, seconds = Views(state), list[Event](), list[float]()
    views.breaches()
    waiting = deque([crowd.tick()])
    stamp(state, state.now_ns)
    gc.collect()
    while waiting:
        start = time.perf_counter()
        for event in decide(state, views, engine, waiting.popleft()):
            evolve(state, event)
            if together or not isinstance(event, events.BreachesFound):
                views.apply(event)
            waiting.extend(react(state, event))
            found.append(event)
        seconds.append(time.perf_counter() - start)
    return seconds, found


def measured(kind: str) -> list[Row]:
    """Return the figures of one venue: the whole, one decision, and its slowest hundredth."""
    whole, each, ones, told = [], [], [], set()
    for _ in range(REPEATS_MIN):
        seconds, first = in_runtime(kind)
        shared, second = by_hand(kind, together=True)
        alone, third = by_hand(kind, together=False)
        told |= {msgspec.json.encode(found) for found in (first, second, third)}
        whole.append(seconds)
        each.append(shared)
        ones.append(alone)
    if len(told) != 1:
        raise AssertionError(f"every run must tell the same, was {len(told)} different histories")
    under = sum(isinstance(event, events.LiquidationStarted) for event in first)
    if under < UNDER_MIN:
        raise AssertionError(f"{UNDER_MIN} must be under or more, was {under}")
    best, peer = min(each, key=sum), min(ones, key=sum)
    name = f"burst, {under:,} {NAMES[kind]}"
    return [
        Row.alone(f"{name}, end to end", "s", ours=min(whole), bar="< 1"),
        Row.time(
            f"{name}, a decision",
            "us",
            ours=1e6 * sum(best) / under,
            peer="one by one",
            theirs=1e6 * sum(peer) / under,
            bar=">= 1.5",
        ),
        Row.alone(
            f"{name}, p99 of a decision",
            "us",
            ours=1e6 * statistics.quantiles(best, n=100)[98],
            bar=None,
        ),
    ]


def rows(large: bool) -> list[Row]:
    """Return the figures of accounts closed in full, and of accounts closed in part."""
    return [row for kind in NAMES for row in measured(kind)]
