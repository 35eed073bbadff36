"""What is wrong with each print, as the auditor judges it.

Source: ``docs/concepts/prices.md``, the flaws in their order and the steps 1 to 3.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from hullmark.sim._auditor_policies import PriceTerms, SourceTerms

# In order of precedence; the absurd ones are what nobody can mean.
FLAWS = (
    "missing", "not_positive", "clamped", "below_limit", "above_limit", "future", "out_of_order",
    "late", "unsure", "jump", "copy", "outlier", "silence", "quorum", "dissent", "halted", "input",
)  # fmt: skip
ABSURD_FLAWS = {
    "missing", "not_positive", "clamped", "below_limit", "above_limit", "future", "jump",
}  # fmt: skip


class Said(NamedTuple):
    """What one source said."""

    price_nano: int | None
    observed_ns: int
    confidence_nano: int | None = None


Words = Mapping[str, Said]  # by source


def remember(
    said: dict[str, dict[str, Said]], prints: Iterable[Mapping[str, Any]], now_ns: int
) -> dict[str, dict[str, Said]]:
    """Take prints in, by factor and source. Of each source the newest counts, whenever it came.

    What was observed after now is not taken in.
    """
    for one in prints:
        by_source = said.setdefault(one["factor"], {})
        known, at_ns = by_source.get(one["source"]), one["observed_ns"]
        if at_ns <= now_ns and (known is None or at_ns >= known.observed_ns):
            by_source[one["source"]] = Said(one["price_nano"], at_ns, one.get("confidence_nano"))
    return said


def flaws_of(
    said: Words, terms: PriceTerms, spot_nano: int | None, now_ns: int
) -> dict[str, str | None]:
    """Return the flaw of what each listed source said; ``None``: it counts.

    *spot_nano* is the last candidate.
    """
    found = {
        source: _flaw_of(one, terms, terms.sources[source], spot_nano, now_ns)
        for source, one in said.items()
        if source in terms.sources
    }
    sound = [source for source in terms.heard if source in found and found[source] is None]
    counting = _alone(sound, said, terms)
    found |= dict.fromkeys(set(sound) - set(counting), "copy")
    if terms.mark is not None:
        counting = [source for source in counting if source in terms.mark.external]
    if terms.deviation_max is not None and counting:
        middle = weighted_median(weighed(said, source, terms) for source in counting)
        for source in counting:
            if is_far(said[source].price_nano or 0, middle, terms.deviation_max):
                found[source] = "outlier"
    return found


def weighed(said: Words, source: str, terms: PriceTerms) -> tuple[int, int]:
    """Return the price that a source has said, and its weight."""
    return said[source].price_nano or 0, terms.sources[source].weight


def weighted_median(weighed: Iterable[tuple[int, int]]) -> int:
    """Return the median of prices with weights, the mean of two rounded down between halves."""
    row = sorted(weighed)
    every = [price for price, weight in row for _ in range(weight)]
    count = len(every)
    if count % 2:
        return every[count // 2]
    return (every[count // 2 - 1] + every[count // 2]) // 2


def is_far(price_nano: int, from_nano: int | None, share: Fraction | None) -> bool:
    """Whether a price is further from another than a share of that."""
    if share is None or not from_nano:
        return False
    return Fraction(abs(price_nano - from_nano), from_nano) > share


def _flaw_of(
    one: Said, terms: PriceTerms, source: SourceTerms, spot_nano: int | None, now_ns: int
) -> str | None:
    nano, least, most = one.price_nano, source.price_min_nano, source.price_max_nano
    if nano is None:
        return "missing"
    holds = {
        "not_positive": nano <= 0,
        "clamped": (least is not None and nano <= least) or (most is not None and nano >= most),
        "below_limit": nano < terms.price_min_nano,
        "above_limit": terms.price_max_nano is not None and nano > terms.price_max_nano,
        "future": one.observed_ns > now_ns,
        "late": now_ns - one.observed_ns > source.heartbeat_ns,
        "unsure": _is_unsure(one.confidence_nano, nano, source.confidence_max),
        "jump": is_far(nano, spot_nano, source.jump_max),
    }
    return next((flaw for flaw in FLAWS if holds.get(flaw)), None)


def _is_unsure(width_nano: int | None, price_nano: int, share: Fraction | None) -> bool:
    if width_nano is None:
        return share is not None
    return width_nano < 0 or (share is not None and width_nano > share * price_nano)


# Of one origin the heaviest, then the newest, then the first by name.
def _alone(sound: list[str], said: Words, terms: PriceTerms) -> list[str]:
    kept: list[str] = []
    for source in sorted(sound, key=lambda s: (-terms.sources[s].weight, -said[s].observed_ns, s)):
        rivals = [
            other
            for other in kept
            if terms.sources[other].origin == terms.sources[source].origin
            or (terms.distinct and said[other][:2] == said[source][:2])
        ]
        if not rivals:
            kept.append(source)
    return sorted(kept)
