"""The rule books of Deribit: data, of shared parts; and its liquidation, a function per question.

Sizes and deltas are coins, or USD where it says so; fees are in the coin, rates are shares.
"""

from importlib.resources import files as _files

from hullmark.rulebooks.deribit._incremental import (
    DeltaHedge,
    Exposure,
    Halt,
    RoundTrade,
    falls_due,
    hedge_size,
    is_cured,
    next_round,
    order_portfolio,
    order_standard,
)
from hullmark.rulebooks.deribit._incremental_terms import (
    ContractKind,
    FeeRates,
    IncrementalTerms,
    LiquidationFee,
    liquidation_fee,
    load_incremental_terms,
    round_size,
)

DATA = _files(__name__)  # where the files of this venue's rule books lie

__all__ = [
    "DATA",
    "ContractKind",
    "DeltaHedge",
    "Exposure",
    "FeeRates",
    "Halt",
    "IncrementalTerms",
    "LiquidationFee",
    "RoundTrade",
    "falls_due",
    "hedge_size",
    "is_cured",
    "liquidation_fee",
    "load_incremental_terms",
    "next_round",
    "order_portfolio",
    "order_standard",
    "round_size",
]
