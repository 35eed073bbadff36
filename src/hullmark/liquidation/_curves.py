"""Falling prices of an auction: linear, two legs, stairs, exponential; exact, and in whole nanos.

A curve is a factor that falls with time, of a start price or of a reference. What comes out is
exact and rounded down once, or has 60 digits where it cannot be exact.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from hullmark.core import (
    SECOND_NS,
    Number,
    exactly,
    not_negative,
    positive,
    share,
)
from hullmark.domain import Node
from hullmark.errors import DocumentError, InvalidInputError

_DIGITS = 80  # after the point, of a power whose floor is asked
_NEAR = Decimal("1e-60")  # of a whole number: the floor of such a power is settled with integers


class Leg(NamedTuple):
    """A straight part of a curve: from one factor to another, its end left out."""

    from_s: Fraction
    to_s: Fraction
    start: Fraction
    end: Fraction


class PriceCurve(ABC):
    """What the price of an auction is after some time."""

    __slots__ = ()

    @abstractmethod
    def factor(self, elapsed_s: Number) -> Decimal:
        """Return what the start price is multiplied by, to 60 digits.

        Parameters
        ----------
        elapsed_s : number >= 0, seconds since the start
        """

    @abstractmethod
    def floored(self, top: Fraction, elapsed_s: Fraction) -> int:
        """Return ``top`` times the factor, rounded down to a whole number, exactly."""

    @abstractmethod
    def exact(self, top: Decimal, elapsed_s: Decimal) -> Decimal:
        """Return ``top`` times the factor, to 60 digits."""

    def price(self, top: Number, elapsed_s: Number, *, quantum: Number | None = None) -> Decimal:
        """Return the price.

        Parameters
        ----------
        top : number >= 0, quote units
            Start price, or the reference of a `TwoLegCurve`.
        elapsed_s : number >= 0, seconds since the start
        quantum : number > 0, optional
            The price is rounded down to a multiple of it, exactly. Without one it has 60 digits.

        Raises
        ------
        InvalidInputError
            If an argument is out of its range.
        """
        begun = not_negative("top", top)
        passed_s = not_negative("elapsed_s", elapsed_s)
        if quantum is None:
            return self.exact(begun, passed_s)
        step = positive("quantum", quantum)
        count = self.floored(Fraction(begun) / Fraction(step), Fraction(passed_s))
        with exactly(200):
            return count * step

    def price_nano(self, top_nano: int, elapsed_ns: int) -> int:
        """Return the price in whole nanos, rounded down exactly.

        Parameters
        ----------
        top_nano : int >= 0, nanos of the quote unit
        elapsed_ns : int >= 0, nanoseconds since the start
        """
        if top_nano < 0:
            raise InvalidInputError(f"top_nano must be >= 0, was {top_nano}")
        if elapsed_ns < 0:
            raise InvalidInputError(f"elapsed_ns must be >= 0, was {elapsed_ns}")
        return self.floored(Fraction(top_nano), Fraction(elapsed_ns, SECOND_NS))


class LeggedCurve(PriceCurve):
    """A curve of straight legs, and of nothing after the last."""

    __slots__ = ()

    @abstractmethod
    def legs(self) -> tuple[Leg, ...]:
        """Return the legs, one after the other from 0 seconds."""

    def ratio(self, elapsed_s: Fraction) -> Fraction:
        """Return the factor as a fraction."""
        for leg in self.legs():
            if elapsed_s < leg.to_s:
                part = (elapsed_s - leg.from_s) / (leg.to_s - leg.from_s)
                return leg.start - (leg.start - leg.end) * part
        return Fraction(0)

    def factor(self, elapsed_s: Number) -> Decimal:
        """Return what the start price is multiplied by, to 60 digits."""
        return _quotient(self.ratio(Fraction(not_negative("elapsed_s", elapsed_s))))

    def floored(self, top: Fraction, elapsed_s: Fraction) -> int:
        """Return ``top`` times the factor, rounded down to a whole number, exactly."""
        return int(top * self.ratio(elapsed_s))

    def exact(self, top: Decimal, elapsed_s: Decimal) -> Decimal:
        """Return ``top`` times the factor, to 60 digits."""
        return _quotient(Fraction(top) * self.ratio(Fraction(elapsed_s)))


class PowerCurve(PriceCurve):
    """A curve whose factor is a power."""

    __slots__ = ()

    cut: Decimal

    @abstractmethod
    def exponent(self, elapsed_s: Fraction) -> Fraction:
        """Return how many cuts have been made."""

    def factor(self, elapsed_s: Number) -> Decimal:
        """Return what the start price is multiplied by, to 60 digits."""
        return self.exact(Decimal(1), not_negative("elapsed_s", elapsed_s))

    def floored(self, top: Fraction, elapsed_s: Fraction) -> int:
        """Return ``top`` times the factor, rounded down to a whole number, exactly.

        A power of a part of a second that lies within 1e-60 of a whole number counts as that.
        """
        exponent, digits = self.exponent(elapsed_s), _DIGITS + len(str(int(top)))
        with exactly(digits):
            value = _quotient(top, digits) * _power(self.cut, _quotient(exponent, digits))
            whole = int(value)
            rest = value - whole
        if _NEAR < rest < 1 - _NEAR:
            return whole
        if value < _NEAR:
            return 0
        if exponent.denominator > 1:
            return whole + (rest >= 1 - _NEAR)
        return int(top * Fraction(self.cut) ** exponent.numerator)

    def exact(self, top: Decimal, elapsed_s: Decimal) -> Decimal:
        """Return ``top`` times the factor, to 60 digits."""
        exponent = _quotient(self.exponent(Fraction(elapsed_s)))
        with exactly():
            return top * _power(self.cut, exponent)


@dataclass(frozen=True, slots=True)
class LinearCurve(LeggedCurve):
    """``top * (tau - t) / tau``, and nothing from ``tau`` on.

    Attributes
    ----------
    tau_s : number > 0, seconds

    References
    ----------
    MakerDAO, ``dss``, ``src/abaci.sol`` [c8d4c80], ``LinearDecrease``.

    >>> LinearCurve("3600").price(1000, 360)
    Decimal('900')
    """

    tau_s: Number

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau_s", positive("tau_s", self.tau_s))

    def legs(self) -> tuple[Leg, ...]:
        """Return the one leg."""
        return (Leg(Fraction(0), Fraction(self.tau_s), Fraction(1), Fraction(0)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoLegCurve(LeggedCurve):
    """A factor of a reference: fast from ``start`` to ``cutoff``, slow from there to nothing.

    Attributes
    ----------
    start, cutoff : number >= 0, share of the reference, the second not above the first
    fast_s, slow_s : number > 0, seconds

    References
    ----------
    Derive, ``v2-core``, ``src/liquidation/DutchAuction.sol``, commit 65102003,
    ``_getDiscountPercentage``.

    >>> curve = TwoLegCurve(start="0.98", cutoff="0.8", fast_s=900, slow_s=3600)
    >>> [str(curve.factor(s)) for s in (0, 450, 900, 2700, 4500)]
    ['0.98', '0.89', '0.8', '0.4', '0']
    """

    start: Number
    cutoff: Number
    fast_s: Number
    slow_s: Number

    def __post_init__(self) -> None:
        for name in ("fast_s", "slow_s", "start"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        object.__setattr__(self, "cutoff", not_negative("cutoff", self.cutoff))
        if Decimal(self.cutoff) > Decimal(self.start):
            raise InvalidInputError(f"cutoff must be <= {self.start}, the start, was {self.cutoff}")

    def legs(self) -> tuple[Leg, ...]:
        """Return the fast leg and the slow one."""
        fast_s, cutoff = Fraction(self.fast_s), Fraction(self.cutoff)
        return (
            Leg(Fraction(0), fast_s, Fraction(self.start), cutoff),
            Leg(fast_s, fast_s + Fraction(self.slow_s), cutoff, Fraction(0)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StairstepCurve(PowerCurve):
    """``top * cut ** n`` after n whole steps.

    Attributes
    ----------
    step_s : number > 0, seconds, a whole number of nanoseconds
    cut : number in [0, 1]
        What each step leaves of the price.

    References
    ----------
    MakerDAO, ``dss``, ``src/abaci.sol`` [c8d4c80], ``StairstepExponentialDecrease``; there each
    product is rounded to 1e-27, see `hullmark.rulebooks.maker`.

    >>> StairstepCurve(step_s=90, cut="0.99").price(5, 180)
    Decimal('4.9005')
    """

    step_s: Number
    cut: Decimal

    def __post_init__(self) -> None:
        object.__setattr__(self, "step_s", positive("step_s", self.step_s))
        object.__setattr__(self, "cut", share("cut", self.cut))
        if (Fraction(self.step_s) * SECOND_NS).denominator > 1:
            raise InvalidInputError(f"step_s must be whole nanoseconds, was {self.step_s}")

    def exponent(self, elapsed_s: Fraction) -> Fraction:
        """Return how many steps have passed, a whole number."""
        return Fraction(elapsed_s // Fraction(self.step_s))


@dataclass(frozen=True, slots=True)
class ExponentialCurve(PowerCurve):
    """``top * cut ** t``, also within a second.

    Attributes
    ----------
    cut : number in (0, 1]
        What each second leaves of the price.

    References
    ----------
    MakerDAO, ``dss``, ``src/abaci.sol`` [c8d4c80], ``ExponentialDecrease``; there time has whole
    seconds only.

    >>> ExponentialCurve("0.99").price(100, 2)
    Decimal('98.0100')
    """

    cut: Decimal

    def __post_init__(self) -> None:
        object.__setattr__(self, "cut", share("cut", self.cut))
        if self.cut == 0:
            raise InvalidInputError(f"cut must be > 0, was {self.cut}")

    def exponent(self, elapsed_s: Fraction) -> Fraction:
        """Return the seconds."""
        return elapsed_s


def parse_curve(node: Node) -> PriceCurve:
    """Read a curve of a venue file: its ``kind``, and its parameters as decimal strings.

    Parameters
    ----------
    node : Node
        A table such as ``{kind = "stairstep", step_s = "90", cut = "0.99"}``. Kinds: ``linear``
        (``tau_s``), ``two-leg`` (``start``, ``cutoff``, ``fast_s``, ``slow_s``), ``stairstep``
        (``step_s``, ``cut``), ``exponential`` (``cut``).

    Raises
    ------
    DocumentError
        If a key is unknown or missing, or a value breaks its rule; the message has the path.

    >>> parse_curve(Node("curve", {"kind": "linear", "tau_s": "3600"}))
    LinearCurve(tau_s=Decimal('3600'))
    """
    made, names = _KINDS[node.kind(_KINDS)]
    fields = node.fields({"kind", *names})
    values = {name: fields[name].decimal(minimum=0) for name in names}
    try:
        return made(**values)
    except InvalidInputError as e:
        raise DocumentError(f"{node.path}.{e}") from e


_KINDS: dict[str, tuple[type[PriceCurve], tuple[str, ...]]] = {
    "exponential": (ExponentialCurve, ("cut",)),
    "linear": (LinearCurve, ("tau_s",)),
    "stairstep": (StairstepCurve, ("step_s", "cut")),
    "two-leg": (TwoLegCurve, ("start", "cutoff", "fast_s", "slow_s")),
}


# Of integers of any length, rounded once.
def _quotient(value: Fraction, digits: int = 60) -> Decimal:
    with exactly(digits):
        return Decimal(value.numerator) / Decimal(value.denominator)


# In the caller's context; nothing to the power of nothing is one, as it is for Maker.
def _power(cut: Decimal, exponent: Decimal) -> Decimal:
    return Decimal(1) if exponent == 0 else cut**exponent
