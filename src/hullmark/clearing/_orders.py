"""From an engine's plan to liquidation orders: price limits, throttles, and the last check."""

from collections.abc import Sequence

from hullmark.clearing._fills import Fill
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, NANO, mul_div_ceil, mul_div_floor
from hullmark.domain import Parked, Spot, events
from hullmark.ledger import cost_ceil
from hullmark.liquidation import LiquidationEngine
from hullmark.market import Action


def limit_nano(state: State, mark_nano: int, lots: int) -> int:
    """Return the worst price at which signed *lots* may fill: the mark less (plus) the slippage.

    Rounded towards the mark, so the limit is never looser than declared. At least one billionth: no
    fill has a lower price, so that what is worth nothing can be bought back. At most what a price
    can be.
    """
    slippage_nano = state.in_force.liquidation.slippage_nano
    if lots < 0:
        return max(mul_div_ceil(mark_nano, NANO - slippage_nano, NANO), 1)
    return min(max(mul_div_floor(mark_nano, NANO + slippage_nano, NANO), 1), INT64_MAX)


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
        limit = limit_nano(state, mark_nano, -1)
        unit = ledger.assets[quoted].quanta_per_unit
        fetched = max(-cost_ceil(terms, -1, limit, unit), 1)  # of one lot at the limit, down
        lots = _throttled(state, views, index, -min(-(-owed // fetched), lots_held))
        return _orders(state, views, account, [(index, lots)]) if lots else Parked.THROTTLED
    return ()


def engine_orders(
    state: State, views: Views, engine: LiquidationEngine, account: int
) -> Sequence[events.LiquidationOrdered] | Parked:
    """Return the engine's orders after the throttle, or why the account has to wait.

    At their price limits the orders must raise health, or close the account in full.
    """
    breach = views.breach(account, _limits(state, views, account))
    (plan,) = engine.propose((breach,))
    held = state.ledger.positions(account)
    trades = [
        (instrument, _shrinking(position.lots, lots))
        for (instrument, position), lots in zip(held, plan.lots, strict=True)
    ]
    wanted = [(i, lots) for i, lots in trades if lots]
    allowed = [(i, lots) for i, n in wanted if (lots := _throttled(state, views, i, n))]
    if wanted and not allowed:
        return Parked.THROTTLED
    if not allowed or not _helps(state, views, account, allowed):
        return Parked.NOTHING_HELPS
    return _orders(state, views, account, allowed)


def _limits(state: State, views: Views, account: int) -> list[int]:
    return [
        limit_nano(state, views.mark_nano(instrument), -position.lots)
        for instrument, position in state.ledger.positions(account)
    ]


# An engine that asks for more than there is, or for the wrong side, is cut back to what may be.
def _shrinking(held: int, lots: int) -> int:
    if held > 0:
        return max(min(lots, 0), -held)
    return min(max(lots, 0), -held)


def _throttled(state: State, views: Views, instrument: int, lots: int) -> int:
    left_nano = state.throttle_nano(state.ledger.instruments[instrument].symbol)
    notional_nano = views.notional_nano(instrument, lots)
    if left_nano is None or notional_nano <= left_nano:
        return lots
    allowed = mul_div_floor(abs(lots), max(left_nano, 0), notional_nano)
    return allowed if lots > 0 else -allowed


def _helps(state: State, views: Views, account: int, trades: Sequence[tuple[int, int]]) -> bool:
    ledger = state.ledger
    closed = dict(trades)
    if all(closed.get(i, 0) == -p.lots for i, p in ledger.positions(account)):
        return True
    fills = [_at_limit(state, views, instrument, lots) for instrument, lots in trades]
    before, after = views.health(account), views.health_after(account, fills)
    return after.health > before.health and after.worst >= before.worst


def _at_limit(state: State, views: Views, instrument: int, lots: int) -> Fill:
    ledger = state.ledger
    unit = ledger.assets[ledger.settlement(instrument)].quanta_per_unit
    limit = limit_nano(state, views.mark_nano(instrument), lots)
    cost = cost_ceil(ledger.instruments[instrument], abs(lots), limit, unit)
    penalty = mul_div_ceil(abs(cost), state.in_force.liquidation.penalty_nano, NANO)
    return Fill(instrument, lots, cost if lots > 0 else -cost, penalty)


def _orders(
    state: State, views: Views, account: int, trades: Sequence[tuple[int, int]]
) -> tuple[events.LiquidationOrdered, ...]:
    return tuple(
        events.LiquidationOrdered(
            order=state.order_last + place,
            account=account,
            instrument=state.ledger.instruments[instrument].symbol,
            lots=lots,
            limit_nano=limit_nano(state, views.mark_nano(instrument), lots),
            deadline_ns=state.now_ns + state.in_force.liquidation.order_ns,
            notional_nano=min(views.notional_nano(instrument, lots), INT64_MAX),  # throttles fit
        )
        for place, (instrument, lots) in enumerate(trades, start=1)
    )
