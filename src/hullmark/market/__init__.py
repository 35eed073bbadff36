"""Prices: from the prints of several sources to graded index and mark prices.

A price is never just a number: its :class:`Grade` says how far it can be trusted, and
the :class:`ActionRules` what may be done on it. Deciding which accounts that touches is
:mod:`hullmark.clearing`'s business. Laws:

1. One bad source moves a price at most within the spread of the remaining valid ones, where those
   are at least two. Of two sources nobody can say which is bad: the mean is taken.
2. A clamp, zero, NaN, jump or silence is a grade, not a price.
3. Equal prints give equal prices, in whatever order they arrived. Only a source that speaks of one
   instant twice is taken at its last word.
4. At one instant slices of an order cost what the whole does; without time nothing is forgotten.

Prices are in nanos of the quote unit; :class:`MarketView` holds them as floats for pricing.
"""

from hullmark.market._accept import accept, latest_prints
from hullmark.market._averages import ema, ema_step, premium_average, time_weighted
from hullmark.market._confidence import (
    Interval,
    Purpose,
    aggregate_confidence,
    confidence_interval,
    side_for,
    strict_sides,
    too_uncertain,
)
from hullmark.market._delayed import DelayedPrice, drop_breaker
from hullmark.market._flaw import Flaw
from hullmark.market._grade import Action, ActionRules, Grade
from hullmark.market._growth import (
    capped_price,
    capped_ratio,
    composite_price,
    max_ratio,
    redemption_aware,
    validate_growth_cap,
)
from hullmark.market._impact import DEPTH_BAND, Push, Taken, faded, impact_share, take
from hullmark.market._manipulation import (
    MANIPULATION_MOVES,
    ManipulationPoint,
    manipulation_cost,
    manipulation_report,
    oi_cap,
)
from hullmark.market._mark import (
    Level,
    basis_ema,
    book_mid,
    ema_cap,
    index_clamp,
    limited_move,
    mark_price,
)
from hullmark.market._median import (
    SignedPrice,
    quorum_median,
    weighted_median,
    within_band,
    without_outliers,
)
from hullmark.market._nano_rules import growth_cap_nano
from hullmark.market._policy import PricePolicy
from hullmark.market._stable import StableParameters, StablePrice
from hullmark.market._ticks import (
    TICK_MAX,
    TickAccumulator,
    geometric_mean,
    mean_tick,
    price_of_tick,
    quote_at_tick,
    sqrt_ratio_x96,
    tick_at_sqrt_ratio,
    tick_of,
)
from hullmark.market._validity import (
    TOLERATED,
    GuardRails,
    OracleAction,
    OracleValidity,
    oracle_validity,
    valid_for,
)
from hullmark.market._view import MarketView
from hullmark.market._weigh import judge, verdicts

__all__ = [
    "DEPTH_BAND",
    "MANIPULATION_MOVES",
    "TICK_MAX",
    "TOLERATED",
    "Action",
    "ActionRules",
    "DelayedPrice",
    "Flaw",
    "Grade",
    "GuardRails",
    "Interval",
    "Level",
    "ManipulationPoint",
    "MarketView",
    "OracleAction",
    "OracleValidity",
    "PricePolicy",
    "Purpose",
    "Push",
    "SignedPrice",
    "StableParameters",
    "StablePrice",
    "Taken",
    "TickAccumulator",
    "accept",
    "aggregate_confidence",
    "basis_ema",
    "book_mid",
    "capped_price",
    "capped_ratio",
    "composite_price",
    "confidence_interval",
    "drop_breaker",
    "ema",
    "ema_cap",
    "ema_step",
    "faded",
    "geometric_mean",
    "growth_cap_nano",
    "impact_share",
    "index_clamp",
    "judge",
    "latest_prints",
    "limited_move",
    "manipulation_cost",
    "manipulation_report",
    "mark_price",
    "max_ratio",
    "mean_tick",
    "oi_cap",
    "oracle_validity",
    "premium_average",
    "price_of_tick",
    "quorum_median",
    "quote_at_tick",
    "redemption_aware",
    "side_for",
    "sqrt_ratio_x96",
    "strict_sides",
    "take",
    "tick_at_sqrt_ratio",
    "tick_of",
    "time_weighted",
    "too_uncertain",
    "valid_for",
    "validate_growth_cap",
    "verdicts",
    "weighted_median",
    "within_band",
    "without_outliers",
]
