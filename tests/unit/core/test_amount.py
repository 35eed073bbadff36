"""Tests of amounts: exact sums, and who bears the fraction of a quantum."""

import math
from dataclasses import FrozenInstanceError
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.core import INT64_MAX, Amount, Asset
from hullmark.errors import AmountOverflowError, AssetMismatchError, InvalidInputError

USDC = Asset("USDC", decimals=6)

assets = st.builds(Asset, st.sampled_from(["USDC", "BTC", "JPY"]), st.integers(0, 9))
thirds = st.integers(-INT64_MAX // 3, INT64_MAX // 3)  # three of them still fit
ratios = st.fractions(min_value=-1, max_value=1)


def usdc(quanta):
    return Amount(USDC, quanta)


@given(assets, st.integers(-INT64_MAX, INT64_MAX))
def test_an_amount_reads_back_what_it_prints(asset, quanta):
    amount = Amount(asset, quanta)
    text, symbol = str(amount).split(" ")
    assert symbol == asset.symbol
    assert Amount.parse(text, asset) == amount


@given(thirds, thirds, thirds)
def test_sums_are_exact_in_any_order(a, b, c):
    assert usdc(a) + usdc(b) == usdc(b) + usdc(a) == usdc(a + b)
    assert (usdc(a) + usdc(b)) + usdc(c) == usdc(a) + (usdc(b) + usdc(c))


@given(thirds, thirds)
def test_taking_away_is_adding_the_opposite(a, b):
    assert usdc(a) - usdc(b) == usdc(a) + -usdc(b)
    assert usdc(a) - usdc(a) == usdc(0)
    assert usdc(0) - -usdc(a) == usdc(a)


@given(thirds, ratios)
def test_floor_gives_less_and_ceil_takes_more_by_under_a_quantum(quanta, ratio):
    exact = quanta * ratio
    given_, owed = usdc(quanta).scale_floor(ratio), usdc(quanta).scale_ceil(ratio)
    assert (given_.quanta, owed.quanta) == (math.floor(exact), math.ceil(exact))
    assert owed - given_ == usdc(0 if exact.denominator == 1 else 1)
    assert -((-usdc(quanta)).scale_floor(ratio)) == owed  # what one is given another owes


@given(thirds, st.integers(1, 10**9), st.integers(1, 10**9))
def test_shares_rounded_up_and_down_still_make_the_whole(quanta, a, b):
    share = Fraction(a, a + b)
    assert usdc(quanta).scale_floor(share) + usdc(quanta).scale_ceil(1 - share) == usdc(quanta)


@pytest.mark.parametrize("combine", [Amount.__add__, Amount.__sub__])
@pytest.mark.parametrize("other", [Asset("USDT", 6), Asset("USDC", 8)])
def test_two_assets_do_not_meet_by_accident(combine, other):
    with pytest.raises(AssetMismatchError, match=r"^cannot combine 0.000001 USDC with 2 US"):
        combine(usdc(1), Amount.parse("2", other))


@pytest.mark.parametrize(
    "overflowing",
    [
        lambda: usdc(INT64_MAX) + usdc(1),
        lambda: usdc(-INT64_MAX) - usdc(1),
        lambda: usdc(INT64_MAX).scale_ceil(Fraction(INT64_MAX + 1, INT64_MAX)),
        lambda: usdc(-INT64_MAX).scale_floor(Fraction(2)),
        lambda: usdc(2**63),
    ],
)
def test_a_result_beyond_64_bits_is_an_error_before_it_is_an_amount(overflowing):
    with pytest.raises(AmountOverflowError, match="quanta of USDC must fit in 64 bits, was"):
        overflowing()


def test_a_text_finer_than_a_quantum_is_refused():
    assert Amount.parse("0.000001", USDC) == usdc(1)
    with pytest.raises(InvalidInputError, match=r"amount of USDC must be .* at most 6 decimals"):
        Amount.parse("0.0000001", USDC)


def test_an_amount_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        usdc(1).quanta = 2
