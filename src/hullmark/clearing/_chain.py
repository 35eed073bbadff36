"""Going along the chain: from the stage where a liquidation stands to the next that can act."""

from collections.abc import Mapping

from hullmark.clearing import (
    _stage_auction as auction,
    _stage_backstop as backstop,
    _stage_orders as orders,
    _stage_soft as soft,
    _stage_takeover as takeover,
)
from hullmark.clearing._caseload import Case
from hullmark.clearing._decide_deleveraging import deleverage
from hullmark.clearing._decide_losses import close_books
from hullmark.clearing._orders import Toxic, engine_orders
from hullmark.clearing._stage_facts import Course
from hullmark.clearing._stage_step import Leaving, StageTaker, Step, park
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.domain import AuctionEnd, Event, HandOver, Parked, Stage, events
from hullmark.liquidation import ORDER_STAGES, LiquidationEngine

_TAKERS: Mapping[Stage, StageTaker] = {
    Stage.SOFT: soft.take_step,
    Stage.PARTIAL: orders.take_step,
    Stage.COST_MINIMAL: orders.take_step,
    Stage.DUTCH_AUCTION: auction.take_step,
    Stage.BACKSTOP: backstop.take_step,
    Stage.TAKEOVER: takeover.take_step,
}


def along_chain(
    state: State, views: Views, engine: LiquidationEngine, case: Case
) -> tuple[Event, ...]:
    """Return what the stage at hand does, or the first after it that can do anything.

    Each hand-over is an event with its reason. After the last stage positions are closed against
    those who gain, where the waterfall has that; else the account waits, and begins again.
    """
    course = state.courses.get(case.account, Course(entered_ns=state.now_ns))
    episode = state.episodes.get(case.account)
    entered_ns, rounds = course.entered_ns, 0 if episode is None else episode.rounds
    told: list[Event] = []
    chain = state.in_force.liquidation.chain
    for place in range(course.place, len(chain)):
        rules = chain[place]
        step = Step(state, views, engine, case, rules, entered_ns, rounds)
        late = rules.deadline_ns is not None and state.now_ns - entered_ns >= rules.deadline_ns
        answer = HandOver.DEADLINE if late else _TAKERS[rules.stage](step)
        if isinstance(answer, Leaving):
            told, answer = [*told, *answer.told], answer.reason
        if isinstance(answer, Parked):
            return (*told, park(state, case.account, answer))
        if not isinstance(answer, HandOver):
            return (*told, *answer)
        if rules.stage is Stage.DUTCH_AUCTION:  # once: the state is that of before these events
            told += auction.ended(state, case.account, AuctionEnd.EXPIRED)
        if place + 1 < len(chain):
            told.append(_entered(state, case.account, place + 1, answer))
        entered_ns, rounds = state.now_ns, 0
    return (*told, *_at_the_end(state, views, engine, case))


def _at_the_end(
    state: State, views: Views, engine: LiquidationEngine, case: Case
) -> tuple[Event, ...]:
    if not case.held:
        books = tuple(close_books(state, views, case.account))
        if not isinstance(books[0], events.LiquidationParked):
            return books  # else there is something that is worth selling: it is offered again
    elif closed := deleverage(state, views, case):
        return tuple(closed)
    elif sold := _after_all(state, views, engine, case):
        return sold
    again = state.in_force.liquidation.restart
    return (
        _entered(state, case.account, again, HandOver.RESTARTED),
        park(state, case.account, Parked.NOTHING_HELPS),
    )


# What was kept from the market for others to be closed against goes there if nobody is on the other
# side with a gain: a position that nobody sells only loses more.
def _after_all(
    state: State, views: Views, engine: LiquidationEngine, case: Case
) -> tuple[Event, ...]:
    rules, episode = state.in_force.liquidation, state.episodes.get(case.account)
    used = episode is not None and episode.rounds >= rules.rounds_max
    sells = any(stage.stage in ORDER_STAGES for stage in rules.chain)
    if used or not sells or not orders.is_for_others(state, views, case):
        return ()
    answer = engine_orders(state, views, engine, case)
    return () if isinstance(answer, Parked | Toxic) else tuple(answer)


def _entered(state: State, account: int, place: int, reason: HandOver) -> events.StageEntered:
    stage = state.in_force.liquidation.chain[place].stage
    return events.StageEntered(account=account, place=place, stage=stage, reason=reason)
