"""What a price must satisfy to be used, as the venue file says it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from hullmark.core import NANO, format_scaled, parse_nano, parse_scaled
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.market._policy_parts import (
    AverageTerms,
    GrowthTerms,
    MarkTerms,
    RedemptionTerms,
    ReopenTerms,
    SourceTerms,
    StableTerms,
    flag_of,
    nano_of,
    seconds_of,
    whole_of,
)

_ORDINARY = SourceTerms()
_CLASSIC = frozenset({
    "sources", "sources_min", "staleness_ns_max", "jump_nano_max", "price_nano_min",
    "price_nano_max", "plain",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePolicy:
    """What a price must satisfy to be used. A limit that is ``None`` does not apply."""

    sources: tuple[str, ...]  # who may speak; others are ignored
    sources_min: int  # fewer sound origins make a price uncertain
    staleness_ns_max: int
    jump_nano_max: int | None = None  # relative move between accepted prices
    price_nano_min: int = 1  # below it a print is absurd: a clamp or a decimal error
    price_nano_max: int | None = None
    terms: Mapping[str, SourceTerms] = field(default_factory=dict)  # of sources that have any
    weight_min: int | None = None  # less sound weight makes a price uncertain
    deviation_nano_max: int | None = None  # from the weighted median of all; beyond: an outlier
    dissent_nano_max: int | None = None  # share of weight that may be outliers
    distinct: bool = False  # whether the same price at the same instant is a copy
    confidence_multiple_nano: int | None = None  # how many confidences low and high are away
    mark: MarkTerms | None = None
    redemption: RedemptionTerms | None = None
    growth_cap: GrowthTerms | None = None
    average: AverageTerms | None = None
    delay_ns: int | None = None
    stable: StableTerms | None = None
    reopen: ReopenTerms | None = None
    plain: bool = field(init=False, compare=False, repr=False)  # nothing but the first six

    def __post_init__(self) -> None:
        _check_limits(self)
        _check_sources(self)
        is_plain = all(
            getattr(self, f.name) in (None, False) or getattr(self, f.name) == {}
            for f in fields(self)
            if f.name not in _CLASSIC
        )
        object.__setattr__(self, "plain", is_plain)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The factors whose accepted prices this one is made from."""
        return () if self.plain else tuple(self.input_of.values())

    @property
    def input_of(self) -> dict[str, str]:
        """By the key that names it, each of the factors that this price is made from."""
        mark, growth = self.mark, self.growth_cap
        index = None if mark is None else mark.index
        base = None if growth is None else growth.base
        found = {"mark.index": index, "growth_cap.base": base}
        return {key: name for key, name in found.items() if name is not None}

    @property
    def inputs_needed(self) -> tuple[str, ...]:
        """The factors without whose prices there is nothing to say."""
        growth = self.growth_cap
        return () if growth is None or growth.base is None else (growth.base,)

    @property
    def voices(self) -> tuple[str, ...]:
        """The sources that are weighed, all but the one that says the redemption price."""
        apart = None if self.redemption is None else self.redemption.source
        return tuple(source for source in self.sources if source != apart)

    def terms_of(self, source: str) -> SourceTerms:
        """Return what is asked of a source."""
        return self.terms.get(source, _ORDINARY)

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
        known = {"sources", "sources_min", "staleness_s_max", *_SIMPLE, *_TABLES}
        if unknown := sorted(set(tree) - known):
            raise DocumentError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
        try:
            sources, terms = _parse_sources(tree["sources"])
            sources_min = tree["sources_min"]
            if not isinstance(sources_min, int) or isinstance(sources_min, bool):
                raise DocumentError(f"sources_min must be a whole number, was {sources_min!r:.80}")
            staleness = parse_scaled("staleness_s_max", tree["staleness_s_max"], 9)
        except KeyError as e:
            raise DocumentError(f"key {e.args[0]!r} is missing") from e
        found = {
            field_: read(key, tree[key]) for key, (field_, read) in _SIMPLE.items() if key in tree
        }
        found |= {key: _table(key, tree[key]) for key in _TABLES if key in tree}
        return cls(
            sources=sources,
            sources_min=sources_min,
            staleness_ns_max=staleness,
            terms=terms,
            **found,
        )


def _plain_nano(key: str, value: Any) -> int:  # noqa: ANN401 - whatever the file holds
    return parse_nano(key, value)


_SIMPLE: Mapping[str, tuple[str, Callable[[str, Any], Any]]] = {
    "jump_max": ("jump_nano_max", _plain_nano),
    "price_min": ("price_nano_min", _plain_nano),
    "price_max": ("price_nano_max", _plain_nano),
    "weight_min": ("weight_min", whole_of),
    "deviation_max": ("deviation_nano_max", nano_of),
    "dissent_max": ("dissent_nano_max", _plain_nano),
    "distinct": ("distinct", flag_of),
    "confidence_multiple": ("confidence_multiple_nano", nano_of),
    "delay_s": ("delay_ns", seconds_of),
}
_TABLES: Mapping[str, Callable[[object], Any]] = {
    "mark": MarkTerms.parse,
    "redemption": RedemptionTerms.parse,
    "growth_cap": GrowthTerms.parse,
    "average": AverageTerms.parse,
    "stable": StableTerms.parse,
    "reopen": ReopenTerms.parse,
}


