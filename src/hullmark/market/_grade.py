"""Grades: how far a price can be trusted, and what may be done on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from hullmark.core import format_scaled, parse_scaled
from hullmark.errors import DocumentError


class Grade(IntEnum):
    """The quality of an accepted price, best first."""

    VALID = 0  # enough fresh sources agree
    UNCERTAIN = 1  # fresh, but from fewer sources than the policy asks for
    STALE = 2  # no source has spoken within the policy's time; the last price stays
    ABSURD = 3  # nothing but zeros, clamps or jumps arrived; the last price stays
    NONE = 4  # there never was a price


class Action(IntEnum):
    """What a price can be needed for."""

    TRADE = 0  # reduce risk: close a position, or a part of it
    WITHDRAW = 1
    RAISE_RISK = 2  # open or enlarge a position, rest an order
    LIQUIDATE = 3
    SETTLE = 4  # charge funding, settle at expiry


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRules:
    """The worst grade that each action tolerates, and how long a doubt protects an account.

    The default: in doubt nobody's risk grows and nobody is paid out or seized; what reduces risk,
    and what is due, goes on as long as there is a price that anybody could mean.
    """

    trade: Grade = Grade.STALE
    withdraw: Grade = Grade.VALID
    raise_risk: Grade = Grade.VALID
    liquidate: Grade = Grade.UNCERTAIN
    settle: Grade = Grade.ABSURD
    grace_ns: int | None = None  # None: until the grade recovers

    def __post_init__(self) -> None:
        for action in Action:
            if self.worst(action) is Grade.NONE:
                raise DocumentError(
                    f"{action.name.lower()} must be a grade of a price that there is, was none"
                )
        for less, more in (("raise_risk", "trade"), ("withdraw", "trade")):
            if getattr(self, less) > getattr(self, more):
                worst = getattr(self, more).name.lower()
                found = getattr(self, less).name.lower()
                raise DocumentError(
                    f"{less} must tolerate no more than {more} ({worst}), was {found}"
                )
        if self.grace_ns is not None and self.grace_ns <= 0:
            shown = format_scaled(self.grace_ns, 9)
            raise DocumentError(f"grace_s must be > 0, was {shown}; leave it out for none")

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> "ActionRules":
        """Read the section ``actions`` of a venue tree.

        Raises
        ------
        DocumentError
            If a key is unknown or a value breaks its rule.
        """
        if not isinstance(tree, Mapping):
            raise DocumentError(f"must be a table, was {tree!r:.80}")
        found: dict[str, Any] = {}
        for key, value in tree.items():
            if key == "grace_s":
                found["grace_ns"] = parse_scaled(key, value, 9)
            elif key not in _ACTIONS:
                names = ", ".join(sorted((*_ACTIONS, "grace_s")))
                raise DocumentError(f"unknown key {key!r}; known: {names}")
            elif not isinstance(value, str) or value not in _GRADES:
                raise DocumentError(f"{key} must be one of {', '.join(_GRADES)}, was {value!r:.40}")
            else:
                found[key] = _GRADES[value]
        return cls(**found)

    def worst(self, action: Action) -> Grade:
        """Return the worst grade at which an action is allowed."""
        worst: Grade = getattr(self, _ACTIONS[action])
        return worst

    def allows(self, action: Action, grade: Grade) -> bool:
        """Return whether a price of this grade will do.

        >>> ActionRules().allows(Action.LIQUIDATE, Grade.STALE)
        False
        """
        return grade <= self.worst(action)


_ACTIONS = ("trade", "withdraw", "raise_risk", "liquidate", "settle")  # in the order of Action
_GRADES = {grade.name.lower(): grade for grade in Grade if grade is not Grade.NONE}
