"""Grades: how far a price can be trusted, and what may be done on it."""

from enum import Enum, IntEnum, auto


class Grade(IntEnum):
    """The quality of an accepted price, best first."""

    VALID = 0  # enough fresh sources agree
    UNCERTAIN = 1  # fresh, but from fewer sources than the policy asks for
    STALE = 2  # no source has spoken within the policy's time; the last price stays
    ABSURD = 3  # nothing but zeros, clamps or jumps arrived; the last price stays
    NONE = 4  # there never was a price


class Action(Enum):
    """What a price can be needed for."""

    ADD_RISK = auto()
    REDUCE_RISK = auto()
    WITHDRAW = auto()
    LIQUIDATE = auto()


# In doubt nobody's risk grows and nobody is seized: the account-safe side until the grade recovers.
ALLOWED: dict[Grade, frozenset[Action]] = {
    Grade.VALID: frozenset(Action),
    Grade.UNCERTAIN: frozenset({Action.REDUCE_RISK, Action.LIQUIDATE}),
    Grade.STALE: frozenset({Action.REDUCE_RISK}),
    Grade.ABSURD: frozenset(),
    Grade.NONE: frozenset(),
}
