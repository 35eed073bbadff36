"""How a venue liquidates: target, price limits, patience and throttles, as data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hullmark.core import NANO, SECOND_NS, format_scaled, mul_div_floor, parse_nano
from hullmark.domain import Stage
from hullmark.errors import DocumentError
from hullmark.liquidation import Choice, SizeRules, StageRules, parse_chain

# Keys whose value is taken as it stands.
_PLAIN = {"rounds_max": (int, "a whole number"), "engine": (str, "a name")}
_CHOICES = {
    "choice": ("share", "cheapest"),
    "limit": ("slippage", "sliding"),
    "exit": ("breach", "target"),
}
_CALLS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleRules:
    """A token bucket of USD notional, one per instrument."""

    burst_nano: int  # the most that can be ordered at once
    refill_per_s_nano: int

    def refill_nano(self, elapsed_ns: int) -> int:
        """Return what flows in over a time."""
        return mul_div_floor(self.refill_per_s_nano, elapsed_ns, SECOND_NS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationRules:
    """Parameters of liquidation. Shares are nanos (billionths)."""

    engine: str = "partial"
    target_nano: int = 800_000_000  # MM over maintenance equity to reach
    slippage_nano: int = 20_000_000  # how far the price limit is from the margin price
    penalty_nano: int = 5_000_000  # of the notional closed, to the fund
    gap_nano: int = 0  # the price jump between trigger and fill that MM should survive
    rounds_max: int = 5  # orders before a pause
    order_ns: int = 30 * SECOND_NS  # how long an order may work
    park_ns: int = 60 * SECOND_NS  # how long a pause lasts
    throttle: ThrottleRules | None = None
    depth_usd: Mapping[str, float] = field(default_factory=dict)  # that moves a price by 1 %
    chain: tuple[StageRules, ...] = ()  # none: the engine's orders, and then the waterfall
    choice: Choice = "share"  # which positions an order stage closes: all alike, or the cheapest
    limit: str = "slippage"  # price limits: a share of the mark, or sliding to bankruptcy
    exit: str = "breach"  # when an account is let go: no more in breach, or at the target
    sizes: SizeRules | None = None  # of one order; None: as much as the engine wants
    fee_nano: int = 0  # of the notional, that execution is expected to cost besides
    hedges: tuple[str, ...] = ()  # instruments that a plan may open; none: it may open nothing
    calls_nano: tuple[int, ...] = ()  # margin ratios at which accounts are told, ascending

    def __post_init__(self) -> None:
        _check("target", self.target_nano, 0 < self.target_nano <= NANO, "> 0 and <= 1")
        for name in ("slippage", "penalty", "gap", "fee"):
            nano = getattr(self, f"{name}_nano")
            _check(name, nano, 0 <= nano < NANO, ">= 0 and < 1")
        for name, time_ns in (("order_s", self.order_ns), ("park_s", self.park_ns)):
            _check(name, time_ns, time_ns > 0, "> 0")
        if self.engine not in ("partial", self.order_engine):
            raise DocumentError(
                f"engine must be left out where the chain has cost-minimal, was {self.engine!r:.60}"
            )
        if self.rounds_max < 1:
            raise DocumentError(f"rounds_max must be > 0, was {self.rounds_max}")

    @property
    def order_engine(self) -> str:
        """The engine that plans orders: the one named, or that of the stage `cost-minimal`."""
        solved = self.place_of(Stage.COST_MINIMAL) is not None
        return str(Stage.COST_MINIMAL) if solved else self.engine

    def place_of(self, stage: Stage) -> int | None:
        """Return where a stage stands in the chain; ``None``: it has none."""
        places = [place for place, each in enumerate(self.chain) if each.stage is stage]
        return places[0] if places else None

    @property
    def restart(self) -> int:
        """Where a liquidation that begins again stands: the soft stage is tried only once."""
        places = (place for place, each in enumerate(self.chain) if each.stage is not Stage.SOFT)
        return next(places, 0)

    def place_from(self, before: Sequence[StageRules], place: int) -> int:
        """Return where a liquidation goes on that stood at a place of another chain.

        At the same stage, if there still is one; else it begins again.
        """
        if not before:
            return 0
        found = self.place_of(before[place].stage)
        return self.restart if found is None else found

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> "LiquidationRules":
        """Read the section ``liquidation`` of a venue tree."""
        found: dict[str, Any] = {}
        for key, value in tree.items():
            if key in ("target", "slippage", "penalty", "gap", "fee"):
                found[f"{key}_nano"] = parse_nano(key, value)
            elif key in ("order_s", "park_s"):
                found[f"{key[:-2]}_ns"] = parse_nano(key, value) * SECOND_NS // NANO
            elif key in _PLAIN:
                found[key] = _plain(key, value)
            elif key in _CHOICES:
                found[key] = _chosen(key, value)
            elif key in _PARSED:
                name, parse = _PARSED[key]
                found[name] = parse(value)
            else:
                raise DocumentError(f"{key} must be a key of the schema, was {value!r}")
        return cls(**found)


def _plain(key: str, value: object) -> Any:  # noqa: ANN401 - of the kind that the key takes
    kind, words = _PLAIN[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DocumentError(f"{key} must be {words}, was {value!r:.60}")
    return value


def _chosen(key: str, value: object) -> str:
    if value not in _CHOICES[key]:
        raise DocumentError(f"{key} must be one of {', '.join(_CHOICES[key])}, was {value!r:.60}")
    return str(value)


def _parse_throttle(tree: Mapping[str, Any]) -> ThrottleRules:
    if not isinstance(tree, Mapping) or set(tree) != {"burst_usd", "refill_usd_per_s"}:
        raise DocumentError(f"throttle must have burst_usd and refill_usd_per_s, was {tree!r}")
    burst_nano = parse_nano("throttle.burst_usd", tree["burst_usd"])
    refill_nano = parse_nano("throttle.refill_usd_per_s", tree["refill_usd_per_s"])
    if burst_nano <= 0 or refill_nano <= 0:
        raise DocumentError(f"throttle must be > 0, was {tree!r}; leave it out for none")
    return ThrottleRules(burst_nano=burst_nano, refill_per_s_nano=refill_nano)


def _parse_depth(tree: Mapping[str, Any]) -> Mapping[str, float]:
    if not isinstance(tree, Mapping):
        raise DocumentError(f"depth_usd must be a table, was {tree!r:.60}")
    depth_usd = {s: parse_nano(f"depth_usd.{s}", text) / NANO for s, text in tree.items()}
    for symbol, usd in depth_usd.items():
        if usd <= 0:
            raise DocumentError(f"depth_usd.{symbol} must be > 0, was {usd:g}")
    return depth_usd


def _parse_sizes(tree: Any) -> SizeRules:  # noqa: ANN401 - it says itself what it must be
    try:
        return SizeRules.parse(tree)
    except DocumentError as e:
        raise DocumentError(f"sizes: {e}") from e


def _parse_hedges(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, list | tuple) or not all(isinstance(s, str) for s in listed):
        raise DocumentError(f"hedges must be a list of instruments, was {listed!r:.80}")
    if len(set(listed)) != len(listed):
        raise DocumentError(f"hedges must be distinct, was {listed!r:.80}")
    return tuple(listed)


def _parse_calls(listed: object) -> tuple[int, ...]:
    if not isinstance(listed, list | tuple) or not 0 < len(listed) <= _CALLS_MAX:
        raise DocumentError(f"calls must be a list of 1 to {_CALLS_MAX} levels, was {listed!r:.80}")
    levels = tuple(parse_nano("calls", level) for level in listed)
    if list(levels) != sorted(set(levels)) or not 0 < levels[0] <= levels[-1] <= NANO:
        raise DocumentError(f"calls must ascend and be > 0 and <= 1, was {listed!r:.80}")
    return levels


_PARSED: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "throttle": ("throttle", _parse_throttle),
    "depth_usd": ("depth_usd", _parse_depth),
    "chain": ("chain", parse_chain),
    "sizes": ("sizes", _parse_sizes),
    "hedges": ("hedges", _parse_hedges),
    "calls": ("calls_nano", _parse_calls),
}


def _check(name: str, nano: int, holds: bool, rule: str) -> None:
    if not holds:
        raise DocumentError(f"{name} must be {rule}, was {format_scaled(nano, 9)}")
