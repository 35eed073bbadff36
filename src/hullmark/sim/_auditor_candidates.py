"""From prints to a candidate, as the auditor weighs them: steps 3 to 5, and the three-part mark.

Source: ``docs/concepts/prices.md``.
"""

import math
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple

from hullmark.sim._auditor_flaws import Words, weighed, weighted_median
from hullmark.sim._auditor_policies import MarkTerms, PriceTerms
from hullmark.sim._auditor_text import NANO, PRICE_NANO_MAX


class Candidate(NamedTuple):
    """What the sources come to: ``reason`` says why it is in doubt, if it is."""

    price_nano: int
    low_nano: int
    high_nano: int
    observed_ns: list[int]  # when each origin in it has spoken
    reason: str = ""


class Basis(NamedTuple):
    """What the book has been above its index, on average and when both last spoke."""

    average_nano: int | None = None
    said_nano: int | None = None
    said_ns: int | None = None


def candidate_of(
    said: Words, flaws: Mapping[str, str | None], terms: PriceTerms
) -> Candidate | None:
    """Return the weighted median of those who agree, or of all if nobody does."""
    agreed = [s for s in terms.heard if s in flaws and flaws[s] is None]
    outliers = [s for s in terms.heard if flaws.get(s) == "outlier"]
    if not agreed and not outliers:
        return None
    weight = sum(terms.sources[s].weight for s in agreed)
    against = sum(terms.sources[s].weight for s in outliers)
    reason = ""
    if terms.dissent_max is not None and Fraction(against, weight + against) > terms.dissent_max:
        reason = "dissent"
    if not agreed:
        reason = "dissent"
    elif len(agreed) < terms.sources_min or weight < terms.weight_min:
        reason = "quorum"
    counted = agreed or outliers
    weights = [terms.sources[s].weight for s in counted]
    multiple = terms.confidence_multiple or Fraction(0)
    prices, lows, highs = list[int](), list[int](), list[int]()
    for source in counted:
        price, width = said[source].price_nano or 0, multiple * (said[source].confidence_nano or 0)
        prices.append(price)
        lows.append(max(math.floor(price - width), 1))
        highs.append(math.ceil(price + width))
    low, price, high = (
        weighted_median(zip(side, weights, strict=True)) for side in (lows, prices, highs)
    )
    return Candidate(price, low, high, [said[s].observed_ns for s in counted], reason)


def mark_of(
    said: Words,
    flaws: Mapping[str, str | None],
    terms: PriceTerms,
    *,
    index_nano: int | None,
    basis: Basis,
    last: tuple[int, int] | None,
    now_ns: int,
) -> tuple[Candidate | None, Basis]:
    """Return the mark, if any part is there, and the basis as it is remembered.

    *index_nano* is the index if it is VALID, *last* the last candidate and when it was taken over.
    """
    mark = terms.mark
    assert mark is not None, "asked of marks only"
    sound = [s for s in terms.heard if s in flaws and flaws[s] is None]
    book_nano = said[mark.book].price_nano if mark.book in sound else None
    abroad = [weighed(said, s, terms) for s in sound if s in mark.external]
    if index_nano is not None and book_nano is not None:
        kept_ns = terms.sources[mark.book or ""].heartbeat_ns
        average_nano = _basis_nano(basis, mark, kept_ns, now_ns)
        basis = Basis(average_nano, book_nano - index_nano, now_ns)
    parts = list[int]()
    if index_nano is not None:
        parts.append(min(max(index_nano + (basis.average_nano or 0), 1), PRICE_NANO_MAX))
    if book_nano is not None:
        parts.append(book_nano)
    if abroad:
        parts.append(weighted_median(abroad))
    if not parts:
        return None, basis
    wanted = price = weighted_median((part, 1) for part in parts)
    if mark.move_max is not None and last is not None:
        spot_nano, since_ns = last
        most = math.floor(spot_nano * mark.move_max * (now_ns - since_ns) / (60 * NANO))
        price = min(max(wanted, spot_nano - most), spot_nano + most)
    reason = "quorum" if len(parts) < 2 or len(sound) < terms.sources_min else ""
    low, high = sorted((wanted, price))
    return Candidate(price, low, high, [said[s].observed_ns for s in sound], reason), basis


def faded(before: int, value: int, elapsed_ns: int, half_life_ns: int) -> int:
    """Return an average that forgets by half in every half-life, rounded down."""
    with localcontext(prec=80):
        kept = Decimal(2) ** (Decimal(-elapsed_ns) / half_life_ns)
        return int((value + (before - value) * kept).to_integral_value(ROUND_FLOOR))


# It begins at nothing, and moves towards what was said last for as long as that has held.
def _basis_nano(basis: Basis, mark: MarkTerms, kept_ns: int, now_ns: int) -> int:
    average_nano = basis.average_nano or 0
    if basis.said_nano is None or basis.said_ns is None:
        return average_nano
    held_ns = min(now_ns - basis.said_ns, kept_ns)
    return faded(average_nano, basis.said_nano, held_ns, mark.half_life_ns)
