"""Deleveraging policies: what one is given, what it answers, and how it is found.

A policy keeps two books. *Positions*: what it closes is at most the inventory of the bankrupt.
*Loss*: what each account pays, through the price of its closure or as a share beside it. It
proposes and touches nothing; what it says is checked again when it is carried out.

Policies are found by name among the installed distributions::

    [project.entry-points."hullmark.deleveraging"]
    queue = "hullmark.waterfall:Queue"

Ours are registered in the same way.
"""

from collections.abc import Sequence
from functools import cache
from typing import Protocol

from hullmark.core import load_plugin
from hullmark.waterfall._candidates import (
    Candidate,
    Closure,
    Deleveraging,
    Haircut,
    Inventory,
    LotPrice,
    PriceRule,
    capacities,
    eligible,
    haircut_at,
)

_GROUP = "hullmark.deleveraging"


class DeleveragingPolicy(Protocol):
    """Chooses whose positions are closed, and who pays what is missing."""

    def allocate(
        self,
        inventory: Inventory,
        candidates: Sequence[Candidate],
        /,
        *,
        price_rule: PriceRule | None = None,
    ) -> Deleveraging:
        """Return the closures and haircuts for one inventory; no price rule: the policy's own.

        Equal arguments give equal answers, in whatever order the candidates stand: no clock, no
        chance, no memory. Only accounts with a gain on the opposite side are named.
        """
        ...


@cache
def load_policy(name: str) -> DeleveragingPolicy:
    """Build the installed policy called *name*; it has no memory, so that one does for all."""
    policy: DeleveragingPolicy = load_plugin(_GROUP, name)()
    return policy


def settle(
    inventory: Inventory,
    price: LotPrice,
    closures: Sequence[Closure],
    haircuts: Sequence[Haircut],
) -> Deleveraging:
    """Return both books, with what is left of the inventory and of the deficit."""
    closed = sum([closure.lots for closure in closures])
    paid = sum([c.haircut_quanta for c in closures]) + sum([h.quanta for h in haircuts])
    uncovered = max(0, inventory.deficit_quanta - paid)
    left = inventory.lots + closed
    assert left == 0 or (left > 0) == (inventory.lots > 0), "closed at most the inventory"
    return Deleveraging(tuple(closures), tuple(haircuts), uncovered, left, price)


def rest_of(
    inventory: Inventory, closures: Sequence[Closure], candidates: Sequence[Candidate]
) -> tuple[int, list[int]]:
    """Return what the closures leave of the deficit, and what each candidate can still pay of it.

    That is its capacity less what its own closure took; what a closure gave it can be taken back.
    """
    rest = inventory.deficit_quanta - sum([closure.haircut_quanta for closure in closures])
    if rest <= 0:
        return 0, [0] * len(candidates)
    able = capacities(candidates)
    taken = {closure.account: closure.haircut_quanta for closure in closures}
    if any(taken.values()):
        pairs = zip(candidates, able, strict=True)
        able = [max(0, most - taken.get(c.account, 0)) for c, most in pairs]
    return rest, able


def still_valid(
    closure: Closure, candidate: Candidate, inventory: Inventory, price: LotPrice
) -> bool:
    """Return whether a closure may still be carried out, as the account and the mark are now.

    The account is still on the opposite side with a gain, holds what is closed, the inventory still
    has it, and what it loses through the price leaves it a net value of zero or more.

    References
    ----------
    ``sherlock-audit/2023-02-gmx-judging``, issues 143 and 153: positions were chosen by a keeper
    and not looked at again, nor was their price bounded, when they were closed.
    """
    if closure.account != candidate.account or not closure.lots:
        return False
    if not eligible(inventory, (candidate,)) or (closure.lots > 0) != (candidate.lots > 0):
        return False
    if abs(closure.lots) > min(abs(candidate.lots), abs(inventory.lots)):
        return False
    return haircut_at(closure.lots, inventory.mark, price) <= candidate.net_quanta
