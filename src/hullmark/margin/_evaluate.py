"""The one kernel that margins an account, and the ways to ask it: all, some, or one."""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.collateral import asset_value_usd
from hullmark.core import FloatArray, IntArray, inlined, kernel
from hullmark.errors import InvalidInputError
from hullmark.margin._lanes import BLOCK, worst_scenario
from hullmark.margin._models import ScenarioModel
from hullmark.margin._sides import equity_at_sides
from hullmark.margin._tables import RiskTables, Sides
from hullmark.margin._tiers import bracket_usd

_CHUNKS = 16  # slices of a sweep: enough that an uneven book keeps every thread busy
_SCENARIO = ScenarioModel.code
_ZERO = np.zeros(1, np.int64)
_ONE = np.uintp(1)  # unsigned, as places in arrays are here: no place counts from the end
COLUMNS = 9  # of `Health`, as the kernel writes them


class Health(NamedTuple):
    """The margin of one account, USD."""

    net_value: float  # cash and positions at their value, no haircut
    equity_initial: float  # at that check's sides of the prices, less its haircuts
    equity_maintenance: float
    initial: float  # requirement, >= 0
    maintenance: float  # requirement, >= 0
    worst: float  # least P&L over the scenarios; 0 under a model that has none
    worst_scenario: int  # the first that attains it; -1 under a model that has none
    gross_notional: float
    at_risk: bool  # whether it holds positions or owes anything

    @property
    def health(self) -> float:
        """Maintenance equity less maintenance margin; may be below zero without a breach."""
        return self.equity_maintenance - self.maintenance

    @property
    def spare_initial(self) -> float:
        """Initial equity less initial margin. A deposit alone margins nothing."""
        return self.equity_initial - (self.initial if self.at_risk else 0.0)

    @property
    def in_breach(self) -> bool:
        """Whether positions or debts are there, and health is below zero.

        Both are asked: a cap or a haircut can leave less of mere collateral than its own stress.
        """
        return self.at_risk and self.health < 0.0


class Evaluation(NamedTuple):
    """The margin of many accounts: the columns of `Health`, one element per row asked for."""

    net_value: FloatArray
    equity_initial: FloatArray
    equity_maintenance: FloatArray
    initial: FloatArray
    maintenance: FloatArray
    worst: FloatArray
    worst_scenario: IntArray
    gross_notional: FloatArray
    at_risk: NDArray[np.bool_]

    @property
    def spare_initial(self) -> FloatArray:
        """As `Health.spare_initial`, per row."""
        return self.equity_initial - np.where(self.at_risk, self.initial, 0.0)

    @property
    def in_breach(self) -> NDArray[np.bool_]:
        """As `Health.in_breach`, per row."""
        return self.at_risk & (self.equity_maintenance < self.maintenance)


@inlined
def _equity(
    start: int, stop: int, row: int, rows: Rows, tables: RiskTables, asset: FloatArray
) -> tuple[float, float, float, float, bool]:
    """Return net value, both equities, gross notional and whether the row is at risk.

    Cash and quotes are left in ``asset[0]``.
    """
    n_assets, at_risk = asset.shape[1], start < stop
    for a in range(n_assets):
        asset[0, a] = rows.balance[row, a]
        asset[1, a] = 0.0
        at_risk |= rows.balance[row, a] < 0.0
    gross = 0.0
    settle, quoted, valued = 0, 0.0, 0.0
    for j in range(np.uintp(start), np.uintp(stop)):
        i = np.uintp(rows.instrument[j])
        size = rows.size[j]
        if tables.settle[i] != settle:  # a run of one settlement asset stays in registers
            asset[0, settle] += quoted
            asset[1, settle] += valued
            settle, quoted, valued = tables.settle[i], 0.0, 0.0
        quoted += rows.quote[j]
        valued += size * tables.value[i]
        gross += abs(size) * tables.notional_usd[i]
    asset[0, settle] += quoted
    asset[1, settle] += valued
    net = initial = maintenance = 0.0
    for a in range(n_assets):
        units, price = asset[0, a] + asset[1, a], tables.price_usd[a]
        net += units * price
        cap = tables.cap_usd[a]
        initial += asset_value_usd(units, price, tables.haircut_initial[a], cap)
        maintenance += asset_value_usd(units, price, tables.haircut_maintenance[a], cap)
    return net, initial, maintenance, gross, at_risk


