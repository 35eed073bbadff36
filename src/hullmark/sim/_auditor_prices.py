"""Prices as the auditor weighs them. Source: ``docs/concepts/prices.md``."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from hullmark.sim._auditor_terms import PriceTerms

VALID, UNCERTAIN, STALE, ABSURD, NONE = range(5)

ADD, REDUCE, WITHDRAW, LIQUIDATE = "add", "reduce", "withdraw", "liquidate"
ALLOWED = {
    VALID: {ADD, REDUCE, WITHDRAW, LIQUIDATE},
    UNCERTAIN: {REDUCE, LIQUIDATE},
    STALE: {REDUCE},
    ABSURD: set(),
    NONE: set(),
}


class Weighed(NamedTuple):
    """A price with its grade, and when it was last taken over from its sources."""

    price_nano: int = 0
    grade: int = NONE
    accepted_ns: int = 0


class Said(NamedTuple):
    """What one source said."""

    price_nano: int | None
    observed_ns: int


def remember(
    said: dict[str, dict[str, Said]], prints: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Said]]:
    """Take prints in, by factor and source. Of each source the newest counts, whenever it came."""
    for one in prints:
        by_source = said.setdefault(one["factor"], {})
        known = by_source.get(one["source"])
        if known is None or one["observed_ns"] >= known.observed_ns:
            by_source[one["source"]] = Said(one["price_nano"], one["observed_ns"])
    return said


def weigh(by_source: Mapping[str, Said], terms: PriceTerms, last: Weighed, now_ns: int) -> Weighed:
    """Return the price that prints lead to, by the five steps of the documentation."""
    said = [one for source, one in by_source.items() if source in terms.sources]
    sane = [s for s in said if s.price_nano is not None and _sane(s.price_nano, terms)]
    fresh = [s.price_nano for s in sane if now_ns - s.observed_ns <= terms.staleness_ns]
    if not fresh:
        grade = ABSURD if said and not sane else STALE
        return last._replace(grade=grade) if last.price_nano else Weighed()
    price = _median([nano for nano in fresh if nano is not None])
    grade = VALID if len(fresh) >= terms.sources_min else UNCERTAIN
    if _jumps(price, terms, last):
        if now_ns - last.accepted_ns <= terms.staleness_ns:
            return last._replace(grade=ABSURD)
        grade = UNCERTAIN
    return Weighed(price, grade, now_ns)


def grade_now(price: Weighed, terms: PriceTerms, now_ns: int) -> int:
    """Return the grade of a price by now: also a good one grows old."""
    old = now_ns - price.accepted_ns > terms.staleness_ns
    return STALE if old and price.grade in {VALID, UNCERTAIN} else price.grade


def _sane(nano: int, terms: PriceTerms) -> bool:
    most = terms.price_max_nano
    return nano >= terms.price_min_nano and (most is None or nano <= most)


def _median(prices: list[int]) -> int:
    ordered = sorted(prices)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2


def _jumps(price: int, terms: PriceTerms, last: Weighed) -> bool:
    if terms.jump_max is None or not last.price_nano:
        return False
    return Fraction(abs(price - last.price_nano), last.price_nano) > terms.jump_max
