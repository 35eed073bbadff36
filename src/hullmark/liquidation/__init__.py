"""Liquidation engines: what to close, and how much of it, to bring an account back to health.

An engine gets a batch of breaches and returns a plan for each, in whole lots. It sends no order:
the core checks a plan at its price limits and gives it to the execution port. Laws about plans,
sampled in ``tests/laws`` for every installed engine:

1. A plan only shrinks positions, or closes them.
2. At its price limits it raises health, or closes the account in full.
3. Equal breaches give equal plans, whatever else is in their batch.
"""

from hullmark.liquidation._engine import Breach, Breaches, LiquidationEngine, Plan, load_engine

__all__ = ["Breach", "Breaches", "LiquidationEngine", "Plan", "load_engine"]
