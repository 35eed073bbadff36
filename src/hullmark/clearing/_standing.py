"""Equity and margin of an account in whole billionths of a dollar, for the rules that count so."""

from math import ceil, floor

from hullmark.core import NANO
from hullmark.liquidation import Standing
from hullmark.margin import Health


def standing_of(health: Health) -> Standing:
    """Return maintenance equity, rounded down, and margin, rounded up; a breach stays what it is.

    >>> standing_of(Health(0.0, 0.0, 1.0, 0.0, 0.5, 0.0, -1, 0.0, True))
    Standing(equity=1000000000, maintenance=500000000)
    """
    equity = floor(health.equity_maintenance * NANO)
    maintenance = ceil(health.maintenance * NANO)
    if health.in_breach:
        return Standing(equity, max(maintenance, equity + 1))
    return Standing(equity, min(maintenance, max(equity, 0)))
