"""Derive's auction of an account: start, bid, conversion to insolvent and end, with every refusal.

Functions over a frozen `Auction`: each returns what becomes of it, or the reason that the contract
reverts with. Interest and perpetuals are settled before: margins come in as they are after that,
under the scenario of the auction. Amounts are whole numbers of 1e-18 USD, times whole seconds.

References
----------
``derivexyz/v2-core``, ``src/liquidation/DutchAuction.sol``, as `AuctionTerms`.
"""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from hullmark.rulebooks.derive._auction_terms import (
    AuctionMargins,
    AuctionTerms,
    auction_discount_trunc,
    insolvent_price_trunc,
    liquidation_fee_trunc,
    max_share_trunc,
    solvent_price_trunc,
)
from hullmark.rulebooks.derive._fixed import count, whole


class AuctionRefused(StrEnum):
    """Every reason to refuse a change of an auction: the contract's names, without ``DA_``.

    A bid is refused in the order of the first eleven.
    """

    INVALID_PERCENTAGE = "InvalidPercentage"
    INVALID_LAST_TRADE_ID = "InvalidLastTradeId"
    NOT_WHITELISTED_MANAGER = "NotWhitelistedManager"
    CANNOT_BID_WITH_DIFFERENT_MANAGER = "CannotBidWithDifferentManager"
    SENDER_NOT_OWNER = "SenderNotOwner"
    NOT_ONGOING_AUCTION = "NotOngoingAuction"
    AUCTION_SHOULD_BE_TERMINATED = "AuctionShouldBeTerminated"
    SOLVENT_AUCTION_ENDED = "SolventAuctionEnded"
    INVALID_BIDDER_PORTFOLIO = "InvalidBidderPortfolio"
    INSUFFICIENT_CASH = "InsufficientCash"
    PRICE_LIMIT_EXCEEDED = "PriceLimitExceeded"
    ACCOUNT_IS_ABOVE_MAINTENANCE_MARGIN = "AccountIsAboveMaintenanceMargin"
    AUCTION_ALREADY_STARTED = "AuctionAlreadyStarted"
    AUCTION_NOT_STARTED = "AuctionNotStarted"
    SCENARIO_ID_NOT_WORSE = "ScenarioIdNotWorse"
    AUCTION_ALREADY_IN_INSOLVENCY_MODE = "AuctionAlreadyInInsolvencyMode"
    RESERVED_CASH_GREATER_THAN_MTM = "ReservedCashGreaterThanMtM"
    ONGOING_SOLVENT_AUCTION = "OngoingSolventAuction"
    AUCTION_CANNOT_TERMINATE = "AuctionCannotTerminate"


class AuctionDone(StrEnum):
    """Why an auction can be terminated."""

    MAINTENANCE = "maintenance margin is back at 0 or above"
    WORTHLESS = "the account is worth less than nothing: start again, as insolvent"
    RESERVED = "reserved cash is worth the account or more: start again"
    BUFFER = "buffer margin is back at 0 or above"


class Auction(Struct, frozen=True, kw_only=True):
    """An auction as it stands.

    Parameters
    ----------
    scenario : int
        Number of the scenario that its margins are taken under; the standard manager has only one.
    started_s : int, seconds
    insolvent : bool
    ongoing : bool
    insolvent_margin : int, 1e-18 USD, >= 0
        What the account lacked of its maintenance margin when this turned insolvent; 0 before.
    reserved : int, 1e-18 USD, >= 0
        Cash that bidders have paid in: it lies in the account and is not for sale.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds.
    """

    scenario: int
    started_s: int
    insolvent: bool = False
    ongoing: bool = True
    insolvent_margin: int = 0
    reserved: int = 0

    def __post_init__(self) -> None:
        for name in ("scenario", "started_s"):
            count(name, getattr(self, name))
        for name in ("insolvent_margin", "reserved"):
            whole(name, getattr(self, name), 0)


class AuctionStart(NamedTuple):
    """An auction that has begun.

    Parameters
    ----------
    auction : Auction
    fee : int, 1e-18 USD, >= 0
        From the account's cash to the security module.
    """

    auction: Auction
    fee: int


class AuctionStatus(NamedTuple):
    """Whether an auction can be terminated, and why.

    Parameters
    ----------
    done : AuctionDone or None
        None where it goes on.
    timed_out : bool
        Whether the clock of the solvent phase has run out; an insolvent one has none.
    """

    done: AuctionDone | None
    timed_out: bool


def start_auction(
    terms: AuctionTerms,
    margins: AuctionMargins,
    *,
    now_s: int,
    scenario: int = 0,
    standing: Auction | None = None,
    whitelisted: bool = True,
) -> AuctionStart | AuctionRefused:
    """Begin an auction, solvent where the account is worth anything.

    The fee is taken from the account as the margins have it: they fall by it afterwards.

    Parameters
    ----------
    terms : AuctionTerms
    margins : AuctionMargins
    now_s : int, seconds
    scenario : int
        What *margins* are taken under: whoever starts it names one.
    standing : Auction or None
        The last auction of this account.
    whitelisted : bool
        Whether the account's manager may have its accounts auctioned.
    """
    if not whitelisted:
        return AuctionRefused.NOT_WHITELISTED_MANAGER
    if margins.maintenance >= 0:
        return AuctionRefused.ACCOUNT_IS_ABOVE_MAINTENANCE_MARGIN
    if standing is not None and standing.ongoing:
        return AuctionRefused.AUCTION_ALREADY_STARTED
    if margins.mtm <= 0:
        return AuctionStart(_insolvent(margins, scenario, now_s), 0)
    fee = liquidation_fee_trunc(terms, mtm=margins.mtm, buffer_margin=margins.buffer)
    return AuctionStart(Auction(scenario=scenario, started_s=now_s), fee)


