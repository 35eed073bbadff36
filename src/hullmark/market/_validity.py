"""How far an oracle price can be trusted, and for what: grades and actions of Drift v2."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from types import MappingProxyType

from hullmark.errors import InvalidInputError

_SHARE_UNIT = 10**6  # BID_ASK_SPREAD_PRECISION of the original
_STABLE_COIN_PATIENCE = 3


class OracleValidity(IntEnum):
    """What is wrong with a price, the gravest first."""

    NON_POSITIVE = 0
    TOO_VOLATILE = auto()
    TOO_UNCERTAIN = auto()
    STALE_FOR_MARGIN = auto()
    INSUFFICIENT_DATA_POINTS = auto()
    STALE_FOR_AMM = auto()
    VALID = auto()


class OracleAction(Enum):
    """What is to be done on a price."""

    UPDATE_FUNDING = auto()
    SETTLE_PNL = auto()
    TRIGGER_ORDER = auto()
    FILL_ORDER_MATCH = auto()
    FILL_ORDER_AMM = auto()
    LIQUIDATE = auto()
    MARGIN_CALC = auto()
    UPDATE_TWAP = auto()
    UPDATE_AMM_CURVE = auto()
    ORACLE_ORDER_PRICE = auto()


@dataclass(frozen=True, slots=True)
class GuardRails:
    """Where a price stops being valid; the defaults are the original's.

    Attributes
    ----------
    stale_for_amm_slots, stale_for_margin_slots : int
        Most slots since the price was published.
    confidence_max : int, millionths of the price
        Widest confidence, before a market's multiplier.
    volatile_ratio_max : int
        Most of the price over its average, or the other way round, in whole times.
    """

    stale_for_amm_slots: int = 10
    stale_for_margin_slots: int = 120
    confidence_max: int = 20_000
    volatile_ratio_max: int = 5


# The gravest grade that each action still accepts: every row of the original is such a threshold.
TOLERATED: Mapping[OracleAction, OracleValidity] = MappingProxyType(
    {
        OracleAction.UPDATE_FUNDING: OracleValidity.STALE_FOR_MARGIN,
        OracleAction.SETTLE_PNL: OracleValidity.STALE_FOR_MARGIN,
        OracleAction.TRIGGER_ORDER: OracleValidity.TOO_UNCERTAIN,
        OracleAction.FILL_ORDER_MATCH: OracleValidity.STALE_FOR_MARGIN,
        OracleAction.FILL_ORDER_AMM: OracleValidity.VALID,
        OracleAction.LIQUIDATE: OracleValidity.TOO_UNCERTAIN,
        OracleAction.MARGIN_CALC: OracleValidity.INSUFFICIENT_DATA_POINTS,
        OracleAction.UPDATE_TWAP: OracleValidity.TOO_VOLATILE,
        OracleAction.UPDATE_AMM_CURVE: OracleValidity.TOO_VOLATILE,
        OracleAction.ORACLE_ORDER_PRICE: OracleValidity.INSUFFICIENT_DATA_POINTS,
    }
)


def oracle_validity(
    price: int,
    *,
    twap: int,
    confidence: int,
    delay_slots: int,
    enough_data_points: bool = True,
    rails: GuardRails | None = None,
    confidence_multiplier: int = 1,
    stable_coin: bool = False,
) -> OracleValidity:
    """Return the gravest fault of a price.

    Whole numbers as in the original: the ratio to the average and the share of the confidence are
    rounded down before they are compared, so that 5.9 times the average is not above 5.

    Parameters
    ----------
    price, twap : int, one fixed-point unit of the quote
        The price and the last average of it.
    confidence : int, the same unit, >= 0
    delay_slots : int
        Slots since it was published.
    enough_data_points : bool
        Whether the publisher says that enough sources stand behind it.
    rails : GuardRails, optional
    confidence_multiplier : int
        How many times the confidence of the rails this market allows.
    stable_coin : bool
        A stable coin's feed is granted three times the slots before it is stale for margin.

    Raises
    ------
    InvalidInputError
        If the confidence is negative.

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/oracle.rs`` [04c1f94], ``oracle_validity``;
    defaults in ``programs/drift/src/state/state.rs``.

    >>> oracle_validity(100, twap=100, confidence=0, delay_slots=11).name
    'STALE_FOR_AMM'
    """
    if confidence < 0:
        raise InvalidInputError(f"confidence must be >= 0, was {confidence}")
    rails = GuardRails() if rails is None else rails
    if price <= 0:
        return OracleValidity.NON_POSITIVE
    ratio = max(price, twap) // max(min(price, twap), 1)
    confidence_max = rails.confidence_max * confidence_multiplier
    margin_slots = rails.stale_for_margin_slots * (_STABLE_COIN_PATIENCE if stable_coin else 1)
    faults = (
        (ratio > rails.volatile_ratio_max, OracleValidity.TOO_VOLATILE),
        (confidence * _SHARE_UNIT // price > confidence_max, OracleValidity.TOO_UNCERTAIN),
        (delay_slots > margin_slots, OracleValidity.STALE_FOR_MARGIN),
        (not enough_data_points, OracleValidity.INSUFFICIENT_DATA_POINTS),
        (delay_slots > rails.stale_for_amm_slots, OracleValidity.STALE_FOR_AMM),
    )
    return next((fault for found, fault in faults if found), OracleValidity.VALID)


def valid_for(action: OracleAction | None, validity: OracleValidity) -> bool:
    """Return whether an action may be done on a price; one without a name needs a valid one.

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/oracle.rs`` [04c1f94],
    ``is_oracle_valid_for_action``.

    >>> valid_for(OracleAction.LIQUIDATE, OracleValidity.TOO_UNCERTAIN)
    True
    >>> valid_for(OracleAction.MARGIN_CALC, OracleValidity.TOO_UNCERTAIN)
    False
    """
    return validity >= (OracleValidity.VALID if action is None else TOLERATED[action])
