"""The partial engine: close the smallest common share that reaches the target, at price limits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.liquidation._engine import Breach, Breaches, Plan
from hullmark.margin import BLOCK, RiskTables, evaluate_row

_HALVINGS = 40  # a share to 1e-12: finer than one lot of any position
_REASONS = {True: "smallest share that reaches the target", False: "everything, short of it"}


@kernel
def _close(share: float, lots: IntArray, trades: IntArray) -> None:
    for j in range(lots.size):
        closed = min(int(np.ceil(share * abs(lots[j]))), abs(lots[j]))
        trades[j] = -closed if lots[j] > 0 else closed


@kernel
def _reaches(
    trades: IntArray,
    lots: IntArray,
    limit_value: FloatArray,
    rows: Rows,
    after: Rows,
    tables: RiskTables,
    target: float,
    penalty: float,
    asset: FloatArray,
    profit: FloatArray,
) -> bool:
    """Whether the account would be at the target had these trades filled at their limits."""
    after.balance[0, :] = rows.balance[0, :]
    for j in range(lots.size):
        i = rows.instrument[j]
        closed = -rows.size[j] * trades[j] / lots[j]  # contract units that leave, signed as held
        after.size[j] = rows.size[j] - closed
        after.quote[j] = rows.quote[j] + closed * limit_value[j]
        charge_usd = penalty * abs(closed) * tables.notional_usd[i]
        after.balance[0, tables.settle[i]] -= charge_usd / tables.price_usd[tables.settle[i]]
    result = evaluate_row(0, lots.size, 0, after, tables, asset, profit)
    equity, maintenance = result[2], result[4]
    return equity > 0.0 and maintenance <= target * equity


@kernel
def smallest_share(
    lots: IntArray,
    limit_value: FloatArray,
    rows: Rows,
    after: Rows,
    tables: RiskTables,
    target: float,
    penalty: float,
    trades: IntArray,
) -> bool:
    """Fill *trades* with the smallest common share that reaches the target; else with everything.

    Bisection keeps a share that is known to reach it on its upper side, so what it returns does
    reach it, whether or not health grows evenly with the share. Shares between which no whole lot
    lies close the same lots: of them one is asked. ``after`` is scratch.
    """
    asset = np.empty((2, tables.cap_usd.size))
    profit = np.empty(BLOCK * len(tables.blocks))
    _close(1.0, lots, trades)
    if not _reaches(trades, lots, limit_value, rows, after, tables, target, penalty, asset, profit):
        return False
    short, enough = np.zeros_like(trades), trades.copy()  # what the two ends close
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        _close(middle, lots, trades)
        if _equal(trades, enough):
            high = middle
        elif _equal(trades, short):
            low = middle
        elif _reaches(
            trades, lots, limit_value, rows, after, tables, target, penalty, asset, profit
        ):
            high, enough[:] = middle, trades
        else:
            low, short[:] = middle, trades
    trades[:] = enough
    return True


@kernel
def _equal(first: IntArray, second: IntArray) -> bool:
    same = True
    for j in range(first.size):
        same &= first[j] == second[j]
    return same


@kernel
def smallest_shares(
    lots: IntArray,
    limit_value: FloatArray,
    rows: Rows,
    after: Rows,
    tables: RiskTables,
    target: float,
    penalty: float,
    trades: IntArray,
    reached: NDArray[np.bool_],
) -> None:
    """Do `smallest_share` for every row of a batch, and write whether each reaches the target."""
    first = np.zeros(1, np.int64)
    for n in range(rows.start.size):
        a, b = rows.start[n], rows.start[n] + rows.count[n]
        count, balance = rows.count[n : n + 1], rows.balance[n : n + 1]
        instrument, model = rows.instrument[a:b], rows.model[n : n + 1]
        one = Rows(first, count, instrument, rows.size[a:b], rows.quote[a:b], balance, model)
        left = after.size[a:b], after.quote[a:b], after.balance[n : n + 1]
        then = Rows(first, count, instrument, left[0], left[1], left[2], model)
        reached[n] = smallest_share(
            lots[a:b], limit_value[a:b], one, then, tables, target, penalty, trades[a:b]
        )


@dataclass(frozen=True, slots=True)
class Partial:
    """Close the same share of every position: the smallest that reaches the target.

    The target is maintenance margin over maintenance equity, evaluated with the account's own model
    after the closed lots filled at their price limits and the penalty was paid. Where not even
    closing everything reaches it, everything is closed: what is left then is for the waterfall.
    Lots are rounded towards closing more.
    """

    def propose(self, breaches: Sequence[Breach], /) -> Sequence[Plan]:
        """Return plans that trade every instrument of each account."""
        if isinstance(breaches, Breaches):
            return _plans(breaches)
        return [plan for breach in breaches for plan in _plans(Breaches.of(breach))]


def _plans(batch: Breaches) -> list[Plan]:
    rows = batch.rows
    after = rows._replace(
        size=np.empty(rows.size.size),
        quote=np.empty(rows.quote.size),
        balance=np.empty_like(rows.balance),
    )
    trades, reached = np.zeros(batch.lots.size, np.int64), np.zeros(len(batch), np.bool_)
    smallest_shares(
        batch.lots,
        batch.limit_value,
        rows,
        after,
        batch.tables,
        batch.target,
        batch.penalty,
        trades,
        reached,
    )
    lots, ends = trades.tolist(), (rows.start + rows.count).tolist()
    return [
        Plan(account=account, lots=tuple(lots[start:end]), reason=_REASONS[done])
        for account, start, end, done in zip(
            batch.accounts, rows.start.tolist(), ends, reached.tolist(), strict=True
        )
    ]
