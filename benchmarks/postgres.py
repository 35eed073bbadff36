"""The journal's PostgreSQL store against the same rows copied through psycopg, a commit each.

The raw form has no lock, no token, no chain, no checks and wakes nobody. Both copy in binary, over
a socket of this machine, to a server of the tests, at its own settings: what is acknowledged is on
disk. The batches are those of ``journal.py``.
"""

import runpy
import time
from pathlib import Path

import psycopg
from _harness import Row, best_seconds
from journal import BATCH_UNITS, BATCHES, make_units

from hullmark.journal import Batch, Journal, read
from hullmark.journal.memory import MemoryStore
from hullmark.journal.postgres import PostgresStore

SERVER = runpy.run_path(str(Path(__file__).parents[1] / "tests" / "_postgres.py"))["Server"]
TABLE = (
    "CREATE TABLE batch (first bigint PRIMARY KEY, last bigint NOT NULL,"
    " previous_hash bytea NOT NULL, hash bytea NOT NULL, payload bytea NOT NULL)"
)
TYPES = ("int8", "int8", "bytea", "bytea", "bytea")


def raw(dsn: str, number: int, batches: list[Batch]) -> None:
    """Copy the rows, a transaction each, at the durability of the store."""
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute(f"CREATE SCHEMA raw_{number}".encode())
        db.execute(f"SET search_path = raw_{number}".encode())
        db.execute(TABLE)
        with db.cursor() as cursor:
            for batch in batches:
                with db.transaction(), cursor.copy("COPY batch FROM STDIN (FORMAT BINARY)") as rows:
                    rows.set_types(TYPES)
                    rows.write_row(batch)


def address(dsn: str, number: int) -> str:
    """Return the address of a journal with a schema of its own."""
    return f"{dsn}&options=-c%20hullmark.schema%3Dours_{number}"


def through_store(place: str, batches: list[Batch]) -> list[float]:
    """Append the batches through the port; return the milliseconds of each."""
    taken_ms = []
    with PostgresStore(place) as store:
        for batch in batches:
            begun_s = time.perf_counter()
            store.append(batch)
            taken_ms.append(1e3 * (time.perf_counter() - begun_s))
    return taken_ms


def rows(large: bool) -> list[Row]:
    """Return the rows of appending and reading; *large* appends ten times as much."""
    batch_count = 10 * BATCHES if large else BATCHES
    units = make_units(batch_count * BATCH_UNITS)
    memory = MemoryStore()
    journal = Journal(memory)
    for first in range(0, len(units), BATCH_UNITS):
        journal.append(units[first : first + BATCH_UNITS])
    batches = list(memory.batches())

    with SERVER() as server:
        number = iter(range(10**6))
        taken_ms: list[float] = []
        ours, theirs = best_seconds(
            lambda: taken_ms.extend(through_store(address(server.dsn, next(number)), batches)),
            lambda: raw(server.dsn, next(number), batches),
        )
        with PostgresStore(address(server.dsn, 0), read_only=True) as written:
            if list(written.batches()) != batches:
                raise AssertionError("the contestants must store the same batches")
            (reading,) = best_seconds(lambda: sum(1 for _ in read(written)), repeats=5)
    taken_ms.sort()
    return [
        Row.rate(
            "postgres, store port", "batches/s", ours=batch_count / ours, peer="raw psycopg COPY",
            theirs=batch_count / theirs, bar=">= 0.7",
        ),
        Row.alone("postgres, commit p50", "ms", ours=taken_ms[len(taken_ms) // 2], bar=None),
        Row.alone("postgres, commit p99", "ms", ours=taken_ms[len(taken_ms) * 99 // 100], bar=None),
        Row.alone("postgres, verified read", "units/s", ours=len(units) / reading, bar=None),
    ]  # fmt: skip
