"""Who bears what others have lost, once haircuts have been paid and before it has happened.

The steps of the waterfall are decided together: what a haircut turns into cash, and takes, counts
where the rest is shared. It is shared by what users hold of the asset, or by what they have gained
in it: in a book of contracts that sums to zero those gains are all that the bankrupt have lost, and
whoever has gained nothing pays nothing. What a spot trade brings of an asset counts as gained.
"""

from collections.abc import Sequence

from hullmark.clearing._checks import settled_cash
from hullmark.clearing._evolve_losses import backstop_of, exempt, holders
from hullmark.clearing._seasons import paid_in
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import net_worth
from hullmark.clearing._views import Views
from hullmark.domain import Event, events
from hullmark.waterfall import GAINS, apportion


def bearers(
    state: State, views: Views, asset: int, account: int, taken: Sequence[events.HaircutTaken]
) -> dict[int, int]:
    """Return who shares a loss of an account, and in proportion to how many quanta of an asset."""
    if state.in_force.waterfall.socialised_by == GAINS:
        return _by_gains(state, views, asset, account, taken)
    return _by_cash(state, asset, account, taken)


def net_after(
    state: State, views: Views, account: int, asset: int, taken: Sequence[events.HaircutTaken]
) -> int:
    """Return net value in quanta of an asset once an account has paid its haircuts."""
    held = state.ledger.positions(account)
    cash = _cash_after(state, account, taken)
    return net_worth(state, views.unwinds(held), held, cash, asset)


# What each has gained beyond what it paid in, realised or not, and no more than it is worth.
def _by_gains(
    state: State, views: Views, asset: int, account: int, taken: Sequence[events.HaircutTaken]
) -> dict[int, int]:
    apart, symbol = exempt(state, asset, but=account), state.ledger.assets[asset].symbol
    found: dict[int, int] = {}
    for user in state.modes:
        if user in apart:
            continue
        gain = _worth_in(state, views, user, asset, taken) - paid_in(state, user, symbol)
        if gain > 0 and (most := min(gain, net_after(state, views, user, asset, taken))) > 0:
            found[user] = most
    return found


# Cash and positions that settle in it.
def _worth_in(
    state: State, views: Views, account: int, asset: int, taken: Sequence[events.HaircutTaken]
) -> int:
    ledger, cash = state.ledger, [0] * len(state.ledger.assets)
    cash[asset] = _cash_after(state, account, taken)[asset]
    held = [(n, p) for n, p in ledger.positions(account) if ledger.settlement(n) == asset]
    return net_worth(state, views.unwinds(held), held, cash, asset)


# What is realised for a haircut is worth as much as before.
def _cash_after(state: State, account: int, taken: Sequence[events.HaircutTaken]) -> list[int]:
    ledger = state.ledger
    cash = [ledger.cash(account, asset) for asset in range(len(ledger.assets))]
    for event in taken:
        if event.payer == account:
            cash[ledger.asset_index[event.asset]] -= event.quanta
    return cash


# A haircut in another asset settles its payer's funding, so it counts as well.
def _by_cash(
    state: State, asset: int, account: int, taken: Sequence[events.HaircutTaken]
) -> dict[int, int]:
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
            borne += _part_of(state, event, bidder, asset, taken)
        if isinstance(event, events.DeficitCovered) and bidder == backstop_of(state):
            borne += event.backstop_quanta
    return borne


def _part_of(
    state: State,
    event: events.LossSocialised,
    bidder: int,
    asset: int,
    taken: Sequence[events.HaircutTaken],
) -> int:
    if event.parts:
        return sum(part.quanta for part in event.parts if part.payer == bidder)
    held = _by_cash(state, asset, event.account, taken)
    parts = apportion(event.quanta, list(held.values()))
    return dict(zip(held, parts, strict=True)).get(bidder, 0)
