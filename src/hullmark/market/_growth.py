"""What a staked or wrapped asset may be worth: capped growth, redemption value, both together."""

from decimal import Decimal

from hullmark.core import (
    Number,
    exactly,
    not_negative,
    positive,
    rounded,
    share,
)
from hullmark.errors import InvalidInputError

_BPS = 10_000
YEAR_S = 365 * 86_400  # of the original: no leap years
_SCALING = 10**6
_TERM_S_MAX = 180 * 86_400
_DECIMALS_MAX = 77  # of a 256-bit word


def max_ratio(
    snapshot_ratio: int,
    snapshot_at_s: int,
    growth_per_year_bps: int,
    now_s: int,
    *,
    scaling: int = _SCALING,
) -> int:
    """Return the highest ratio that is allowed at an instant.

    ``per_second = snapshot * bps * scaling // 10_000 // year``, and
    ``snapshot + per_second * elapsed // scaling``: each division rounds down.

    Parameters
    ----------
    snapshot_ratio : int, > 0, the ratio's own fixed-point unit
    snapshot_at_s, now_s : int, seconds, the first not after the second
    growth_per_year_bps : int, basis points a year of 365 days, >= 0
    scaling : int
        Kept per second beyond the unit: 1,000,000 now, 1 in the contract of 2024.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range.

    References
    ----------
    Aave, ``aave-capo``, ``PriceCapAdapterBase`` [30c8794], ``_setCapParameters`` and
    ``_getMaxRatio``.

    >>> max_ratio(10**18, 0, 1_000, 365 * 86_400)
    1099999999999999979
    """
    if snapshot_ratio <= 0:
        raise InvalidInputError(f"snapshot_ratio must be > 0, was {snapshot_ratio}")
    if growth_per_year_bps < 0:
        raise InvalidInputError(f"growth_per_year_bps must be >= 0, was {growth_per_year_bps}")
    if now_s < snapshot_at_s:
        raise InvalidInputError(f"now_s must be >= {snapshot_at_s}, the snapshot's, was {now_s}")
    if scaling <= 0:
        raise InvalidInputError(f"scaling must be > 0, was {scaling}")
    per_second = snapshot_ratio * growth_per_year_bps * scaling // _BPS // YEAR_S
    return snapshot_ratio + per_second * (now_s - snapshot_at_s) // scaling


def capped_ratio(ratio: int, ratio_max: int) -> int:
    """Return a ratio, or the highest that is allowed.

    >>> capped_ratio(1_150, 1_100)
    1100
    """
    return min(ratio, ratio_max)


