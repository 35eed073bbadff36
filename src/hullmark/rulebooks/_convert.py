"""A portfolio document of version 1 read as one of version 2, for a rule book to margin.

Version 1 has quotes by instrument and a grade in place of confidences. A grade ``valid`` is read as
a confidence of 1; ``uncertain`` has no number, and where a rule book asks for one the document must
be of version 2. Interest is zero there, as the forwards contain it, and so is it here.
"""

from collections.abc import Iterable
from typing import Any

from hullmark.core import SECOND_NS, format_instant, format_scaled
from hullmark.domain import (
    Document,
    DocumentAccount,
    DocumentMarket,
    Future,
    Instrument,
    Option,
    Perpetual,
    Portfolio,
    Spot,
)
from hullmark.errors import DocumentError
from hullmark.rulebooks._rulebook import OpenBook

_VALID = "valid"


def portfolio_of(document: Document, book: OpenBook) -> Portfolio:
    """Return a version-1 document as the portfolio that *book* margins.

    Balances in the asset in which the book settles are cash, in other assets collateral.

    Raises
    ------
    DocumentError
        If the document has no market, an instrument settles otherwise than under the rule book,
        two perpetuals are on one underlying, or a debt is in an asset that is collateral.
    """
    market = document.market
    if market is None:
        raise DocumentError("market must be given, by the document or in its place")
    held = {p.instrument for account in document.accounts for p in account.positions}
    instruments = [i for symbol, i in document.instruments.items() if symbol in held]
    for instrument in instruments:
        _check_settlement(instrument, book)
    underlyings = sorted({i.underlying for i in instruments})
    cash = {book.margin.settlement(u).currency for u in underlyings}
    cash.add(book.rulebook.composition.cash)
    others = {a for account in document.accounts for a in account.cash_quanta if a not in cash}
    tree: dict[str, Any] = {
        "version": 2,
        "market": {
            "underlyings": {u: _underlying(u, instruments, market) for u in underlyings},
            "collaterals": {
                asset: {"price": _decimal(document.price_nano(asset)), "confidence": "1"}
                for asset in sorted(others)
            },
        },
        "accounts": [_account(a, document, cash) for a in document.accounts],
    }
    if book.rulebook.composition.cash in document.assets:
        stable = document.price_nano(book.rulebook.composition.cash)
        tree["market"]["stable"] = {"price": _decimal(stable)}
    return Portfolio.parse_tree(tree)


def _decimal(nano: int) -> str:
    return format_scaled(nano, 9)


def _check_settlement(instrument: Instrument, book: OpenBook) -> None:
    settlement = book.margin.settlement(instrument.underlying)
    inverse = not isinstance(instrument, Spot) and instrument.inverse
    if inverse != settlement.coin:
        raise DocumentError(
            f"parameters.instruments, {instrument.symbol!r}: must settle in {settlement.currency}"
            f" as under {book.rulebook.name}, settles in {instrument.settlement}"
        )


def _underlying(
    underlying: str, instruments: Iterable[Instrument], market: DocumentMarket
) -> dict[str, Any]:
    own = [i for i in instruments if i.underlying == underlying]
    if underlying not in market.index_nano:
        raise DocumentError(f"market.index must have {underlying}, since contracts on it are held")
    tree: dict[str, Any] = {
        "spot": _decimal(market.index_nano[underlying]),
        "confidence": "1",
        "expiries": {},
    }
    for instrument in own:
        quote = market.quotes[instrument.symbol]
        confidence = {"confidence": "1"} if quote.grade == _VALID else {}
        mark = _decimal(quote.mark_nano)
        if isinstance(instrument, Perpetual):
            if "perpetual" in tree:
                raise DocumentError(
                    f"parameters.instruments must have one perpetual on {underlying} under a rule"
                    f" book, has {instrument.symbol!r} as another"
                )
            tree["perpetual"] = {"mark": mark, **confidence}
        elif isinstance(instrument, Future | Option):
            expiry = _expiry(tree["expiries"], instrument, market)
            if isinstance(instrument, Future):
                expiry["future"] = {"mark": mark}
                expiry.setdefault("forward", mark)
            else:
                strike = _decimal(instrument.strike_nano)
                key = f"{strike}-{'C' if instrument.call else 'P'}"
                expiry["marks"][key] = mark
                expiry["vols"][key] = _decimal(quote.vol_nano or 0)
                if quote.grade != _VALID:
                    expiry.pop("vol_confidence", None)
    return tree


def _expiry(
    expiries: dict[str, Any], instrument: Future | Option, market: DocumentMarket
) -> dict[str, Any]:
    label = format_instant(instrument.expiry_ns)
    forward = market.forwards_nano.get(instrument.underlying, {}).get(instrument.expiry_ns)
    expiry: dict[str, Any] = expiries.setdefault(
        label,
        {
            "seconds": (instrument.expiry_ns - market.time_ns) // SECOND_NS,
            "forward_confidence": "1",
            "rate": "0",
            "rate_confidence": "1",
            "vol_confidence": "1",
            "vols": {},
            "marks": {},
        },
    )
    if forward is not None:
        expiry["forward"] = _decimal(forward)
    return expiry


def _account(account: DocumentAccount, document: Document, cash: set[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {"name": account.name, "cash": {}, "collaterals": {}}
    tree |= {"perpetuals": [], "futures": [], "options": []}
    for asset, quanta in account.cash_quanta.items():
        amount = format_scaled(quanta, document.assets[asset].decimals)
        if asset not in cash and quanta < 0:
            raise DocumentError(
                f"cash of account {account.name!r} in {asset} must be >= 0, since the rule book"
                f" takes it as collateral, was {amount}"
            )
        tree["cash" if asset in cash else "collaterals"][asset] = amount
    for position in account.positions:
        instrument = document.instruments[position.instrument]
        entry: dict[str, str] = {
            "underlying": instrument.underlying,
            "size": _decimal(position.lots * instrument.lot_nano),
        }
        if position.entry_nano is not None:
            entry["entry"] = _decimal(position.entry_nano)
        if isinstance(instrument, Future | Option):
            entry["expiry"] = format_instant(instrument.expiry_ns)
        if isinstance(instrument, Option):
            entry["strike"] = _decimal(instrument.strike_nano)
            entry["type"] = "call" if instrument.call else "put"
            tree["options"].append(entry)
        else:
            tree["futures" if isinstance(instrument, Future) else "perpetuals"].append(entry)
    return tree
