"""Prices as powers of 1.0001, and the geometric average that an accumulator of them gives.

A tick is in units of raw amounts, token 1 for one of token 0: decimals are the caller's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal

from hullmark.core import PRECISION, Number, exactly, positive
from hullmark.errors import InvalidInputError
from hullmark.market._spans import held

TICK_MAX = 887_272  # of Uniswap v3: the last whose price lies below 2**128
BASE = Decimal("1.0001")
_GUARD = 30  # digits beyond the result's
_DIGITS_MAX = 1_000  # that anyone has a use for
_RATIO_BITS, _SQRT_BITS = 128, 96


def _factors() -> tuple[int, ...]:
    """Return 1.0001 ** -(2**i / 2) for every bit of a tick, in 128 bits, to the nearest."""
    with exactly(80):
        unit = Decimal(2) ** _RATIO_BITS
        halves = [Decimal(2) ** bit / 2 for bit in range(TICK_MAX.bit_length())]
        return tuple(int((unit * BASE**-half).to_integral_value()) for half in halves)


_FACTORS = _factors()


def _checked(tick: int) -> int:
    if abs(tick) > TICK_MAX:
        raise InvalidInputError(f"tick must be in [-{TICK_MAX}, {TICK_MAX}], was {tick}")
    return tick


def tick_of(price: Number) -> int:
    """Return the greatest tick whose price is not above this one: exact, not to a last digit.

    Raises
    ------
    InvalidInputError
        If the price is not > 0, or lies outside the ticks.

    >>> tick_of(1), tick_of("1.0001"), tick_of("0.9999999999")
    (0, 1, -1)
    """
    value = positive("price", price)
    # A power of 1.0001 has four decimals a step: one that equals the price shows with these digits.
    with exactly(PRECISION + len(value.as_tuple().digits)):
        guess = int((value.ln() / BASE.ln()).to_integral_value(ROUND_FLOOR))
        tick = max(near for near in range(guess - 1, guess + 2) if BASE**near <= value)
    return _checked(tick)


def price_of_tick(tick: int, digits: int = 28) -> Decimal:
    """Return ``1.0001 ** tick`` to so many digits, 1 to 1,000, rounded half to even.

    Raises
    ------
    InvalidInputError
        If the tick or the digits are out of their range.

    >>> price_of_tick(2), price_of_tick(-1, digits=10)
    (Decimal('1.00020001'), Decimal('0.9999000100'))
    """
    if not 1 <= digits <= _DIGITS_MAX:
        raise InvalidInputError(f"digits must be in [1, {_DIGITS_MAX}], was {digits}")
    with exactly(digits + _GUARD):
        power = BASE ** _checked(tick)
    with exactly(digits):
        return +power


def sqrt_ratio_x96(tick: int) -> int:
    """Return the square root of a tick's price, times 2**96, rounded as the original does.

    A product of at most twenty 128-bit factors, each step rounded down; turned over for ticks
    above zero, and rounded up to 96 bits.

    References
    ----------
    Uniswap v3, ``v3-core``, ``contracts/libraries/TickMath.sol``, ``getSqrtRatioAtTick``.

    >>> sqrt_ratio_x96(0) == 2**96
    True
    """
    size, ratio = abs(_checked(tick)), 1 << _RATIO_BITS
    for bit, factor in enumerate(_FACTORS):
        if size >> bit & 1:
            ratio = ratio * factor >> _RATIO_BITS
    if tick > 0:
        ratio = ((1 << 2 * _RATIO_BITS) - 1) // ratio
    return -(-ratio >> _RATIO_BITS - _SQRT_BITS)


def tick_at_sqrt_ratio(sqrt_x96: int) -> int:
    """Return the greatest tick whose `sqrt_ratio_x96` is not above *sqrt_x96*.

    Raises
    ------
    InvalidInputError
        If it is outside what ticks reach; the upper end itself is outside, as in the original.

    References
    ----------
    Uniswap v3, ``v3-core``, ``TickMath.sol``, ``getTickAtSqrtRatio``.
    """
    least, most = sqrt_ratio_x96(-TICK_MAX), sqrt_ratio_x96(TICK_MAX)
    if not least <= sqrt_x96 < most:
        raise InvalidInputError(f"sqrt_x96 must be in [{least}, {most}), was {sqrt_x96}")
    low, high = -TICK_MAX, TICK_MAX
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if sqrt_ratio_x96(middle) <= sqrt_x96 else (low, middle)
    return low


def mean_tick(cumulative_then: int, cumulative_now: int, seconds: int) -> int:
    """Return the mean tick between two readings, rounded to minus infinity.

    The difference is taken in 56 bits and the mean in 24, both with a sign, as in the original: a
    reading may have run over, and the mean is right all the same.

    References
    ----------
    Uniswap v3, ``v3-periphery``, ``contracts/libraries/OracleLibrary.sol``, ``consult``.

    >>> mean_tick(0, -7, 2)
    -4
    """
    if seconds <= 0:
        raise InvalidInputError(f"seconds must be > 0, was {seconds}")
    return _wrapped(_wrapped(cumulative_now - cumulative_then, 56) // seconds, 24)


def _wrapped(value: int, bits: int) -> int:
    half = 1 << bits - 1
    return (value + half) % (2 * half) - half


def quote_at_tick(tick: int, base_amount: int, *, base_is_token0: bool) -> int:
    """Return what a raw amount of one token is in raw units of the other, rounded down.

    References
    ----------
    Uniswap v3, ``v3-periphery``, ``OracleLibrary.sol``, ``getQuoteAtTick``: above 128 bits of the
    root the ratio loses 64 bits before it is used, and here too.

    >>> quote_at_tick(0, 10**18, base_is_token0=True)
    1000000000000000000
    """
    if base_amount < 0:
        raise InvalidInputError(f"base_amount must be >= 0, was {base_amount}")
    root, bits = sqrt_ratio_x96(tick), 2 * _SQRT_BITS
    ratio = root * root
    if root.bit_length() > _RATIO_BITS:
        ratio, bits = ratio >> 64, bits - 64
    if base_is_token0:
        return ratio * base_amount >> bits
    return (base_amount << bits) // ratio


@dataclass(frozen=True, slots=True)
class TickAccumulator:
    """Ticks times the seconds for which each held. Begin with `TickAccumulator.at`.

    Attributes
    ----------
    tick : int
        The one that holds now.
    observations : tuple of (seconds, sum of ticks times seconds), oldest first
    cardinality : int, > 0
        How many observations are kept.

    References
    ----------
    Uniswap v3, ``v3-core``, ``contracts/libraries/Oracle.sol``.

    >>> TickAccumulator.at(0, 100).observed(60, 200).mean(seconds=90, now_s=90)
    133
    """

    tick: int
    observations: tuple[tuple[int, int], ...]
    cardinality: int = 65_535

    @classmethod
    def at(cls, now_s: int, tick: int, cardinality: int = 65_535) -> "TickAccumulator":
        """Return one that begins at an instant with a sum of zero."""
        if cardinality < 1:
            raise InvalidInputError(f"cardinality must be >= 1, was {cardinality}")
        return cls(_checked(tick), ((now_s, 0),), cardinality)

    def observed(self, now_s: int, tick: int) -> "TickAccumulator":
        """Return it with a new tick, from now on: the old one counts up to now.

        At an instant that has been written only the tick changes.
        """
        last_s, cumulative = self.observations[-1]
        if now_s < last_s:
            raise InvalidInputError(f"now_s must be >= {last_s}, the last, was {now_s}")
        if now_s == last_s:
            return replace(self, tick=_checked(tick))
        written = (now_s, cumulative + self.tick * (now_s - last_s))
        kept = (*self.observations, written)[-self.cardinality :]
        return replace(self, tick=_checked(tick), observations=kept)

    def cumulative_at(self, at_s: int) -> int:
        """Return the sum at an instant; between two observations it grows evenly.

        Evenly in whole ticks: the slope is cut towards zero, as the original's division is.

        Raises
        ------
        InvalidInputError
            If the instant is before the oldest observation.
        """
        last_s, cumulative = self.observations[-1]
        if at_s >= last_s:
            return cumulative + self.tick * (at_s - last_s)
        if at_s < self.observations[0][0]:
            oldest_s = self.observations[0][0]
            raise InvalidInputError(f"at_s must be >= {oldest_s}, the oldest, was {at_s}")
        place = max(n for n, (then_s, _) in enumerate(self.observations) if then_s <= at_s)
        (before_s, before), (after_s, after) = self.observations[place : place + 2]
        grown, span_s = after - before, after_s - before_s
        slope = abs(grown) // span_s * (1 if grown >= 0 else -1)
        return after if at_s == after_s else before + slope * (at_s - before_s)

    def mean(self, *, seconds: int, now_s: int) -> int:
        """Return the mean tick of the last seconds, rounded to minus infinity."""
        then = self.cumulative_at(now_s - seconds)
        return mean_tick(then, self.cumulative_at(now_s), seconds)


def geometric_mean(
    observations: Sequence[tuple[int, Number]], now_s: int, window_s: int, digits: int = 28
) -> Decimal:
    """Return the geometric mean over a window of prices that each held until the next.

    Parameters
    ----------
    observations : sequence of (seconds, price > 0)
        In order of time, the first not after the window begins, none after now.
    now_s, window_s : int, seconds
    digits : int

    Raises
    ------
    InvalidInputError
        If the window is not covered, or times are out of order.

    >>> geometric_mean([(0, 1), (1788, 10)], 1800, 1800, digits=6)
    Decimal('1.01547')
    """
    spans = held(observations, now_s, window_s)
    with exactly(digits + _GUARD):
        logs = (positive("price", price).ln() * span for price, span in spans)
        mean = (sum(logs, Decimal(0)) / window_s).exp()
    with exactly(digits):
        return +mean
