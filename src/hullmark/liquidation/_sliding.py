"""The order-book path: a limit that slides to the bankruptcy price, and what its fills leave.

At maintenance margin an order may cost nothing against the mark; the less margin is left, the more
it may, and where none is left it may cost all there is. Laws:

1. Less equity never gives a better limit.
2. The limit never lies beyond the bankruptcy price, so that no fill makes a deficit.
3. It is never better than the mark: an account that is bankrupt at the mark is closed there, and
   what it lacks is a deficit.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum, auto
from typing import NamedTuple

from hullmark.core import Number, clamped, decimal_of, exactly, not_negative, positive
from hullmark.errors import InvalidInputError


class SurplusTo(Enum):
    """Who gets what a fill brings above the bankruptcy price."""

    ACCOUNT = auto()  # all of it
    FUND = auto()  # all of it
    FEE = auto()  # the fund, up to a fee; the account what is left


class BookLevel(NamedTuple):
    """Lots that a book offers at a price."""

    price_nano: int
    lots: int


class Walked(NamedTuple):
    """What an order found in a book inside its limit.

    Attributes
    ----------
    lots, left : int
        Filled, and not.
    worth_nano : int
        Sum of lots times price.
    worst_nano : int or None
        Price of the last fill; ``None``: nothing was filled.
    """

    lots: int
    left: int
    worth_nano: int
    worst_nano: int | None


class FillAccount(NamedTuple):
    """Who gets and who pays what of a fill, in settlement quanta, each >= 0.

    Attributes
    ----------
    surplus, deficit : int
        Against the bankruptcy quote; one of them is 0.
    to_fund, to_account : int
        Of the surplus.
    from_fund, uncovered : int
        Of the deficit; the second is for the steps of the waterfall behind the fund.
    """

    surplus: int
    deficit: int
    to_fund: int
    to_account: int
    from_fund: int
    uncovered: int


def sliding_limit(
    mark: Number, bankruptcy: Number, *, equity: Number, maintenance: Number, long: bool
) -> Decimal:
    """Return the price limit of a closing order.

    ``mark + (bankruptcy - mark) * (1 - equity / maintenance)``, the last factor in [0, 1]; the mark
    where the bankruptcy price is on its good side.

    Parameters
    ----------
    mark : number > 0, quote units
    bankruptcy : number >= 0, quote units
    equity, maintenance : number, one unit
        Maintenance equity and maintenance margin, the second > 0.
    long : bool
        Of the position that is closed.

    >>> sliding_limit(100, 90, equity=25, maintenance=100, long=True)
    Decimal('92.50')
    >>> sliding_limit(100, 101, equity=-5, maintenance=100, long=True)
    Decimal('100')
    """
    fair, zero = positive("mark", mark), not_negative("bankruptcy", bankruptcy)
    have, need = decimal_of("equity", equity), positive("maintenance", maintenance)
    end = min(zero, fair) if long else max(zero, fair)
    with exactly():
        gone = clamped(1 - have / need, Decimal(0), Decimal(1))
        return fair + (end - fair) * gone


def sliding_limit_nano(
    mark_nano: int, bankruptcy_nano: int, equity: int, maintenance: int, *, long: bool
) -> int:
    """Return `sliding_limit` in nanos, rounded towards the mark.

    Parameters
    ----------
    mark_nano : int > 0
    bankruptcy_nano : int >= 0
    equity, maintenance : int, one unit
        The second > 0.
    long : bool

    >>> sliding_limit_nano(100, 90, 1, 4, long=True), sliding_limit_nano(100, 111, 1, 4, long=False)
    (93, 108)
    """
    if mark_nano <= 0:
        raise InvalidInputError(f"mark_nano must be > 0, was {mark_nano}")
    if bankruptcy_nano < 0:
        raise InvalidInputError(f"bankruptcy_nano must be >= 0, was {bankruptcy_nano}")
    if maintenance <= 0:
        raise InvalidInputError(f"maintenance must be > 0, was {maintenance}")
    gone = min(max(maintenance - equity, 0), maintenance)
    way = mark_nano - bankruptcy_nano if long else bankruptcy_nano - mark_nano
    slid = max(way, 0) * gone // maintenance
    return mark_nano - slid if long else mark_nano + slid


def walked_book(levels: Iterable[BookLevel], lots: int, *, limit_nano: int, long: bool) -> Walked:
    """Return what an order fills of a book: all it can inside its limit, or a part.

    Parameters
    ----------
    levels : iterable of BookLevel
        Best first: bids falling where a long is closed, asks rising where a short is.
    lots : int >= 0
    limit_nano : int
        The worst price that is taken, itself included.
    long : bool
        Of the position that is closed.

    Raises
    ------
    InvalidInputError
        If *lots* are below zero, or a level is not best first or holds nothing.

    >>> bids = [BookLevel(100, 3), BookLevel(98, 5), BookLevel(95, 9)]
    >>> walked_book(bids, 10, limit_nano=98, long=True)
    Walked(lots=8, left=2, worth_nano=790, worst_nano=98)
    """
    if lots < 0:
        raise InvalidInputError(f"lots must be >= 0, was {lots}")
    left, worth_nano, worst_nano, side = lots, 0, None, 1 if long else -1
    before_nano: int | None = None
    for level in levels:
        if level.lots <= 0:
            raise InvalidInputError(f"lots of a level must be > 0, was {level.lots}")
        if before_nano is not None and side * (level.price_nano - before_nano) > 0:
            raise InvalidInputError(
                f"levels must come best first, was {level.price_nano} after {before_nano}"
            )
        before_nano = level.price_nano
        if left == 0 or side * (level.price_nano - limit_nano) < 0:
            break
        filled = min(level.lots, left)
        left -= filled
        worth_nano += filled * level.price_nano
        worst_nano = level.price_nano
    return Walked(lots - left, left, worth_nano, worst_nano)


def fill_account(
    quote: int, bankruptcy: int, *, fund: int, surplus: SurplusTo, fee_max: int = 0
) -> FillAccount:
    """Return who gets and who pays what of a fill.

    Parameters
    ----------
    quote : int, settlement quanta
        What the account gets for the fill, signed: below zero it pays.
    bankruptcy : int, settlement quanta
        The quote at which nothing is left of the account's share; see `bankruptcy_quote`.
    fund : int >= 0, settlement quanta
    surplus : SurplusTo
    fee_max : int >= 0, settlement quanta
        The most that goes to the fund under `SurplusTo.FEE`.

    >>> fill_account(5_610, 5_100, fund=0, surplus=SurplusTo.FEE, fee_max=28)
    FillAccount(surplus=510, deficit=0, to_fund=28, to_account=482, from_fund=0, uncovered=0)
    >>> fill_account(5_049, 5_100, fund=30, surplus=SurplusTo.FUND)[1:]
    (51, 0, 0, 30, 21)
    """
    for name, value in (("fund", fund), ("fee_max", fee_max)):
        if value < 0:
            raise InvalidInputError(f"{name} must be >= 0, was {value}")
    over = max(quote - bankruptcy, 0)
    short = max(bankruptcy - quote, 0)
    to_fund = {SurplusTo.ACCOUNT: 0, SurplusTo.FUND: over, SurplusTo.FEE: min(over, fee_max)}[
        surplus
    ]
    from_fund = min(short, fund)
    return FillAccount(over, short, to_fund, over - to_fund, from_fund, short - from_fund)