@inlined
def _tiered(start: int, stop: int, rows: Rows, tables: RiskTables) -> tuple[float, float]:
    """Return initial and maintenance requirement; infinite where a schedule is missing."""
    initial = maintenance = 0.0
    for j in range(np.uintp(start), np.uintp(stop)):
        i = np.uintp(rows.instrument[j])
        k, beyond = np.uintp(tables.tier_start[i]), np.uintp(tables.tier_stop[i])
        if beyond <= k:
            return math.inf, math.inf
        notional = abs(rows.size[j]) * tables.notional_usd[i]
        while k + _ONE < beyond and tables.tier_floor_usd[k + _ONE] <= notional:  # most are small
            k += _ONE
        floor = tables.tier_floor_usd[k]
        initial += bracket_usd(
            notional, floor, tables.tier_initial[k], tables.tier_initial_base_usd[k]
        )
        maintenance += bracket_usd(
            notional, floor, tables.tier_maintenance[k], tables.tier_maintenance_base_usd[k]
        )
    return initial, maintenance


@kernel
def sweep_rows(
    lo: int,
    hi: int,
    which: IntArray | None,
    rows: Rows,
    tables: RiskTables,
    sides: Sides | None,
    asset: FloatArray,
    profit: FloatArray,
    out: FloatArray | None,
) -> int:
    """Write the columns of `Health` of row ``which[n]`` to ``out[:, n]`` for ``lo <= n < hi``.

    Without *which* it is row ``n``. Without *out* nothing is written, and the first ``n`` returned
    that is in breach or lacks a tier schedule; otherwise *hi*.

    Every way to ask comes here. The rows are looped over inside, and what is done per row is
    inlined: a call per row would count references to two dozen arrays, longer than the row takes.
    What is not there is known when this is compiled, and what is not asked for is not computed:
    *sides* are those of the tables, and are handed over by themselves for that reason.
    """
    if sides is not None:
        worth = np.empty((2, asset.shape[1]))
    for n in range(lo, hi):
        row = n if which is None else which[n]
        start = rows.start[row]
        stop = start + rows.count[row]
        net, equity_initial, equity_maintenance, gross, at_risk = _equity(
            start, stop, row, rows, tables, asset
        )
        if sides is not None:
            equity_initial, equity_maintenance = equity_at_sides(
                start, stop, rows, tables, sides, asset, worth
            )
        worst, scenario = 0.0, -1
        if rows.model[row] == _SCENARIO:
            worst, scenario = worst_scenario(
                asset,  # its first row: cash and quotes
                tables.asset_risk,
                asset.shape[1],
                rows.size,
                tables.risk,
                rows.instrument,
                start,
                stop,
                profit,
                tables.blocks,
            )
            loss = max(0.0, -worst)
            initial, maintenance = tables.initial_factor * loss, tables.maintenance_factor * loss
        else:
            initial, maintenance = _tiered(start, stop, rows, tables)
        if out is None:
            if at_risk and not equity_maintenance >= maintenance:
                return n
        else:
            out[0, n], out[1, n], out[2, n] = net, equity_initial, equity_maintenance
            out[3, n], out[4, n] = initial, maintenance
            out[5, n], out[6, n], out[7, n] = worst, scenario, gross
            out[8, n] = at_risk
    return hi


@kernel
def evaluate_row(
    start: int,
    stop: int,
    row: int,
    rows: Rows,
    tables: RiskTables,
    asset: FloatArray,
    profit: FloatArray,
) -> tuple[float, float, float, float, float, float, int, float, bool]:
    """Return the columns of `Health` for one row, from within another kernel.

    ``asset`` (2, A) and ``profit`` (S8,) are scratch; the second is left with the P&L of every
    scenario if the row's model has scenarios. Inputs are trusted; equal rows and tables give equal
    bits, wherever the row lies.
    """
    one = Rows(
        np.full(1, start),
        np.full(1, stop - start),
        rows.instrument,
        rows.size,
        rows.quote,
        rows.balance[row : row + 1],
        rows.model[row : row + 1],
    )
    out = np.empty((COLUMNS, 1))
    sweep_rows(0, 1, np.zeros(1, np.int64), one, tables, tables.sides, asset, profit, out)
    o = out[:, 0]
    return o[0], o[1], o[2], o[3], o[4], o[5], int(o[6]), o[7], o[8] > 0.0


