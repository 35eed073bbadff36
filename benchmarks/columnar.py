"""Trades in columns through the runtime: a thousand to a command, beside as many single commands.

Both are decided, applied, encoded, hashed and synchronised in one commit to SQLite; 10,000 accounts
trade seven perpetuals. Budget: 300,000 trades a second, commit included.
"""

import random
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from _harness import Row, best_seconds
from commands import FIRST, NOW_NS, SYMBOLS, TREE

from hullmark.clearing import Rules
from hullmark.domain import Mode, Print, commands, pack_column
from hullmark.journal import Journal, Store
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import Venue

ACCOUNTS = 10_000
TRADES = 1_000  # in a command
REPEATS = 20
SEED = 20251010
PRICE_NANO = 100 * 10**9


def founded(store: Store) -> Venue:
    """Return a new venue whose accounts have cash."""
    venue = Venue(Journal(store), clock=lambda: NOW_NS)
    prints = tuple(
        Print(factor=symbol, source="index", price_nano=PRICE_NANO, observed_ns=NOW_NS)
        for symbol in SYMBOLS
    )
    venue.submit(commands.AdoptRules(rules=Rules.parse(TREE).text))
    accounts = range(FIRST, FIRST + ACCOUNTS)
    venue.submit_all([commands.OpenAccount(account=a, mode=Mode.CROSS) for a in accounts])
    venue.submit_all([commands.Deposit(account=a, asset="USDT", quanta=10**12) for a in accounts])
    venue.submit(commands.ObservePrices(prints=prints))
    return venue


def singles() -> Iterator[commands.ReportTrade]:
    """Yield trades of any two accounts near the mark, all from one seed."""
    chance = random.Random(SEED)
    while True:
        buyer, seller = chance.sample(range(FIRST, FIRST + ACCOUNTS), 2)
        yield commands.ReportTrade(
            instrument=chance.choice(SYMBOLS),
            buyer=buyer,
            seller=seller,
            lots=chance.randrange(1, 2_000),
            price_nano=PRICE_NANO + chance.randrange(10**9),
            buyer_fee_quanta=chance.randrange(10**4),
            seller_fee_quanta=chance.randrange(10**4),
        )


def in_columns(trades: Sequence[commands.ReportTrade]) -> commands.ReportTrades:
    """Return trades as one command."""
    names = ("buyer", "seller", "lots", "price_nano", "buyer_fee_quanta", "seller_fee_quanta")
    return commands.ReportTrades(
        symbols=SYMBOLS,
        instrument=pack_column(SYMBOLS.index(trade.instrument) for trade in trades),
        **{name: pack_column(getattr(trade, name) for trade in trades) for name in names},
    )


def rows(large: bool) -> list[Row]:
    """Return the rows; *large* changes nothing."""
    trades = singles()
    rounds = [list(islice(trades, TRADES)) for _ in range(REPEATS + 1)]
    columns = [in_columns(each) for each in rounds]
    durable, in_memory, ones = iter(columns), iter(columns), iter(rounds)
    with tempfile.TemporaryDirectory() as folder:
        ours = founded(SqliteStore(Path(folder) / "columns.db"))
        theirs = founded(SqliteStore(Path(folder) / "singles.db"))
        nowhere = founded(MemoryStore())
        many, uncommitted, single = best_seconds(
            lambda: ours.submit(next(durable)),
            lambda: nowhere.submit(next(in_memory)),
            lambda: theirs.submit_all(next(ones)),
            repeats=REPEATS,
        )
        if not ours.state_hash() == nowhere.state_hash() == theirs.state_hash():
            raise AssertionError("the contestants must book the same trades")
        for venue in (ours, theirs, nowhere):
            venue.close()
    return [
        Row.alone("trades in columns, durable", "rows/s", ours=TRADES / many, bar=">= 300000"),
        Row.alone("trades in columns, no disk", "rows/s", ours=TRADES / uncommitted, bar=None),
        Row.rate(
            "trades in columns, beside single ones", "rows/s", ours=TRADES / many,
            peer="ReportTrade in one commit", theirs=TRADES / single, bar=None,
        ),
    ]  # fmt: skip
