"""The risk matrix: a grid of moves with volatility up, same and down, and a table of far moves.

Far moves count by the ratio of the grid's edge to themselves, so that a linear book shows its edge
loss at each and only a convex one feels them; a dampener then forgives small losses [1]_.

References
----------
.. [1] Deribit, support article 25944756247837, "Portfolio margin", and the answers of
   ``private/pme/simulate`` of 17 June 2024 and 15 February 2026.
"""

from decimal import Decimal
from typing import Self

import numpy as np
from msgspec import Struct

from hullmark.domain import Node
from hullmark.margin._netting import NettingTables
from hullmark.margin.posts import Revalued
from hullmark.scenarios import Shock

_LEVELS = ("up", "none", "down")
_STEPS_MAX = 32
_EXTENDED_MAX = 32


class MatrixTerms(Struct, frozen=True, kw_only=True):
    """The moves of a risk matrix, and how far ones count."""

    range: Decimal  # edge of the grid
    steps: int  # moves on each side of zero
    extended: tuple[Decimal, ...]  # far moves, with volatility up only
    extended_factor: Decimal
    dampener: Decimal  # USD

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{range, steps, extended, extended_factor, dampener}``."""
        fields = node.fields({"range", "steps", "extended", "extended_factor", "dampener"})
        span = fields["range"].positive_decimal()
        if span >= 1:
            fields["range"].refuse("be < 1")
        moves = tuple(entry.decimal() for entry in fields["extended"].entries())
        for entry, move in zip(fields["extended"].entries(), moves, strict=True):
            if move <= -1 or not move:
                entry.refuse("be > -1 and not 0")
        if len(moves) > _EXTENDED_MAX:
            fields["extended"].refuse_value(f"have at most {_EXTENDED_MAX} moves", len(moves))
        return cls(
            range=span,
            steps=fields["steps"].counted(minimum=1, maximum=_STEPS_MAX),
            extended=moves,
            extended_factor=fields["extended_factor"].decimal(minimum=0),
            dampener=fields["dampener"].decimal(minimum=0),
        )

    def edge(self, move: Decimal) -> Decimal:
        """Return what spot is multiplied by at the edge of the grid on the side of *move*."""
        return 1 + self.range.copy_sign(move)


class RiskMatrix(Struct, frozen=True):
    """The scenarios of the matrix in order of the moves, then those of the extended table."""

    terms: MatrixTerms

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the terms of the matrix."""
        return cls(MatrixTerms.parse(node))

    @property
    def shocks(self) -> tuple[Shock, ...]:
        """All scenarios."""
        steps = self.terms.steps
        moves = [self.terms.range * j / steps for j in range(-steps, steps + 1)]
        grid = [Shock(spot=1 + move, vol=vol) for move in moves for vol in _LEVELS]
        return (*grid, *(Shock(spot=1 + move, vol="up") for move in self.terms.extended))


class ExtendedTable(Struct, frozen=True):
    """Weigh the far moves, and ease them by the dampener.

    The weight is ``factor R / |move|``; where accounts settle in the coin, the gain in USD at the
    move is converted at the edge, hence ``(1 + move) / (1 ± R)`` more. The relief is
    ``(max(|move| / R, 1) - 1) D`` USD.
    """

    terms: MatrixTerms

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the terms of the matrix."""
        return cls(MatrixTerms.parse(node))

    def apply(self, tables: NettingTables, revalued: Revalued) -> NettingTables:
        """Fill weight and relief of the scenarios behind the grid."""
        terms, weight, relief = self.terms, tables.weight.copy(), tables.relief.copy()
        first = len(_LEVELS) * (2 * terms.steps + 1)
        for place, move in enumerate(terms.extended, start=first):
            edge, size = terms.edge(move), abs(move)
            share = terms.extended_factor * terms.range / size
            eased = (max(size / terms.range, Decimal(1)) - 1) * terms.dampener
            if revalued.coin:
                spot = revalued.columns.market.underlyings[revalued.underlying].spot
                share, eased = share * (1 + move) / edge, eased / (spot * edge)
            weight[place], relief[place] = float(share), float(eased)
        return tables._replace(weight=weight, relief=np.asarray(relief))
