"""The journal's SQLite store against the same rows inserted through apsw, each commit synchronised.

The raw form has no lock, no chain and no checks. The mix is that of a trading venue: 70 % trades,
15 % transfers, 10 % batches of seven prices and 5 % withdrawals.
"""

import tempfile
from pathlib import Path

import apsw
from _harness import Row, best_seconds

from hullmark.domain import Command, Event, Print, commands, events
from hullmark.journal import Batch, Journal, Unit, copy, read
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore

BATCHES = 200
BATCH_UNITS = 300
COPIED_UNITS = 200_000
SYMBOLS = tuple(f"{coin}USDT-PERP" for coin in ("BTC", "ETH", "BNB", "SOL", "XRP", "DOGE", "HYPE"))
NOW_NS = 1_760_130_900_000_000_000


def step(i: int) -> tuple[Command, Event]:
    """Return the i-th command of the mix and its event."""
    kind, account, symbol = i * 7 % 20, 100 + i * 31 % 20_000, SYMBOLS[i % 7]
    if kind < 14:
        trade = {
            "instrument": symbol, "buyer": account, "seller": account + 1, "lots": 5 + i % 900,
            "price_nano": 3_500 * 10**9 + i, "buyer_fee_quanta": 350, "seller_fee_quanta": 140,
        }  # fmt: skip
        return commands.ReportTrade(**trade), events.Traded(**trade, cost_quanta=10**9 + i)
    if kind < 17:
        moved = {"source": account, "target": account + 1, "asset": "USDT", "quanta": 10**8 + i}
        return commands.Transfer(**moved), events.Transferred(**moved)
    if kind < 19:
        prints = tuple(
            Print(factor=s, source="index", price_nano=10**12 + i, observed_ns=NOW_NS)
            for s in SYMBOLS
        )
        prices = tuple(
            events.AcceptedPrice(factor=s, price_nano=10**12 + i, grade=0, accepted_ns=NOW_NS)
            for s in SYMBOLS
        )
        return (
            commands.ObservePrices(prints=prints),
            events.PricesAccepted(prints=prints, prices=prices),
        )
    paid = {"account": account, "asset": "USDT", "quanta": 10**6 + i}
    return commands.Withdraw(**paid), events.Withdrawn(**paid)


def make_units(n: int) -> list[Unit]:
    """Return *n* units of the mix."""
    made = []
    for i in range(1, n + 1):
        command, event = step(i)
        made.append(Unit(sequence=i, time_ns=NOW_NS + i, command=command, events=(event,)))
    return made


def raw(path: Path, batches: list[Batch]) -> None:
    """Insert the rows, a commit each, at the durability of the store."""
    database = apsw.Connection(str(path))
    database.pragma("journal_mode", "wal")
    database.pragma("synchronous", "full")
    database.execute(
        "CREATE TABLE batch (first INTEGER PRIMARY KEY, last INTEGER NOT NULL,"
        " previous_hash BLOB NOT NULL, hash BLOB NOT NULL, payload BLOB NOT NULL) STRICT"
    )
    for batch in batches:
        database.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?)", batch)
    database.close()


def through_store(path: Path, batches: list[Batch]) -> None:
    """Append the batches through the port."""
    with SqliteStore(path) as store:
        for batch in batches:
            store.append(batch)


def through_journal(path: Path, units: list[Unit]) -> None:
    """Append the units themselves: encoded, read back, hashed and stored."""
    with Journal(SqliteStore(path)) as journal:
        for first in range(0, len(units), BATCH_UNITS):
            journal.append(units[first : first + BATCH_UNITS])


def rows(large: bool) -> list[Row]:
    """Return the rows of appending, copying and reading; *large* copies a million units."""
    units = make_units(1_000_000 if large else COPIED_UNITS)
    memory = MemoryStore()
    journal = Journal(memory)
    for first in range(0, len(units), BATCH_UNITS):
        journal.append(units[first : first + BATCH_UNITS])
    batches = list(memory.batches())[:BATCHES]
    few = units[: BATCHES * BATCH_UNITS]

    with tempfile.TemporaryDirectory() as name:
        number = iter(range(10**6))

        def fresh() -> Path:
            return Path(name) / f"{next(number)}.db"

        ours, theirs, whole = best_seconds(
            lambda: through_store(fresh(), batches),
            lambda: raw(fresh(), batches),
            lambda: through_journal(fresh(), few),
        )
        with SqliteStore(Path(name) / "0.db", read_only=True) as written:
            if list(written.batches()) != batches:
                raise AssertionError("the contestants must store the same batches")
        copying, reading = best_seconds(
            lambda: copy(memory, fresh()), lambda: sum(1 for _ in read(memory)), repeats=5
        )
    return [
        Row.rate(
            "journal, store port", "batches/s", ours=BATCHES / ours, peer="raw apsw",
            theirs=BATCHES / theirs, bar=">= 0.7",
        ),
        Row.alone("journal, durable units", "units/s", ours=len(few) / whole, bar=">= 30000"),
        Row.alone("journal, copy to a file", "units/s", ours=len(units) / copying, bar=">= 67000"),
        Row.alone("journal, verified read", "units/s", ours=len(units) / reading, bar=None),
    ]  # fmt: skip
