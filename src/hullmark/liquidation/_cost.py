"""What a plan is expected to cost an account: the slippage or the impact, the fee and the penalty.

Where a market has declared its depth, an order pays half of the way that it pushes the price, as in
`hullmark.market.impact_share`. Where it has not, nothing better is known than the worst case: every
lot fills at its price limit.
"""

import math

import numpy as np

from hullmark.core import FloatArray, kernel
from hullmark.liquidation._engine import Breach, Plan
from hullmark.liquidation._fills import Closing
from hullmark.margin import RiskTables
from hullmark.market import DEPTH_BAND


@kernel
def lot_costs_usd(closing: Closing, tables: RiskTables) -> tuple[FloatArray, FloatArray]:
    """Return per position what its first lot costs, and how much more each one closed before it.

    So ``more`` lots after ``before`` cost ``more * (first + rise * (before + more / 2))``.
    """
    first, rise = np.empty(closing.lots.size), np.zeros(closing.lots.size)
    for j in range(closing.lots.size):
        i, lot = closing.rows.instrument[j], closing.rows.size[j] / closing.lots[j]
        lot_usd, depth_usd = lot * tables.notional_usd[i], closing.depth_usd[j]
        first[j] = closing.charge * lot_usd
        if depth_usd < math.inf:
            rise[j] = DEPTH_BAND / depth_usd * lot_usd * lot_usd
        else:
            side = 1.0 if closing.lots[j] > 0 else -1.0
            slip = max(side * (tables.value[i] - closing.limit_value[j]), 0.0)
            first[j] += slip * lot * tables.price_usd[tables.settle[i]]
    return first, rise


def expected_cost_usd(breach: Breach, plan: Plan) -> float:
    """Return what a plan is expected to cost the account.

    Parameters
    ----------
    breach : Breach
        The account; each ``depth_usd`` of its positions and hedges is above zero.
    plan : Plan
        Trades of what it holds, which pay fee and penalty, and of its hedges, which pay the fee.

    Returns
    -------
    float, USD, >= 0
        Each market by itself: what an order does to the price of another one is left out.
    """
    held, hedges, total = breach.holding, breach.hedges, 0.0
    charge = breach.penalty + breach.fee
    for j, lots in enumerate(plan.lots):
        units = lots * float(held.size[j] / breach.lots[j])
        limit, depth_usd = float(breach.limit_value[j]), float(breach.depth_usd[j])
        total += _trade_usd(breach, int(held.instrument[j]), units, limit, depth_usd, charge)
    if hedges is None:
        return total
    for number, lots in plan.hedges:
        h = int(np.searchsorted(hedges.instrument, number))
        units, depth_usd = lots * float(hedges.units[h]), float(hedges.depth_usd[h])
        limit = float((hedges.buy_value if lots > 0 else hedges.sell_value)[h])
        total += _trade_usd(breach, number, units, limit, depth_usd, breach.fee)
    return total


def _trade_usd(
    breach: Breach, number: int, units: float, limit: float, depth_usd: float, charge: float
) -> float:
    tables = breach.tables
    notional_usd = abs(units) * float(tables.notional_usd[number])
    if depth_usd < math.inf:
        impact_usd = DEPTH_BAND / depth_usd * notional_usd * notional_usd / 2.0
    else:
        slip = max(math.copysign(1.0, units) * (limit - float(tables.value[number])), 0.0)
        impact_usd = abs(units) * slip * float(tables.price_usd[tables.settle[number]])
    return impact_usd + charge * notional_usd
