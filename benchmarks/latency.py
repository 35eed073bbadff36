"""How long a submitter waits for its commit, alone and beside others.

Threads submit transfers through `Ingress` into a SQLite journal at full synchronisation; each waits
for its answer before it submits again, as an order gateway does. The figure is from the call to the
durable answer.
"""

import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from _harness import Row

from hullmark.domain import Mode, commands
from hullmark.runtime import Ingress, Venue, open_venue

SUBMITTERS = (1, 8, 64)
SECONDS = 3.0
ACCOUNTS = 200
TREE = {
    "name": "latency",
    "assets": {"USDT": {"decimals": 6, "peg": "1"}},
    "instruments": [],
    "margin": {"cross": "tiered", "tiered": {}},
    "prices": {},
}


def founded(folder: Path) -> Venue:
    """Return a venue whose accounts have money to move."""
    venue = open_venue(TREE, journal=folder / "venue.db")
    users = range(100, 100 + ACCOUNTS)
    venue.submit_all([commands.OpenAccount(account=a, mode=Mode.CROSS) for a in users])
    venue.submit_all([commands.Deposit(account=a, asset="USDT", quanta=10**12) for a in users])
    venue.submit(commands.Transfer(source=100, target=101, asset="USDT", quanta=1))  # compiles
    return venue


def waits_s(submitters: int, seconds: float) -> tuple[np.ndarray, float]:
    """Return the time that each commit took, and the commands per second of all submitters."""
    found: list[list[float]] = [[] for _ in range(submitters)]
    stop = threading.Event()

    def submit(number: int, ingress: Ingress) -> None:
        source, target = 100 + number % ACCOUNTS, 100 + (number + 1) % ACCOUNTS
        moved = commands.Transfer(source=source, target=target, asset="USDT", quanta=1)
        while not stop.is_set():
            started = time.perf_counter()
            ingress.submit(moved)
            found[number].append(time.perf_counter() - started)

    with (
        tempfile.TemporaryDirectory() as folder,
        founded(Path(folder)) as venue,
        Ingress(venue) as ingress,
    ):
        threads = [
            threading.Thread(target=submit, args=(number, ingress)) for number in range(submitters)
        ]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        stop.set()
        for thread in threads:
            thread.join()
        elapsed_s = time.perf_counter() - started
    waits = np.array([wait for one in found for wait in one])
    return waits, len(waits) / elapsed_s


def rows(large: bool) -> list[Row]:
    """Return p50 and p99 of the wait, and the rate, for each number of submitters."""
    made = []
    for submitters in SUBMITTERS:
        waits, rate = waits_s(submitters, SECONDS * (10 if large else 1))
        p50_ms, p99_ms = 1e3 * np.quantile(waits, (0.5, 0.99))
        name = f"commit, {submitters} submitter{'s' if submitters > 1 else ''}"
        made += [
            Row.alone(f"{name}, p50", "ms", ours=float(p50_ms), bar=None),
            Row.alone(f"{name}, p99", "ms", ours=float(p99_ms), bar=None),
            Row.alone(f"{name}, rate", "commands/s", ours=rate, bar=None),
        ]
    return made
