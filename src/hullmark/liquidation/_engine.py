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
from typing import Protocol, overload

import numpy as np

from hullmark.book import AccountRow, Rows
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
class Breaches(Sequence[Breach]):
    """A batch of breaches that lies in columns: a sequence of `Breach`, each made when asked for.

    Positions of all accounts stand behind one another, without room between them: those of account
    ``n`` from ``rows.start[n]`` on, ``rows.count[n]`` of them.
    """

    accounts: Sequence[int]
    rows: Rows  # one row per account, in the order of accounts
    tables: RiskTables
    lots: IntArray  # per position, as in `Breach`
    limit_value: FloatArray  # per position
    target: float
    penalty: float

    @classmethod
    def of(cls, breach: Breach) -> "Breaches":
        """Return a batch of one."""
        row, count = breach.holding, breach.lots.size
        start, held = np.zeros(1, np.int64), np.array([count], np.int64)
        balance, model = row.balance.reshape(1, -1), np.array([row.model], np.int8)
        return cls(
            accounts=(breach.account,),
            rows=Rows(start, held, row.instrument, row.size, row.quote, balance, model),
            tables=breach.tables,
            lots=breach.lots,
            limit_value=breach.limit_value,
            target=breach.target,
            penalty=breach.penalty,
        )

    def __len__(self) -> int:
        return len(self.accounts)

    @overload
    def __getitem__(self, place: int) -> Breach: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Breach]: ...

    def __getitem__(self, place: int | slice) -> Breach | Sequence[Breach]:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(len(self)))]
        n = range(len(self))[place]  # an index error where there is none
        rows, start = self.rows, int(self.rows.start[n])
        part = slice(start, start + int(rows.count[n]))
        held = rows.instrument[part], rows.size[part], rows.quote[part]
        return Breach(
            account=self.accounts[n],
            holding=AccountRow(*held, rows.balance[n], int(rows.model[n])),
            tables=self.tables,
            lots=self.lots[part],
            limit_value=self.limit_value[part],
            target=self.target,
            penalty=self.penalty,
        )


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

        Equal breaches must give equal plans, whatever else is in their batch: no clock, no chance,
        no memory of past calls. A batch may be a `Breaches`, whose columns an engine may read.
        """
        ...


def load_engine(name: str) -> LiquidationEngine:
    """Build the installed engine called *name*. Names are resolved once, when a venue opens."""
    engine: LiquidationEngine = load_plugin(_GROUP, name)()
    return engine
