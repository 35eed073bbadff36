"""The venue at its accepted prices, as the margin reads it."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from hullmark.clearing._market_view import market_view
from hullmark.clearing._price_sides import span_of
from hullmark.clearing._rules import Rules
from hullmark.clearing._state import State
from hullmark.core import FloatArray
from hullmark.domain import Spot
from hullmark.ledger import MICRO
from hullmark.margin import MarginMarket


@dataclass(frozen=True, kw_only=True)
class VenueMarket(MarginMarket):
    """Some instruments of the venue, all by default, at one market. It does not follow the facts.

    What a contract carries is the funding that it owes: its cumulative index, per contract unit.
    The quote of a row carries the index at which it last settled, so that their difference is what
    is due.
    """

    rules: Rules
    carry: FloatArray

    @classmethod
    def of(cls, state: State, before: "VenueMarket | None" = None) -> Self:
        """Return the venue at the accepted prices; *before*, an older one, saves building anew."""
        rules = state.in_force
        older = before if before is not None and before.rules is rules else None
        return cls(
            rules=rules,
            instruments=rules.instruments,
            assets=tuple(asset.symbol for asset in rules.assets),
            shocked=frozenset(t.asset.symbol for t in rules.terms if t.shocked),
            view=market_view(state),
            collateral={t.asset.symbol: t.collateral for t in rules.terms},
            tiered=rules.margin.tiered,
            scenario=rules.margin.scenario,
            scenarios=rules.margin.scenarios,
            carry=_funding_carry(state),
            before=older.tables if older else None,
            known=older.revaluer if older else None,
            span=span_of(state),
        )

    @property
    def joint(self) -> frozenset[str]:
        """What moves in a joint move: all that contracts are on, and the assets with a market."""
        return self.shocked | {i.underlying for i in self.instruments if not isinstance(i, Spot)}


def _funding_carry(state: State) -> FloatArray:
    ledger = state.ledger
    carry = np.zeros(len(state.in_force.instruments))
    for number, index in enumerate(ledger.funding_micro):
        if index:
            unit = ledger.assets[ledger.settlement(number)].quanta_per_unit
            carry[number] = index / MICRO / unit / ledger.instruments[number].lot
    return carry
