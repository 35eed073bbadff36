"""Refusals: why a command was not carried out.

A refused command changes nothing. Where several reasons hold, the one that stands first here is
given: authority before form, form before identity, identity before arithmetic, arithmetic before
prices, and prices before margin.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Every reason to refuse a command, in order of precedence."""

    RULES_MISSING = "no rules are in force: the first command of a venue adopts them"
    RULES_INVALID = "the rules break their schema, or take away what is in use"
    UNAUTHORISED = "two different people have not signed the correction, or it does not say why"
    AMOUNT_INVALID = "an amount, price, rate or count is outside what the command allows"
    ACCOUNT_EXISTS = "an account of that number is open"
    ACCOUNT_UNKNOWN = "no account of that number is open to this command"
    ACCOUNT_MODE = "the account's mode does not allow this"
    ASSET_UNKNOWN = "the rules name no such asset"
    INSTRUMENT_UNKNOWN = "the rules name no such instrument"
    INSTRUMENT_UNMARGINED = "the account's margin model cannot carry this instrument"
    INSTRUMENT_EXPIRED = "the instrument is at or past its expiry"
    INSTRUMENT_LIVE = "the instrument has not reached its expiry, or has none"
    INSTRUMENT_HALTED = "the instrument is halted, or is not where that is asked"
    POOL_UNKNOWN = "the rules name no such pool"
    ORDER_EXISTS = "an order of that number is resting"
    ORDER_UNKNOWN = "no such order is working or resting"
    QUOTE_EXISTS = "a quote of that number has been posted"
    AUCTION_UNKNOWN = "no such auction is open"
    AUCTION_SELF = "nobody buys from, or saves, an account of his own"
    BREAKER_SET = "the breaker does not allow this"
    RESET_DUE = "the auction has to be reset before anybody buys"
    RESET_EARLY = "the auction need not be reset yet"
    CORRECTED_BEFORE = "the trade or adjustment has been reversed before"
    QUOTE_LATE = "the quote is late, or nobody has asked for it"
    LIMIT_BROKEN = "the fill is larger, later or at a worse price than its order allows"
    DUST_LEFT = "what would be left is too small to be sold"
    OVERFLOW = "a result does not fit in 64 bits"
    PRICE_DOUBTFUL = "a price that the check needs is not of a grade that allows this action"
    UNDER_LIQUIDATION = "the account is being liquidated: only reductions and deposits are open"
    CASH_SHORT = "the account, or custody, has not that much settled cash"
    DEBT_SHORT = "the venue has not that much bad debt to be paid"
    FUND_SHORT = "the fund has not that much to give"
    STAKE_SHORT = "the stake is not worth that much"
    NOTICE_RUNNING = "the notice to leave the pool has not run out"
    WITHDRAWALS_GATED = "losses not yet paid for are more than what is there to pay them"
    MARGIN_SHORT = "the account would be under its initial margin"


class Parked(StrEnum):
    """Why a liquidation waits instead of going on."""

    ROUNDS_EXHAUSTED = "its rounds are used up"
    THROTTLED = "the instrument's throttle has no room"
    PRICE_DOUBTFUL = "a price it needs is in doubt"
    HALTED = "an instrument that it holds is halted"
    NOTHING_HELPS = "no order would raise its health at its price limits"
