"""What a scenario book multiplies its worst loss by."""

from decimal import Decimal
from typing import Self

from msgspec import Struct

from hullmark.domain import Node


class Factors(Struct, frozen=True, kw_only=True):
    """What a check multiplies the worst loss by; a cash asset below its peg adds to the initial."""

    initial: float
    maintenance: float
    peg_threshold: Decimal | None = None
    peg_factor: Decimal = Decimal(0)

    @classmethod
    def parse(cls, node: Node, peg: Node | None) -> Self:
        """Read ``factors {initial, maintenance}`` and ``peg {threshold, factor}``."""
        fields = node.fields({"initial", "maintenance"})
        below = peg.fields({"threshold", "factor"}) if peg else {}
        return cls(
            initial=float(fields["initial"].decimal(minimum=0)),
            maintenance=float(fields["maintenance"].decimal(minimum=0)),
            peg_threshold=below["threshold"].decimal(minimum=0) if below else None,
            peg_factor=below["factor"].decimal(minimum=0) if below else Decimal(0),
        )

    def initial_at(self, stable: Decimal | None) -> float:
        """Return the initial factor at a price of the cash asset."""
        if self.peg_threshold is None:
            return self.initial
        if stable is None:
            Node("market", {}).lacks("the key 'stable', since the rule book has a peg")
        lost = max(self.peg_threshold - stable, Decimal(0))
        return float(Decimal(repr(self.initial)) + lost * self.peg_factor)
