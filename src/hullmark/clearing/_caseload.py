"""What the decisions on the breaches of one tick share, so that it is worked out for all at once.

A tick can bring thousands of accounts under. Each is decided by a command of its own, one after the
other, since the second one meets the throttle and the fund that the first one has left. Their
margins and the plans of the engine do not hang on each other. Nothing here is a fact: whatever is
missing is worked out for the one account that is asked about, and comes out the same.
"""

from typing import NamedTuple

from hullmark.clearing._running_tables import MOVES_TABLES
from hullmark.clearing._state import State
from hullmark.domain import Event, events
from hullmark.ledger import Position
from hullmark.liquidation import LiquidationEngine, Plan


class Case(NamedTuple):
    """One account: what it has, and its margin at the accepted prices."""

    account: int
    held: list[tuple[int, Position]]  # in the order of instruments
    cash: list[int]  # quanta per asset
    in_breach: bool
    health: float  # USD
    worst: float  # least profit over the scenarios, USD


class After(NamedTuple):
    """The margin of one account after fills that have not happened, USD."""

    health: float
    worst: float  # least profit over the scenarios


class Planned(NamedTuple):
    """What an engine wants to trade for one account."""

    plan: Plan
    lots: list[int]  # of the positions held, cut back to what shrinks them
    after: After | None  # these filled at their limits; none: it has not been worked out


class Caseload:
    """The cases of a tick and the plans for them, as long as they are those of the facts.

    Parameters
    ----------
    state : State
        The facts. Whoever changes them tells `apply` of every event.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: tuple[int, ...] = ()  # found in breach, and not looked at since
        self._cases: dict[int, Case] = {}
        self._plans: dict[int, Planned] = {}
        self._engine: LiquidationEngine | None = None  # whose plans they are
        self._planned_ns = 0  # when they were made
        self._touched: set[int] | None = None  # rows of the ledger, since there are cases

    def apply(self, event: Event) -> None:
        """Take note of an event that the facts have already taken in."""
        kind = type(event)
        if kind is events.BreachesFound:
            self.drop()
            self._waiting = event.accounts  # type: ignore[union-attr]
        elif kind in MOVES_TABLES:
            self.drop()
        elif isinstance(event, events.LiquidationOrdered) and self._is_sized:
            self._plans.pop(event.account, None)  # less may be ordered now

    def case(self, account: int) -> Case | None:
        """Return the case of an account; ``None`` if there is none, or it has changed since."""
        case = self._cases.get(account)
        if case is None or not self._touched:
            return case
        return None if self._state.ledger.row_of[account] in self._touched else case

    # Whether how much an order may close hangs on the clock, and on the orders before it.
    @property
    def _is_sized(self) -> bool:
        return self._state.in_force.liquidation.sizes is not None

    def plan(self, account: int, engine: LiquidationEngine) -> Planned | None:
        """Return what an engine wants to trade; ``None`` if it has not been asked.

        To be asked only of an account that has a case.
        """
        if self._planned_ns != self._state.now_ns and self._plans and self._is_sized:
            self._plans.clear()
        return self._plans.get(account) if engine is self._engine else None

    def batch_of(self, account: int) -> tuple[int, ...]:
        """Return the accounts to work out now: all that wait, or only the one asked about."""
        waiting, self._waiting = self._waiting, ()
        return waiting if account in waiting else (account,)

    def take_cases(self, cases: list[Case]) -> None:
        """Keep cases that have just been worked out."""
        if self._touched is None:
            self._touched = self._state.ledger.watch()
        for case in cases:
            self._cases[case.account] = case
            self._touched.discard(self._state.ledger.row_of[case.account])
            self._plans.pop(case.account, None)

    def unplanned(self, account: int, engine: LiquidationEngine) -> list[Case]:
        """Return the cases to plan for when a plan is missing: all, the first time, or the one."""
        if self._engine is None:
            return [case for a in self._cases if (case := self.case(a)) is not None]
        if self._engine is not engine:
            self._plans.clear()
        return [self._cases[account]]

    def take_plans(self, engine: LiquidationEngine, plans: dict[int, Planned]) -> None:
        """Keep what an engine wants to trade."""
        self._engine, self._planned_ns = engine, self._state.now_ns
        self._plans.update(plans)

    def drop(self) -> None:
        """Give everything up."""
        self._waiting, self._engine, self._touched = (), None, None
        self._cases.clear()
        self._plans.clear()
