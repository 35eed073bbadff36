"""Volatility shocks: how far a rule book moves the volatility of an option in one scenario.

A level shock is relative and grows towards expiry; a skew shock turns the smile about the forward,
more the further a strike is from it, up to a cap.
"""

from typing import Self

import numpy as np
from msgspec import Struct

from hullmark.core import FloatArray
from hullmark.domain import Node
from hullmark.errors import DocumentError

SHOCK_DAYS = 30.0  # the tenor at which a vol shock has its quoted size; Deribit, "Portfolio Margin"
VOL_MAX = 1e9  # an option of one second is worth its bound long before
_POWER_MAX = 10  # Derive, PMRMLib_2, ``setVolShockParams``


def term_scale(
    days: FloatArray, *, floor_days: float, power_short: float, power_long: float
) -> FloatArray:
    """Return ``(30 / max(days, floor_days)) ** power``, the size of a vol shock by tenor.

    The power is *power_short* up to 30 days and *power_long* beyond.

    >>> term_scale(np.array([7.5, 30.0]), floor_days=1.0, power_short=0.5, power_long=0.1)
    array([2., 1.])
    """
    power = np.where(days <= SHOCK_DAYS, power_short, power_long)
    scale: FloatArray = (SHOCK_DAYS / np.maximum(days, floor_days)) ** power
    return scale


def parse_power(node: Node) -> float:
    """Read the power of a term scaling, 0 to 10."""
    power = node.decimal(minimum=0)
    if power > _POWER_MAX:
        node.refuse(f"be <= {_POWER_MAX}")
    return float(power)


class TermShock(Struct, frozen=True, kw_only=True):
    """Level shocks of volatility: up and down, scaled by tenor."""

    up: float
    down: float
    power_short: float
    power_long: float
    floor_days: float
    vol_min: float  # of a volatility that is shocked up

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{up, down, short_power, long_power, floor_days, vol_min}``."""
        fields = node.fields({"up", "down", "short_power", "long_power", "floor_days", "vol_min"})
        return cls(
            up=float(fields["up"].decimal(minimum=0)),
            down=float(fields["down"].decimal(minimum=0)),
            power_short=parse_power(fields["short_power"]),
            power_long=parse_power(fields["long_power"]),
            floor_days=float(fields["floor_days"].positive_decimal()),
            vol_min=float(fields["vol_min"].decimal(minimum=0)),
        )

    def shocked(self, direction: str, vol: FloatArray, days: FloatArray) -> FloatArray:
        """Return the volatilities after the shock ``up`` or ``down``."""
        scale = term_scale(
            days,
            floor_days=self.floor_days,
            power_short=self.power_short,
            power_long=self.power_long,
        )
        if direction == "up":
            up: FloatArray = np.maximum(vol * (1.0 + self.up * scale), self.vol_min)
            return np.minimum(up, VOL_MAX)
        shocked: FloatArray = vol * np.maximum(1.0 - self.down * scale, 0.0)
        return shocked


class SkewTwist(Struct, frozen=True, kw_only=True):
    """A rotation of the smile: strikes away from the forward gain or lose volatility.

    With ``k = ln(K / F)``, or its size where the twist is *absolute*, the multiplier is
    ``1 + clamp(k cap / k*, -cap, cap)`` and at least 0, where ``cap = cap + slope sqrt(T)`` and
    ``k* = max(k_min, sqrt(T) width (vol_static + sqrt(T) vol_slope))`` [1]_.

    References
    ----------
    .. [1] Derive, PMRMLib_2 (v2-core), skew shock: the capped distance at which smiles flatten.
    """

    absolute: bool
    cap: float
    slope: float
    k_min: float
    width: float
    vol_static: float
    vol_slope: float

    @classmethod
    def parse(cls, node: Node, shape: str) -> Self:
        """Read the twist *shape*, ``linear`` or ``absolute``, of a section ``skew``."""
        common = {"k_min", "width", "vol_static", "vol_slope"}
        fields = node.fields(common | {"linear", "absolute"})
        own = fields[shape].fields({"cap", "slope"})
        return cls(
            absolute=shape == "absolute",
            cap=float(own["cap"].decimal(minimum=0)),
            slope=float(own["slope"].decimal()),
            k_min=float(fields["k_min"].decimal(minimum=0)),
            width=float(fields["width"].decimal(minimum=0)),
            vol_static=float(fields["vol_static"].decimal(minimum=0)),
            vol_slope=float(fields["vol_slope"].decimal()),
        )

    def twisted(
        self, vol: FloatArray, *, forward: FloatArray, strike: FloatArray, years: FloatArray
    ) -> FloatArray:
        """Return the volatilities after the twist."""
        k, root = np.log(strike / forward), np.sqrt(years)
        k = np.abs(k) if self.absolute else k
        cap = self.slope * root + self.cap
        flat = np.maximum(self.k_min, root * self.width * (self.vol_static + root * self.vol_slope))
        if not (flat > 0.0).all():
            raise DocumentError(
                "parameters.skew must have k_min or a width that flattens smiles at a distance > 0,"
                f" was {flat.min():g}"
            )
        turn = k * cap / flat
        # Not a clamp: where the slope has made the cap negative, the venue's order of min and max
        # decides, and it differs on the two sides.
        turn = np.where(k >= 0.0, np.minimum(cap, turn), np.maximum(-cap, turn))
        twisted: FloatArray = vol * np.maximum(1.0 + turn, 0.0)
        return twisted
