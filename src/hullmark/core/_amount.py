"""Exact amounts of one asset, counted in whole *quanta*, its smallest unit.

There is no ``round``. Whoever turns a ratio into money decides who pays for the lost fraction, so
the direction is in the name: ``ceil`` what an account owes, ``floor`` what it gets.
"""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

from hullmark.core._asset import Asset
from hullmark.core._exact import format_scaled, int64, parse_scaled
from hullmark.errors import AssetMismatchError


@dataclass(frozen=True, slots=True)
class Amount:
    """A signed quantity of one asset: the readable surface of the ledger's integer columns.

    >>> fee = Amount.parse("1250.10", Asset("USDC", decimals=6))
    >>> print(fee.scale_floor(Fraction(1, 7)), "<", fee.scale_ceil(Fraction(1, 7)))
    178.585714 USDC < 178.585715 USDC
    """

    asset: Asset
    quanta: int

    def __post_init__(self) -> None:
        int64(f"quanta of {self.asset.symbol}", self.quanta)

    @classmethod
    def parse(cls, text: str, asset: Asset) -> Self:
        """Read a decimal string exactly, or refuse it."""
        return cls(asset, parse_scaled(f"amount of {asset.symbol}", text, asset.decimals))

    def scale_floor(self, ratio: Fraction) -> Self:
        """Multiply, and round towards minus infinity: for what an account gets."""
        return replace(self, quanta=math.floor(self.quanta * ratio))

    def scale_ceil(self, ratio: Fraction) -> Self:
        """Multiply, and round towards plus infinity: for what an account owes."""
        return replace(self, quanta=math.ceil(self.quanta * ratio))

    def __add__(self, other: Self) -> Self:
        return replace(self, quanta=self.quanta + self._same_asset(other).quanta)

    def __sub__(self, other: Self) -> Self:
        return replace(self, quanta=self.quanta - self._same_asset(other).quanta)

    def __neg__(self) -> Self:
        return replace(self, quanta=-self.quanta)

    def __str__(self) -> str:
        return f"{format_scaled(self.quanta, self.asset.decimals)} {self.asset.symbol}"

    def _same_asset(self, other: Self) -> Self:
        if other.asset != self.asset:
            raise AssetMismatchError(f"cannot combine {self} with {other}")
        return other
