"""When a liquidation is over: no more in breach, or, where the venue says so, at its target."""

from collections.abc import Sequence

from hullmark.clearing._stage_facts import Course
from hullmark.clearing._stage_soft import is_near
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import NANO
from hullmark.domain import Stage
from hullmark.liquidation import wants_more


def short_of_exit(state: State, views: Views, breached: Sequence[int]) -> list[int]:
    """Return the accounts in hand that are not in breach any more, and not let go either."""
    if state.in_force.liquidation.exit != "target":
        return []
    in_hand = sorted(state.episodes.keys() - set(breached))
    return [account for account in in_hand if is_short_of_exit(state, views, account)]


def is_short_of_exit(state: State, views: Views, account: int) -> bool:
    """Return whether an account is in hand, not in breach any more, and still above the target."""
    rules = state.in_force.liquidation
    if rules.exit != "target" or account not in state.episodes or _is_soft(state, account):
        return False
    health = views.health(account)
    if not health.at_risk or health.in_breach or is_near(state, views, account):
        return False
    equity, maintenance = health.equity_maintenance, health.maintenance
    return wants_more(equity, maintenance, target=rules.target_nano / NANO)


# The soft stage has an exit of its own, its level: under it nobody is asked for more.
def _is_soft(state: State, account: int) -> bool:
    chain = state.in_force.liquidation.chain
    place = state.courses.get(account, Course()).place
    return bool(chain) and chain[place].stage is Stage.SOFT
