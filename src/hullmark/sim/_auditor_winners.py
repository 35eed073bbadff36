"""Whose positions are closed and who pays, as the auditor works it out: fractions, one by one.

Source: ``docs/concepts/deleveraging.md``.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from hullmark.sim._auditor_stage_terms import LEAST_HAIRCUT, QUEUE


class Winner(NamedTuple):
    """One account on the other side, with a gain there and a net value above zero."""

    account: int
    lots: int
    quote: int
    net: int
    gain: int  # of all its positions in the asset

    @property
    def most(self) -> int:
        """What it can lose of gains alone."""
        return max(min(self.gain, self.net), 0)

    def rank(self, mark: Fraction) -> tuple[float | Fraction, int]:
        """Return its place in the queue: profit over cost, times value over net; then by number."""
        value = self.lots * mark
        if not self.quote:
            return -math.inf, self.account
        profit = Fraction(value + self.quote) / abs(self.quote)
        return -profit * abs(value) / self.net, self.account


class Closed(NamedTuple):
    """One position that is closed, or a part of it."""

    account: int
    lots: int  # signed as the position was
    haircut: int
    place: int


class Allocation(NamedTuple):
    """Both books: what is closed, and what is paid beside it."""

    closed: list[Closed]
    haircuts: dict[int, int]


def price_of(rule_is_mark: bool, mark: Fraction, lots: int, deficit: int) -> Fraction:
    """Return what a lot is closed at, in quanta: the mark, or where all lots bring the deficit."""
    return mark if rule_is_mark else mark + Fraction(deficit, lots)


def allocate(
    policy: str,
    winners: Sequence[Winner],
    *,
    lots: int,
    deficit: int,
    mark: Fraction,
    price: Fraction,
) -> Allocation:
    """Return what a policy makes of a bankrupt position and of what is missing."""
    order = sorted(winners, key=(lambda w: w.rank(mark)) if policy == QUEUE else None)
    closed = _close(policy, order, lots, mark, price)
    if policy == LEAST_HAIRCUT:
        return Allocation(closed, _in_proportion(deficit, {w.account: w.most for w in order}))
    lost = {one.account: one.haircut for one in closed}
    rest = max(deficit - sum(lost.values()), 0)
    most = {w.account: max(w.most - lost.get(w.account, 0), 0) for w in order}
    if policy != QUEUE:
        return Allocation(closed, _in_proportion(rest, most))
    haircuts = dict[int, int]()
    for account, able in most.items():
        if part := min(rest, able):
            haircuts[account] = part
            rest -= part
    return Allocation(closed, haircuts)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Return whole parts in proportion to weights: the largest remainders get what is left over."""
    whole = sum(weights)
    exact = [Fraction(total * weight, whole) if whole else Fraction(0) for weight in weights]
    parts = [math.floor(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda n: (parts[n] - exact[n], n))
    for place in order[: total - sum(parts) if whole else 0]:
        parts[place] += 1
    return parts


def _in_proportion(quanta: int, most: dict[int, int]) -> dict[int, int]:
    parts = apportion(min(quanta, sum(most.values())), list(most.values()))
    return {account: part for account, part in zip(most, parts, strict=True) if part}


# Nobody closes more than it can and stay solvent. Those who pay come first, then the hedged.
def _close(
    policy: str, order: Sequence[Winner], lots: int, mark: Fraction, price: Fraction
) -> list[Closed]:
    loss = (price - mark) if lots > 0 else (mark - price)  # of a lot, to whoever closes it
    bears = [abs(w.lots) if loss <= 0 else min(abs(w.lots), int(w.net / loss)) for w in order]
    left, found = abs(lots), list[tuple[Winner, int, int]]()
    if policy == QUEUE:
        for place, (winner, bear) in enumerate(zip(order, bears, strict=True), 1):
            found.append((winner, min(bear, left), place))
            left -= min(bear, left)
    else:
        pairs = list(zip(order, bears, strict=True))
        groups = [pairs]
        if policy == LEAST_HAIRCUT:
            paying = [(w, b) for w, b in pairs if w.most]
            groups = [paying, [(w, b) for w, b in pairs if not w.most]]
        for place, group in enumerate(groups, 1):
            wanted = min(left, sum(bear for _, bear in group))
            sizes = apportion(wanted, [bear for _, bear in group])
            found += [(w, size, place) for (w, _), size in zip(group, sizes, strict=True)]
            left -= wanted
    closed = [
        Closed(w.account, size if w.lots > 0 else -size, math.ceil(size * loss), place)
        for w, size, place in found
        if size
    ]
    return sorted(closed) if policy == LEAST_HAIRCUT else closed