def update_scenario(
    auction: Auction | None, scenario: int, *, maintenance: int, maintenance_new: int
) -> Auction | AuctionRefused:
    """Put a worse scenario in place of an auction's own; an equal or a milder one is refused.

    Parameters
    ----------
    auction : Auction or None
    scenario : int
        The new one.
    maintenance, maintenance_new : int, 1e-18 USD
        Maintenance margin now, under the auction's own scenario and under the new one.
    """
    if auction is None or not auction.ongoing:
        return AuctionRefused.AUCTION_NOT_STARTED
    if maintenance_new >= maintenance:
        return AuctionRefused.SCENARIO_ID_NOT_WORSE
    return replace(auction, scenario=scenario)


def auction_status(
    terms: AuctionTerms, auction: Auction | None, margins: AuctionMargins, *, now_s: int
) -> AuctionStatus | AuctionRefused:
    """Return whether an auction can be terminated, and must be before anybody can bid.

    An insolvent auction, and a solvent one whose clock has run out, is done with the maintenance
    margin; a solvent one with the buffer margin, or where there is nothing left to sell.
    """
    if auction is None or not auction.ongoing:
        return AuctionRefused.NOT_ONGOING_AUCTION
    timed_out = not auction.insolvent and _timed_out(terms, auction, now_s)
    done = None
    if auction.insolvent or timed_out:
        done = AuctionDone.MAINTENANCE if margins.maintenance >= 0 else None
    elif margins.mtm < 0:
        done = AuctionDone.WORTHLESS
    elif auction.reserved >= margins.mtm:
        done = AuctionDone.RESERVED
    elif margins.buffer >= 0:
        done = AuctionDone.BUFFER
    return AuctionStatus(done, timed_out)


def auction_price(
    terms: AuctionTerms, auction: Auction | None, margins: AuctionMargins, *, now_s: int
) -> int | AuctionRefused:
    """Return the price of the whole account now, 1e-18 USD: below zero it is paid to the taker."""
    if auction is None or not auction.ongoing:
        return AuctionRefused.AUCTION_NOT_STARTED
    elapsed = _elapsed(auction, now_s)
    if auction.insolvent:
        return insolvent_price_trunc(
            terms, mtm=margins.mtm, maintenance=margins.maintenance, elapsed_s=elapsed
        )
    if _timed_out(terms, auction, now_s):
        return 0
    if auction.reserved > margins.mtm:
        return AuctionRefused.RESERVED_CASH_GREATER_THAN_MTM
    discount = auction_discount_trunc(terms, elapsed)
    return solvent_price_trunc(mtm=margins.mtm, discount=discount, reserved=auction.reserved)


def auction_share_max(
    terms: AuctionTerms, auction: Auction, margins: AuctionMargins, *, now_s: int
) -> int | AuctionRefused:
    """Return the largest share that can be bought now, 1e-18 of the account as it stands.

    Raises
    ------
    InvalidInputError
        As `max_share_trunc`.
    """
    if margins.mtm < 0:
        return AuctionRefused.SOLVENT_AUCTION_ENDED
    return max_share_trunc(
        terms,
        mtm=margins.mtm,
        buffer_margin=margins.buffer,
        discount=auction_discount_trunc(terms, _elapsed(auction, now_s)),
        reserved=auction.reserved,
    )


def convert_to_insolvent(
    terms: AuctionTerms, auction: Auction | None, margins: AuctionMargins, *, now_s: int
) -> Auction | AuctionRefused:
    """Turn a solvent auction that nobody bid on into an insolvent one, which begins now.

    Its price must be down to nothing: by the clock, or since reserved cash is worth the account.
    The reserved cash is for sale again.
    """
    if auction is not None and auction.insolvent:
        return AuctionRefused.AUCTION_ALREADY_IN_INSOLVENCY_MODE
    price = auction_price(terms, auction, margins, now_s=now_s)
    if isinstance(price, AuctionRefused):
        return price
    assert auction is not None  # one that is not there has no price
    if price > 0:
        return AuctionRefused.ONGOING_SOLVENT_AUCTION
    if margins.maintenance >= 0:
        return AuctionRefused.ACCOUNT_IS_ABOVE_MAINTENANCE_MARGIN
    return _insolvent(margins, auction.scenario, now_s)


def terminate_auction(
    terms: AuctionTerms, auction: Auction | None, margins: AuctionMargins, *, now_s: int
) -> Auction | AuctionRefused:
    """End an auction that can be; anybody may. Its insolvent margin counts no longer then."""
    status = auction_status(terms, auction, margins, now_s=now_s)
    if isinstance(status, AuctionRefused):
        return status
    assert auction is not None  # one that is not there has no status
    if status.done is None:
        return AuctionRefused.AUCTION_CANNOT_TERMINATE
    return replace(auction, ongoing=False)


def insolvent_margin_total(auctions: tuple[Auction, ...]) -> int:
    """Return the sum that withdrawals are blocked by, 1e-18 USD: of all that are ongoing."""
    return sum(auction.insolvent_margin for auction in auctions if auction.ongoing)


def _insolvent(margins: AuctionMargins, scenario: int, now_s: int) -> Auction:
    lacking = -margins.maintenance
    return Auction(scenario=scenario, started_s=now_s, insolvent=True, insolvent_margin=lacking)


def _elapsed(auction: Auction, now_s: int) -> int:
    return count("now_s", now_s, auction.started_s) - auction.started_s


def _timed_out(terms: AuctionTerms, auction: Auction, now_s: int) -> bool:
    return _elapsed(auction, now_s) >= terms.fast_s + terms.slow_s
