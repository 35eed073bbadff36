"""Prices as the auditor grades them: jumps, the breaker, and what is known in doubt.

Source: ``docs/concepts/prices.md``.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hullmark.sim._auditor_candidates import Basis, Candidate, candidate_of, mark_of
from hullmark.sim._auditor_flaws import ABSURD_FLAWS, FLAWS, Words, flaws_of, is_far
from hullmark.sim._auditor_policies import ABSURD, NONE, STALE, UNCERTAIN, VALID, PriceTerms
from hullmark.sim._auditor_refining import Memory, refine, told
from hullmark.sim._auditor_text import PRICE_NANO_MAX


class Weighed(NamedTuple):
    """A price with its grade, its sides, and what it remembers."""

    price_nano: int = 0
    grade: int = NONE
    accepted_ns: int = 0  # when it was last taken over from its sources
    reason: str = ""
    low_nano: int | None = None  # at least; none: the price
    high_nano: int | None = None
    doubted_ns: int | None = None  # since when it is not VALID
    memory: Memory = Memory()

    @property
    def spot_nano(self) -> int | None:
        """The candidate that was taken over last."""
        return self.memory.spot_nano or self.price_nano or None

    @property
    def least_nano(self) -> int:
        """What the price is at least, above zero."""
        low = self.price_nano if self.low_nano is None else self.low_nano
        return min(max(low, 1), self.price_nano)

    @property
    def most_nano(self) -> int:
        """What the price is at most."""
        return max(self.price_nano if self.high_nano is None else self.high_nano, self.price_nano)

    @property
    def has_sides(self) -> bool:
        """Whether the price is not its own two sides."""
        return self.low_nano is not None or self.high_nano is not None

    def told(self) -> dict[str, Any]:
        """Return it as an event tells it, but for its factor."""
        return self._asdict() | {"memory": told(self.memory) or None}


class _Doubt(NamedTuple):
    valid_nano: int | None  # the last VALID price
    since_ns: int  # since when the price is in doubt, if it is


def weigh(
    said: Words,
    terms: PriceTerms,
    last: Weighed,
    now_ns: int,
    inputs: Mapping[str, int] | None = None,
) -> Weighed:
    """Return the price that prints lead to; *inputs* are the VALID prices it may be made from."""
    inputs = inputs or {}
    known = last if last.price_nano else None
    memory = known.memory if known else Memory()
    flaws = flaws_of(said, terms, known and known.spot_nano, now_ns)
    before = memory
    if terms.mark is None:
        candidate = candidate_of(said, flaws, terms)
    else:
        candidate, basis = mark_of(
            said,
            flaws,
            terms,
            index_nano=inputs.get(terms.mark.index),
            basis=Basis(memory.basis_nano, memory.basis_spot_nano, memory.basis_ns),
            last=known and (known.spot_nano or 0, known.accepted_ns),
            now_ns=now_ns,
        )
        memory = memory._replace(
            basis_nano=basis.average_nano,
            basis_spot_nano=basis.said_nano,
            basis_ns=basis.said_ns,
        )
    if terms.base is not None and terms.base not in inputs:
        candidate, flaws = None, {terms.base: "input"}
    doubt = _doubt(known, terms, now_ns)
    if candidate is None:
        return _without(flaws, terms, known, before, doubt, now_ns)
    memory, reason, taken_over = _judge(candidate, terms, known, memory, doubt, now_ns)
    if not taken_over:
        return _held(known, ABSURD, reason, memory, doubt, candidate)
    low, price, high, memory = refine(
        candidate,
        terms,
        memory,
        last=known and (known.price_nano, known.accepted_ns),
        redemption_nano=_redemption(said, flaws, terms),
        inputs=inputs,
        now_ns=now_ns,
    )
    found = Weighed(price, VALID, now_ns, memory=memory)
    if reason:
        memory = memory._replace(valid_nano=doubt.valid_nano)
        low, high = min(low, doubt.valid_nano or low), max(high, doubt.valid_nano or high)
        found = Weighed(price, UNCERTAIN, now_ns, reason, None, None, doubt.since_ns, memory)
    return _with_sides(found, low, high)


def grade_now(price: Weighed, terms: PriceTerms, now_ns: int) -> int:
    """Return the grade of a price by now: also a good one grows old."""
    old = now_ns - price.accepted_ns > terms.staleness_ns
    return STALE if old and price.grade in {VALID, UNCERTAIN} else price.grade


def is_spared(price: Weighed, terms: PriceTerms, grace_ns: int | None, now_ns: int) -> bool:
    """Whether a breach is called at the account-safe side: in doubt, and within the grace."""
    if not price.has_sides:
        return False
    if price.doubted_ns is None:
        since_ns = price.accepted_ns + terms.staleness_ns
        in_doubt = now_ns > since_ns
    else:
        since_ns, in_doubt = price.doubted_ns, now_ns >= price.doubted_ns
    return in_doubt and (grace_ns is None or now_ns <= since_ns + grace_ns)


# What the issuer pays, where that is sound.
def _redemption(words: Words, flaws: Mapping[str, str | None], terms: PriceTerms) -> int | None:
    if terms.redemption is None or terms.redemption[0] not in words:
        return None
    issuer = terms.redemption[0]
    return words[issuer].price_nano if flaws[issuer] is None else None


def _doubt(known: Weighed | None, terms: PriceTerms, now_ns: int) -> _Doubt:
    if known is None:
        return _Doubt(None, now_ns)
    if known.grade == VALID:
        return _Doubt(known.price_nano, min(now_ns, known.accepted_ns + terms.staleness_ns))
    since_ns = now_ns if known.doubted_ns is None else known.doubted_ns
    return _Doubt(known.memory.valid_nano, since_ns)


# No print is sound: the reason is the first flaw, of the absurd ones only if all are absurd.
def _without(
    flaws: Mapping[str, str | None],
    terms: PriceTerms,
    known: Weighed | None,
    memory: Memory,
    doubt: _Doubt,
    now_ns: int,
) -> Weighed:
    if memory.halted:
        memory = memory._replace(steady=0, steady_nano=None)
        return _held(known, ABSURD, "halted", memory, doubt)
    said = {flaw for flaw in flaws.values() if flaw is not None}
    absurd = bool(said) and said <= ABSURD_FLAWS
    if absurd and terms.reopen is not None:
        memory = _halted(memory, now_ns)
    counting = said if absurd else said - ABSURD_FLAWS
    reason = min(counting, key=FLAWS.index, default="silence")
    return _held(known, ABSURD if absurd else STALE, reason, memory, doubt)


# What is remembered, why the candidate is in doubt, and whether it is taken over.
def _judge(
    candidate: Candidate,
    terms: PriceTerms,
    known: Weighed | None,
    memory: Memory,
    doubt: _Doubt,
    now_ns: int,
) -> tuple[Memory, str, bool]:
    if memory.halted:
        memory = _counted(candidate, terms, memory, now_ns)
        reason = "halted" if memory.halted else candidate.reason
        return memory, reason, not memory.halted
    price, unconfirmed = candidate.price_nano, memory.steady_ns is not None
    valid_nano = doubt.valid_nano
    back = unconfirmed and valid_nano and not is_far(price, valid_nano, terms.jump_max)
    if back:
        return memory._replace(steady_ns=None), candidate.reason, True
    if known is not None and is_far(price, known.spot_nano, terms.jump_max):
        return _jump(known, terms, memory, now_ns)
    if unconfirmed and _spoken_since(candidate, memory) < terms.sources_min:
        return memory, "jump", True
    return memory._replace(steady_ns=None), candidate.reason, True


def _jump(
    known: Weighed, terms: PriceTerms, memory: Memory, now_ns: int
) -> tuple[Memory, str, bool]:
    if terms.reopen is not None:
        return _halted(memory, now_ns), "jump", False
    if now_ns - known.accepted_ns <= terms.staleness_ns:
        return memory, "jump", False
    return memory._replace(steady_ns=now_ns), "jump", True


def _halted(memory: Memory, now_ns: int) -> Memory:
    return memory._replace(halted=True, steady=0, steady_nano=None, steady_ns=now_ns)


# A row is of candidates within a band around its first; where rules ask for no breaker any more one
# candidate of all the sources that a price needs closes it.
def _counted(candidate: Candidate, terms: PriceTerms, memory: Memory, now_ns: int) -> Memory:
    prints, origins = terms.reopen or (1, terms.sources_min)
    if _spoken_since(candidate, memory) < origins:
        return memory
    band = terms.deviation_max or terms.jump_max
    steady, first_nano = memory.steady, memory.steady_nano
    if not steady or is_far(candidate.price_nano, first_nano, band):
        steady, first_nano = 0, candidate.price_nano
    if steady + 1 >= prints:
        return memory._replace(halted=False, steady=0, steady_nano=None, steady_ns=None)
    return memory._replace(steady=steady + 1, steady_nano=first_nano, steady_ns=now_ns)


def _spoken_since(candidate: Candidate, memory: Memory) -> int:
    return sum(at_ns > (memory.steady_ns or 0) for at_ns in candidate.observed_ns)


# The last price stays; what was not taken over may be the right one all the same.
def _held(
    known: Weighed | None,
    grade: int,
    reason: str,
    memory: Memory,
    doubt: _Doubt,
    candidate: Candidate | None = None,
) -> Weighed:
    if known is None:
        return Weighed(reason=reason)
    may_be = [known.price_nano, doubt.valid_nano or known.price_nano]
    if candidate is not None:
        may_be += [candidate.low_nano, candidate.high_nano]
    memory = memory._replace(valid_nano=doubt.valid_nano)
    stays = Weighed(known.price_nano, grade, known.accepted_ns, reason, memory=memory)
    return _with_sides(stays._replace(doubted_ns=doubt.since_ns), min(may_be), max(may_be))


def _with_sides(price: Weighed, low: int, high: int) -> Weighed:
    return price._replace(
        low_nano=None if low == price.price_nano else low,
        high_nano=None if high == price.price_nano else min(high, PRICE_NANO_MAX),
    )
