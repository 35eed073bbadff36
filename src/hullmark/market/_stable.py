"""A price that follows the market at a limited pace, slower the stranger the market looks."""

from dataclasses import dataclass, replace
from decimal import Decimal

from hullmark.core import Number, clamped, decimal_of, exactly, not_negative, positive
from hullmark.errors import InvalidInputError

INTERVALS = 24
STEP_S_MIN, STEP_S_MAX = 10, 600


@dataclass(frozen=True, slots=True)
class StableParameters:
    """How fast a stable price moves.

    The originals are 32-bit floats; these are the decimals that they stand for.

    Attributes
    ----------
    delay_interval_s : int, seconds, > 0
        One of the 24 steps by which the delayed price lags.
    delay_growth_max : Decimal, share an interval
        How far two neighbouring delayed prices may differ.
    stable_growth_max : Decimal, share a second
        How fast the stable price moves where it agrees with the delayed one.
    """

    delay_interval_s: int = 3600
    delay_growth_max: Decimal = Decimal("0.06")
    stable_growth_max: Decimal = Decimal("0.0003")

    def __post_init__(self) -> None:
        if self.delay_interval_s <= 0:
            raise InvalidInputError(f"delay_interval_s must be > 0, was {self.delay_interval_s}")
        not_negative("delay_growth_max", self.delay_growth_max)
        not_negative("stable_growth_max", self.stable_growth_max)


DEFAULTS = StableParameters()


@dataclass(frozen=True, slots=True)
class StablePrice:
    """A stable price with what it remembers. Begin with `StablePrice.at`.

    Each step moves it towards the price, by at most ``stable * growth_max * f**2 * dt``, where
    ``f <= 1`` is the ratio of the stable and the delayed price, and ``dt`` counts 10 to 600 seconds
    (less is no step). The delayed price is 24 intervals old: the mean of an interval, kept within
    ``delay_growth_max`` of the one before it.

    Attributes
    ----------
    stable : Decimal, quote units
    updated_s : int, seconds
    delays : tuple of 24 Decimals, quote units
    accumulated : Decimal, quote units times seconds, of the running interval
    accumulated_s : int, seconds
    interval : int, of the last step

    References
    ----------
    Mango v4, ``programs/mango-v4/src/state/stable_price.rs`` [0d6018c], function ``update``; there
    in 64-bit floats.
    """

    stable: Decimal
    updated_s: int
    delays: tuple[Decimal, ...]
    accumulated: Decimal = Decimal(0)
    accumulated_s: int = 0
    interval: int = 0

    @classmethod
    def at(cls, price: Number, now_s: int, *, interval: int = 0) -> "StablePrice":
        """Return one that begins at a price.

        Its interval is 0 as in the original, which closes an empty interval on its first step.
        """
        begun = positive("price", price)
        return cls(stable=begun, updated_s=now_s, delays=(begun,) * INTERVALS, interval=interval)

    def updated(
        self, now_s: int, price: Number, parameters: StableParameters = DEFAULTS
    ) -> "StablePrice":
        """Return it moved towards a price, or itself where less than 10 seconds have passed.

        Parameters
        ----------
        now_s : int, seconds since the epoch
        price : number >= 0, quote units
        parameters : StableParameters
        """
        said = not_negative("price", price)
        elapsed_s = now_s - self.updated_s
        if elapsed_s < STEP_S_MIN:
            return self
        counted_s = min(elapsed_s, STEP_S_MAX)
        with exactly():
            state = replace(
                self,
                updated_s=now_s,
                accumulated=self.accumulated + said * counted_s,
                accumulated_s=self.accumulated_s + elapsed_s,
            )._turned(now_s // parameters.delay_interval_s % INTERVALS, elapsed_s, parameters)
            near, far = sorted((self.stable, state.delays[state.interval]))
            growth = parameters.stable_growth_max * (near / far) ** 2 * counted_s
            return replace(state, stable=_grown(said, self.stable, growth))

    # Closes the interval that has ended, into every place that was passed since.
    def _turned(self, interval: int, elapsed_s: int, parameters: StableParameters) -> "StablePrice":
        if interval == self.interval:
            return self
        mean = self.accumulated / self.accumulated_s
        closed = _grown(mean, self.delays[self.interval - 1], parameters.delay_growth_max)
        passed = (interval - self.interval) % INTERVALS
        if elapsed_s > INTERVALS * parameters.delay_interval_s:
            passed = INTERVALS
        written = {(self.interval + step) % INTERVALS for step in range(passed)}
        delays = tuple(closed if k in written else old for k, old in enumerate(self.delays))
        return replace(
            self, delays=delays, accumulated=Decimal(0), accumulated_s=0, interval=interval
        )

    def strict(self, price: Number) -> tuple[Decimal, Decimal]:
        """Return what assets and what debts count at: the lower and the higher of the two.

        >>> StablePrice.at(1, 0).strict(24)
        (Decimal('1'), Decimal('24'))
        """
        said = decimal_of("price", price)
        return min(said, self.stable), max(said, self.stable)


def _grown(wanted: Decimal, last: Decimal, growth: Decimal) -> Decimal:
    return clamped(wanted, last * (1 - growth), last * (1 + growth))
