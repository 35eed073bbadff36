"""An auction of a share of an insolvent account: its taker is paid, by a fund and then by all.

The payout rises from what the account owes beyond its worth to all that it lacks of its margin.

References
----------
``derivexyz/v2-core``, ``src/liquidation/DutchAuction.sol`` and ``src/SecurityModule.sol``, of the
tests of commit 65102003.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, positive
from hullmark.errors import InvalidInputError
from hullmark.liquidation._auction_share import BidRefused, asked_share


class InsolventBid(NamedTuple):
    """A slice of an insolvent account, whose taker is paid.

    Parameters
    ----------
    share : Decimal, in (0, 1]
    price : Decimal, <= 0
        Of the whole account.
    payout : Decimal, >= 0
        To the bidder: *from_fund* and *printed* together.
    from_fund : Decimal, >= 0
    printed : Decimal, >= 0
        What the fund lacked: a loss that all holders of cash share.
    cash_needed : Decimal, >= 0
        What the bidder must hold beside the payout.
    ends : bool
        Whether all was taken.
    """

    share: Decimal
    price: Decimal
    payout: Decimal
    from_fund: Decimal
    printed: Decimal
    cash_needed: Decimal
    ends: bool


def insolvent_price(
    net_value: Number, health: Number, elapsed_s: Number, *, length_s: Number
) -> Decimal:
    """Return the price of a whole insolvent account, at most 0: its taker is paid that much.

    From the net value, or 0 where that is positive, in a line to health over *length_s*, then
    health for good. A taker who gets all of it can hold the account with no cash of its own.

    Parameters
    ----------
    net_value, health : number
        As they are now; the second at most the first. Healthy accounts have no price: 0.
    elapsed_s, length_s : number >= 0, seconds

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    >>> insolvent_price(-100, -300, 300, length_s=600)
    Decimal('-200')
    """
    worth, short = decimal_of("net_value", net_value), decimal_of("health", health)
    elapsed, length = not_negative("elapsed_s", elapsed_s), not_negative("length_s", length_s)
    if short > worth:
        raise InvalidInputError(f"health must be <= {worth}, the net value, was {short}")
    if short >= 0:
        return Decimal(0)
    first = min(worth, Decimal(0))
    if elapsed >= length:
        return short
    with exactly():
        return first + (short - first) * elapsed / length


def insolvent_bid(
    asked: Number,
    *,
    net_value: Number,
    health: Number,
    elapsed_s: Number,
    length_s: Number,
    fund: Number,
    cash: Number,
    price_limit: Number | None = None,
) -> InsolventBid | BidRefused:
    """Return what the taker of a slice of an insolvent account is paid and by whom, or a refusal.

    The fund pays first, up to what it holds; the rest is printed. Payout and cash of the taker must
    meet the slice's part of the shortfall: ``cash >= |health| * share - payout``.

    Parameters
    ----------
    asked : number in (0, 1]
        Share of the account as it stands; nothing cuts it.
    net_value, health, elapsed_s, length_s
        As of `insolvent_price`, the second below 0: a healthy account is in no auction.
    fund : number >= 0
    cash : number
        All that the bidder holds.
    price_limit : number, optional
        The most it will pay; to ask for at least 50, give -50.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    >>> bid = insolvent_bid("0.5", net_value=-100, health=-300, elapsed_s=300, length_s=600,
    ...                     fund=40, cash=50)
    >>> bid.payout, bid.from_fund, bid.printed, bid.cash_needed
    (Decimal('100.0'), Decimal('40'), Decimal('60.0'), Decimal('50.0'))
    """
    taken, held = asked_share(asked), decimal_of("cash", cash)
    limit = None if price_limit is None else decimal_of("price_limit", price_limit)
    price = insolvent_price(net_value, health, elapsed_s, length_s=length_s)
    short = decimal_of("health", health)
    if short >= 0:
        raise InvalidInputError(f"health must be < 0 in an insolvent auction, was {short}")
    with exactly():
        payout = abs(price * taken)  # never the zero that carries a sign
        needed = abs(short) * taken - payout
        over_limit = limit is not None and -payout > limit
    if held < needed:
        return BidRefused.CASH
    if over_limit:
        return BidRefused.PRICE_LIMIT
    from_fund, printed = split_payout(payout, fund)
    return InsolventBid(taken, price, payout, from_fund, printed, needed, ends=taken == 1)


def split_payout(payout: Number, fund: Number) -> tuple[Decimal, Decimal]:
    """Return what a fund pays of an amount, and what it lacks.

    Raises
    ------
    InvalidInputError
        If one of the two is below zero.

    >>> split_payout(100, 40)
    (Decimal('40'), Decimal('60'))
    """
    asked, held = not_negative("payout", payout), not_negative("fund", fund)
    with exactly():
        return min(asked, held), max(asked - held, Decimal(0))


def withdrawals_locked(shortfalls: Iterable[Number], fund: Number) -> bool:
    """Return whether cash may not leave: open insolvent auctions may cost more than the fund has.

    Parameters
    ----------
    shortfalls : numbers > 0
        What each open insolvent auction was short of health when it started: its worst cost then.
    fund : number >= 0

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    >>> withdrawals_locked([300, 300], 600), withdrawals_locked([300, 300], 599)
    (False, True)
    """
    held = not_negative("fund", fund)
    with exactly():
        return sum((positive("shortfall", s) for s in shortfalls), Decimal(0)) > held
