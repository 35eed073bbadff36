"""Joint moves of volatility: level, term structure and skew in one scenario, as measured."""

from typing import Self

import numpy as np
from msgspec import Struct

from hullmark.core import FloatArray
from hullmark.domain import Node
from hullmark.scenarios._term import SHOCK_DAYS, VOL_MAX, parse_power, term_scale


class MoveShape(Struct, frozen=True, kw_only=True):
    """What the joint moves of a set have in common: how they depend on tenor, and where they stop.

    Nothing is extrapolated: tenors count within *days_min* and *days_max*, and strikes within
    *deviations_max* standard deviations of the forward.
    """

    power_short: float  # of the level and skew moves by tenor, up to 30 days
    power_long: float  # ... and beyond
    days_min: float
    days_max: float
    deviations_max: float
    factor_min: float  # of a volatility, whatever the move

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{short_power, long_power, days_min, days_max, deviations_max, factor_min}``."""
        names = {"days_min", "days_max", "deviations_max", "factor_min"}
        fields = node.fields({"short_power", "long_power", *names})
        days_min, days_max = (fields[n].positive_decimal() for n in ("days_min", "days_max"))
        if days_max < days_min:
            fields["days_max"].refuse(f"be >= days_min, {days_min:f}")
        return cls(
            power_short=parse_power(fields["short_power"]),
            power_long=parse_power(fields["long_power"]),
            days_min=float(days_min),
            days_max=float(days_max),
            deviations_max=float(fields["deviations_max"].decimal(minimum=0)),
            factor_min=float(fields["factor_min"].decimal(minimum=0)),
        )

    def scale(self, days: FloatArray) -> FloatArray:
        """Return what the move at 30 days is multiplied by, shape (n,)."""
        return term_scale(
            np.minimum(days, self.days_max),
            floor_days=self.days_min,
            power_short=self.power_short,
            power_long=self.power_long,
        )

    def turn(self, days: FloatArray) -> FloatArray:
        """Return ``ln(30 / days)``, the arm of a turn of the term structure, shape (n,)."""
        arm: FloatArray = np.log(SHOCK_DAYS / np.clip(days, self.days_min, self.days_max))
        return arm


class VolMove(Struct, frozen=True, kw_only=True):
    """A joint move: every volatility is multiplied, at its strike, by one factor.

    With *z* the deviations of a strike before the move, ``ln(K / F) / (vol sqrt(T))``, held within
    the shape's range, and *s* the shape's scale of its tenor::

        factor = max(1 + s (level + skew z) + term ln(30 / days), factor_min)

    Level and skew are relative moves at 30 days, skew per deviation; above 0 calls gain. Term is
    what a tenor gains per e-fold that it is shorter than 30 days.
    """

    level: float
    term: float
    skew: float
    shape: MoveShape

    @property
    def label(self) -> str:
        """The move in words, such as ``vol +41% term +2% skew -5%``."""
        return f"vol {self.level:+.0%} term {self.term:+.0%} skew {self.skew:+.0%}"

    def shocked(
        self,
        vol: FloatArray,
        *,
        forward: FloatArray,
        strike: FloatArray,
        years: FloatArray,
        days: FloatArray,
    ) -> FloatArray:
        """Return the volatilities after the move, fractions per square-root year.

        Parameters
        ----------
        vol : ndarray of float64, shape (n,)
            Before the move.
        forward, strike : ndarray of float64, shape (n,), USD
            The forward is the one before spot moves.
        years, days : ndarray of float64, shape (n,)
            To expiry, in the rule book's year and in days.
        """
        k, width, reach = np.log(strike / forward), vol * np.sqrt(years), self.shape.deviations_max
        # Without time or volatility every strike but the forward is beyond reach.
        z = np.divide(k, width, out=np.sign(k) * reach, where=width > 0.0)
        z = np.clip(z, -reach, reach)
        factor = 1.0 + self.shape.scale(days) * (self.level + self.skew * z)
        factor += self.term * self.shape.turn(days)
        shocked: FloatArray = vol * np.maximum(factor, self.shape.factor_min)
        return np.minimum(shocked, VOL_MAX)
