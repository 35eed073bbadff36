"""The liquidation procedure of Aave v3, by version: rules as data, and the call that they govern.

Amounts are whole units of an asset, values whole base units of the pool's oracle, percentages basis
points, health factors 1e-18. Every quotient rounds as the contract's does.
"""

from hullmark.rulebooks.aave._call import (
    HEALTH_LINE,
    AccountValues,
    Call,
    CallRefused,
    Collateral,
    Debt,
    account_values,
    liquidation_call,
)
from hullmark.rulebooks.aave._rules import BASE, V3_0, V3_3, V3_5, V3_7, LiquidationRules

__all__ = [
    "BASE",
    "HEALTH_LINE",
    "V3_0",
    "V3_3",
    "V3_5",
    "V3_7",
    "AccountValues",
    "Call",
    "CallRefused",
    "Collateral",
    "Debt",
    "LiquidationRules",
    "account_values",
    "liquidation_call",
]
