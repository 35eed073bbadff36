"""One step of one stage for one account: what it is given, and what it may answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from hullmark.clearing._caseload import Case
from hullmark.clearing._checks import QUANTA_MAX
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.domain import Event, HandOver, Parked, events
from hullmark.liquidation import LiquidationEngine, StageRules


@dataclass(frozen=True, slots=True)
class Step:
    """Where a liquidation stands: the account, the stage, and since when it has been there."""

    state: State
    views: Views
    engine: LiquidationEngine
    case: Case
    rules: StageRules
    entered_ns: int  # when the stage began; now, where it begins with this step
    rounds: int  # orders since the stage began or the last pause

    @property
    def account(self) -> int:
        """The number of the account."""
        return self.case.account


class Leaving(NamedTuple):
    """A hand-over that has something to tell first."""

    told: Sequence[Event]
    reason: HandOver


# Events: something is done, and what follows waits for it. A pause: the stage goes on later. A
# reason: the stage can do nothing more, and the next one is entered.
Answer: TypeAlias = Sequence[Event] | Parked | HandOver | Leaving
StageTaker: TypeAlias = Callable[[Step], Answer]


def park(state: State, account: int, reason: Parked) -> events.LiquidationParked:
    """Return the pause of a liquidation, which begins now."""
    until_ns = state.now_ns + state.in_force.liquidation.park_ns
    return events.LiquidationParked(account=account, reason=reason, until_ns=until_ns)


def bounded(quanta: int) -> int:
    """Return what is told of a loss at an absurd price: what is booked fits, or is refused."""
    return max(min(quanta, QUANTA_MAX), -QUANTA_MAX)
