"""Deciding on the answers to liquidation orders: what a fill did, and what each step cost."""

from collections.abc import Sequence
from typing import NamedTuple

from hullmark.clearing._checks import (
    QUANTA_MAX,
    need_account,
    need_in_range,
    need_margined,
    need_room_for_fill,
    need_unexpired,
    refuse,
)
from hullmark.clearing._fills import Fill, fill_at
from hullmark.clearing._price_limits import bankruptcy_surplus
from hullmark.clearing._stage_facts import Course
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, NANO, format_scaled, mul_div_ceil
from hullmark.domain import Event, Reason, Spot, commands, events
from hullmark.ledger import value_floor


class _Lost(NamedTuple):
    """Quanta of the closed lots between the trigger and the fill; a gain counts below zero."""

    participation: int
    latency: int
    oracle: int
    impact: int


def report_fill(state: State, views: Views, command: commands.ReportFill) -> Sequence[Event]:
    """Book what the execution port did, and take the penalty."""
    refused = _need_within_order(state, command)
    if refused:
        return (refused,)
    order = state.working[command.order]
    if command.lots == 0:
        return (_filled(order, command, _Lost(0, 0, 0, 0)),)
    ledger = state.ledger
    instrument = ledger.instrument_index[order.instrument]
    terms, asset = ledger.instruments[instrument], ledger.settlement(instrument)
    signed_cost = _signed_cost(state, order.instrument, command.lots, command.price_nano)
    penalty = surplus = 0
    if not isinstance(terms, Spot) and not order.soft:
        rate_nano = state.in_force.liquidation.penalty_nano
        owed = mul_div_ceil(abs(signed_cost), rate_nano, NANO)
        fill = Fill(instrument, command.lots, signed_cost, 0)
        net = max(views.net_quanta(order.account, asset, fill=fill), 0)
        taken = min(owed, net)
        if state.in_force.liquidation.limit == "sliding":
            over = bankruptcy_surplus(state, views, order, command.lots, signed_cost)
            surplus = min(over, taken)
        else:
            penalty = taken
    filled = _filled(
        order,
        command,
        _losses(state, views, order, command, signed_cost),
        cost=signed_cost if command.lots > 0 else -signed_cost,
        penalty=penalty,
        surplus=surplus,
    )
    return (filled,)


# What the closed lots were worth at the trigger, when the order left and at its arrival by the
# venue's own price, at arrival by the market's, and at the fill.
def _losses(
    state: State,
    views: Views,
    order: events.LiquidationOrdered,
    command: commands.ReportFill,
    signed_cost: int,
) -> _Lost:
    ledger, episode = state.ledger, state.episodes[order.account]
    instrument = ledger.instrument_index[order.instrument]
    terms = ledger.instruments[instrument]
    unit = ledger.assets[ledger.settlement(instrument)].quanta_per_unit
    trigger_nano = episode.trigger_nano.get(order.instrument, command.arrival_nano)
    sent_nano = order.mark_nano or trigger_nano
    # Of an order of before release 0.2.0 it is not known, and told as latency.
    known_nano = views.mark_nano(instrument) if order.mark_nano else 0
    points = (trigger_nano, sent_nano, known_nano or command.arrival_nano, command.arrival_nano)
    trigger, sent, known, arrival = (value_floor(terms, -command.lots, p, unit) for p in points)
    course = state.courses.get(order.account, Course())
    return _Lost(
        participation=_step_within(course.participation_quanta, trigger - sent),
        latency=_step_within(episode.latency_quanta, sent - known),
        oracle=_step_within(course.oracle_quanta, known - arrival),
        impact=arrival + signed_cost,
    )


# What is told of a loss at an absurd price. What is booked fits, or is refused.
def _step_within(total: int, step: int) -> int:
    return max(min(total + step, QUANTA_MAX), -QUANTA_MAX) - total


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
    refused = need_margined(state, command.counterparty, order.instrument) or need_unexpired(
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
    instrument = state.ledger.instrument_index[symbol]
    return fill_at(state.ledger, instrument, lots, price_nano).cost_quanta


def _filled(
    order: events.LiquidationOrdered,
    command: commands.ReportFill,
    lost: _Lost,
    *,
    cost: int = 0,
    penalty: int = 0,
    surplus: int = 0,
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
        latency_quanta=lost.latency,
        impact_quanta=lost.impact,
        final=command.final,
        participation_quanta=lost.participation,
        oracle_quanta=lost.oracle,
        surplus_quanta=surplus,
    )
