"""The cheapest cure of a small account, by trying every number of lots of every position.

Written from the definitions in the docs: an account is filled, margined and priced for every
combination, each by itself, without the programme, its pieces or its rounding.
"""

import itertools
import math

import numpy as np

from hullmark.book import AccountRow
from hullmark.liquidation import Plan, expected_cost_usd
from hullmark.margin import evaluate_one


def filled(breach, plan):
    """Return the account after a plan at its price limits, less penalty and fee, as one row."""
    row, tables, cash = breach.holding, breach.tables, breach.holding.balance.copy()
    held = {
        int(i): [size, quote]
        for i, size, quote in zip(row.instrument, row.size, row.quote, strict=True)
    }
    trades = [
        (int(i), lots * abs(size / owned), limit, breach.penalty + breach.fee)
        for i, size, owned, limit, lots in zip(
            row.instrument, row.size, breach.lots, breach.limit_value, plan.lots, strict=True
        )
    ]
    if breach.hedges is not None:
        place = {int(i): h for h, i in enumerate(breach.hedges.instrument)}
        for i, lots in plan.hedges:
            h, open_to = place[i], breach.hedges
            limit = (open_to.buy_value if lots > 0 else open_to.sell_value)[h]
            trades.append((i, lots * open_to.units[h], limit, breach.fee))
    for i, units, limit, charge in trades:
        size, quote = held.get(i, (0.0, 0.0))
        held[i] = [size + units, quote - units * limit]
        asset = tables.settle[i]
        cash[asset] -= charge * abs(units) * tables.notional_usd[i] / tables.price_usd[asset]
    kept = sorted(held)
    sizes, quotes = (np.array([float(held[i][k]) for i in kept]) for k in (0, 1))
    return AccountRow(np.array(kept, np.int32), sizes, quotes, cash, row.model)


def at_target(breach, plan):
    """Return whether the account is at its target after a plan at its price limits."""
    then = evaluate_one(*filled(breach, plan), breach.tables)
    equity = then.equity_maintenance
    return equity > 0.0 and then.maintenance <= breach.target * equity


def cheapest_by_force(breach):
    """Return the least cost of a plan that reaches the target, and such a plan; or infinity, None.

    Hedges are not opened. It takes as many margins as there are combinations of lots.
    """
    least, found = math.inf, None
    ways = [
        [-math.copysign(k, owned) for k in range(min(abs(owned), most) + 1)]
        for owned, most in zip(breach.lots.tolist(), breach.lots_max.tolist(), strict=True)
    ]
    for lots in itertools.product(*ways):
        plan = Plan(account=breach.account, lots=tuple(map(int, lots)), reason="by force")
        cost = expected_cost_usd(breach, plan)
        if cost < least and at_target(breach, plan):
            least, found = cost, plan
    return least, found


def last_lots_usd(breach):
    """Return what the dearest lot of every position costs, summed: what rounding may cost."""
    total = 0.0
    for j, owned in enumerate(breach.lots.tolist()):
        fewer = [0] * breach.lots.size
        whole = fewer.copy()
        whole[j], fewer[j] = -owned, -owned + int(math.copysign(1, owned))
        one, other = (
            Plan(account=breach.account, lots=tuple(lots), reason="") for lots in (whole, fewer)
        )
        total += expected_cost_usd(breach, one) - expected_cost_usd(breach, other)
    return total
