"""From an engine's plan to liquidation orders: sizes, price limits, throttles, the last check."""

from collections.abc import Sequence
from typing import NamedTuple

from hullmark.clearing._caseload import Case
from hullmark.clearing._cases import planned_of
from hullmark.clearing._fills import Fill, fill_at
from hullmark.clearing._hedges import hedges_allowed
from hullmark.clearing._order_sizes import most_lots
from hullmark.clearing._price_limits import limited_unwinds
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, mul_div_floor
from hullmark.domain import Parked, Spot, events
from hullmark.ledger import cost_ceil
from hullmark.liquidation import LiquidationEngine, Plan
from hullmark.margin import Health
from hullmark.market import Action


class Trade(NamedTuple):
    """Signed lots of an instrument to be ordered, and the prices they are ordered at."""

    number: int
    unwind: Unwind
    lots: int


class Toxic(NamedTuple):
    """What may be ordered now would lower health, and is not.

    *instead* closes the account in full, where that is allowed at once and leaves nothing owing; it
    is empty where it is not.
    """

    health_usd: float
    after_usd: float
    instead: tuple[events.LiquidationOrdered, ...]


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
        if terms.symbol in state.halted:
            return Parked.HALTED
        unwind = views.unwind(index)
        unit = ledger.assets[quoted].quanta_per_unit
        fetched = max(-cost_ceil(terms, -1, unwind.sell_nano, unit), 1)  # of one lot, down
        lots = _throttled(state, unwind, -min(-(-owed // fetched), lots_held))
        return _orders(state, account, [Trade(index, unwind, lots)]) if lots else Parked.THROTTLED
    return ()


def engine_orders(
    state: State, views: Views, engine: LiquidationEngine, case: Case
) -> Sequence[events.LiquidationOrdered] | Parked | Toxic:
    """Return the engine's orders after sizes and throttles, or why the account has to wait.

    At their price limits the orders must raise health and not the worst loss, or close the account
    in full. Where they open a hedge, the worst loss must fall.
    """
    planned, unwinds = planned_of(state, views, engine, case), limited_unwinds(state, views, case)
    most = most_lots(state, views, case, unwinds, beside_others=True)
    lots = [max(min(n, size), -size) for n, size in zip(planned.lots, most, strict=True)]
    if state.in_force.liquidation.throttle is not None:
        lots = [_throttled(state, u, n) for u, n in zip(unwinds, lots, strict=True)]
    allowed = [
        Trade(number, unwind, n)
        for (number, _), unwind, n in zip(case.held, unwinds, lots, strict=True)
        if n
    ]
    if hedges := _hedging(state, views, case, planned.plan):
        after = _after(state, views, case, [*allowed, *hedges])
        if after.health > case.health and after.worst > case.worst:
            return _orders(state, case.account, [*allowed, *hedges])
    if not allowed:
        wanted = any(planned.lots) or 0 in most
        return Parked.THROTTLED if wanted else Parked.NOTHING_HELPS
    if all(n == -position.lots for n, (_, position) in zip(lots, case.held, strict=True)):
        return _orders(state, case.account, allowed)
    known = planned.after if lots == planned.lots else None
    filled = known or _after(state, views, case, allowed)
    if filled.health > case.health and filled.worst >= case.worst:
        return _orders(state, case.account, allowed)
    if filled.health > case.health:
        return Parked.NOTHING_HELPS
    return Toxic(case.health, filled.health, _in_full(state, views, case, unwinds, most))


def soft_orders(
    state: State, views: Views, case: Case, lots: Sequence[int]
) -> Sequence[events.LiquidationOrdered] | Parked:
    """Return orders that close some lots of each position, before a breach and without a penalty.

    At their price limits they must raise health, and not the worst loss.
    """
    unwinds, allowed = limited_unwinds(state, views, case), []
    for unwind, (number, position), part in zip(unwinds, case.held, lots, strict=True):
        if cut := _throttled(state, unwind, -part if position.lots > 0 else part):
            allowed.append(Trade(number, unwind, cut))
    if any(lots) and not allowed:
        return Parked.THROTTLED
    after = _after(state, views, case, allowed, soft=True)
    if not allowed or after.health <= case.health or after.worst < case.worst:
        return Parked.NOTHING_HELPS
    return _orders(state, case.account, allowed, soft=True)


# Everything at once, where sizes and throttles let it and nothing is left owing.
def _in_full(
    state: State, views: Views, case: Case, unwinds: Sequence[Unwind], most: Sequence[int]
) -> tuple[events.LiquidationOrdered, ...]:
    trades = [
        Trade(number, unwind, -position.lots)
        for unwind, (number, position) in zip(unwinds, case.held, strict=True)
    ]
    for trade, size in zip(trades, most, strict=True):
        if abs(trade.lots) > size or _throttled(state, trade.unwind, trade.lots) != trade.lots:
            return ()
    if _after(state, views, case, trades).equity_maintenance < 0.0:
        return ()
    return _orders(state, case.account, trades)


def _hedging(state: State, views: Views, case: Case, plan: Plan) -> list[Trade]:
    wanted = [
        Trade(number, views.unwind(number), lots)
        for number, lots in hedges_allowed(state, views, case.account, plan)
    ]
    cut = [trade._replace(lots=_throttled(state, trade.unwind, trade.lots)) for trade in wanted]
    return [trade for trade in cut if trade.lots]


def _throttled(state: State, unwind: Unwind, lots: int) -> int:
    left_nano = state.throttle_nano(unwind.symbol)
    if left_nano is None or (notional_nano := unwind.notional_nano(lots)) <= left_nano:
        return lots
    allowed = mul_div_floor(abs(lots), max(left_nano, 0), notional_nano)
    return allowed if lots > 0 else -allowed


def _after(
    state: State, views: Views, case: Case, trades: Sequence[Trade], *, soft: bool = False
) -> Health:
    fills = [_at_limit(state, trade, soft=soft) for trade in trades]
    return views.health_after(case.account, fills)


def _at_limit(state: State, trade: Trade, *, soft: bool) -> Fill:
    number, unwind, lots = trade
    fee_nano = 0 if soft else state.in_force.liquidation.penalty_nano
    return fill_at(state.ledger, number, lots, unwind.limit_nano(lots), fee_nano=fee_nano)


def _orders(
    state: State, account: int, trades: Sequence[Trade], *, soft: bool = False
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
            mark_nano=unwind.mark_nano,
            soft=soft,
        )
        for place, (_, unwind, lots) in enumerate(trades, start=1)
    ])  # fmt: skip
