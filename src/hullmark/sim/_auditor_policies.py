"""The sections ``prices`` and ``actions`` of the venue file as the auditor reads them.

Source: ``docs/reference/venue.md``. Shares and rates are fractions, prices are in billionths.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from hullmark.sim._auditor_text import read_instant, read_nano

VALID, UNCERTAIN, STALE, ABSURD, NONE = range(5)
_GRADES = {"valid": VALID, "uncertain": UNCERTAIN, "stale": STALE, "absurd": ABSURD}

TRADE, RAISE_RISK, WITHDRAW = "trade", "raise_risk", "withdraw"
LIQUIDATE, SETTLE = "liquidate", "settle"
_TOLERATED = {
    TRADE: STALE,
    RAISE_RISK: VALID,
    WITHDRAW: VALID,
    LIQUIDATE: UNCERTAIN,
    SETTLE: ABSURD,
}


class SourceTerms(NamedTuple):
    """What one source is worth, and what is asked of it."""

    weight: int
    origin: str
    heartbeat_ns: int
    confidence_max: Fraction | None
    price_min_nano: int | None
    price_max_nano: int | None
    jump_max: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkTerms:
    """A mark of three parts."""

    index: str
    half_life_ns: int
    book: str | None
    external: tuple[str, ...]
    move_max: Fraction | None  # a minute


class GrowthTerms(NamedTuple):
    """How high a rate may be."""

    snapshot_nano: int
    at_ns: int
    per_year: Fraction
    base: str | None


class StableTerms(NamedTuple):
    """A slow price."""

    interval_ns: int
    delay_growth: Fraction
    growth_per_s: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTerms:
    """Who may say a price, when it is believed, and what is made of it."""

    sources: dict[str, SourceTerms]
    sources_min: int
    staleness_ns: int
    jump_max: Fraction | None
    price_min_nano: int
    price_max_nano: int | None
    weight_min: int
    deviation_max: Fraction | None
    dissent_max: Fraction | None
    distinct: bool
    confidence_multiple: Fraction | None
    mark: MarkTerms | None
    redemption: tuple[str, Fraction] | None  # whose word it is, and how far it may be from others
    growth_cap: GrowthTerms | None
    average: tuple[str, int] | None  # kind and window
    delay_ns: int | None
    stable: StableTerms | None
    reopen: tuple[int, int] | None  # candidates in a row, and origins of each

    @property
    def base(self) -> str | None:
        """The price that this one cannot be made without."""
        return None if self.growth_cap is None else self.growth_cap.base

    @property
    def made_from(self) -> set[str]:
        """The prices that this one is made from."""
        index = None if self.mark is None else self.mark.index
        return {name for name in (index, self.base) if name is not None}

    @property
    def heard(self) -> list[str]:
        """The sources that are weighed, by name: all but the one that says the redemption."""
        apart = None if self.redemption is None else self.redemption[0]
        return sorted(source for source in self.sources if source != apart)


class ActionTerms(NamedTuple):
    """The worst grade that each action tolerates, and how long a doubt protects."""

    worst: dict[str, int]
    grace_ns: int | None

    def allows(self, action: str, grade: int) -> bool:
        """Whether a price of this grade will do."""
        return grade <= self.worst[action]


def read_prices(tree: Mapping[str, Any]) -> PriceTerms:
    """Return what a section ``prices.SYMBOL`` says."""
    staleness_ns, said = read_nano(tree["staleness_s_max"]), tree["sources"]
    sources = said if isinstance(said, dict) else {name: {} for name in said}
    redemption, average, reopen = (tree.get(k) for k in ("redemption", "average", "reopen"))
    return PriceTerms(
        sources={name: _source(name, each, staleness_ns) for name, each in sources.items()},
        sources_min=tree["sources_min"],
        staleness_ns=staleness_ns,
        jump_max=_share(tree, "jump_max"),
        price_min_nano=read_nano(tree.get("price_min", "0.000000001")),
        price_max_nano=_nano(tree, "price_max"),
        weight_min=tree.get("weight_min", 0),
        deviation_max=_share(tree, "deviation_max"),
        dissent_max=_share(tree, "dissent_max"),
        distinct=tree.get("distinct", False),
        confidence_multiple=_share(tree, "confidence_multiple"),
        mark=_mark(tree["mark"]) if "mark" in tree else None,
        redemption=redemption and (redemption["source"], Fraction(redemption["deviation_max"])),
        growth_cap=_growth(tree["growth_cap"]) if "growth_cap" in tree else None,
        average=average and (average["kind"], read_nano(average["window_s"])),
        delay_ns=_nano(tree, "delay_s"),
        stable=_stable(tree["stable"]) if "stable" in tree else None,
        reopen=reopen and (reopen["prints"], reopen["sources"]),
    )


def read_actions(tree: Mapping[str, str]) -> ActionTerms:
    """Return what the section ``actions`` says."""
    worst = {a: _GRADES[tree[a]] if a in tree else grade for a, grade in _TOLERATED.items()}
    return ActionTerms(worst, _nano(tree, "grace_s"))


def _share(tree: Mapping[str, Any], key: str) -> Fraction | None:
    return Fraction(tree[key]) if key in tree else None


def _nano(tree: Mapping[str, Any], key: str) -> int | None:
    return read_nano(tree[key]) if key in tree else None


def _source(name: str, tree: Mapping[str, Any], staleness_ns: int) -> SourceTerms:
    return SourceTerms(
        weight=tree.get("weight", 1),
        origin=tree.get("origin", name),
        heartbeat_ns=_nano(tree, "heartbeat_s") or staleness_ns,
        confidence_max=_share(tree, "confidence_max"),
        price_min_nano=_nano(tree, "price_min"),
        price_max_nano=_nano(tree, "price_max"),
        jump_max=_share(tree, "jump_max"),
    )


def _mark(tree: Mapping[str, Any]) -> MarkTerms:
    return MarkTerms(
        index=tree["index"],
        half_life_ns=read_nano(tree["basis_half_life_s"]),
        book=tree.get("book"),
        external=tuple(tree.get("external", ())),
        move_max=_share(tree, "move_max_per_minute"),
    )


def _growth(tree: Mapping[str, Any]) -> GrowthTerms:
    return GrowthTerms(
        snapshot_nano=read_nano(tree["snapshot"]),
        at_ns=read_instant(tree["at"]),
        per_year=Fraction(tree["per_year"]),
        base=tree.get("base"),
    )


def _stable(tree: Mapping[str, Any]) -> StableTerms:
    return StableTerms(
        interval_ns=read_nano(tree.get("interval_s", "3600")),
        delay_growth=Fraction(tree.get("delay_growth", "0.06")),
        growth_per_s=Fraction(tree.get("growth_per_s", "0.0003")),
    )
