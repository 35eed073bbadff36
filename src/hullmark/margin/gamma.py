"""The last days of an option: nodes at strikes, and charges for gamma and for pinning.

Near expiry a book's value bends at its strikes, and the worst of a coarse grid can lie between its
moves. *Strike nodes* add, for those who hold them, the moves that put the forward on a strike: at
expiry the value is a line between strikes, so that nothing is missed. The *gamma-pin* charge is for
what no scenario of one move shows: a short gamma that is hedged at intervals, and short options
whose exercise is open to the end.
"""

from decimal import Decimal
from typing import NamedTuple, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hullmark.book import PositionRows
from hullmark.core import FloatArray, IntArray
from hullmark.domain import Node
from hullmark.margin._margin_rows import Charge, MarginRows, across
from hullmark.margin._netting import Netted
from hullmark.margin.directional import by_group
from hullmark.pricing import black76
from hullmark.scenarios import DAY_SECONDS, LEVELS, ContractColumns, Shock

_NODES_MAX = 512
_YEAR_DAYS = 365.0  # of the floor


class Nodes(NamedTuple):
    """Scenarios beside the grid's, each for those who hold one of its contracts."""

    shocks: tuple[Shock, ...]
    labels: tuple[str, ...]  # of the scenarios
    node: IntArray  # (I,) number of the node of each contract; -1: none
    levels: int  # scenarios per node, one after the other


