"""liquidation."""
