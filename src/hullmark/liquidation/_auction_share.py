"""An auction of a share of a solvent account: the price falls, and what may be bought is bounded.

Bidders pay for a slice of all that the account holds, at a factor of its value such as that of a
`TwoLegCurve`. Once nobody takes it for nothing, a fund pays
them to: see ``_auction_insolvent``. The rules are those of Derive's auction, in exact decimals; its
own whole units are in ``hullmark.rulebooks.derive``.

References
----------
``derivexyz/v2-core``, ``src/liquidation/DutchAuction.sol``, of the tests of commit 65102003.
"""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from hullmark.core import Number, decimal_of, exactly, not_negative, share
from hullmark.errors import InvalidInputError


class BidRefused(StrEnum):
    """Why a bid on a share of an account is not taken, in order of precedence."""

    ENDED = "the price has fallen to nothing: nothing is sold in this phase any more"
    CASH = "the bidder's cash does not cover the price and the margin of what it would take"
    PRICE_LIMIT = "the bidder would pay more than its limit"


class ShareAuctionEnd(StrEnum):
    """Why an auction of a share ends before all is taken."""

    NO_VALUE = "the account is worth less than nothing: the auction starts again as insolvent"
    RESERVED = "what bidders have paid in is worth as much as the account: nothing is left to sell"
    CURED = "the account is back at its target"


class SolventBid(NamedTuple):
    """A slice bought out of a solvent account.

    Parameters
    ----------
    share, largest : Decimal, in [0, 1]
        What is bought of the account as it stands, and the most that can be.
    price : Decimal, > 0
        Of the whole account but for the reserved cash.
    paid : Decimal
        From the bidder to the account; from now on reserved there.
    cash_needed : Decimal
        What the bidder must hold to be let in.
    ends : bool
        Whether the auction is over: the largest share was taken.
    """

    share: Decimal
    largest: Decimal
    price: Decimal
    paid: Decimal
    cash_needed: Decimal
    ends: bool


def buffered_health(health: Number, net_value: Number, *, buffer: Number) -> Decimal:
    """Return health with so much more of the requirement asked: what an auction restores to zero.

    ``health - buffer * (net_value - health)``. The difference of the two is the requirement, and
    what haircuts take from collateral.

    Parameters
    ----------
    health, net_value : number, USD or coin
        The first below zero where an auction runs.
    buffer : number >= 0
        Share of the requirement; 0 restores health itself.

    Raises
    ------
    InvalidInputError
        If *buffer* is below zero, or a number is none.

    >>> buffered_health(-100, 300, buffer="0.1")
    Decimal('-140.0')
    """
    short, worth = decimal_of("health", health), decimal_of("net_value", net_value)
    more = not_negative("buffer", buffer)
    with exactly():
        return short + (short - worth) * more


def solvent_price(net_value: Number, factor: Number, *, reserved: Number = 0) -> Decimal:
    """Return the price of a whole account: a share of its value, without the reserved cash.

    Parameters
    ----------
    net_value : number
        As it is now: the price follows the market.
    factor : number in [0, 1]
    reserved : number >= 0
        Cash that bidders of this auction have paid in. It lies in the account and is not for sale.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    >>> solvent_price(300, "0.9")
    Decimal('270.0')
    """
    worth, part = decimal_of("net_value", net_value), share("factor", factor)
    kept = not_negative("reserved", reserved)
    with exactly():
        return (worth - kept) * part


def largest_share(
    buffered: Number,
    net_value: Number,
    factor: Number,
    *,
    reserved: Number = 0,
    whole_below: Number = 0,
) -> Decimal:
    """Return the share of an account whose sale brings its buffered health to zero.

    ``f = B / (B - V d - R (1 - d))``. A sale of f leaves ``1 - f`` of all but the reserved cash R,
    that cash, and the payment ``f (V - R) d``; cash counts in full, so buffered health becomes
    ``B - f (B - V d - R (1 - d))``. The margin of a slice must be a slice of the margin for that.

    Parameters
    ----------
    buffered : number
        Buffered health B, of the account as it stands; 0 or more sells nothing.
    net_value : number >= 0, unless below *whole_below*
    factor : number in [0, 1]
    reserved : number >= 0
    whole_below : number
        An account worth less than this is sold whole, since its parts are not worth a bid.

    Returns
    -------
    Decimal, in [0, 1]
        A quotient of 60 digits.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    >>> round(largest_share(-140, 300, "0.9"), 6)
    Decimal('0.341463')
    >>> largest_share(-140, 300, "0.9", whole_below=500)
    Decimal('1')
    """
    target, worth = decimal_of("buffered", buffered), decimal_of("net_value", net_value)
    part, kept = share("factor", factor), not_negative("reserved", reserved)
    if worth < decimal_of("whole_below", whole_below):
        return Decimal(1)
    if worth < 0:
        raise InvalidInputError(f"net_value must be >= 0 in a solvent auction, was {worth}")
    if target >= 0:
        return Decimal(0)
    with exactly():
        return target / (target - worth * part - kept * (1 - part))


