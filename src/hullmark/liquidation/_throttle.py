"""How much may be in liquidation at once: exact counters per market and global, and a window.

A counter takes what an auction has to raise when it starts, and gets it back to the last unit when
it is raised or written off: it always equals the sum of the open targets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hullmark.core import Number, exactly, not_negative, positive
from hullmark.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Throttle:
    """A limit, and what of it is in use.

    Attributes
    ----------
    limit, used : number >= 0, quote units

    >>> Throttle(1000).take(110).release(55)
    Throttle(limit=Decimal('1000'), used=Decimal('55'))
    """

    limit: Number
    used: Number = Decimal(0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", not_negative("limit", self.limit))
        object.__setattr__(self, "used", not_negative("used", self.used))

    @property
    def room(self) -> Decimal:
        """What is left; below zero where an account was taken whole beyond the limit."""
        with exactly(200):
            return Decimal(self.limit) - Decimal(self.used)

    def take(self, amount: Number, *, beyond: bool = False) -> "Throttle":
        """Return it with an amount more in use.

        Parameters
        ----------
        amount : number >= 0, quote units
        beyond : bool
            Whether it may pass the limit: an account that would leave dust is taken whole.

        Raises
        ------
        InvalidInputError
            If the amount is more than the room, and may not be.
        """
        taken = not_negative("amount", amount)
        if not beyond and taken > self.room:
            raise InvalidInputError(f"amount must be <= {self.room}, the room, was {taken}")
        with exactly(200):
            return replace(self, used=Decimal(self.used) + taken)

    def release(self, amount: Number) -> "Throttle":
        """Return it with an amount less in use.

        Raises
        ------
        InvalidInputError
            If the amount is more than what is in use: somebody has counted wrong.
        """
        given = not_negative("amount", amount)
        if given > Decimal(self.used):
            raise InvalidInputError(f"amount must be <= {self.used}, what is in use, was {given}")
        with exactly(200):
            return replace(self, used=Decimal(self.used) - given)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionLimits:
    """The counter of a venue and those of its markets, moved together.

    Attributes
    ----------
    total : Throttle
    markets : mapping of name to Throttle

    References
    ----------
    MakerDAO, ``dss``, ``src/dog.sol`` [3f30552]: ``Hole`` and ``Dirt``, ``hole`` and ``dirt``.

    >>> limits = AuctionLimits(total=Throttle(100), markets={"ETH": Throttle(80)})
    >>> limits.take("ETH", 75).room("ETH")
    Decimal('5')
    """

    total: Throttle
    markets: Mapping[str, Throttle]

    def room(self, market: str) -> Decimal:
        """Return what both limits leave for a market; none where it is not above zero."""
        return min(self.total.room, self._of(market).room)

    def take(self, market: str, amount: Number, *, beyond: bool = False) -> "AuctionLimits":
        """Return both counters with an amount more in use, as `Throttle.take` does."""
        return self._moved(
            market,
            self.total.take(amount, beyond=beyond),
            self._of(market).take(amount, beyond=beyond),
        )

    def release(self, market: str, amount: Number) -> "AuctionLimits":
        """Return both counters with an amount less in use, as `Throttle.release` does."""
        return self._moved(market, self.total.release(amount), self._of(market).release(amount))

    def _of(self, market: str) -> Throttle:
        if market not in self.markets:
            known = ", ".join(sorted(self.markets))
            raise InvalidInputError(f"market must be one of {known}, was {market!r}")
        return self.markets[market]

    def _moved(self, market: str, total: Throttle, own: Throttle) -> "AuctionLimits":
        return AuctionLimits(total=total, markets={**self.markets, market: own})


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingThrottle:
    """A limit on what is taken within a time, and what was taken when.

    An entry counts while less than ``window_s`` have passed since; then it is given back by itself.

    Attributes
    ----------
    limit : number >= 0, quote units
    window_s : number > 0, seconds
    entries : tuple of (seconds, quote units), the oldest first

    >>> window = RollingThrottle(limit=100, window_s=30).take(60, now_s=0)
    >>> str(window.room(now_s=29)), str(window.room(now_s=30))
    ('40', '100')
    """

    limit: Number
    window_s: Number
    entries: tuple[tuple[Decimal, Decimal], ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", not_negative("limit", self.limit))
        object.__setattr__(self, "window_s", positive("window_s", self.window_s))

    def used(self, *, now_s: Number) -> Decimal:
        """Return what counts now."""
        with exactly(200):
            return sum((amount for _, amount in self._counted(now_s)), Decimal(0))

    def room(self, *, now_s: Number) -> Decimal:
        """Return what may be taken now, never below zero."""
        used = self.used(now_s=now_s)
        with exactly(200):
            return max(Decimal(self.limit) - used, Decimal(0))

    def take(self, amount: Number, *, now_s: Number) -> "RollingThrottle":
        """Return it with an amount taken now, and without what no longer counts.

        Raises
        ------
        InvalidInputError
            If the amount is more than the room, or time has gone back.
        """
        taken, room = not_negative("amount", amount), self.room(now_s=now_s)
        if taken > room:
            raise InvalidInputError(f"amount must be <= {room}, the room, was {taken}")
        now = not_negative("now_s", now_s)
        return replace(self, entries=(*self._counted(now_s), (now, taken)))

    def _counted(self, now_s: Number) -> tuple[tuple[Decimal, Decimal], ...]:
        now = not_negative("now_s", now_s)
        if self.entries and now < self.entries[-1][0]:
            raise InvalidInputError(f"now_s must be >= {self.entries[-1][0]}, was {now}")
        with exactly(200):
            begun = now - Decimal(self.window_s)
        return tuple(entry for entry in self.entries if entry[0] > begun)
