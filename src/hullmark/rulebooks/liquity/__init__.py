"""The rules of Liquity v1 and v2: a pool that takes debts over, and all other troves after it.

Each is a function on whole numbers of 1e-18, the contracts' fixed point, and rounds as they do, to
the last unit. What the contracts keep is a frozen state that comes in and goes out. Names that end
in 2 are of version 2.
"""

from hullmark.rulebooks.liquity._liquidation import (
    GAS_COINS,
    NOTHING,
    RATIO_CRITICAL,
    RATIO_MIN,
    Batch,
    Liquidation,
    OffsetShares,
    Trove,
    liquidate_batch,
    liquidate_normal,
    liquidate_recovery,
    offset_shares,
)
from hullmark.rulebooks.liquity._liquidation_2 import (
    GAS_COLLATERAL_MAX_2,
    GAS_WETH_2,
    STAKED_BRANCH,
    WETH_BRANCH,
    BranchTerms,
    Liquidation2,
    Seized,
    liquidate_2,
    seized_at_penalty,
)
from hullmark.rulebooks.liquity._ratios import (
    GAS_DIVISOR,
    RATIO_MAX,
    UNIT,
    collateral_ratio,
    gas_collateral,
)
from hullmark.rulebooks.liquity._redistribution import Pending, Redistribution
from hullmark.rulebooks.liquity._stability_pool import (
    SCALE_FACTOR,
    DepositSnapshot,
    Offset,
    Provided,
    StabilityPool,
    WithdrawnDeposit,
)
from hullmark.rulebooks.liquity._stability_pool_2 import (
    PRODUCT_ONE_2,
    DepositSnapshot2,
    StabilityPool2,
)

__all__ = [
    "GAS_COINS",
    "GAS_COLLATERAL_MAX_2",
    "GAS_DIVISOR",
    "GAS_WETH_2",
    "NOTHING",
    "PRODUCT_ONE_2",
    "RATIO_CRITICAL",
    "RATIO_MAX",
    "RATIO_MIN",
    "SCALE_FACTOR",
    "STAKED_BRANCH",
    "UNIT",
    "WETH_BRANCH",
    "Batch",
    "BranchTerms",
    "DepositSnapshot",
    "DepositSnapshot2",
    "Liquidation",
    "Liquidation2",
    "Offset",
    "OffsetShares",
    "Pending",
    "Provided",
    "Redistribution",
    "Seized",
    "StabilityPool",
    "StabilityPool2",
    "Trove",
    "WithdrawnDeposit",
    "collateral_ratio",
    "gas_collateral",
    "liquidate_2",
    "liquidate_batch",
    "liquidate_normal",
    "liquidate_recovery",
    "offset_shares",
    "seized_at_penalty",
]
