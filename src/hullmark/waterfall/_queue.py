"""The queue: whole positions from the top, ranked by profit and leverage."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import inf
from typing import NamedTuple

from hullmark.waterfall._adl import rest_of, settle
from hullmark.waterfall._candidates import (
    BY_ACCOUNT,
    Candidate,
    Deleveraging,
    Haircut,
    Inventory,
    LotPrice,
    PriceRule,
    bearable,
    closed,
    eligible,
)
from hullmark.waterfall._ranks import lights


@dataclass(frozen=True, slots=True)
class Queue:
    """Close whole positions from the top of the queue until the inventory is gone.

    The rank is profit times leverage, as BitMEX has it: unrealised profit over the value at entry,
    times the value at the mark over the net value of the account. Equal ranks go by account. The
    last position is closed in part. A position is closed only as far as its account stays solvent.
    What the price does not bring, because the inventory was not closed whole or the price is
    another one, is taken in the order of the queue, from each no more than its net gain.

    References
    ----------
    BitMEX, "What is Auto-Deleveraging", and "Auto-Deleveraging Examples", read 2026.
    """

    price_rule: PriceRule = PriceRule.BANKRUPTCY

    def allocate(
        self,
        inventory: Inventory,
        candidates: Sequence[Candidate],
        /,
        *,
        price_rule: PriceRule | None = None,
    ) -> Deleveraging:
        """Return the closures and haircuts for one inventory."""
        mark, price = inventory.mark, inventory.price(price_rule or self.price_rule)
        order = ranked(eligible(inventory, candidates), mark)
        sizes, left = [], abs(inventory.lots)
        for most in bearable(order, mark, price):
            sizes.append(min(most, left))
            left -= sizes[-1]
            if not left:
                break
        closures = closed(order, sizes, count(1), mark=mark, price=price)
        rest, able = rest_of(inventory, closures, order)
        haircuts = []
        for candidate, most in zip(order, able, strict=True):
            if not rest:
                break
            if part := min(rest, most):
                haircuts.append(Haircut(candidate.account, part))
                rest -= part
        return settle(inventory, price, closures, haircuts)


class QueueRow(NamedTuple):
    """What an account is shown of its place."""

    account: int
    place: int  # from 1: first to be closed
    lights: int  # 5 for the first fifth of the lots, down to 1
    lots: int
    exposed: bool  # with a gain and a net value: may be deleveraged at all
    price: LotPrice  # at which it would be closed now


def published_queue(
    inventory: Inventory,
    candidates: Sequence[Candidate],
    *,
    price_rule: PriceRule = PriceRule.BANKRUPTCY,
) -> tuple[QueueRow, ...]:
    """Return the queue of the side opposite to an inventory, its losers at the end of it.

    In calm there is no inventory: ask with one lot and no deficit, at which the price is the mark.
    Accounts without a net value above zero stand in no queue: they are the bankrupt ones.
    """
    price, side = inventory.price(price_rule), -1 if inventory.lots > 0 else 1
    exposed = {candidate.account for candidate in eligible(inventory, candidates)}
    opposite = [c for c in candidates if c.lots * side > 0 and c.net_quanta > 0]
    order = ranked(opposite, inventory.mark)
    shown = zip(order, lights([abs(c.lots) for c in order]), strict=True)
    return tuple(
        QueueRow(c.account, place, lit, c.lots, c.account in exposed, price)
        for place, (c, lit) in enumerate(shown, 1)
    )


def ranked(candidates: Sequence[Candidate], mark: LotPrice) -> list[Candidate]:
    """Return candidates with a net value above zero in the order of the queue.

    The order is exact. A quotient of integers is the float nearest to it, so that floats which
    differ are in the order of their ranks; those that do not are told apart as fractions.
    """
    by_account = sorted(candidates, key=BY_ACCOUNT)
    ranks = [_rank(candidate, mark) for candidate in by_account]
    scores = [_float(above, below) for above, below in ranks]
    order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    alike = {score for score, n in Counter(scores).items() if n > 1}
    if alike:
        order.sort(key=lambda n: (-scores[n], _exact(*ranks[n]) if scores[n] in alike else (), n))
    return [by_account[n] for n in order]


# Profit share times leverage for a gain, and divided by it for a loss, as one ratio. The squared
# denominator of the mark stands below in the first, since profit and value are multiplied.
def _rank(candidate: Candidate, mark: LotPrice) -> tuple[int, int]:
    num, den = mark
    _, lots, quote, net, _ = candidate
    value = lots * num
    gain = value + quote * den
    if gain > 0:
        return gain * abs(value), abs(quote) * net * den * den
    return gain * net, abs(quote * value)


def _float(above: int, below: int) -> float:
    try:
        return above / below
    except (OverflowError, ZeroDivisionError):  # nothing was paid for it: first, or last
        return inf if above > 0 else -inf


# Nothing paid comes before any quotient, however large.
def _exact(above: int, below: int) -> tuple[bool, Fraction]:
    return bool(below), -Fraction(above, below or 1)
