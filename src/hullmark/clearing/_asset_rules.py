"""One asset as the rules see it: its decimals, and how far it counts as collateral."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hullmark.collateral import CollateralTerms
from hullmark.core import Asset, parse_nano
from hullmark.errors import DocumentError, InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRules:
    """An entry of the section ``assets``."""

    asset: Asset
    collateral: CollateralTerms
    shocked: bool  # whether its price moves with the scenarios (coins), or stays (stablecoins)
    peg_nano: int | None = None  # its USD price, if that is declared and not observed
    borrow: bool = False  # whether trades may take its balance below zero

    @classmethod
    def parse(cls, symbol: str, tree: Mapping[str, Any]) -> "AssetRules":
        """Read one entry."""
        path = f"assets.{symbol}"
        if not isinstance(tree, Mapping):
            raise DocumentError(f"{path} must be a table, was {tree!r}")
        decimals = tree.get("decimals")
        if not isinstance(decimals, int) or isinstance(decimals, bool):
            raise DocumentError(f"{path}.decimals must be a whole number, was {decimals!r}")
        for flag in ("shocked", "borrow"):
            if not isinstance(tree.get(flag, False), bool):
                raise DocumentError(f"{path}.{flag} must be a boolean, was {tree[flag]!r}")
        try:
            asset = Asset(symbol, decimals)
            peg_nano = parse_nano("peg", tree["peg"]) if "peg" in tree else None
        except InvalidInputError as e:
            raise DocumentError(f"{path}: {e}") from e
        if peg_nano is not None and peg_nano <= 0:
            raise DocumentError(f"{path}.peg must be > 0, was {tree['peg']}")
        return cls(
            asset=asset,
            collateral=CollateralTerms.parse(symbol, tree),
            shocked=tree.get("shocked", False),
            peg_nano=peg_nano,
            borrow=tree.get("borrow", False),
        )
