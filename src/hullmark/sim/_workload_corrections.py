"""Corrections at the simulated venue: trades busted, cash adjusted and put back."""

from collections import deque
from random import Random
from typing import Any

import msgspec

from hullmark.domain import Command, SystemAccount, commands, events
from hullmark.journal import Unit
from hullmark.runtime import Venue
from hullmark.sim._workload_users import DOLLAR, SimulatedUsers

_PAIRS = (("Ann", "Bob"), ("Bob", "Cleo"), ("Cleo", "Ann"))
_UNSIGNED = (("Ann", " ann"), ("Ann", ""))
_VENUES = (
    SystemAccount.FUND,
    SystemAccount.FEES,
    SystemAccount.FUNDING,
    SystemAccount.INTEREST,
    SystemAccount.SETTLEMENT,
    SystemAccount.BAD_DEBT,
    SystemAccount.CUSTODY,
)
_RECENT = 30


class SimulatedCorrections:
    """What the operator takes back: it remembers what was recorded lately.

    Parameters
    ----------
    chance : Random
        Everything is drawn from it.
    users : SimulatedUsers
        Whose cash can be adjusted.
    """

    def __init__(self, chance: Random, users: SimulatedUsers) -> None:
        self._chance = chance
        self._users = users
        self._trades: deque[int] = deque(maxlen=_RECENT)
        self._adjusted: deque[int] = deque(maxlen=_RECENT)

    def see(self, unit: Unit) -> None:
        """Take note of a unit of the journal."""
        first = unit.events[0] if unit.events else None
        if isinstance(first, events.Traded):
            self._trades.append(unit.sequence)
        elif isinstance(first, events.CashAdjusted):
            self._adjusted.append(unit.sequence)

    def correct(self, venue: Venue) -> Command:
        """Return a reversal of something recent, or an adjustment; some are signed by one only."""
        chance = self._chance
        signed = chance.choice(_PAIRS if chance.random() < 0.95 else _UNSIGNED)
        recorded = self._trades if chance.random() < 0.7 else self._adjusted
        if recorded and chance.random() < 0.7:
            return venue.reversal(chance.choice(recorded), authorisers=signed, reason="a mistake")
        someone = (self._users.anyone(venue.state), chance.choice(_VENUES))
        source, target = someone if chance.random() < 0.5 else someone[::-1]
        return commands.AdjustCash(
            source=source,
            target=target,
            asset="USDT" if chance.random() < 0.9 else "ETH",
            quanta=chance.randrange(10 * DOLLAR),
            authorisers=signed,
            reason="goodwill",
        )

    def forged(self, venue: Venue) -> Any:  # noqa: ANN401 - None where nothing can be forged
        """Return a reversal that is not of what was recorded: it must be turned away."""
        if not self._trades:
            return None
        sequence = self._chance.choice(self._trades)
        bust = venue.reversal(sequence, authorisers=_PAIRS[0], reason="a forgery")
        assert isinstance(bust, commands.BustTrade), "only trades are remembered here"
        return msgspec.structs.replace(bust, cost_quanta=bust.cost_quanta + 1)
