"""Liquidation engines: what one is given, what it proposes, and how it is found.

An engine *proposes*. It maps a batch of breaches to a :class:`Plan` for each and touches nothing.
The core checks every plan at its price limits, journals the orders and sends them through the
execution port; what they did comes back as fills, later, and it may be less than was planned.

Engines are found by name among the installed distributions::

    [project.entry-points."hullmark.liquidation_engines"]
    partial = "hullmark.liquidation.partial:Partial"

Ours are registered in the same way: there is no list of privileged engines to edit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hullmark.book import AccountRow
from hullmark.core import FloatArray, IntArray, load_plugin
from hullmark.margin import RiskTables

_GROUP = "hullmark.liquidation_engines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One account under its maintenance margin, and what closing its positions would cost."""

    account: int
    holding: AccountRow  # positions in the order of instruments, and balances
    tables: RiskTables  # the market that margins are counted at
    lots: IntArray  # (n,) signed lots held
    limit_value: FloatArray  # (n,) settlement units that one contract unit fetches at the limit
    target: float  # maintenance margin over maintenance equity to reach
    penalty: float  # share of the closed notional that the account pays


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Signed lots to trade, one number per position held. It shrinks positions, or closes them."""

    account: int
    lots: tuple[int, ...]
    reason: str


class LiquidationEngine(Protocol):
    """Chooses what to close, and how much of it."""

    def propose(self, breaches: Sequence[Breach], /) -> Sequence[Plan]:
        """Return one plan per breach, in the same order: a cure, or as much of one as can be had.

        Equal batches must give equal plans: no clock, no chance, no memory of past calls.
        """
        ...


def load_engine(name: str) -> LiquidationEngine:
    """Build the installed engine called *name*. Names are resolved once, when a venue opens."""
    engine: LiquidationEngine = load_plugin(_GROUP, name)()
    return engine
