"""The comparer: feeds units to the auditor, and holds the engine's facts to what it has."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from hullmark.clearing import State, Views
from hullmark.domain import FIRST_ACCOUNT, Event, commands, events, unpack_columns
from hullmark.journal import Unit
from hullmark.sim._audit_stages import STAKE_SLACK, stages_of, stakes_of
from hullmark.sim._auditor import Auditor


class Audit:
    """Compares an engine with an :class:`Auditor` after every unit.

    The auditor judges each event by itself. Facts are compared once per unit, of the accounts that
    the unit has touched, since an engine carries out a unit as a whole.

    Parameters
    ----------
    state : State
        The facts, as the last unit has left them. At first they are empty.
    views : Views
        Views of the same state.
    """

    def __init__(self, state: State, views: Views) -> None:
        self._state = state
        self._views = views
        self._touched = state.ledger.watch()
        self.auditor = Auditor()

    @property
    def disagreements(self) -> list[str]:
        """What was found so far, a sentence each."""
        return self.auditor.disagreements

    def after(self, unit: Unit) -> list[str]:
        """Take a unit that the engine has carried out; return the disagreements it brought."""
        seen = len(self.disagreements)
        self._take(unit)
        touched = self.auditor.take_touched()
        touched.update(self._state.ledger.accounts[row] for row in self._touched)
        self._touched.clear()
        self._compare(sorted(touched))
        return self.disagreements[seen:]

    def whole(self) -> list[str]:
        """Compare everything, whatever was touched; return the disagreements it brought."""
        seen = len(self.disagreements)
        self.auditor.check_sums()
        self.auditor.take_touched()
        self._touched.clear()
        self._compare(self._state.ledger.accounts)
        self._compare_stages()
        return self.disagreements[seen:]

    # A sweep that finds no breach says that there is none.
    def _take(self, unit: Unit) -> None:
        for event in unit.events:
            self.auditor.take(_plain(event), unit.time_ns, unit.sequence)
        if isinstance(unit.command, commands.CallMargins):
            self.auditor.check_calls()
        if not isinstance(unit.command, commands.SweepAccounts):
            return
        for kind in (events.BreachesFound, events.SoftBreachesFound):
            if not any(isinstance(event, kind) for event in unit.events):
                none: dict[str, Any] = {"type": kind.__name__, "accounts": ()}
                self.auditor.take(none, unit.time_ns, unit.sequence)

    def _compare(self, accounts: Iterable[int]) -> None:
        for account in accounts:
            ours, theirs = self.auditor.holding(account), dict(_holding(self._state, account))
            if ours != theirs:
                self.auditor.differ(account, "what it holds", ours, theirs)
            elif account >= FIRST_ACCOUNT:
                self._compare_health(account)

    # A case without a chain has no place in one.
    def _compare_stages(self) -> None:
        ours, theirs = self.auditor.stages(), stages_of(self._state)
        for name, facts in theirs.items():
            for key in ours[name].keys() | facts.keys():
                one, other = ours[name].get(key), facts.get(key)
                if name == "auctions" and one is not None:
                    one = {k: v for k, v in one.items() if k != "sold"}
                if one != other and not (name == "places" and other is None):
                    self.auditor.differ(key, name, one, other)
        stakes = stakes_of(self._state)
        for (pool, account), (stake, rounded) in self.auditor.stakes().items():
            theirs_of = stakes.get((pool, account), 0)
            if not theirs_of - 1 <= stake <= theirs_of + 1 + rounded + stake * STAKE_SLACK:
                self.auditor.differ(account, f"stake in {pool}", float(stake), theirs_of)

    def _compare_health(self, account: int) -> None:
        found = self.auditor.health(account)
        if found is None or self._views.lacking(account) is not None:
            return
        health = self._views.health(account)
        theirs = (
            health.equity_maintenance,
            health.maintenance,
            health.equity_initial,
            health.initial,
        )
        slack = self.auditor.slack(account)
        if any(abs(a - b) > slack for a, b in zip(found, theirs, strict=True)):
            self.auditor.differ(account, "health", found, theirs)


# As the auditor reads it: a packed column is its numbers.
def _plain(event: Event) -> dict[str, Any]:
    if not isinstance(event, events.TradesBooked):
        plain: dict[str, Any] = msgspec.to_builtins(event)
        return plain
    fields = msgspec.structs.asdict(event)
    columns = {k: unpack_columns([v])[0].tolist() for k, v in fields.items() if k != "symbols"}
    return {"type": "TradesBooked", "symbols": event.symbols} | columns


def _holding(state: State, account: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    ledger = state.ledger
    for index, asset in enumerate(ledger.assets):
        if quanta := ledger.cash(account, index):
            yield asset.symbol, (quanta,)
    for number, position in ledger.positions(account):
        yield ledger.instruments[number].symbol, tuple(position)
