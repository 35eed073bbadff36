"""The accepted prices as the arrays that pricing reads."""

from collections.abc import Callable, Sequence

import numpy as np

from hullmark.clearing._rules import Rules
from hullmark.clearing._state import State
from hullmark.core import NANO, YEAR_NS, FloatArray
from hullmark.domain import AcceptedPrice, Future, Option, Perpetual, Spot
from hullmark.market import MarketView
from hullmark.pricing import black76_value

# Stands where there is no price yet. Nobody can trade or withdraw against a price of grade NONE, so
# no position is ever valued at it; it only keeps the arrays finite.
NO_PRICE = 1.0


def price_between(price: AcceptedPrice) -> int:
    """Return an accepted price itself, between its sides."""
    return price.price_nano


def asset_price_nano(
    state: State, asset: int, of: Callable[[AcceptedPrice], int] = price_between
) -> int:
    """Return the USD price of an asset: its peg, or what was accepted; 0 if there is none."""
    terms = state.in_force.terms[asset]
    if terms.peg_nano is not None:
        return terms.peg_nano
    price = state.prices.get(terms.asset.symbol)
    return of(price) if price else 0


def asset_price(
    state: State, asset: int, of: Callable[[AcceptedPrice], int] = price_between
) -> float:
    """Return the USD price of an asset as the arrays have it."""
    return asset_price_nano(state, asset, of) / NANO or NO_PRICE


def market_view(state: State, of: Callable[[AcceptedPrice], int] = price_between) -> MarketView:
    """Return the market at the last valuation time. Forwards of options are their spot: rate 0.

    *of* chooses what is taken of an accepted price, in billionths: the price or one of its sides.
    """
    rules = state.in_force
    assets = np.array([asset_price(state, a, of) for a in range(len(rules.assets))])
    own = np.array([own_price(state, i.symbol, of) for i in rules.instruments])
    index = state.ledger.asset_index  # a contract on something else stands for it by its mark
    spot = np.array(
        [
            assets[index[i.underlying]] if i.underlying in index else p
            for i, p in zip(rules.instruments, own, strict=True)
        ]
    )
    option = np.array([isinstance(i, Option) for i in rules.instruments], dtype=bool)
    forward = np.where(option, spot, own)
    vol = np.array(
        [
            state.vols_nano.get(i.symbol, NANO) / NANO if o else 0.0
            for i, o in zip(rules.instruments, option, strict=True)
        ]
    )
    years = np.array([_years(state, i) for i in rules.instruments])
    mark = np.where(option, _option_marks(rules, forward, vol, years), own)
    return MarketView(assets, spot, forward, mark, vol, years)


def own_price(
    state: State, symbol: str, of: Callable[[AcceptedPrice], int] = price_between
) -> float:
    """Return the mark of an instrument as the arrays have it."""
    price = state.prices.get(symbol)
    return of(price) / NANO if price and price.price_nano else NO_PRICE


def _years(state: State, instrument: Spot | Perpetual | Future | Option) -> float:
    if isinstance(instrument, Spot | Perpetual):
        return 0.0
    return max(instrument.expiry_ns - state.valuation_ns, 0) / YEAR_NS


def _option_marks(
    rules: Rules, forward: FloatArray, vol: FloatArray, years: FloatArray
) -> FloatArray:
    marks = np.zeros(len(rules.instruments))
    options = [(n, i) for n, i in enumerate(rules.instruments) if isinstance(i, Option)]
    if not options:
        return marks
    at = np.array([n for n, _ in options])
    value = black76_value(
        forward=forward[at],
        strike=np.array([i.strike_nano / NANO for _, i in options]),
        years=years[at],
        vol=vol[at],
        call=np.array([i.call for _, i in options]),
    )
    inverse = np.array([i.inverse for _, i in options])
    marks[at] = np.where(inverse, value / forward[at], value)
    return marks


def unpriced(state: State, instrument: int) -> str | None:
    """Return what an instrument lacks to be valued, in words; ``None`` if nothing."""
    terms = state.in_force.instruments[instrument]
    if isinstance(terms, Option) and terms.symbol not in state.vols_nano:
        return f"{terms.symbol} must have a mark volatility, has none"
    return None


def factors_of(state: State, instruments: Sequence[int], assets: Sequence[int]) -> list[str]:
    """Return the observed prices that the value of some instruments and balances rests on."""
    rules, found = state.in_force, dict[str, None]()
    wanted = list(assets)
    for instrument in instruments:
        terms = rules.instruments[instrument]
        if not isinstance(terms, Option):
            found[terms.symbol] = None
        wanted.append(state.ledger.settlement(instrument))
        if terms.underlying in state.ledger.asset_index:
            wanted.append(state.ledger.asset_index[terms.underlying])
    for asset in wanted:
        if rules.terms[asset].peg_nano is None:
            found[rules.assets[asset].symbol] = None
    return list(found)
