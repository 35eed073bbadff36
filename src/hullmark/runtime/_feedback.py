"""What a venue's depths say: how far liquidations feed themselves, and what a push would pay.

The books on one underlying are taken for one, with the sum of their depths. An option is traded in
a book of its own, and pushes no underlying.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from hullmark.clearing import Rules, Views
from hullmark.core import FloatArray
from hullmark.domain import Option
from hullmark.errors import InvalidInputError
from hullmark.market import ManipulationPoint, manipulation_report
from hullmark.monitor import Cascade, PartialClosing, cascade

_TERMS = ("fee", "position_fee", "kept", "weight", "attacker_share")


def find_cascade(
    views: Views, shocks: Sequence[float] | FloatArray, closing: float | PartialClosing
) -> Cascade:
    """Answer `Venue.cascade`."""
    rules, market = views.movable.rules, views.movable
    depths = _need_depths(rules)
    place = {symbol: at for at, symbol in enumerate(depths)}
    of = [-1 if isinstance(i, Option) else place.get(i.underlying, -1) for i in market.instruments]
    return cascade(
        views.book.rows(),
        market.moved_tables,
        tuple(depths),
        np.array(of, dtype=np.int64),
        [float(usd) for usd in depths.values()],
        shocks,
        closing=closing,
    )


def report_manipulation(
    views: Views,
    moves: Sequence[Decimal | int | str] | None,
    terms: dict[str, Decimal | int | str],
) -> dict[str, tuple[ManipulationPoint, ...]]:
    """Answer `Venue.manipulation`."""
    for name, value in terms.items():
        if name not in _TERMS:
            raise InvalidInputError(
                f"{name} must be one of the terms {', '.join(_TERMS)}, was {value!r}"
            )
    held_usd = open_interest(views)
    return {
        symbol: manipulation_report(depth_usd, held_usd[symbol], moves, **terms)
        for symbol, depth_usd in _need_depths(views.movable.rules).items()
    }


def market_depths(rules: Rules) -> dict[str, Decimal]:
    """Return the depth of each underlying, the sum over the contracts on it that have one.

    It is ``liquidation.depth_usd`` of the rules: USD that move a price by one percent. Options, and
    underlyings without a depth, are left out.
    """
    found: dict[str, Decimal] = {}
    for terms in rules.instruments:
        usd = rules.liquidation.depth_usd.get(terms.symbol)
        if usd is not None and not isinstance(terms, Option):
            before = found.get(terms.underlying, Decimal(0))
            found[terms.underlying] = before + Decimal(f"{usd:.9f}")
    return found


def open_interest(views: Views) -> dict[str, Decimal]:
    """Answer `Venue.open_interest`."""
    rows, unit_usd = views.book.rows(), views.tables.notional_usd
    behind = np.cumsum(rows.count)
    places = np.repeat(rows.start - behind + rows.count, rows.count) + np.arange(rows.count.sum())
    number, size = rows.instrument[places], rows.size[places]
    longs, shorts = (
        np.bincount(number, np.maximum(way * size, 0.0), unit_usd.size) * unit_usd
        for way in (1.0, -1.0)
    )
    sides: dict[str, FloatArray] = {}
    for terms, both in zip(
        views.movable.instruments, np.stack([longs, shorts], axis=1), strict=True
    ):
        if not isinstance(terms, Option):
            sides[terms.underlying] = sides.get(terms.underlying, np.zeros(2)) + both
    return {symbol: Decimal(f"{both.max():.2f}") for symbol, both in sides.items()}


def _need_depths(rules: Rules) -> dict[str, Decimal]:
    depths = market_depths(rules)
    if not depths:
        raise InvalidInputError("liquidation.depth_usd must name a market, was empty")
    return depths
