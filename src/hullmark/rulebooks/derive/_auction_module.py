"""Derive's security module: what it pays for an auction, what it burns, and when cash is locked in.

Amounts are whole numbers of 1e-18 USD.

References
----------
``derivexyz/v2-core``, as of the tests of commit 65102003: ``src/SecurityModule.sol``,
``requestPayout`` and ``payCashInsolvency``; ``src/assets/CashAsset.sol``, ``donateBalance``;
``src/liquidation/DutchAuction.sol``, ``getIsWithdrawBlocked``.
"""

from typing import NamedTuple

from hullmark.rulebooks.derive._fixed import whole
from hullmark.rulebooks.derive._interest import CashPool


class ModulePayout(NamedTuple):
    """Who pays the taker of an insolvent account, 1e-18 USD.

    Parameters
    ----------
    from_module : int, >= 0
    printed : int, >= 0
        What the module lacked: `socialise_loss` prints it and all cash is worth less.
    """

    from_module: int
    printed: int


def request_payout(module_cash: int, needed: int) -> ModulePayout:
    """Return what the module pays of an amount, up to all that it has, and what it lacks.

    Raises
    ------
    InvalidInputError
        If one of the two is below zero; the contract reverts on a module that owes cash.

    >>> request_payout(40, 100)
    ModulePayout(from_module=40, printed=60)
    """
    held, asked = whole("module_cash", module_cash, 0), whole("needed", needed, 0)
    paid = min(held, asked)
    return ModulePayout(paid, asked - paid)


def donated_cash(pool: CashPool, amount: int, *, stable: int) -> int:
    """Return how much of an amount is burnt to make a pool whole again: no more than it lacks.

    Parameters
    ----------
    pool : CashPool
    amount : int, 1e-18 USD, >= 0
        What a donor offers; the security module offers all it has.
    stable : int, 1e-18, >= 0
        Stablecoins that the pool holds.

    Raises
    ------
    InvalidInputError
        If the pool lacks nothing (the contract reverts), or an argument is below zero.
    """
    whole("amount", amount, 0)
    owed = pool.supply + pool.fees - pool.borrow - pool.settled
    lacking = owed - whole("stable", stable, 0)
    return min(amount, whole("what the pool lacks", lacking, 0))


def withdrawals_blocked(insolvent_margin: int, module_cash: int | None) -> bool:
    """Return whether no cash may leave the venue.

    Parameters
    ----------
    insolvent_margin : int, 1e-18 USD, >= 0
        Sum, over the open insolvent auctions, of what each lacked of its maintenance margin when it
        started. Partial bids do not lower it; the end of an auction does.
    module_cash : int or None, 1e-18 USD, >= 0
        Cash of the security module; None where no module is set: nothing is blocked then.

    Raises
    ------
    InvalidInputError
        If a number is below zero.

    >>> withdrawals_blocked(600, 599), withdrawals_blocked(600, 600), withdrawals_blocked(600, None)
    (True, False, False)
    """
    lacking = whole("insolvent_margin", insolvent_margin, 0)
    return module_cash is not None and lacking > whole("module_cash", module_cash, 0)
