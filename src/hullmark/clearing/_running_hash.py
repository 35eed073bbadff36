"""The state hash, brought up to date at the cost of the facts that changed."""

from typing import Any

import numpy as np

from hullmark.clearing._account_hash import (
    Names,
    all_accounts,
    funding_hash,
    some_accounts,
    total_of,
)
from hullmark.clearing._state import State
from hullmark.clearing._state_hash import SETS, TABLES, Row, row_hash, single_rows, written


class RunningHash:
    """The hash of a state, kept beside it.

    Parameters
    ----------
    state : State
        The facts. All of them are hashed here, and then only those that have changed.
    """

    def __init__(self, state: State) -> None:
        ledger = state.ledger
        self._state = state
        self._touched = ledger.watch()
        self._names = Names.of(ledger)
        self._low, self._high = all_accounts(state, self._names)  # of each row of the ledger
        self._funding = np.zeros(len(ledger.instruments), np.int64)
        self._singles: list[tuple[tuple[Row, ...], int]] = [((), 0)] * len(single_rows(state))
        self._members: dict[str, set[Any]] = {name: set() for name in SETS}
        self._changes = {name: getattr(state, field).watch() for name, field in TABLES.items()}
        self._owners = state.modes.watch(), state.parents.watch()
        self._total = total_of(self._low, self._high)
        for name, field in TABLES.items():
            facts = getattr(state, field).items()
            self._total += sum(row_hash((name, key, fact)) for key, fact in facts)

    def current(self) -> str:
        """Return the hash of the facts as they are now: that of `state_hash`."""
        self._follow_accounts()
        self._follow_funding()
        self._follow_tables()
        self._follow_singles()
        return written(self._total)

    def _follow_accounts(self) -> None:
        self._make_room()
        for changes in self._owners:
            self._touched.update(self._state.ledger.row_of[account] for account in changes)
            changes.clear()
        if self._touched:
            rows = np.array(list(self._touched), np.int64)
            self._touched.clear()
            self._total -= total_of(self._low[rows], self._high[rows])
            self._low[rows], self._high[rows] = found = some_accounts(
                self._state, rows, self._names
            )
            self._total += total_of(*found)

    def _follow_funding(self) -> None:
        ledger = self._state.ledger
        accrued = np.array(ledger.funding_micro, np.int64)
        for number in np.flatnonzero(accrued != self._funding).tolist():
            symbol, before = ledger.instruments[number].symbol, int(self._funding[number])
            self._total -= funding_hash(symbol, before)
            self._total += funding_hash(symbol, ledger.funding_micro[number])
        self._funding = accrued

    def _make_room(self) -> None:
        ledger = self._state.ledger
        missing = len(ledger.instruments) - len(self._funding)
        if missing or len(ledger.assets) > len(self._names.assets):
            self._names = Names.of(ledger)
            self._funding = np.pad(self._funding, (0, missing))
        if len(ledger.accounts) > len(self._low):
            room = (0, max(len(ledger.accounts), 2 * len(self._low)) - len(self._low))
            self._low, self._high = np.pad(self._low, room), np.pad(self._high, room)

    def _follow_tables(self) -> None:
        for name, changes in self._changes.items():
            table = getattr(self._state, TABLES[name])
            for key, before in changes.items():
                if before is not None:
                    self._total -= row_hash((name, key, before))
                if key in table:
                    self._total += row_hash((name, key, table[key]))
            changes.clear()

    def _follow_singles(self) -> None:
        for place, rows in enumerate(single_rows(self._state)):
            before, total = self._singles[place]
            if rows != before:
                now = sum(map(row_hash, rows))
                self._total += now - total
                self._singles[place] = rows, now
        for name in SETS:
            members, known = getattr(self._state, name), self._members[name]
            if len(members) != len(known):
                self._total += sum(row_hash((name, item)) for item in members - known)
                known.update(members)
