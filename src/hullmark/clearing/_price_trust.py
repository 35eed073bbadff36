"""What the prices allow that an account rests on.

Almost always every price of the venue is valid and fresh, and allows everything. What an account
rests on is looked at only where that is not so.
"""

from collections.abc import Sequence

from hullmark.clearing._market_view import factors_of, unpriced
from hullmark.clearing._state import State
from hullmark.domain import AcceptedPrice, Event, Option, events
from hullmark.market import Action, Grade, PricePolicy

_MOVES = frozenset({events.PricesAccepted, events.SurfaceAdopted, events.RulesAdopted})
_NEVER_NS = -1
_VALID = int(Grade.VALID)


def grade_now(state: State, factor: str) -> Grade:
    """Return the grade of a price now: what it was, or stale if it has grown old since."""
    price = state.prices.get(factor)
    if price is None:
        return Grade.NONE
    limit_ns = state.in_force.prices[factor].staleness_ns_max
    old = state.now_ns - price.accepted_ns > limit_ns
    return max(Grade(price.grade), Grade.STALE if old else Grade.VALID)


def doubt_of(state: State, factors: Sequence[str], action: Action) -> str | None:
    """Return why some prices do not allow an action under the venue's rules; ``None``: they do."""
    worst = state.in_force.actions.worst(action)
    for factor in factors:
        grade = grade_now(state, factor)
        if grade > worst:
            doing = action.name.lower().replace("_", " ")
            return f"the price of {factor} must allow to {doing}, was {grade.name}"
    return None


class PriceTrust:
    """The grades of a state's prices, and until when all of them are valid, kept beside it.

    Parameters
    ----------
    state : State
        The facts. Whoever changes them tells `apply` of every event.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._until_ns: dict[str, int] | None = None  # per factor; none: count them anew
        self._all_ns: int | None = None  # the least of them

    def apply(self, event: Event) -> None:
        """Take note of an event that the facts have already taken in."""
        kind = type(event)
        if kind not in _MOVES:
            return
        if isinstance(event, events.PricesAccepted):
            self._all_ns = None
            if self._until_ns is not None:
                policies = self._state.in_force.prices
                for price in event.prices:
                    self._until_ns[price.factor] = _valid_until(price, policies[price.factor])
        else:
            self._until_ns = self._all_ns = None

    @property
    def until_ns(self) -> int:
        """The last instant at which every price is valid and fresh; before all: there is none.

        An option without a mark volatility has no price either.
        """
        if self._all_ns is None:
            if self._until_ns is None:
                self._until_ns = self._counted()
            self._all_ns = min(self._until_ns.values(), default=_NEVER_NS)
        return self._all_ns

    def grade(self, factor: str) -> Grade:
        """Return the grade of a price now: what it was, or stale if it has grown old since."""
        return grade_now(self._state, factor)

    def doubt(self, account: int, action: Action, also: int | None = None) -> str | None:
        """Return why the prices an account rests on do not allow an action; ``None``: they do."""
        if self._state.now_ns <= self.until_ns:
            return None
        held, cash = self._rests_on(account, () if also is None else (also,))
        for instrument in held:
            if lacking := unpriced(self._state, instrument):
                return lacking
        return doubt_of(self._state, factors_of(self._state, held, cash), action)

    def lacking(self, account: int, also: Sequence[int] = ()) -> str | None:
        """Return what an account's value rests on and has no price; ``None``: nothing."""
        held, cash = self._rests_on(account, also)
        for instrument in held:
            if lacking := unpriced(self._state, instrument):
                return lacking
        for factor in factors_of(self._state, held, cash):
            if self.grade(factor) is Grade.NONE:
                return f"{factor} must have a price, has none"
        return None

    def _rests_on(self, account: int, also: Sequence[int]) -> tuple[list[int], list[int]]:
        ledger = self._state.ledger
        held = [instrument for instrument, _ in ledger.positions(account)]
        return [*held, *also], [a for a in range(len(ledger.assets)) if ledger.cash(account, a)]

    def _counted(self) -> dict[str, int]:
        state = self._state
        policies = state.in_force.prices.items()
        until_ns = {f: _valid_until(state.prices.get(f), policy) for f, policy in policies}
        for terms in state.in_force.instruments:
            if isinstance(terms, Option) and terms.symbol not in state.vols_nano:
                until_ns[terms.symbol] = _NEVER_NS
        return until_ns


def _valid_until(price: AcceptedPrice | None, policy: PricePolicy) -> int:
    if price is None or price.grade != _VALID:
        return _NEVER_NS
    return price.accepted_ns + policy.staleness_ns_max
