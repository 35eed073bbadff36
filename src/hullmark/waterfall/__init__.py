"""The waterfall: who pays a deficit, in the order that the venue file declares.

A step takes what it can of what is left. The last one, bad debt, takes everything: it is not money
but the record that money is missing, and it never counts as a fund. Laws:

1. The declared order is kept, and a later step is used only where all before it are empty.
2. The shares add up to the deficit, to the quantum; none is negative.

The rules of the single steps are here too, each callable by itself: funds and whose they are, stake
that is cut, gains that season, deleveraging in two books (positions closed, loss shared), and loss
that all bear. Amounts are whole quanta, and what contracts count are their own whole units.
"""

from hullmark.waterfall._adl import DeleveragingPolicy, load_policy, still_valid
from hullmark.waterfall._apportion import apportion
from hullmark.waterfall._candidates import (
    Candidate,
    Closure,
    Deleveraging,
    Haircut,
    Inventory,
    LotPrice,
    PriceRule,
    eligible,
    haircut_at,
    overshoot,
)
from hullmark.waterfall._funds import Allocations, FundPart
from hullmark.waterfall._inventory import (
    FundValue,
    Held,
    exit_share,
    fund_exhausted,
    fund_value,
)
from hullmark.waterfall._least_haircut import LeastHaircut
from hullmark.waterfall._loss_index import (
    FundingIndex,
    deposit_index_after,
    deposit_index_delta,
    funding_delta,
    loss_per_lot,
    share_value_after,
    token_amount,
)
from hullmark.waterfall._pnl_cut import (
    PnlCutFault,
    pnl_cut_fault,
    pnl_factor,
    pnl_factor_exceeded,
)
from hullmark.waterfall._pro_rata import ProRata
from hullmark.waterfall._queue import Queue, QueueRow, published_queue
from hullmark.waterfall._ranks import ProfitLeverage, lights, mark_over_entry, profit_leverage
from hullmark.waterfall._seasoning import (
    Covered,
    Gain,
    SeasonedGains,
    WarmUp,
    by_season,
    covered_gains,
    effective_gain,
    haircut_ratio,
    seasoned_withdrawable,
)
from hullmark.waterfall._socialised import (
    Base,
    LossRecord,
    ReserveDeficit,
    by_balances,
    by_gains,
    by_open_interest,
    repay,
    socialise,
)
from hullmark.waterfall._stakes import (
    CoolDown,
    Slash,
    Stake,
    deficit_to_slash,
    slash,
    slashable,
)
from hullmark.waterfall._steps import (
    GAINS,
    DeleveragingRules,
    FundRules,
    Share,
    WaterfallRules,
    allocate,
)

__all__ = [
    "GAINS",
    "Allocations",
    "Base",
    "Candidate",
    "Closure",
    "CoolDown",
    "Covered",
    "Deleveraging",
    "DeleveragingPolicy",
    "DeleveragingRules",
    "FundPart",
    "FundRules",
    "FundValue",
    "FundingIndex",
    "Gain",
    "Haircut",
    "Held",
    "Inventory",
    "LeastHaircut",
    "LossRecord",
    "LotPrice",
    "PnlCutFault",
    "PriceRule",
    "ProRata",
    "ProfitLeverage",
    "Queue",
    "QueueRow",
    "ReserveDeficit",
    "SeasonedGains",
    "Share",
    "Slash",
    "Stake",
    "WarmUp",
    "WaterfallRules",
    "allocate",
    "apportion",
    "by_balances",
    "by_gains",
    "by_open_interest",
    "by_season",
    "covered_gains",
    "deficit_to_slash",
    "deposit_index_after",
    "deposit_index_delta",
    "effective_gain",
    "eligible",
    "exit_share",
    "fund_exhausted",
    "fund_value",
    "funding_delta",
    "haircut_at",
    "haircut_ratio",
    "lights",
    "load_policy",
    "loss_per_lot",
    "mark_over_entry",
    "overshoot",
    "pnl_cut_fault",
    "pnl_factor",
    "pnl_factor_exceeded",
    "profit_leverage",
    "published_queue",
    "repay",
    "seasoned_withdrawable",
    "share_value_after",
    "slash",
    "slashable",
    "socialise",
    "still_valid",
    "token_amount",
]
