"""What a fund is worth with the positions that its engine still holds.

A balance is not a fund while the engine holds what it took over. In the night of 13 March 2020 the
fund of BitMEX had lost at most 2,606 XBT, and the engine held positions with a further 5,652 XBT of
unrealised loss at that time: so a fund is shown at three values, and decisions go by the last.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive
from hullmark.errors import InvalidInputError

_BAND = Decimal("0.01")  # depth is the notional that moves the price by this share


class Held(NamedTuple):
    """A position that the engine has taken over, in settlement units."""

    value: Number  # at the mark, signed: below zero for a short
    quote: Number  # minus the signed cost of it
    depth: Number  # notional that moves its price by one percent, > 0


class FundValue(NamedTuple):
    """A fund at its three values, in settlement units."""

    liquid: Decimal  # its balance
    at_mark: Decimal  # with what positions are worth at the mark
    at_impact: Decimal  # with what unwinding each at once would leave
    unrealised: Decimal  # of the positions, at the mark
    exit_cost: Decimal  # of unwinding, beyond the mark


def exit_share(notional: Number, depth: Number) -> Decimal:
    """Return what one order costs in a book at rest, as a share of its notional.

    Half of where it leaves the price: ``notional / depth`` percent, over two. The exact form of
    `hullmark.market.impact_share`, and not above 1: nothing is sold below a price of zero.

    Parameters
    ----------
    notional : number >= 0
    depth : number > 0, the same unit
        Notional that moves the price by one percent.

    >>> exit_share(100, 100), exit_share(100000, 100)
    (Decimal('0.005'), Decimal('1'))
    """
    size, deep = not_negative("notional", notional), positive("depth", depth)
    with exactly():
        return min(size * _BAND / (2 * deep), Decimal(1))


def fund_value(liquid: Number, positions: Sequence[Held]) -> FundValue:
    """Return what a fund is worth: its balance, at the mark, and after unwinding at impact.

    Positions are taken to stand in books of their own.

    Raises
    ------
    InvalidInputError
        If the balance is negative, or a depth is not positive.

    References
    ----------
    BitMEX blog, "BitMEX Insurance Fund: Your Questions Answered", 23 March 2020.

    >>> fund_value(100, [Held(value=400, quote=-430, depth=100)])[:3]
    (Decimal('100'), Decimal('70'), Decimal('62.00'))
    """
    cash = not_negative("liquid", liquid)
    with exactly():
        unrealised = cost = Decimal(0)
        for position in positions:
            value = decimal_of("value", position.value)
            unrealised += value + decimal_of("quote", position.quote)
            cost += abs(value) * exit_share(abs(value), position.depth)
        at_mark = cash + unrealised
        return FundValue(cash, at_mark, at_mark - cost, unrealised, cost)


def fund_exhausted(value: FundValue, *, floor: Number = 0) -> bool:
    """Return whether others must pay: what is left after unwinding at impact is at the floor.

    Raises
    ------
    InvalidInputError
        If the floor is negative.

    >>> fund_exhausted(fund_value(100, [Held(400, -430, 10)]))
    True
    """
    bound = decimal_of("floor", floor)
    if bound < 0:
        raise InvalidInputError(f"floor must be >= 0, was {bound}")
    return value.at_impact <= bound
