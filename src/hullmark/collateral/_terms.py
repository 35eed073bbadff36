"""Collateral terms of one asset, and the value that they leave of it."""

import math
from collections.abc import Mapping
from typing import Any, Self

from msgspec import Struct

from hullmark.core import NANO, kernel, parse_decimal
from hullmark.errors import DocumentError, InvalidInputError

_ASSET_KEYS = frozenset(
    {"decimals", "haircut_initial", "haircut_maintenance", "cap_usd", "shocked", "peg", "borrow"}
)


@kernel
def asset_value_usd(units: float, price_usd: float, haircut: float, cap_usd: float) -> float:
    """Return what one check counts for one asset equity: debts in full, credit less the haircut.

    The cap is infinite where there is none. Arithmetic only; `CollateralTerms` checks its inputs.
    """
    value = units * price_usd
    if value <= 0.0:
        return value
    return min(value * (1.0 - haircut), cap_usd)


class CollateralTerms(Struct, frozen=True, kw_only=True):
    """How much of an asset counts, per check.

    Parameters
    ----------
    haircut_initial, haircut_maintenance : float, fraction in [0, 1]
        Share of a positive asset equity that the check leaves out; 0 counts it in full.
    cap_usd : float or None
        The most that one account's holding can count, after the haircut; None where no cap exists.

    Raises
    ------
    InvalidInputError
        If a number breaks its rule, or the maintenance haircut is above the initial one.
    """

    haircut_initial: float = 0.0
    haircut_maintenance: float = 0.0
    cap_usd: float | None = None

    def __post_init__(self) -> None:
        for name in ("haircut_initial", "haircut_maintenance"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InvalidInputError(f"{name} must be in [0, 1], was {getattr(self, name):g}")
        if not self.haircut_maintenance <= self.haircut_initial:
            raise InvalidInputError(
                f"haircut_maintenance must be <= haircut_initial ({self.haircut_initial:g}),"
                f" was {self.haircut_maintenance:g}"
            )
        if self.cap_usd is not None and not 0.0 <= self.cap_usd < math.inf:
            raise InvalidInputError(f"cap_usd must be finite and >= 0, was {self.cap_usd:g}")

    @classmethod
    def parse(cls, symbol: str, tree: Mapping[str, Any]) -> Self:
        """Read the terms from an asset's entry in the ``assets`` tree; other known keys are left.

        Raises
        ------
        DocumentError
            If a key is unknown, or a value breaks its rule; the message has the path.
        """
        path = f"assets.{symbol}"
        if unknown := sorted(set(tree) - _ASSET_KEYS):
            raise DocumentError(f"{path} has an unknown key {unknown[0]!r:.60}")
        try:
            return cls(
                haircut_initial=_decimal("haircut_initial", tree.get("haircut_initial", "0")),
                haircut_maintenance=_decimal(
                    "haircut_maintenance", tree.get("haircut_maintenance", "0")
                ),
                cap_usd=_decimal("cap_usd", tree["cap_usd"]) if "cap_usd" in tree else None,
            )
        except InvalidInputError as e:
            raise DocumentError(f"{path}: {e}") from e


def _decimal(name: str, text: Any) -> float:  # noqa: ANN401 - whatever the file holds
    return parse_decimal(name, text) / NANO
