"""Closing what covers a shortage of margin: published figures, and that it does cover it."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import (
    base_to_close,
    base_to_cover,
    fee_limit,
    fee_most,
    freeable_share,
    perp_fund_fee,
    ramped_fee,
)

USD, BASE = 10**6, 10**9


# Drift, protocol-v2, programs/drift/src/math/liquidation/tests.rs, 2024: 10 USD short at ten times
# leverage and a price of 100.
@pytest.mark.parametrize(
    ("fee", "fund_fee", "quote_price", "base"),
    [
        (0, 0, 1_000_000, BASE),
        (0, 0, 990_000, 1_010_101_010),
        (0, 0, 1_010_000, 990_099_009),
        (10_000, 0, 1_000_000, BASE * 10 // 9),
        (10_000, 10_000, 1_000_000, 1_250_000_000),
    ],
)
def test_a_shortage_is_covered_by_so_much_base(fee, fund_fee, quote_price, base):
    terms = {"margin_ratio": 1_000, "fee": fee, "fund_fee": fund_fee, "price": 100 * USD}
    assert base_to_cover(10 * USD, quote_price=quote_price, **terms) == base


def test_no_base_covers_a_shortage_without_a_price_or_under_the_fee():
    assert base_to_cover(1, margin_ratio=1_000, fee=0, fund_fee=0, price=0) is None
    assert base_to_cover(1, margin_ratio=100, fee=10_000, fund_fee=0, price=1) is None
    with pytest.raises(InvalidInputError, match="fund_fee must leave some"):
        base_to_cover(1, margin_ratio=200, fee=10_000, fund_fee=10_000, price=USD)


@given(
    st.integers(0, 10**12),
    st.integers(100, 5_000),
    st.integers(0, 50_000),
    st.integers(0, 20_000),
    st.integers(USD, 10**11),
)
def test_closing_the_cover_frees_the_shortage(shortage, ratio, fee, fund_fee, price):
    assume(ratio * 100 - fee - fund_fee > 1_000)
    base = base_to_cover(shortage, margin_ratio=ratio, fee=fee, fund_fee=fund_fee, price=price)
    notional = Fraction((base + 1) * price, BASE)
    freed = notional * Fraction(ratio * 100 - fee - fund_fee, 10**6)
    assert freed >= shortage * (1 - Fraction(2, 1_000))


# The same: 10 base at 100 with a ratio of 5 and a fee of 1 percent. Versions from 2025 on take 95
# percent of what is there.
@pytest.mark.parametrize(
    ("shortage", "change", "whole", "kept"),
    [
        (20, {}, 20_000, 19_000),
        (1, {}, 39_000, 37_050),
        (1_000, {}, 0, 0),
        (20, {"fee": 100_000}, 0, 0),
        (20, {"price": 0}, 0, 0),
        (20, {"quote_price": 0}, 0, 0),
        (20, {"base": 0}, 0, 0),
        (1, {"fee_max": 10_000}, 10_000, 10_000),
    ],
)
def test_the_fund_takes_what_does_not_make_the_account_bankrupt(shortage, change, whole, kept):
    terms = {
        "base": 10 * BASE,
        "margin_ratio": 500,
        "fee": 10_000,
        "price": 100 * USD,
        "fee_max": 50_000,
    } | change
    assert perp_fund_fee(shortage * USD, kept=(1, 1), **terms) == whole
    assert perp_fund_fee(shortage * USD, **terms) == kept


# The same: all of it below 50 USD; the fee of 2 percent, at most 5, is 3 after 10,000 slots.
def test_a_small_shortage_is_freed_at_once_and_a_fee_grows_with_the_slots():
    assert freeable_share(49 * USD, freed=0, elapsed_slots=1, duration_slots=10) == 10_000
    for slots, fee in ((100_000, 50_000), (10, 20_000), (1_499, 20_000), (10_000, 30_000)):
        assert ramped_fee(20_000, fee_max=50_000, elapsed_slots=slots) == fee


@given(
    st.integers(50 * USD, 10**12), st.integers(0, 10**12), st.integers(0, 300), st.integers(0, 99)
)
def test_what_is_freed_stays_under_the_ramp_and_reaches_it(shortage, freed, slots, later):
    def share(elapsed_slots):
        return freeable_share(shortage, freed=freed, elapsed_slots=elapsed_slots)

    now = share(slots)
    ramp = min(Fraction(1_000 + slots * 10_000 // 150, 10_000), Fraction(1))
    allowed = (shortage + freed) * ramp - freed
    assert 0 <= now <= share(slots + later) <= 10_000
    assert Fraction(now * shortage, 10_000) <= max(allowed, 0)
    assert allowed - Fraction(now * shortage, 10_000) < Fraction(shortage, 10_000) + 2
    assert share(150) == 10_000


def test_without_a_duration_everything_is_free():
    assert freeable_share(100 * USD, freed=0, elapsed_slots=0, duration_slots=0) == 10_000
    assert freeable_share(100 * USD, freed=900 * USD, elapsed_slots=0) == 0


@pytest.mark.parametrize(
    ("change", "base"),
    [
        ({}, 40_000_000),
        ({"cover": 400_000_001}, 40_100_000),
        ({"share": 10_000}, 400_000_000),
        ({"cover": 9 * BASE, "share": 10_000}, BASE),
        ({"cover": None, "share": 0}, 0),
        ({"cover": None}, BASE),
        ({"share": 0}, 0),
        ({"liquidator_most": 1_500_000}, 1_000_000),
        ({"position": BASE // 2}, BASE // 2),
        ({"position": BASE // 2 + 10**6}, 40_000_000),
    ],
)
def test_a_liquidation_takes_its_share_of_the_cover_or_a_small_position(change, base):
    terms = {
        "position": BASE,
        "cover": 4 * 10**8,
        "share": 1_000,
        "price": 100 * USD,
        "step": 10**6,
    } | change
    expected = -(-base // 10**6) * 10**6
    assert base_to_close(terms.pop("position"), **terms) == expected


def test_a_fee_grows_to_three_times_or_to_the_margin():
    assert fee_most(10_000, maintenance_ratio=300) == 30_000
    assert fee_most(10_000, maintenance_ratio=299) == 29_900


@given(st.integers(0, 10**12), st.integers(0, 10**6))
def test_a_position_is_taken_at_the_oracle_less_a_fee_cut_off(price, fee):
    off = Fraction(price * fee, 10**6)
    long, short = (fee_limit(price, fee=fee, long=side) for side in (True, False))
    assert long - price == price - short
    assert 0 <= off - (short - price) < 1
