"""The partial engine: close the smallest common share that reaches the target, at price limits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.liquidation._engine import Breach, Plan
from hullmark.margin import BLOCK, RiskTables, evaluate_row

_HALVINGS = 40  # a share to 1e-12: finer than one lot of any position


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
    reach it, whether or not health grows evenly with the share. ``after`` is scratch.
    """
    asset = np.empty((2, tables.cap_usd.size))
    profit = np.empty(BLOCK * len(tables.blocks))
    _close(1.0, lots, trades)
    if not _reaches(trades, lots, limit_value, rows, after, tables, target, penalty, asset, profit):
        return False
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        _close(middle, lots, trades)
        if _reaches(trades, lots, limit_value, rows, after, tables, target, penalty, asset, profit):
            high = middle
        else:
            low = middle
    _close(high, lots, trades)
    return True


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
        return [_plan(breach) for breach in breaches]


def _plan(breach: Breach) -> Plan:
    row = breach.holding
    count = breach.lots.size
    first, held = np.zeros(1, np.int64), np.array([count], np.int64)
    balance, model = row.balance.reshape(1, -1), np.array([row.model], np.int8)
    rows = Rows(first, held, row.instrument, row.size, row.quote, balance, model)
    after = rows._replace(
        size=np.empty(count), quote=np.empty(count), balance=np.empty_like(balance)
    )
    trades = np.zeros(count, np.int64)
    reached = smallest_share(
        breach.lots,
        breach.limit_value,
        rows,
        after,
        breach.tables,
        breach.target,
        breach.penalty,
        trades,
    )
    reason = "smallest share that reaches the target" if reached else "everything, short of it"
    return Plan(account=breach.account, lots=tuple(int(n) for n in trades), reason=reason)
