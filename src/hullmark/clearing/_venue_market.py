"""The venue at its accepted prices, as the margin reads it, and what that would be elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from hullmark.clearing._market_view import market_view
from hullmark.clearing._rules import Rules
from hullmark.clearing._state import State
from hullmark.core import FloatArray
from hullmark.domain import Instrument, Spot
from hullmark.ledger import MICRO
from hullmark.margin import RiskTables, build_tables, move_tables
from hullmark.market import MarketView
from hullmark.scenarios import MovableView, RiskArrays, revalue


@dataclass(frozen=True, kw_only=True)
class VenueMarket:
    """Some instruments of the venue, all by default, at one market. It does not follow the facts.

    The value of a contract in the tables is less the funding that it owes: its cumulative index,
    per contract unit. The quote of a row carries the index at which it last settled, so that their
    difference is what is due.
    """

    rules: Rules
    instruments: tuple[Instrument, ...]
    view: MarketView
    carry: FloatArray  # (I,) settlement units per contract unit
    before: RiskTables | None = None  # of the same rules and instruments at any other market

    @classmethod
    def of(cls, state: State, before: "VenueMarket | None" = None) -> Self:
        """Return the venue at the accepted prices; *before*, an older one, saves building anew."""
        rules = state.in_force
        return cls(
            rules=rules,
            instruments=rules.instruments,
            view=market_view(state),
            carry=_funding_carry(state),
            before=before.tables if before is not None and before.rules is rules else None,
        )

    def part(self, numbers: Sequence[int]) -> Self:
        """Return the same market with some of its instruments only, renumbered from zero."""
        return replace(
            self,
            instruments=tuple(self.instruments[i] for i in numbers),
            view=self.view.part(numbers),
            carry=self.carry[np.array(numbers, dtype=np.int64)],
            before=None,
        )

    @property
    def joint(self) -> frozenset[str]:
        """What moves in a joint move: all that contracts are on, and the assets with a market."""
        return self._shocked | {i.underlying for i in self.instruments if not isinstance(i, Spot)}

    @cached_property
    def arrays(self) -> RiskArrays:
        """Values, scenario profits and greeks per contract unit."""
        return self._revalue(self.view)

    @cached_property
    def tables(self) -> RiskTables:
        """Everything but the accounts that a margin depends on."""
        carried = replace(self.arrays, value=self.arrays.value - self.carry)
        price_usd = self.view.asset_price_usd
        if self.before is not None:
            return move_tables(self.before, carried, asset_price_usd=price_usd)
        return build_tables(
            self.instruments,
            self._assets,
            carried,
            asset_price_usd=price_usd,
            collateral={t.asset.symbol: t.collateral for t in self.rules.terms},
            tiered=self.rules.margin.tiered,
            scenario=self.rules.margin.scenario,
        )

    def moved_tables(self, moved: frozenset[str], factor: float) -> RiskTables:
        """Return the tables where the prices of the underlyings *moved* are *factor* times.

        What is on an underlying moves with it, and so does a balance in it; nothing else does.
        """
        view = self._movable.moved(moved, factor)
        arrays = self._revalue(view)
        carried = replace(arrays, value=arrays.value - self.carry)
        return move_tables(self.tables, carried, asset_price_usd=view.asset_price_usd)

    @cached_property
    def _movable(self) -> MovableView:
        return MovableView(self.instruments, self.view, assets=self._assets)

    @cached_property
    def _assets(self) -> tuple[str, ...]:
        return tuple(asset.symbol for asset in self.rules.assets)

    @cached_property
    def _shocked(self) -> frozenset[str]:
        return frozenset(t.asset.symbol for t in self.rules.terms if t.shocked)

    def _revalue(self, view: MarketView) -> RiskArrays:
        return revalue(
            self.instruments,
            view,
            self.rules.margin.scenarios,
            assets=self._assets,
            shocked=self._shocked,
        )


def _funding_carry(state: State) -> FloatArray:
    ledger = state.ledger
    carry = np.zeros(len(ledger.instruments))
    for number, index in enumerate(ledger.funding_micro):
        if index:
            unit = ledger.assets[ledger.settlement(number)].quanta_per_unit
            carry[number] = index / MICRO / unit / ledger.instruments[number].lot
    return carry
