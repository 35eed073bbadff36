"""The venue file as the auditor reads it: plain records of fractions, made from the JSON text.

Source: ``docs/reference/venue.md``. The text comes out of an adopted event and was parsed by the
venue before, so nothing is checked again here: what is missing has its documented default, and what
breaks the schema breaks the auditor.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

NANO = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTerms:
    """One asset: its unit, its declared price, and how far it counts."""

    unit: int  # quanta in one
    peg: Fraction | None
    shocked: bool
    haircut_initial: Fraction
    haircut_maintenance: Fraction
    cap_usd: Fraction | None
    borrow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentTerms:
    """One instrument; what a kind does not have is at its default."""

    symbol: str
    kind: str
    underlying: str
    settlement: str
    lot_nano: int
    unit: int  # quanta in one of the settlement asset
    inverse: bool = False
    expiry_ns: int | None = None
    strike_nano: int = 0
    call: bool = False

    @property
    def lot(self) -> Fraction:
        """Contract units in one lot."""
        return Fraction(self.lot_nano, NANO)

    @property
    def carries_quote(self) -> bool:
        """Whether a position has a quote: a perpetual or future, whose cost is not paid at once."""
        return self.kind in {"perpetual", "future"}

    def worth(self, lots: int, price_nano: int) -> tuple[int, int]:
        """Return what lots are worth at a price, in settlement quanta: numerator, denominator."""
        if self.inverse and self.carries_quote:
            return -lots * self.lot_nano * self.unit, price_nano
        return lots * self.lot_nano * price_nano * self.unit, NANO**2


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTerms:
    """Who may say a price, and when it is believed."""

    sources: frozenset[str]
    sources_min: int
    staleness_ns: int
    jump_max: Fraction | None
    price_min_nano: int
    price_max_nano: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTerms:
    """The grid of moves and volatilities, as floats: everything around it is an estimate."""

    moves: tuple[float, ...]
    vol_up: float
    vol_down: float
    power_short: float
    power_long: float
    days_floor: float
    vol_floor: float
    edges_up_only: bool
    maintenance_factor: float
    initial_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationTerms:
    """Limits of a liquidation. Without a throttle ``burst`` is ``None``."""

    slippage: Fraction
    penalty: Fraction
    rounds_max: int
    order_ns: int
    park_ns: int
    burst: Fraction | None  # nano-USD
    refill: Fraction  # nano-USD per nanosecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything that the rules in force say and the auditor needs."""

    assets: dict[str, AssetTerms]
    instruments: dict[str, InstrumentTerms]
    models: dict[str, str]  # by mode
    tiers: dict[str, tuple[tuple[Fraction, Fraction, Fraction], ...]]  # floor, initial, maintenance
    scenario: ScenarioTerms | None
    prices: dict[str, PriceTerms]
    liquidation: LiquidationTerms
    steps: tuple[str, ...]


def read_terms(text: str) -> Terms:
    """Return the terms that a text of rules states."""
    tree = json.loads(text)
    assets = {symbol: _asset(found) for symbol, found in tree["assets"].items()}
    margin = tree["margin"]
    tiered = margin.get("tiered", {})
    return Terms(
        assets=assets,
        instruments={
            found["symbol"]: _instrument(found, assets[found["settlement"]].unit)
            for found in tree["instruments"]
        },
        models={
            mode: margin[mode] for mode in ("cross", "isolated", "portfolio") if mode in margin
        },
        tiers={symbol: _tiers(found["tiers"]) for symbol, found in tiered.items()},
        scenario=_scenario(margin["scenario"]) if "scenario" in margin else None,
        prices={symbol: _prices(found) for symbol, found in tree.get("prices", {}).items()},
        liquidation=_liquidation(tree.get("liquidation", {})),
        steps=tuple(tree.get("waterfall", {}).get("steps", ("fund", "bad-debt"))),
    )


def _optional(tree: Mapping[str, Any], key: str) -> Fraction | None:
    return Fraction(tree[key]) if key in tree else None


def _nano(text: str, scale: int = 1) -> int:
    return int(Fraction(text) * NANO * scale)


def _asset(tree: Mapping[str, Any]) -> AssetTerms:
    return AssetTerms(
        unit=10 ** tree["decimals"],
        peg=_optional(tree, "peg"),
        shocked=tree.get("shocked", False),
        haircut_initial=Fraction(tree.get("haircut_initial", "0")),
        haircut_maintenance=Fraction(tree.get("haircut_maintenance", "0")),
        cap_usd=_optional(tree, "cap_usd"),
        borrow=tree.get("borrow", False),
    )


def _instrument(tree: Mapping[str, Any], unit: int) -> InstrumentTerms:
    return InstrumentTerms(
        symbol=tree["symbol"],
        kind=tree["kind"],
        underlying=tree["underlying"],
        settlement=tree["settlement"],
        lot_nano=_nano(tree["lot"]),
        unit=unit,
        inverse=tree.get("inverse", False),
        expiry_ns=_instant(tree["expiry"]) if "expiry" in tree else None,
        strike_nano=_nano(tree.get("strike", "0")),
        call=tree.get("call", False),
    )


# Nine decimals of a second are three more than datetime keeps, so they are read apart.
def _instant(text: str) -> int:
    whole, dot, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))] if dot else ""
    zone = rest[len(digits) :]
    read = datetime.fromisoformat(whole + zone)
    since = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    gone = since - datetime(1970, 1, 1, tzinfo=UTC)
    return (gone.days * 86_400 + gone.seconds) * NANO + int(digits.ljust(9, "0") or "0")


def _tiers(found: list[dict[str, str]]) -> tuple[tuple[Fraction, Fraction, Fraction], ...]:
    return tuple(
        (Fraction(t["floor_usd"]), Fraction(t["initial"]), Fraction(t["maintenance"]))
        for t in found
    )


def _scenario(tree: Mapping[str, Any]) -> ScenarioTerms:
    return ScenarioTerms(
        moves=tuple(float(move) for move in tree["moves"]),
        edges_up_only=tree.get("edges_up_only", False),
        **{
            key: float(tree[key])
            for key in (
                "vol_up",
                "vol_down",
                "power_short",
                "power_long",
                "days_floor",
                "vol_floor",
                "maintenance_factor",
                "initial_factor",
            )
        },
    )


def _prices(tree: Mapping[str, Any]) -> PriceTerms:
    return PriceTerms(
        sources=frozenset(tree["sources"]),
        sources_min=tree["sources_min"],
        staleness_ns=_nano(tree["staleness_s_max"]),
        jump_max=_optional(tree, "jump_max"),
        price_min_nano=_nano(tree.get("price_min", "0.000000001")),
        price_max_nano=_nano(tree["price_max"]) if "price_max" in tree else None,
    )


def _liquidation(tree: Mapping[str, Any]) -> LiquidationTerms:
    throttle = tree.get("throttle")
    return LiquidationTerms(
        slippage=Fraction(tree.get("slippage", "0.02")),
        penalty=Fraction(tree.get("penalty", "0.005")),
        rounds_max=tree.get("rounds_max", 5),
        order_ns=_nano(tree.get("order_s", "30")),
        park_ns=_nano(tree.get("park_s", "60")),
        burst=None if throttle is None else Fraction(throttle["burst_usd"]) * NANO,
        refill=Fraction(0) if throttle is None else Fraction(throttle["refill_usd_per_s"]),
    )
