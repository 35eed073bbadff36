"""What accounts have paid in, and how old their gains are: kept where rules ask for either.

An account's gain in an asset is its cash beyond what it paid in. Once a season gains are noted, and
the note before is kept: a gain that stood in the older note and is still there is a season old, two
at the most. Whatever leaves an account is what it paid in first, then the oldest of its gains; what
it sends to another account of the venue is paid in there no further than it was here, so that no
gain grows old on the way.
"""

import numpy as np

from hullmark.clearing._stage_facts import Season
from hullmark.clearing._state import State
from hullmark.waterfall import SeasonedGains

_NOTHING = Season()


def note_rules(state: State) -> None:
    """Begin to note where the rules in force ask for it, with all that is there as paid in."""
    if not state.in_force.waterfall.notes_gains:
        for key in list(state.seasons):
            del state.seasons[key]
        state.season_ns = 0
    elif not state.season_ns:
        state.season_ns = state.now_ns
        for account, asset, quanta in _cash(state):
            state.seasons[account, asset] = Season(paid_quanta=quanta)


def note_time(state: State) -> None:
    """Note the gains of all accounts, if a season has passed since the last time."""
    season_ns = None if state.rules is None else state.rules.waterfall.season_ns
    if season_ns is None or state.now_ns - state.season_ns < season_ns:
        return
    state.season_ns = state.now_ns
    stale = set(state.seasons)
    for account, asset, quanta in _cash(state):
        key = account, asset
        stale.discard(key)
        known = state.seasons.get(key, _NOTHING)
        gain = max(quanta - known.paid_quanta, 0)
        _keep(state, key, Season(known.paid_quanta, min(known.newer_quanta, gain), gain))
    for key in sorted(stale):  # without cash there is no gain
        _keep(state, key, Season(state.seasons[key].paid_quanta))


def note_moved(
    state: State,
    asset: str,
    quanta: int,
    *,
    source: int | None = None,
    target: int | None = None,
    paid_max: int | None = None,
) -> int | None:
    """Note a payment between two accounts, into the venue or out of it, before it is booked.

    Returns how much of it counts as paid in, at most *paid_max*; ``None``: nothing is noted.
    """
    if not state.in_force.waterfall.notes_gains:
        return None
    paid = quanta
    if source in state.modes and source is not None:
        key = source, asset
        known, gain = state.seasons.get(key, _NOTHING), _gain(state, source, asset)
        paid = min(quanta, known.paid_quanta)
        if paid_max is not None:
            paid = min(paid, paid_max)
        drawn = quanta - paid
        older, newer = (min(n, gain) for n in (known.older_quanta, known.newer_quanta))
        left = Season(known.paid_quanta - paid, max(older - drawn, 0), max(newer - drawn, 0))
        _keep(state, key, left)
    if target in state.modes and target is not None:
        key = target, asset
        known = state.seasons.get(key, _NOTHING)
        more = known.paid_quanta + paid
        _keep(state, key, Season(more, known.older_quanta, known.newer_quanta))
    return paid


def paid_in(state: State, account: int, asset: str) -> int:
    """Return what an account has paid in of an asset, and not taken out again."""
    return state.seasons.get((account, asset), _NOTHING).paid_quanta


def gains_of(state: State, account: int, asset: str) -> SeasonedGains:
    """Return the gains of an account in an asset, those a season old and the young."""
    gain = _gain(state, account, asset)
    old = min(state.seasons.get((account, asset), _NOTHING).older_quanta, gain)
    return SeasonedGains(old, gain - old)


def all_gains(state: State, asset: str) -> SeasonedGains:
    """Return the gains of all accounts in an asset."""
    old = young = 0
    for account, of, quanta in _cash(state):
        if of == asset:
            known = state.seasons.get((account, asset), _NOTHING)
            gain = max(quanta - known.paid_quanta, 0)
            old += min(known.older_quanta, gain)
            young += max(gain - known.older_quanta, 0)
    return SeasonedGains(old, young)


def _gain(state: State, account: int, asset: str) -> int:
    held = state.ledger.cash(account, state.ledger.asset_index[asset])
    return max(held - paid_in(state, account, asset), 0)


def _keep(state: State, key: tuple[int, str], season: Season) -> None:
    if season != _NOTHING:
        state.seasons[key] = season
    elif key in state.seasons:
        del state.seasons[key]


# Users with cash above zero: the account, the asset, and how much.
def _cash(state: State) -> list[tuple[int, str, int]]:
    accounts, symbols = list(state.modes), [asset.symbol for asset in state.ledger.assets]
    if not accounts:
        return []
    cash = state.ledger.lines(state.ledger.rows_of(np.array(accounts, np.int64))).cash
    rows, assets = np.nonzero(cash > 0)
    held = cash[rows, assets].tolist()
    return [
        (accounts[row], symbols[asset], quanta)
        for row, asset, quanta in zip(rows.tolist(), assets.tolist(), held, strict=True)
    ]
