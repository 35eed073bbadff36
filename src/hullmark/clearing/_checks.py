"""Checks that several commands share.

Each returns a refusal or nothing, so that a chain of ``or`` reads in the order of precedence and
stops at the first that holds.
"""

from hullmark.clearing._state import State
from hullmark.core import INT64_MAX, format_scaled
from hullmark.domain import Mode, Option, Perpetual, Reason, Spot, events
from hullmark.errors import AmountOverflowError
from hullmark.ledger import Position, fill, funding_due

# A quarter of the range stays free, so that funding, profit and penalties settled in passing cannot
# run over the edge between two checks.
QUANTA_MAX = INT64_MAX // 4


def refuse(reason: Reason, detail: str) -> events.Refused:
    """Return a refusal that names the argument, the rule and the value."""
    return events.Refused(reason=reason, detail=detail)


def need_in_range(name: str, value: int, low: int, high: int = QUANTA_MAX) -> events.Refused | None:
    """Refuse a whole number outside its range."""
    if low <= value <= high:
        return None
    return refuse(Reason.AMOUNT_INVALID, f"{name} must be in [{low}, {high}], was {value}")


def need_account(state: State, account: int) -> events.Refused | None:
    """Refuse a user account that is not open; the venue's own are not open to commands."""
    if account in state.modes:
        return None
    return refuse(Reason.ACCOUNT_UNKNOWN, f"account must be an open user account, was {account}")


def need_asset(state: State, asset: str) -> events.Refused | None:
    """Refuse an asset that the rules do not name."""
    if asset in state.ledger.asset_index:
        return None
    return refuse(Reason.ASSET_UNKNOWN, f"asset must be one of the rules', was {asset!r}")


def need_instrument(state: State, symbol: str) -> events.Refused | None:
    """Refuse an instrument that the rules do not name."""
    if symbol in state.ledger.instrument_index:
        return None
    return refuse(
        Reason.INSTRUMENT_UNKNOWN, f"instrument must be one of the rules', was {symbol!r}"
    )


def need_margined(state: State, account: int, symbol: str) -> events.Refused | None:
    """Refuse a contract that the account's margin model cannot carry."""
    instrument = state.ledger.instruments[state.ledger.instrument_index[symbol]]
    mode = state.modes[account]
    if type(instrument) is Spot:
        if mode is not Mode.ISOLATED:
            return None
        return refuse(Reason.ACCOUNT_MODE, f"isolated account {account} must not hold balances")
    if state.in_force.margin.carries(mode, instrument):
        return None
    detail = f"{symbol} must have a margin schedule for {mode} accounts, was asked by {account}"
    return refuse(Reason.INSTRUMENT_UNMARGINED, detail)


def need_live(state: State, symbol: str) -> events.Refused | None:
    """Refuse a trade in an instrument at or past its expiry, or halted."""
    refused = need_unexpired(state, symbol)
    if refused is None and symbol in state.halted:
        refused = refuse(Reason.INSTRUMENT_HALTED, f"{symbol} must not be halted to be traded")
    return refused


def need_unexpired(state: State, symbol: str) -> events.Refused | None:
    """Refuse what comes at or past an instrument's expiry, or after its final settlement."""
    if symbol in state.expired:
        detail = f"{symbol} must be traded before its final settlement"
        return refuse(Reason.INSTRUMENT_EXPIRED, detail)
    instrument = state.ledger.instruments[state.ledger.instrument_index[symbol]]
    if isinstance(instrument, Spot | Perpetual) or state.now_ns < instrument.expiry_ns:
        return None
    return refuse(Reason.INSTRUMENT_EXPIRED, f"{symbol} must be traded before its expiry")


def need_cash(state: State, account: int, asset: str, quanta: int) -> events.Refused | None:
    """Refuse to pay more than an account's settled cash, funding that it owes taken off."""
    have = settled_cash(state, account, asset)
    if have >= quanta:
        return None
    return cash_short(state, account, state.ledger.asset_index[asset], quanta, have)


