"""Accounts: who holds cash and positions, and whose money answers for them."""

from enum import IntEnum, StrEnum

FIRST_ACCOUNT = 100  # smaller numbers are the venue's own


class Mode(StrEnum):
    """Which positions share one margin, and by which model (the venue file says which)."""

    CROSS = "cross"  # all positions of the account share its collateral
    PORTFOLIO = "portfolio"  # the same, netted over scenarios
    ISOLATED = "isolated"  # a ring-fenced child: its parent's money does not answer for it


class SystemAccount(IntEnum):
    """The venue's own accounts. They stand in the ledger beside the users', and sum with them."""

    CUSTODY = 1  # the mirror of all deposits: its cash is minus what the venue holds for others
    FUND = 2  # insurance: pays deficits before anyone else does, and never goes below zero
    FEES = 3  # trading fees
    FUNDING = 4  # in transit between longs and shorts, and the residue of rounding
    INTEREST = 5  # paid on negative cash
    SETTLEMENT = 6  # in transit between the two sides of an expiry, and the residue of rounding
    BAD_DEBT = 7  # deficits that nobody has paid: its cash is minus their sum, and is no fund


def is_system(account: int) -> bool:
    """Whether an account number is one of the venue's own."""
    return account < FIRST_ACCOUNT
