"""Grades of an oracle price and what each allows: the original's cases and its whole matrix."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import (
    TOLERATED,
    GuardRails,
    OracleAction,
    OracleValidity,
    oracle_validity,
    valid_for,
)

UNIT = 10**6
V = OracleValidity


def graded(price=34 * UNIT, twap=32 * UNIT, confidence=UNIT // 100, delay_slots=1, **more):
    return oracle_validity(price, twap=twap, confidence=confidence, delay_slots=delay_slots, **more)


# Drift protocol-v2, programs/drift/src/math/oracle/tests.rs, calculate_oracle_valid, 2023.
def test_the_cases_of_the_original_are_graded_alike():
    assert graded(twap=32 * UNIT - 1000) is V.VALID
    assert graded(delay_slots=11) is V.STALE_FOR_AMM
    assert graded(delay_slots=8, twap=21 * UNIT) is V.VALID
    assert graded(delay_slots=8, twap=21 * UNIT, confidence=UNIT) is V.TOO_UNCERTAIN


@pytest.mark.parametrize(
    ("change", "grade"),
    [
        ({"price": 0}, V.NON_POSITIVE),
        ({"price": -1}, V.NON_POSITIVE),
        ({"price": 6 * UNIT, "twap": UNIT, "confidence": 0}, V.TOO_VOLATILE),
        ({"price": 6 * UNIT - 1, "twap": UNIT, "confidence": 0}, V.VALID),
        ({"price": UNIT, "twap": 6 * UNIT, "confidence": 0}, V.TOO_VOLATILE),
        ({"price": 5, "twap": -9, "confidence": 0}, V.VALID),
        ({"price": 6, "twap": -9, "confidence": 0}, V.TOO_VOLATILE),
        ({"price": 100, "twap": 100, "confidence": 2}, V.VALID),
        ({"price": 10**6, "twap": 10**6, "confidence": 20_001}, V.TOO_UNCERTAIN),
        ({"confidence": UNIT, "confidence_multiplier": 2}, V.VALID),
        ({"delay_slots": 120}, V.STALE_FOR_AMM),
        ({"delay_slots": 121}, V.STALE_FOR_MARGIN),
        ({"delay_slots": 360, "stable_coin": True}, V.STALE_FOR_AMM),
        ({"delay_slots": 361, "stable_coin": True}, V.STALE_FOR_MARGIN),
        ({"delay_slots": 11, "enough_data_points": False}, V.INSUFFICIENT_DATA_POINTS),
        ({"delay_slots": 3, "rails": GuardRails(stale_for_amm_slots=2)}, V.STALE_FOR_AMM),
    ],
)
def test_a_price_has_the_gravest_of_its_faults(change, grade):
    assert graded(**change) is grade


# Drift protocol-v2, programs/drift/src/math/oracle.rs, is_oracle_valid_for_action: what each
# action refuses, gravest first (N, V, U, M, D, A for the six faults).
@pytest.mark.parametrize(
    ("action", "refused"),
    [
        (OracleAction.FILL_ORDER_AMM, "NVUMDA"),
        (OracleAction.UPDATE_FUNDING, "NVU"),
        (OracleAction.ORACLE_ORDER_PRICE, "NVUM"),
        (OracleAction.MARGIN_CALC, "NVUM"),
        (OracleAction.TRIGGER_ORDER, "NV"),
        (OracleAction.SETTLE_PNL, "NVU"),
        (OracleAction.FILL_ORDER_MATCH, "NVU"),
        (OracleAction.LIQUIDATE, "NV"),
        (OracleAction.UPDATE_TWAP, "N"),
        (OracleAction.UPDATE_AMM_CURVE, "N"),
        (None, "NVUMDA"),
    ],
)
def test_an_action_refuses_what_the_original_refuses(action, refused):
    found = "".join(
        letter for letter, grade in zip("NVUMDA", V, strict=False) if not valid_for(action, grade)
    )
    assert found == refused
    assert valid_for(action, V.VALID)


def test_every_action_has_its_threshold():
    assert set(TOLERATED) == set(OracleAction)


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.integers(0, 400), st.integers(0, 400))
def test_more_delay_never_makes_a_price_better(price, confidence, delay, more):
    fresh = graded(price=price, twap=price, confidence=confidence, delay_slots=delay)
    late = graded(price=price, twap=price, confidence=confidence, delay_slots=delay + more)
    assert late <= fresh


def test_a_negative_confidence_is_refused():
    with pytest.raises(InvalidInputError, match="confidence must be >= 0, was -1"):
        graded(confidence=-1)
