"""How much of an account goes to auction, where the debt in auctions is limited."""

from decimal import ROUND_FLOOR, Decimal, getcontext
from enum import StrEnum
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive


class SeizureRefusal(StrEnum):
    """Every reason to take nothing of an account, in order of precedence."""

    LIMIT_REACHED = "no room is left for debt in auctions"
    DUSTY_SEIZURE = "the part that fits is too small to be sold"
    NOTHING_SEIZED = "the part of the collateral rounds to nothing"


class Seizure(NamedTuple):
    """What is taken from an account, and what the auction has to raise.

    ``whole``: the account's whole debt; ``over_limit``: what that is beyond the room, quote units.
    """

    debt: Decimal
    collateral: Decimal
    target: Decimal
    whole: bool
    over_limit: Decimal


def size_seizure(
    debt: Number,
    collateral: Number,
    *,
    penalty: Number,
    room: Number,
    debt_min: Number,
    debt_quantum: Number | None = None,
    quantity_quantum: Number | None = None,
) -> Seizure | SeizureRefusal:
    """Return how much of an account is auctioned where room is limited.

    As much debt as fits with its penalty, and collateral in proportion. Dust works both ways: where
    less than ``debt_min`` would be left, the whole account is taken, even beyond the room; where
    less than that would be taken, nothing is. An account that fits whole may be dust itself.

    Parameters
    ----------
    debt : number > 0, quote units
    collateral : number >= 0, coins
    penalty : number >= 0, share of the debt
    room : number, quote units
        The lesser of what the market's limit and the global one leave; not above zero: none.
    debt_min : number >= 0, quote units
        Dust, without penalty.
    debt_quantum, quantity_quantum : number > 0, optional
        The debt that fits, and the collateral, are rounded down to multiples of these.

    Returns
    -------
    Seizure or SeizureRefusal

    References
    ----------
    MakerDAO, ``dss``, ``src/dog.sol`` [3f30552], function ``bark``.

    >>> found = size_seizure(100, 40, penalty=0, room=80, debt_min=20)
    >>> str(found.debt), str(found.collateral), found.whole
    ('80', '32', False)
    >>> size_seizure(100, 40, penalty=0, room="80.5", debt_min=20).over_limit
    Decimal('19.5')
    """
    owed, held = positive("debt", debt), not_negative("collateral", collateral)
    least = not_negative("debt_min", debt_min)
    with exactly(200):
        space, factor = decimal_of("room", room), 1 + not_negative("penalty", penalty)
        if space <= 0:
            return SeizureRefusal.LIMIT_REACHED
        taken = min(owed, floored_quotient(space, factor, debt_quantum))
        if taken < owed:
            if owed - taken < least:
                taken = owed
            elif taken < least:
                return SeizureRefusal.DUSTY_SEIZURE
        whole = taken == owed
        part = held if whole else floored_quotient(held * taken, owed, quantity_quantum)
        if part <= 0:
            return SeizureRefusal.NOTHING_SEIZED
        target = taken * factor
        return Seizure(taken, part, target, whole, max(target - space, Decimal(0)))


def floored_quotient(value: Decimal, divisor: Decimal, quantum: Number | None) -> Decimal:
    """Return a quotient rounded down to a multiple of the quantum, or to 60 digits."""
    if quantum is not None:
        step = positive("quantum", quantum)
        return value // (divisor * step) * step
    with exactly():
        getcontext().rounding = ROUND_FLOOR
        return value / divisor
