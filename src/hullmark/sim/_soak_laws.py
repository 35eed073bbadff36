"""The laws of a history, checked on a second venue that lives from the journal alone.

It takes in unit after unit, decides nothing, and says of each which law it breaks: of order and
time, of money, of liquidation, of the waterfall. The margin that it asks about is that of its own
views, at the facts as they were when the engine decided.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hullmark.clearing import (
    RunningBooks,
    State,
    Views,
    books,
    evolve,
    fill_at,
    stamp,
    state_hash,
)
from hullmark.core import NANO
from hullmark.domain import Event, Spot, SystemAccount, events
from hullmark.journal import Unit
from hullmark.ledger import FLAT
from hullmark.runtime import Venue
from hullmark.sim._audit import Audit
from hullmark.sim._soak_stage_laws import AFTER as STAGES_AFTER, BEFORE as STAGES_BEFORE


class SoakLaws:
    """Facts and views that follow a journal, and the laws that they are held to.

    Parameters
    ----------
    audited : bool
        Whether a second, naive model must agree as well.
    """

    def __init__(self, *, audited: bool) -> None:
        self.state = State()
        self.views = Views(self.state)
        self._audit = Audit(self.state, self.views) if audited else None
        self.sequence = 0
        self._running = RunningBooks(self.state)
        self.bad_debt = Counter[str]()  # what the deficits covered so far have left
        self._sequence_of: dict[str, int] = {}  # by key

    def take(self, unit: Unit) -> list[str]:
        """Take in the next unit, and return the laws that it breaks, in words."""
        broken = [*self._out_of_order(unit)]
        self.sequence = unit.sequence
        if not broken:
            stamp(self.state, unit.time_ns)
            broken = [*_misguided(self, unit.events)]
        for event in unit.events:
            if broken:
                return broken  # what follows from it would say the same in worse words
            broken += _BEFORE.get(type(event), _lawless)(self, event)
            if not broken:
                evolve(self.state, event)
                self.views.apply(event)
                broken += _AFTER.get(type(event), _lawless)(self, event)
        broken += self._running.update()
        if self._audit is not None:
            broken += self._audit.after(unit)
        return broken

    def differences(self, venue: Venue) -> list[str]:
        """Return what a venue at the same unit has otherwise, in words: facts, views or sums."""
        broken = [*books(self.state).broken]
        if books(self.state) != self._running.books():
            broken.append("running books must be those of all rows")
        owed = self._running.books().bad_debt
        broken += [
            f"bad debt of {asset} must be {self.bad_debt[asset]}, as covered, was {quanta}"
            for asset, quanta in owed.items()
            if quanta != self.bad_debt[asset]
        ]
        ours, theirs = state_hash(self.state), venue.state_hash()
        if ours != theirs:
            broken.append(
                f"state hash must be the one of the replayed journal, {ours}, was {theirs}"
            )
        if venue.state.rules is None:
            return broken
        if self._audit is not None:
            broken += self._audit.whole()
        fresh = Views(self.state)
        if venue.views.book != fresh.book:
            broken.append("the book that followed must be the book that is built")
        sweeps = zip(venue.views.sweep(), fresh.sweep(), strict=True)
        if any(kept.tobytes() != built.tobytes() for kept, built in sweeps):
            broken.append("views that followed must have the bits of views that are built")
        return broken

    def _out_of_order(self, unit: Unit) -> Iterator[str]:
        if unit.sequence != self.sequence + 1:
            yield f"sequence must be {self.sequence + 1}, was {unit.sequence}"
        if unit.time_ns < self.state.now_ns:
            yield f"time must be >= {self.state.now_ns}, was {unit.time_ns}"
        if unit.cause is not None and not 0 < unit.cause < unit.sequence:
            yield f"cause must be an earlier unit, was {unit.cause}"
        if len(unit.events) > 1 and any(isinstance(e, events.Refused) for e in unit.events):
            yield "a refusal must be alone in its unit"
        if unit.key is None:
            return
        first = self._sequence_of.setdefault(unit.key, unit.sequence)
        if first != unit.sequence:
            yield f"key {unit.key!r} must be carried out once, was at {first} already"


# Orders of one unit stand together: at their limits they raise health and do not raise the worst
# loss, or they close everything. A sale of collateral answers for a debt in what it fetches.
def _misguided(laws: SoakLaws, found: Iterable[Event]) -> Iterator[str]:
    orders = [event for event in found if isinstance(event, events.LiquidationOrdered)]
    if not orders:
        return
    state, views, account = laws.state, laws.views, orders[0].account
    ledger = state.ledger
    if not _is_in_reach(laws, account):
        yield f"account {account} must be in breach to be ordered about"
    if len({order.account for order in orders}) > 1:
        yield f"orders of one unit must be of one account, was {orders}"
    closed, fills = dict[int, int](), []
    for order in orders:
        number = ledger.instrument_index[order.instrument]
        terms, settlement = ledger.instruments[number], ledger.settlement(number)
        if isinstance(terms, Spot):
            if ledger.cash(account, settlement) >= 0 or order.lots >= 0:
                yield f"order {order.order} must sell collateral against a debt"
            return
        fee_nano = 0 if order.soft else state.in_force.liquidation.penalty_nano
        fills.append(fill_at(ledger, number, order.lots, order.limit_nano, fee_nano=fee_nano))
        closed[number] = order.lots
    held, hedged = ledger.positions(account), False
    may = {ledger.instrument_index[symbol] for symbol in state.in_force.liquidation.hedges}
    for number, lots in closed.items():
        have = dict(held).get(number, FLAT).lots
        shrinks = lots * have < 0 and abs(lots) <= abs(have)
        hedged = hedged or not shrinks
        if not shrinks and number not in may:
            yield f"orders of {account} must only shrink {have} lots, or be a hedge, was {lots}"
    if len(fills) == len(held) and all(
        position.lots == -fill.lots for (_, position), fill in zip(held, fills, strict=True)
    ):
        return
    before, after = views.health(account), views.health_after(account, fills)
    risk_falls = after.worst > before.worst if hedged else after.worst >= before.worst
    if not (after.health > before.health and risk_falls):
        yield f"orders of {account} must raise its health at their limits, or close it in full"


# In breach; or near it, of those who have opted in; or in hand and not at the target yet.
def _is_in_reach(laws: SoakLaws, account: int) -> bool:
    state, rules, health = laws.state, laws.state.in_force.liquidation, laws.views.health(account)
    if health.in_breach:
        return True
    levels = []
    if account in state.soft and rules.chain and rules.chain[0].soft is not None:
        levels.append(rules.chain[0].soft.level_nano)
    if account in state.episodes and rules.exit == "target":
        levels.append(rules.target_nano)
    equity = health.equity_maintenance
    return any(health.maintenance >= level / NANO * equity * (1 - 1e-9) for level in levels)


def _started(laws: SoakLaws, event: events.LiquidationStarted) -> Iterator[str]:
    if not _is_in_reach(laws, event.account):
        yield f"account {event.account} is healthy, and must be left untouched"


def _in_hand(laws: SoakLaws, event: Any) -> Iterator[str]:  # noqa: ANN401 - all with an account
    if event.account not in laws.state.episodes:
        yield f"account {event.account} must be under liquidation for {type(event).__name__}"


def _filled(laws: SoakLaws, event: events.LiquidationFilled) -> Iterator[str]:
    state = laws.state
    order, left = state.working.get(event.order), state.unfilled.get(event.order, 0)
    if order is None:
        yield f"order {event.order} must be at work to be filled"
        return
    worse = (event.price_nano - order.limit_nano) * (1 if left > 0 else -1)
    if event.lots and worse > 0:
        yield f"order {event.order} must not fill beyond its limit {order.limit_nano}"
    if event.lots * left < 0 or abs(event.lots) > abs(left):
        yield f"order {event.order} must fill within the {left} lots left, was {event.lots}"
    if state.now_ns > order.deadline_ns:
        yield f"order {event.order} must be answered by its deadline"


def _penalised(laws: SoakLaws, event: events.LiquidationFilled) -> Iterator[str]:
    if event.penalty_quanta < 0:
        yield f"penalty must be >= 0, was {event.penalty_quanta}"
    if event.penalty_quanta:
        ledger = laws.state.ledger
        asset = ledger.settlement(ledger.instrument_index[event.instrument])
        left = laws.views.net_quanta(event.account, asset)
        if left < 0:
            yield f"penalty must not take account {event.account} below zero, left {left}"


def _covered(laws: SoakLaws, event: events.DeficitCovered) -> Iterator[str]:
    state = laws.state
    ledger, asset = state.ledger, state.ledger.asset_index[event.asset]
    fund = ledger.cash(SystemAccount.FUND, asset)
    named = (event.fund_quanta, event.backstop_quanta, event.haircut_quanta)
    total = sum(named) + event.socialised_quanta + event.bad_debt_quanta
    if min(*named, event.socialised_quanta, event.bad_debt_quanta) < 0:
        yield f"shares must be >= 0, was {event}"
    paid = event.fund_quanta + event.backstop_quanta + event.bad_debt_quanta
    deficit = max(-ledger.cash(event.account, asset), 0)
    if paid and paid != deficit and event.account not in state.auction_of:
        yield f"shares must add up to the deficit {deficit}, was {event}"
    causes = event.gap_quanta + event.participation_quanta + event.latency_quanta
    if causes + event.oracle_quanta + event.impact_quanta != total:
        yield f"causes must add up to the deficit {total}, was {event}"
    if event.fund_quanta > fund:
        yield f"the fund must pay no more than the {fund} it has, was {event.fund_quanta}"
    first = "fund" in state.in_force.waterfall.steps and not state.allocations
    due = min(total - event.haircut_quanta, fund)  # what was paid through prices came before
    if first and not event.haircut_quanta and event.fund_quanta != due:
        yield f"the fund must pay {due} before anyone else, was {event}"
    laws.bad_debt[event.asset] += event.bad_debt_quanta


def _adjusted(laws: SoakLaws, event: events.CashAdjusted) -> Iterator[str]:
    for account, sign in ((event.source, 1), (event.target, -1)):
        if account == SystemAccount.BAD_DEBT:
            laws.bad_debt[event.asset] += sign * event.quanta
        if account == SystemAccount.CUSTODY:
            yield f"custody must be left to deposits and withdrawals, was {event}"


def _seized(laws: SoakLaws, event: events.CollateralSeized) -> Iterator[str]:
    yield from _in_hand(laws, event)
    ledger = laws.state.ledger
    if ledger.positions(event.account):
        yield f"account {event.account} must be empty before its collateral is seized"
    if all(ledger.cash(event.account, asset) >= 0 for asset in range(len(ledger.assets))):
        yield f"account {event.account} must have a deficit for its collateral to be seized"


def _ended(laws: SoakLaws, event: events.LiquidationEnded) -> Iterator[str]:
    ledger, account = laws.state.ledger, event.account
    if event.cured and laws.views.health(account).in_breach:
        yield f"account {account} must be healthy to be let go as cured"
    if not event.cured and (
        ledger.positions(account) or any(ledger.cash(account, a) for a in range(len(ledger.assets)))
    ):
        yield f"account {account} must be empty at the end of a liquidation without a cure"


def _lawless(laws: SoakLaws, event: Event) -> Iterable[str]:
    return ()


_Law = Callable[[SoakLaws, Any], Iterable[str]]

_BEFORE: Mapping[type, _Law] = {
    events.LiquidationStarted: _started,
    events.LiquidationParked: _in_hand,
    events.LiquidationFilled: _filled,
    events.CollateralSeized: _seized,
    events.DeficitCovered: _covered,
    events.CashAdjusted: _adjusted,
    **STAGES_BEFORE,
}
_AFTER: Mapping[type, _Law] = {
    events.LiquidationFilled: _penalised,
    events.LiquidationEnded: _ended,
    **STAGES_AFTER,
}
