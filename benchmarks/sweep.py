"""A full sweep: scenario margin of every account, through `margin.evaluate` as the engine calls it.

Budget: 100,000 accounts, 2.5 million positions in 2,000 instruments, 32 scenarios; at least 3x
faster than SciPy at one thread, 1.5x at two, and no temporary of accounts x scenarios. The peer is
SciPy in its best form: the sparse book times the risk matrix in blocks of 50,000 rows, then min and
argmin, its blocks over the same threads. It does less, as it leaves out equity, haircuts, net value
and notional. ``large`` is ten times that book.
"""

import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
from _harness import Row, best_seconds
from scipy.sparse import csr_matrix

from hullmark.book import Book, Rows
from hullmark.collateral import CollateralTerms
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.domain import Perpetual
from hullmark.margin import (
    RiskTables,
    ScenarioModel,
    TieredModel,
    build_tables,
    evaluate,
    model_code,
)

ACCOUNTS, ACCOUNTS_LARGE = 100_000, 1_000_000
POSITIONS, INSTRUMENTS, SCENARIOS = 25, 2_000, 32
BLOCK_ROWS = 50_000
SEED = 20251010


def make_tables(rng: np.random.Generator) -> RiskTables:
    """Return the tables of a venue of random instruments, settled in one stablecoin."""
    instruments = [
        Perpetual(symbol=f"P{i}", underlying="BTC", settlement="USDT", lot_nano=1)
        for i in range(INSTRUMENTS)
    ]
    return build_tables(
        instruments,
        ["USDT"],
        SimpleNamespace(
            value=rng.uniform(1, 100, INSTRUMENTS),
            notional_usd=rng.uniform(1, 100, INSTRUMENTS),
            risk=rng.normal(size=(INSTRUMENTS, SCENARIOS)),
            asset_risk=np.zeros((1, SCENARIOS)),
        ),
        asset_price_usd=np.ones(1),
        collateral={"USDT": CollateralTerms()},
        tiered=TieredModel(),
        scenario=ScenarioModel(),
    )


def make_book(rng: np.random.Generator, accounts: int) -> Book:
    """Return a book whose accounts each hold 25 different instruments."""
    steps = rng.integers(1, INSTRUMENTS // POSITIONS, size=(accounts, POSITIONS))
    first = rng.integers(0, INSTRUMENTS, size=(accounts, 1))
    size, quote = rng.normal(size=(2, accounts * POSITIONS))
    return Book.from_columns(
        model=np.full(accounts, model_code("scenario")),
        balance=rng.uniform(0, 1_000, size=(accounts, 1)),
        owner=np.repeat(np.arange(accounts), POSITIONS),
        instrument=((first + np.cumsum(steps, axis=1)) % INSTRUMENTS).ravel(),
        size=size,
        quote=quote,
    )


def to_csr(rows: Rows) -> csr_matrix:
    """Return the sizes of a book as SciPy's sparse matrix, accounts by instruments."""
    ends = np.cumsum(rows.count)
    at = np.repeat(rows.start - (ends - rows.count), rows.count) + np.arange(ends[-1])
    columns = rows.size[at], rows.instrument[at], np.concatenate([[0], ends])
    return csr_matrix(columns, shape=(rows.start.size, INSTRUMENTS))


def peer(book: csr_matrix, risk: FloatArray, threads: int) -> tuple[FloatArray, IntArray]:
    """Return the worst scenario of each account and its number, by blocked SciPy."""
    worst, place = np.empty(book.shape[0]), np.empty(book.shape[0], np.int64)

    def block(first: int) -> None:
        profit = book[first : first + BLOCK_ROWS] @ risk
        profit.min(axis=1, out=worst[first : first + BLOCK_ROWS])
        profit.argmin(axis=1, out=place[first : first + BLOCK_ROWS])

    firsts = range(0, book.shape[0], BLOCK_ROWS)
    if threads == 1:
        for first in firsts:
            block(first)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(block, firsts))
    return worst, place


@kernel
def gather(instrument: IntArray, risk: FloatArray) -> float:
    """Touch every cache line of every risk row that a sweep reads, and do nothing else."""
    total = 0.0
    for j in range(instrument.size):
        i = instrument[j]
        for k in range(0, SCENARIOS, 8):
            total += risk[i, k]
    return total


def peak_mb(work: Callable[[], object]) -> float:
    """Return the most that NumPy's arrays of one call take at a time, MB.

    What the kernel allocates by itself is not seen, and is one row of scenarios per slice of work.
    """
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def rows(large: bool) -> list[Row]:
    """Return the rows at one and two threads, and the one of the memory."""
    rng, accounts = np.random.default_rng(SEED), ACCOUNTS_LARGE if large else ACCOUNTS
    tables, columns = make_tables(rng), make_book(rng, accounts).rows()
    sizes, risk = to_csr(columns), np.ascontiguousarray(tables.risk[:, :SCENARIOS])

    result, (worst, place) = evaluate(columns, tables), peer(sizes, risk, 1)
    assert np.allclose(result.worst, worst, rtol=1e-12, atol=1e-12)  # the same work
    assert np.array_equal(result.worst_scenario, place)
    del result, worst, place

    numbers = sizes.indices
    ours_1, ours_2, theirs_1, theirs_2, limit = (
        1e3 * least
        for least in best_seconds(
            lambda: evaluate(columns, tables),
            lambda: evaluate(columns, tables, threads=2),
            lambda: peer(sizes, risk, 1),
            lambda: peer(sizes, risk, 2),
            lambda: gather(numbers, tables.risk),
            repeats=5 if large else 15,
        )
    )
    name, one, two = f"sweep, {accounts:,} accounts", "SciPy, 1 thread", "SciPy, 2 threads"
    return [
        Row.time(f"{name}, 1 thread", "ms", ours=ours_1, peer=one, theirs=theirs_1, bar=">= 3"),
        Row.time(f"{name}, 2 threads", "ms", ours=ours_2, peer=two, theirs=theirs_2, bar=">= 1.5"),
        Row.time(f"{name}, 2 threads", "ms", ours=ours_2, peer=one, theirs=theirs_1, bar=">= 3.5"),
        Row.time(
            f"{name}, 1 thread",
            "ms",
            ours=ours_1,
            peer="gathering alone",
            theirs=limit,
            bar=None,
        ),
        Row.time(
            f"{name}, peak memory with results",
            "MB",
            ours=peak_mb(lambda: evaluate(columns, tables)),
            peer="accounts x scenarios",
            theirs=accounts * SCENARIOS * 8 / 2**20,
            bar=">= 2",
        ),
    ]
