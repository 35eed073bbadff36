"""From the prints of several sources to one graded price."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from hullmark.core import INT64_MAX
from hullmark.domain import AcceptedPrice, PriceMemory, Print
from hullmark.market._breaker import confirmed, halt, steadied, unsteadied
from hullmark.market._flaw import ABSURD_FLAWS, Flaw
from hullmark.market._grade import Grade
from hullmark.market._mark_parts import marked
from hullmark.market._policy import PricePolicy
from hullmark.market._refine import refined
from hullmark.market._weigh import Weighed, jumps, spot_of, verdicts, weigh

_NOTHING: Mapping[str, AcceptedPrice] = {}
_BLANK = PriceMemory()
_VALID = Grade.VALID  # looked up once, being asked of every price


def latest_prints(
    known: Sequence[Print], new: Sequence[Print], now_ns: int = INT64_MAX
) -> tuple[Print, ...]:
    """Return the newest print of each source, in order of source; of two at once the later said.

    A new print from after *now_ns* is not taken in: it would silence its source until then.
    """
    if len(known) == len(new) == 1 and known[0].source == new[0].source:  # nearly always
        return (new[0] if known[0].observed_ns <= new[0].observed_ns <= now_ns else known[0],)
    newest = {said.source: said for said in known}
    for said in new:
        before = newest.get(said.source)
        if said.observed_ns <= now_ns and (
            before is None or said.observed_ns >= before.observed_ns
        ):
            newest[said.source] = said
    if len(newest) == 1:
        return tuple(newest.values())
    return tuple(newest[source] for source in sorted(newest))


def accept(
    factor: str,
    prints: Sequence[Print],
    *,
    policy: PricePolicy,
    last: AcceptedPrice | None,
    now_ns: int,
    inputs: Mapping[str, AcceptedPrice] = _NOTHING,
) -> AcceptedPrice:
    """Weigh the newest print of each source into one graded price.

    Parameters
    ----------
    factor : str
        What the price is of.
    prints : sequence of Print
        The newest of each source, as `latest_prints` returns them.
    policy : PricePolicy
        What the price must satisfy.
    last : AcceptedPrice or None
        What was accepted before, with all that it remembers.
    now_ns : int
        When this happens.
    inputs : mapping of str to AcceptedPrice
        By factor the prices that this one is made from, as far as they are VALID now.

    Returns
    -------
    AcceptedPrice
        Whatever is not usable leaves the last price in place and says so in grade and reason.
    """
    if policy.plain and (last is None or (last.grade == _VALID and last.memory is None)):
        median = _plain_median(prints, policy, now_ns)
        if median and not (last and jumps(median, last.price_nano, policy.jump_nano_max)):
            return AcceptedPrice(factor=factor, price_nano=median, grade=_VALID, accepted_ns=now_ns)
    before = _Before.of(last, policy, now_ns)
    found = verdicts(prints, policy, now_ns=now_ns, last=last)
    if policy.mark is None:
        weighed, memory = weigh(prints, found, policy), before.memory
    else:
        weighed, memory = marked(prints, found, policy, before.memory, inputs, last, now_ns)
    if any(name not in inputs for name in policy.inputs_needed):
        weighed, found = None, {"": Flaw.INPUT}
    if weighed is None:
        return _without(factor, found, policy, before)
    return _weighed(factor, weighed, policy, before._replace(memory=memory), found, prints, inputs)


class _Before(NamedTuple):
    """What there was, and since when it is in doubt if it is now."""

    last: AcceptedPrice | None  # with a price
    memory: PriceMemory
    valid_nano: int | None  # the last VALID price
    doubted_ns: int
    now_ns: int

    @classmethod
    def of(cls, last: AcceptedPrice | None, policy: PricePolicy, now_ns: int) -> "_Before":
        if last is None or not last.price_nano:
            return cls(None, _BLANK, None, now_ns, now_ns)
        memory = last.memory or _BLANK
        if last.grade == Grade.VALID:
            since_ns = min(now_ns, last.accepted_ns + policy.staleness_ns_max)
            return cls(last, memory, last.price_nano, since_ns, now_ns)
        since_ns = now_ns if last.doubted_ns is None else last.doubted_ns
        return cls(last, memory, memory.valid_nano, since_ns, now_ns)


# A policy without parts, and a last price that is VALID: nearly always that is all there is to it.
def _plain_median(prints: Sequence[Print], policy: PricePolicy, now_ns: int) -> int | None:
    sources, low_nano, high_nano = policy.sources, policy.price_nano_min, policy.price_nano_max
    oldest_ns = now_ns - policy.staleness_ns_max
    fresh: list[int] = []
    for said in prints:
        price_nano, width_nano = said.price_nano, said.confidence_nano
        if (
            price_nano is not None
            and (width_nano is None or width_nano >= 0)
            and price_nano >= low_nano
            and (high_nano is None or price_nano <= high_nano)
            and oldest_ns <= said.observed_ns <= now_ns
            and said.source in sources
        ):
            fresh.append(price_nano)
    count = len(fresh)
    if count < policy.sources_min:
        return None
    if count == 1:
        return fresh[0]
    fresh.sort()
    middle = count // 2
    return fresh[middle] if count % 2 else (fresh[middle - 1] + fresh[middle]) // 2


# Nothing counts: the last price stays.
def _without(
    factor: str, found: Mapping[str, Flaw | None], policy: PricePolicy, before: _Before
) -> AcceptedPrice:
    flaws = {flaw for flaw in found.values() if flaw is not None}
    absurd = bool(flaws) and flaws <= ABSURD_FLAWS
    memory = before.memory
    if memory.halted:
        return _held(factor, before, Grade.ABSURD, Flaw.HALTED, memory=unsteadied(memory))
    if absurd and policy.reopen is not None:
        memory = halt(memory, before.now_ns)
    sober = flaws if absurd else flaws - ABSURD_FLAWS
    grade = Grade.ABSURD if absurd else Grade.STALE
    return _held(factor, before, grade, min(sober, default=Flaw.SILENCE), memory=memory)


def _weighed(
    factor: str,
    weighed: Weighed,
    policy: PricePolicy,
    before: _Before,
    found: Mapping[str, Flaw | None],
    prints: Sequence[Print],
    inputs: Mapping[str, AcceptedPrice],
) -> AcceptedPrice:
    last, memory, now_ns = before.last, before.memory, before.now_ns
    jumped = jumps(weighed.price_nano, spot_of(last), policy.jump_nano_max)
    flaw = weighed.flaw
    if _returned(before, weighed, policy):
        memory, jumped = msgspec.structs.replace(memory, steady_ns=None), False
    if memory.halted:
        memory = steadied(memory, weighed, policy, now_ns)
        if memory.halted:
            return _held(factor, before, Grade.ABSURD, Flaw.HALTED, memory=memory, also=weighed)
    elif jumped:
        if policy.reopen is not None:
            memory = halt(memory, now_ns)
        if memory.halted or _recent(last, policy, now_ns):
            return _held(factor, before, Grade.ABSURD, Flaw.JUMP, memory=memory, also=weighed)
        memory, flaw = msgspec.structs.replace(memory, steady_ns=now_ns), Flaw.JUMP
    elif memory.steady_ns is not None:
        if confirmed(memory, weighed, policy):
            memory = msgspec.structs.replace(memory, steady_ns=None)
        else:
            flaw = Flaw.JUMP
    price_nano, low_nano, high_nano, memory = refined(
        weighed,
        policy,
        memory,
        last=last,
        redemption_said_nano=_redemption_said(prints, found, policy),
        inputs=inputs,
        now_ns=now_ns,
    )
    doubted_ns = None
    if flaw is None:
        memory = msgspec.structs.replace(memory, valid_nano=None)
    else:
        doubted_ns, valid_nano = before.doubted_ns, before.valid_nano
        memory = msgspec.structs.replace(memory, valid_nano=valid_nano)
        low_nano = min(low_nano, valid_nano or low_nano)
        high_nano = max(high_nano, valid_nano or high_nano)
    return AcceptedPrice(
        factor=factor,
        price_nano=price_nano,
        grade=Grade.VALID if flaw is None else Grade.UNCERTAIN,
        accepted_ns=now_ns,
        reason="" if flaw is None else flaw.name.lower(),
        low_nano=None if low_nano == price_nano else low_nano,
        high_nano=None if high_nano == price_nano else min(high_nano, INT64_MAX),
        doubted_ns=doubted_ns,
        memory=_kept(memory),
    )


def _held(
    factor: str,
    before: _Before,
    grade: Grade,
    flaw: Flaw,
    *,
    memory: PriceMemory,
    also: Weighed | None = None,
) -> AcceptedPrice:
    last, reason = before.last, flaw.name.lower()
    if last is None:
        return AcceptedPrice(factor=factor, price_nano=0, grade=Grade.NONE, reason=reason)
    price_nano, valid_nano = last.price_nano, before.valid_nano or last.price_nano
    low_nano, high_nano = min(price_nano, valid_nano), max(price_nano, valid_nano)
    if also is not None:
        low_nano, high_nano = min(low_nano, also.low_nano), max(high_nano, also.high_nano)
    return AcceptedPrice(
        factor=factor,
        price_nano=price_nano,
        grade=grade,
        accepted_ns=last.accepted_ns,
        reason=reason,
        low_nano=None if low_nano == price_nano else low_nano,
        high_nano=None if high_nano == price_nano else min(high_nano, INT64_MAX),
        doubted_ns=before.doubted_ns,
        memory=_kept(msgspec.structs.replace(memory, valid_nano=before.valid_nano)),
    )


def _kept(memory: PriceMemory) -> PriceMemory | None:
    return None if memory == _BLANK else memory


# A jump that nobody has confirmed is over when the price is back where it was VALID.
def _returned(before: _Before, weighed: Weighed, policy: PricePolicy) -> bool:
    if before.memory.steady_ns is None or before.memory.halted or before.valid_nano is None:
        return False
    return not jumps(weighed.price_nano, before.valid_nano, policy.jump_nano_max)


# What the redemption source says, where that counts.
def _redemption_said(
    prints: Sequence[Print], found: Mapping[str, Flaw | None], policy: PricePolicy
) -> int | None:
    source = None if policy.redemption is None else policy.redemption.source
    if source is None or found.get(source, Flaw.SILENCE) is not None:
        return None
    return next(said.price_nano for said in prints if said.source == source)


def _recent(last: AcceptedPrice | None, policy: PricePolicy, now_ns: int) -> bool:
    return last is not None and now_ns - last.accepted_ns <= policy.staleness_ns_max
