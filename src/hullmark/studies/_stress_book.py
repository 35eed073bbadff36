"""The accounts of a stress test, the terms on which they are closed, and the fund behind them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hullmark.book import Rows
from hullmark.core import NANO, FloatArray, IntArray
from hullmark.domain import Document, Option, Spot, SystemAccount
from hullmark.errors import InvalidInputError
from hullmark.margin import MarginMarket, RiskTables
from hullmark.runtime import DocumentVenue, Questions


class Held(NamedTuple):
    """The positions of all accounts in columns, those of one account behind one another."""

    row: IntArray  # (P,) whose
    instrument: IntArray  # (P,)
    size: FloatArray  # (P,) contract units
    quote: FloatArray  # (P,) settlement units


@dataclass(frozen=True, kw_only=True)
class StressBook:
    """Accounts at a market: ``N`` rows, and what closing them costs."""

    market: MarginMarket
    rows: Rows
    names: tuple[str, ...]  # (N,) of the accounts
    owner: IntArray  # (N,) row of the account that each belongs to; its own where it is no child
    which: IntArray  # rows that are looked at
    slippage: float  # share of the notional that closing costs in any depth
    depth_usd: Mapping[str, float]  # by instrument: the notional that moves its price by 1 %
    fund_usd: float = 0.0  # what of the fund stands in any scenario
    fund_units: Mapping[str, float] = field(default_factory=dict)  # its assets, beside that
    allocated_usd: Mapping[str, float] = field(default_factory=dict)  # of it, by underlying

    def __post_init__(self) -> None:
        if not 0.0 <= self.slippage < 1.0:
            raise InvalidInputError(f"slippage must be in [0, 1), was {self.slippage:g}")
        if not 0.0 <= self.fund_usd < float("inf"):
            raise InvalidInputError(f"fund_usd must be finite and >= 0, was {self.fund_usd:g}")
        for symbol, usd in self.depth_usd.items():
            if not usd > 0.0:
                raise InvalidInputError(f"depth_usd of {symbol} must be > 0, was {usd:g}")
        for symbol, usd in self.allocated_usd.items():
            if symbol not in self.markets:
                known = ", ".join(self.markets)
                raise InvalidInputError(f"allocated_usd must name one of {known}, was {symbol!r}")
            if not 0.0 <= usd < float("inf"):
                raise InvalidInputError(f"allocated_usd of {symbol} must be >= 0, was {usd:g}")
        fund_usd = self.fund_at(self.market.tables)
        if (given := sum(self.allocated_usd.values())) > fund_usd * (1.0 + 1e-9):
            raise InvalidInputError(
                f"allocated_usd must be at most the fund of {fund_usd:,.2f} USD, was {given:,.2f}"
            )

    def fund_at(self, tables: RiskTables) -> float:
        """Return what the fund is worth at a market, USD."""
        price_usd = dict(zip(self.market.assets, tables.price_usd.tolist(), strict=True))
        return self.fund_usd + sum(n * price_usd[asset] for asset, n in self.fund_units.items())

    @cached_property
    def markets(self) -> tuple[str, ...]:
        """The underlyings of all instruments, each once."""
        return tuple(dict.fromkeys(i.underlying for i in self.market.instruments))

    @cached_property
    def moving(self) -> tuple[str, ...]:
        """What is not meant to be stable: what contracts are on, and the assets with a market."""
        on = {i.underlying for i in self.market.instruments if not isinstance(i, Spot)}
        return tuple(sorted(on | self.market.shocked))

    @cached_property
    def held(self) -> Held:
        """The positions of the rows that are looked at."""
        rows, which = self.rows, self.which
        count = rows.count[which]
        behind = np.cumsum(count)
        places = np.repeat(rows.start[which] - behind + count, count) + np.arange(count.sum())
        row = np.repeat(which, count)
        number = rows.instrument[places].astype(np.int64)
        return Held(row, number, rows.size[places], rows.quote[places])

    @cached_property
    def depths(self) -> FloatArray:
        """Depth of each instrument, USD; infinite where none is known."""
        found = [self.depth_usd.get(i.symbol, np.inf) for i in self.market.instruments]
        return np.array(found, np.float64)

    @cached_property
    def options(self) -> NDArray[np.bool_]:
        """Which instruments are options."""
        return np.array([isinstance(i, Option) for i in self.market.instruments], np.bool_)

    @property
    def without_depth(self) -> tuple[str, ...]:
        """The contracts that are held and whose depth is not known."""
        numbers = np.unique(self.held.instrument[np.isinf(self.depths[self.held.instrument])])
        return tuple(self.market.instruments[n].symbol for n in numbers)


def venue_book(
    venue: Questions,
    *,
    without: Collection[int] = (),
    slippage: float | None = None,
    depth_usd: Mapping[str, float] | None = None,
    fund_usd: float | None = None,
    allocated_usd: Mapping[str, float] | None = None,
) -> StressBook:
    """Return the user accounts of a venue or of the journal that is followed.

    An isolated account belongs to its parent.

    Parameters
    ----------
    venue : Venue or Follower
        At its accepted prices.
    without : collection of int
        Accounts that are left out, such as that of a market maker which stands for the outside.
    slippage : float in [0, 1), optional
        Share of the notional that closing costs in any depth; by default ``liquidation.slippage``
        of the rules.
    depth_usd : mapping of str to float, USD, optional
        By instrument, the notional that moves its price by one percent; by default
        ``liquidation.depth_usd`` of the rules.
    fund_usd : float, USD, optional
        By default what the insurance fund holds, in its assets.
    allocated_usd : mapping of str to float, USD, optional
        By underlying, what of the fund pays for that market only; by default what is set aside at
        the venue, if the fund is its own and the rules do not pool it.

    Raises
    ------
    InvalidInputError
        If there are no rules yet, an account is not open, or a number is out of its range.
    """
    rules, state, views = venue.rules, venue.state, venue.views
    accounts = list(views.accounts)
    row_of = {account: row for row, account in enumerate(accounts)}
    if unknown := sorted(set(without) - row_of.keys()):
        raise InvalidInputError(f"without must be open user accounts, was {unknown[0]}")
    fund = {
        asset.symbol: state.ledger.cash(SystemAccount.FUND, number) / asset.quanta_per_unit
        for number, asset in enumerate(rules.assets)
    }
    own = _set_aside(venue) if fund_usd is None else {}
    return StressBook(
        market=views.movable,
        rows=views.book.rows(),
        names=tuple(map(str, accounts)),
        owner=np.array([row_of[state.parents.get(a, a)] for a in accounts], np.int64),
        which=np.array([row_of[a] for a in accounts if a not in without], np.int64),
        slippage=rules.liquidation.slippage_nano / NANO if slippage is None else slippage,
        depth_usd=rules.liquidation.depth_usd if depth_usd is None else depth_usd,
        fund_usd=fund_usd or 0.0,
        fund_units=fund if fund_usd is None else {},
        allocated_usd=own if allocated_usd is None else allocated_usd,
    )


# At today's prices, by underlying. In a pooled fund one market's part pays for all.
def _set_aside(venue: Questions) -> dict[str, float]:
    rules, ledger, found = venue.rules, venue.state.ledger, dict[str, float]()
    price_usd = venue.views.tables.price_usd
    if not rules.waterfall.fund.pooled:
        for (symbol, name), quanta in venue.state.allocations.items():
            asset = ledger.asset_index[name]
            usd = quanta / ledger.assets[asset].quanta_per_unit * float(price_usd[asset])
            on = rules.instruments[ledger.instrument_index[symbol]].underlying
            found[on] = found.get(on, 0.0) + usd
    return found


def document_book(
    document: Document,
    *,
    slippage: float,
    depth_usd: Mapping[str, float] | None = None,
    without: Collection[str] = (),
    fund_usd: float = 0.0,
    allocated_usd: Mapping[str, float] | None = None,
) -> StressBook:
    """Return the accounts of a portfolio document, each of which stands alone.

    Parameters
    ----------
    document : Document
        With its market.
    slippage : float in [0, 1)
        Share of the notional that closing costs in any depth.
    depth_usd : mapping of str to float, USD, optional
        By instrument, the notional that moves its price by one percent.
    without : collection of str
        Names of accounts that are left out.
    fund_usd : float, USD
        The insurance fund.
    allocated_usd : mapping of str to float, USD, optional
        By underlying, what of the fund pays for that market only.

    Raises
    ------
    DocumentError
        If the document has no market, or a section of its parameters breaks its schema.
    InvalidInputError
        If an account is unknown, or a number is out of its range.
    """
    market = DocumentVenue.open(document)
    names = tuple(account.name for account in document.accounts)
    if unknown := sorted(set(without) - set(names)):
        raise InvalidInputError(f"without must be accounts of the document, was {unknown[0]!r}")
    return StressBook(
        market=market,
        rows=market.book(document).rows(),
        names=names,
        owner=np.arange(len(names)),
        which=np.array([r for r, name in enumerate(names) if name not in without], np.int64),
        slippage=slippage,
        depth_usd=depth_usd or {},
        fund_usd=fund_usd,
        allocated_usd=allocated_usd or {},
    )
