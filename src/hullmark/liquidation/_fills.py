"""What an account would be after trades filled at their limits: the question of every search."""

from typing import Any, NamedTuple

import numpy as np

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, inlined, kernel
from hullmark.margin import BLOCK, Health, RiskTables, sweep_rows

# Not plain numbers: for each of those what they are handed to would be compiled anew.
FIRST: Any = np.int64(0)
ONE: Any = np.int64(1)
TWO: Any = np.int64(2)

# Columns of what `sweep_rows` writes.
_EQUITY = Health._fields.index("equity_maintenance")
_MAINTENANCE = Health._fields.index("maintenance")
_COLUMNS = len(Health._fields)


class Closing(NamedTuple):
    """One account, and what closing its positions does to it, as the kernels take it."""

    rows: Rows  # of one row
    lots: IntArray  # (n,) signed lots held
    caps: IntArray  # (n,) lots that may be closed, between zero and all of them
    limit_value: FloatArray  # (n,) settlement units that one contract unit fetches at the limit
    depth_usd: FloatArray  # (n,) as in `Breach`
    target: float
    charge: float  # share of the closed notional: penalty and fee


class Trial(NamedTuple):
    """Scratch: some sets of trades, what the account would be after each, and its margins."""

    trades: IntArray  # (m, n) signed lots, one row per set
    rows: Rows  # m rows of n positions
    which: IntArray
    asset: FloatArray
    profit: FloatArray
    out: FloatArray  # the columns of `margin.Health`, one element per row


@kernel
def trial_of(m: int, closing: Closing, tables: RiskTables) -> Trial:
    """Return scratch for *m* sets of trades of an account."""
    n, n_assets = closing.lots.size, tables.cap_usd.size
    which, instrument = np.arange(m), np.empty(m * n, np.int32)
    count, model = np.empty(m, np.int64), np.empty(m, np.int8)
    for k in range(m):
        count[k], model[k] = n, closing.rows.model[0]
        for j in range(n):
            instrument[k * n + j] = closing.rows.instrument[j]
    size, quote, balance = np.empty(m * n), np.empty(m * n), np.empty((m, n_assets))
    rows = Rows(which * n, count, instrument, size, quote, balance, model)
    asset, profit = np.empty((2, n_assets)), np.empty(BLOCK * len(tables.blocks))
    return Trial(np.empty((m, n), np.int64), rows, which, asset, profit, np.empty((_COLUMNS, m)))


# Copies between whole arrays would take a second to compile, for their error messages.
@inlined
def set_trades(place: int, tried: IntArray, trades: IntArray) -> None:
    """Write one set of trades."""
    for j in range(trades.size):
        tried[place, j] = trades[j]


@inlined
def get_trades(place: int, tried: IntArray, trades: IntArray) -> None:
    """Read one set of trades."""
    for j in range(trades.size):
        trades[j] = tried[place, j]


@inlined
def fill(place: int, trades: IntArray, closing: Closing, tables: RiskTables, after: Rows) -> None:
    """Write one row of a trial: the account, had these trades filled at their limits."""
    lots, limit_value, held = closing.lots, closing.limit_value, closing.rows
    for a in range(after.balance.shape[1]):
        after.balance[place, a] = held.balance[0, a]
    start = place * lots.size
    for j in range(lots.size):
        i = held.instrument[j]
        closed = -held.size[j] * trades[place, j] / lots[j]  # contract units, signed as held
        after.size[start + j] = held.size[j] - closed
        after.quote[start + j] = held.quote[j] + closed * limit_value[j]
        charge_usd = closing.charge * abs(closed) * tables.notional_usd[i]
        after.balance[place, tables.settle[i]] -= charge_usd / tables.price_usd[tables.settle[i]]


# A call counts references to all these arrays, and takes several times the work for one row. A
# search that asks row after row writes this out, with names that it has bound before its loop.
@kernel
def ask(asked: int, closing: Closing, tables: RiskTables, trial: Trial) -> None:
    """Margin the account after each of the first sets of trades."""
    trades, rows, which = trial.trades, trial.rows, trial.which
    asset, profit, out = trial.asset, trial.profit, trial.out
    for k in range(asked):
        fill(k, trades, closing, tables, rows)
    sweep_rows(FIRST, asked, which, rows, tables, tables.sides, asset, profit, out)


@inlined
def reaches(place: int, out: FloatArray, target: float) -> bool:
    """Return whether a row of a trial is at the target."""
    equity, maintenance = out[_EQUITY, place], out[_MAINTENANCE, place]
    return bool(equity > 0.0 and maintenance <= target * equity)


@inlined
def health_usd(place: int, out: FloatArray) -> float:
    """Return maintenance equity less maintenance margin of a row of a trial."""
    return float(out[_EQUITY, place] - out[_MAINTENANCE, place])


@inlined
def missing_usd(place: int, out: FloatArray, target: float) -> float:
    """Return maintenance margin less the target's share of equity: what is yet to be cured."""
    return float(out[_MAINTENANCE, place] - target * out[_EQUITY, place])
