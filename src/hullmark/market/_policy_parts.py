"""The parts of a price policy that are tables of their own, as the venue file has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from hullmark.core import NANO, SECOND_NS, format_scaled, parse_instant, parse_scaled
from hullmark.errors import DocumentError

Reader = Callable[[str, Any], Any]
AVERAGES = ("arithmetic", "geometric", "exponential")


def nano_of(key: str, value: object) -> int:
    """Read a decimal above zero in nanos."""
    return _positive(key, value)


def seconds_of(key: str, value: object) -> int:
    """Read seconds above zero in nanoseconds."""
    return _positive(key, value)


def whole_of(key: str, value: object) -> int:
    """Read a whole number above zero."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise DocumentError(f"{key} must be a whole number > 0, was {value!r:.80}")
    return value


def name_of(key: str, value: object) -> str:
    """Read a name."""
    if not isinstance(value, str) or not value:
        raise DocumentError(f"{key} must be a name, was {value!r:.80}")
    return value


def names_of(key: str, value: object) -> tuple[str, ...]:
    """Read a list of different names, at least one."""
    if not isinstance(value, list | tuple) or not value:
        raise DocumentError(f"{key} must be a list of names, was {value!r:.80}")
    names = tuple(name_of(key, item) for item in value)
    if len(set(names)) != len(names):
        raise DocumentError(f"{key} must be distinct, was {names}")
    return names


def flag_of(key: str, value: object) -> bool:
    """Read a boolean."""
    if not isinstance(value, bool):
        raise DocumentError(f"{key} must be a boolean, was {value!r:.80}")
    return value


