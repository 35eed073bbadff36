"""Deciding on quotes: which promises of a market maker are taken down."""

from collections.abc import Sequence

from hullmark.clearing._backstop_deals import makers_fill, quoted_fill
from hullmark.clearing._checks import (
    need_account,
    need_calm,
    need_in_range,
    need_instrument,
    need_live,
    need_margined,
    need_room_for_fill,
    refuse,
)
from hullmark.clearing._fills import Fill
from hullmark.clearing._moved import spare_initial_usd
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, NANO
from hullmark.domain import Event, Reason, Spot, commands, events
from hullmark.liquidation import quote_price_nano
from hullmark.market import Action


def post_quote(state: State, views: Views, command: commands.PostQuote) -> Sequence[Event]:
    """Commit a maker, if it could carry this and what it has promised on the same side."""
    maker, symbol = command.maker, command.instrument
    refused = (
        _need_form(state, command)
        or need_account(state, maker)
        or need_instrument(state, symbol)
        or _need_contract(state, symbol)
        or need_margined(state, maker, symbol)
        or need_live(state, symbol)
        or _need_new(state, command)
        or _need_asked(state, command)
    )
    if refused:
        return (refused,)
    refused = (
        _need_room(state, views, command)
        or _need_trusted(views, command, state.ledger.instrument_index[symbol])
        or need_calm(state, maker)
        or _need_margin(state, views, command)
    )
    if refused:
        return (refused,)
    return (
        events.QuotePosted(
            quote=command.quote,
            maker=maker,
            instrument=symbol,
            lots=command.lots,
            offset_nano=command.offset_nano,
            expires_ns=command.expires_ns,
            account=command.account,
            loss_quanta_max=command.loss_quanta_max,
        ),
    )


def _need_form(state: State, command: commands.PostQuote) -> events.Refused | None:
    most = command.loss_quanta_max
    return (
        need_in_range("quote", command.quote, 1)
        or need_in_range("abs(lots)", abs(command.lots), 1)
        or need_in_range("offset_nano", command.offset_nano, 0, NANO - 1)
        or need_in_range("expires_ns", command.expires_ns, state.now_ns + 1, INT64_MAX)
        or (None if most is None else need_in_range("loss_quanta_max", most, 1))
    )


# What is liquidated are positions, and a balance is none.
def _need_contract(state: State, symbol: str) -> events.Refused | None:
    if not isinstance(state.ledger.instruments[state.ledger.instrument_index[symbol]], Spot):
        return None
    return refuse(Reason.INSTRUMENT_UNMARGINED, f"instrument must be a contract, was {symbol!r}")


def _need_new(state: State, command: commands.PostQuote) -> events.Refused | None:
    if command.quote not in state.quotes:
        return None
    return refuse(Reason.QUOTE_EXISTS, f"quote must be new, was {command.quote}")


def _need_asked(state: State, command: commands.PostQuote) -> events.Refused | None:
    if command.account is None:
        return None
    asked = state.requests.get(command.account)
    if asked is not None and state.now_ns < asked.until_ns:
        return None
    detail = f"quotes must be asked for account {command.account} at {state.now_ns}"
    return refuse(Reason.QUOTE_LATE, f"{detail}, were until {asked and asked.until_ns}")


def _need_room(state: State, views: Views, command: commands.PostQuote) -> events.Refused | None:
    same = [f for f in _promised(state, views, command) if f.instrument == _number(state, command)]
    lots, cost = sum(f.lots for f in same), sum(f.cost_quanta for f in same)
    return need_room_for_fill(state, command.maker, command.instrument, lots, cost)


def _need_margin(state: State, views: Views, command: commands.PostQuote) -> events.Refused | None:
    spare_usd = spare_initial_usd(views, command.maker, _promised(state, views, command), {})
    if spare_usd >= 0:
        return None
    detail = (
        f"initial equity of maker {command.maker} less initial margin must stay >= 0 with its "
        f"quotes filled, would be {spare_usd:.2f} USD"
    )
    return refuse(Reason.MARGIN_SHORT, detail)


def _need_trusted(views: Views, command: commands.PostQuote, number: int) -> events.Refused | None:
    doubt = views.doubt(command.maker, Action.RAISE_RISK, also=number)
    return refuse(Reason.PRICE_DOUBTFUL, doubt) if doubt else None


# What the maker would have by this and its other quotes of the same side, at the marks of now.
def _promised(state: State, views: Views, command: commands.PostQuote) -> tuple[Fill, ...]:
    promises = [(command.instrument, command.lots, command.offset_nano)]
    promises += [
        (quote.instrument, quote.lots, quote.offset_nano)
        for quote in state.quotes.values()
        if quote.maker == command.maker
        and quote.lots * command.lots > 0
        and quote.expires_ns > state.now_ns
        and quote.instrument not in state.expired
    ]
    fills = []
    for symbol, lots, offset_nano in promises:
        number = state.ledger.instrument_index[symbol]
        if mark_nano := views.mark_nano(number):
            price_nano = quote_price_nano(mark_nano, -lots, offset_nano=offset_nano)
            fills.append(makers_fill(quoted_fill(state, number, -lots, price_nano)))
    return tuple(fills)


def _number(state: State, command: commands.PostQuote) -> int:
    return state.ledger.instrument_index[command.instrument]
