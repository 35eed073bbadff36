"""A price that everybody can see an hour before it counts, and the breaker that looks at both."""

from dataclasses import dataclass, replace
from decimal import Decimal

from hullmark.core import Number, exactly, not_negative, rounded, share
from hullmark.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class DelayedPrice:
    """A current price, and the one that follows it.

    Attributes
    ----------
    current, following : Decimal or None, quote units
        ``None``: there is none.
    at_s : int, seconds
        The beginning of the slot of the last poke.
    hop_s : int, seconds, > 0
        How long a slot is.
    stopped : bool
        Whether nothing moves.

    References
    ----------
    MakerDAO, ``osm``, ``src/osm.sol`` as deployed since 2019: an empty source changes nothing.

    >>> price = DelayedPrice().poke(3_600, 200).poke(7_300, 180)
    >>> (price.current, price.following, price.at_s)
    (Decimal('200'), Decimal('180'), 7200)
    """

    current: Decimal | None = None
    following: Decimal | None = None
    at_s: int = 0
    hop_s: int = 3600
    stopped: bool = False

    def __post_init__(self) -> None:
        if self.hop_s <= 0:
            raise InvalidInputError(f"hop_s must be > 0, was {self.hop_s}")

    def due(self, now_s: int) -> bool:
        """Return whether a whole slot has passed since the one of the last poke began."""
        return now_s >= self.at_s + self.hop_s

    def poke(self, now_s: int, source: Number | None) -> "DelayedPrice":
        """Return what follows as current, and *source* as what follows.

        A source of ``None`` has no value: all stays, and the next poke is as due as this one was.

        Raises
        ------
        InvalidInputError
            If it is stopped or not yet due, or the price is negative.
        """
        if self.stopped:
            raise InvalidInputError("stopped must be False to poke, was True")
        if not self.due(now_s):
            raise InvalidInputError(f"now_s must be >= {self.at_s + self.hop_s}, was {now_s}")
        if source is None:
            return self
        following = not_negative("source", source)
        at_s = now_s - now_s % self.hop_s
        return replace(self, current=self.following, following=following, at_s=at_s)

    def stop(self) -> "DelayedPrice":
        """Return it stopped, its prices as they are."""
        return replace(self, stopped=True)

    def start(self) -> "DelayedPrice":
        """Return it no longer stopped."""
        return replace(self, stopped=False)

    def void(self) -> "DelayedPrice":
        """Return it stopped and without prices."""
        return replace(self, current=None, following=None, stopped=True)


def drop_breaker(
    current: Number | None,
    following: Number | None,
    tolerance: Number,
    *,
    quantum: Number | None = None,
) -> bool:
    """Return whether the following price falls below *tolerance* times the current one.

    Parameters
    ----------
    current, following : number >= 0, quote units
        Of a `DelayedPrice`; both must be there.
    tolerance : number in [0, 1]
        Least share of the current price that is accepted; 0 never trips.
    quantum : number, optional
        The product is rounded down to a multiple of it before it is compared: ``1`` where prices
        are whole wads, as the original has them.

    Raises
    ------
    InvalidInputError
        If a price is missing or negative, or the tolerance is not in [0, 1].

    References
    ----------
    MakerDAO, ``ClipperMom``, functions ``tripBreaker`` and ``setPriceTolerance``, 2021.

    >>> drop_breaker(200, 99, "0.5"), drop_breaker(200, 100, "0.5")
    (True, False)
    """
    for name, value in (("current", current), ("following", following)):
        if value is None:
            raise InvalidInputError(f"{name} must be there, was None")
    assert current is not None, "asked above"
    assert following is not None, "asked above"
    least = share("tolerance", tolerance)
    with exactly(200):
        bound = rounded(not_negative("current", current) * least, quantum)
    return not_negative("following", following) < bound
