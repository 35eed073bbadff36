"""What can be asked of a live venue. Each answer evaluates one row, or the book, and changes none.

Whatever is asked about is checked here: a question that the venue cannot answer raises
`InvalidInputError`, where a command would have been refused.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from hullmark.book import AccountRow
from hullmark.clearing import (
    Fill,
    PoolStanding,
    Quote,
    State,
    Views,
    fill_at,
    pool_standing,
    withdrawable_quanta,
)
from hullmark.core import Amount, Asset, FloatArray, IntArray, format_scaled, parse_nano
from hullmark.domain import Instrument, Perpetual, Spot
from hullmark.errors import InvalidInputError
from hullmark.margin import Health
from hullmark.monitor import Crossings, LiquidationMap, liquidation_factors_of, liquidation_map

MOVES = tuple(move / 50 for move in range(-25, 26))  # half down to half up in steps of 2 %
_NOWHERE = Crossings(None, None)


class Trade(NamedTuple):
    """A trade that has not happened. Numbers are exact: decimal strings, not floats."""

    instrument: str
    size: str | int | Decimal  # contract units in whole lots, negative to sell
    price: str | int | Decimal | None = None  # as the instrument is quoted; None: its mark


def health(state: State, views: Views, account: int) -> Health:
    """Answer `Venue.health`."""
    _need_account(state, account)
    _need_prices(views, account)
    return views.health(account)


def what_if(state: State, views: Views, account: int, trades: Sequence[Trade]) -> Health:
    """Answer `Venue.what_if`."""
    _need_account(state, account)
    numbers = [_number(state, trade.instrument) for trade in trades]
    _need_prices(views, account, also=numbers)
    fills = [_fill(state, views, account, trade) for trade in trades]
    return views.health_after(account, fills)


def liquidation_price(
    state: State, views: Views, account: int, underlying: str | None
) -> Crossings:
    """Answer `Venue.liquidation_price`."""
    _need_account(state, account)
    row = views.row(account)
    if underlying is None:
        exposed = sorted(_exposed(views, row) & views.movable.joint)
        if not exposed:
            return _NOWHERE
        if len(exposed) > 1:
            raise InvalidInputError(
                f"underlying must be given where an account is exposed to several, was none of "
                f"{', '.join(exposed)}"
            )
        underlying = exposed[0]
    move = liquidation_move(state, views, account, underlying)
    spot_usd = _spot_usd(views, row, underlying)
    return Crossings(*(None if m is None else (1.0 + m) * spot_usd for m in move))


def liquidation_move(state: State, views: Views, account: int, underlying: str | None) -> Crossings:
    """Answer `Venue.liquidation_move`."""
    _need_account(state, account)
    moved = _moved(views, underlying)
    _need_prices(views, account)
    row = views.row(account)
    at_risk = row.instrument.size > 0 or row.balance.min() < 0.0
    if not at_risk or not moved & _exposed(views, row):
        return _NOWHERE
    factors = liquidation_factors_of(views.movable, row, moved)
    return Crossings(*(None if factor is None else factor - 1.0 for factor in factors))


def map_liquidations(
    views: Views, underlying: str | None, moves: Sequence[float] | FloatArray
) -> LiquidationMap:
    """Answer `Venue.liquidation_map`."""
    moved = _moved(views, underlying)
    market = views.movable
    rows, everyone = views.book.rows(), np.arange(len(views.book))

    def only_at(move: float) -> IntArray:
        known = views.index.at_risk_after(moved, move)
        return everyone if known is None else known

    return liquidation_map(
        rows, lambda move: market.moved_tables(moved, 1.0 + move), moves, only_at=only_at
    )


def nearest(
    views: Views, count: int, vol: Mapping[str, float] | None
) -> tuple[tuple[int, float], ...]:
    """Answer `Venue.nearest`."""
    if not isinstance(count, int) or count < 1:
        raise InvalidInputError(f"count must be a whole number >= 1, was {count!r:.60}")
    for name, value in (vol or {}).items():
        if not 0.0 <= value < float("inf"):
            raise InvalidInputError(f"vol of {name} must be finite and >= 0, was {value:g}")
    accounts = views.accounts
    return tuple((accounts[row], near) for row, near in views.index.nearest(count, vol))


def withdrawable(state: State, views: Views, account: int, asset: str) -> Amount:
    """Answer `Venue.withdrawable`."""
    _need_account(state, account)
    return Amount(find_asset(state, asset), withdrawable_quanta(state, views, account, asset))


def cash(state: State, account: int, asset: str) -> Amount:
    """Answer `Venue.cash`."""
    if account not in state.ledger.row_of:
        raise InvalidInputError(f"account must be open, was {account!r}")
    found = find_asset(state, asset)
    return Amount(found, state.ledger.cash(account, state.ledger.asset_index[asset]))


def pool(state: State, views: Views, name: str) -> PoolStanding:
    """Answer `Venue.pool`."""
    rules = state.in_force.pools.get(name)
    if rules is None:
        raise InvalidInputError(f"pool must be one of the rules', was {name!r}")
    _need_account(state, rules.account)
    _need_prices(views, rules.account)
    return pool_standing(state, views, name)


def quotes(state: State) -> dict[int, Quote]:
    """Answer `Venue.quotes`."""
    return {n: quote for n, quote in state.quotes.items() if quote.expires_ns > state.now_ns}


def find_asset(state: State, symbol: str) -> Asset:
    """Return an asset of the rules."""
    number = state.ledger.asset_index.get(symbol)
    if number is None:
        known = ", ".join(state.ledger.asset_index)
        raise InvalidInputError(f"asset must be one of {known}, was {symbol!r}")
    return state.ledger.assets[number]


def count_lots(state: State, symbol: str, size: str | int | Decimal) -> int:
    """Answer `Venue.lots`."""
    terms = state.ledger.instruments[_number(state, symbol)]
    lots, rest = divmod(parse_nano(f"size of {symbol}", size), terms.lot_nano)
    if rest:
        lot = format_scaled(terms.lot_nano, 9)
        raise InvalidInputError(f"size of {symbol} must be whole lots of {lot}, was {size}")
    return lots


def _number(state: State, symbol: str) -> int:
    number = state.ledger.instrument_index.get(symbol)
    if number is None:
        raise InvalidInputError(f"instrument must be one of the rules', was {symbol!r}")
    return number


def _need_account(state: State, account: int) -> None:
    if account not in state.modes:
        raise InvalidInputError(f"account must be an open user account, was {account!r}")


# A price that never was stands as a number in the arrays. No answer may rest on it.
def _need_prices(views: Views, account: int, also: Sequence[int] = ()) -> None:
    if lacking := views.lacking(account, also):
        raise InvalidInputError(f"{lacking}, and account {account} rests on it")


def _fill(state: State, views: Views, account: int, trade: Trade) -> Fill:
    number = _number(state, trade.instrument)
    terms, mode = state.ledger.instruments[number], state.modes[account]
    if not isinstance(terms, Spot) and not state.in_force.margin.carries(mode, terms):
        raise InvalidInputError(f"{terms.symbol} must have a margin schedule for {mode} accounts")
    if not isinstance(terms, Spot | Perpetual) and state.now_ns >= terms.expiry_ns:
        raise InvalidInputError(f"{terms.symbol} must be traded before its expiry")
    price_nano = views.mark_nano(number)
    if trade.price is not None:
        price_nano = parse_nano(f"price of {terms.symbol}", trade.price)
        if price_nano <= 0:
            raise InvalidInputError(f"price of {terms.symbol} must be > 0, was {trade.price}")
    lots = count_lots(state, terms.symbol, trade.size)
    return fill_at(state.ledger, number, lots, price_nano)


def _moved(views: Views, underlying: str | None) -> frozenset[str]:
    market = views.movable
    if underlying is None:
        return market.joint
    known = {asset.symbol for asset in market.rules.assets} | market.joint
    if underlying not in known:
        raise InvalidInputError(
            f"underlying must be one of {', '.join(sorted(known))}, was {underlying!r}"
        )
    return frozenset({underlying})


# What an account's health moves with: what its positions are on and settle in, and what it holds.
def _exposed(views: Views, row: AccountRow) -> frozenset[str]:
    market = views.movable
    held: list[Instrument] = [market.instruments[i] for i in row.instrument]
    assets = [asset.symbol for asset in market.rules.assets]
    found = {symbol for i in held for symbol in (i.underlying, i.settlement)}
    found |= {symbol for symbol, units in zip(assets, row.balance, strict=True) if units}
    return frozenset(found)


# The index where the underlying is an asset; else the mark of the first contract on it, the
# account's own if it has one.
def _spot_usd(views: Views, row: AccountRow, underlying: str) -> float:
    market = views.movable
    for number, asset in enumerate(market.rules.assets):
        if asset.symbol == underlying:
            return float(market.view.asset_price_usd[number])
    numbers = [*row.instrument.tolist(), *range(len(market.instruments))]
    return next(
        float(market.view.spot_usd[number])
        for number in numbers
        if market.instruments[number].underlying == underlying
    )
