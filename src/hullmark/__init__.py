"""Hullmark keeps a derivatives venue solvent: margin, monitoring, liquidation, an exact ledger."""
