"""The arithmetic of one position, pure and exact: what a fill realises, what funding it owes."""

from typing import NamedTuple

from hullmark.core import INT64_MAX
from hullmark.errors import AmountOverflowError

MICRO = 10**6  # the funding index counts millionths of a quantum per lot


class Position(NamedTuple):
    """Lots and quote of one account in one instrument."""

    lots: int  # negative when short
    quote: int  # minus the signed cost of what is open, in settlement quanta
    paid_micro: int  # the funding index up to which it has settled


FLAT = Position(0, 0, 0)


def funding_due(position: Position, index_micro: int) -> int:
    """Return the quanta that a position owes since it last settled; negative: it receives.

    Rounded up either way: what is owed is not forgiven, and what is received is not invented.
    """
    return -(-position.lots * (index_micro - position.paid_micro) // MICRO)


def fill(position: Position, lots: int, cost_quanta: int) -> tuple[Position, int]:
    """Return the position after *lots* more at a total *cost_quanta*, and the profit realised.

    Reducing keeps the average cost of what remains, and moves the rest of the quote to cash. What
    remains is rounded up, so the profit is rounded down; neither leaves the account.
    """
    before, quote = position.lots, position.quote - cost_quanta
    after = before + lots
    if after == 0:
        kept = 0
    elif before * lots >= 0:  # opened or enlarged: nothing is realised
        kept = quote
    elif before * after > 0:  # reduced: what remains keeps its average cost
        kept = -(-position.quote * after // before)
    else:  # turned over: what is open now cost its share of this fill
        kept = -(cost_quanta * after // lots)
    result = Position(after, kept, position.paid_micro)
    for number in (after, kept):
        if not -INT64_MAX <= number <= INT64_MAX:
            raise AmountOverflowError(f"a position must fit in 64 bits, was {number}")
    return result, quote - kept
