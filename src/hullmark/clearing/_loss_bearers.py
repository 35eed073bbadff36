"""Who bears what others have lost, once haircuts have been paid and before it has happened.

The steps of the waterfall are decided together: what a haircut turns into cash, and takes of it,
counts where the rest is shared by cash.
"""

from collections.abc import Sequence

from hullmark.clearing._checks import settled_cash
from hullmark.clearing._evolve_losses import backstop_of, exempt, holders
from hullmark.clearing._state import State
from hullmark.domain import Event, events
from hullmark.waterfall import apportion


def bearers(
    state: State, asset: int, account: int, taken: Sequence[events.HaircutTaken]
) -> dict[int, int]:
    """Return who shares a loss of an account, in the ledger's order, and by how much cash.

    A haircut in another asset settles its payer's funding, so it counts as well.
    """
    held, apart = dict(holders(state, asset, but=account)), exempt(state, asset, but=account)
    symbol, row_of = state.ledger.assets[asset].symbol, state.ledger.row_of
    paying = [event for event in taken if event.payer not in apart]
    held.update({event.payer: settled_cash(state, event.payer, symbol) for event in paying})
    for event in paying:
        if event.asset == symbol:
            held[event.payer] += sum(event.realised_quanta.values()) - event.quanta
    rows = sorted((row_of[payer], payer, quanta) for payer, quanta in held.items() if quanta > 0)
    return {payer: quanta for _, payer, quanta in rows}


def borne_by(state: State, bidder: int, asset: int, covered: Sequence[Event]) -> int:
    """Return the quanta that a bidder pays itself of what it is paid for taking an account over.

    To the quantum what `evolve` takes from it: a haircut, its part of a shared loss, and what the
    staked backstop pays, if it is that.
    """
    taken = [event for event in covered if isinstance(event, events.HaircutTaken)]
    borne = sum(event.quanta for event in taken if event.payer == bidder)
    for event in covered:
        if isinstance(event, events.LossSocialised):
            held = bearers(state, asset, event.account, taken)
            parts = apportion(event.quanta, list(held.values()))
            borne += dict(zip(held, parts, strict=True)).get(bidder, 0)
        if isinstance(event, events.DeficitCovered) and bidder == backstop_of(state):
            borne += event.backstop_quanta
    return borne
