"""The rules of a venue: the venue file, parsed once, and recorded whole as record 1.

The tree is the same in a venue file (TOML) and in the ``parameters`` of a portfolio document: the
sections ``assets``, ``instruments`` and ``margin`` stand in both; ``prices``, ``actions``,
``liquidation``, ``pools`` and ``waterfall`` in a venue file only. Decimals are strings; an unknown
key is an error.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hullmark.clearing._asset_rules import AssetRules
from hullmark.clearing._liquidation_rules import LiquidationRules
from hullmark.clearing._margin_rules import MarginRules
from hullmark.core import Asset
from hullmark.domain import Instrument, Option, Spot, parse_instrument
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.liquidation import PoolRules
from hullmark.market import ActionRules, PricePolicy
from hullmark.waterfall import WaterfallRules

_SECTIONS = frozenset({"name", "assets", "instruments", "margin", "prices"})
_OPTIONAL = frozenset({"actions", "liquidation", "pools", "waterfall"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything a venue may choose, validated as a whole."""

    name: str
    assets: tuple[Asset, ...]
    terms: tuple[AssetRules, ...]  # haircuts, caps and pegs, in the order of assets
    instruments: tuple[Instrument, ...]
    margin: MarginRules
    prices: Mapping[str, PricePolicy]  # by factor: an instrument's mark, an asset's index
    actions: ActionRules  # the grade that each action needs
    liquidation: LiquidationRules
    waterfall: WaterfallRules
    pools: Mapping[str, PoolRules]
    dependents: Mapping[str, tuple[str, ...]]  # by factor: the prices that are made from it
    text: str  # the tree as canonical JSON

    @classmethod
    def parse_text(cls, text: str) -> "Rules":
        """Read rules from JSON text."""
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError) as e:
            raise DocumentError(f"rules must be JSON, but {e}") from e
        return cls.parse(tree)

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> "Rules":
        """Read rules from a venue tree.

        Raises
        ------
        DocumentError
            If the tree breaks the schema, or one section does not fit another. The message names
            the path, the rule and the value.
        """
        if not isinstance(tree, Mapping):
            raise DocumentError(f"rules must be a table, was {type(tree).__name__}")
        if missing := sorted(_SECTIONS - set(tree)):
            raise DocumentError(f"rules must have {missing[0]!r}")
        if unknown := sorted(set(tree) - _SECTIONS - _OPTIONAL):
            raise DocumentError(f"rules have an unknown key {unknown[0]!r}")
        if not isinstance(tree["name"], str) or not tree["name"]:
            raise DocumentError(f"name must be a string, not empty, was {tree['name']!r:.80}")
        for section in ("assets", "margin", "prices"):
            if not isinstance(tree[section], Mapping):
                raise DocumentError(f"{section} must be a table, was {tree[section]!r:.80}")
        if not isinstance(tree["instruments"], list | tuple):
            raise DocumentError(f"instruments must be a list, was {tree['instruments']!r:.80}")
        terms = tuple(AssetRules.parse(symbol, entry) for symbol, entry in tree["assets"].items())
        assets = tuple(each.asset for each in terms)
        instruments = tuple(
            _within("instruments", parse_instrument, i) for i in tree["instruments"]
        )
        _check_instruments(assets, instruments)
        prices = {
            f: _within(f"prices.{f}", PricePolicy.parse, p) for f, p in tree["prices"].items()
        }
        rules = cls(
            name=tree["name"],
            assets=assets,
            terms=terms,
            instruments=instruments,
            margin=MarginRules.parse(tree["margin"], instruments),
            prices=prices,
            actions=_within("actions", ActionRules.parse, tree.get("actions", {})),
            liquidation=_within("liquidation", LiquidationRules.parse, tree.get("liquidation", {})),
            waterfall=_within("waterfall", WaterfallRules.parse, tree.get("waterfall", {})),
            pools=_within("pools", _parse_pools, tree.get("pools", {})),
            dependents=_dependents(prices),
            text=_text(tree),
        )
        rules._check_prices()
        rules._check_liquidation()
        return rules

    def takes_away(self, before: "Rules") -> str | None:
        """Return what earlier rules have and these have not, in words; ``None``: nothing.

        What accounts hold, or may hold by then, must stay: its place in the ledger and its margin.
        """
        for name, old, new in (
            ("assets", before.assets, self.assets),
            ("instruments", before.instruments, self.instruments),
        ):
            if new[: len(old)] != old:
                return f"{name} must begin with those before, unchanged and in their order"
        for pool, terms in before.pools.items():
            after = self.pools.get(pool)
            if after is None or (after.account, after.asset) != (terms.account, terms.asset):
                return f"pools must go on to have {pool}, of the same account and asset"
        for mode in before.margin.model_of:
            if mode not in self.margin.model_of:
                return f"margin must go on to name a model for {mode} accounts"
            for instrument in before.instruments:
                if isinstance(instrument, Spot) or self.margin.carries(mode, instrument):
                    continue
                if before.margin.carries(mode, instrument):
                    return f"margin must go on to have {instrument.symbol} for {mode} accounts"
        return None

    def _check_prices(self) -> None:
        known = {a.symbol for a in self.assets} | {i.symbol for i in self.instruments}
        if unknown := sorted(set(self.prices) - known):
            raise DocumentError(
                f"prices.{unknown[0]} must name an asset or an instrument of these rules"
            )
        for terms in self.terms:
            if terms.peg_nano is None and terms.asset.symbol not in self.prices:
                raise DocumentError(
                    f"assets.{terms.asset.symbol} must have a peg or a section in prices"
                )
        for instrument in self.instruments:
            if isinstance(instrument, Option) or instrument.symbol in self.prices:
                continue  # an option's mark follows from index and surface
            raise DocumentError(f"prices must have {instrument.symbol!r}")

    def _check_liquidation(self) -> None:
        symbols = {i.symbol for i in self.instruments}
        for key, named in (
            ("depth_usd", self.liquidation.depth_usd),
            ("hedges", self.liquidation.hedges),
        ):
            if unknown := sorted(set(named) - symbols):
                rule = "must name an instrument of these rules"
                raise DocumentError(f"liquidation.{key}.{unknown[0]} {rule}")
        wanted = {"waterfall.backstop": self.waterfall.backstop}
        for stage in self.liquidation.chain:
            if stage.takeover is not None:
                wanted["takeover.pool"] = stage.takeover.pool
        for key, pool in wanted.items():
            if pool is not None and pool not in self.pools:
                raise DocumentError(f"{key} must be one of pools, was {pool!r}")
        accounts = [pool.account for pool in self.pools.values()]
        if len(set(accounts)) != len(accounts):
            raise DocumentError(f"pools must have an account each, had {sorted(accounts)}")
        known = {a.symbol for a in self.assets}
        for name, pool_rules in self.pools.items():
            if pool_rules.asset not in known:
                raise DocumentError(f"pools.{name}.asset must be an asset of these rules")


