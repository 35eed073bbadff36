"""Some instruments at one market, as the margin reads them, and what that would be elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from hullmark.collateral import CollateralTerms
from hullmark.core import FloatArray
from hullmark.domain import Instrument
from hullmark.margin._models import ScenarioModel, TieredModel
from hullmark.margin._sides import sides_of
from hullmark.margin._tables import RiskTables, build_tables, move_tables, with_sides
from hullmark.market import MarketView
from hullmark.scenarios import MovableView, Revaluer, RiskArrays, RiskColumns, ScenarioSet


class Span(NamedTuple):
    """Markets at the least and at the most that prices may be, for each check: `Sides` in prices.

    Everything but prices is that of the market between.
    """

    strict: tuple[MarketView, MarketView]  # for the initial check
    lenient: tuple[MarketView, MarketView]  # for the maintenance check

    def mapped(self, change: Callable[[MarketView], MarketView]) -> "Span":
        """Return the span with all its markets changed alike."""
        (a, b), (c, d) = self
        return Span((change(a), change(b)), (change(c), change(d)))


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
    span: Span | None = None  # None: no price has two sides

    def part(self, numbers: Sequence[int]) -> Self:
        """Return the same market with some of its instruments only, renumbered from zero."""
        return replace(
            self,
            instruments=tuple(self.instruments[i] for i in numbers),
            view=self.view.part(numbers),
            carry=None if self.carry is None else self.carry[np.array(numbers, dtype=np.int64)],
            before=None,
            known=None,
            span=None if self.span is None else self.span.mapped(lambda v: v.part(numbers)),
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
            return self.with_span(
                move_tables(self.before, columns, asset_price_usd=price_usd), self.span
            )
        built = build_tables(
            self.instruments,
            self.assets,
            columns,
            asset_price_usd=price_usd,
            collateral=self.collateral,
            tiered=self.tiered,
            scenario=self.scenario,
        )
        return self.with_span(built, self.span)

    def moved_tables(self, moved: frozenset[str], factor: float) -> RiskTables:
        """Return the tables where the prices of the underlyings *moved* are *factor* times.

        What is on an underlying moves with it, and so does a balance in it; nothing else does. The
        two sides of a price move alike.
        """
        return self.shocked_tables(dict.fromkeys(moved, factor))

    def shocked_tables(self, factors: Mapping[str, float], *, vol: float = 1.0) -> RiskTables:
        """Return the tables where each underlying is its factor times what it was.

        As in `moved_tables`; the volatility of every strike is *vol* times what it was.
        """
        view = self._movable.shocked(factors, vol=vol)
        tables = move_tables(self.tables, self._carried(view), asset_price_usd=view.asset_price_usd)
        if self.span is None:
            return tables
        a, b, c, d = [side.shocked(factors, vol=vol) for side in self._movable_span]
        return self.with_span(tables, Span((a, b), (c, d)))

    def with_span(self, tables: RiskTables, span: Span | None) -> RiskTables:
        """Return tables at the prices of this market with the sides that a span leaves."""
        if span is None:
            return with_sides(tables, None)
        strict, lenient = span
        sides = sides_of(self.instruments, tables, self.carry, strict=strict, lenient=lenient)
        return with_sides(tables, sides)

    @cached_property
    def _movable(self) -> MovableView:
        return MovableView(self.instruments, self.view, assets=self.assets)

    @cached_property
    def _movable_span(self) -> list[MovableView]:
        views = () if self.span is None else (*self.span.strict, *self.span.lenient)
        return [MovableView(self.instruments, view, assets=self.assets) for view in views]

    def _carried(self, view: MarketView) -> RiskColumns:
        columns = self.revaluer.columns(view)
        if self.carry is None:
            return columns
        settle = [self.assets.index(i.settlement) for i in self.instruments]
        # Funding that is due moves with its coin, as the quote does that it is taken from.
        risk = columns.risk - self.carry[:, None] * columns.asset_risk[settle]
        return columns._replace(value=columns.value - self.carry, risk=risk)
