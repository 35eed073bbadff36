"""Deciding on breaches: who is under, what is ordered, what a fill did, and who pays in the end.

One `CureBreach` takes one step for one account, in this order: collateral is sold against negative
cash, then the engine's plan is ordered, then an empty account's loss is shared. What follows waits
for the fills, which come back as commands.
"""

from collections.abc import Sequence

from hullmark.clearing._caseload import Case
from hullmark.clearing._cases import case_of, net_quanta, unwinds_of
from hullmark.clearing._causes import split_causes
from hullmark.clearing._checks import (
    QUANTA_MAX,
    need_account,
    need_in_range,
    need_live,
    need_margined,
    need_room_for_fill,
    refuse,
)
from hullmark.clearing._fills import Fill
from hullmark.clearing._orders import collateral_order, engine_orders
from hullmark.clearing._price_sides import lenient_net_usd
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, NANO, format_scaled, mul_div_ceil
from hullmark.domain import Event, Parked, Reason, Spot, SystemAccount, commands, events
from hullmark.ledger import cost_ceil, value_floor
from hullmark.liquidation import LiquidationEngine
from hullmark.market import Action
from hullmark.waterfall import allocate


def sweep(state: State, views: Views, command: commands.SweepAccounts) -> Sequence[Event]:
    """Evaluate every account: late orders end, the cured are let go, breaches are found.

    Accounts with an order at work or a pause that still runs are left alone.
    """
    late = [
        events.OrderExpired(order=order.order, account=order.account)
        for order in state.working.values()
        if order.deadline_ns < state.now_ns
    ]
    busy = {o.account for o in state.working.values() if o.deadline_ns >= state.now_ns}
    busy |= {a for a, pause in state.parked.items() if pause.until_ns > state.now_ns}
    under = views.breaches()
    cured = sorted(state.episodes.keys() - state.working_of.keys() - set(under))
    ended = [events.LiquidationEnded(account=a, cured=True) for a in cured]
    found = tuple(account for account in under if account not in busy) if busy else under
    return (*late, *ended, *((events.BreachesFound(accounts=found),) if found else ()))


def cure(
    state: State, views: Views, engine: LiquidationEngine, command: commands.CureBreach
) -> Sequence[Event]:
    """Take the next step for one account, if it still needs one."""
    account = command.account
    if account not in state.modes:
        detail = f"account must be an open user account, was {account}"
        return (refuse(Reason.ACCOUNT_UNKNOWN, detail),)
    if account in state.working_of:
        return ()  # the answer to its orders comes first
    case = case_of(state, views, account)
    if not case.in_breach:
        if account in state.episodes:
            return (events.LiquidationEnded(account=account, cured=True),)
        return ()
    return (*_opening(state, views, case), *_next_step(state, views, engine, case))


def report_fill(state: State, views: Views, command: commands.ReportFill) -> Sequence[Event]:
    """Book what the execution port did, and take the penalty."""
    refused = _need_within_order(state, command)
    if refused:
        return (refused,)
    order = state.working[command.order]
    ledger = state.ledger
    instrument = ledger.instrument_index[order.instrument]
    terms, asset = ledger.instruments[instrument], ledger.settlement(instrument)
    unit = ledger.assets[asset].quanta_per_unit
    lots, price_nano = command.lots, command.price_nano
    if lots == 0:
        return (_filled(order, command, cost=0, penalty=0, latency=0, impact=0),)
    signed_cost = _signed_cost(state, order.instrument, lots, price_nano)
    episode = state.episodes[order.account]
    trigger_nano = episode.trigger_nano.get(order.instrument, command.arrival_nano)
    # What the closed lots were worth at the trigger, on arrival, and at the fill.
    at_trigger, at_arrival = (
        value_floor(terms, -lots, p, unit) for p in (trigger_nano, command.arrival_nano)
    )
    penalty = 0
    if not isinstance(terms, Spot):
        rate_nano = state.in_force.liquidation.penalty_nano
        owed = mul_div_ceil(abs(signed_cost), rate_nano, NANO)
        fill = Fill(instrument, lots, signed_cost, 0)
        penalty = min(owed, max(views.net_quanta(order.account, asset, fill=fill), 0))
    filled = _filled(
        order,
        command,
        cost=signed_cost if lots > 0 else -signed_cost,
        penalty=penalty,
        latency=_bounded(episode.latency_quanta + at_trigger - at_arrival) - episode.latency_quanta,
        impact=at_arrival + signed_cost,
    )
    return (filled,)


def _next_step(
    state: State, views: Views, engine: LiquidationEngine, case: Case
) -> Sequence[Event]:
    account = case.account
    if views.doubt(account, Action.LIQUIDATE):
        return (_park(state, account, Parked.PRICE_DOUBTFUL),)
    sale = collateral_order(state, views, account) if min(case.cash) < 0 else ()
    if not sale and not case.held:
        return _close_books(state, views, account)
    rounds = state.episodes[account].rounds if account in state.episodes else 0
    if rounds >= state.in_force.liquidation.rounds_max:
        return (_park(state, account, Parked.ROUNDS_EXHAUSTED),)
    orders = sale or engine_orders(state, views, engine, case)
    if isinstance(orders, Parked):
        return (_park(state, account, orders),)
    return orders


