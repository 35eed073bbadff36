"""The stages of a liquidation, and why one hands over to the next."""

from enum import StrEnum


class Stage(StrEnum):
    """What is tried for an account in breach, in the order in which a chain may have it."""

    SOFT = "soft"  # a top-up by a saviour; and reductions before the breach, without a penalty
    PARTIAL = "partial"  # orders to the market, positions chosen by a rule
    COST_MINIMAL = "cost-minimal"  # orders to the market, positions chosen by a linear programme
    DUTCH_AUCTION = "dutch-auction"  # a falling price, for whoever takes it first
    BACKSTOP = "backstop"  # market makers that have committed themselves
    TAKEOVER = "takeover"  # a pre-funded pool takes all of it


class HandOver(StrEnum):
    """Why a stage is entered: what became of the one before."""

    OPTED_OUT = "the account has made no terms for a soft liquidation"
    SAVIOUR_SHORT = "its saviour cannot bring it back"
    TOXIC = "each step that is allowed would lower its health"
    NOTHING_HELPS = "no order would raise its health at its price limits"
    NOTHING_HELD = "it has no positions any more"
    ROUNDS_EXHAUSTED = "its rounds are used up"
    BANKRUPT = "it lacks more than is paid before others are asked"
    DEADLINE = "the time of the stage is over"
    BREAKER = "the breaker allows no auction to start"
    AUCTION_LIMIT = "the open auctions leave no room for one more"
    UNSOLD = "the auction ended, and the account is still under"
    QUOTES_USED = "no maker takes more of it"
    POOL_SHORT = "the pool cannot take it over and stay healthy"
    RESTARTED = "the last stage could not end it either: it begins again"


class AuctionKind(StrEnum):
    """What an auction sells."""

    LOT = "lot"  # a balance of one asset, for a debt in another
    SHARE = "share"  # a share of the whole account


class AuctionPhase(StrEnum):
    """Who pays whom."""

    SOLVENT = "solvent"  # the bidder pays
    INSOLVENT = "insolvent"  # the bidder is paid


class AuctionEnd(StrEnum):
    """Why an auction ended."""

    CURED = "the account is healthy again, or its debt is paid"
    SOLD = "nothing is left to sell"
    CONVERTED = "the account is worth nothing any more, or something again: it begins anew"
    EXPIRED = "its time is over, and nobody has taken it"
    RULES_CHANGED = "the chain is another one than when it started"
    EMPTIED = "the account has nothing left that could be sold, and its books are closed"


class QuoteEnd(StrEnum):
    """Why a quote ended."""

    EXPIRED = "its time is over"
    FILLED = "all of it is taken"
    LOSS_LIMIT = "its maker has lost as much on what it took as it allowed for"
