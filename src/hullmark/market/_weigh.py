"""From what the sources say to one number: each is judged, and those that are sound are weighed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hullmark.core import NANO
from hullmark.domain import AcceptedPrice, Print
from hullmark.market._flaw import Flaw
from hullmark.market._policy import PricePolicy
from hullmark.market._policy_parts import SourceTerms


class Weighed(NamedTuple):
    """What the sources came to."""

    price_nano: int
    low_nano: int  # less and plus the confidences, by the policy's multiple
    high_nano: int
    agreed: tuple[Print, ...]  # what the price was made of
    flaw: Flaw | None  # why it is in doubt


def judge(
    said: Print,
    policy: PricePolicy,
    *,
    now_ns: int,
    last_nano: int | None = None,
    before: Print | None = None,
) -> Flaw | None:
    """Return what is wrong with one observation by itself, the first flaw in precedence.

    Parameters
    ----------
    said : Print
        The observation.
    policy : PricePolicy
        What is asked of its source.
    now_ns : int
        When it is judged.
    last_nano : int or None, nanos of the quote unit
        The last accepted price, before averages and caps; ``None``: there is none.
    before : Print or None
        What the source had said before, where that is known.
    """
    if said.price_nano is None:
        return Flaw.MISSING
    terms = policy.terms_of(said.source)
    return (
        _of_number(said.price_nano, terms, policy)
        or _of_time(said, terms, policy, now_ns, before)
        or _of_width(said, said.price_nano, terms)
        or (Flaw.JUMP if jumps(said.price_nano, last_nano, terms.jump_nano_max) else None)
    )


def _of_number(price_nano: int, terms: SourceTerms, policy: PricePolicy) -> Flaw | None:
    if price_nano <= 0:
        return Flaw.NOT_POSITIVE
    low, high = terms.price_nano_min, terms.price_nano_max
    if (low is not None and price_nano <= low) or (high is not None and price_nano >= high):
        return Flaw.CLAMPED
    if price_nano < policy.price_nano_min:
        return Flaw.BELOW_LIMIT
    if policy.price_nano_max is not None and price_nano > policy.price_nano_max:
        return Flaw.ABOVE_LIMIT
    return None


def _of_time(
    said: Print, terms: SourceTerms, policy: PricePolicy, now_ns: int, before: Print | None
) -> Flaw | None:
    if said.observed_ns > now_ns:
        return Flaw.FUTURE
    if before is not None and said.observed_ns < before.observed_ns:
        return Flaw.OUT_OF_ORDER
    late = now_ns - said.observed_ns > (terms.heartbeat_ns or policy.staleness_ns_max)
    return Flaw.LATE if late else None


def _of_width(said: Print, price_nano: int, terms: SourceTerms) -> Flaw | None:
    width_nano, share_nano = said.confidence_nano, terms.confidence_nano_max
    if width_nano is None:
        return None if share_nano is None else Flaw.UNSURE
    wide = share_nano is not None and width_nano * NANO > share_nano * price_nano
    return Flaw.UNSURE if wide or width_nano < 0 else None


def jumps(price_nano: int, last_nano: int | None, share_nano_max: int | None) -> bool:
    """Return whether a price lies further from the last one than a share of that."""
    if not last_nano or share_nano_max is None:
        return False
    return abs(price_nano - last_nano) * NANO > share_nano_max * last_nano


def verdicts(
    prints: Sequence[Print],
    policy: PricePolicy,
    *,
    now_ns: int,
    last: AcceptedPrice | None = None,
) -> dict[str, Flaw | None]:
    """Return what is wrong with what each listed source says; ``None``: it counts.

    The newest word of each source is judged by itself, then beside the others: of one voice only
    the heaviest counts, then the newest, then the first by name; and what lies outside the band
    around the weighted median of all is an outlier. The band is drawn once: it does not follow.
    """
    last_nano = spot_of(last)
    found: dict[str, Flaw | None] = {}
    sound: list[Print] = []
    for said in sorted(prints, key=lambda said: said.source):
        if said.source in policy.sources:
            flaw = judge(said, policy, now_ns=now_ns, last_nano=last_nano)
            found[said.source] = flaw
            if flaw is None:
                sound.append(said)
    voices = [said for said in sound if said.source in policy.voices]
    alone = _voices(voices, policy)
    found |= {said.source: Flaw.COPY for said in voices if said not in alone}
    if policy.mark is not None:  # the book and the index are no opinions on each other
        alone = [said for said in alone if said.source in policy.mark.external]
    agreed = _agreeing(alone, policy)
    found |= {said.source: Flaw.OUTLIER for said in alone if said not in agreed}
    return found


def weigh(
    prints: Sequence[Print], found: Mapping[str, Flaw | None], policy: PricePolicy
) -> Weighed | None:
    """Weigh what counts into one number; ``None``: nothing does.

    Where every source is an outlier to the others nobody agrees with anybody: the median of all
    stands, in doubt.
    """
    voices = [said for said in prints if said.source in policy.voices]
    agreed = [said for said in voices if found[said.source] is None]
    outliers = [said for said in voices if found[said.source] is Flaw.OUTLIER]
    if not agreed and not outliers:
        return None
    total, weight = _weight(agreed + outliers, policy), _weight(agreed, policy)
    flaw = None
    dissent = policy.dissent_nano_max
    if not agreed or (dissent is not None and (total - weight) * NANO > dissent * total):
        flaw = Flaw.DISSENT
    if len(agreed) < policy.sources_min or weight < (policy.weight_min or 0):
        flaw = Flaw.QUORUM if agreed else flaw
    return _middle(tuple(agreed or outliers), policy, flaw)


def spot_of(price: AcceptedPrice | None) -> int | None:
    """Return what the sources said when a price was last taken over, before averages and caps."""
    if price is None or not price.price_nano:
        return None
    memory = price.memory
    return price.price_nano if memory is None else memory.spot_nano or price.price_nano


def _middle(agreed: tuple[Print, ...], policy: PricePolicy, flaw: Flaw | None) -> Weighed:
    weights = [policy.terms_of(said.source).weight for said in agreed]
    prices = [said.price_nano or 0 for said in agreed]
    price_nano = weighted_median_nano(prices, weights)
    multiple = policy.confidence_multiple_nano
    if multiple is None:
        return Weighed(price_nano, price_nano, price_nano, agreed, flaw)
    widths = [-(-(said.confidence_nano or 0) * multiple // NANO) for said in agreed]
    lows = [max(p - w, 1) for p, w in zip(prices, widths, strict=True)]
    highs = [p + w for p, w in zip(prices, widths, strict=True)]
    low_nano, high_nano = (weighted_median_nano(side, weights) for side in (lows, highs))
    return Weighed(price_nano, low_nano, high_nano, agreed, flaw)


# Sources of one origin are one voice, and where the policy says so also those that repeat another.
def _voices(sound: Sequence[Print], policy: PricePolicy) -> list[Print]:
    ranked = sorted(
        sound, key=lambda s: (-policy.terms_of(s.source).weight, -s.observed_ns, s.source)
    )
    heard: set[object] = set()
    alone: list[Print] = []
    for said in ranked:
        marks: list[object] = [policy.terms_of(said.source).origin or said.source]
        if policy.distinct:
            marks.append((said.price_nano, said.observed_ns))
        if heard.isdisjoint(marks):
            alone.append(said)
            heard.update(marks)
    return sorted(alone, key=lambda said: said.source)


def _agreeing(alone: Sequence[Print], policy: PricePolicy) -> list[Print]:
    deviation = policy.deviation_nano_max
    if deviation is None or not alone:
        return list(alone)
    prices = [said.price_nano or 0 for said in alone]
    centre = weighted_median_nano(prices, [policy.terms_of(s.source).weight for s in alone])
    return [s for s, p in zip(alone, prices, strict=True) if not jumps(p, centre, deviation)]


def _weight(prints: Sequence[Print], policy: PricePolicy) -> int:
    return sum(policy.terms_of(said.source).weight for said in prints)


def weighted_median_nano(prices_nano: Sequence[int], weights: Sequence[int]) -> int:
    """Return the price at which half of the weight is reached.

    Where one half ends exactly between two prices it is their mean, rounded down.
    """
    pairs = sorted(zip(prices_nano, weights, strict=True))
    total, reached = sum(weights), 0
    for place, (price_nano, weight) in enumerate(pairs):
        reached += weight
        if 2 * reached == total:
            return (price_nano + pairs[place + 1][0]) // 2
        if 2 * reached > total:
            return price_nano
    raise AssertionError("weights must be > 0, and there must be one")
