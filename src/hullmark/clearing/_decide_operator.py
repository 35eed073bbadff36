"""Deciding on what an operator says: soft terms, margin calls, the breaker, halts."""

from collections.abc import Sequence

import numpy as np

from hullmark.clearing._breaker_level import breaker_level
from hullmark.clearing._checks import (
    need_account,
    need_asset,
    need_calm,
    need_in_range,
    need_instrument,
    need_unexpired,
    refuse,
)
from hullmark.clearing._decide_market import orders_gone
from hullmark.clearing._decide_pools import need_no_pool
from hullmark.clearing._signatures import need_two_people
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, NANO, format_instant
from hullmark.domain import Event, Option, Reason, Spot, commands, events

_LEVEL_MAX = 3


def set_soft_terms(state: State, command: commands.SetSoftTerms) -> Sequence[Event]:
    """Let an account opt in to soft liquidation, on terms that replace those before, or out."""
    account, saviour, asset = command.account, command.saviour, command.asset
    refused = (
        _need_whole_terms(command)
        or need_account(state, account)
        or (None if saviour is None else need_account(state, saviour))
        or (None if saviour is None else _need_family(state, account, saviour))
        or (None if saviour is None else need_no_pool(state, saviour))
        or (None if asset is None else need_asset(state, asset))
        or _need_another(account, saviour)
        or need_calm(state, account)
    )
    if refused:
        return (refused,)
    if not command.opted_in:
        return (events.SoftTermsDropped(account=account),) if account in state.soft else ()
    terms = events.SoftTermsSet(
        account=account, saviour=saviour, asset=asset, quanta_max=command.quanta_max
    )
    return () if state.soft.get(account) == terms else (terms,)


def call_margins(state: State, views: Views, command: commands.CallMargins) -> Sequence[Event]:
    """Tell accounts whose margin ratio has crossed a level of the venue file, in their order.

    An account under liquidation is told of that and called no more.
    """
    levels_nano, calls = state.in_force.liquidation.calls_nano, state.calls
    over = np.zeros(len(views.accounts), np.int64)  # how many levels each account is over
    if levels_nano:
        found = views.sweep()
        for level_nano in levels_nano:
            least = level_nano / NANO * found.equity_maintenance
            over += found.at_risk & (found.maintenance >= least)
    called = [(views.accounts[row], int(over[row])) for row in np.flatnonzero(over).tolist()]
    now = {a: levels_nano[count - 1] for a, count in called if a not in state.episodes}
    told: list[Event] = []
    for account in sorted(now.keys() | calls.keys()):
        reached_nano = now.get(account)
        if reached_nano is None:
            told.append(events.MarginCallEnded(account=account))
        elif calls.get(account) != reached_nano:
            told.append(events.MarginCalled(account=account, level_nano=reached_nano))
    return told


def set_breaker(state: State, command: commands.SetBreaker) -> Sequence[Event]:
    """Set what auctions may do. One person stops them; to let them go on it takes two."""
    level, until_ns = command.level, command.until_ns
    signed = None
    if command.authorisers is not None:
        signed = need_two_people(command.authorisers)
    elif _is_lowered(state, level, until_ns):
        detail = "authorisers must be two different people to lower a breaker, was none"
        signed = refuse(Reason.UNAUTHORISED, detail)
    refused = signed or need_in_range("level", level, 0, _LEVEL_MAX)
    if refused is None and until_ns is not None:
        refused = need_in_range("until_ns", until_ns, state.now_ns + 1, INT64_MAX)
        if refused is None and level == 0:
            detail = f"until_ns must not be given at level 0, was {format_instant(until_ns)}"
            refused = refuse(Reason.AMOUNT_INVALID, detail)
    if refused:
        return (refused,)
    if level == 0 and state.breaker is None:
        return ()
    return (events.BreakerSet(level=level, until_ns=until_ns),)


def halt_instrument(state: State, command: commands.HaltInstrument) -> Sequence[Event]:
    """Stop trading in an instrument, and end its orders. A halt may turn into a delisting."""
    symbol = command.instrument
    refused = need_instrument(state, symbol) or need_unexpired(state, symbol)
    if refused:
        return (refused,)
    terms = state.ledger.instruments[state.ledger.instrument_index[symbol]]
    if command.delisting and isinstance(terms, Spot | Option):
        detail = f"{symbol} must be a perpetual or a future to be settled before an expiry"
        return (refuse(Reason.INSTRUMENT_LIVE, detail),)
    halt = state.halted.get(symbol)
    if halt is not None and (halt.delisting or not command.delisting):
        return (refuse(Reason.INSTRUMENT_HALTED, f"{symbol} must not be halted twice"),)
    halted = events.InstrumentHalted(instrument=symbol, delisting=command.delisting)
    return (*orders_gone(state, symbol), halted)


def resume_instrument(state: State, command: commands.ResumeInstrument) -> Sequence[Event]:
    """Let a halted instrument trade again; a delisting is taken back by this, too."""
    symbol = command.instrument
    if refused := need_instrument(state, symbol):
        return (refused,)
    if symbol not in state.halted:
        return (refuse(Reason.INSTRUMENT_HALTED, f"{symbol} must be halted to be resumed"),)
    return (events.InstrumentResumed(instrument=symbol),)


def _need_whole_terms(command: commands.SetSoftTerms) -> events.Refused | None:
    given = command.saviour is not None, command.asset is not None, command.quanta_max != 0
    if len(set(given)) > 1:
        detail = "saviour, asset and quanta_max must be given together, or none of them"
        return refuse(Reason.AMOUNT_INVALID, detail)
    if given[0] and not command.opted_in:
        detail = f"saviour must be left out to opt out, was {command.saviour}"
        return refuse(Reason.AMOUNT_INVALID, detail)
    return need_in_range("quanta_max", command.quanta_max, 1) if given[0] else None


# An isolated account is funded by its parent and by nobody else, and funds nobody else.
def _need_family(state: State, account: int, saviour: int) -> events.Refused | None:
    for child, other in ((account, saviour), (saviour, account)):
        if child in state.parents and state.parents[child] != other and child != other:
            detail = f"isolated account {child} must be saved by, and save, its parent only"
            return refuse(Reason.ACCOUNT_MODE, f"{detail}, was {other}")
    return None


def _need_another(account: int, saviour: int | None) -> events.Refused | None:
    if saviour != account:
        return None
    return refuse(Reason.AUCTION_SELF, f"saviour must not be the account itself, was {saviour}")


# Whether there is an instant at which less would be stopped than is now.
def _is_lowered(state: State, level: int, until_ns: int | None) -> bool:
    standing = breaker_level(state)
    if not standing or state.breaker is None:
        return False
    ends_ns = INT64_MAX if state.breaker.until_ns is None else state.breaker.until_ns
    return level < standing or (INT64_MAX if until_ns is None else until_ns) < ends_ns
