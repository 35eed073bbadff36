"""Who has what of an account that is sold at a premium: Gearbox's own cases, and conservation."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import premium_split

# Gearbox, core-v3, contracts/test/unit/libraries/CreditLogic.unit.t.sol [0a74fd9], U:[CL-4]: value
# 10,000, fees half of the interest, a token fee of 0.5 % in the last three.
CASES = [
    # premium, fee, token fee, debt, interest: to pool, to owner, profit, loss
    (400, 150, 0, 5_000, 2_000, 8_150, 1_450, 1_150, 0),
    (400, 150, 0, 6_500, 2_000, 9_600, 0, 1_100, 0),
    (400, 150, 0, 7_000, 3_000, 9_600, 0, 0, 400),
    (200, 100, 0, 5_000, 2_000, 8_100, 1_700, 1_100, 0),
    (200, 100, 0, 6_800, 2_000, 9_800, 0, 1_000, 0),
    (200, 100, 0, 7_000, 3_000, 9_800, 0, 0, 200),
    (400, 150, 50, 5_000, 2_000, 8_190, 1_410, 1_150, 0),
    (400, 150, 50, 6_500, 2_000, 9_600, 0, 1_052, 0),
    (400, 150, 50, 7_000, 3_000, 9_600, 0, 0, 448),
]


@pytest.mark.parametrize(
    ("premium", "fee", "token", "debt", "interest", "to_pool", "to_owner", "profit", "loss"), CASES
)
def test_gearbox_says_who_has_what(
    premium, fee, token, debt, interest, to_pool, to_owner, profit, loss
):
    found = premium_split(
        10_000, debt=debt, interest=interest, fees=interest // 2, premium_bps=premium, fee_bps=fee,
        transfer_fee_bps=token,
    )  # fmt: skip
    assert found[:4] == (to_pool, to_owner, profit, loss)
    assert found.funds == 10_000 - premium


AMOUNTS = st.integers(0, 10**18)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.integers(0, 10_000), st.integers(0, 10_000))
def test_all_but_the_premium_is_shared_and_no_more(value, debt, interest, fees, premium, fee):
    found = premium_split(
        value, debt=debt, interest=interest, fees=fees, premium_bps=premium, fee_bps=fee
    )
    assert found.to_pool + found.to_owner == found.funds <= value
    assert found.profit == 0 or found.loss == 0
    assert found.to_pool == debt + interest + found.profit - found.loss
    assert found.to_owner == 0 or found.loss == 0


def test_what_is_out_of_its_range_is_refused():
    terms = {"debt": 1, "interest": 1, "fees": 1, "premium_bps": 1, "fee_bps": 1}
    with pytest.raises(InvalidInputError, match="value must be >= 0, was -1"):
        premium_split(-1, **terms)
    with pytest.raises(InvalidInputError, match=r"premium_bps must be in \[0, 10000\], was 10001"):
        premium_split(1, **{**terms, "premium_bps": 10_001})
