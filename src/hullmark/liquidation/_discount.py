"""Discounts that grow: with the distance from health, or with time inside bands around a price."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from hullmark.core import Number, exactly, not_negative, positive, share
from hullmark.errors import InvalidInputError
from hullmark.liquidation._close_factor import WAD
from hullmark.liquidation._percent import BPS

RAY = 10**27


def health_discount(health_score: Number, *, discount_max: Number) -> Decimal:
    """Return the discount of a position: what it lacks to health, and no more than the cap.

    Liquidators compete at the least discount that pays, since it deepens as health falls.

    Parameters
    ----------
    health_score : number >= 0
        Risk-adjusted collateral over liability; above 1 there is no discount.
    discount_max : number in [0, 1]

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    References
    ----------
    Euler, ``euler-vault-kit`` [5b98b42], ``Liquidation.calculateMaxLiquidation``.

    >>> health_discount("0.97", discount_max="0.15"), health_discount("0.5", discount_max="0.15")
    (Decimal('0.03'), Decimal('0.15'))
    """
    score, most = not_negative("health_score", health_score), share("discount_max", discount_max)
    with exactly(200):
        return min(max(1 - score, Decimal(0)), most)


class HealthLiquidation(NamedTuple):
    """The most that can be repaid and taken at a discount by health.

    Attributes
    ----------
    repay : int, units of the liability's asset
    collateral : int, units of the collateral
        What is taken for it.
    discount_factor : int or None, 1e-18
        One less the discount; ``None`` where no liquidation is possible.
    repay_value, collateral_value : int, units of account
    """

    repay: int
    collateral: int
    discount_factor: int | None
    repay_value: int
    collateral_value: int

    def partial(self, repay: int) -> tuple[int, int]:
        """Return what is repaid and taken where a liquidator wants less than the most.

        Raises
        ------
        InvalidInputError
            If it is below zero or above the most: ``E_ExcessiveRepayAmount``.

        >>> HealthLiquidation(100, 110, 9 * 10**17, 100, 110).partial(50)
        (50, 55)
        """
        if not 0 <= repay <= self.repay:
            raise InvalidInputError(f"repay must be in [0, {self.repay}], was {repay}")
        if self.repay == 0:
            return self.repay, self.collateral
        return repay, repay * self.collateral // self.repay


def health_liquidation(
    *,
    adjusted_collateral_value: int,
    liability: int,
    liability_value: int,
    collateral: int,
    collateral_value: int,
    discount_max_bps: int,
) -> HealthLiquidation:
    """Return the most that can be repaid, and what is taken for it, in whole units.

    Parameters
    ----------
    adjusted_collateral_value : int, units of account
        All collateral at its bid and at its liquidation loan to value.
    liability : int, units of its asset
    liability_value : int, units of account
    collateral : int, units of the collateral
        What the account has of the asset that is taken.
    collateral_value : int, units of account
        Its worth at the mid price, without a haircut.
    discount_max_bps : int, basis points, in [0, 10_000)

    Raises
    ------
    InvalidInputError
        If an amount is below zero, or the cap out of its range.

    References
    ----------
    Euler, ``euler-vault-kit`` [5b98b42], ``Liquidation.calculateMaxLiquidation``. Collateral
    that is worth nothing is given for nothing; a score of one is liquidated, at no discount.

    >>> health_liquidation(adjusted_collateral_value=900, liability=1_000, liability_value=1_000,
    ...                    collateral=2_000, collateral_value=2_000, discount_max_bps=2_000)[:3]
    (1000, 1111, 900000000000000000)
    """
    for name, amount in (
        ("adjusted_collateral_value", adjusted_collateral_value), ("liability", liability),
        ("liability_value", liability_value), ("collateral", collateral),
        ("collateral_value", collateral_value),
    ):  # fmt: skip
        if amount < 0:
            raise InvalidInputError(f"{name} must be >= 0, was {amount}")
    if not 0 <= discount_max_bps < BPS:
        raise InvalidInputError(f"discount_max_bps must be in [0, {BPS}), was {discount_max_bps}")
    if adjusted_collateral_value > liability_value or liability_value == 0:
        return HealthLiquidation(0, 0, None, 0, 0)
    least = WAD - WAD * discount_max_bps // BPS
    factor = max(adjusted_collateral_value * WAD // liability_value, least)
    if collateral_value == 0:
        return HealthLiquidation(0, collateral, factor, 0, 0)
    repay_value, yield_value = liability_value, liability_value * WAD // factor
    if collateral_value < yield_value:
        repay_value, yield_value = collateral_value * factor // WAD, collateral_value
    repay = repay_value * liability // liability_value
    taken = yield_value * collateral // collateral_value
    return HealthLiquidation(repay, taken, factor, repay_value, yield_value)


@dataclass(frozen=True, slots=True)
class GrowingDiscount:
    """A discount that grows with time from a first one to a last one, and jumps there at its end.

    Attributes
    ----------
    first, last : int, 1e-18, 0 < last <= first <= 1e18
        Price factors: 0.95 is a discount of 5 %.
    rate : int, 1e-27, in (0, 1e27]
        Factor per second.
    length_s : int, seconds, >= 0
        After so long the last factor applies.

    References
    ----------
    Reflexer, ``geb`` [1a59f16], ``IncreasingDiscountCollateralAuctionHouse``, 2021.

    >>> discount = GrowingDiscount(92 * 10**16, 88 * 10**16, 999983536519757434476050304, 2_700)
    >>> discount.factor(0), discount.factor(2_699), discount.factor(2_700)
    (920000000000000000, 880014488100738017, 880000000000000000)
    """

    first: int
    last: int
    rate: int
    length_s: int

    def __post_init__(self) -> None:
        if not 0 < self.last <= self.first <= WAD:
            raise InvalidInputError(
                f"first and last must be 0 < last <= first <= 1e18, were {self.first}, {self.last}"
            )
        if not 0 < self.rate <= RAY:
            raise InvalidInputError(f"rate must be in (0, {RAY}], was {self.rate}")
        if self.length_s < 0:
            raise InvalidInputError(f"length_s must be >= 0, was {self.length_s}")

    def factor(self, elapsed_s: int) -> int:
        """Return the price factor after so many seconds, in 1e-18.

        Raises
        ------
        InvalidInputError
            If *elapsed_s* is below zero.
        """
        if elapsed_s < 0:
            raise InvalidInputError(f"elapsed_s must be >= 0, was {elapsed_s}")
        return self.updated(self.first, elapsed_s, elapsed_s)

    def updated(self, current: int, since_s: int, elapsed_s: int) -> int:
        """Return the factor that follows one of *since_s* seconds ago, as purchases leave it.

        The contract stores the factor at each purchase, rounded down, and goes on from there: so
        purchases in between lower it by what rounding drops.

        Parameters
        ----------
        current : int, 1e-18
        since_s : int, seconds
            Since it was stored.
        elapsed_s : int, seconds
            Since the auction began.
        """
        if elapsed_s >= self.length_s or current <= self.last:
            return self.last if elapsed_s >= self.length_s or current == 0 else current
        return max(_power_round(self.rate, since_s) * current // RAY, self.last)


def banded(reference: int, market: int, *, lower: int, upper: int) -> int:
    """Return a market price held within bands around a reference; 0 is no price.

    Parameters
    ----------
    reference, market : int, >= 0
        The delayed price and the median, in one unit.
    lower, upper : int, 1e-18, in [0, 1e18]
        0.8: the market's price counts down to 0.8 and up to 1.2 of the reference.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    References
    ----------
    Reflexer, as `GrowingDiscount`, ``getFinalBaseCollateralPrice``.

    >>> banded(100, 70, lower=8 * 10**17, upper=9 * 10**17), banded(100, 0, lower=0, upper=0)
    (80, 100)
    """
    for name, number in (("reference", reference), ("market", market)):
        if number < 0:
            raise InvalidInputError(f"{name} must be >= 0, was {number}")
    _band("lower", lower)
    _band("upper", upper)
    if market == 0:
        return reference
    if market < reference:
        return max(market, reference * lower // WAD)
    return min(market, reference * (2 * WAD - upper) // WAD)


def coin_price(redemption: int, market: int, *, lower: int, upper: int, least: int) -> int:
    """Return the system coin's price: its market's, within bands, where they are wide enough.

    Parameters
    ----------
    redemption : int, 1e-27, > 0
    market : int, 1e-27, >= 0
        0: there is none.
    lower, upper : int, 1e-18, in [0, 1e18]
        As of `banded`.
    least : int, 1e-18, in [0, 1e18]
        A band that ends nearer to the redemption price than this does is no band: that side stays
        at the redemption price.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    References
    ----------
    Reflexer, as `GrowingDiscount`, ``getSystemCoinFloorDeviatedPrice`` and
    ``getCollateralFSMAndFinalSystemCoinPrices``.

    >>> terms = dict(lower=95 * 10**16, upper=90 * 10**16, least=97 * 10**16)
    >>> coin_price(100, 90, **terms), coin_price(100, 120, **terms), coin_price(100, 0, **terms)
    (95, 110, 100)
    """
    if redemption <= 0:
        raise InvalidInputError(f"redemption must be > 0, was {redemption}")
    if market < 0:
        raise InvalidInputError(f"market must be >= 0, was {market}")
    for name, band in (("lower", lower), ("upper", upper), ("least", least)):
        _band(name, band)
    if market == 0:
        return redemption
    if market < redemption:
        floor = redemption * lower // WAD
        return max(market, floor if floor <= redemption * least // WAD else redemption)
    ceiling = redemption * (2 * WAD - upper) // WAD
    wide = ceiling >= redemption * (2 * WAD - least) // WAD
    return min(market, ceiling if wide else redemption)


def discounted_price(collateral: int, coin: int, factor: int) -> int:
    """Return the price of collateral in system coins, in 1e-18, rounded down twice.

    Parameters
    ----------
    collateral : int, 1e-18
    coin : int, 1e-27, > 0
    factor : int, 1e-18

    Raises
    ------
    InvalidInputError
        If *coin* is not above zero.

    References
    ----------
    Reflexer, as `GrowingDiscount`, ``getDiscountedCollateralPrice``.

    >>> discounted_price(200 * 10**18, RAY, 95 * 10**16)
    190000000000000000000
    """
    positive("coin", coin)
    return collateral * RAY // coin * factor // WAD


def _band(name: str, band: int) -> None:
    if not 0 <= band <= WAD:
        raise InvalidInputError(f"{name} must be in [0, {WAD}], was {band}")


# By squaring, each product rounded to the nearest with halves up, as the contract's ``rpower``.
def _power_round(base: int, exponent: int) -> int:
    result = base if exponent % 2 else RAY
    while exponent := exponent // 2:
        base = (base * base + RAY // 2) // RAY
        if exponent % 2:
            result = (result * base + RAY // 2) // RAY
    return result
