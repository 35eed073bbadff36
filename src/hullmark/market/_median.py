"""Medians of what several sources say: weighted, with a quorum, and without outliers."""

from collections.abc import Collection, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Literal, NamedTuple

from hullmark.core import (
    Number,
    decimal_of,
    exactly,
    not_negative,
    positive,
    rounded,
)
from hullmark.errors import InvalidInputError


class SignedPrice(NamedTuple):
    """What one source has signed."""

    source: str
    price: Number  # quote units, > 0
    at_s: int  # when it was observed, seconds


def weighted_median(
    prices: Sequence[Number],
    weights: Sequence[Number] | None = None,
    *,
    even: Literal["mean", "lower", "upper"] = "mean",
    quantum: Number | None = None,
    rounding: str = ROUND_FLOOR,
) -> Decimal:
    """Return the price at which half of the weight is reached.

    Parameters
    ----------
    prices : sequence of numbers
        In any order, of any sign; at least one.
    weights : sequence of numbers > 0, optional
        One a price; all alike unless given.
    even : {"mean", "lower", "upper"}
        What holds where exactly half of the weight lies below a gap: the mean of the prices beside
        it, or one of them.
    quantum : number > 0, optional
        The mean is rounded to a multiple of it, as *rounding* says; exact where it is not given.
    rounding : str
        A rounding of `decimal`.

    Raises
    ------
    InvalidInputError
        If there is no price, a weight is not > 0, or the two differ in length.

    >>> weighted_median([99, 100, 250], [2, 2, 1])
    Decimal('100')
    """
    if even not in {"mean", "lower", "upper"}:
        raise InvalidInputError(f"even must be mean, lower or upper, was {even!r}")
    pairs, total, reached = _weighed(prices, weights), Decimal(0), Decimal(0)
    with exactly(200):
        total = sum((weight for _, weight in pairs), total)
        for place, (price, weight) in enumerate(pairs):
            reached += weight
            if 2 * reached > total or (2 * reached == total and even == "lower"):
                return price
            if 2 * reached == total:
                above = pairs[place + 1][0]
                return above if even == "upper" else rounded((price + above) / 2, quantum, rounding)
    raise AssertionError("the whole weight is more than half of it")


def _weighed(
    prices: Sequence[Number], weights: Sequence[Number] | None
) -> list[tuple[Decimal, Decimal]]:
    if not prices:
        raise InvalidInputError("prices must not be empty, was []")
    heavy = [1] * len(prices) if weights is None else weights
    if len(heavy) != len(prices):
        raise InvalidInputError(f"weights must be {len(prices)}, one a price, was {len(heavy)}")
    return sorted(
        (decimal_of("price", price), positive("weight", weight))
        for price, weight in zip(prices, heavy, strict=True)
    )


def quorum_median(
    observations: Sequence[SignedPrice],
    *,
    quorum: int,
    sources: Collection[str] | None = None,
    newer_than_s: int = 0,
) -> Decimal:
    """Return the middle of exactly *quorum* signed prices, or refuse them all.

    The rules are asked of each observation in the original's order: its source is known, it is
    newer than the last median, it is not below the one before it, its source has not yet spoken.

    Parameters
    ----------
    observations : sequence of SignedPrice
        Sorted by price, lowest first.
    quorum : int, odd
        How many there must be: no fewer, and no more.
    sources : collection of str, optional
        Who may sign; anybody unless given.
    newer_than_s : int, seconds
        When the last median was taken.

    Raises
    ------
    InvalidInputError
        Naming the first rule that is broken.

    References
    ----------
    MakerDAO, ``median``, ``src/median.sol``, functions ``poke`` and ``setBar``.

    >>> said = [SignedPrice(name, price, 7) for name, price in zip("abc", (99, 100, 250))]
    >>> quorum_median(said, quorum=3)
    Decimal('100')
    """
    if quorum < 1 or quorum % 2 == 0:
        raise InvalidInputError(f"quorum must be odd and >= 1, was {quorum}")
    if len(observations) != quorum:
        raise InvalidInputError(f"observations must be {quorum}, was {len(observations)}")
    signed: set[str] = set()
    sorted_prices: list[Decimal] = []
    for source, said, at_s in observations:
        price = not_negative("price", said)
        if sources is not None and source not in sources:
            raise InvalidInputError(f"source must be one of the known, was {source!r}")
        if at_s <= newer_than_s:
            raise InvalidInputError(f"at_s must be > {newer_than_s}, the last median's, was {at_s}")
        if sorted_prices and price < sorted_prices[-1]:
            raise InvalidInputError(f"prices must be in order, was {price} after the higher")
        if source in signed:
            raise InvalidInputError(f"sources must be distinct, was {source!r} twice")
        signed.add(source)
        sorted_prices.append(price)
    return sorted_prices[quorum // 2]


def within_band(prices: Sequence[Number], centre: Number, deviation: Number) -> tuple[bool, ...]:
    """Return of each price whether it is no further from *centre* than a share of that.

    >>> within_band([95, 100, 106], 100, "0.05")
    (True, True, False)
    """
    middle, most = positive("centre", centre), not_negative("deviation", deviation)
    with exactly(200):
        return tuple(abs(decimal_of("price", one) - middle) <= most * middle for one in prices)


def without_outliers(
    prices: Sequence[Number],
    weights: Sequence[Number] | None = None,
    *,
    deviation_max: Number,
) -> tuple[int, ...]:
    """Return the places of the prices near the weighted median of all.

    One pass: what is left draws no new band, so that a band cannot be walked. Where the bad hold
    less than half of the weight, and the good lie within *deviation_max* of each other, every good
    price is kept, and the median of what is kept lies among the good. Where the good disagree by
    more, the pass can drop some of them: then that law holds of the median of all, not of the rest.

    Returns
    -------
    tuple of int
        Ascending. Empty where an even split puts the median into a gap wider than the band.

    >>> without_outliers([99, 100, 101, 250], deviation_max="0.05")
    (0, 1, 2)
    """
    centre = weighted_median(prices, weights)
    near = within_band(prices, centre, deviation_max)
    return tuple(place for place, kept in enumerate(near) if kept)
