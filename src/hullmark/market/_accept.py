"""From the prints of several sources to one graded price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hullmark.core import NANO, format_scaled, parse_nano, parse_scaled
from hullmark.domain import AcceptedPrice, Print
from hullmark.errors import DocumentError
from hullmark.market._grade import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePolicy:
    """What a price must satisfy to be used. A limit that is ``None`` does not apply."""

    sources: tuple[str, ...]  # who may speak; others are ignored
    sources_min: int  # fewer fresh ones make a price uncertain
    staleness_ns_max: int
    jump_nano_max: int | None = None  # relative move between accepted prices
    price_nano_min: int = 1  # below it a print is absurd: a clamp or a decimal error
    price_nano_max: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.sources_min <= len(self.sources):
            raise DocumentError(
                f"sources_min must be in [1, {len(self.sources)}], was {self.sources_min}"
            )
        if len(set(self.sources)) != len(self.sources):
            raise DocumentError(f"sources must be distinct, was {self.sources}")
        if self.staleness_ns_max <= 0:
            shown = format_scaled(self.staleness_ns_max, 9)
            raise DocumentError(f"staleness_s_max must be > 0, was {shown}")
        if self.jump_nano_max is not None and self.jump_nano_max <= 0:
            shown = format_scaled(self.jump_nano_max, 9)
            raise DocumentError(f"jump_max must be > 0, was {shown}; leave it out for none")
        if self.price_nano_min <= 0:
            raise DocumentError(
                f"price_min must be > 0, was {format_scaled(self.price_nano_min, 9)}"
            )
        if self.price_nano_max is not None and self.price_nano_max < self.price_nano_min:
            low, high = (format_scaled(n, 9) for n in (self.price_nano_min, self.price_nano_max))
            raise DocumentError(f"price_max must be >= price_min ({low}), was {high}")

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> "PricePolicy":
        """Read a policy of the section ``prices`` of a venue tree.

        Raises
        ------
        InvalidInputError
            If a key is missing or unknown, or a value breaks its rule; the message names all three.
        """
        if not isinstance(tree, Mapping):
            raise DocumentError(f"a price policy must be a table, was {tree!r:.80}")
        known = {"sources", "sources_min", "staleness_s_max", "jump_max", "price_min", "price_max"}
        if unknown := sorted(set(tree) - known):
            raise DocumentError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
        try:
            sources, sources_min = tree["sources"], tree["sources_min"]
            if not isinstance(sources, list | tuple) or not all(_is_name(s) for s in sources):
                raise DocumentError(f"sources must be a list of names, was {sources!r:.80}")
            if not isinstance(sources_min, int) or isinstance(sources_min, bool):
                raise DocumentError(f"sources_min must be a whole number, was {sources_min!r:.80}")
            jump, low, high = tree.get("jump_max"), tree.get("price_min"), tree.get("price_max")
            return cls(
                sources=tuple(sources),
                sources_min=sources_min,
                staleness_ns_max=parse_scaled("staleness_s_max", tree["staleness_s_max"], 9),
                jump_nano_max=None if jump is None else parse_nano("jump_max", jump),
                price_nano_min=1 if low is None else parse_nano("price_min", low),
                price_nano_max=None if high is None else parse_nano("price_max", high),
            )
        except KeyError as e:
            raise DocumentError(f"key {e.args[0]!r} is missing") from e


def latest_prints(known: Sequence[Print], new: Sequence[Print]) -> tuple[Print, ...]:
    """Return the newest print of each source, in order of source; of two at once the later said."""
    if len(known) == len(new) == 1 and known[0].source == new[0].source:  # nearly always
        return (new[0] if new[0].observed_ns >= known[0].observed_ns else known[0],)
    newest: dict[str, Print] = {}
    for prints in (known, new):
        for said in prints:
            before = newest.get(said.source)
            if before is None or said.observed_ns >= before.observed_ns:
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
) -> AcceptedPrice:
    """Weigh the newest print of each source into one graded price.

    Absurd prints are dropped, then late ones; the median of the rest is the price, so one bad
    source moves it at most within the spread of the others, if those are two or more. With an even
    count it is the mean of the two in the middle, rounded down. A median that jumps from the last
    accepted price by more than the policy allows is not taken over. Whatever is not usable leaves
    the last price in place and says so in the grade.
    """
    sources, low_nano, high_nano = policy.sources, policy.price_nano_min, policy.price_nano_max
    oldest_ns = now_ns - policy.staleness_ns_max
    heard = sane = False
    fresh: list[int] = []
    for said in prints:
        if said.source not in sources:
            continue
        heard, price_nano = True, said.price_nano
        if price_nano is None or price_nano < low_nano:
            continue
        if high_nano is not None and price_nano > high_nano:
            continue
        sane = True
        if said.observed_ns >= oldest_ns:
            fresh.append(price_nano)
    if not fresh:
        return _unchanged(factor, last, Grade.ABSURD if heard and not sane else Grade.STALE)
    fresh.sort()
    middle = len(fresh) // 2
    median = fresh[middle] if len(fresh) % 2 else (fresh[middle - 1] + fresh[middle]) // 2
    grade = Grade.VALID if len(fresh) >= policy.sources_min else Grade.UNCERTAIN
    if _jumped(last, median, policy):
        if last is not None and now_ns - last.accepted_ns <= policy.staleness_ns_max:
            return _unchanged(factor, last, Grade.ABSURD)
        grade = Grade.UNCERTAIN  # the old price is out of date: start again, with care
    return AcceptedPrice(factor=factor, price_nano=median, grade=grade, accepted_ns=now_ns)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _jumped(last: AcceptedPrice | None, price_nano: int, policy: PricePolicy) -> bool:
    if last is None or not last.price_nano or policy.jump_nano_max is None:
        return False
    return abs(price_nano - last.price_nano) * NANO > policy.jump_nano_max * last.price_nano


def _unchanged(factor: str, last: AcceptedPrice | None, grade: Grade) -> AcceptedPrice:
    if last is None or not last.price_nano:
        return AcceptedPrice(factor=factor, price_nano=0, grade=Grade.NONE)
    return AcceptedPrice(
        factor=factor, price_nano=last.price_nano, grade=grade, accepted_ns=last.accepted_ns
    )