def _opening(state: State, views: Views, case: Case) -> tuple[Event, ...]:
    account = case.account
    released: tuple[Event, ...] = ()
    if account in state.resting_of:
        orders = sorted(state.resting_of[account])
        released = tuple(events.OrderReleased(order=o, account=account) for o in orders)
    if account in state.episodes:
        return released
    ledger, unwinds = state.ledger, unwinds_of(views, case)
    asset = unwinds[0].settlement if unwinds else views.deepest_debt(account)
    started = events.LiquidationStarted(
        account=account,
        asset=ledger.assets[asset].symbol,
        net_quanta=_bounded(net_quanta(state, views, case, asset)),
        trigger_nano={unwind.symbol: unwind.mark_nano for unwind in unwinds},
    )
    return (*released, started)


# What is told of a loss at an absurd price. What is booked fits, or is refused.
def _bounded(quanta: int) -> int:
    return max(min(quanta, QUANTA_MAX), -QUANTA_MAX)


def _park(state: State, account: int, reason: Parked) -> events.LiquidationParked:
    until_ns = state.now_ns + state.in_force.liquidation.park_ns
    return events.LiquidationParked(account=account, reason=reason, until_ns=until_ns)


# Nothing is left to sell: what is missing in each asset goes down the waterfall, and collateral
# without a market goes to the fund that pays. Worth more than the debt, it is not for the taking.
def _close_books(state: State, views: Views, account: int) -> tuple[Event, ...]:
    ledger = state.ledger
    net_quanta = views.net_quanta(account, views.deepest_debt(account))
    if net_quanta > 0 or lenient_net_usd(views.row(account).balance, views.tables) > 0.0:
        return (_park(state, account, Parked.NOTHING_HELPS),)
    covered: list[Event] = [
        events.CollateralSeized(account=account, asset=asset.symbol, quanta=quanta)
        for index, asset in enumerate(ledger.assets)
        if (quanta := ledger.cash(account, index)) > 0
    ]
    for index, asset in enumerate(ledger.assets):
        deficit = -ledger.cash(account, index)
        if deficit <= 0:
            continue
        fund = {SystemAccount.FUND: ledger.cash(SystemAccount.FUND, index)}
        shares = {s.account: s.quanta for s in allocate(deficit, state.in_force.waterfall, fund)}
        causes = split_causes(
            deficit,
            state.episodes.get(account),
            asset.symbol,
            elsewhere_quanta=_bounded(views.net_quanta(account, index) + deficit),
        )
        covered.append(
            events.DeficitCovered(
                account=account,
                asset=asset.symbol,
                fund_quanta=shares.get(SystemAccount.FUND, 0),
                bad_debt_quanta=shares[SystemAccount.BAD_DEBT],
                gap_quanta=causes.gap,
                latency_quanta=causes.latency,
                impact_quanta=causes.impact,
            )
        )
    return (*covered, events.LiquidationEnded(account=account, cured=False))


def _need_within_order(state: State, command: commands.ReportFill) -> events.Refused | None:
    order = state.working.get(command.order)
    refused = (
        need_in_range("price_nano", command.price_nano, 1, INT64_MAX)
        or need_in_range("arrival_nano", command.arrival_nano, 1, INT64_MAX)
        or need_account(state, command.counterparty)
    )
    if refused is None and order is None:
        refused = refuse(Reason.ORDER_UNKNOWN, f"order must be at work, was {command.order}")
    if refused or order is None:
        return refused
    refused = need_margined(state, command.counterparty, order.instrument) or need_live(
        state, order.instrument
    )
    if refused:
        return refused
    if broken := _broken_limit(state, order, command):
        return refuse(Reason.LIMIT_BROKEN, broken)
    at_arrival = abs(_signed_cost(state, order.instrument, command.lots, command.arrival_nano))
    if at_arrival > QUANTA_MAX:
        detail = f"cost at arrival_nano must stay within {QUANTA_MAX} quanta, was {at_arrival}"
        return refuse(Reason.OVERFLOW, detail)
    return need_room_for_fill(
        state,
        command.counterparty,
        order.instrument,
        -command.lots,
        -_signed_cost(state, order.instrument, command.lots, command.price_nano),
    )


def _broken_limit(
    state: State, order: events.LiquidationOrdered, command: commands.ReportFill
) -> str | None:
    left = state.unfilled[command.order]
    if command.counterparty == order.account:
        return f"counterparty of order {order.order} must not be its own account"
    if command.lots * left < 0 or abs(command.lots) > abs(left):
        return f"lots must be within the {left} left of order {order.order}, was {command.lots}"
    if state.now_ns > order.deadline_ns:
        late = f"fill of order {order.order} must come by its deadline {order.deadline_ns}"
        return f"{late}, came at {state.now_ns}"
    worse = (command.price_nano - order.limit_nano) * (1 if left > 0 else -1)
    if command.lots and worse > 0:
        limit, price = (format_scaled(p, 9) for p in (order.limit_nano, command.price_nano))
        return f"price of order {order.order} must not be worse than {limit}, was {price}"
    return None


def _signed_cost(state: State, symbol: str, lots: int, price_nano: int) -> int:
    ledger = state.ledger
    instrument = ledger.instrument_index[symbol]
    unit = ledger.assets[ledger.settlement(instrument)].quanta_per_unit
    cost = cost_ceil(ledger.instruments[instrument], abs(lots), price_nano, unit)
    return cost if lots > 0 else -cost


def _filled(
    order: events.LiquidationOrdered,
    command: commands.ReportFill,
    *,
    cost: int,
    penalty: int,
    latency: int,
    impact: int,
) -> events.LiquidationFilled:
    return events.LiquidationFilled(
        order=order.order,
        account=order.account,
        counterparty=command.counterparty,
        instrument=order.instrument,
        lots=command.lots,
        price_nano=command.price_nano,
        cost_quanta=cost,
        penalty_quanta=penalty,
        latency_quanta=latency,
        impact_quanta=impact,
        final=command.final,
    )
