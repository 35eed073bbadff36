"""Instruments: what can be held, as data. Pricing them is :mod:`hullmark.pricing`'s business.

A position counts whole *lots*. One lot is ``lot_nano`` billionths of a *contract unit*: a coin of
the underlying, or one USD where a perpetual or future is inverse. So ``size = lots * lot``, signed.

==================  ===================  ==========================================
Kind                Contract unit        Value of one unit, in the settlement asset
==================  ===================  ==========================================
spot                coin                 price (held as a balance, never a position)
perpetual, future   coin                 price
... inverse         USD of notional      -1 / price (coins)
option              coin                 premium (USD if linear, coins if inverse)
==================  ===================  ==========================================
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from hullmark.core import NANO, parse_decimal, parse_instant
from hullmark.errors import DocumentError


class _Instrument(Struct, frozen=True, kw_only=True, tag_field="kind", gc=False):
    symbol: str
    underlying: str  # the asset whose price moves it
    settlement: str  # the asset in which premium and profit are paid
    lot_nano: int

    @property
    def lot(self) -> float:
        """Contract units in one lot."""
        return self.lot_nano / NANO


class Spot(_Instrument, frozen=True, kw_only=True, tag="spot", gc=False):
    """An exchange of the underlying for the settlement asset."""


class Perpetual(_Instrument, frozen=True, kw_only=True, tag="perpetual", gc=False):
    """A future without expiry, tied to the index by funding."""

    inverse: bool = False


class Future(_Instrument, frozen=True, kw_only=True, tag="future", gc=False):
    """A future that is settled in cash at its expiry."""

    expiry_ns: int
    inverse: bool = False


class Option(_Instrument, frozen=True, kw_only=True, tag="option", gc=False):
    """A European option on the underlying, settled in cash at its expiry."""

    expiry_ns: int
    strike_nano: int
    call: bool
    inverse: bool = False


Instrument = Spot | Perpetual | Future | Option
Contract = Perpetual | Future  # valued through lots and quote


_KINDS: dict[str, tuple[type[Spot | Perpetual | Future | Option], frozenset[str]]] = {
    "spot": (Spot, frozenset()),
    "perpetual": (Perpetual, frozenset({"inverse"})),
    "future": (Future, frozenset({"inverse", "expiry"})),
    "option": (Option, frozenset({"inverse", "expiry", "strike", "call"})),
}
_COMMON = frozenset({"kind", "symbol", "underlying", "settlement", "lot"})


def parse_instrument(tree: Mapping[str, Any]) -> Instrument:
    """Read one instrument from a venue file or a document: decimals and instants as strings."""
    symbol, kind = tree.get("symbol"), tree.get("kind")
    if kind not in _KINDS:
        raise DocumentError(
            f"kind of instrument {symbol!r} must be one of {', '.join(_KINDS)}, was {kind!r:.60}"
        )
    build, extra = _KINDS[kind]
    required = (_COMMON | extra) - {"inverse"}
    if missing := sorted(required - set(tree)):
        raise DocumentError(f"instrument {symbol!r} must have {missing[0]!r}")
    if unknown := sorted(set(tree) - _COMMON - extra):
        raise DocumentError(f"instrument {symbol!r} has an unknown key {unknown[0]!r:.60}")
    fields: dict[str, Any] = {k: tree[k] for k in ("symbol", "underlying", "settlement")}
    if bad := [k for k, v in fields.items() if not isinstance(v, str) or not v]:
        raise DocumentError(f"{bad[0]} of {symbol!r} must be a name, was {fields[bad[0]]!r:.60}")
    fields["lot_nano"] = _positive(f"lot of {symbol}", tree["lot"])
    for flag in ("inverse", "call"):
        if flag in tree:
            if not isinstance(tree[flag], bool):
                raise DocumentError(f"{flag} of {symbol} must be a boolean, was {tree[flag]!r:.60}")
            fields[flag] = tree[flag]
    if "expiry" in extra:
        fields["expiry_ns"] = parse_instant(f"expiry of {symbol}", tree["expiry"])
    if "strike" in extra:
        fields["strike_nano"] = _positive(f"strike of {symbol}", tree["strike"])
    return build(**fields)


def _positive(name: str, text: Any) -> int:  # noqa: ANN401 - whatever the file holds
    nano = parse_decimal(name, text)
    if nano <= 0:
        raise DocumentError(f"{name} must be > 0, was {text}")
    return nano
