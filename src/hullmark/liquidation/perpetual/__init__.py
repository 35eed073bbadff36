"""Liquidation rules of the venues for perpetuals, each by itself: a function of explicit numbers.

dYdX v4 in quote and base quanta, Drift v2 in millionths and billionths, Synthetix v3 in 1e-18, all
of them whole numbers that round as the venue does; Mango v4 in decimals. What any venue can be
built of (bankruptcy prices, sizes, the soft stage, the sliding limit) is in `hullmark.liquidation`.
"""

from hullmark.liquidation.perpetual._block_limits import (
    BlockLimits,
    BlockUse,
    FillRefusal,
    NotionalRange,
    liquidation_order_key,
)
from hullmark.liquidation.perpetual._fillable import (
    bankruptcy_rating,
    fillable_price,
    fillable_subticks,
    position_bankruptcy_quote,
)
from hullmark.liquidation.perpetual._liability_swap import (
    SwapToken,
    asset_for_liability,
    liability_for_asset,
    liability_to_cover,
    spot_fund_fee,
    swap_allowed,
)
from hullmark.liquidation.perpetual._losses import (
    LossPhase,
    balance_above_zero_health,
    perp_loss,
    token_loss,
)
from hullmark.liquidation.perpetual._matched_pair import (
    ClosingPrice,
    MatchedPair,
    PairSide,
    Transition,
    account_transition,
    closing_price,
    matched_pair,
    offset_delta,
)
from hullmark.liquidation.perpetual._offsets import (
    Offset,
    Offsets,
    filled_share,
    offset_position,
)
from hullmark.liquidation.perpetual._phases import (
    PerpReduction,
    PerpTerms,
    TokenSwap,
    balance_to_zero_health,
    reduced_perp,
    token_swap,
)
from hullmark.liquidation.perpetual._quanta import QuantaMarket, QuantaRisk, fill_quote
from hullmark.liquidation.perpetual._shortage import (
    base_to_close,
    base_to_cover,
    fee_limit,
    fee_most,
    freeable_share,
    perp_fund_fee,
    ramped_fee,
)
from hullmark.liquidation.perpetual._windows import (
    LiquidationWindow,
    WindowGrant,
    WindowRules,
    WindowState,
    clamped_reward,
)

__all__ = [
    "BlockLimits",
    "BlockUse",
    "ClosingPrice",
    "FillRefusal",
    "LiquidationWindow",
    "LossPhase",
    "MatchedPair",
    "NotionalRange",
    "Offset",
    "Offsets",
    "PairSide",
    "PerpReduction",
    "PerpTerms",
    "QuantaMarket",
    "QuantaRisk",
    "SwapToken",
    "TokenSwap",
    "Transition",
    "WindowGrant",
    "WindowRules",
    "WindowState",
    "account_transition",
    "asset_for_liability",
    "balance_above_zero_health",
    "balance_to_zero_health",
    "bankruptcy_rating",
    "base_to_close",
    "base_to_cover",
    "clamped_reward",
    "closing_price",
    "fee_limit",
    "fee_most",
    "fill_quote",
    "fillable_price",
    "fillable_subticks",
    "filled_share",
    "freeable_share",
    "liability_for_asset",
    "liability_to_cover",
    "liquidation_order_key",
    "matched_pair",
    "offset_delta",
    "offset_position",
    "perp_fund_fee",
    "perp_loss",
    "position_bankruptcy_quote",
    "ramped_fee",
    "reduced_perp",
    "spot_fund_fee",
    "swap_allowed",
    "token_loss",
    "token_swap",
]
