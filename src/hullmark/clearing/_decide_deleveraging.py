"""Closing the positions of a bankrupt account against those who gain by them.

One instrument at a time, in the order of instruments, so that each sees what the one before has
done. Where closing at the bankruptcy price takes the loss from those who are closed, it takes what
the steps before deleveraging do not pay, and no more.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from hullmark.clearing._caseload import Case
from hullmark.clearing._cases import net_quanta, unwinds_of
from hullmark.clearing._deleveraging_candidates import candidates_of
from hullmark.clearing._fills import Fill
from hullmark.clearing._fund_parts import before_deleveraging, market_now
from hullmark.clearing._haircuts import haircut
from hullmark.clearing._stage_step import bounded
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind
from hullmark.clearing._views import Views
from hullmark.core import INT64_MAX
from hullmark.domain import Event, Option, events
from hullmark.ledger import Position
from hullmark.waterfall import Closure, Deleveraging, Inventory, LotPrice, load_policy


def deleverage(state: State, views: Views, case: Case) -> Sequence[Event]:
    """Return the closures of one position of an account that is worth less than nothing.

    Nothing, where the waterfall does not deleverage, the account is worth something, or nobody is
    on the other side with a gain.
    """
    rules, unwinds = state.in_force.waterfall.deleveraging, unwinds_of(views, case)
    if rules is None or not case.held:
        return ()
    asset = unwinds[0].settlement
    deficit = -net_quanta(state, views, case, asset)
    if deficit <= 0:
        return ()
    market = market_now(state, case.account, unwinds, case.held)
    paid = before_deleveraging(state, case.account, market, asset, deficit)
    policy = load_policy(rules.policy)
    for unwind, (number, position) in zip(unwinds, case.held, strict=True):
        if isinstance(state.ledger.instruments[number], Option) or unwind.settlement != asset:
            continue
        part = _part(deficit - paid, unwind, position, unwinds, case)
        inventory = Inventory(
            instrument=unwind.symbol,
            lots=position.lots,
            mark=LotPrice(*unwind.lot_ratio),
            deficit_quanta=part,
        )
        side = -1 if position.lots > 0 else 1
        found = policy.allocate(
            inventory,
            candidates_of(state, views, number, side=side),
            price_rule=rules.price,
        )
        if found.closures:
            return _told(state, views, case.account, number, inventory, found)
    return ()


# Of several positions each brings its share of what is missing, by notional.
def _part(
    missing: int, unwind: Unwind, position: Position, unwinds: Sequence[Unwind], case: Case
) -> int:
    sizes = [u.notional_nano(p.lots) for u, (_, p) in zip(unwinds, case.held, strict=True)]
    total = sum(sizes)
    return missing * unwind.notional_nano(position.lots) // total if total else missing


def _told(
    state: State,
    views: Views,
    account: int,
    number: int,
    inventory: Inventory,
    found: Deleveraging,
) -> tuple[Event, ...]:
    rules, unwind = state.in_force.waterfall.deleveraging, views.unwind(number)
    assert rules is not None, "the step stands in the rules with its terms"
    asset = unwind.settlement
    closed = [_closed(account, unwind, closure, found.price) for closure in found.closures]
    fills = {told.counterparty: _taken_by(number, told) for told in closed}
    told: list[Event] = [*closed]
    told += (
        haircut(state, views, account, payer, asset, quanta, closed=fills.get(payer))
        for payer, quanta in found.haircuts
    )
    ended = events.DeleveragingEnded(
        account=account,
        instrument=unwind.symbol,
        policy=rules.policy,
        lots=sum(closure.lots for closure in found.closures),
        left_lots=found.left_lots,
        deficit_quanta=bounded(inventory.deficit_quanta),
        uncovered_quanta=bounded(found.uncovered_quanta),
    )
    return (*told, ended)


# The bankrupt account sells to a short, which is below zero, so its lots have the sign of the
# closure. The counterparty bears the rounding, as it does in its haircut.
def _closed(account: int, unwind: Unwind, closure: Closure, price: LotPrice) -> events.Deleveraged:
    worth = Fraction(price.numerator * abs(closure.lots), price.denominator)
    cost = math.floor(worth) if closure.lots > 0 else math.ceil(worth)
    return events.Deleveraged(
        account=account,
        counterparty=closure.account,
        instrument=unwind.symbol,
        lots=closure.lots,
        price_nano=_price_nano(unwind, price),
        cost_quanta=cost,
        haircut_quanta=closure.haircut_quanta,
        rank=closure.place,
    )


# The counterparty trades the other way: it pays the cost where it buys.
def _taken_by(number: int, closed: events.Deleveraged) -> Fill:
    cost = closed.cost_quanta if closed.lots < 0 else -closed.cost_quanta
    return Fill(number, -closed.lots, cost, 0)


# Told for people: what is booked is the cost. Lots are worth in proportion to the price, but for
# inverse ones, which are worth in proportion to its reciprocal.
def _price_nano(unwind: Unwind, price: LotPrice) -> int:
    over, under = unwind.lot_ratio
    ratio = Fraction(price.numerator * under, price.denominator * over) if over else Fraction(1)
    if over < 0 and ratio:  # an inverse contract counts what it owes
        ratio = 1 / ratio
    return min(max(int(ratio * unwind.mark_nano), 1), INT64_MAX) if ratio > 0 else 1
