"""How wide a price is, and which of its ends counts for whom."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum, auto
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive
from hullmark.errors import InvalidInputError


class Interval(NamedTuple):
    """The lowest and the highest that a price may be."""

    low: Decimal
    high: Decimal


class Purpose(Enum):
    """What a value is asked for."""

    ADD_RISK = auto()  # withdraw, borrow, open: in doubt for the fund
    SEIZE = auto()  # liquidate: in doubt for the account


def confidence_interval(price: Number, confidence: Number, *, multiple: Number = 1) -> Interval:
    """Return ``price -/+ multiple * confidence``, at least zero.

    Parameters
    ----------
    price : number > 0, quote units
    confidence : number >= 0, the same
    multiple : number >= 0
        2.12 covers 95 percent where errors are Laplace's and the confidence is their deviation.

    References
    ----------
    Pyth, "Best Practices", confidence intervals: collateral at the lower end, debt at the upper.

    >>> confidence_interval(50_000, 10)
    Interval(low=Decimal('49990'), high=Decimal('50010'))
    """
    middle, width = positive("price", price), not_negative("confidence", confidence)
    with exactly(200):
        width *= not_negative("multiple", multiple)
        return Interval(max(middle - width, Decimal(0)), middle + width)


def too_uncertain(price: Number, confidence: Number, share_max: Number) -> bool:
    """Return whether the confidence is more than a share of the price.

    >>> too_uncertain(100, 2, "0.02"), too_uncertain(100, "2.01", "0.02")
    (False, True)
    """
    middle, width = positive("price", price), not_negative("confidence", confidence)
    with exactly(200):
        return width > not_negative("share_max", share_max) * middle


def aggregate_confidence(quotes: Sequence[tuple[Number, Number]]) -> tuple[Decimal, Decimal]:
    """Return one price and confidence from those of several publishers.

    Each has three votes: its price, and that less and plus its confidence. The price is the median
    of the votes; the confidence the larger distance from it to their quartiles.

    Parameters
    ----------
    quotes : sequence of (price, confidence >= 0), quote units
        At least one.

    References
    ----------
    Pyth, ``pyth-client``, ``program/c/src/oracle/model/price_model.c``: of n votes in order the
    quartiles are number ``n // 4`` from either end. There the mean of two is rounded down to a
    unit, here it is exact.

    >>> aggregate_confidence([(100, 1), (101, 1), (102, 1)])
    (Decimal('101'), Decimal('1'))
    """
    if not quotes:
        raise InvalidInputError("quotes must not be empty, was []")
    with exactly(200):
        votes: list[Decimal] = []
        for said, wide in quotes:
            price, width = decimal_of("price", said), not_negative("confidence", wide)
            votes += [price - width, price, price + width]
        votes.sort()
        count, quarter = len(votes), len(votes) // 4
        half = count // 2
        middle = votes[half] if count % 2 else (votes[half - 1] + votes[half]) / 2
        return middle, max(middle - votes[quarter], votes[count - 1 - quarter] - middle)


def strict_sides(*views: Number | Interval) -> Interval:
    """Return the lowest and the highest of several views of one price.

    Assets count at the low side, debts at the high one. A view is a number or an interval.

    >>> strict_sides(100, 96, Interval(Decimal(99), Decimal(101)))
    Interval(low=Decimal('96'), high=Decimal('101'))
    """
    if not views:
        raise InvalidInputError("views must not be empty, was ()")
    ends = [end for view in views for end in (view if isinstance(view, tuple) else (view,))]
    numbers = [decimal_of("view", end) for end in ends]
    return Interval(min(numbers), max(numbers))


def side_for(purpose: Purpose, quantity: Number, sides: Interval) -> Decimal:
    """Return the side of a price at which a holding counts.

    To add risk the doubt is the account's: what it owns counts low, what it owes high. To be seized
    the doubt is the fund's: what it owns counts high, what it owes low.

    Parameters
    ----------
    purpose : Purpose
    quantity : number
        Above zero it is owned, below it is owed.
    sides : Interval

    >>> sides = Interval(Decimal(99), Decimal(101))
    >>> side_for(Purpose.ADD_RISK, 1, sides), side_for(Purpose.SEIZE, 1, sides)
    (Decimal('99'), Decimal('101'))
    """
    owned = decimal_of("quantity", quantity) >= 0
    return sides.low if owned == (purpose is Purpose.ADD_RISK) else sides.high
