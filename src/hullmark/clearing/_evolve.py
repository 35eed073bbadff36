"""What each event does to the facts. Nothing here decides, and nothing here can refuse."""

from dataclasses import replace
from functools import singledispatch
from typing import get_args

import numpy as np

from hullmark.clearing._evolve_losses import LOSS_EFFECTS
from hullmark.clearing._evolve_stages import STAGE_EFFECTS, add_participation, note_ordered, rechain
from hullmark.clearing._rules import Rules
from hullmark.clearing._seasons import note_moved, note_rules, note_time
from hullmark.clearing._stage_facts import Course
from hullmark.clearing._state import Episode, State, Throttle
from hullmark.domain import Event, Print, SystemAccount, events, unpack_columns
from hullmark.market import latest_prints


def evolve(state: State, event: Event) -> None:
    """Apply one event to the facts, in place."""
    _EFFECTS[type(event)](event, state)


def stamp(state: State, time_ns: int) -> None:
    """Set the time of the unit whose events follow. It never runs backwards."""
    assert time_ns >= state.now_ns, f"time ran back from {state.now_ns} to {time_ns}"
    state.now_ns = time_ns


@singledispatch
def _apply(event: object, state: State) -> None:
    raise AssertionError(f"{type(event).__name__} has no effect of its own on the facts")


@_apply.register(events.Refused)
@_apply.register(events.BreachesFound)
def _nothing(event: Event, state: State) -> None:
    """Record what was said or seen; the facts stay."""


@_apply.register
def _(event: events.RulesScheduled, state: State) -> None:
    state.scheduled.append(event)
    state.scheduled.sort(key=lambda waiting: waiting.effective_ns)


@_apply.register
def _(event: events.RulesAdopted, state: State) -> None:
    rules = Rules.parse_text(event.rules)
    ledger = state.ledger
    ledger.extend(rules.assets[len(ledger.assets) :], rules.instruments[len(ledger.instruments) :])
    if state.rules is not None:
        rechain(state, state.rules.liquidation.chain, rules.liquidation)
    state.rules = rules
    state.scheduled = [
        w for w in state.scheduled if w.rules != event.rules or w.effective_ns > state.now_ns
    ]
    note_rules(state)


@_apply.register
def _(event: events.AccountOpened, state: State) -> None:
    state.ledger.open(event.account)
    state.modes[event.account] = event.mode
    if event.parent is not None:
        state.parents[event.account] = event.parent


@_apply.register
def _(event: events.Deposited, state: State) -> None:
    asset = state.ledger.asset_index[event.asset]
    note_moved(state, event.asset, event.quanta, target=event.account)
    state.ledger.move(SystemAccount.CUSTODY, event.account, asset, event.quanta)


@_apply.register
def _(event: events.Withdrawn, state: State) -> None:
    ledger, asset = state.ledger, state.ledger.asset_index[event.asset]
    ledger.settle_all_funding(event.account)
    note_moved(state, event.asset, event.quanta, source=event.account)
    ledger.move(event.account, SystemAccount.CUSTODY, asset, event.quanta)


@_apply.register
def _(event: events.Transferred, state: State) -> None:
    ledger, asset = state.ledger, state.ledger.asset_index[event.asset]
    ledger.settle_all_funding(event.source)
    note_moved(state, event.asset, event.quanta, source=event.source, target=event.target)
    ledger.move(event.source, event.target, asset, event.quanta)


@_apply.register
def _(event: events.Traded, state: State) -> None:
    ledger = state.ledger
    ledger.trade(
        event.buyer,
        event.seller,
        ledger.instrument_index[event.instrument],
        lots=event.lots,
        cost=event.cost_quanta,
        buyer_fee=event.buyer_fee_quanta,
        seller_fee=event.seller_fee_quanta,
    )


@_apply.register
def _(event: events.TradesBooked, state: State) -> None:
    ledger = state.ledger
    columns = (
        event.buyer,
        event.seller,
        event.instrument,
        event.lots,
        event.cost_quanta,
        event.buyer_fee_quanta,
        event.seller_fee_quanta,
    )
    buyers, sellers, place, lots, costs, buyer_fees, seller_fees = unpack_columns(columns)
    numbers = np.array([ledger.instrument_index[symbol] for symbol in event.symbols])
    ledger.trade_many(
        buyers=buyers,
        sellers=sellers,
        instruments=numbers[place],
        lots=lots,
        costs=costs,
        buyer_fees=buyer_fees,
        seller_fees=seller_fees,
    )


@_apply.register
def _(event: events.TradeBusted, state: State) -> None:
    ledger = state.ledger
    instrument = ledger.instrument_index[event.instrument]
    ledger.trade(event.seller, event.buyer, instrument, lots=event.lots, cost=event.cost_quanta)
    asset = ledger.settlement(instrument)
    for payee, fee in (
        (event.buyer, event.buyer_fee_quanta),
        (event.seller, event.seller_fee_quanta),
    ):
        if fee:
            ledger.move(SystemAccount.FEES, payee, asset, fee)
    state.corrected.add((event.sequence, event.row or 0))


@_apply.register
def _(event: events.CashAdjusted, state: State) -> None:
    asset = state.ledger.asset_index[event.asset]
    note_moved(state, event.asset, event.quanta, source=event.source, target=event.target)
    state.ledger.move(event.source, event.target, asset, event.quanta)
    if event.reverses is not None:
        state.corrected.add((event.reverses, 0))