def cash_short(state: State, account: int, asset: int, quanta: int, have: int) -> events.Refused:
    """Return the refusal of a payment that is more than an account has."""
    symbol, decimals = state.ledger.assets[asset].symbol, state.ledger.assets[asset].decimals
    detail = (
        f"settled cash of account {account} must be >= {format_scaled(quanta, decimals)} {symbol}, "
        f"was {format_scaled(have, decimals)}"
    )
    return refuse(Reason.CASH_SHORT, detail)


def settled_cash(state: State, account: int, asset: str) -> int:
    """Return the cash that is there once the account's funding has been settled."""
    ledger = state.ledger
    index = ledger.asset_index[asset]
    owed, funding_micro = 0, ledger.funding_micro
    for instrument, position in ledger.unsettled(account):
        if ledger.settlement(instrument) == index:
            owed += funding_due(position, funding_micro[instrument])
    return ledger.cash(account, index) - owed


def need_room(state: State, account: int, asset: str, quanta: int) -> events.Refused | None:
    """Refuse a change that would bring an account's cash near the end of the 64-bit columns."""
    have = state.ledger.cash(account, state.ledger.asset_index[asset])
    if abs(have + quanta) <= QUANTA_MAX:
        return None
    detail = (
        f"cash of account {account} must stay within {QUANTA_MAX} quanta, was {have} + {quanta}"
    )
    return refuse(Reason.OVERFLOW, detail)


def need_room_for_fill(
    state: State,
    account: int,
    symbol: str,
    lots: int,
    cost_quanta: int,
    *,
    held: Position | None = None,
) -> events.Refused | None:
    """Refuse a fill whose result would not fit in the ledger's columns.

    *held* is what the account holds of the instrument, looked up if it is not given.
    """
    ledger = state.ledger
    instrument = ledger.instrument_index[symbol]
    before = ledger.position(account, instrument) if held is None else held
    asset = ledger.settlement(instrument)
    terms = ledger.instruments[instrument]
    try:
        if type(terms) is Spot:
            coins = lots * ledger.spot_lot_quanta(instrument)
            base = ledger.cash(account, ledger.asset_index[terms.underlying])
            after, moved = max(abs(coins), abs(base + coins)), -cost_quanta
        elif type(terms) is Option:
            position, _ = fill(before, lots, 0)
            after, moved = position.lots, -cost_quanta
        else:
            position, moved = fill(before, lots, cost_quanta)
            after = max(abs(position.lots), abs(position.quote))
    except AmountOverflowError:
        after, moved = INT64_MAX, 0
    if abs(after) <= QUANTA_MAX and abs(ledger.cash(account, asset) + moved) <= QUANTA_MAX:
        return None
    return no_room(account, symbol, lots, cost_quanta)


def no_room(account: int, symbol: str, lots: int, cost_quanta: int) -> events.Refused:
    """Return the refusal of a fill whose result would not fit in the ledger's columns."""
    detail = f"lots and cost of account {account} in {symbol} must stay within {QUANTA_MAX}"
    return refuse(Reason.OVERFLOW, f"{detail}, was {lots} lots for {cost_quanta} quanta")


def need_no_order_at_work(state: State, account: int, symbol: str) -> events.Refused | None:
    """Refuse what would change a position while a liquidation order for it is at work."""
    for order in state.working_of.get(account, ()):
        if state.working[order].instrument == symbol:
            detail = f"{symbol} of account {account} must have no liquidation order at work"
            return refuse(Reason.UNDER_LIQUIDATION, detail)
    return None


def need_calm(state: State, account: int) -> events.Refused | None:
    """Refuse what an account may not do while it is being liquidated."""
    if account not in state.episodes:
        return None
    return refuse(Reason.UNDER_LIQUIDATION, f"account {account} must not be under liquidation")
