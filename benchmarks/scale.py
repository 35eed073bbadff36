"""A venue of a million accounts with three positions each: its snapshot, its memory, its hash.

The facts are drawn as columns, with books that balance, beside a journal of one record; a snapshot
taken there is one that no journal led to, and as large as one that was. Memory is that of a process
of its own, which opens the snapshot, builds the views and looks at every account once.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from _harness import Row

from hullmark.clearing import Facts, State, pack, unpack
from hullmark.domain import FIRST_ACCOUNT, Mode, SystemAccount
from hullmark.journal import Snapshots
from hullmark.runtime import Replica, open_venue, take_snapshot

ACCOUNTS = 1_000_000
PER_ACCOUNT = 3
INSTRUMENTS = 30
SYSTEM = len(SystemAccount)
SYMBOLS = [f"COIN{number:02d}-PERP" for number in range(INSTRUMENTS)]
TREE: dict[str, Any] = {
    "name": "scale",
    "assets": {
        "USDT": {"decimals": 6, "peg": "1"},
        "USDC": {"decimals": 6, "peg": "1"},
        "BTC": {"decimals": 8, "shocked": True},
    },
    "instruments": [
        {
            "kind": "perpetual",
            "symbol": symbol,
            "underlying": symbol.removesuffix("-PERP"),
            "settlement": "USDT",
            "lot": "0.001",
        }
        for symbol in SYMBOLS
    ],
    "margin": {
        "cross": "tiered",
        "tiered": {
            symbol: {"tiers": [{"floor_usd": "0", "initial": "0.02", "maintenance": "0.01"}]}
            for symbol in SYMBOLS
        },
    },
    "prices": {
        symbol: {"sources": ["a"], "sources_min": 1, "staleness_s_max": "60", "jump_max": "0.4"}
        for symbol in ("BTC", *SYMBOLS)
    },
}
LOOK = """
import json, resource, sys, time
from hullmark.runtime import open_venue
started = time.perf_counter()
with open_venue(journal=sys.argv[1], snapshots=sys.argv[2]) as venue:
    opened_s = time.perf_counter() - started
    accounts = len(venue.views.book)
    found = venue.state_hash()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([opened_s, accounts, found, peak / 2**20]))
"""


def drawn(founded: State, accounts: int) -> State:
    """Return a state whose users hold positions against their neighbours, and some cash."""
    chance = np.random.default_rng(7)
    columns, document = pack(founded)
    rows = SYSTEM + accounts
    account = np.concatenate(
        [columns["ledger.account"], FIRST_ACCOUNT + np.arange(accounts, dtype=np.int64)]
    )
    cash = np.zeros((rows, len(TREE["assets"])), np.int64)
    cash[SYSTEM:] = chance.integers(1, 10**12, (accounts, len(TREE["assets"])))
    cash[SystemAccount.CUSTODY - 1] = -cash.sum(axis=0)
    held = np.zeros(rows, np.int64)
    held[SYSTEM:] = PER_ACCOUNT
    first = chance.integers(0, INSTRUMENTS - PER_ACCOUNT + 1, accounts // 2)
    instrument = (first[:, None] + np.arange(PER_ACCOUNT)).repeat(2, axis=0).ravel()
    lots = chance.integers(1, 10**6, (accounts // 2, PER_ACCOUNT))
    quote = -lots * 10**5
    sides = np.array([1, -1])[None, :, None]
    changed = {
        "ledger.account": account,
        "ledger.cash": cash,
        "ledger.held": held,
        "ledger.instrument": instrument,
        "ledger.lots": (lots[:, None, :] * sides).ravel(),
        "ledger.quote": (quote[:, None, :] * sides).ravel(),
        "ledger.paid": np.zeros(accounts * PER_ACCOUNT, np.int64),
        "modes": np.full(accounts, list(Mode).index(Mode.CROSS), np.uint8),
    }
    return unpack(Facts(dict(columns) | changed, document))


def rows(large: bool) -> list[Row]:
    """Return the rows of one snapshot, written, opened and looked through."""
    del large  # a million accounts is the form there is
    with tempfile.TemporaryDirectory() as name:
        journal, folder = Path(name) / "venue.db", Path(name) / "snapshots"
        with open_venue(TREE, journal=journal) as venue:
            state, tip = drawn(venue.state, ACCOUNTS), venue.tip
        replica = Replica(state, sequence=tip.sequence, tip=tip)
        started = time.perf_counter()
        snapshot = take_snapshot(replica)
        taken_s = time.perf_counter() - started
        started = time.perf_counter()
        path = Snapshots(folder).write(snapshot)
        written_s = time.perf_counter() - started
        megabytes = path.stat().st_size / 2**20
        looked = subprocess.run(
            [sys.executable, "-c", LOOK, str(journal), str(folder)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        opened_s, accounts, found, gibibytes = json.loads(looked.stdout)
        if (accounts, found) != (ACCOUNTS, snapshot.state_hash):
            raise AssertionError(f"must open what was written, was {accounts}, {found}")
    what = f"snapshot, {ACCOUNTS:,} accounts, {ACCOUNTS * PER_ACCOUNT:,} positions"
    return [
        Row.alone(f"{what}: taken and written", "s", ours=taken_s + written_s, bar="<= 1.5"),
        Row.alone(f"{what}: of it the writer's thread", "s", ours=taken_s, bar=None),
        Row.alone(f"{what}: opened and verified", "s", ours=opened_s, bar="<= 1.5"),
        Row.alone(f"{what}: file", "MiB", ours=megabytes, bar=None),
        Row.alone(f"{what}: memory of the venue", "GiB", ours=gibibytes, bar="< 2"),
    ]


if __name__ == "__main__":
    for row in rows(large=False):
        print(f"{row.name:<75} {row.ours:10.3f} {row.unit}")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "GiB here")
