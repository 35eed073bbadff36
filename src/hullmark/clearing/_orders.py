"""From an engine's plan to liquidation orders: price limits, throttles, and the last check."""

from collections.abc import Sequence

from hullmark.clearing._caseload import Case
from hullmark.clearing._cases import plan_of, unwinds_of
from hullmark.clearing._fills import Fill
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, NANO, mul_div_ceil, mul_div_floor
from hullmark.domain import Parked, Spot, events
from hullmark.ledger import cost_ceil
from hullmark.liquidation import LiquidationEngine
from hullmark.market import Action


def collateral_order(
    state: State, views: Views, account: int
) -> Sequence[events.LiquidationOrdered] | Parked:
    """Return the order that sells collateral against negative cash, if there is such a pair.

    Assets are sold in the order in which the venue declares them; one order at a time. What stands
    in the way of a sale is returned instead: positions are closed only when none is left.
    """
    ledger = state.ledger
    for index, terms in enumerate(ledger.instruments):
        if not isinstance(terms, Spot):
            continue
        base, quoted = ledger.asset_index[terms.underlying], ledger.settlement(index)
        owed, lot = -ledger.cash(account, quoted), ledger.spot_lot_quanta(index)
        lots_held = ledger.cash(account, base) // lot
        mark_nano = views.mark_nano(index)
        if owed <= 0 or lots_held <= 0 or mark_nano == 0:
            continue
        if views.doubt(account, Action.LIQUIDATE, also=index):
            return Parked.PRICE_DOUBTFUL
        unwind = views.unwind(index)
        unit = ledger.assets[quoted].quanta_per_unit
        fetched = max(-cost_ceil(terms, -1, unwind.sell_nano, unit), 1)  # of one lot, down
        lots = _throttled(state, unwind, -min(-(-owed // fetched), lots_held))
        return _orders(state, account, [(unwind, lots)]) if lots else Parked.THROTTLED
    return ()


def engine_orders(
    state: State, views: Views, engine: LiquidationEngine, case: Case
) -> Sequence[events.LiquidationOrdered] | Parked:
    """Return the engine's orders after the throttle, or why the account has to wait.

    At their price limits the orders must raise health, or close the account in full.
    """
    lots = plan_of(state, views, engine, case)
    allowed, wanted, in_full = [], False, True
    for unwind, (number, position), traded in zip(
        unwinds_of(views, case), case.held, lots, strict=True
    ):
        held, cut = position.lots, 0
        if shrinks := _shrinking(held, traded):
            wanted = True
            if cut := _throttled(state, unwind, shrinks):
                allowed.append((number, unwind, cut))
        in_full = in_full and cut == -held
    if wanted and not allowed:
        return Parked.THROTTLED
    if not allowed or not (in_full or _helps(state, views, case, allowed)):
        return Parked.NOTHING_HELPS
    return _orders(state, case.account, [(unwind, cut) for _, unwind, cut in allowed])


# An engine that asks for more than there is, or for the wrong side, is cut back to what may be.
def _shrinking(held: int, lots: int) -> int:
    if held > 0:
        return max(min(lots, 0), -held)
    return min(max(lots, 0), -held)


def _throttled(state: State, unwind: Unwind, lots: int) -> int:
    left_nano = state.throttle_nano(unwind.symbol)
    if left_nano is None or (notional_nano := unwind.notional_nano(lots)) <= left_nano:
        return lots
    allowed = mul_div_floor(abs(lots), max(left_nano, 0), notional_nano)
    return allowed if lots > 0 else -allowed


def _helps(
    state: State, views: Views, case: Case, trades: Sequence[tuple[int, Unwind, int]]
) -> bool:
    fills = [_at_limit(state, number, unwind, lots) for number, unwind, lots in trades]
    after = views.health_after(case.account, fills)
    return after.health > case.health and after.worst >= case.worst


def _at_limit(state: State, number: int, unwind: Unwind, lots: int) -> Fill:
    ledger = state.ledger
    unit = ledger.assets[unwind.settlement].quanta_per_unit
    cost = cost_ceil(ledger.instruments[number], abs(lots), unwind.limit_nano(lots), unit)
    penalty = mul_div_ceil(abs(cost), state.in_force.liquidation.penalty_nano, NANO)
    return Fill(number, lots, cost if lots > 0 else -cost, penalty)


def _orders(
    state: State, account: int, trades: Sequence[tuple[Unwind, int]]
) -> tuple[events.LiquidationOrdered, ...]:
    last, deadline_ns = state.order_last, state.now_ns + state.in_force.liquidation.order_ns
    return tuple([
        events.LiquidationOrdered(
            order=last + place,
            account=account,
            instrument=unwind.symbol,
            lots=lots,
            limit_nano=unwind.limit_nano(lots),
            deadline_ns=deadline_ns,
            notional_nano=min(unwind.notional_nano(lots), INT64_MAX),  # throttles fit
        )
        for place, (unwind, lots) in enumerate(trades, start=1)
    ])  # fmt: skip
