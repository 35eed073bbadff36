"""Price limits that slide with an account's health, and what a fill brings beyond bankruptcy.

Net value is shared among positions by their notional: closing all of them at their bankruptcy
prices leaves nothing, and closing any of them takes no more than its share. A margin model need not
say what each position adds to its margin, so notional stands in for it.
"""

from collections.abc import Sequence

from hullmark.clearing._caseload import Case
from hullmark.clearing._standing import standing_of
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind, net_worth, slid
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX, NANO, mul_div_ceil
from hullmark.domain import Future, Instrument, Perpetual, events
from hullmark.ledger import Position, value_floor


def limited_unwinds(state: State, views: Views, case: Case) -> list[Unwind]:
    """Return the unwinds of what an account holds, at the price limits of its orders.

    They are a share of the mark, or slide from the mark to the bankruptcy price of each position.
    """
    unwinds = views.unwinds(case.held)
    if state.in_force.liquidation.limit != "sliding" or not all(u.mark_nano for u in unwinds):
        return unwinds
    standing = standing_of(views.health(case.account))
    shares = _shares(state, unwinds, case.held, case.cash)
    found = []
    for unwind, (number, position), share in zip(unwinds, case.held, shares, strict=True):
        price = _bankruptcy_nano(state, number, position.lots, unwind, share)
        found.append(slid(state, views.tables, number, unwind, position.lots, price, standing))
    return found


def bankruptcy_surplus(
    state: State, views: Views, order: events.LiquidationOrdered, lots: int, signed_cost: int
) -> int:
    """Return what a fill of *lots* brings over its bankruptcy price, rounded down; at least 0.

    Of what opens a position it is nothing.
    """
    ledger, account = state.ledger, order.account
    number = ledger.instrument_index[order.instrument]
    held = ledger.positions(account)
    unwinds = views.unwinds(held)
    cash = [ledger.cash(account, asset) for asset in range(len(ledger.assets))]
    shares = dict(zip((each for each, _ in held), _shares(state, unwinds, held, cash), strict=True))
    standing = dict(held).get(number)
    if standing is None or standing.lots * lots >= 0:
        return 0
    mark_nano = views.mark_nano(number)
    unit = ledger.assets[ledger.settlement(number)].quanta_per_unit
    worth = value_floor(ledger.instruments[number], -lots, mark_nano, unit)
    left = shares[number] * abs(lots) // abs(standing.lots)
    return max(-signed_cost - worth + left, 0)


# Each position's part of net value by notional, in quanta of its settlement asset, rounded down.
def _shares(
    state: State,
    unwinds: Sequence[Unwind],
    held: Sequence[tuple[int, Position]],
    cash: Sequence[int],
) -> list[int]:
    notional = [
        unwind.notional_nano(position.lots)
        for unwind, (_, position) in zip(unwinds, held, strict=True)
    ]
    total = max(sum(notional), 1)
    net = {
        asset: net_worth(state, unwinds, held, list(cash), asset)
        for asset in {unwind.settlement for unwind in unwinds}
    }
    return [
        net[unwind.settlement] * part // total
        for unwind, part in zip(unwinds, notional, strict=True)
    ]


# The price at which a position has lost its share, rounded towards the mark, as far as a price can
# say so: 0, or the largest there is, where no price takes as much.
def _bankruptcy_nano(state: State, number: int, lots: int, unwind: Unwind, share: int) -> int:
    terms: Instrument = state.ledger.instruments[number]
    over, under = unwind.lot_ratio
    left = lots * over // under - share  # what the position is worth there
    unit = state.ledger.assets[unwind.settlement].quanta_per_unit
    scale = lots * terms.lot_nano * unit
    if isinstance(terms, Perpetual | Future) and terms.inverse:
        if left * scale >= 0:  # beyond all prices: a short that cannot fall, a long that is gone
            return INT64_MAX if lots < 0 else unwind.mark_nano
        price = -(scale // left) if lots > 0 else -scale // left
    elif lots > 0:
        price = mul_div_ceil(max(left, 0), NANO * NANO, scale)
    else:
        price = max(-left, 0) * NANO * NANO // -scale
    return min(price, INT64_MAX)
