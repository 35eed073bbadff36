"""The soft stage: a saviour's top-up, and small reductions before a breach, for who opted in.

An account is near its breach from the level of the stage to a margin ratio of 1. It is reduced
there by a share of every position that grows on the way, and pays no penalty for it. In breach the
stage is a last call of its saviour: what brings the account back is given, and nothing less.
"""

from collections.abc import Sequence

import numpy as np

from hullmark.clearing._caseload import Case
from hullmark.clearing._cases import unwinds_of
from hullmark.clearing._checks import QUANTA_MAX, settled_cash
from hullmark.clearing._decide_cash import withdrawable_quanta
from hullmark.clearing._orders import soft_orders
from hullmark.clearing._stage_facts import Course
from hullmark.clearing._stage_step import Answer, Step
from hullmark.clearing._standing import standing_of
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import NANO
from hullmark.domain import Event, HandOver, Parked, Stage, events
from hullmark.liquidation import SoftRules, soft_begun, soft_lots
from hullmark.margin import Health
from hullmark.market import Action

_A_LITTLE_LESS = 1.0 - 1e-9  # than the level: who is nearer is looked at in whole numbers
_PAUSES = frozenset({Parked.NOTHING_HELPS, Parked.THROTTLED, Parked.ROUNDS_EXHAUSTED})


def take_step(step: Step) -> Answer:
    """Let a saviour bring an account back that is in breach."""
    state, account = step.state, step.account
    if account not in state.soft:
        return HandOver.OPTED_OUT
    found = top_up(state, step.views, account)
    if found is None:
        return HandOver.SAVIOUR_SHORT
    paid = {state.ledger.asset_index[found.asset]: -found.quanta}
    cured = not step.views.health_after(account, (), paid).in_breach
    return (found,) if cured else HandOver.SAVIOUR_SHORT


def near_breach(state: State, views: Views) -> tuple[int, ...]:
    """Return the accounts that the stage is there for now, worst ratio first."""
    rules = _rules(state)
    if not state.soft or rules is None:
        return ()
    accounts = sorted(state.soft)
    ledger = state.ledger
    rows = ledger.rows_of(np.array(accounts, np.int64))
    found = views.evaluate_lines(ledger.lines(rows), views.models(rows))
    least = _A_LITTLE_LESS * rules.level_nano / NANO * found.equity_maintenance
    maybe = found.at_risk & ~found.in_breach & (found.maintenance > least)
    maybe &= found.equity_maintenance > 0.0
    ratios = {
        accounts[row]: float(found.maintenance[row] / found.equity_maintenance[row])
        for row in np.flatnonzero(maybe).tolist()
    }
    near = [account for account in ratios if is_near(state, views, account)]
    return tuple(sorted(near, key=lambda account: (-ratios[account], account)))


def is_near(state: State, views: Views, account: int) -> bool:
    """Return whether the stage is there for an account: opted in, above the level, not in breach.

    One whose liquidation has gone on to another stage is not: it is let go first.
    """
    rules = _rules(state)
    if rules is None or account not in state.soft:
        return False
    if account in state.episodes and state.courses.get(account, Course()).place != 0:
        return False
    health = views.health(account)
    if not health.at_risk or health.in_breach:
        return False
    return soft_begun(standing_of(health), level_nano=rules.level_nano)


def reduce_softly(state: State, views: Views, case: Case) -> Sequence[Event] | Parked:
    """Return a top-up, else orders for a part of each position, of an account that is near."""
    account, rules = case.account, _rules(state)
    assert rules is not None, "an account is near where the chain has the stage"
    if views.doubt(account, Action.LIQUIDATE):
        return Parked.PRICE_DOUBTFUL
    if any(unwind.symbol in state.halted for unwind in unwinds_of(views, case)):
        return Parked.HALTED
    if found := top_up(state, views, account):
        return (found,)
    episode = state.episodes.get(account)
    if episode is not None and episode.rounds >= state.in_force.liquidation.rounds_max:
        return Parked.ROUNDS_EXHAUSTED
    standing = standing_of(views.health(account))
    parts = [
        soft_lots(
            position.lots,
            standing,
            level_nano=rules.level_nano,
            share_min_nano=rules.share_min_nano,
            share_max_nano=rules.share_max_nano,
        )
        for _, position in case.held
    ]
    return soft_orders(state, views, case, parts)


def waits_softly(state: State, account: int) -> bool:
    """Return whether an account's pause began before its breach: a breach ends it."""
    pause = state.parked.get(account)
    if pause is None or pause.reason not in _PAUSES or account not in state.soft:
        return False
    return _rules(state) is not None and state.courses.get(account, Course()).place == 0


def top_up(state: State, views: Views, account: int) -> events.ToppedUp | None:
    """Return what a saviour gives: the least that brings its account to the level, or all it may.

    It may give what it has promised and could withdraw. ``None``: it has, or may give, nothing.
    """
    rules, terms = _rules(state), state.soft[account]
    if rules is None or terms.saviour is None or terms.asset is None or not terms.quanta_max:
        return None
    asset = state.ledger.asset_index[terms.asset]
    room = QUANTA_MAX - max(settled_cash(state, account, terms.asset), 0)
    may_give = withdrawable_quanta(state, views, terms.saviour, terms.asset)
    most = min(terms.quanta_max, may_give, room)
    if most <= 0 or _at_level(views.health(account), rules):
        return None
    short, enough = 0, most  # what is short of the level, and what is enough or all there is
    while enough - short > 1:
        middle = (short + enough) // 2
        if _at_level(views.health_after(account, (), {asset: -middle}), rules):
            enough = middle
        else:
            short = middle
    return events.ToppedUp(account=account, saviour=terms.saviour, asset=terms.asset, quanta=enough)


def _at_level(health: Health, rules: SoftRules) -> bool:
    standing = standing_of(health)
    return standing.maintenance * NANO <= rules.level_nano * standing.equity


# The stage is the first of the chains that have it.
def _rules(state: State) -> SoftRules | None:
    chain = state.in_force.liquidation.chain
    return chain[0].soft if chain and chain[0].stage is Stage.SOFT else None
