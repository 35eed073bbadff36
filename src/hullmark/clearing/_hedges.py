"""The instruments that a plan may open, and the checks of what it wants to open of them."""

import numpy as np

from hullmark.clearing._checks import QUANTA_MAX, need_live
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.domain import Spot
from hullmark.liquidation import Hedges, Plan
from hullmark.market import Action


def hedges_of(state: State, views: Views) -> Hedges | None:
    """Return what plans may open now, the same for all accounts; ``None``: nothing."""
    rules, index = state.in_force.liquidation, state.ledger.instrument_index
    numbers = sorted(
        index[symbol] for symbol in rules.hedges if _is_to_be_had(state, views, index[symbol])
    )
    if not numbers:
        return None
    unwinds = [views.unwind(number) for number in numbers]
    burst_nano = QUANTA_MAX if rules.throttle is None else rules.throttle.burst_nano
    most = [burst_nano // max(unwind.notional_nano(1), 1) for unwind in unwinds]
    return Hedges(
        instrument=np.array(numbers, np.int64),
        units=np.array([unwind.lot for unwind in unwinds]),
        lots_max=np.array(most, np.int64),
        sell_value=np.array([unwind.sell_value for unwind in unwinds]),
        buy_value=np.array([unwind.buy_value for unwind in unwinds]),
        depth_usd=np.array([rules.depth_usd.get(unwind.symbol, np.inf) for unwind in unwinds]),
    )


def hedges_allowed(state: State, views: Views, account: int, plan: Plan) -> list[tuple[int, int]]:
    """Return the hedges of a plan that the venue lets an account open, and how many lots of each.

    An engine that asks for more than it was given gets what it was given.
    """
    offered = hedges_of(state, views) if plan.hedges else None
    if offered is None:
        return []
    most = dict(zip(offered.instrument.tolist(), offered.lots_max.tolist(), strict=True))
    mode, carries = state.modes[account], state.in_force.margin.carries
    closed = {
        number
        for (number, _), lots in zip(state.ledger.positions(account), plan.lots, strict=True)
        if lots
    }
    found = []
    for number, lots in plan.hedges:
        if number not in most or number in closed:
            continue
        if not carries(mode, state.ledger.instruments[number]):
            continue
        if views.doubt(account, Action.LIQUIDATE, also=number):
            continue
        found.append((number, max(min(lots, most[number]), -most[number])))
    return [(number, lots) for number, lots in found if lots]


def _is_to_be_had(state: State, views: Views, number: int) -> bool:
    terms = state.ledger.instruments[number]
    if isinstance(terms, Spot) or need_live(state, terms.symbol):
        return False
    return views.mark_nano(number) > 0
