"""The exact ledger: cash, positions, funding and the venue's own accounts, in whole quanta.

It knows what a fill realises and what funding is owed, and nothing of prices, margin or time. The
laws, checked after every event by :mod:`hullmark.clearing`:

1. Per asset, cash and quote over all accounts, with custody, sum to zero.
2. Per instrument, lots sum to zero.
3. Rounding creates no quantum: a residue goes to a named account of the venue.

Positive cash is the account's; positive lots are long. A position's unrealised profit is the value
of its lots plus its quote.
"""

from hullmark.ledger._cost import cost_ceil, payoff_ratio, unit_ratio, value_floor
from hullmark.ledger._ledger import Ledger
from hullmark.ledger._lines import Lines
from hullmark.ledger._position import FLAT, MICRO, Position, fill, funding_due
from hullmark.ledger._trades import fill_kernel

__all__ = [
    "FLAT",
    "MICRO",
    "Ledger",
    "Lines",
    "Position",
    "cost_ceil",
    "fill",
    "fill_kernel",
    "funding_due",
    "payoff_ratio",
    "unit_ratio",
    "value_floor",
]
