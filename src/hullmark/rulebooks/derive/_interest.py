"""Derive's lending pool: two-slope borrow rate, compounding, fee cut, losses that all share.

Cash may go below zero: those who owe it pay those who hold it. All amounts are fixed numbers, whole
numbers of 1e-18 USD; rates are per year of 365 days. Every product and quotient is cut towards
zero, one after the other, as the contracts do it.

References
----------
``derivexyz/v2-core``, commit 65102003: ``src/assets/InterestRateModel.sol``, ``CashAsset.sol``.
"""

from msgspec import Struct
from msgspec.structs import replace

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.derive._fixed import (
    UNIT,
    FixedTerms,
    count,
    div_trunc,
    exp_floor,
    mul_trunc,
    whole,
)

YEAR_SECONDS = 365 * 86_400


class InterestTerms(FixedTerms, frozen=True, kw_only=True):
    """What borrowed cash costs, and the share of it that goes to the security module.

    Parameters
    ----------
    rate_min : int, 1e-18 per year, in [0, 2]
        Borrow rate of a pool that nobody uses.
    slope_low, slope_high : int, 1e-18 per year, in [0, 5]
        What the rate gains per unit of utilisation, up to the optimal one and beyond it.
    utilisation_optimal : int, 1e-18, in [0, 1]
    fee_share : int, 1e-18, in [0, 1]
        Share of the interest that the security module keeps.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds, which are the contract's.
    """

    rate_min: int
    slope_low: int
    slope_high: int
    utilisation_optimal: int
    fee_share: int

    def __post_init__(self) -> None:
        for name, high in (
            ("rate_min", 2 * UNIT),
            ("slope_low", 5 * UNIT),
            ("slope_high", 5 * UNIT),
            ("utilisation_optimal", UNIT),
            ("fee_share", UNIT),
        ):
            whole(name, getattr(self, name), 0, high)


class CashPool(Struct, frozen=True, kw_only=True):
    """Totals of all cash accounts, as of the last accrual.

    Parameters
    ----------
    supply, borrow : int, 1e-18 USD, >= 0
        Sum of the balances above zero, and of those below it without their sign.
    fees : int, 1e-18 USD, >= 0
        Interest that the security module has earned and not yet been paid.
    settled : int, 1e-18 USD
        Cash printed (above zero) or burned by settlements whose other side has yet to settle.
    supply_index, borrow_index : int, 1e-18, > 0
        What one USD of each side has grown to since the pool began.
    capturing : bool
        Whether all interest goes to the security module, because the pool owes more than it has.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds.
    """

    supply: int = 0
    borrow: int = 0
    fees: int = 0
    settled: int = 0
    supply_index: int = UNIT
    borrow_index: int = UNIT
    capturing: bool = False

    def __post_init__(self) -> None:
        for name in ("supply", "borrow", "fees"):
            whole(name, getattr(self, name), 0)
        whole("settled", self.settled)
        whole("supply_index", self.supply_index, 1)
        whole("borrow_index", self.borrow_index, 1)


class CashBalance(Struct, frozen=True):
    """Cash of one account as it was last touched.

    Parameters
    ----------
    amount : int, 1e-18 USD
        Below zero it is a debt.
    index : int, 1e-18, >= 0
        Index of its side then; 0 for an account without cash.
    """

    amount: int = 0
    index: int = 0

    def __post_init__(self) -> None:
        whole("amount", self.amount)
        whole("index", self.index, 0)


def utilisation_trunc(supply: int, borrow: int) -> int:
    """Return the share of the supply that is lent, at most 1; 0 where there is none.

    Raises
    ------
    InvalidInputError
        If one of the two is below zero.

    Examples
    --------
    >>> utilisation_trunc(3, 1)
    333333333333333333
    """
    whole("supply", supply, 0)
    whole("borrow", borrow, 0)
    return min(div_trunc(borrow, supply), UNIT) if borrow and supply else 0


def borrow_rate_trunc(terms: InterestTerms, utilisation: int) -> int:
    """Return the borrow rate per year: the low slope up to the optimum, the high one beyond.

    Raises
    ------
    InvalidInputError
        If the utilisation is not in [0, 1].
    """
    whole("utilisation", utilisation, 0, UNIT)
    optimal = terms.utilisation_optimal
    low = mul_trunc(min(utilisation, optimal), terms.slope_low) + terms.rate_min
    return mul_trunc(max(utilisation - optimal, 0), terms.slope_high) + low


