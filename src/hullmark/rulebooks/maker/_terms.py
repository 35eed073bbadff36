"""Terms of one kind of collateral as decimal strings, and what the contracts hold of them.

References
----------
MakerDAO, ``spells-mainnet``, ``src/test/config.sol`` [f7f6dba], 2023: what the contracts are
checked against after each change.
"""

from fractions import Fraction
from typing import Self

from msgspec import Struct

from hullmark.domain import Node
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.rulebooks.maker._abaci import (
    Abacus,
    ExponentialDecrease,
    LinearDecrease,
    StairstepExponentialDecrease,
)
from hullmark.rulebooks.maker._clip import Clipper, upchost
from hullmark.rulebooks.maker._dog import Dog, Ilk
from hullmark.rulebooks.maker._fixed import RAD, RAY, WAD
from hullmark.rulebooks.maker._mom import Mom

_UNITS = {
    "buffer": RAY,
    "cusp": RAY,
    "tolerance": RAY,
    "chip": WAD,
    "chop": WAD,
    "tip": RAD,
    "dust": RAD,
    "hole": RAD,
    "hole_total": RAD,
    "tail_s": 1,
}
_CURVES = {"linear": {"tau_s"}, "stairstep": {"step_s", "cut"}, "exponential": {"cut"}}


class MakerTerms(Struct, frozen=True, kw_only=True):
    """How one kind of collateral is liquidated.

    Parameters
    ----------
    curve : Abacus
    buffer, cusp, tolerance : int, ray
        Start price over the oracle's; part of the start below which a reset is due; part of the
        current price below which the next one trips the breaker.
    tail_s : int, seconds
    chip, chop : int, wad
        Reward per target; debt with penalty per debt.
    tip, dust, hole, hole_total : int, rad
        Fixed reward; least debt of a vault; limit of this kind, and of all.
    """

    curve: Abacus
    buffer: int
    cusp: int
    tolerance: int
    tail_s: int
    chip: int
    chop: int
    tip: int
    dust: int
    hole: int
    hole_total: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the terms from a table of decimal strings, with a table ``curve``.

        Raises
        ------
        DocumentError
            If a key is unknown or missing, or a value has more decimals than its unit, or breaks
            its rule; the message has the path.
        """
        fields = node.fields(_UNITS.keys() | {"curve"})
        curve = _parse_curve(fields.pop("curve"))
        terms = {name: _units(entry, _UNITS[name]) for name, entry in fields.items()}
        try:
            found = cls(curve=curve, **terms)
            found.ilk(rate=RAY, spot=RAY)
            found.clipper()
        except InvalidInputError as e:
            raise DocumentError(f"{node.path or 'the document'}: {e}") from e
        return found

    def clipper(self) -> Clipper:
        """Return the auctions as they begin, none running, with ``chost`` up to date."""
        clipper = Clipper(
            calc=self.curve,
            buf=self.buffer,
            tail=self.tail_s,
            cusp=self.cusp,
            chip=self.chip,
            tip=self.tip,
        )
        return upchost(clipper, dust=self.dust, chop=self.chop)

    def ilk(self, *, rate: int, spot: int) -> Ilk:
        """Return the kind of collateral at a rate and a spot (rays), nothing in auctions."""
        return Ilk(rate=rate, spot=spot, dust=self.dust, chop=self.chop, hole=self.hole)

    def dog(self) -> Dog:
        """Return the liquidation module with nothing in auctions."""
        return Dog(Hole=self.hole_total)

    def mom(self) -> Mom:
        """Return the breaker, at level 0."""
        return Mom(tolerance=self.tolerance)


def _units(entry: Node, unit: int) -> int:
    scaled = Fraction(entry.decimal(minimum=0)) * unit
    if scaled.denominator > 1:
        entry.refuse("be a whole number")
    return int(scaled)


def _parse_curve(node: Node) -> Abacus:
    kind = node.kind(_CURVES)
    fields = node.fields({"kind", *_CURVES[kind]})
    try:
        if kind == "linear":
            return LinearDecrease(_units(fields["tau_s"], 1))
        cut = _units(fields["cut"], RAY)
        if kind == "exponential":
            return ExponentialDecrease(cut)
        return StairstepExponentialDecrease(cut, _units(fields["step_s"], 1))
    except DocumentError:
        raise
    except InvalidInputError as e:
        raise DocumentError(f"{node.path}.{e}") from e


ETH_A = MakerTerms.parse(
    Node(
        "ETH-A",
        {
            "curve": {"kind": "stairstep", "step_s": "90", "cut": "0.99"},
            "buffer": "1.1",
            "cusp": "0.45",
            "tolerance": "0.5",
            "tail_s": "7200",
            "chip": "0.001",
            "chop": "1.13",
            "tip": "250",
            "dust": "7500",
            "hole": "40000000",
            "hole_total": "70000000",
        },
    )
)
