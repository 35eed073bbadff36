"""Loss through an index, with the numbers of the venues' own tests."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import (
    FundingIndex,
    deposit_index_after,
    deposit_index_delta,
    funding_delta,
    loss_per_lot,
    share_value_after,
    token_amount,
)

QUOTE, BASE, INDEX = 10**6, 10**9, 10**10


# Drift, protocol-v2, programs/drift/src/math/liquidation/tests.rs, module
# calculate_funding_rate_deltas_to_resolve_bankruptcy.
def test_reproduces_the_published_funding_delta():
    assert funding_delta(-100 * QUOTE, base_long=7 * BASE, base_short=-4 * BASE) == 9_090_910_000
    with pytest.raises(InvalidInputError, match="open interest must be > 0"):
        funding_delta(-QUOTE, base_long=0, base_short=0)


# The same, module calculate_cumulative_deposit_interest_delta_to_resolve_bankruptcy; the bound of
# one below the index is of later versions.
@pytest.mark.parametrize(
    ("loss", "deposits", "left_min", "delta"),
    [
        (11 * QUOTE, 120 * QUOTE, None, 916_666_667),
        (100 * QUOTE, 0, None, 0),
        (100 * QUOTE, 100 * QUOTE, None, INDEX),
        (100 * QUOTE, 100 * QUOTE, 1, INDEX - 1),
        (100 * QUOTE + 1, 100 * QUOTE, 1, INDEX - 1),
        (100 * QUOTE - 1, 100 * QUOTE, 1, INDEX - 100),
        (100 * QUOTE, 1_000, 1, INDEX - 1),
    ],
)
def test_reproduces_the_published_deposit_deltas(loss, deposits, left_min, delta):
    assert deposit_index_delta(loss, index=INDEX, deposits=deposits, left_min=left_min) == delta


def test_a_deposit_is_its_balance_times_the_index():
    assert token_amount(120 * BASE, INDEX, decimals=6) == 120 * QUOTE
    assert token_amount(BASE, INDEX + 1, decimals=9) == BASE
    assert token_amount(1, INDEX - 1, decimals=9) == 0


@given(st.integers(0, 10**18), st.lists(st.integers(1, 10**18), min_size=1, max_size=6))
def test_deposits_fall_by_the_loss_or_a_little_more(loss, balances):
    before = sum(token_amount(b, INDEX, decimals=9) for b in balances)
    loss = min(loss, before)
    delta = deposit_index_delta(loss, index=INDEX, deposits=before)
    after = sum(token_amount(b, INDEX - delta, decimals=9) for b in balances)
    assert before - after >= loss
    assert before - after <= loss + before // INDEX + len(balances) + 1


@given(st.integers(-(10**15), 0), st.integers(1, 10**15), st.integers(-(10**15), 0))
def test_funding_brings_at_least_the_loss(loss, long, short):
    index = FundingIndex(0, 0).socialised(funding_delta(loss, base_long=long, base_short=short))
    assert index.long == -index.short
    brought = index.long // 1_000 * long - index.short // 1_000 * abs(short)
    assert brought >= -loss * BASE
    assert brought < -loss * BASE + long + abs(short)


# Mango v4, state/perp_market.rs: I80F48 keeps 48 binary digits and cuts towards zero.
def test_a_loss_per_lot_is_cut_to_its_digits():
    assert loss_per_lot(-10, 3) == Decimal("-3." + "3" * 59)
    cut = loss_per_lot(-10, 3, fraction_bits=48)
    assert Fraction(cut) == -Fraction(10 * 2**48 // 3, 2**48)
    assert loss_per_lot(-10, 4, fraction_bits=0) == -2
    assert loss_per_lot(-10, 0) == 0
    assert loss_per_lot(0, 5) == 0


def test_a_deposit_index_falls_until_nothing_is_left():
    assert deposit_index_after(500, index="1.25", indexed_deposits=1_000) == Decimal("0.75")
    assert deposit_index_after(1_250, index="1.25", indexed_deposits=1_000) == 0
    by_bits = deposit_index_after(1, index=1, indexed_deposits=3, fraction_bits=48)
    assert Fraction(by_bits) == 1 - Fraction(2**48 // 3, 2**48)
    with pytest.raises(InvalidInputError, match="loss must be <= all deposits, was 1251"):
        deposit_index_after(1_251, index="1.25", indexed_deposits=1_000)


def test_a_bank_whose_deposits_are_gone_is_closed():
    assert share_value_after(500, share_value="1.25", shares=1_000) == (Decimal("0.75"), False)
    assert share_value_after(1_250, share_value="1.25", shares=1_000) == (0, True)
    assert share_value_after(9_999, share_value="1.25", shares=1_000) == (0, True)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: token_amount(1, 1, decimals=20), "decimals must be in"),
        (lambda: token_amount(-1, 1, decimals=6), "balance and index must be >= 0"),
        (lambda: deposit_index_delta(-1, index=1, deposits=1), "loss must be >= 0"),
        (lambda: loss_per_lot(1, 1), "loss must be <= 0"),
        (lambda: loss_per_lot(-1, -1), "open_interest must be >= 0"),
        (lambda: loss_per_lot(-1, 1, fraction_bits=-1), "fraction_bits must be >= 0"),
        (lambda: deposit_index_after(1, index=1, indexed_deposits=0), "indexed_deposits must be"),
        (
            lambda: deposit_index_after(1, index=1, indexed_deposits="1e-9", fraction_bits=8),
            "divisor must be >= 2",
        ),
        (lambda: share_value_after(1, share_value=1, shares=0), "shares must be > 0"),
    ],
)
def test_what_breaks_a_rule_is_refused(call, rule):
    with pytest.raises(InvalidInputError, match=rule):
        call()
