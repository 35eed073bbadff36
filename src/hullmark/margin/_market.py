"""Some instruments at one market, as the margin reads them, and what that would be elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from hullmark.collateral import CollateralTerms
from hullmark.core import FloatArray
from hullmark.domain import Instrument
from hullmark.margin._models import ScenarioModel, TieredModel
from hullmark.margin._tables import RiskTables, build_tables, move_tables
from hullmark.market import MarketView
from hullmark.scenarios import MovableView, Revaluer, RiskArrays, RiskColumns, ScenarioSet


@dataclass(frozen=True, kw_only=True)
class MarginMarket:
    """The terms of a margin and the prices that it is at. It does not follow either.

    What a contract owes is taken off its value in the tables: *carry*, settlement units per
    contract unit, of shape (I,); ``None``: nothing.
    """

    instruments: tuple[Instrument, ...]
    assets: tuple[str, ...]
    shocked: frozenset[str]  # assets whose USD price moves in a scenario
    view: MarketView
    collateral: Mapping[str, CollateralTerms]
    tiered: TieredModel
    scenario: ScenarioModel
    scenarios: ScenarioSet
    carry: FloatArray | None = None
    before: RiskTables | None = None  # of the same terms at any other market: saves building anew
    known: Revaluer | None = None  # of the same terms: likewise

    def part(self, numbers: Sequence[int]) -> Self:
        """Return the same market with some of its instruments only, renumbered from zero."""
        return replace(
            self,
            instruments=tuple(self.instruments[i] for i in numbers),
            view=self.view.part(numbers),
            carry=None if self.carry is None else self.carry[np.array(numbers, dtype=np.int64)],
            before=None,
            known=None,
        )

    @cached_property
    def arrays(self) -> RiskArrays:
        """Values, scenario profits and greeks per contract unit."""
        return self.revaluer.arrays(self.view)

    @cached_property
    def revaluer(self) -> Revaluer:
        """The instruments under the scenarios, at any market."""
        return self.known or Revaluer(
            self.instruments, self.scenarios, assets=self.assets, shocked=self.shocked
        )

    @cached_property
    def tables(self) -> RiskTables:
        """Everything but the accounts that a margin depends on."""
        columns, price_usd = self._carried(self.view), self.view.asset_price_usd
        if self.before is not None:
            return move_tables(self.before, columns, asset_price_usd=price_usd)
        return build_tables(
            self.instruments,
            self.assets,
            columns,
            asset_price_usd=price_usd,
            collateral=self.collateral,
            tiered=self.tiered,
            scenario=self.scenario,
        )

    def moved_tables(self, moved: frozenset[str], factor: float) -> RiskTables:
        """Return the tables where the prices of the underlyings *moved* are *factor* times.

        What is on an underlying moves with it, and so does a balance in it; nothing else does.
        """
        view = self._movable.moved(moved, factor)
        return move_tables(self.tables, self._carried(view), asset_price_usd=view.asset_price_usd)

    @cached_property
    def _movable(self) -> MovableView:
        return MovableView(self.instruments, self.view, assets=self.assets)

    def _carried(self, view: MarketView) -> RiskColumns:
        columns = self.revaluer.columns(view)
        if self.carry is None:
            return columns
        settle = [self.assets.index(i.settlement) for i in self.instruments]
        # Funding that is due moves with its coin, as the quote does that it is taken from.
        risk = columns.risk - self.carry[:, None] * columns.asset_risk[settle]
        return columns._replace(value=columns.value - self.carry, risk=risk)
