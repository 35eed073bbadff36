"""Health of all accounts at once: who is under maintenance margin, and how far the others are.

It reads the columns of a book and evaluates them in one compiled pass, at the market or at one that
has been moved away from it: hence *liquidation prices*, the nearest at which one account's health
is zero, the *liquidation map*, what would be under over a grid of moves, and the *cascade*, how far
what is closed there moves prices again. How a market moves is its owner's business
(`MovableMarket`); curing what is found is :mod:`hullmark.liquidation`'s.

Units: USD, factors and relative moves of a price. Laws: breaches come out in order of margin ratio,
worst first, then of account number, whatever the order of rows; health is zero at a liquidation
price, and keeps its sign at every step of the search before it.
"""

from hullmark.monitor._breaches import breaches, margin_ratio
from hullmark.monitor._cascade import SHOCKS, Cascade, PartialClosing, cascade, multiplier
from hullmark.monitor._liquidation_map import LiquidationMap, liquidation_map
from hullmark.monitor._liquidation_prices import (
    Crossings,
    MovableMarket,
    liquidation_factors,
    liquidation_factors_of,
    search_steps,
)
from hullmark.monitor._rebase import Rebase
from hullmark.monitor._trigger_index import Checked, Found, TriggerIndex, rows_holding

__all__ = [
    "SHOCKS",
    "Cascade",
    "Checked",
    "Crossings",
    "Found",
    "LiquidationMap",
    "MovableMarket",
    "PartialClosing",
    "Rebase",
    "TriggerIndex",
    "breaches",
    "cascade",
    "liquidation_factors",
    "liquidation_factors_of",
    "liquidation_map",
    "margin_ratio",
    "multiplier",
    "rows_holding",
    "search_steps",
]
