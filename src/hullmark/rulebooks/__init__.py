"""Rule books: what named venues require, from their data and the few rules that data cannot say.

A rule book is a file: where its rules are from, the parts that it is put together from, and every
parameter. The parts are shared and found by name, as plug-ins; a new venue is a data file and at
most one small class. Accounts are computed in batches, all of an underlying at once.

Units: requirements are in the currency the account settles in and not below zero; gains are the
holder's. Parameters are exact decimals until the scenario values are priced, in float64.
"""

from hullmark.rulebooks._batch import Batch, Settlement
from hullmark.rulebooks._cheapest import FreeingTrade
from hullmark.rulebooks._composition import Composition, PartName
from hullmark.rulebooks._convert import portfolio_of
from hullmark.rulebooks._explain import Explanation, PositionMargin, explain
from hullmark.rulebooks._override import with_parameter
from hullmark.rulebooks._rulebook import (
    MarginBook,
    OpenBook,
    RuleBook,
    TradeCosts,
    load_rulebook,
    overridden,
    rulebook_names,
)
from hullmark.rulebooks._statement import ChargeAmount, Statement, UnderlyingMargin, statements
from hullmark.rulebooks._trades import Trade, parse_trade

__all__ = [
    "Batch",
    "ChargeAmount",
    "Composition",
    "Explanation",
    "FreeingTrade",
    "MarginBook",
    "OpenBook",
    "PartName",
    "PositionMargin",
    "RuleBook",
    "Settlement",
    "Statement",
    "Trade",
    "TradeCosts",
    "UnderlyingMargin",
    "explain",
    "load_rulebook",
    "overridden",
    "parse_trade",
    "portfolio_of",
    "rulebook_names",
    "statements",
    "with_parameter",
]
