"""Scenarios: what a joint move of spot and volatility does to one unit of every instrument.

A few thousand instruments are revalued once; an account's profit in a scenario is then a sparse
row of sizes times the matrix (see :mod:`hullmark.margin`, which decides what that requires). No
account, size or haircut is known here.

Every underlying makes the same relative move in a scenario, so that books net in full across
underlyings: a limitation of this model, stated and not hidden. Forwards and marks keep their
ratio to spot; volatility is held per strike and shocked by a factor that grows towards expiry.

Rule books have scenarios of their own: `Shock` is one, a move of spot with what happens to
volatility (a level by tenor, a twist of the skew, or a measured move of both), and `Revaluation`
prices the contracts of a portfolio document in each. There spot moves the variable part of a
forward only.

Units: profit in USD per contract unit, from the holder's side, model(shock) minus model(base),
negative a loss. Moves and vol shocks are fractions. Laws:

1. Risk is linear in size, and exactly zero in the scenario that moves nothing.
2. All numbers are finite; what cannot be priced is an error that names the instrument.
3. Delta, gamma, vega and theta are the derivatives of the same model.
"""

from hullmark.scenarios._contracts import DAY_SECONDS, ContractColumns, SviRange, need
from hullmark.scenarios._joint import MoveShape, VolMove
from hullmark.scenarios._marked import MarkedContracts
from hullmark.scenarios._moved import MovableView
from hullmark.scenarios._revalue import Revaluer, RiskArrays, RiskColumns, revalue
from hullmark.scenarios._set import ScenarioSet
from hullmark.scenarios._shocks import (
    LEVELS,
    TWISTS,
    Revaluation,
    Shock,
    VolRule,
    parse_shocks,
    shock_labels,
)
from hullmark.scenarios._term import SHOCK_DAYS, SkewTwist, TermShock, term_scale

__all__ = [
    "DAY_SECONDS",
    "LEVELS",
    "SHOCK_DAYS",
    "TWISTS",
    "ContractColumns",
    "MarkedContracts",
    "MovableView",
    "MoveShape",
    "Revaluation",
    "Revaluer",
    "RiskArrays",
    "RiskColumns",
    "ScenarioSet",
    "Shock",
    "SkewTwist",
    "SviRange",
    "TermShock",
    "VolMove",
    "VolRule",
    "need",
    "parse_shocks",
    "revalue",
    "shock_labels",
    "term_scale",
]
