"""A bid in Derive's auction: what is bought, who pays whom, and what moves between accounts.

Amounts are whole numbers of 1e-18 USD, shares of 1e-18 of the account as it stands.

References
----------
``derivexyz/v2-core``: ``src/liquidation/DutchAuction.sol``, ``bid``, as `AuctionTerms`;
``src/risk-managers/BaseManager.sol``, ``executeBid``, commit 12cb35a5.
"""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.derive._auction import (
    Auction,
    AuctionRefused,
    auction_price,
    auction_status,
)
from hullmark.rulebooks.derive._auction_module import request_payout
from hullmark.rulebooks.derive._auction_terms import (
    AuctionMargins,
    AuctionTerms,
    auction_discount_trunc,
    max_share_trunc,
)
from hullmark.rulebooks.derive._fixed import UNIT, mul_trunc, whole

CASH = "cash"  # the asset that bids are paid in


class Bid(Struct, frozen=True, kw_only=True):
    """What a bidder asks for, and who it is.

    Parameters
    ----------
    share : int, 1e-18
        Of the account as it stands; must be in (0, 1].
    balances : mapping of asset to int, 1e-18
        All that the bidder holds, as last touched: nothing but cash is let in.
    price_limit : int or None, 1e-18 USD
        The most it pays in all; below zero, the least that it is paid. The contract's word for none
        is 0.
    last_trade : int or None
        Number of the account's last trade as the bidder knows it; None takes any. The contract's
        word for any is 0.
    same_manager, owner : bool
        Whether the bidder's account has the manager of the auctioned one; and is the sender's.

    Raises
    ------
    InvalidInputError
        If a limit or a trade is 0.
    """

    share: int
    balances: Mapping[str, int]
    price_limit: int | None = None
    last_trade: int | None = None
    same_manager: bool = True
    owner: bool = True

    def __post_init__(self) -> None:
        whole("share", self.share)
        for name in ("price_limit", "last_trade"):
            if getattr(self, name) == 0:
                raise InvalidInputError(f"{name} must be None where there is none, was 0")


class BidResult(NamedTuple):
    """A bid that was taken.

    Parameters
    ----------
    auction : Auction
        After it.
    share : int, 1e-18
        What was bought of the account as it stood.
    share_max : int, 1e-18
        What could have been.
    price : int, 1e-18 USD
        Of the whole account; below zero it is paid to the taker.
    cash_from_bidder : int, 1e-18 USD, >= 0
        To the account.
    cash_to_bidder : int, 1e-18 USD, >= 0
        *from_module* and *printed* together.
    from_module, printed : int, 1e-18 USD, >= 0
        What the security module paid, and what `socialise_loss` has to print.
    cash_needed : int, 1e-18 USD, >= 0
        What the bidder had to hold.
    """

    auction: Auction
    share: int
    share_max: int
    price: int
    cash_from_bidder: int
    cash_to_bidder: int
    from_module: int
    printed: int
    cash_needed: int


def place_bid(
    terms: AuctionTerms,
    auction: Auction | None,
    margins: AuctionMargins,
    bid: Bid,
    *,
    now_s: int,
    module_cash: int = 0,
    last_trade: int = 0,
    whitelisted: bool = True,
) -> BidResult | AuctionRefused:
    """Take a bid, or return the first reason of `AuctionRefused` against it.

    A solvent auction sells up to the largest share, and ends with it; the bidder needs
    ``cash + |BM - R| * share``. An insolvent one sells what is asked, ends with the whole, and
    the bidder needs ``|MM| * share`` less what it is paid.

    Parameters
    ----------
    terms : AuctionTerms
    auction : Auction or None
    margins : AuctionMargins
        Of the account as it stands, under the auction's scenario.
    bid : Bid
    now_s : int, seconds
    module_cash : int, 1e-18 USD, >= 0
        Cash of the security module.
    last_trade : int
        Number of the account's last trade.
    whitelisted : bool
        Whether the account's manager may have its accounts auctioned.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds, or an insolvent account's maintenance margin is above its
        mark to market: the contract reverts there, without a name of its own.
    """
    if refused := _refused_bidder(bid, last_trade, whitelisted):
        return refused
    price = _price_for_bid(terms, auction, margins, now_s)
    if isinstance(price, AuctionRefused):
        return price
    assert auction is not None  # one that is not there has no price
    if auction.insolvent:
        return _insolvent_bid(auction, margins, bid, price, module_cash)
    most = max_share_trunc(
        terms,
        mtm=margins.mtm,
        buffer_margin=margins.buffer,
        discount=auction_discount_trunc(terms, now_s - auction.started_s),
        reserved=auction.reserved,
    )
    return _solvent_bid(auction, margins, bid, price, most)