def left_after(amount: Number, taken: Number, paid: Number, *, reserved: Number = 0) -> Decimal:
    """Return what a slice leaves of any number that counts cash in full and the rest in proportion.

    Net value, health and buffered health all do: ``(1 - share) * (amount - R) + R + paid``.

    Parameters
    ----------
    amount : number
        Before the sale.
    taken : number in [0, 1]
        The share that was sold.
    paid : number
        Into the account.
    reserved : number >= 0
        Cash that is not for sale, before this payment.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    >>> left_after(300, "0.1", 27)
    Decimal('297.0')
    """
    before, gone = decimal_of("amount", amount), share("taken", taken)
    more, kept = decimal_of("paid", paid), not_negative("reserved", reserved)
    with exactly():
        return (1 - gone) * (before - kept) + kept + more


def solvent_bid(
    asked: Number,
    *,
    net_value: Number,
    buffered: Number,
    factor: Number,
    cash: Number,
    reserved: Number = 0,
    price_limit: Number | None = None,
    whole_below: Number = 0,
) -> SolventBid | BidRefused:
    """Return what a bid buys of a solvent account, or why it is refused.

    What is asked is cut to the largest share: to nothing, which ends the auction, where the account
    is at its target already. The bidder pays ``price * share`` and must hold
    ``|buffered - reserved| * share`` beside it, so that it meets the target itself.

    Parameters
    ----------
    asked : number in (0, 1]
        Share of the account as it stands.
    net_value, buffered, factor, reserved, whole_below
        As of `largest_share`.
    cash : number
        All that the bidder holds; a bidder with positions of its own is not let in.
    price_limit : number, optional
        The most it will pay for its share, in all.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.
    """
    wanted, held = asked_share(asked), decimal_of("cash", cash)
    kept, target = not_negative("reserved", reserved), decimal_of("buffered", buffered)
    limit = None if price_limit is None else decimal_of("price_limit", price_limit)
    price = solvent_price(net_value, factor, reserved=kept)
    if price <= 0:
        return BidRefused.ENDED
    most = largest_share(target, net_value, factor, reserved=kept, whole_below=whole_below)
    taken = min(wanted, most)
    with exactly():
        paid = price * taken
        needed = paid + abs(target - kept) * taken
    if held < needed:
        return BidRefused.CASH
    if limit is not None and paid > limit:
        return BidRefused.PRICE_LIMIT
    return SolventBid(taken, most, price, paid, needed, ends=wanted >= most)


def solvent_end(
    net_value: Number, buffered: Number, *, reserved: Number = 0
) -> ShareAuctionEnd | None:
    """Return why a solvent auction ends while its clock still runs, or None: it goes on.

    Raises
    ------
    InvalidInputError
        If *reserved* is below zero, or a number is none.

    >>> solvent_end(100, -5, reserved=100).name
    'RESERVED'
    """
    worth, kept = decimal_of("net_value", net_value), not_negative("reserved", reserved)
    if worth < 0:
        return ShareAuctionEnd.NO_VALUE
    if kept >= worth:
        return ShareAuctionEnd.RESERVED
    return ShareAuctionEnd.CURED if decimal_of("buffered", buffered) >= 0 else None


def asked_share(asked: Number) -> Decimal:
    """Return a share that can be bid for, or refuse it."""
    wanted = decimal_of("asked", asked)
    if not 0 < wanted <= 1:
        raise InvalidInputError(f"asked must be in (0, 1], was {wanted}")
    return wanted
