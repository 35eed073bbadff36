"""Post-processors: what a rule book does to scenario values before it takes the worst of them.

Each reads its section of the parameters and returns the netting tables with its columns filled.
"""

from decimal import Decimal
from typing import NamedTuple, Protocol, Self

import numpy as np
from msgspec import Struct

from hullmark.core import FloatArray
from hullmark.domain import Node
from hullmark.errors import DocumentError
from hullmark.margin._netting import NettingTables
from hullmark.scenarios import ContractColumns, Revaluation, Shock, need

_DISCOUNT_MAX = 18.0 * np.log(10.0)  # of an exponent
_GROWTH_MAX = 100.0  # of an exponent: far above any discount


class Revalued(NamedTuple):
    """What a post-processor may read: the contracts, the scenarios, and how options are priced."""

    columns: ContractColumns
    shocks: tuple[Shock, ...]
    revaluation: Revaluation
    discount: FloatArray  # (E,) of each expiry
    underlying: str
    coin: bool  # whether values are in the coin


class PostProcessor(Protocol):
    """A step between the scenario values and the worst of them."""

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the parameters of the step."""
        ...

    def apply(self, tables: NettingTables, revalued: Revalued, /) -> NettingTables:
        """Return the tables with the columns of the step."""
        ...


class Weights(Struct, frozen=True):
    """Each scenario counts by its weight; tails count less [1]_.

    References
    ----------
    .. [1] Derive, v2-core, PMRM_2: ``dampeningFactor``.
    """

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read nothing: the weights are in the list of scenarios."""
        node.table()
        return cls()

    def apply(self, tables: NettingTables, revalued: Revalued) -> NettingTables:
        """Fill the weights."""
        return tables._replace(weight=np.array([float(s.weight) for s in revalued.shocks]))


class SkewRotation(Struct, frozen=True):
    """A scenario that turns the skew hurts either way: an expiry's gain counts as a loss."""

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read nothing: the twists themselves are the revaluation's."""
        node.table()
        return cls()

    def apply(self, tables: NettingTables, revalued: Revalued) -> NettingTables:
        """Mark the scenarios that rotate."""
        return tables._replace(rotates=np.array([s.rotates for s in revalued.shocks], np.bool_))


class _Carry(Struct, frozen=True, kw_only=True):
    base: float
    rate_factor: float
    rate_add: float

    @classmethod
    def parse(cls, node: Node) -> Self:
        fields = node.fields({"base", "rate_factor", "rate_add"})
        return cls(**{key: float(entry.decimal(minimum=0)) for key, entry in fields.items()})

    def exponent(self, rates: FloatArray, years: FloatArray) -> FloatArray:
        cost: FloatArray = years * (rates * self.rate_factor + self.rate_add)
        return cost


class StaticDiscount(Struct, frozen=True, kw_only=True):
    """The shocked value of an expiry counts at a discount, of its own for long and for short.

    Long: ``base exp(-T (r rate_factor + rate_add))``. Short, where the book has it:
    ``base exp(T (...))``, at most the undiscounted value, ``1 / D`` [1]_.

    References
    ----------
    .. [1] Derive, v2-core, PMRMLib and PMRMLib_2, ``_addStaticDiscount``.
    """

    long: _Carry
    short: _Carry | None

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{long, short}``, each ``{base, rate_factor, rate_add}``; ``short`` may be absent.

        Without it a short expiry counts as it is.
        """
        fields = node.fields({"long"}, {"short"})
        short = _Carry.parse(fields["short"]) if "short" in fields else None
        return cls(long=_Carry.parse(fields["long"]), short=short)

    def apply(self, tables: NettingTables, revalued: Revalued) -> NettingTables:
        """Fill the discounts of the expiries."""
        years = revalued.revaluation.years(revalued.columns)
        rates = expiry_rates(revalued.columns, years)
        positive = self.long.base * np.exp(-self.long.exponent(rates, years))
        negative = np.ones_like(positive)
        if self.short is not None:
            growth = np.minimum(self.short.exponent(rates, years), _GROWTH_MAX)
            grown = self.short.base * np.exp(growth)
            negative = np.minimum(1.0 / revalued.discount, grown)
        return tables._replace(positive=positive, negative=negative)


class BasisContingency(Struct, frozen=True, kw_only=True):
    """A loss that competes with the worst scenario: spot moves, and the forward may not follow.

    Per expiry the worse of two moves of spot, volatility unchanged and no static discount, times
    ``add + per_year T``; summed over expiries [1]_.

    References
    ----------
    .. [1] Derive, v2-core, PMRMLib_2, ``_addBasisContingency``.
    """

    up: Decimal
    down: Decimal
    add: float
    per_year: float

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{up, down, add, per_year}``; the moves are what spot is multiplied by."""
        fields = node.fields({"up", "down", "add", "per_year"})
        return cls(
            up=fields["up"].positive_decimal(),
            down=fields["down"].positive_decimal(),
            add=float(fields["add"].decimal(minimum=0)),
            per_year=float(fields["per_year"].decimal(minimum=0)),
        )

    @property
    def moves(self) -> tuple[float, float]:
        """The two relative moves of spot."""
        return float(self.up - 1), float(self.down - 1)

    def apply(self, tables: NettingTables, revalued: Revalued) -> NettingTables:
        """Fill the two moves and the share of each expiry.

        Raises
        ------
        DocumentError
            If accounts settle in the coin: the moves are valued in USD.
        """
        if revalued.coin:
            raise DocumentError(
                f"a basis contingency must be on a market that settles in cash, was on"
                f" {revalued.underlying}, which settles in the coin"
            )
        moves = tuple(Shock(spot=spot) for spot in (self.up, self.down))
        values = revalued.revaluation.values(revalued.columns, moves, revalued.discount)
        value = tables.value.copy()
        value[:, -2:] = values
        years = revalued.revaluation.years(revalued.columns)
        return tables._replace(value=value, basis=self.add + self.per_year * years)


def expiry_rates(columns: ContractColumns, years: FloatArray) -> FloatArray:
    """Return the interest rate of each expiry, shape (E,), which the document must have.

    A rate below zero counts as zero, as at Derive: a discount factor above one is credit.

    Raises
    ------
    DocumentError
        If one discounts a price to less than 1e-18, which a venue's fixed point holds as nothing.
    """
    rates = np.array([float(need(e.path, "rate", e.rate)) for _, e in columns.expiries], np.float64)
    floored: FloatArray = np.maximum(rates, 0.0)
    for n in np.flatnonzero(floored * years > _DISCOUNT_MAX):
        expiry = columns.expiries[n][1]
        Node(f"{expiry.path}.rate", str(expiry.rate)).refuse(
            f"discount by a factor of at least 1e-18 over {years[n]:g} years"
        )
    return floored
