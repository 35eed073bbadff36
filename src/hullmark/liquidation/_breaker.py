"""A breaker of auctions in four levels: what may still be done, who may move it, and for how long.

0: all. 1: no new auction. 2: no reset either. 3: no purchase either. Whoever runs the venue raises
it; only its governors lower it, or time does. Anybody may trip it to level 2 where the price that
comes next is far below the one that counts.
"""

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from hullmark.core import Number
from hullmark.errors import InvalidInputError
from hullmark.market import drop_breaker

LEVEL_MAX = 3
TRIPPED_LEVEL = 2


class BreakerAction(IntEnum):
    """What a breaker stops; the value is the level from which it does."""

    START = 1
    RESET = 2
    TAKE = 3


class BreakerRole(StrEnum):
    """Who moves a breaker."""

    ANYBODY = "anybody"
    OPERATOR = "operator"
    GOVERNOR = "governor"


class BreakerRefusal(StrEnum):
    """Every reason to leave a breaker as it is, in order of precedence."""

    NOT_ALLOWED = "this role may not move it there"
    ALREADY_STOPPED = "it is at this level or above"
    LOCKED = "it was moved a short while ago"
    WITHIN_BOUNDS = "the next price is near enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """The breaker of one market's auctions.

    Attributes
    ----------
    level : int in [0, 3]
    until_s : int or None, seconds
        When it falls back to 0 by itself; ``None``: never.
    locked_until_s : int, seconds
        Until then, and at that second, nobody may trip it; 0: it never was moved.

    References
    ----------
    MakerDAO, ``dss``, ``src/clip.sol`` [3f30552], ``stopped``; ``clipper-mom``,
    ``src/ClipperMom.sol`` [1150d33], 2021. There it does not expire, and one authority moves it
    either way.

    >>> breaker = Breaker().moved(1, now_s=0, role=BreakerRole.OPERATOR, until_s=3600)
    >>> [breaker.allows(action, now_s=0) for action in BreakerAction]
    [False, True, True]
    >>> breaker.allows(BreakerAction.START, now_s=3600)
    True
    """

    level: int = 0
    until_s: int | None = None
    locked_until_s: int = 0

    def __post_init__(self) -> None:
        _check_level(self.level)

    def level_at(self, now_s: int) -> int:
        """Return the level that holds at an instant."""
        expired = self.until_s is not None and now_s >= self.until_s
        return 0 if expired else self.level

    def allows(self, action: BreakerAction, *, now_s: int) -> bool:
        """Return whether something may be done at an instant."""
        return self.level_at(now_s) < action

    def moved(
        self,
        level: int,
        *,
        now_s: int,
        role: BreakerRole,
        until_s: int | None = None,
        lock_s: int = 0,
    ) -> "Breaker | BreakerRefusal":
        """Return it at another level.

        Parameters
        ----------
        level : int in [0, 3]
        now_s : int, seconds
        role : BreakerRole
            An operator may raise it, a governor may do both, anybody only `tripped`.
        until_s : int or None, seconds, > now_s
            When it falls back to 0 by itself.
        lock_s : int, seconds, >= 0
            For so long nobody may trip it: time for a new price to come.

        Raises
        ------
        InvalidInputError
            If there is no such level, or a time is out of its range.
        """
        _check_level(level)
        if until_s is not None and until_s <= now_s:
            raise InvalidInputError(f"until_s must be > {now_s}, now, was {until_s}")
        if lock_s < 0:
            raise InvalidInputError(f"lock_s must be >= 0, was {lock_s}")
        raises = level > self.level_at(now_s)
        if role != BreakerRole.GOVERNOR and not (raises and role == BreakerRole.OPERATOR):
            return BreakerRefusal.NOT_ALLOWED
        return replace(self, level=level, until_s=until_s, locked_until_s=now_s + lock_s)

    def tripped(
        self,
        current: Number | None,
        following: Number | None,
        *,
        tolerance: Number,
        now_s: int,
        until_s: int | None = None,
        quantum: Number | None = None,
    ) -> "Breaker | BreakerRefusal":
        """Return it at level 2, if the following price is below ``tolerance`` times the current.

        Parameters
        ----------
        current, following : number >= 0, quote units
            Of a `hullmark.market.DelayedPrice`.
        tolerance : number in [0, 1]
            0 never trips.
        now_s : int, seconds
        until_s : int or None, seconds, > now_s
            When it falls back to 0 by itself.
        quantum : number, optional
            As of `hullmark.market.drop_breaker`.

        Raises
        ------
        InvalidInputError
            If a price is missing, or a number is out of its range.
        """
        if until_s is not None and until_s <= now_s:
            raise InvalidInputError(f"until_s must be > {now_s}, now, was {until_s}")
        if self.level_at(now_s) >= TRIPPED_LEVEL:
            return BreakerRefusal.ALREADY_STOPPED
        if now_s <= self.locked_until_s:
            return BreakerRefusal.LOCKED
        if not drop_breaker(current, following, tolerance, quantum=quantum):
            return BreakerRefusal.WITHIN_BOUNDS
        return replace(self, level=TRIPPED_LEVEL, until_s=until_s)


def _check_level(level: int) -> None:
    if not 0 <= level <= LEVEL_MAX:
        raise InvalidInputError(f"level must be in [0, {LEVEL_MAX}], was {level}")
