"""A portfolio document assessed: the margin, greeks and liquidation prices of its accounts.

The way is that of a live venue: a book, risk arrays, tables, `margin.evaluate`. A liquidation price
is the nearest at which health is zero when the account is evaluated in full again: forwards move
with the spot, the vol of each strike stays, and an option gains in USD what its model value gains.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hullmark.book import Book
from hullmark.domain import Document, DocumentAccount
from hullmark.margin import Health, evaluate
from hullmark.monitor import Crossings, liquidation_factors, search_steps
from hullmark.runtime._document_venue import DocumentVenue


class Exposure(NamedTuple):
    """What one account risks in one underlying."""

    underlying: str
    delta_coin: float  # d net value / d spot, cash and unsettled profit in coins included
    delta_collateral_coin: float  # of that, the account's cash
    gamma_coin_per_usd: float
    vega_usd: float  # per vol point
    theta_usd: float  # per day
    liquidation_below_usd: float | None  # nearest spot at which health is zero; None: there is none
    liquidation_above_usd: float | None


class AccountReport(NamedTuple):
    """The margin of one account, USD."""

    account: str
    mode: str
    net_value_usd: float
    initial_equity_usd: float
    maintenance_equity_usd: float
    initial_margin_usd: float
    maintenance_margin_usd: float
    gross_notional_usd: float
    worst_usd: float | None  # None: its model has no scenarios
    worst_scenario: str | None
    breach: bool  # positions or debts, and health below zero
    exposures: tuple[Exposure, ...]
    joint_below: float | None  # relative move of every spot at once at which health is zero
    joint_above: float | None

    @property
    def health_usd(self) -> float:
        """Maintenance equity less maintenance margin."""
        return self.maintenance_equity_usd - self.maintenance_margin_usd

    @property
    def margin_ratio(self) -> float:
        """Maintenance margin over maintenance equity; infinite where no equity is left."""
        if self.maintenance_equity_usd > 0:
            return self.maintenance_margin_usd / self.maintenance_equity_usd
        return math.inf if self.breach else 0.0

    @property
    def equity_ratio(self) -> float | None:
        """Net value over gross notional; ``None`` where nothing is held."""
        return self.net_value_usd / self.gross_notional_usd if self.gross_notional_usd else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The accounts of a document at its market."""

    time_ns: int
    index_usd: Mapping[str, float]  # of the underlyings and coins in use
    uncertain: tuple[str, ...]  # instruments in use whose price is in doubt
    accounts: tuple[AccountReport, ...]


def assess(
    document: Document,
    *,
    liquidation_prices: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> Assessment:
    """Return the margin, greeks and liquidation prices of every account of a document.

    Parameters
    ----------
    document : Document
        With its market. Every account stands alone, whatever its mode.
    liquidation_prices : bool, default True
        Whether to search for them, which is what takes the time; without, they are all ``None``.
    on_progress : callable, optional
        Called with the steps done and their total.

    Raises
    ------
    DocumentError
        If the document has no market, or a section of its parameters breaks its schema.
    """
    venue = DocumentVenue.open(document)
    book = venue.book(document)
    result = evaluate(book.rows(), venue.tables)
    factors = _factors(document, venue, book, on_progress) if liquidation_prices else {}
    reports = []
    for row, account in enumerate(document.accounts):
        coins = _coins(document, venue, account)
        exposures = tuple(
            _exposure(venue, book, row, coin, factors.get((row, frozenset({coin}))))
            for coin in sorted(coins)
        )
        health = Health(*(column[row].item() for column in result))
        reports.append(_report(account, health, venue, exposures, factors.get((row, coins))))
    return Assessment(
        time_ns=venue.time_ns,
        index_usd={coin: venue.price_usd(coin) for coin in sorted(venue.coins)},
        uncertain=venue.uncertain,
        accounts=tuple(reports),
    )


# The coins that move an account: what its positions are on and settle in, and what it holds.
def _coins(document: Document, venue: DocumentVenue, account: DocumentAccount) -> frozenset[str]:
    held = [document.instruments[position.instrument] for position in account.positions]
    assets = {asset for i in held for asset in (i.underlying, i.settlement)}
    return venue.coins & (assets | {a for a, quanta in account.cash_quanta.items() if quanta})


# Every search that an account needs: each of its coins, and all of them at once.
def _factors(
    document: Document,
    venue: DocumentVenue,
    book: Book,
    on_progress: Callable[[int, int], None] | None,
) -> dict[tuple[int, frozenset[str]], Crossings]:
    searches: dict[frozenset[str], list[int]] = {}
    for row, account in enumerate(document.accounts):
        coins = _coins(document, venue, account)
        if coins and (account.positions or any(q < 0 for q in account.cash_quanta.values())):
            for moved in dict.fromkeys((coins, *(frozenset({coin}) for coin in sorted(coins)))):
                searches.setdefault(moved, []).append(row)
    total, done = 2 * len(search_steps()) * len(searches), itertools.count(1)

    def on_step() -> None:
        if on_progress is not None:
            on_progress(next(done), total)

    found: dict[tuple[int, frozenset[str]], Crossings] = {}
    for moved, rows in searches.items():
        which = np.array(rows, dtype=np.int64)
        crossings = liquidation_factors(venue, book.rows(), moved, which, on_step=on_step)
        found |= {(row, moved): each for row, each in crossings.items()}
    return found


def _exposure(
    venue: DocumentVenue, book: Book, row: int, coin: str, factors: Crossings | None
) -> Exposure:
    account, arrays = book.account(row), venue.arrays
    column, spot = venue.assets.index(coin), venue.price_usd(coin)
    cash = float(account.balance[column])
    delta = gamma = vega = theta = 0.0
    for i, size, quote in zip(account.instrument, account.size, account.quote, strict=True):
        instrument = venue.instruments[i]
        if instrument.settlement == coin:  # inverse: the rest of what it is worth is in the arrays
            delta += quote
        if instrument.underlying == coin:
            delta += size * arrays.delta[i]
            gamma += size * arrays.gamma[i]
            vega += size * arrays.vega[i]
            theta += size * arrays.theta[i]
    below, above = factors or (None, None)
    return Exposure(
        underlying=coin,
        delta_coin=float(delta) + cash,
        delta_collateral_coin=cash,
        gamma_coin_per_usd=float(gamma),
        vega_usd=float(vega),
        theta_usd=float(theta),
        liquidation_below_usd=None if below is None else below * spot,
        liquidation_above_usd=None if above is None else above * spot,
    )


def _report(
    account: DocumentAccount,
    health: Health,
    venue: DocumentVenue,
    exposures: tuple[Exposure, ...],
    factors: Crossings | None,
) -> AccountReport:
    below, above = factors or (None, None)
    has_scenarios = health.worst_scenario >= 0
    return AccountReport(
        account=account.name,
        mode=account.mode.value,
        net_value_usd=health.net_value,
        initial_equity_usd=health.equity_initial,
        maintenance_equity_usd=health.equity_maintenance,
        initial_margin_usd=health.initial,
        maintenance_margin_usd=health.maintenance,
        gross_notional_usd=health.gross_notional,
        worst_usd=health.worst if has_scenarios else None,
        worst_scenario=venue.arrays.labels[health.worst_scenario] if has_scenarios else None,
        breach=health.in_breach,
        exposures=exposures,
        joint_below=None if below is None else below - 1.0,
        joint_above=None if above is None else above - 1.0,
    )
