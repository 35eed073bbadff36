"""A cap on pending profits, where a pool has the other side: when they are cut, and how far.

Whole numbers with 30 decimals, as GMX v2 counts them.
"""

from enum import Enum

from hullmark.errors import InvalidInputError

FACTOR = 10**30  # GMX v2, `Precision.FLOAT_PRECISION`


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
