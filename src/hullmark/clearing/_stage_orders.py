"""The stages that send orders to the market: `partial` and `cost-minimal`."""

from math import floor

from hullmark.clearing._caseload import Case
from hullmark.clearing._cases import net_quanta, unwinds_of
from hullmark.clearing._fund_parts import before_deleveraging, market_now
from hullmark.clearing._orders import Toxic, engine_orders
from hullmark.clearing._stage_step import Answer, Leaving, Step, bounded
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import NANO
from hullmark.domain import HandOver, Parked, events


def take_step(step: Step) -> Answer:
    """Order what the engine plans, as far as throttles let it and it helps."""
    state, case = step.state, step.case
    if not case.held:
        return HandOver.NOTHING_HELD
    if step.rounds >= state.in_force.liquidation.rounds_max:
        return HandOver.ROUNDS_EXHAUSTED
    if is_for_others(state, step.views, case):
        return HandOver.BANKRUPT
    answer = engine_orders(state, step.views, step.engine, case)
    if isinstance(answer, Toxic):
        flag = _flag(step, answer)
        return (flag, *answer.instead) if answer.instead else Leaving((flag,), HandOver.TOXIC)
    return HandOver.NOTHING_HELPS if answer is Parked.NOTHING_HELPS else answer


def _flag(step: Step, toxic: Toxic) -> events.ToxicityFlagged:
    return events.ToxicityFlagged(
        account=step.account,
        health_nano=bounded(floor(toxic.health_usd * NANO)),
        after_nano=bounded(floor(toxic.after_usd * NANO)),
    )


def is_for_others(state: State, views: Views, case: Case) -> bool:
    """Return whether positions are closed against others before the market is asked any more.

    Further below zero than what the steps before pay, selling to the market is paid by others:
    where positions can be closed against those who gain, they are the next to be asked.
    """
    rules = state.in_force.waterfall.deleveraging
    if rules is None or not rules.at_once or not case.held:
        return False
    unwinds = unwinds_of(views, case)
    asset = unwinds[0].settlement
    deficit = -net_quanta(state, views, case, asset)
    if deficit <= 0:
        return False
    market = market_now(state, case.account, unwinds, case.held)
    return before_deleveraging(state, case.account, market, asset, deficit) < deficit
