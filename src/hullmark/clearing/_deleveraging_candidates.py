"""Who may be deleveraged in an instrument, and what each of them has, in whole quanta.

Everything is exact, and rounded as `Views.net_quanta` does. Columns of 64 bits are used as long as
nothing in them can run over; otherwise, and for accounts with other assets or positions that settle
in them, each account is counted by itself.
"""

import math

import numpy as np
from numpy.typing import NDArray

from hullmark.clearing._evolve_losses import exempt
from hullmark.clearing._gains import contract_gains
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import IntArray
from hullmark.domain import Option, SystemAccount
from hullmark.ledger import MICRO, Lines
from hullmark.waterfall import Candidate

_ROOM = 2**61  # half the range: what is added up stays inside


def candidates_of(state: State, views: Views, instrument: int, *, side: int) -> list[Candidate]:
    """Return the users on one side of an instrument that no liquidation order is at work for.

    Parameters
    ----------
    instrument : int
        Its number.
    side : int
        1: longs, -1: shorts.
    """
    ledger = state.ledger
    apart = exempt(state, ledger.settlement(instrument), but=SystemAccount.CUSTODY)
    accounts = [a for a in ledger.holders(instrument) if a in state.modes and a not in apart]
    accounts = [a for a in accounts if a not in state.working_of and a not in state.auction_of]
    if not accounts:
        return []
    asset, rows = ledger.settlement(instrument), ledger.rows_of(np.array(accounts, np.int64))
    lines = ledger.lines(rows)
    values = _values(state, views, lines)
    if values is None:
        return _one_by_one(state, views, accounts, instrument, asset, side)
    owner = np.repeat(np.arange(len(accounts)), lines.held)
    gain = np.zeros(len(accounts), np.int64)
    np.add.at(gain, owner, values)
    net = gain + lines.cash[:, asset]
    mixed = _elsewhere(state, lines, owner, asset)
    here = (lines.instrument == instrument) & (np.sign(lines.lots) == side) & ~mixed[owner]
    found = zip(
        owner[here].tolist(), lines.lots[here].tolist(), lines.quote[here].tolist(), strict=True
    )
    gains, nets = gain.tolist(), net.tolist()
    alike = [Candidate(accounts[n], lots, quote, nets[n], gains[n]) for n, lots, quote in found]
    if not mixed.any():
        return alike
    others = [accounts[n] for n in np.flatnonzero(mixed).tolist()]
    return alike + _one_by_one(state, views, others, instrument, asset, side)


# What each position is worth with its quote, the funding that it owes taken off; None: too large.
def _values(state: State, views: Views, lines: Lines) -> IntArray | None:
    ledger, worth = state.ledger, np.zeros(lines.lots.size, np.int64)
    for number in np.unique(lines.instrument).tolist():
        here = lines.instrument == number
        lots, quote, paid = lines.lots[here], lines.quote[here], lines.paid[here]
        over, under = views.unwind(number).lot_ratio
        shared = math.gcd(over, under)
        whole, part = divmod(over // shared, under // shared)  # prices have many digits
        index = ledger.funding_micro[number]
        most = int(np.abs(lots).max())
        factor = max(abs(whole) + 1, under // shared, abs(index) + int(np.abs(paid).max()))
        if most * factor >= _ROOM:
            return None
        owed = -(-lots * (index - paid) // MICRO)
        worth[here] = lots * whole + lots * part // (under // shared) + quote - owed
    if lines.lots.size and np.abs(worth).max() >= _ROOM // max(int(lines.held.max()), 1):
        return None
    return worth


# Which accounts have cash in another asset, positions that settle in one, or options.
def _elsewhere(state: State, lines: Lines, owner: IntArray, asset: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (np.delete(lines.cash, asset, axis=1) != 0).any(axis=1)
    ledger = state.ledger
    apart = np.array(
        [
            ledger.settlement(number) != asset or isinstance(terms, Option)
            for number, terms in enumerate(ledger.instruments)
        ]
    )
    found[owner[apart[lines.instrument]]] = True
    return found


def _one_by_one(
    state: State, views: Views, accounts: list[int], instrument: int, asset: int, side: int
) -> list[Candidate]:
    ledger, found = state.ledger, []
    for account in accounts:
        held = dict(ledger.positions(account))
        position = held[instrument]
        if position.lots * side <= 0:
            continue
        gain = sum(part for _, part in contract_gains(state, views, asset, held.items()))
        net = views.net_quanta(account, asset)
        found.append(Candidate(account, position.lots, position.quote, net, gain))
    return found