@_apply.register
def _(event: events.OrderRested, state: State) -> None:
    state.resting[event.order] = event
    state.resting_of.setdefault(event.account, set()).add(event.order)


@_apply.register
def _(event: events.OrderReleased, state: State) -> None:
    del state.resting[event.order]
    _drop(state.resting_of, event.account, event.order)


@_apply.register
def _(event: events.PricesAccepted, state: State) -> None:
    heard: dict[str, list[Print]] = {}
    for said in event.prints:
        heard.setdefault(said.factor, []).append(said)
    known, now_ns = state.prints, state.now_ns
    known.update({f: latest_prints(known.get(f, ()), said, now_ns) for f, said in heard.items()})
    state.prices.update({price.factor: price for price in event.prices})
    if event.values_time:
        state.valuation_ns = state.now_ns


@_apply.register
def _(event: events.TimeAdvanced, state: State) -> None:
    state.valuation_ns = event.now_ns
    note_time(state)


@_apply.register
def _(event: events.SurfaceAdopted, state: State) -> None:
    state.vols_nano.update(event.vol_nano)
    state.valuation_ns = state.now_ns if event.valuation_ns is None else event.valuation_ns


@_apply.register
def _(event: events.FundingAccrued, state: State) -> None:
    ledger = state.ledger
    ledger.accrue_funding(ledger.instrument_index[event.instrument], event.step_micro)


@_apply.register
def _(event: events.InterestCharged, state: State) -> None:
    state.ledger.charge_interest(state.ledger.asset_index[event.asset], event.rate_nano)


@_apply.register
def _(event: events.ExpirySettled, state: State) -> None:
    ledger = state.ledger
    ledger.settle_expiry(ledger.instrument_index[event.instrument], event.price_nano)
    state.expired.add(event.instrument)
    if event.instrument in state.halted:
        del state.halted[event.instrument]


@_apply.register
def _(event: events.LiquidationStarted, state: State) -> None:
    state.episodes[event.account] = Episode(event.asset, event.net_quanta, dict(event.trigger_nano))
    rules, now_ns = state.in_force.liquidation, state.now_ns
    if event.lots or rules.chain or rules.sizes is not None:
        lots = dict(event.lots)
        state.courses[event.account] = Course(entered_ns=now_ns, lots=lots, began_ns=now_ns)


@_apply.register
def _(event: events.LiquidationOrdered, state: State) -> None:
    left_nano = state.throttle_nano(event.instrument)
    if left_nano is not None:
        level_nano = left_nano - event.notional_nano
        state.throttles[event.instrument] = Throttle(level_nano, state.now_ns)
    note_ordered(state, event)
    state.working[event.order] = event
    state.unfilled[event.order] = event.lots
    state.working_of.setdefault(event.account, set()).add(event.order)
    state.order_last = event.order
    episode = state.episodes[event.account]
    state.episodes[event.account] = episode.at_round(episode.rounds + 1)
    if event.account in state.parked:
        del state.parked[event.account]


@_apply.register
def _(event: events.LiquidationFilled, state: State) -> None:
    ledger = state.ledger
    if event.lots:
        instrument = ledger.instrument_index[event.instrument]
        sides = (event.account, event.counterparty)
        buyer, seller = sides if event.lots > 0 else sides[::-1]
        ledger.trade(buyer, seller, instrument, lots=abs(event.lots), cost=event.cost_quanta)
        asset = ledger.settlement(instrument)
        taken = event.penalty_quanta + event.surplus_quanta
        ledger.move(event.account, SystemAccount.FUND, asset, taken)
        episode = state.episodes[event.account]
        if ledger.assets[asset].symbol == episode.asset:  # quanta of others do not explain it
            state.episodes[event.account] = replace(
                episode,
                latency_quanta=episode.latency_quanta + event.latency_quanta,
                impact_quanta=episode.impact_quanta + event.impact_quanta + taken,
            )
            add_participation(state, event.account, event.participation_quanta, event.oracle_quanta)
        state.unfilled[event.order] -= event.lots
    if event.final:
        _end_order(state, event.order, event.account)


@_apply.register
def _(event: events.OrderExpired, state: State) -> None:
    _end_order(state, event.order, event.account)


@_apply.register
def _(event: events.LiquidationParked, state: State) -> None:
    state.parked[event.account] = event
    state.episodes[event.account] = state.episodes[event.account].at_round(0)


@_apply.register
def _(event: events.LiquidationEnded, state: State) -> None:
    account = event.account
    del state.episodes[account]
    if account in state.courses:
        del state.courses[account]
    if account in state.requests:
        del state.requests[account]
    if account in state.parked:
        del state.parked[account]


@_apply.register
def _(event: events.ReactionsDeferred, state: State) -> None:
    state.deferred = event.commands


@_apply.register
def _(event: events.ReactionsResumed, state: State) -> None:
    state.deferred = ()


def _end_order(state: State, order: int, account: int) -> None:
    del state.working[order], state.unfilled[order]
    _drop(state.working_of, account, order)


def _drop(index: dict[int, set[int]], account: int, order: int) -> None:
    index[account].discard(order)
    if not index[account]:
        del index[account]


# A look-up is quicker than a dispatch.
_EFFECTS = {kind: _apply.dispatch(kind) for kind in get_args(Event)}
_EFFECTS |= STAGE_EFFECTS
_EFFECTS |= LOSS_EFFECTS