def fields_of(
    tree: object, readers: Mapping[str, tuple[str, Reader]], required: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return the fields that a table says, by the reader of each key."""
    if not isinstance(tree, Mapping):
        raise DocumentError(f"must be a table, was {tree!r:.80}")
    if unknown := sorted(set(tree) - set(readers)):
        raise DocumentError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(readers))}")
    if missing := sorted(required - set(tree)):
        raise DocumentError(f"key {missing[0]!r} is missing")
    return {readers[key][0]: readers[key][1](key, value) for key, value in tree.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTerms:
    """What one source is worth, and what is asked of it. ``None``: nothing is."""

    weight: int = 1
    origin: str | None = None  # sources of one origin are one voice; None: one of its own
    heartbeat_ns: int | None = None  # None: the staleness of the price
    confidence_nano_max: int | None = None  # of its price; then it must give its confidence
    price_nano_min: int | None = None  # its own bounds: a print at or beyond them is a clamp
    price_nano_max: int | None = None
    jump_nano_max: int | None = None  # against the last accepted price

    def __post_init__(self) -> None:
        low, high = self.price_nano_min, self.price_nano_max
        if low is not None and high is not None and high <= low:
            shown = format_scaled(low, 9), format_scaled(high, 9)
            raise DocumentError(f"price_max must be > price_min ({shown[0]}), was {shown[1]}")

    @classmethod
    def parse(cls, tree: object) -> Self:
        """Read the table of a source."""
        return cls(**fields_of(tree, _SOURCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkTerms:
    """A mark made of three: index and basis, the book, and contracts elsewhere."""

    index: str  # the factor whose price the basis is added to
    basis_half_life_ns: int
    book: str | None = None  # the source that says what the own book says
    external: tuple[str, ...] = ()  # sources that say what others' contracts cost
    move_nano_max_per_minute: int | None = None

    @classmethod
    def parse(cls, tree: object) -> Self:
        """Read the table ``mark``."""
        return cls(**fields_of(tree, _MARK, frozenset({"index", "basis_half_life_s"})))


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageTerms:
    """An average over time."""

    kind: str  # one of AVERAGES
    window_ns: int  # of an exponential one its half-life

    @classmethod
    def parse(cls, tree: object) -> Self:
        """Read the table ``average``."""
        return cls(**fields_of(tree, _AVERAGE, frozenset({"kind", "window_s"})))


@dataclass(frozen=True, slots=True, kw_only=True)
class StableTerms:
    """A slow price beside the fast one. The defaults are those of Mango v4."""

    interval_ns: int = 3_600 * SECOND_NS
    delay_growth_nano: int = 60_000_000  # per interval
    growth_nano_per_s: int = 300_000

    def __post_init__(self) -> None:
        if self.interval_ns % SECOND_NS:
            shown = format_scaled(self.interval_ns, 9)
            raise DocumentError(f"interval_s must be whole seconds, was {shown}")

    @classmethod
    def parse(cls, tree: object) -> Self:
        """Read the table ``stable``."""
        return cls(**fields_of(tree, _STABLE))


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthTerms:
    """The fastest that a rate may have grown since a snapshot of it."""

    snapshot_nano: int
    at_ns: int
    per_year_nano: int
    base: str | None = None  # the factor that the rate is counted in; None: the price is the rate
    tolerance_nano: int = 0  # how far under the last rate a cap may begin, a share of it

    @classmethod
    def parse(cls, tree: object) -> Self:
        """Read the table ``growth_cap``."""
        return cls(**fields_of(tree, _GROWTH, frozenset({"snapshot", "at", "per_year"})))


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionTerms:
    """What the issuer pays for the asset, said by a source of the price."""

    source: str
    deviation_nano_max: int

    @classmethod
    def parse(cls, tree: object) -> Self:
        """Read the table ``redemption``."""
        return cls(**fields_of(tree, _REDEMPTION, frozenset({"source", "deviation_max"})))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenTerms:
    """What closes the breaker again: so many prints in a row, of so many origins each."""

    prints: int
    sources: int

    @classmethod
    def parse(cls, tree: object) -> Self:
        """Read the table ``reopen``."""
        return cls(**fields_of(tree, _REOPEN, frozenset({"prints", "sources"})))


def _positive(key: str, value: object) -> int:
    found = parse_scaled(key, value, 9)  # type: ignore[arg-type]
    if found <= 0:
        raise DocumentError(f"{key} must be > 0, was {format_scaled(found, 9)}")
    return found


def _share_or_none(key: str, value: object) -> int:
    found = parse_scaled(key, value, 9)  # type: ignore[arg-type]
    if not 0 <= found < NANO:
        raise DocumentError(f"{key} must be >= 0 and < 1, was {format_scaled(found, 9)}")
    return found


def _kind_of(key: str, value: object) -> str:
    if value not in AVERAGES:
        raise DocumentError(f"{key} must be one of {', '.join(AVERAGES)}, was {value!r:.80}")
    return str(value)


def _instant_of(key: str, value: object) -> int:
    return parse_instant(key, value)  # type: ignore[arg-type]


_SOURCE: Mapping[str, tuple[str, Reader]] = {
    "weight": ("weight", whole_of),
    "origin": ("origin", name_of),
    "heartbeat_s": ("heartbeat_ns", seconds_of),
    "confidence_max": ("confidence_nano_max", nano_of),
    "price_min": ("price_nano_min", nano_of),
    "price_max": ("price_nano_max", nano_of),
    "jump_max": ("jump_nano_max", nano_of),
}
_MARK: Mapping[str, tuple[str, Reader]] = {
    "index": ("index", name_of),
    "basis_half_life_s": ("basis_half_life_ns", seconds_of),
    "book": ("book", name_of),
    "external": ("external", names_of),
    "move_max_per_minute": ("move_nano_max_per_minute", nano_of),
}
_AVERAGE: Mapping[str, tuple[str, Reader]] = {
    "kind": ("kind", _kind_of),
    "window_s": ("window_ns", seconds_of),
}
_STABLE: Mapping[str, tuple[str, Reader]] = {
    "interval_s": ("interval_ns", seconds_of),
    "delay_growth": ("delay_growth_nano", nano_of),
    "growth_per_s": ("growth_nano_per_s", nano_of),
}
_GROWTH: Mapping[str, tuple[str, Reader]] = {
    "snapshot": ("snapshot_nano", nano_of),
    "at": ("at_ns", _instant_of),
    "per_year": ("per_year_nano", _share_or_none),
    "base": ("base", name_of),
    "tolerance": ("tolerance_nano", _share_or_none),
}
_REDEMPTION: Mapping[str, tuple[str, Reader]] = {
    "source": ("source", name_of),
    "deviation_max": ("deviation_nano_max", nano_of),
}
_REOPEN: Mapping[str, tuple[str, Reader]] = {
    "prints": ("prints", whole_of),
    "sources": ("sources", whole_of),
}
