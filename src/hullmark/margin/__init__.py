"""How much an account must hold: its net value, its equity per check, and its requirements.

Two models. *tiered* charges each position by brackets of its notional and sums; *scenario* charges
the worst loss of the whole account over the venue's scenarios, times a factor. One kernel,
`evaluate_row`, serves the sweep, the single what-if and everything between. The package reads
prices and rows as given, and neither decides who is in breach nor what to do about it.

Units: USD; requirements are >= 0, scenario P&L is the holder's. Laws, in every model: finite; equal
inputs, equal bits; initial >= maintenance; more of a single position never needs less; cash in an
asset without haircut or shock adds itself to health. A model declares those and its further ones
in ``laws``.
"""

from hullmark.margin._evaluate import Evaluation, Health, evaluate, evaluate_one, evaluate_row
from hullmark.margin._lanes import BLOCK
from hullmark.margin._models import (
    MODELS,
    MarginModel,
    ScenarioModel,
    TieredModel,
    model_code,
)
from hullmark.margin._tables import RiskArraysLike, RiskTables, build_tables, move_tables
from hullmark.margin._tiers import Tier, TierSchedule

__all__ = [
    "BLOCK",
    "MODELS",
    "Evaluation",
    "Health",
    "MarginModel",
    "RiskArraysLike",
    "RiskTables",
    "ScenarioModel",
    "Tier",
    "TierSchedule",
    "TieredModel",
    "build_tables",
    "evaluate",
    "evaluate_one",
    "evaluate_row",
    "model_code",
    "move_tables",
]
