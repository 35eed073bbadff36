"""Averages in time: of prices that held, of prices that are forgotten, and of premiums."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from hullmark.core import (
    Number,
    decimal_of,
    exactly,
    not_negative,
    positive,
    share,
)
from hullmark.errors import InvalidInputError
from hullmark.market._spans import held


def time_weighted(observations: Sequence[tuple[int, Number]], now_s: int, window_s: int) -> Decimal:
    """Return the arithmetic mean over a window of prices that each held until the next.

    Parameters
    ----------
    observations : sequence of (seconds, price)
        In order of time, the first not after the window begins, none after now.
    now_s, window_s : int, seconds

    Raises
    ------
    InvalidInputError
        If the window is not covered, or times are out of order.

    >>> time_weighted([(0, 1), (1788, 10)], 1800, 1800)
    Decimal('1.06')
    """
    spans = held(observations, now_s, window_s)
    with exactly():
        total = sum((decimal_of("price", price) * span for price, span in spans), Decimal(0))
        return total / window_s


def ema(
    previous: Number,
    value: Number,
    *,
    elapsed: Number,
    half_life: Number | None = None,
    time_constant: Number | None = None,
) -> Decimal:
    """Return an average that forgets in real time.

    ``value + (previous - value) * kept``, with ``kept = 2 ** (-elapsed / half_life)`` or
    ``exp(-elapsed / time_constant)``. Two steps at one value are one step of both times.

    Parameters
    ----------
    previous, value : number, one unit
    elapsed : number >= 0, in the unit of the other time
    half_life, time_constant : number > 0
        Exactly one of them.

    Raises
    ------
    InvalidInputError
        If both times are given or none, or one is out of range.

    >>> ema(100, 200, elapsed=60, half_life=60)
    Decimal('150.0')
    """
    if (half_life is None) == (time_constant is None):
        raise InvalidInputError(
            f"one of half_life and time_constant must be given, was {half_life}, {time_constant}"
        )
    passed = not_negative("elapsed", elapsed)
    old, new = decimal_of("previous", previous), decimal_of("value", value)
    with exactly():
        if half_life is not None:
            kept = Decimal("0.5") ** (passed / positive("half_life", half_life))
        else:
            assert time_constant is not None, "asked above"
            kept = (-passed / positive("time_constant", time_constant)).exp()
        return mixed(old, new, kept)


def mixed(old: Decimal, new: Decimal, kept: Decimal) -> Decimal:
    """Return *new*, and what is *kept* of the difference; of two that are equal, the same again."""
    return new + (old - new) * kept


def ema_step(previous: Number, value: Number, alpha: Number) -> Decimal:
    """Return an average that forgets by the step: ``alpha * value + (1 - alpha) * previous``.

    >>> ema_step(100, 200, "0.1")
    Decimal('110.0')
    """
    weight = share("alpha", alpha)
    with exactly():
        return weight * decimal_of("value", value) + (1 - weight) * decimal_of("previous", previous)


def premium_average(
    samples: Sequence[Number], *, weighting: Literal["equal", "linear"] = "equal"
) -> Decimal:
    """Return the mean premium of a funding interval.

    Parameters
    ----------
    samples : sequence of numbers, oldest first
        Premiums as shares of the index.
    weighting : {"equal", "linear"}
        All alike, or the n-th sample n times: the newest counts most.

    References
    ----------
    Binance, "Introduction to Binance Futures Funding Rates": ``(1 * P1 + 2 * P2 + ... + n * Pn) /
    (1 + 2 + ... + n)``.

    >>> premium_average(["0.001", "0.004"], weighting="linear")
    Decimal('0.003')
    """
    if not samples:
        raise InvalidInputError("samples must not be empty, was []")
    if weighting not in {"equal", "linear"}:
        raise InvalidInputError(f"weighting must be equal or linear, was {weighting!r}")
    weights = [n if weighting == "linear" else 1 for n in range(1, len(samples) + 1)]
    with exactly():
        parts = (decimal_of("sample", s) * w for s, w in zip(samples, weights, strict=True))
        return sum(parts, Decimal(0)) / sum(weights)
