"""Durable commands through the runtime: decided, applied, encoded, hashed and synchronised.

The mix is that of a trading venue: 70 % trades between two accounts, 15 % transfers, 10 % batches
of seven prices, each followed by a sweep of every account, and 5 % withdrawals. Groups of 200 share
a commit to SQLite, synchronised in full. Budget: 30,000 commands a second, and 99 of 100 commits
within 10 ms. There is no peer: a figure stands against its limit.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from _harness import Row, best_seconds

from hullmark.clearing import Rules
from hullmark.domain import Command, Mode, Print, commands
from hullmark.journal import Journal, Unit
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import Venue

ACCOUNTS = (100, 1_000, 10_000)
BAR_ACCOUNTS = 1_000  # where the bar stands: the sweeps make the rate depend on their number
GROUP = 200  # commands in a commit
GROUPS = 10  # commits in a repeat
REPEATS = 7
FIRST = 100  # the number of the first account
SYMBOLS = tuple(f"{coin}USDT-PERP" for coin in ("BTC", "ETH", "BNB", "SOL", "XRP", "DOGE", "HYPE"))
NOW_NS = 1_760_130_900_000_000_000
SEED = 20251010
TIERS = [
    {"floor_usd": "0", "initial": "0.02", "maintenance": "0.01"},
    {"floor_usd": "1000000", "initial": "0.05", "maintenance": "0.025"},
]
TREE = {
    "name": "commands",
    "assets": {"USDT": {"decimals": 6, "peg": "1"}},
    "instruments": [
        {
            "kind": "perpetual",
            "symbol": symbol,
            "underlying": symbol.removesuffix("USDT-PERP"),
            "settlement": "USDT",
            "lot": "0.001",
        }
        for symbol in SYMBOLS
    ],
    "margin": {"cross": "tiered", "tiered": {symbol: {"tiers": TIERS} for symbol in SYMBOLS}},
    "prices": {
        symbol: {"sources": ["index"], "sources_min": 1, "staleness_s_max": "60", "jump_max": "0.4"}
        for symbol in SYMBOLS
    },
}


class TimedJournal(Journal):
    """A journal that notes how long each commit took."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store)
        self.seconds: list[float] = []

    def append(self, units: Sequence[Unit]) -> None:
        """Append *units*, and note the time that it took."""
        start = time.perf_counter()
        super().append(units)
        self.seconds.append(time.perf_counter() - start)


class Market:
    """Where commands come from: accounts that trade at prices that wander, all from one seed."""

    def __init__(self, accounts: int) -> None:
        self._accounts = accounts
        self._chance = random.Random(SEED)
        self._prices = dict.fromkeys(SYMBOLS, 100 * 10**9)

    def founding(self) -> Iterator[Command]:
        """Yield what opens and funds the accounts, and the first prices."""
        for account in range(FIRST, FIRST + self._accounts):
            yield commands.OpenAccount(account=account, mode=Mode.CROSS)
            yield commands.Deposit(account=account, asset="USDT", quanta=10**12)
        yield self._observed()

    def mix(self) -> Iterator[Command]:
        """Yield commands without end."""
        kinds = (self._traded, self._transferred, self._observed, self._withdrawn)
        while True:
            (kind,) = self._chance.choices(kinds, (70, 15, 10, 5))
            yield kind()

    def _pair(self) -> list[int]:
        return [FIRST + n for n in self._chance.sample(range(self._accounts), 2)]

    def _traded(self) -> Command:
        symbol, (buyer, seller) = self._chance.choice(SYMBOLS), self._pair()
        return commands.ReportTrade(
            instrument=symbol,
            buyer=buyer,
            seller=seller,
            lots=self._chance.randrange(1, 2_000),
            price_nano=self._prices[symbol],
            buyer_fee_quanta=350,
            seller_fee_quanta=140,
        )

    def _transferred(self) -> Command:
        source, target = self._pair()
        quanta = self._chance.randrange(1, 10**6)
        return commands.Transfer(source=source, target=target, asset="USDT", quanta=quanta)

    def _observed(self) -> Command:
        for symbol, price_nano in self._prices.items():
            self._prices[symbol] = price_nano * (9_995 + self._chance.randrange(11)) // 10_000
        said = [
            Print(factor=symbol, source="index", price_nano=price_nano, observed_ns=NOW_NS)
            for symbol, price_nano in self._prices.items()
        ]
        return commands.ObservePrices(prints=tuple(said))

    def _withdrawn(self) -> Command:
        (account, _), quanta = self._pair(), self._chance.randrange(1, 10**6)
        return commands.Withdraw(account=account, asset="USDT", quanta=quanta)


class Stream:
    """A venue with so many accounts, and the groups of commands that it is still to be given."""

    def __init__(self, folder: Path, accounts: int) -> None:
        market = Market(accounts)
        self.journal = TimedJournal(SqliteStore(folder / f"{accounts}.db"))
        self.venue = Venue(self.journal, clock=lambda: NOW_NS)
        self.venue.submit(commands.AdoptRules(rules=Rules.parse(TREE).text))
        self.venue.submit_all(market.founding())
        mix = market.mix()
        count = (REPEATS + 1) * GROUPS
        self._groups = iter([tuple(islice(mix, GROUP)) for _ in range(count)])
        self.journal.seconds.clear()

    def submit(self) -> None:
        """Give the venue what one repeat takes."""
        for group in islice(self._groups, GROUPS):
            for answer in self.venue.submit_all(group):
                if answer.refusal:
                    raise AssertionError(f"no command may be refused, was {answer.refusal.detail}")


def rows(large: bool) -> list[Row]:
    """Return the rate at each number of accounts, and the time of a commit."""
    with tempfile.TemporaryDirectory() as name:
        streams = [Stream(Path(name), accounts) for accounts in ACCOUNTS]
        seconds = best_seconds(*(stream.submit for stream in streams), repeats=REPEATS)
        commits = [1e3 * s for stream in streams for s in stream.journal.seconds]
        for stream in streams:
            stream.venue.close()
    rates = [GROUP * GROUPS / least for least in seconds]
    return [
        *(
            Row.alone(
                f"durable commands, {accounts:,} accounts",
                "commands/s",
                ours=rate,
                bar=">= 30000" if accounts == BAR_ACCOUNTS else None,
            )
            for accounts, rate in zip(ACCOUNTS, rates, strict=True)
        ),
        Row.alone(
            f"durable commands, p99 of a commit of {GROUP}",
            "ms",
            ours=statistics.quantiles(commits, n=100)[98],
            bar="<= 10",
        ),
    ]
