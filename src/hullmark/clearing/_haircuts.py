"""What an account with a gain pays of another one's loss, and out of which of its positions.

A haircut is taken from gains. A gain that has not become cash is realised for it, position by
position, so that what has been paid is no gain any more, and a second bankruptcy finds only what is
left. What the closure and the settlement of funding turn into cash pays first.
"""

from hullmark.clearing._fills import Fill, position_after
from hullmark.clearing._gains import contract_gains
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.domain import events
from hullmark.ledger import Position


def haircut(
    state: State,
    views: Views,
    account: int,
    payer: int,
    asset: int,
    quanta: int,
    *,
    closed: Fill | None = None,
) -> events.HaircutTaken:
    """Return what a payer pays into a bankrupt account, *closed* being what it traded with it."""
    ledger = state.ledger
    held = dict(ledger.positions(payer))
    before = sum(gain for _, gain in contract_gains(state, views, asset, held.items()))
    if closed is not None:
        held[closed.instrument], _ = position_after(ledger, closed, held[closed.instrument])
    settled = ((n, Position(p.lots, p.quote, ledger.funding_micro[n])) for n, p in held.items())
    gains = list(contract_gains(state, views, asset, settled))
    left = quanta - (before - sum(gain for _, gain in gains))  # beyond what is cash by then
    realised: dict[str, int] = {}
    for number, gain in gains:
        part = min(left, gain)
        if part > 0:
            realised[ledger.instruments[number].symbol] = part
            left -= part
    return events.HaircutTaken(
        account=account,
        payer=payer,
        asset=ledger.assets[asset].symbol,
        quanta=quanta,
        realised_quanta=realised,
    )
