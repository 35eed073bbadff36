"""Deleveraging as perpetual venues write it: offsetting at a walk, and a cap on pending profits.

Whole numbers as the originals count them: quantums of dYdX v4, and 30 decimals of GMX v2.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum
from typing import NamedTuple, TypeVar

from hullmark.core import exactly
from hullmark.errors import InvalidInputError
from hullmark.waterfall._candidates import PriceRule

State = TypeVar("State")
FACTOR = 10**30  # GMX v2, `Precision.FLOAT_PRECISION`


class Transition(Enum):
    """What an update does to an account that may be under its initial margin."""

    SUCCESS = "success"
    NEWLY_UNDERCOLLATERALIZED = "newly undercollateralized"
    STILL_UNDERCOLLATERALIZED = "still undercollateralized"


class AccountRisk(NamedTuple):
    """An account as its margin sees it, in quote quantums."""

    net_collateral: int
    initial: int  # >= 0
    maintenance: int  # >= 0


def risk_transition(before: AccountRisk, after: AccountRisk) -> Transition:
    """Return whether an update is allowed: well collateralised after it, or no riskier than before.

    Not riskier is: maintenance margin does not grow, and net collateral over it does not fall. With
    a maintenance margin of zero on either side there is no such ratio: then both must be zero and
    net collateral must rise.

    References
    ----------
    dYdX v4, ``protocol/x/subaccounts/lib/updates.go`` [84d4664],
    ``IsValidStateTransitionForUndercollateralizedSubaccount``.

    >>> risk_transition(AccountRisk(10, 30, 20), AccountRisk(5, 15, 10)).value
    'success'
    >>> risk_transition(AccountRisk(10, 30, 20), AccountRisk(4, 15, 10)).value
    'still undercollateralized'
    """
    if after.initial <= after.net_collateral:
        return Transition.SUCCESS
    under = Transition.STILL_UNDERCOLLATERALIZED
    if before.initial <= before.net_collateral:
        under = Transition.NEWLY_UNDERCOLLATERALIZED
    if after.maintenance > before.maintenance:
        return under
    if not after.maintenance or not before.maintenance:
        both = not after.maintenance and not before.maintenance
        better = after.net_collateral > before.net_collateral
        return Transition.SUCCESS if both and better else under
    kept = after.net_collateral * before.maintenance >= before.net_collateral * after.maintenance
    return Transition.SUCCESS if kept else under


def deleverage_at(net_collateral: int, *, final_settlement: bool) -> PriceRule | None:
    """Return at what price an account is deleveraged, or None: it is not.

    At bankruptcy below zero; at the oracle's price, here the mark, where the market is settled for
    good. The insurance fund is not asked.

    References
    ----------
    dYdX v4, ``protocol/x/clob/keeper/deleveraging.go`` [84d4664], ``CanDeleverageSubaccount``.
    """
    if net_collateral < 0:
        return PriceRule.BANKRUPTCY
    return PriceRule.MARK if final_settlement else None


class Offset(NamedTuple):
    """One position that offsets the bankrupt one."""

    account: int
    base_quantums: int  # signed change of the bankrupt position


class Offsets(NamedTuple):
    """What a walk over the other side came to."""

    fills: tuple[Offset, ...]
    remaining_quantums: int  # signed as what was asked for
    iterated: int  # accounts looked at
    same_side: int  # of them without a position on the other side
    not_overlapping: int  # of them at whose side, or the bankrupt one's, the price was refused


def offset_position(
    delta_quantums: int,
    holders: Sequence[tuple[int, int]],
    state: State,
    *,
    settle: Callable[[State, int, int], State | None],
    start: int = 0,
    iterated_max: int | None = None,
) -> tuple[Offsets, State]:
    """Offset a position against holders in their order, from one of them on, without a rank.

    Parameters
    ----------
    delta_quantums : int, not 0
        Signed change of the bankrupt position: minus its size, to close it.
    holders : sequence of (account, signed quantums)
    state : any
        Both accounts and whatever else *settle* needs.
    settle : callable (state, account, signed base quantums) -> state or None
        Closes so much at the price of the moment. ``None``: it would leave an account riskier than
        before, so that the account is passed over whole.
    start : int, >= 0
        Where to begin, modulo the number of holders: a draw of the original's.
    iterated_max : int, optional
        How many holders are looked at; 500 in the original's default.

    References
    ----------
    dYdX v4, ``protocol/x/clob/keeper/deleveraging.go`` [84d4664],
    ``OffsetSubaccountPerpetualPosition``.

    >>> walk, _ = offset_position(5, [(1, 3), (2, -9), (3, 4)], None, settle=lambda *_: (), start=2)
    >>> walk.fills, walk.iterated
    ((Offset(account=3, base_quantums=4), Offset(account=1, base_quantums=1)), 2)
    """
    if not delta_quantums:
        raise InvalidInputError("delta_quantums must not be 0, was 0")
    if start < 0:
        raise InvalidInputError(f"start must be >= 0, was {start}")
    count = len(holders)
    most = count if iterated_max is None else min(count, iterated_max)
    fills, left, iterated, same_side, refused = [], delta_quantums, 0, 0, 0
    for step in range(most):
        if not left:
            break
        account, held = holders[(start + step) % count]
        iterated += 1
        if held * left <= 0:
            same_side += 1
            continue
        base = held if abs(left) > abs(held) else left
        settled = settle(state, account, base)
        if settled is None:
            refused += 1
            continue
        state, left = settled, left - base
        fills.append(Offset(account, base))
    return Offsets(tuple(fills), left, iterated, same_side, refused), state


def filled_share(delta_quantums: int, remaining_quantums: int) -> Decimal:
    """Return what share of a deleveraging was filled, in [0, 1].

    >>> filled_share(-8, -2)
    Decimal('0.75')
    """
    if not delta_quantums:
        raise InvalidInputError("delta_quantums must not be 0, was 0")
    with exactly():
        return Decimal(delta_quantums - remaining_quantums) / delta_quantums


def pnl_factor(pnl: int, pool_value: int) -> int:
    """Return pending profit over pool value, with 30 decimals, rounded towards zero.

    Parameters
    ----------
    pnl : int, signed
        Of one side of the market, at the price that makes it highest.
    pool_value : int, >= 0, the same unit
        Of the pool that pays that side, at the price that makes it lowest. At 0 the factor is 0.

    References
    ----------
    GMX v2, ``gmx-synthetics`` [a5c0c88], ``MarketUtils.getPnlToPoolFactor`` and
    ``Precision.toFactor``.

    >>> pnl_factor(1, 3), pnl_factor(-1, 3)
    (333333333333333333333333333333, -333333333333333333333333333333)
    """
    if pool_value < 0:
        raise InvalidInputError(f"pool_value must be >= 0, was {pool_value}")
    if not pool_value:
        return 0
    factor = abs(pnl) * FACTOR // pool_value
    return factor if pnl > 0 else -factor


def pnl_factor_exceeded(factor: int, factor_max: int) -> bool:
    """Return whether profits may be cut: the factor is above zero and above its bound.

    References
    ----------
    GMX v2, ``gmx-synthetics`` [a5c0c88], ``MarketUtils.isPnlFactorExceeded``.
    """
    return factor > 0 and factor > factor_max


class PnlCutFault(Enum):
    """Why a cut of profits is refused, in the order in which it is asked."""

    NOT_ENABLED = "the flag of the side is not set"
    STALE_PRICES = "prices are older than the flag"
    NOT_REQUIRED = "the factor does not exceed its bound"
    SIZE = "more than the position is to be closed"
    NOT_REDUCED = "the factor does not fall"
    OVERCORRECTED = "the factor falls below its floor"


def pnl_cut_fault(
    before: int,
    after: int,
    *,
    factor_max: int,
    factor_min_after: int,
    size_usd: int,
    position_usd: int,
    enabled: bool = True,
    prices_at_s: int = 0,
    enabled_at_s: int = 0,
) -> PnlCutFault | None:
    """Return why a position's profit may not be cut so, or None: it may.

    Parameters
    ----------
    before, after : int, 30 decimals
        The factor of its side before and after.
    factor_max, factor_min_after : int, 30 decimals
        Above which it begins, and below which it may not end.
    size_usd, position_usd : int, 30 decimals
        What is closed, and what there is.
    enabled : bool
        Whether the side's flag is set.
    prices_at_s, enabled_at_s : int, seconds
        When the newest price was made, and when the flag was last looked at.

    References
    ----------
    GMX v2, ``gmx-synthetics`` [a5c0c88], ``AdlUtils`` and ``AdlHandler.executeAdl``.
    """
    if not enabled:
        return PnlCutFault.NOT_ENABLED
    if prices_at_s < enabled_at_s:
        return PnlCutFault.STALE_PRICES
    if not pnl_factor_exceeded(before, factor_max):
        return PnlCutFault.NOT_REQUIRED
    if size_usd > position_usd:
        return PnlCutFault.SIZE
    if after >= before:
        return PnlCutFault.NOT_REDUCED
    return PnlCutFault.OVERCORRECTED if after < factor_min_after else None
