"""The venue that a portfolio document describes: its rules parsed, its market as arrays."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from hullmark.book import Book
from hullmark.clearing import MarginRules
from hullmark.collateral import CollateralTerms
from hullmark.core import NANO, YEAR_NS, int64
from hullmark.domain import (
    Document,
    DocumentMarket,
    DocumentPosition,
    Instrument,
    Option,
    Perpetual,
    Spot,
)
from hullmark.errors import DocumentError
from hullmark.ledger import cost_ceil
from hullmark.margin import MarginMarket
from hullmark.market import MarketView


@dataclass(frozen=True, kw_only=True)
class DocumentVenue(MarginMarket):
    """The instruments that a document's accounts hold, in its order, at its market."""

    time_ns: int
    uncertain: tuple[str, ...]  # instruments held whose price is in doubt
    margin: MarginRules

    @classmethod
    def open(cls, document: Document) -> Self:
        """Parse what the accounts of *document* need.

        Raises
        ------
        DocumentError
            If there is no market, or a section breaks its schema; the message has the path.
        """
        if document.market is None:
            raise DocumentError("market must be given, by the document or in its place")
        trees: Mapping[str, Any] = document.parameters["assets"]
        held = {p.instrument for account in document.accounts for p in account.positions}
        instruments = tuple(i for symbol, i in document.instruments.items() if symbol in held)
        used = {asset for account in document.accounts for asset in account.cash_quanta}
        used |= {asset for i in instruments for asset in (i.underlying, i.settlement)}
        assets = tuple(symbol for symbol in document.assets if symbol in used)
        margin = _margin(document)
        quotes = document.market.quotes
        venue = cls(
            time_ns=document.market.time_ns,
            uncertain=tuple(
                s for s in (i.symbol for i in instruments) if quotes[s].grade != "valid"
            ),
            assets=assets,
            shocked=document.coins.intersection(assets),
            instruments=instruments,
            view=_view(document, document.market, assets, instruments),
            collateral={s: CollateralTerms.parse(s, trees[s]) for s in trees},
            margin=margin,
            tiered=margin.tiered,
            scenario=margin.scenario,
            scenarios=margin.scenarios,
        )
        _check_accounts(document, margin)
        return venue

    @property
    def coins(self) -> frozenset[str]:
        """The assets whose USD price moves in a scenario."""
        return self.shocked

    def price_usd(self, asset: str) -> float:
        """Return the price of an asset in use."""
        return float(self.view.asset_price_usd[self.assets.index(asset)])

    def book(self, document: Document) -> Book:
        """Return the accounts of the document that this was opened on, a row each, in its order."""
        number = {instrument.symbol: i for i, instrument in enumerate(self.instruments)}
        book = Book(max(len(self.assets), 1))
        for a, account in enumerate(document.accounts):
            row = book.add_account(self.margin.code(account.mode))
            for asset, quanta in account.cash_quanta.items():
                units = quanta / document.assets[asset].quanta_per_unit
                book.set_balance(row, self.assets.index(asset), units)
            for p, position in enumerate(account.positions):
                i = number[position.instrument]
                size = position.lots * self.instruments[i].lot_nano / NANO
                quote = quote_units(f"accounts[{a}].positions[{p}]", document, position)
                book.set_position(row, i, size=size, quote=quote)
        return book


def quote_units(path: str, document: Document, position: DocumentPosition) -> float:
    """Return minus the signed cost of a position, as the ledger would have rounded it.

    *path* names the position where the ledger could not hold its cost.
    """
    instrument = document.instruments[position.instrument]
    if position.entry_nano is None or isinstance(instrument, Option):
        return 0.0  # an option's premium has gone through cash
    quanta_per_unit = document.assets[instrument.settlement].quanta_per_unit
    cost = cost_ceil(instrument, abs(position.lots), position.entry_nano, quanta_per_unit)
    int64(f"the cost of {path}, in quanta of {instrument.settlement},", cost)
    return math.copysign(1.0, -position.lots) * cost / quanta_per_unit


def _view(
    document: Document,
    market: DocumentMarket,
    assets: Sequence[str],
    instruments: Sequence[Instrument],
) -> MarketView:
    marks = np.array([market.quotes[i.symbol].mark_nano for i in instruments]) / NANO
    forwards = [
        market.forwards_nano[i.underlying][i.expiry_ns]
        if isinstance(i, Option)
        else market.quotes[i.symbol].mark_nano
        for i in instruments
    ]
    years = [
        0.0 if isinstance(i, Perpetual | Spot) else (i.expiry_ns - market.time_ns) / YEAR_NS
        for i in instruments
    ]
    return MarketView(
        asset_price_usd=np.array([document.price_nano(a) for a in assets]) / NANO,
        spot_usd=np.array([document.price_nano(i.underlying) for i in instruments]) / NANO,
        forward_usd=np.array(forwards, dtype=np.float64) / NANO,
        mark=marks,
        vol=np.array([market.quotes[i.symbol].vol_nano or 0 for i in instruments]) / NANO,
        years=np.array(years, dtype=np.float64),
    )


def _margin(document: Document) -> MarginRules:
    try:
        return MarginRules.parse(
            document.parameters["margin"], tuple(document.instruments.values())
        )
    except DocumentError as e:
        raise DocumentError(f"parameters.{e}") from e


def _check_accounts(document: Document, margin: MarginRules) -> None:
    for a, account in enumerate(document.accounts):
        if account.mode not in margin.model_of:
            raise DocumentError(
                f"accounts[{a}].mode must be one that parameters.margin names a model for, "
                f"was {account.mode.value!r}"
            )
        for p, position in enumerate(account.positions):
            if not margin.carries(account.mode, document.instruments[position.instrument]):
                raise DocumentError(
                    f"accounts[{a}].positions[{p}].instrument must have tiers in "
                    f"parameters.margin.tiered, since the account is of mode {account.mode}, "
                    f"was {position.instrument!r}"
                )
