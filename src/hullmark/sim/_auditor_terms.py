"""The venue file as the auditor reads it: plain records of fractions, made from the JSON text.

Source: ``docs/reference/venue.md``. The text comes out of an adopted event and was parsed by the
venue before, so nothing is checked again here: what is missing has its documented default, and what
breaks the schema breaks the auditor.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hullmark.sim._auditor_policies import ActionTerms, PriceTerms, read_actions, read_prices
from hullmark.sim._auditor_stage_terms import (
    PoolTerms,
    StageTerms,
    WaterfallTerms,
    read_chain,
    read_pools,
    read_waterfall,
)
from hullmark.sim._auditor_text import NANO, read_instant, read_nano


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

    @property
    def factors(self) -> set[str]:
        """The prices that its value rests on, as far as they are observed."""
        own = set() if self.kind == "option" else {self.symbol}
        return own | {self.underlying, self.settlement}

    def worth(self, lots: int, price_nano: int) -> tuple[int, int]:
        """Return what lots are worth at a price, in settlement quanta: numerator, denominator."""
        if self.inverse and self.carries_quote:
            return -lots * self.lot_nano * self.unit, price_nano
        return lots * self.lot_nano * price_nano * self.unit, NANO**2


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
    chain: tuple[StageTerms, ...]
    sliding: bool  # whether price limits slide from the mark to bankruptcy
    at_target: bool  # whether an account in hand is worked on until it is at its target
    target: Fraction
    depth_usd: dict[str, Fraction]
    hedges: frozenset[str]  # instruments that a plan may open
    calls: tuple[Fraction, ...]  # margin ratios at which accounts are told, ascending

    def place_of(self, stage: str) -> int | None:
        """Return where a stage stands in the chain, if it does."""
        return next((n for n, each in enumerate(self.chain) if each.stage == stage), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything that the rules in force say and the auditor needs."""

    assets: dict[str, AssetTerms]
    instruments: dict[str, InstrumentTerms]
    models: dict[str, str]  # by mode
    tiers: dict[str, tuple[tuple[Fraction, Fraction, Fraction], ...]]  # floor, initial, maintenance
    scenario: ScenarioTerms | None
    prices: dict[str, PriceTerms]
    actions: ActionTerms
    liquidation: LiquidationTerms
    waterfall: WaterfallTerms
    pools: dict[str, PoolTerms]


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
        prices={symbol: read_prices(found) for symbol, found in tree.get("prices", {}).items()},
        actions=read_actions(tree.get("actions", {})),
        liquidation=_liquidation(tree.get("liquidation", {})),
        waterfall=read_waterfall(tree.get("waterfall", {})),
        pools=read_pools(tree.get("pools", {})),
    )


def _optional(tree: Mapping[str, Any], key: str) -> Fraction | None:
    return Fraction(tree[key]) if key in tree else None


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
        lot_nano=read_nano(tree["lot"]),
        unit=unit,
        inverse=tree.get("inverse", False),
        expiry_ns=read_instant(tree["expiry"]) if "expiry" in tree else None,
        strike_nano=read_nano(tree.get("strike", "0")),
        call=tree.get("call", False),
    )


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


def _liquidation(tree: Mapping[str, Any]) -> LiquidationTerms:
    throttle = tree.get("throttle")
    return LiquidationTerms(
        slippage=Fraction(tree.get("slippage", "0.02")),
        penalty=Fraction(tree.get("penalty", "0.005")),
        rounds_max=tree.get("rounds_max", 5),
        order_ns=read_nano(tree.get("order_s", "30")),
        park_ns=read_nano(tree.get("park_s", "60")),
        burst=None if throttle is None else Fraction(throttle["burst_usd"]) * NANO,
        refill=Fraction(0) if throttle is None else Fraction(throttle["refill_usd_per_s"]),
        chain=read_chain(tree.get("chain", [])),
        sliding=tree.get("limit", "slippage") == "sliding",
        at_target=tree.get("exit", "") == "target",
        target=Fraction(tree.get("target", "0.8")),
        depth_usd={s: Fraction(usd) for s, usd in tree.get("depth_usd", {}).items()},
        hedges=frozenset(tree.get("hedges", ())),
        calls=tuple(Fraction(level) for level in tree.get("calls", ())),
    )