def _text(tree: Mapping[str, Any]) -> str:
    try:
        return json.dumps(tree, sort_keys=False, separators=(",", ":"), ensure_ascii=True)
    except (TypeError, ValueError) as e:  # a tree of Python's may have what JSON has not
        raise DocumentError(f"rules must be of text, numbers, lists and tables, but {e}") from e


def _parse_pools(tree: Mapping[str, Any]) -> Mapping[str, PoolRules]:
    return {name: _within(name, PoolRules.parse, entry) for name, entry in tree.items()}


def _within(path: str, parse: Any, tree: Any) -> Any:  # noqa: ANN401 - any section, any struct
    try:
        return parse(tree)
    except InvalidInputError as e:
        raise DocumentError(f"{path}: {e}") from e
    except (TypeError, AttributeError, ValueError) as e:
        raise DocumentError(f"{path} must be a table of the schema, was {tree!r:.80}") from e


# Prices are made from observed ones only, so that one pass after those makes them all.
def _dependents(prices: Mapping[str, PricePolicy]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for factor, policy in prices.items():
        for key, name in policy.input_of.items():
            if name not in prices:
                raise DocumentError(f"prices.{factor}.{key} must be one of prices, was {name!r}")
            if made_from := prices[name].inputs:
                raise DocumentError(
                    f"prices.{factor}.{key} must be a price that is not made from others, "
                    f"was {name!r}, made from {made_from[0]!r}"
                )
            found[name] = (*found.get(name, ()), factor)
    return found


def _check_instruments(assets: tuple[Asset, ...], instruments: tuple[Instrument, ...]) -> None:
    known = {a.symbol: a for a in assets}
    seen: set[str] = set(known)
    for instrument in instruments:
        symbol = instrument.symbol
        if symbol in seen:
            raise DocumentError(f"symbol {symbol!r} must be unique among assets and instruments")
        seen.add(symbol)
        if instrument.settlement not in known:
            raise DocumentError(f"settlement of {symbol} must be an asset of these rules")
        if isinstance(instrument, Option) and instrument.underlying not in known:
            raise DocumentError(f"underlying of option {symbol} must be an asset of these rules")
        is_inverse = not isinstance(instrument, Spot) and instrument.inverse
        if is_inverse and instrument.settlement != instrument.underlying:
            raise DocumentError(f"settlement of inverse {symbol} must be its underlying")
        if isinstance(instrument, Spot):
            base = known.get(instrument.underlying)
            if base is None:
                raise DocumentError(f"underlying of spot {symbol} must be an asset of these rules")
            if instrument.lot_nano * base.quanta_per_unit % 10**9:
                raise DocumentError(f"lot of {symbol} must be a whole number of its quanta")
