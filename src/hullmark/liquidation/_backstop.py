"""Firm quotes of market makers: whose turn it is, how much each may take, and when it is enough.

A quote says how many lots its maker takes over, and how far its price is from the mark, as a share
of it. The nearest price comes first, of equal prices the one that was posted first. Lots are whole,
prices and shares are nanos, and nothing depends on anything that is not given.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple, TypeAlias

from hullmark.core import (
    INT64_MAX,
    NANO,
    Number,
    decimal_of,
    exactly,
    mul_div_ceil,
    mul_div_floor,
    not_negative,
    positive,
)
from hullmark.errors import InvalidInputError

_DIGITS = 200  # more than products and sums of money have; what is divided is rounded once


class FirmQuote(NamedTuple):
    """What one maker has promised.

    Attributes
    ----------
    quote : int
        Its number.
    maker : int
        The account that takes over.
    lots : int, not zero
        That are left, signed as the maker would trade: above zero it buys.
    offset_nano : int, [0, 10**9)
        Share of the mark by which the price is worse for the account.
    posted_ns, expires_ns : int
        From when on it stands, and the first instant at which it does not any more.
    """

    quote: int
    maker: int
    lots: int
    offset_nano: int
    posted_ns: int
    expires_ns: int


class Taken(NamedTuple):
    """What is taken of one quote; lots are signed as the account trades."""

    quote: int
    maker: int
    lots: int


# Of a quote, how many lots there are for it, and what has been taken before: the most it may take.
AtMost: TypeAlias = Callable[[FirmQuote, int, Sequence[Taken]], int]


def ranked_quotes(lots: int, quotes: Sequence[FirmQuote], *, now_ns: int) -> tuple[FirmQuote, ...]:
    """Return the quotes that can take some of signed *lots* now, the first in turn first.

    By price, then by time, then by number.

    >>> near = FirmQuote(2, 101, 5, 10**7, posted_ns=7, expires_ns=90)
    >>> far = FirmQuote(1, 102, 5, 2 * 10**7, posted_ns=3, expires_ns=90)
    >>> [quote.quote for quote in ranked_quotes(-4, [far, near], now_ns=10)]
    [2, 1]
    >>> ranked_quotes(-4, [far, near], now_ns=90), ranked_quotes(4, [far, near], now_ns=10)
    ((), ())
    """
    firm = [q for q in quotes if q.lots * lots < 0 and q.expires_ns > now_ns]
    return tuple(sorted(firm, key=lambda q: (q.offset_nano, q.posted_ns, q.quote)))


def allocate_quotes(
    lots: int,
    quotes: Sequence[FirmQuote],
    *,
    now_ns: int,
    rooms: Mapping[int, int] | None = None,
    at_most: AtMost | None = None,
) -> tuple[Taken, ...]:
    """Return who takes how much of what an account wants to trade, in the order of their turns.

    Each takes what is left to be traded, as far as its quote, its maker's room and *at_most* go.

    Parameters
    ----------
    lots : int
        That the account wants to trade, signed.
    quotes : sequence of FirmQuote
    now_ns : int
    rooms : mapping of int to int, optional
        Lots that a maker may take over in all, by `room_lots`; a maker that is not named takes any.
    at_most : callable, optional
        Asked in turn of each quote that could take something, with the number of lots and what has
        been taken before it; it returns how many of them may be taken.

    Raises
    ------
    InvalidInputError
        If a room is below zero, or *at_most* returns more than it was asked about, or below zero.

    >>> quotes = [FirmQuote(n, 100 + n, 5, n * 10**7, posted_ns=0, expires_ns=9) for n in (1, 2)]
    >>> allocate_quotes(-8, quotes, now_ns=0)
    (Taken(quote=1, maker=101, lots=-5), Taken(quote=2, maker=102, lots=-3))
    >>> allocate_quotes(-8, quotes, now_ns=0, rooms={101: 2})
    (Taken(quote=1, maker=101, lots=-2), Taken(quote=2, maker=102, lots=-5))
    """
    left, room, taken = abs(lots), dict(rooms or {}), list[Taken]()
    if negative := sorted(maker for maker, most in room.items() if most < 0):
        raise InvalidInputError(f"rooms must be >= 0, was {room[negative[0]]} of {negative[0]}")
    for quote in ranked_quotes(lots, quotes, now_ns=now_ns):
        part = min(left, abs(quote.lots), room.get(quote.maker, left))
        if part and at_most is not None:
            asked, part = part, at_most(quote, part, tuple(taken))
            if not 0 <= part <= asked:
                raise InvalidInputError(f"at_most must return 0 to {asked} lots, was {part}")
        if not part:
            continue
        taken.append(Taken(quote.quote, quote.maker, part if lots > 0 else -part))
        left -= part
        if quote.maker in room:
            room[quote.maker] -= part
        if not left:
            break
    return tuple(taken)


def quote_price_nano(mark_nano: int, lots: int, *, offset_nano: int) -> int:
    """Return the price at which an account trades signed *lots* against a quote.

    Worse than the mark by the offset, rounded towards the mark; at least a billionth.

    Raises
    ------
    InvalidInputError
        If the mark is not above zero, or the offset not in [0, 10**9).

    >>> quote_price_nano(100, -5, offset_nano=15 * 10**6), quote_price_nano(
    ...     100, 5, offset_nano=15 * 10**6
    ... )
    (99, 101)
    """
    if mark_nano <= 0:
        raise InvalidInputError(f"mark_nano must be > 0, was {mark_nano}")
    if not 0 <= offset_nano < NANO:
        raise InvalidInputError(f"offset_nano must be in [0, {NANO}), was {offset_nano}")
    if lots < 0:
        return max(mul_div_ceil(mark_nano, NANO - offset_nano, NANO), 1)
    return min(mul_div_floor(mark_nano, NANO + offset_nano, NANO), INT64_MAX)


def room_lots(
    held: int,
    side: int,
    *,
    lot_usd: Number,
    depth_usd: Number | None = None,
    depth_share: Number | None = None,
    capital_usd: Number | None = None,
    capital_share: Number | None = None,
) -> int | None:
    """Return how many lots a maker may take over without holding too much of a market.

    After it the maker's position is worth no more than *depth_share* of the depth of the market,
    nor than *capital_share* of what the maker is worth. What makes a position smaller has room,
    however large that is. A cap whose amount is not known is a cap of zero.

    Parameters
    ----------
    held : int
        Lots that the maker holds, signed.
    side : int, 1 or -1
        Whether it would buy or sell.
    lot_usd : number > 0
        Notional of one lot.
    depth_usd, capital_usd : number, USD, optional
        A capital below zero counts as zero.
    depth_share, capital_share : number >= 0, optional
        ``None``: no such cap.

    Returns
    -------
    int or None
        ``None``: as many as it likes, there is no cap.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    >>> room_lots(3, 1, lot_usd=100, depth_usd=10_000, depth_share="0.1")
    7
    >>> room_lots(3, -1, lot_usd=100, depth_usd=10_000, depth_share="0.1")
    13
    >>> room_lots(3, 1, lot_usd=100, depth_share="0.1", capital_usd=10**6, capital_share=2)
    0
    """
    if side not in (1, -1):
        raise InvalidInputError(f"side must be 1 or -1, was {side}")
    lot, caps = positive("lot_usd", lot_usd), list[Decimal]()
    with exactly(_DIGITS):
        if depth_share is not None:
            depth = not_negative("depth_usd", 0 if depth_usd is None else depth_usd)
            caps.append(not_negative("depth_share", depth_share) * depth)
        if capital_share is not None:
            capital = decimal_of("capital_usd", 0 if capital_usd is None else capital_usd)
            caps.append(not_negative("capital_share", capital_share) * max(capital, Decimal(0)))
        if not caps:
            return None
        most = int((min(caps) / lot).to_integral_value(ROUND_FLOOR))
    return max(most - held * side, 0)


def quote_loss(paid: int, taken_lots: int, *, lot_ratio: tuple[int, int]) -> int:
    """Return what a maker has lost on what it took under a quote, in quanta; a gain is below zero.

    What it paid, less what the lots are worth at the mark, rounded down.

    Parameters
    ----------
    paid : int, quanta
        Below zero where the maker was paid.
    taken_lots : int
        Signed as the maker holds them.
    lot_ratio : pair of int
        Quanta that one lot is worth at the mark, as a ratio whose denominator is above zero.

    >>> quote_loss(485, 5, lot_ratio=(90, 1)), quote_loss(-515, -5, lot_ratio=(90, 1))
    (35, -65)
    """
    over, under = lot_ratio
    return int(paid - taken_lots * over // under)


def loss_reached(loss: int, loss_max: int | None) -> bool:
    """Return whether a maker has lost as much as it allowed for; ``None``: it allowed for any.

    >>> loss_reached(35, 35), loss_reached(34, 35), loss_reached(10**9, None)
    (True, False, False)
    """
    return loss_max is not None and loss >= loss_max
