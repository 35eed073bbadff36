"""Derive's option settlement: a 30-minute average of spot, and the forward that runs into it.

All prices and sizes are fixed, whole numbers of 1e-18; an *aggregate* is spot times seconds, summed
since some origin. Every quotient is cut.

References
----------
``derivexyz/v2-core``: ``src/feeds/LyraForwardFeed.sol``, commit e52a9964;
``src/assets/OptionAsset.sol``, commit 65102003.
"""

from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.derive._fixed import count, mul_trunc, whole

SETTLEMENT_SECONDS = 1_800  # SETTLEMENT_TWAP_DURATION, 30 minutes


class ForwardParts(NamedTuple):
    """A forward price in two parts, 1e-18 USD, whose sum it is.

    Parameters
    ----------
    settled : int
        What the settlement average holds already: no move of spot changes it.
    variable : int
        What can still move, and all that a shock of spot applies to.
    """

    settled: int
    variable: int

    @property
    def price(self) -> int:
        """The forward price, 1e-18 USD."""
        return self.settled + self.variable


def settlement_price_floor(*, aggregate_start: int, aggregate: int) -> int:
    """Return the average of spot between two aggregates that are 30 minutes apart.

    Parameters
    ----------
    aggregate_start, aggregate : int, 1e-18 USD seconds
        At 30 minutes before expiry and exactly at expiry; the venue takes no other instant.

    Raises
    ------
    InvalidInputError
        If the first is not above zero, or the second not above the first.
    """
    whole("aggregate_start", aggregate_start, 1)
    whole("aggregate", aggregate, aggregate_start + 1)
    return (aggregate - aggregate_start) // SETTLEMENT_SECONDS


def forward_parts_floor(
    *,
    spot: int,
    difference: int,
    seconds_left: int,
    aggregate_start: int | None = None,
    aggregate: int | None = None,
) -> ForwardParts:
    """Return the forward of an expiry, split as its settlement average fills.

    Before the last 30 minutes, and at the instant they begin, all of it is variable. After that,
    what has been observed is fixed and the rest is weighed by the time that is left.

    Parameters
    ----------
    spot : int, 1e-18 USD, >= 0
    difference : int, 1e-18 USD
        Forward less spot, as last reported.
    seconds_left : int, >= 0
        From that report to expiry, not from now: the two parts belong to one instant.
    aggregate_start, aggregate : int or None, 1e-18 USD seconds
        As `settlement_price_floor`, the second of the instant of the report; needed in the last 30
        minutes only.

    Raises
    ------
    InvalidInputError
        If the forward is below zero, an aggregate is missing, or a number breaks its rule.

    Examples
    --------
    >>> usd = 10**18
    >>> third = forward_parts_floor(  # ten minutes left, and 1050 on average in the first twenty
    ...     spot=990 * usd, difference=10 * usd, seconds_left=600,
    ...     aggregate_start=usd, aggregate=usd + 1050 * usd * 1200,
    ... )
    >>> third.settled // usd, third.variable // usd
    (700, 333)
    """
    forward = whole("spot", spot, 0) + whole("difference", difference, -spot)
    if count("seconds_left", seconds_left) >= SETTLEMENT_SECONDS:
        return ForwardParts(0, forward)
    if aggregate_start is None or aggregate is None:
        raise InvalidInputError(
            f"aggregates must be given in the last {SETTLEMENT_SECONDS} seconds,"
            f" was None with {seconds_left} left"
        )
    settled = settlement_price_floor(aggregate_start=aggregate_start, aggregate=aggregate)
    return ForwardParts(settled, forward * seconds_left // SETTLEMENT_SECONDS)


def payoff_trunc(*, call: bool, strike: int, price: int, size: int) -> int:
    """Return what an option position is paid at a settlement price; a short one pays.

    Raises
    ------
    InvalidInputError
        If strike or price is below zero.

    Examples
    --------
    >>> payoff_trunc(call=True, strike=1000, price=1200, size=-(10**18))
    -200
    """
    gap = whole("price", price, 0) - whole("strike", strike, 0)
    inside = max(gap, 0) if call else max(-gap, 0)
    return mul_trunc(inside, whole("size", size))


def settlement_value(
    *, call: bool, strike: int, size: int, seconds_left: int, price: int | None
) -> int | None:
    """Return what settling a position now pays, or None: before expiry, or without a price.

    The venue settles anyone's expired options for whoever asks, and skips those without a price.

    Raises
    ------
    InvalidInputError
        If strike or price is below zero.
    """
    if seconds_left > 0 or price is None:
        return None
    return payoff_trunc(call=call, strike=strike, price=price, size=size)


def expired_value(*, call: bool, strike: int, size: int, forward: ForwardParts) -> int:
    """Return what an expired option that nobody has settled counts in margin: its intrinsic value.

    Its time is up, so Black-76 leaves what is inside at the forward, which is the settlement price
    once that is known. There is no discount: the standard manager has none, and the portfolio
    manager's is one at expiry.

    Raises
    ------
    InvalidInputError
        If strike or forward is below zero.
    """
    return payoff_trunc(call=call, strike=strike, price=forward.price, size=size)
