"""Marks: the middle of a book, the basis on an index, their median, and how fast it may move."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import NamedTuple

from hullmark.core import (
    Number,
    clamped,
    decimal_of,
    exactly,
    not_negative,
    positive,
)
from hullmark.errors import InvalidInputError
from hullmark.market._averages import ema
from hullmark.market._median import weighted_median


class Level(NamedTuple):
    """One resting order."""

    price: Number  # quote units
    size: Number  # base units
    placed_at_s: int  # seconds
    owner: str = ""  # a group of accounts


def book_mid(
    bids: Iterable[Level],
    asks: Iterable[Level],
    *,
    depth_min: Number,
    age_s_min: int,
    now_s: int,
    ignored: Collection[str] = (),
) -> Decimal | None:
    """Return the middle of a book at a depth, of orders that have stood for a while.

    Orders younger than *age_s_min* or of an *ignored* owner do not count. On each side the best
    ones that are left are taken until their notional is *depth_min*, the last in part; the side's
    price is what that notional costs on average, notional over size. The middle is the mean of the
    two sides.

    Parameters
    ----------
    bids, asks : iterable of Level
        In any order.
    depth_min : number > 0, quote units
        Notional that must stand on either side.
    age_s_min, now_s : int, seconds
    ignored : collection of str
        Owners that could mark their own book.

    Returns
    -------
    Decimal or None
        ``None`` where a side has less than the depth, or what is left is crossed.

    >>> bids, asks = [Level(99, 10, 0)], [Level(101, 10, 0)]
    >>> book_mid(bids, asks, depth_min=500, age_s_min=5, now_s=9)
    Decimal('100')
    """
    depth = positive("depth_min", depth_min)

    def counting(levels: Iterable[Level]) -> list[tuple[Decimal, Decimal]]:
        return sorted(
            (positive("price", one.price), positive("size", one.size))
            for one in levels
            if now_s - one.placed_at_s >= age_s_min and one.owner not in ignored
        )

    best_bids, best_asks = counting(bids)[::-1], counting(asks)
    if not best_bids or not best_asks or best_bids[0][0] >= best_asks[0][0]:
        return None
    with exactly():
        bid, ask = _at_depth(best_bids, depth), _at_depth(best_asks, depth)
        return None if bid is None or ask is None else (bid + ask) / 2


def _at_depth(levels: list[tuple[Decimal, Decimal]], depth: Decimal) -> Decimal | None:
    left, taken = depth, Decimal(0)
    for price, size in levels:
        if price * size >= left:
            # One level alone is its price, whatever the digits of the division.
            return price if left == depth else depth / (taken + left / price)
        left, taken = left - price * size, taken + size
    return None


def basis_ema(
    previous: Number | None, price: Number, index: Number, *, elapsed: Number, half_life: Number
) -> Decimal:
    """Return the average of what a price lies above its index; the first is taken as it is.

    >>> basis_ema(4, 102, 100, elapsed=30, half_life=30)
    Decimal('3.0')
    """
    with exactly():
        basis = decimal_of("price", price) - decimal_of("index", index)
    if previous is None:
        return basis
    return ema(previous, basis, elapsed=elapsed, half_life=half_life)


def mark_price(
    index_plus_basis: Number | None,
    book: Number | None,
    external: Number | None,
    *,
    count_min: int = 2,
) -> Decimal | None:
    """Return the median of the parts that are there, of two their mean.

    Parameters
    ----------
    index_plus_basis, book, external : number or None, quote units
        The index with its basis, the own book, contracts elsewhere.
    count_min : int, 1 to 3
        With fewer parts there is no mark: ``None``.

    References
    ----------
    Hyperliquid, "Robust price indices": the median of oracle plus basis average, own book, and
    perpetuals elsewhere. There an average of the own book stands in for a part that is missing.

    >>> mark_price(100, 180, 101)
    Decimal('101')
    """
    if not 1 <= count_min <= 3:
        raise InvalidInputError(f"count_min must be in [1, 3], was {count_min}")
    parts = [part for part in (index_plus_basis, book, external) if part is not None]
    return weighted_median(parts) if len(parts) >= count_min else None


def limited_move(
    last: Number, candidate: Number, *, share_max_per_minute: Number, elapsed_s: Number
) -> Decimal:
    """Return a price that has moved no further than a share of the last one a minute.

    >>> limited_move(100, 150, share_max_per_minute="0.05", elapsed_s=30)
    Decimal('102.50')
    """
    before = positive("last", last)
    with exactly():
        most = before * not_negative("share_max_per_minute", share_max_per_minute)
        most = most * not_negative("elapsed_s", elapsed_s) / 60
        return clamped(decimal_of("candidate", candidate), before - most, before + most)


def ema_cap(candidate: Number, average: Number, multiple: Number) -> Decimal:
    """Return a price no higher than a multiple of its slow average.

    References
    ----------
    Hyperliquid, "Hyperps": ten times the mark's average of eight hours.

    >>> ema_cap(120, 10, 10)
    Decimal('100')
    """
    with exactly():
        most = positive("average", average) * positive("multiple", multiple)
    return min(decimal_of("candidate", candidate), most)


def index_clamp(candidate: Number, index: Number, deviation_max: Number) -> Decimal:
    """Return a mark held within a share of its index.

    >>> index_clamp(115, 100, "0.1")
    Decimal('110.0')
    """
    centre, most = positive("index", index), not_negative("deviation_max", deviation_max)
    with exactly():
        value = decimal_of("candidate", candidate)
        return clamped(value, centre * (1 - most), centre * (1 + most))
