"""Deciding on the trades of one matching round: in columns, all of them or none.

Each trade is asked what a single one is asked, in the same order of precedence; what an account can
carry is asked once, of what the whole round leaves it with. What holds of nearly every row is seen
in arrays; only where something stands in the way are its row and its account looked at by
themselves, to say what.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hullmark.clearing._checks import (
    QUANTA_MAX,
    need_in_range,
    need_live,
    need_margined,
    refuse,
)
from hullmark.clearing._decide_many_trades_checks import (
    Round,
    need_margin,
    need_open,
    need_payment,
    need_room,
    need_trusted,
    of_row,
)
from hullmark.clearing._decide_many_trades_lines import carry_out, costs_of, number_rows
from hullmark.clearing._decide_trades import need_tradable
from hullmark.clearing._ledger_book import SYSTEM_ROWS
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import IntArray
from hullmark.domain import (
    COLUMN_BYTES,
    Event,
    Mode,
    Reason,
    Spot,
    commands,
    events,
    unpack_columns,
)

ROWS_MAX = 10_000  # of one command

_COLUMNS = (
    "instrument",
    "lots",
    "price_nano",
    "buyer_fee_quanta",
    "seller_fee_quanta",
    "buyer",
    "seller",
)
_PRECEDENCE = {reason: place for place, reason in enumerate(Reason)}


def report_trades(state: State, views: Views, command: commands.ReportTrades) -> Sequence[Event]:
    """Book the trades of one matching round if every account can carry what it comes to."""
    refused = _need_columns(command)
    if refused:
        return (refused,)
    trades = _read(state, views, command)
    if trades is None:
        return (_first_of_rows(state, command),)
    after = carry_out(
        state.ledger,
        trades.rows,
        trades.numbers,
        place=trades.place,
        sides=trades.sides,
        lots=trades.lots,
        costs=trades.costs,
        fees=trades.fees,
    )
    for check in (need_room, need_trusted, need_open, need_payment, need_margin):
        refused = check(state, views, trades, after)
        if refused:
            return (refused,)
    booked = events.TradesBooked(
        symbols=command.symbols,
        instrument=command.instrument,
        buyer=command.buyer,
        seller=command.seller,
        lots=command.lots,
        price_nano=command.price_nano,
        cost_quanta=trades.costs.astype("<i8").tobytes(),
        buyer_fee_quanta=command.buyer_fee_quanta,
        seller_fee_quanta=command.seller_fee_quanta,
    )
    return (booked,)


# What makes the columns the trades of a round, whatever stands in a row.
def _need_columns(command: commands.ReportTrades) -> events.Refused | None:
    size, symbols = len(command.lots), command.symbols
    for name in _COLUMNS:
        if len(getattr(command, name)) != size:
            detail = f"{name} must be as long as lots, {size} bytes"
            return refuse(
                Reason.AMOUNT_INVALID, f"{detail}, was {len(getattr(command, name))} bytes"
            )
    if size % COLUMN_BYTES:
        detail = f"columns must have {COLUMN_BYTES} bytes a row, was {size} bytes"
        return refuse(Reason.AMOUNT_INVALID, detail)
    refused = need_in_range("number of rows", size // COLUMN_BYTES, 1, ROWS_MAX)
    if refused:
        return refused
    (places,) = unpack_columns([command.instrument])
    outside = (places < 0) | (places >= len(symbols))
    if outside.any():
        k = int(outside.argmax())
        rule = f"row {k}: instrument must be in [0, {len(symbols)})"
        return refuse(Reason.AMOUNT_INVALID, f"{rule}, was {places[k]}")
    if len(set(symbols)) < len(symbols) or not np.bincount(places, minlength=len(symbols)).all():
        detail = "symbols must be different, and each that of a row"
        return refuse(Reason.AMOUNT_INVALID, f"{detail}, was {symbols!r:.80}")
    return None


# The trades as arrays; none if one of the rows is refused for what it is.
def _read(state: State, views: Views, command: commands.ReportTrades) -> Round | None:
    ledger, symbols = state.ledger, command.symbols
    columns = unpack_columns([getattr(command, name) for name in _COLUMNS])
    place, lots, price_nano, fees, both = *columns[:3], columns[3:5], columns[5:]
    amounts_fit = 1 <= lots.min() <= lots.max() <= QUANTA_MAX and price_nano.min() >= 1
    if not (amounts_fit and fees.min() >= 0 and fees.max() <= QUANTA_MAX):
        return None
    rows = ledger.rows_of(both.ravel()).reshape(both.shape)
    if rows.min() < SYSTEM_ROWS or (rows[0] == rows[1]).any():
        return None
    if not ledger.instrument_index.keys() >= set(symbols):
        return None
    who, sides = number_rows(rows)
    accounts, model = ledger.account_numbers[who], views.models(who)
    if not _may_trade(state, symbols, place, accounts, model, sides):
        return None
    traded = [ledger.instrument_index[symbol] for symbol in symbols]
    costs = costs_of(ledger, traded, place, lots, price_nano)
    return Round(symbols, traded, place, lots, price_nano, costs, fees, who, accounts, model, sides)


# Whether nothing is traded that has expired or that an account cannot carry. Of contracts a margin
# model can say so; spot is not for isolated accounts.
def _may_trade(
    state: State,
    symbols: Sequence[str],
    place: IntArray,
    accounts: IntArray,
    model: NDArray[np.int8],
    sides: IntArray,
) -> bool:
    if any(need_live(state, symbol) for symbol in symbols):
        return False
    instruments, index = state.ledger.instruments, state.ledger.instrument_index
    spot = np.array([type(instruments[index[symbol]]) is Spot for symbol in symbols])
    if spot.any():
        isolated = [state.modes[account] is Mode.ISOLATED for account in accounts.tolist()]
        if (np.array(isolated)[sides] & spot[place]).any():
            return False
    for code in np.unique(model):
        someone = int(accounts[(model == code).argmax()])
        carried = np.array([need_margined(state, someone, symbol) is None for symbol in symbols])
        if ((model[sides] == code) & ~(carried | spot)[place]).any():
            return False
    return True


# Of all rows that are refused for what they are, that whose reason stands first.
def _first_of_rows(state: State, command: commands.ReportTrades) -> events.Refused:
    found = []
    columns = unpack_columns([getattr(command, name) for name in _COLUMNS])
    for k, (place, *numbers) in enumerate(columns.T.tolist()):
        fields = dict(zip(_COLUMNS[1:], numbers, strict=True))
        single = commands.ReportTrade(instrument=command.symbols[place], **fields)
        if refused := need_tradable(state, single):
            found.append(of_row(k, refused))
    return min(found, key=lambda refused: _PRECEDENCE[refused.reason])