class StrikeNodes(Struct, frozen=True, kw_only=True):
    """Moves of spot that put the forward on a strike, for options with few days left."""

    days: Decimal
    range: Decimal  # the largest move, either way
    levels: tuple[str, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{days, range, levels}``, levels of volatility: none, up, down."""
        fields = node.fields({"days", "range", "levels"})
        if not fields["levels"].entries():
            fields["levels"].refuse("name a level of volatility")
        return cls(
            days=fields["days"].positive_decimal(),
            range=fields["range"].positive_decimal(),
            levels=tuple(entry.choice(*LEVELS) for entry in fields["levels"].entries()),
        )

    def nodes(self, columns: ContractColumns) -> Nodes:
        """Return the nodes of the contracts.

        Raises
        ------
        DocumentError
            If there are more than 512.
        """
        place: dict[tuple[int, Decimal], int] = {}
        shocks: list[Shock] = []
        labels: list[str] = []
        node = np.full(len(columns.contracts), -1)
        for i, (contract, e) in enumerate(
            zip(columns.contracts, columns.expiry.tolist(), strict=True)
        ):
            if contract.kind != "option":
                continue
            expiry = columns.expiries[e][1]
            if expiry.seconds > self.days * DAY_SECONDS or not expiry.forward_variable:
                continue
            spot = (contract.strike - expiry.forward_fixed) / expiry.forward_variable
            if abs(spot - 1) > self.range or spot <= 0:
                continue
            key = e, contract.strike
            if key not in place:
                place[key] = len(place)
                moved = [Shock(spot=spot, vol=level) for level in self.levels]
                where = f"strike {contract.strike:f} of {contract.expiry}"
                shocks += moved
                labels += [f"{shock.label}, {where}" for shock in moved]
            node[i] = place[key]
        if len(place) > _NODES_MAX:
            Node("parameters.nodes", len(place)).refuse(f"make at most {_NODES_MAX} nodes")
        return Nodes(tuple(shocks), tuple(labels), node, len(self.levels))


def held_nodes(positions: PositionRows, nodes: Nodes) -> NDArray[np.bool_]:
    """Return for each row which scenarios of the nodes are its own, shape (R, nodes)."""
    count = len(nodes.shocks) // nodes.levels
    at = nodes.node[positions.contract]
    held = np.zeros((len(positions.start) - 1, count), np.bool_)
    held[positions.row[at >= 0], at[at >= 0]] = True
    return np.repeat(held, nodes.levels, axis=1)


def at_held_strikes(netted: Netted, positions: PositionRows, nodes: Nodes) -> Netted:
    """Return *netted* where a node counts only for the rows that hold one of its contracts.

    The gain of a row at the nodes of others is infinite: it cannot be the worst.
    """
    profit, own = netted.profit.copy(), held_nodes(positions, nodes)
    first = profit.shape[1] - len(nodes.shocks)
    profit[:, first:] = np.where(own, profit[:, first:], np.inf)
    scenario = np.argmin(profit, axis=1)
    worst = profit[np.arange(len(profit)), scenario]
    basis_first = netted.basis <= worst
    return netted._replace(
        worst=np.where(basis_first, netted.basis, worst),
        scenario=np.where(basis_first, profit.shape[1], scenario),
        profit=profit,
    )


class GammaPin(Struct, frozen=True, kw_only=True):
    """Charges on options with few days left; none on any other.

    *Gamma*: half the short curvature of an expiry times the square of a move between two hedges,
    with time held at a floor, since gamma has no limit at a strike. *Pin*: a share of spot per
    naked short option near the forward, rising from nothing to all of it as the days run out.
    """

    days: float
    move: float  # relative, between two hedges
    floor_days: float
    share: float  # of the gamma charge
    pin_width: float  # |K / F - 1| within which an option may pin
    pin_rate: float  # of spot

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{days, move, floor_days, share, pin_width, pin_rate}``."""
        names = {"move", "share", "pin_width", "pin_rate"}
        fields = node.fields(names | {"days", "floor_days"})
        rates = {name: float(fields[name].decimal(minimum=0)) for name in names}
        days, floor = (float(fields[n].positive_decimal()) for n in ("days", "floor_days"))
        return cls(days=days, floor_days=floor, **rates)

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        columns = rows.columns
        left = columns.of_expiry(columns.seconds / DAY_SECONDS, otherwise=np.inf)
        near = columns.option & (left <= self.days)
        if not near.any():
            return Charge(rows.none, rows.none)
        at, size = rows.positions.contract, rows.positions.size
        curved = by_group(rows, size * self._curvature(rows, near)[at])
        gamma = 0.5 * self.share * self.move**2 * across(np.maximum(-curved, 0.0))
        waned = 1.0 - np.minimum(left, self.days) / self.days
        open_ = near & (columns.of_expiry(columns.variable_share) > 0.0)
        close = open_ & (np.abs(columns.strike / columns.anchor - 1.0) <= self.pin_width)
        pin = self.pin_rate * naked_weighted(rows, np.where(close, waned, 0.0)) * rows.spot
        return Charge(gamma + pin, gamma + pin)

    # Currency gained per squared relative move of the forward, of one unit of each option.
    def _curvature(self, rows: MarginRows, near: NDArray[np.bool_]) -> FloatArray:
        columns = rows.columns
        years = np.maximum(rows.years, self.floor_days / _YEAR_DAYS)
        forward = columns.anchor[near]
        greeks = black76(
            forward=forward,
            strike=columns.strike[near],
            years=years[columns.expiry[near]],
            vol=columns.vol[near],
            call=columns.call[near],
        )
        curvature = np.zeros(len(columns.contracts))
        moving = columns.forward[columns.expiry[near], 1]  # what spot no longer moves has no gamma
        curvature[near] = greeks.gamma * moving**2 / (forward if rows.coin else 1.0)
        return curvature


def naked_weighted(rows: MarginRows, weight: FloatArray) -> FloatArray:
    """Return per row the sum over strikes of a weight times the naked short, shape (R,).

    *weight* is per contract, the same for both sides of a strike.
    """
    columns, positions = rows.columns, rows.positions
    option = columns.option[positions.contract]
    if not option.any():
        return rows.none
    keys = {(c.expiry, c.strike): n for n, c in enumerate(columns.contracts)}
    node = np.array([keys[c.expiry, c.strike] for c in columns.contracts], np.int64)
    at, count = positions.contract[option], len(columns.contracts)
    place, where = np.unique(positions.row[option] * count + node[at], return_inverse=True)
    net = np.bincount(where, weights=positions.size[option], minlength=len(place))
    short = np.maximum(-net, 0.0) * weight[place % count]
    total = np.bincount(place // count, weights=short, minlength=rows.count)
    return total.astype(np.float64, copy=False)
