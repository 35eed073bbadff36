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
from dataclasses import dataclass, field
from typing import Literal, Protocol, overload

import numpy as np

from hullmark.book import AccountRow, Rows
from hullmark.core import FloatArray, IntArray, load_plugin
from hullmark.errors import InvalidInputError
from hullmark.margin import RiskTables

Choice = Literal["share", "cheapest"]

_GROUP = "hullmark.liquidation_engines"
_LEFT_OUT_LOTS, _LEFT_OUT_USD = np.zeros(0, np.int64), np.zeros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedges:
    """Instruments that a plan may open, or add to, in columns; the same for a whole batch.

    A venue that allows no hedges has none of these, and its plans only shrink positions.
    """

    instrument: IntArray  # (h,) numbers, ascending
    units: FloatArray  # (h,) contract units in one lot
    lots_max: IntArray  # (h,) most lots that one plan may trade, either way
    sell_value: FloatArray  # (h,) settlement units that one contract unit fetches at the limit
    buy_value: FloatArray  # (h,) settlement units that one contract unit costs at the limit
    depth_usd: FloatArray  # (h,) USD of notional that moves the price by 1 %; inf: not declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One account under its maintenance margin, and what closing its positions would cost.

    Left out, ``lots_max`` lets a plan close everything, and ``depth_usd`` declares no depth.
    """

    account: int
    holding: AccountRow  # positions in the order of instruments, and balances
    tables: RiskTables  # the market that margins are counted at
    lots: IntArray  # (n,) signed lots held
    limit_value: FloatArray  # (n,) settlement units that one contract unit fetches at the limit
    target: float  # maintenance margin over maintenance equity to reach
    penalty: float  # share of the closed notional that the account pays
    fee: float = 0.0  # share of the traded notional that it pays to the venue besides
    lots_max: IntArray = field(default_factory=lambda: _LEFT_OUT_LOTS)  # (n,) most lots to trade
    depth_usd: FloatArray = field(default_factory=lambda: _LEFT_OUT_USD)  # (n,) as in `Hedges`
    hedges: Hedges | None = None  # what may be opened; none where the venue allows none
    choice: Choice = "share"  # the same share of all positions, or the cheapest ones first

    def __post_init__(self) -> None:
        """Fill in what was left out."""
        _fill_in(self)


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
    fee: float = 0.0
    lots_max: IntArray = field(default_factory=lambda: _LEFT_OUT_LOTS)  # per position
    depth_usd: FloatArray = field(default_factory=lambda: _LEFT_OUT_USD)  # per position
    hedges: Hedges | None = None
    choice: Choice = "share"

    def __post_init__(self) -> None:
        """Fill in what was left out."""
        _fill_in(self)

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
            fee=breach.fee,
            lots_max=breach.lots_max,
            depth_usd=breach.depth_usd,
            hedges=breach.hedges,
            choice=breach.choice,
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
            fee=self.fee,
            lots_max=self.lots_max[part],
            depth_usd=self.depth_usd[part],
            hedges=self.hedges,
            choice=self.choice,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Signed lots to trade, one number per position held. It shrinks positions, or closes them.

    Where the venue allows hedges, it may open some as well: pairs of an instrument's number and
    signed lots, in the order of instruments.
    """

    account: int
    lots: tuple[int, ...]
    reason: str
    hedges: tuple[tuple[int, int], ...] = ()


def _fill_in(given: Breach | Breaches) -> None:
    n = given.lots.size
    if not given.lots_max.size:
        object.__setattr__(given, "lots_max", np.abs(given.lots))
    if not given.depth_usd.size:
        object.__setattr__(given, "depth_usd", np.full(n, np.inf))
    if not given.lots_max.size == given.depth_usd.size == n:
        was = f"{given.lots_max.size} and {given.depth_usd.size}"
        raise InvalidInputError(f"lots_max and depth_usd must have {n} places, was {was}")


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
