"""A rule book's scenarios, and what each contract is worth in them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Self, TypeAlias

import numpy as np
from msgspec import Struct

from hullmark.core import FloatArray
from hullmark.domain import Node
from hullmark.pricing import black76_value
from hullmark.scenarios._contracts import DAY_SECONDS, ContractColumns
from hullmark.scenarios._joint import VolMove
from hullmark.scenarios._term import SkewTwist, TermShock

LEVELS = ("none", "up", "down")  # what a scenario can do to the level of volatility
TWISTS = ("linear", "absolute")  # ... and to its skew
SCENARIOS_MAX = 128

VolRule: TypeAlias = str | VolMove  # one of LEVELS or TWISTS, or a move with numbers of its own


class Shock(Struct, frozen=True, kw_only=True):
    """One scenario: what spot is multiplied by, what happens to volatility, and how it counts."""

    spot: Decimal
    vol: VolRule = "none"
    weight: Decimal = Decimal(1)

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{spot, vol, weight}``; a weight left out is 1, as venues list plain scenarios."""
        fields = node.fields({"spot", "vol"}, {"weight"})
        weight = fields["weight"].decimal(minimum=0) if "weight" in fields else Decimal(1)
        spot, vol = fields["spot"].positive_decimal(), fields["vol"].choice(*LEVELS, *TWISTS)
        if vol in TWISTS and spot != 1:
            fields["spot"].refuse(f"be 1 where the scenario turns the skew ({vol})")
        return cls(spot=spot, vol=vol, weight=weight)

    @property
    def move(self) -> Decimal:
        """Relative move of spot."""
        return self.spot - 1

    @property
    def rotates(self) -> bool:
        """Whether the scenario turns the skew."""
        return self.vol in TWISTS

    @property
    def label(self) -> str:
        """The scenario in words, such as ``+18% vol up``.

        >>> Shock(spot=Decimal("1.18"), vol="up").label
        '+18% vol up'
        """
        if isinstance(self.vol, VolMove):
            kind = self.vol.label
        else:
            kind = f"{self.vol} skew" if self.rotates else f"vol {self.vol}"
            kind = "vol same" if self.vol == "none" else kind
        share = "" if self.weight == 1 else f" x {float(self.weight):.4g}"
        return f"{100 * float(self.move):+.10g}% {kind}{share}"


def parse_shocks(node: Node) -> tuple[Shock, ...]:
    """Read a list of scenarios, at most 128 and not none."""
    shocks = tuple(Shock.parse(entry) for entry in node.entries())
    if not 0 < len(shocks) <= SCENARIOS_MAX:
        node.refuse_value(f"have 1 to {SCENARIOS_MAX} scenarios", len(shocks))
    for twist in TWISTS:
        if sum(shock.vol == twist for shock in shocks) > 1:
            node.refuse_value("have each skew scenario once", f"{twist} twice")
    return shocks


def shock_labels(shocks: Sequence[Shock]) -> tuple[str, ...]:
    """Return the scenarios in words, each of its own: of equal ones the second has a number.

    >>> shock_labels([Shock(spot=Decimal(1)), Shock(spot=Decimal(1))])
    ('+0% vol same', '+0% vol same (2)')
    """
    seen: dict[str, int] = {}
    labels = []
    for label in (shock.label for shock in shocks):
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return tuple(labels)


class Revaluation(Struct, frozen=True, kw_only=True):
    """How a rule book prices options: its year, its discounting and its volatility shocks."""

    year_days: float
    term: TermShock | None = None
    twists: Mapping[str, SkewTwist] = {}

    def check(self, shocks: Sequence[Shock], node: Node) -> None:
        """Refuse scenarios for which the parameters at *node* say nothing.

        Raises
        ------
        DocumentError
            If one turns the skew or shocks volatility, and the section for that is absent.
        """
        for shock in shocks:
            if isinstance(shock.vol, VolMove):
                continue
            section = "skew" if shock.rotates else "vol_shock"
            absent = shock.vol not in self.twists if shock.rotates else self.term is None
            if absent and shock.vol != "none":
                node.lacks(f"the key {section!r}, since the scenario {shock.label!r} reads it")

    def years(self, columns: ContractColumns) -> FloatArray:
        """Return years to each expiry, shape (E,)."""
        return columns.seconds / (self.year_days * DAY_SECONDS)

    def values(
        self, columns: ContractColumns, shocks: Sequence[Shock], discount: FloatArray
    ) -> FloatArray:
        """Return what one unit of each option is worth in each scenario, USD, shape (I, S).

        Black-76 on the shocked forward, times the discount of the expiry. Spot moves the variable
        part of a forward only; a skew twist leaves it where it is, as at Derive, whatever its
        scenario says of spot. Contracts that are no options have zeros.

        Parameters
        ----------
        columns : ContractColumns
            ``I`` contracts on ``E`` expiries.
        shocks : sequence of Shock, length S
        discount : ndarray of float64, shape (E,)
        """
        at = columns.option
        out = np.zeros((len(columns.contracts), len(shocks)))
        if not at.any() or not shocks:
            return out
        expiry = columns.expiry[at]
        years = self.years(columns)[expiry]
        spot = np.array([1.0 if s.rotates else float(s.spot) for s in shocks])
        parts = columns.forward[expiry]
        forward = parts[:, :1] + parts[:, 1:] * spot
        vols = {kind: self.vol(kind, columns) for kind in dict.fromkeys(s.vol for s in shocks)}
        vol = np.stack([vols[s.vol] for s in shocks], axis=1)
        value = black76_value(
            forward=forward.ravel(),
            strike=np.repeat(columns.strike[at], len(shocks)),
            years=np.repeat(years, len(shocks)),
            vol=vol.ravel(),
            call=np.repeat(columns.call[at], len(shocks)),
        ).reshape(forward.shape)
        out[at] = value * discount[expiry][:, None]
        return out

    def base(self, columns: ContractColumns, discount: FloatArray) -> FloatArray:
        """Return what one unit of each option is worth at the market, USD, shape (I,)."""
        unmoved = (Shock(spot=Decimal(1)),)
        return np.ascontiguousarray(self.values(columns, unmoved, discount)[:, 0])

    def vol(self, vol: VolRule, columns: ContractColumns) -> FloatArray:
        """Return the volatilities of the options after what a scenario does to them."""
        at = columns.option
        expiry, unshocked = columns.expiry[at], columns.vol[at]
        if vol == "none":
            return unshocked
        if isinstance(vol, VolMove):
            return vol.shocked(
                unshocked,
                forward=columns.forward.sum(axis=1)[expiry],
                strike=columns.strike[at],
                years=self.years(columns)[expiry],
                days=columns.seconds[expiry] / DAY_SECONDS,
            )
        if vol in TWISTS:
            return self.twists[vol].twisted(
                unshocked,
                forward=columns.forward.sum(axis=1)[expiry],
                strike=columns.strike[at],
                years=self.years(columns)[expiry],
            )
        assert self.term is not None, "`check` has seen to it"
        return self.term.shocked(vol, unshocked, columns.seconds[expiry] / DAY_SECONDS)
