"""Tiers: the larger the notional, the higher the rate of its next slice."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Self

from msgspec import Struct

from hullmark.core import NANO, kernel, parse_decimal
from hullmark.errors import DocumentError, InvalidInputError


@kernel
def bracket_usd(notional_usd: float, floor_usd: float, rate: float, base_usd: float) -> float:
    """Return the requirement of a notional in the tier it lies in.

    The tiers below are already in *base_usd*. This form is monotone in floating point across tier
    borders, where ``notional * rate - amount`` may lose the last bit.
    """
    return base_usd + (notional_usd - floor_usd) * rate


class Tier(Struct, frozen=True, kw_only=True):
    """One bracket: from its floor to the next, each further USD of notional pays these rates."""

    floor_usd: float
    initial: float
    maintenance: float


class TierSchedule(Struct, frozen=True):
    """The tiers of one instrument, lowest first.

    Each slice of notional pays the rate of its own tier, so the requirement is continuous and
    convex in the notional. Venues publish the same curve as a rate and a *maintenance amount* per
    tier, ``notional * rate - amount`` [1]_.

    Raises
    ------
    InvalidInputError
        If there is no tier, floors do not rise from 0, rates fall, or one is outside of (0, 1] or
        has maintenance above initial.

    References
    ----------
    .. [1] Binance Support, article 360033162192, 24 June 2020: a "tax bracket" setup.

    Examples
    --------
    >>> low = Tier(floor_usd=0.0, initial=0.02, maintenance=0.01)
    >>> high = Tier(floor_usd=50_000.0, initial=0.04, maintenance=0.02)
    >>> schedule = TierSchedule((low, high))
    >>> schedule.requirement_usd(80_000.0)
    (2200.0, 1100.0)
    >>> schedule.maintenance_amounts_usd()
    (0.0, 500.0)
    """

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        if not self.tiers:
            raise InvalidInputError("tiers must not be empty, was ()")
        if self.tiers[0].floor_usd != 0.0:
            raise InvalidInputError(
                f"floor_usd of tier 0 must be 0, was {self.tiers[0].floor_usd:g}"
            )
        for k, tier in enumerate(self.tiers):
            if not 0.0 < tier.maintenance <= tier.initial <= 1.0:
                raise InvalidInputError(
                    f"rates of tier {k} must satisfy 0 < maintenance <= initial <= 1,"
                    f" was {tier.maintenance:g} and {tier.initial:g}"
                )
        for k, (low, high) in enumerate(itertools.pairwise(self.tiers), start=1):
            for name in ("floor_usd", "initial", "maintenance"):
                a, b = getattr(low, name), getattr(high, name)
                if not (a < b if name == "floor_usd" else a <= b):
                    rule = ">" if name == "floor_usd" else ">="
                    raise InvalidInputError(f"{name} of tier {k} must be {rule} {a:g}, was {b:g}")

    @classmethod
    def parse(cls, path: str, tree: Mapping[str, Any]) -> Self:
        """Read ``{"tiers": [{"floor_usd", "initial", "maintenance"}, ...]}``, or refuse it.

        Raises
        ------
        DocumentError
            If it is another table, or a tier breaks its rule; the message has the path.
        """
        if set(tree) != {"tiers"} or not isinstance(tree["tiers"], Sequence):
            raise DocumentError(
                f"{path} must be a table with the one key 'tiers', was {tree!r:.60}"
            )
        keys = ("floor_usd", "initial", "maintenance")
        tiers = []
        for k, entry in enumerate(tree["tiers"]):
            if not isinstance(entry, Mapping) or set(entry) != set(keys):
                raise DocumentError(
                    f"{path}.tiers[{k}] must have the keys {', '.join(keys)}, was {entry!r:.60}"
                )
            try:
                rates = {key: parse_decimal(key, entry[key]) / NANO for key in keys}
            except InvalidInputError as e:
                raise DocumentError(f"{path}.tiers[{k}]: {e}") from e
            tiers.append(Tier(**rates))
        try:
            return cls(tuple(tiers))
        except InvalidInputError as e:
            raise DocumentError(f"{path}: {e}") from e

    def bases_usd(self) -> tuple[tuple[float, float], ...]:
        """Return per tier the initial and maintenance requirement of a notional at its floor."""
        bases = [(0.0, 0.0)]
        for low, high in itertools.pairwise(self.tiers):
            width_usd = high.floor_usd - low.floor_usd
            initial_usd, maintenance_usd = bases[-1]
            bases.append(
                (
                    initial_usd + width_usd * low.initial,
                    maintenance_usd + width_usd * low.maintenance,
                )
            )
        return tuple(bases)

    def maintenance_amounts_usd(self) -> tuple[float, ...]:
        """Return the amount per tier with which maintenance = notional * rate - amount."""
        return tuple(
            tier.floor_usd * tier.maintenance - base
            for tier, (_, base) in zip(self.tiers, self.bases_usd(), strict=True)
        )

    def requirement_usd(self, notional_usd: float) -> tuple[float, float]:
        """Return initial and maintenance requirement of one position, by absolute notional.

        Raises
        ------
        InvalidInputError
            If the notional is negative or not finite.
        """
        if not 0.0 <= notional_usd < float("inf"):
            raise InvalidInputError(f"notional_usd must be finite and >= 0, was {notional_usd:g}")
        k = sum(tier.floor_usd <= notional_usd for tier in self.tiers) - 1
        tier, (initial_usd, maintenance_usd) = self.tiers[k], self.bases_usd()[k]
        above_usd = notional_usd - tier.floor_usd
        return (
            initial_usd + above_usd * tier.initial,
            maintenance_usd + above_usd * tier.maintenance,
        )