@kernel
def _slice(
    lo: int, hi: int, which: IntArray, rows: Rows, tables: RiskTables, out: FloatArray
) -> None:
    """Run `sweep_rows` with scratch of its own."""
    asset = np.empty((2, tables.cap_usd.size))
    profit = np.empty(BLOCK * len(tables.blocks))
    sweep_rows(lo, hi, which, rows, tables, tables.sides, asset, profit, out)


def evaluate(
    rows: Rows,
    tables: RiskTables,
    *,
    lo: int = 0,
    hi: int | None = None,
    which: IntArray | None = None,
    threads: int = 1,
) -> Evaluation:
    """Margin rows ``lo`` to ``hi`` of a book, or those that *which* names.

    Parameters
    ----------
    rows, tables : Rows, RiskTables
        The book and the venue at a market; instruments of the rows are those of the tables.
    lo, hi : int
        Rows from ``lo``, up to but without ``hi``; all by default.
    which : ndarray of int64, optional
        Rows to margin instead, in any order.
    threads : int
        Threads to slice the work over; the result has the same bits for any number.

    Returns
    -------
    Evaluation
        One element per row asked for, in that order. All finite.

    Raises
    ------
    InvalidInputError
        If a row is out of the book, *threads* is below 1, or a tiered row holds an instrument
        without a tier schedule.
    """
    if threads < 1:
        raise InvalidInputError(f"threads must be >= 1, was {threads}")
    n_rows = rows.start.size
    if which is None:
        hi = n_rows if hi is None else hi
        if not 0 <= lo <= hi <= n_rows:
            raise InvalidInputError(f"lo and hi must be in [0, {n_rows}], was {lo} and {hi}")
        which = np.arange(lo, hi)
    elif which.size and not (which.min() >= 0 and which.max() < n_rows):
        raise InvalidInputError(f"which must be in [0, {n_rows}), was {which.min()}-{which.max()}")
    n = which.size
    out = np.empty((COLUMNS, n))
    if threads == 1:
        _slice(0, n, which, rows, tables, out)
    else:
        edges = np.linspace(0, n, _CHUNKS + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads) as pool:
            slices = [
                pool.submit(_slice, a, b, which, rows, tables, out)
                for a, b in itertools.pairwise(edges)
            ]
            for done in slices:
                done.result()
    if not np.isfinite(out[3]).all():
        row = which[np.flatnonzero(~np.isfinite(out[3]))[0]]
        raise InvalidInputError(f"row {row} must hold instruments with a tier schedule only")
    a, b, c, d, e, f, scenario, gross, at_risk = out
    return Evaluation(a, b, c, d, e, f, scenario.astype(np.int64), gross, at_risk > 0.0)


def any_in_breach(rows: Rows, tables: RiskTables) -> bool:
    """Return whether `evaluate` would find any row in breach, or refuse one. It costs less."""
    asset, profit = np.empty((2, tables.cap_usd.size)), np.empty(BLOCK * len(tables.blocks))
    n = rows.start.size
    return bool(sweep_rows(0, n, None, rows, tables, tables.sides, asset, profit, None) < n)


def evaluate_one(
    instrument: NDArray[np.int32],
    size: FloatArray,
    quote: FloatArray,
    balance: FloatArray,
    model: int,
    tables: RiskTables,
) -> Health:
    """Margin one account that need not be in a book: ``evaluate_one(*book.account(row), tables)``.

    Arrays as in `book.AccountRow`, contiguous, instruments ascending: then the bits are those of
    the sweep. A what-if changes a copy of them; cost is a few microseconds.

    Raises
    ------
    InvalidInputError
        If the row is tiered and holds an instrument without a tier schedule.
    """
    rows = Rows(
        _ZERO,
        np.array([size.size]),
        instrument,
        size,
        quote,
        balance.reshape(1, -1),
        np.array([model], np.int8),
    )
    out = np.empty((COLUMNS, 1))
    _slice(0, 1, _ZERO, rows, tables, out)
    columns = out[:, 0].tolist()
    columns[6], columns[8] = int(columns[6]), columns[8] > 0.0
    health = Health(*columns)
    if health.initial == math.inf:
        raise InvalidInputError("a tiered account must hold instruments with a tier schedule only")
    return health