def capped_price(base_price: int, ratio: int, ratio_max: int, *, ratio_decimals: int) -> int:
    """Return ``base * min(ratio, cap)``, rounded down; 0 where a part of it is not positive.

    The contract's ``latestAnswer``; the result has the base price's unit.

    Raises
    ------
    InvalidInputError
        If *ratio_decimals* is not in [0, 77], as many as a 256-bit word has.

    >>> capped_price(2_000 * 10**8, 1_150, 1_100, ratio_decimals=3)
    220000000000
    """
    if not 0 <= ratio_decimals <= _DECIMALS_MAX:
        raise InvalidInputError(
            f"ratio_decimals must be in [0, {_DECIMALS_MAX}], was {ratio_decimals}"
        )
    if base_price <= 0 or ratio <= 0:
        return 0
    return int(base_price * capped_ratio(ratio, ratio_max) // 10**ratio_decimals)


def validate_growth_cap(
    snapshot_ratio: int,
    snapshot_at_s: int,
    growth_per_year_bps: int,
    *,
    now_s: int,
    last_ratio: int,
    tolerance: Number = 0,
    previous_snapshot_at_s: int | None = None,
    snapshot_delay_s_min: int = 0,
    snapshot_term_s_max: int = _TERM_S_MAX,
) -> int:
    """Return the cap that a *set* of parameters gives now, or refuse the set.

    The contract asks the time of the snapshot. It does not ask whether ratio and time belong
    together: a set whose cap lies below the rate that is being paid marks every holder down at
    once. Here that is refused, unless it is within *tolerance* of the last accepted ratio.

    Parameters
    ----------
    snapshot_ratio, snapshot_at_s, growth_per_year_bps : int
        As of `max_ratio`.
    now_s : int, seconds
    last_ratio : int, the ratio's unit
        The last ratio that was accepted.
    tolerance : number in [0, 1]
        Share of *last_ratio* by which the cap may lie below it.
    previous_snapshot_at_s : int or None, seconds
        The set that is replaced; the new snapshot must be younger.
    snapshot_delay_s_min, snapshot_term_s_max : int, seconds
        How old the snapshot must and may be.

    Raises
    ------
    InvalidInputError
        Naming the rule that is broken.

    References
    ----------
    Aave, ``aave-capo``, ``PriceCapAdapterBase`` [30c8794], ``_setCapParameters``.

    >>> validate_growth_cap(1_000_000, 0, 1_000, now_s=365 * 86_400, last_ratio=1_099_000,
    ...                     snapshot_term_s_max=366 * 86_400)
    1099969
    """
    if previous_snapshot_at_s is not None and snapshot_at_s <= previous_snapshot_at_s:
        rule = f"> {previous_snapshot_at_s}, the last snapshot's"
        raise InvalidInputError(f"snapshot_at_s must be {rule}, was {snapshot_at_s}")
    newest, oldest = now_s - snapshot_delay_s_min, now_s - snapshot_term_s_max
    if not oldest <= snapshot_at_s <= newest:
        raise InvalidInputError(
            f"snapshot_at_s must be in [{oldest}, {newest}], was {snapshot_at_s}"
        )
    cap = max_ratio(snapshot_ratio, snapshot_at_s, growth_per_year_bps, now_s)
    with exactly(200):
        least = last_ratio * (1 - share("tolerance", tolerance))
    if cap < least:
        raise InvalidInputError(f"the cap must be >= {least}, by the last ratio, was {cap}")
    return cap


def redemption_aware(
    market: Number, redemption: Number | None, *, deviation_max: Number, suspended: bool = False
) -> Decimal:
    """Return the redemption value where it can be had, and the market's price where not.

    It can be had where the issuer pays (not *suspended*, and it says a value), and where the market
    lies within *deviation_max*, a share of that value: beyond it somebody knows more than the
    issuer says.

    >>> redemption_aware("0.98", 1, deviation_max="0.05")
    Decimal('1')
    >>> redemption_aware("0.98", 1, deviation_max="0.05", suspended=True)
    Decimal('0.98')
    """
    paid = positive("market", market)
    most = not_negative("deviation_max", deviation_max)
    if redemption is None or suspended:
        return paid
    said = positive("redemption", redemption)
    with exactly(200):
        return said if abs(paid - said) <= most * said else paid


def composite_price(
    market: Number,
    canonical: Number,
    *,
    redeeming: bool,
    deviation_max: Number,
    capped: bool = True,
    quantum: Number | None = None,
) -> Decimal:
    """Return the price of a staked asset from the market and from its canonical rate.

    The lower of the two, against a market pushed up; when *redeeming*, the higher of the two where
    the market lies within *deviation_max* of the canonical price, against arbitrage of the oracle.

    Parameters
    ----------
    market, canonical : number > 0, one quote unit
        What trades say; the underlying's price times the canonical rate.
    redeeming : bool
    deviation_max : number in [0, 1]
        0.02 for rETH and 0.01 for stETH in the original.
    capped : bool
        ``False``: the market's price stands instead of the lower, as for wstETH.
    quantum : number, optional
        The ends of the band are rounded down to a multiple of it: ``1`` for whole wads, as there.

    References
    ----------
    Liquity v2, ``bold``, ``CompositePriceFeed``, ``RETHPriceFeed`` and ``WSTETHPriceFeed``, 2025.

    >>> composite_price(101, 100, redeeming=False, deviation_max="0.02")
    Decimal('100')
    >>> composite_price(101, 100, redeeming=True, deviation_max="0.02")
    Decimal('101')
    """
    traded, rate = positive("market", market), positive("canonical", canonical)
    most = share("deviation_max", deviation_max)
    with exactly(200):
        low = rounded(rate * (1 - most), quantum)
        high = rounded(rate * (1 + most), quantum)
    if redeeming and low <= traded <= high:
        return max(traded, rate)
    return min(traded, rate) if capped else traded
