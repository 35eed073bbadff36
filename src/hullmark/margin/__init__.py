"""How much an account must hold: its net value, its equity per check, and its requirements.

A live venue has two models. *tiered* charges each position by brackets of its notional and sums;
*scenario* charges the worst loss of the whole account over the venue's scenarios, times a factor.
One kernel, `evaluate_row`, serves the sweep, the single what-if and everything between. Units: USD;
requirements are >= 0, scenario P&L is the holder's. Where prices have two sides, initial equity is
counted at the strict and maintenance equity at the lenient ones (`Sides`). Laws, in both: finite;
equal inputs, equal bits; initial >= maintenance; more of a single position never needs less; cash
in an asset without haircut or shock adds itself to health. A model declares those and its further
ones in ``laws``.

Beside them are the parts of rule books: `net` takes the worst scenario of rows that net by expiry,
post-processors say how values count, add-ons and floors charge every row, nodes refine a grid near
expiry. Their units are the currency the rows settle in; charges are >= 0; what a row is charged
never depends on the rows beside it. The package reads prices and rows as given, and neither decides
who is in breach nor what to do about it.
"""

from hullmark.margin._evaluate import (
    Evaluation,
    Health,
    any_in_breach,
    evaluate,
    evaluate_one,
    evaluate_row,
    sweep_rows,
)
from hullmark.margin._greeks_bound import GreekBound, GreekTables
from hullmark.margin._lanes import BLOCK
from hullmark.margin._margin_rows import AddOn, Charge, MarginRows, MovesWithSpot, across
from hullmark.margin._market import MarginMarket, Span
from hullmark.margin._max_loss import max_loss
from hullmark.margin._models import (
    MODELS,
    MarginModel,
    ScenarioModel,
    TieredModel,
    model_code,
)
from hullmark.margin._netting import Netted, NettingTables, net
from hullmark.margin._reach import Scratch, row_reach, scratch_for, slope_bound
from hullmark.margin._sides import initial_prices
from hullmark.margin._slopes import Slopes, build_slopes, factor_prices
from hullmark.margin._tables import (
    RiskArraysLike,
    RiskTables,
    Sides,
    build_tables,
    move_tables,
    with_sides,
)
from hullmark.margin._tiers import Tier, TierSchedule
from hullmark.margin._what_if import Change, WhatIf, spare_kernel
from hullmark.margin.directional import by_group
from hullmark.margin.gamma import Nodes, StrikeNodes, at_held_strikes, held_nodes
from hullmark.margin.posts import BasisContingency, PostProcessor, Revalued, Weights, expiry_rates

__all__ = [
    "BLOCK",
    "MODELS",
    "AddOn",
    "BasisContingency",
    "Change",
    "Charge",
    "Evaluation",
    "GreekBound",
    "GreekTables",
    "Health",
    "MarginMarket",
    "MarginModel",
    "MarginRows",
    "MovesWithSpot",
    "Netted",
    "NettingTables",
    "Nodes",
    "PostProcessor",
    "Revalued",
    "RiskArraysLike",
    "RiskTables",
    "ScenarioModel",
    "Scratch",
    "Sides",
    "Slopes",
    "Span",
    "StrikeNodes",
    "Tier",
    "TierSchedule",
    "TieredModel",
    "Weights",
    "WhatIf",
    "across",
    "any_in_breach",
    "at_held_strikes",
    "build_slopes",
    "build_tables",
    "by_group",
    "evaluate",
    "evaluate_one",
    "evaluate_row",
    "expiry_rates",
    "factor_prices",
    "held_nodes",
    "initial_prices",
    "max_loss",
    "model_code",
    "move_tables",
    "net",
    "row_reach",
    "scratch_for",
    "slope_bound",
    "spare_kernel",
    "sweep_rows",
    "with_sides",
]