def _price_for_bid(
    terms: AuctionTerms, auction: Auction | None, margins: AuctionMargins, now_s: int
) -> int | AuctionRefused:
    status = auction_status(terms, auction, margins, now_s=now_s)
    if isinstance(status, AuctionRefused):
        return status
    if status.done is not None:
        return AuctionRefused.AUCTION_SHOULD_BE_TERMINATED
    # Neither reserved cash above the mark to market nor a price below 0 gets here.
    price = auction_price(terms, auction, margins, now_s=now_s)
    return AuctionRefused.SOLVENT_AUCTION_ENDED if price == 0 and _sells(auction) else price


def _sells(auction: Auction | None) -> bool:
    return auction is not None and not auction.insolvent


def _refused_bidder(bid: Bid, last_trade: int, whitelisted: bool) -> AuctionRefused | None:
    for holds, reason in (
        (not 0 < bid.share <= UNIT, AuctionRefused.INVALID_PERCENTAGE),
        (bid.last_trade not in (None, last_trade), AuctionRefused.INVALID_LAST_TRADE_ID),
        (not whitelisted, AuctionRefused.NOT_WHITELISTED_MANAGER),
        (not bid.same_manager, AuctionRefused.CANNOT_BID_WITH_DIFFERENT_MANAGER),
        (not bid.owner, AuctionRefused.SENDER_NOT_OWNER),
    ):
        if holds:
            return reason
    return None


def _solvent_bid(
    auction: Auction, margins: AuctionMargins, bid: Bid, price: int, most: int
) -> BidResult | AuctionRefused:
    taken = min(bid.share, most)
    paid = mul_trunc(price, taken)
    needed = paid + mul_trunc(abs(margins.buffer - auction.reserved), taken)
    if refused := _refused_cash(bid, needed, paid):
        return refused
    after = replace(auction, reserved=auction.reserved + paid, ongoing=bid.share < most)
    return BidResult(after, taken, most, price, paid, 0, 0, 0, needed)


def _insolvent_bid(
    auction: Auction, margins: AuctionMargins, bid: Bid, price: int, module_cash: int
) -> BidResult | AuctionRefused:
    payout = mul_trunc(-price, bid.share)
    needed = whole(
        "cash needed beside the payout", mul_trunc(-margins.maintenance, bid.share) - payout, 0
    )
    if refused := _refused_cash(bid, needed, -payout):
        return refused
    paid = request_payout(module_cash, payout)
    after = replace(auction, ongoing=bid.share < UNIT)
    return BidResult(after, bid.share, UNIT, price, 0, payout, *paid, needed)


def _refused_cash(bid: Bid, needed: int, paid: int) -> AuctionRefused | None:
    held = {asset: amount for asset, amount in bid.balances.items() if amount}
    if set(held) != {CASH}:
        return AuctionRefused.INVALID_BIDDER_PORTFOLIO
    if held[CASH] < needed:
        return AuctionRefused.INSUFFICIENT_CASH
    if bid.price_limit is not None and paid > bid.price_limit:
        return AuctionRefused.PRICE_LIMIT_EXCEEDED
    return None


class Moved(NamedTuple):
    """Two accounts after a bid, by asset, 1e-18; what is at zero is not listed.

    Parameters
    ----------
    account, bidder : dict of asset to int
        Below zero it is owed.
    """

    account: dict[str, int]
    bidder: dict[str, int]


def execute_bid(
    account: Mapping[str, int],
    bidder: Mapping[str, int],
    *,
    share: int,
    paid: int,
    reserved: int,
) -> Moved:
    """Move a share of every balance to a bidder, and its payment to the account.

    Each part is cut towards zero, debts too; reserved cash stays where it is. Perpetuals have no
    profit of their own here, since they are settled before.

    Parameters
    ----------
    account, bidder : mapping of asset to int, 1e-18
    share : int, 1e-18, in [0, 1]
    paid : int, 1e-18 USD, >= 0
        From bidder to account.
    reserved : int, 1e-18 USD, >= 0
        As of before this bid.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds.

    >>> execute_bid({"cash": 200, "option": -4}, {"cash": 90}, share=UNIT // 2, paid=70, reserved=0)
    Moved(account={'cash': 170, 'option': -2}, bidder={'cash': 120, 'option': -2})
    """
    whole("share", share, 0, UNIT)
    whole("paid", paid, 0)
    whole("reserved", reserved, 0)
    left, got = dict(account), dict(bidder)
    for asset, amount in account.items():
        part = mul_trunc(amount - (reserved if asset == CASH else 0), share)
        left[asset] -= part
        got[asset] = got.get(asset, 0) + part
    left[CASH] = left.get(CASH, 0) + paid
    got[CASH] = got.get(CASH, 0) - paid
    return Moved(_held(left), _held(got))


def _held(balances: Mapping[str, int]) -> dict[str, int]:
    return {asset: amount for asset, amount in balances.items() if amount}