def interest_factor_floor(rate: int, seconds: int) -> int:
    """Return what one USD of debt grows by: exp(rate * seconds / 365 d) - 1.

    The exponent is cut to 1e-18 first. The venue's own exponential is at most one unit beside this
    one up to an exponent of 1 (see `exp_floor`); at an exponent of zero it is a unit short and the
    contract reverts, where this returns 0.

    Raises
    ------
    InvalidInputError
        If the rate is below zero, *seconds* below one, or the exponent 135.3 or more.

    Examples
    --------
    >>> interest_factor_floor(16 * 10**16, 7 * 86_400)  # 16 % for a week
    3073205794798734
    """
    whole("rate", rate, 0)
    count("seconds", seconds, 1)
    return exp_floor(seconds * rate // YEAR_SECONDS) - UNIT


def accrue(pool: CashPool, terms: InterestTerms, seconds: int) -> CashPool:
    """Return the pool after the interest of so many seconds.

    The supply counts with what settlements have burned, so that a settlement seen from one side
    only does not lift the rate; what they have printed is left out. ``supply + fees - borrow`` does
    not change.

    Raises
    ------
    InvalidInputError
        If *seconds* is below zero, or cash is owed and nobody holds any: the venue divides by zero.
    """
    count("seconds", seconds)
    if not (seconds and pool.borrow):
        return pool
    if pool.supply == 0:
        raise InvalidInputError("supply must be > 0 where cash is owed, was 0")
    utilisation = utilisation_trunc(pool.supply + max(-pool.settled, 0), pool.borrow)
    factor = interest_factor_floor(borrow_rate_trunc(terms, utilisation), seconds)
    interest = mul_trunc(pool.borrow, factor)
    fee = mul_trunc(interest, UNIT if pool.capturing else terms.fee_share)
    supply, borrow = pool.supply + interest - fee, pool.borrow + interest
    return replace(
        pool,
        supply=supply,
        borrow=borrow,
        fees=pool.fees + fee,
        supply_index=mul_trunc(div_trunc(supply, pool.supply), pool.supply_index),
        borrow_index=mul_trunc(div_trunc(borrow, pool.borrow), pool.borrow_index),
    )


def with_interest_trunc(pool: CashPool, balance: CashBalance) -> int:
    """Return what a balance has become, in 1e-18 USD: its amount times the growth of its side.

    Both the growth and the product are cut towards zero, so sums of balances may be a few units
    beside the pool's totals, on either side.
    """
    if not (balance.index and balance.amount):
        return balance.amount
    index = pool.borrow_index if balance.amount < 0 else pool.supply_index
    return mul_trunc(div_trunc(index, balance.index), balance.amount)


def move_cash(pool: CashPool, balance: CashBalance, amount: int) -> tuple[CashPool, CashBalance]:
    """Return the pool and a balance after *amount* has been added to it, or taken for less than 0.

    The pool must have been accrued to this instant.

    Raises
    ------
    InvalidInputError
        If a total of the pool would fall below zero: the balance is none of this pool.
    """
    whole("amount", amount)
    before = with_interest_trunc(pool, balance)
    after = before + amount
    moved = replace(
        pool,
        supply=pool.supply + max(after, 0) - max(before, 0),
        borrow=pool.borrow + min(before, 0) - min(after, 0),
    )
    index = pool.borrow_index if after < 0 else pool.supply_index if after > 0 else 0
    return moved, CashBalance(after, index)


def settle_cash(pool: CashPool, balance: CashBalance, amount: int) -> tuple[CashPool, CashBalance]:
    """Return pool and balance after one side of a settlement: cash is printed, or burned.

    Raises
    ------
    InvalidInputError
        As `move_cash`.
    """
    moved, after = move_cash(pool, balance, amount)
    return replace(moved, settled=pool.settled + amount), after


def pay_fees(pool: CashPool, balance: CashBalance) -> tuple[CashPool, CashBalance]:
    """Return the pool and the security module's balance after it has been paid its fees."""
    return move_cash(replace(pool, fees=0), balance, pool.fees)


def exchange_rate_trunc(pool: CashPool, *, stable: int) -> int:
    """Return what one USD of cash can be withdrawn for: 1, or less where the pool is insolvent.

    Parameters
    ----------
    pool : CashPool
    stable : int, 1e-18, >= 0
        Stablecoins that the pool holds.

    Returns
    -------
    int, 1e-18, in [0, 1]
        Coins over what is owed: supply + fees - borrow - settled.

    Raises
    ------
    InvalidInputError
        If *stable*, or what is owed, is below zero.
    """
    whole("stable", stable, 0)
    owed = whole("owed", pool.supply + pool.fees - pool.borrow - pool.settled, 0)
    return UNIT if stable >= owed else div_trunc(stable, owed)


def withdrawal_cash_trunc(pool: CashPool, amount: int, *, stable: int) -> int:
    """Return the cash that a withdrawal of *amount* stablecoins takes from an account.

    One for one, but over the exchange rate while the pool captures all interest. The cut is in
    favour of whoever withdraws, by less than one unit.

    Raises
    ------
    InvalidInputError
        If *amount* is below zero, or nothing is left to withdraw.
    """
    whole("amount", amount, 0)
    if not pool.capturing:
        return amount
    rate = whole("exchange rate", exchange_rate_trunc(pool, stable=stable), 1)
    return whole("cash", div_trunc(amount, rate))


def socialise_loss(
    pool: CashPool, balance: CashBalance, loss: int, *, stable: int
) -> tuple[CashPool, CashBalance]:
    """Return pool and balance after an auction's loss has been printed into that balance.

    Fees not yet paid out go first, up to the loss. If the pool then owes more than it holds,
    withdrawals convert at the exchange rate and all interest is captured, until `release_capture`.

    Raises
    ------
    InvalidInputError
        If *loss* or *stable* is below zero, or as `move_cash`.
    """
    whole("loss", loss, 0)
    moved, after = move_cash(replace(pool, fees=max(pool.fees - loss, 0)), balance, loss)
    capturing = pool.capturing or exchange_rate_trunc(moved, stable=stable) < UNIT
    return replace(moved, capturing=capturing), after


def release_capture(pool: CashPool, *, stable: int) -> CashPool:
    """Return the pool as it goes on: interest is shared again once the exchange rate is back at 1.

    Raises
    ------
    InvalidInputError
        As `exchange_rate_trunc`.
    """
    solvent = exchange_rate_trunc(pool, stable=stable) == UNIT
    return replace(pool, capturing=False) if solvent else pool
