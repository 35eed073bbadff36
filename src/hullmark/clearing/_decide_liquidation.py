"""Deciding on breaches: who is under, what is ordered, what a fill did, and who pays in the end.

One `CureBreach` takes one step for one account, in this order: collateral is sold against negative
cash, then the engine's plan is ordered, or the chain is gone along, then an empty account's loss is
shared. What follows waits for the fills, which come back as commands. An account that has opted in
is reduced before it is in breach.
"""

from collections.abc import Sequence

from hullmark.clearing._caseload import Case
from hullmark.clearing._cases import case_of, net_quanta, unwinds_of
from hullmark.clearing._chain import along_chain
from hullmark.clearing._checks import refuse
from hullmark.clearing._decide_losses import close_books, let_go
from hullmark.clearing._exits import is_short_of_exit, short_of_exit
from hullmark.clearing._orders import Toxic, collateral_order, engine_orders
from hullmark.clearing._stage_auction import ended, for_sale, is_due
from hullmark.clearing._stage_backstop import quotes_over
from hullmark.clearing._stage_soft import is_near, near_breach, reduce_softly, waits_softly
from hullmark.clearing._stage_step import bounded, park
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind
from hullmark.clearing._views import Views
from hullmark.domain import AuctionEnd, Event, Parked, Reason, Stage, commands, events
from hullmark.liquidation import LiquidationEngine
from hullmark.market import Action


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
    breached, near = views.breaches(), near_breach(state, views)
    paused = {a for a, pause in state.parked.items() if pause.until_ns > state.now_ns}
    busy |= paused - {a for a in paused.intersection(breached) if waits_softly(state, a)}
    under = (*breached, *short_of_exit(state, views, breached))
    cured = sorted(state.episodes.keys() - state.working_of.keys() - {*under, *near})
    healthy = [told for account in cured for told in _let_go(state, views, account)]
    busy |= {a for a in state.auction_of if not is_due(state, a)}
    busy |= {a for a, asked in state.requests.items() if asked.until_ns > state.now_ns}
    found = tuple(account for account in under if account not in busy) if busy else under
    over = quotes_over(state, views) if state.quotes else ()
    softly = tuple(account for account in near if account not in busy)
    told: list[Event] = [*late, *over, *healthy]
    if found:
        told.append(events.BreachesFound(accounts=found))
    if softly:
        told.append(events.SoftBreachesFound(accounts=softly))
    return told


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
    if state.in_force.liquidation.chain and _waits(state, case):
        return ()  # a stage that has ended asks what is next, when all were tried already
    if is_near(state, views, account):
        softly = reduce_softly(state, views, case)
        taken = (park(state, account, softly),) if isinstance(softly, Parked) else softly
        return (*_opening(state, views, case), *taken)
    if not case.in_breach and not is_short_of_exit(state, views, account):
        return _let_go(state, views, account) if account in state.episodes else ()
    return (*_opening(state, views, case), *_next_step(state, views, engine, case))


def _waits(state: State, case: Case) -> bool:
    pause = state.parked.get(case.account)
    if pause is None or pause.until_ns <= state.now_ns:
        return False
    return not (case.in_breach and waits_softly(state, case.account))


def _let_go(state: State, views: Views, account: int) -> tuple[Event, ...]:
    return (*ended(state, account, AuctionEnd.CURED), *let_go(state, views, account))


def _next_step(
    state: State, views: Views, engine: LiquidationEngine, case: Case
) -> Sequence[Event]:
    account = case.account
    answer = _answer(state, views, engine, case)
    return (park(state, account, answer),) if isinstance(answer, Parked) else answer


# What the account has in hand comes first: collateral that can be sold against a debt. Then the
# chain, and when nothing is left, those who pay.
def _answer(
    state: State, views: Views, engine: LiquidationEngine, case: Case
) -> Sequence[Event] | Parked:
    account, rules = case.account, state.in_force.liquidation
    if views.doubt(account, Action.LIQUIDATE):
        return Parked.PRICE_DOUBTFUL
    if any(unwind.symbol in state.halted for unwind in unwinds_of(views, case)):
        return Parked.HALTED
    sale = collateral_order(state, views, account) if min(case.cash) < 0 else ()
    if not sale and not case.held and not _can_be_auctioned(state, case):
        return (*ended(state, account, AuctionEnd.EMPTIED), *close_books(state, views, account))
    if not sale and rules.chain:
        return along_chain(state, views, engine, case)
    episode = state.episodes.get(account)
    if episode is not None and episode.rounds >= rules.rounds_max:
        return Parked.ROUNDS_EXHAUSTED
    return sale or _engine_orders(state, views, engine, case)


# Without a chain there is no stage to hand over to, and what is toxic waits as what does not help.
def _engine_orders(
    state: State, views: Views, engine: LiquidationEngine, case: Case
) -> Sequence[Event] | Parked:
    orders = engine_orders(state, views, engine, case)
    return Parked.NOTHING_HELPS if isinstance(orders, Toxic) else orders


def _can_be_auctioned(state: State, case: Case) -> bool:
    rules = state.in_force.liquidation
    return rules.place_of(Stage.DUTCH_AUCTION) is not None and bool(for_sale(state, case.cash))


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
        net_quanta=bounded(net_quanta(state, views, case, asset)),
        trigger_nano={unwind.symbol: unwind.mark_nano for unwind in unwinds},
        lots=_lots_held(state, unwinds, case),
    )
    return (*released, started)


# Kept only where it is asked whose loss it is: by those who were on the other side, or by parts of
# the fund of which each stands for its own market.
def _lots_held(state: State, unwinds: Sequence[Unwind], case: Case) -> dict[str, int]:
    rules = state.in_force.waterfall
    if rules.deleveraging is None and rules.fund.pooled:
        return {}
    lots = (position.lots for _, position in case.held)
    return {unwind.symbol: n for unwind, n in zip(unwinds, lots, strict=True)}
