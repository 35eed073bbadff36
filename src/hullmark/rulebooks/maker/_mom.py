"""Maker's breaker of auctions: governance without delay, and a trip that anybody may pull.

References
----------
MakerDAO, ``clipper-mom``, ``src/ClipperMom.sol`` [1150d33], 2021.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from hullmark.rulebooks.maker._fixed import RAY, rmul_floor, word

TRIPPED = 2


class MomRefusal(StrEnum):
    """Every reason to revert; the value is the contract's text."""

    NONEXISTENT_LEVEL = "ClipperMom/nonexistent-level"
    TOLERANCE_OUT_OF_BOUNDS = "ClipperMom/tolerance-out-of-bounds"
    CLIPPER_ALREADY_STOPPED = "ClipperMom/clipper-already-stopped"
    TEMPORARY_LOCKED = "ClipperMom/temporary-locked"
    INVALID_CUR_PRICE = "ClipperMom/invalid-cur-price"
    INVALID_NXT_PRICE = "ClipperMom/invalid-nxt-price"
    PRICE_WITHIN_BOUNDS = "ClipperMom/price-within-bounds"


class Mom(Struct, frozen=True, kw_only=True):
    """The breaker of one kind of collateral.

    Parameters
    ----------
    stopped : int, 0 to 3
        As of `Clipper`.
    locked : int, seconds since the epoch
        Until then, and at that second, nobody may trip it.
    tolerance : int, ray, in [0, 1]
        The least part of the current price that the next one may be; 0 never trips.
    """

    stopped: int = 0
    locked: int = 0
    tolerance: int = 0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            word(name, getattr(self, name))


def set_tolerance(mom: Mom, value: int) -> Mom | MomRefusal:
    """Return it with another tolerance (ray), at most one."""
    if word("value", value) > RAY:
        return MomRefusal.TOLERANCE_OUT_OF_BOUNDS
    return replace(mom, tolerance=value)


def set_breaker(mom: Mom, level: int, *, delay: int, now: int) -> Mom | MomRefusal:
    """Return it at a level, and locked for ``delay`` seconds against being tripped."""
    if word("level", level) > 3:
        return MomRefusal.NONEXISTENT_LEVEL
    return replace(mom, stopped=level, locked=word("locked", now + word("delay", delay)))


def trip_breaker(mom: Mom, *, cur: int | None, nxt: int | None, now: int) -> Mom | MomRefusal:
    """Return it at level 2, if the next price is below the tolerated part of the current one.

    Parameters
    ----------
    mom : Mom
    cur, nxt : int or None, wad
        The delayed oracle's prices; ``None``: it has none.
    now : int, seconds since the epoch
    """
    if mom.stopped >= TRIPPED:
        return MomRefusal.CLIPPER_ALREADY_STOPPED
    if now <= mom.locked:
        return MomRefusal.TEMPORARY_LOCKED
    if cur is None:
        return MomRefusal.INVALID_CUR_PRICE
    if nxt is None:
        return MomRefusal.INVALID_NXT_PRICE
    if nxt >= rmul_floor(cur, mom.tolerance):
        return MomRefusal.PRICE_WITHIN_BOUNDS
    return replace(mom, stopped=TRIPPED)