def _table(key: str, tree: object) -> Any:  # noqa: ANN401 - one of the parts
    try:
        return _TABLES[key](tree)
    except InvalidInputError as e:
        raise DocumentError(f"{key}: {e}") from e


def _parse_sources(tree: object) -> tuple[tuple[str, ...], dict[str, SourceTerms]]:
    if isinstance(tree, Mapping | list | tuple) and not tree:
        raise DocumentError(f"sources must not be empty, was {tree!r}")
    if isinstance(tree, Mapping) and all(isinstance(name, str) and name for name in tree):
        terms: dict[str, SourceTerms] = {}
        for name, entry in tree.items():
            try:
                terms[name] = SourceTerms.parse(entry)
            except InvalidInputError as e:
                raise DocumentError(f"sources.{name}: {e}") from e
        return tuple(tree), {name: each for name, each in terms.items() if each != _ORDINARY}
    if not isinstance(tree, list | tuple) or not all(isinstance(s, str) and s for s in tree):
        raise DocumentError(f"sources must be a list of names, was {tree!r:.80}")
    return tuple(tree), {}


def _check_limits(policy: PricePolicy) -> None:
    if not 1 <= policy.sources_min <= len(policy.sources):
        raise DocumentError(
            f"sources_min must be in [1, {len(policy.sources)}], was {policy.sources_min}"
        )
    if len(set(policy.sources)) != len(policy.sources):
        raise DocumentError(f"sources must be distinct, was {policy.sources}")
    if policy.staleness_ns_max <= 0:
        shown = format_scaled(policy.staleness_ns_max, 9)
        raise DocumentError(f"staleness_s_max must be > 0, was {shown}")
    if policy.jump_nano_max is not None and policy.jump_nano_max <= 0:
        shown = format_scaled(policy.jump_nano_max, 9)
        raise DocumentError(f"jump_max must be > 0, was {shown}; leave it out for none")
    low, high = policy.price_nano_min, policy.price_nano_max
    if low <= 0:
        raise DocumentError(f"price_min must be > 0, was {format_scaled(low, 9)}")
    if high is not None and high < low:
        shown = format_scaled(high, 9)
        raise DocumentError(
            f"price_max must be >= price_min ({format_scaled(low, 9)}), was {shown}"
        )
    dissent = policy.dissent_nano_max
    if dissent is not None and not 0 <= dissent < NANO:
        raise DocumentError(f"dissent_max must be >= 0 and < 1, was {format_scaled(dissent, 9)}")
    if dissent is not None and policy.deviation_nano_max is None:
        raise DocumentError("dissent_max must have a deviation_max to dissent by, has none")


# What the parts ask of each other and of the sources.
def _check_sources(policy: PricePolicy) -> None:
    origins = {policy.terms_of(s).origin or s for s in policy.voices}
    if policy.sources_min > len(origins):
        raise DocumentError(
            f"sources_min must be in [1, {len(origins)}], the number of origins, "
            f"was {policy.sources_min}"
        )
    weight = sum(policy.terms_of(s).weight for s in policy.voices)
    if policy.weight_min is not None and policy.weight_min > weight:
        raise DocumentError(f"weight_min must be in [1, {weight}], was {policy.weight_min}")
    named = [] if policy.redemption is None else [policy.redemption.source]
    if policy.mark is not None:
        named += [*policy.mark.external, *([policy.mark.book] if policy.mark.book else [])]
    if strange := sorted(set(named) - set(policy.sources)):
        raise DocumentError(f"{strange[0]!r} must be one of the sources, was none")
    if policy.mark is not None:
        if idle := sorted(set(policy.sources) - set(named)):
            raise DocumentError(f"mark must use every source, left out {idle[0]!r}")
        _check_mark(policy)
    if len(set(named)) != len(named):
        raise DocumentError(f"a source must have one part, was {sorted(named)}")
    reopen = policy.reopen
    if reopen is not None and reopen.sources > len(origins):
        raise DocumentError(f"reopen.sources must be in [1, {len(origins)}], was {reopen.sources}")
    if reopen is not None and policy.jump_nano_max is None and policy.deviation_nano_max is None:
        raise DocumentError(
            "reopen must have a deviation_max or a jump_max to agree within, has none"
        )


# A mark weighs its parts alike, and takes no width from its sources.
def _check_mark(policy: PricePolicy) -> None:
    multiple = policy.confidence_multiple_nano
    shown = {
        "weight_min": policy.weight_min,
        "confidence_multiple": None if multiple is None else format_scaled(multiple, 9),
    }
    for key, value in shown.items():
        if value is not None:
            raise DocumentError(f"{key} must be left out beside a mark, was {value}")
