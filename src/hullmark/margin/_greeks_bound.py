"""A bound on the worst loss from greeks alone, for a check before a trade.

Per expiry an account is held as a few sums: value, delta, gamma, and what each shock of volatility
moves to first order. A trade adds its own to them, and the scenarios are read off a second-order
expansion, whatever the account holds. How far the expansion is off is known per contract, since the
exact values of a market are computed once: the largest difference in any scenario, as it counts.
Every step behind the sums changes by no more than its input does, so that::

    |worst loss - estimate| <= sum |size| error

and a trade that passes at ``estimate - error`` passes exactly. One that fails there is margined in
full. Far moves are beyond a second-order expansion: each of them keeps a sum of its own, exactly.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from hullmark.book import PositionRows
from hullmark.core import FloatArray
from hullmark.margin._netting import NettingTables
from hullmark.pricing import black76
from hullmark.scenarios import ContractColumns, Revaluation, Shock, VolRule

_POINTS = 100.0  # vol points in one
_REACH = 0.25  # of a move of spot that the expansion is asked about


class GreekBound(NamedTuple):
    """Worst gain by the expansion, and how far from it the exact one can be, shape (R,)."""

    estimate: FloatArray
    error: FloatArray


class GreekTables(NamedTuple):
    """The expansion of every contract, and its error.

    ``I`` contracts, ``S`` scenarios, ``K`` sums: value, first and second order in the move of spot,
    one for each shock of volatility that the scenarios name, and one for each far scenario.
    """

    terms: FloatArray  # (I, K) per unit
    coefficient: FloatArray  # (K, S + 2) of each sum in each scenario, and for the basis
    error: FloatArray  # (I,) per unit, as it counts in the worst scenario

    @classmethod
    def of(
        cls,
        columns: ContractColumns,
        revaluation: Revaluation,
        shocks: Sequence[Shock],
        tables: NettingTables,
        *,
        basis: tuple[float, float] = (0.0, 0.0),
        coin: bool = False,
    ) -> Self:
        """Return the expansion of the options of *tables*, whose exact values it is held against.

        Parameters
        ----------
        columns : ContractColumns
        revaluation : Revaluation
            How options are priced.
        shocks : sequence of Shock, length S
        tables : NettingTables
            Exact values, discounts and weights.
        basis : tuple of float
            Moves of spot of the basis contingency, in the order of its columns.
        coin : bool, default False
            Whether values are in the coin.
        """
        rules = sorted({s.vol for s in shocks} - {"none"}, key=repr)
        moves = np.array([0.0 if s.rotates else float(s.move) for s in shocks] + list(basis))
        far = np.flatnonzero(np.abs(moves) > _REACH)
        first_far = 3 + len(rules)
        coefficient = np.zeros((first_far + len(far), len(moves)))
        coefficient[0], coefficient[1], coefficient[2] = 1.0, moves, 0.5 * moves**2
        for s, shock in enumerate(shocks):
            if shock.vol != "none":
                coefficient[3 + rules.index(shock.vol), s] = 1.0
        coefficient[:, far] = 0.0
        coefficient[first_far + np.arange(len(far)), far] = 1.0
        terms = np.zeros((len(columns.contracts), len(coefficient)))
        at = columns.option
        terms[:, 0] = tables.base
        terms[:, first_far:] = tables.value[:, far]
        if at.any():
            expansion = _expansion(columns, revaluation, rules, tables.base, coin=coin)
            terms[at, 1:first_far] = expansion
        future = (tables.group >= 0) & ~at
        share, mark = columns.of_expiry(columns.variable_share), columns.anchor
        slope = share / mark if coin else share * mark
        terms[future, 1] = slope[future]
        terms[future, 2] = (-2.0 * share * slope)[future] if coin else 0.0
        off = np.abs(terms @ coefficient - tables.value)
        group = np.maximum(tables.group, 0)
        steep = np.maximum(np.abs(tables.positive), np.abs(tables.negative))
        steep = steep[group] if len(steep) else np.ones(len(group))
        share = tables.basis[group] if len(tables.basis) else np.zeros(len(group))
        counts = off[:, :-2] * tables.weight * steep[:, None] * max(tables.gain_share, 1.0)
        error = np.maximum(counts.max(axis=1), share * off[:, -2:].max(axis=1))
        return cls(terms, coefficient, np.where(tables.group >= 0, error, 0.0))

    def sums(self, positions: PositionRows, tables: NettingTables) -> FloatArray:
        """Return the sums of each row and expiry, shape (R, G, K); a trade adds its own terms."""
        groups, count = len(tables.positive), len(positions.start) - 1
        out = np.zeros((count, groups + 1, self.terms.shape[1]))
        where = positions.row, tables.group[positions.contract] % (groups + 1)
        np.add.at(out, where, positions.size[:, None] * self.terms[positions.contract])
        return out[:, :groups]

    def bound(
        self,
        positions: PositionRows,
        linear: FloatArray,
        tables: NettingTables,
        *,
        own: NDArray[np.bool_] | None = None,
    ) -> GreekBound:
        """Return the bound of every row; *linear* as in `net`.

        *own* says of the last scenarios, nodes, which rows they are for, shape (R, nodes).
        """
        sums = self.sums(positions, tables)
        value = sums @ self.coefficient
        market = sums[:, :, :1]
        shocks = len(tables.move)
        discount = np.where(value >= 0.0, tables.positive[:, None], tables.negative[:, None])[
            :, :, :shocks
        ]
        change = value[:, :, :shocks] * discount - market
        change = np.where(tables.rotates, -np.abs(change), change)
        gain = (linear[:, None] * tables.move + change.sum(axis=1)) * tables.weight
        eased = np.maximum(np.abs(gain) - tables.relief, 0.0)
        gain = np.where(gain > 0.0, eased * tables.gain_share, -eased)
        if own is not None and own.shape[1]:
            first = gain.shape[1] - own.shape[1]
            gain[:, first:] = np.where(own, gain[:, first:], np.inf)
        least = np.minimum((value[:, :, shocks:] - market).min(axis=2), 0.0)
        worst = np.minimum(gain.min(axis=1), (least * tables.basis).sum(axis=1))
        error = positions.sums(np.abs(positions.size) * self.error[positions.contract])
        return GreekBound(worst, error)


# First and second order in the relative move of spot, and what each shock moves to first order.
def _expansion(
    columns: ContractColumns,
    revaluation: Revaluation,
    rules: Sequence[VolRule],
    base: FloatArray,
    *,
    coin: bool,
) -> FloatArray:
    at = columns.option
    expiry, forward = columns.expiry[at], columns.anchor[at]
    greeks = black76(
        forward=forward,
        strike=columns.strike[at],
        years=revaluation.years(columns)[expiry],
        vol=columns.vol[at],
        call=columns.call[at],
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = np.where(greeks.value > 0.0, base[at] / greeks.value, 1.0)  # discount, or 1 / F
    unit = 1.0 / forward if coin else unit
    moving = columns.forward[expiry, 1]
    first, second = greeks.delta * moving, greeks.gamma * moving**2
    if coin:  # the value is divided by a forward that moves as well
        part = moving / forward
        tilt = first - greeks.value * part
        first, second = tilt, second - 2.0 * part * tilt
    terms = [first * unit, second * unit]
    for rule in rules:
        shocked = revaluation.vol(rule, columns)
        terms.append(greeks.vega * _POINTS * (shocked - columns.vol[at]) * unit)
    return np.stack(terms, axis=1)
