"""Prices of many auctions at once: equal to the exact floor of each, wherever it is worked out."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from hullmark.core import DAY_NS, SECOND_NS
from hullmark.errors import AmountOverflowError, InvalidInputError
from hullmark.liquidation import (
    ExponentialCurve,
    LinearCurve,
    StairstepCurve,
    TwoLegCurve,
    reprice,
)
from hullmark.liquidation._curves import PowerCurve
from hullmark.liquidation._repricing import legs_kernel, powers_kernel

MOST = 2**63 - 1
CURVES = [
    LinearCurve(3600),
    LinearCurve("0.000000007"),
    LinearCurve("1e20"),
    TwoLegCurve(start="0.98", cutoff="0.8", fast_s=900, slow_s=3600),
    TwoLegCurve(start="0.987654321", cutoff="0.812345679", fast_s=900, slow_s=3601),
    TwoLegCurve(start=1, cutoff=0, fast_s="0.5", slow_s=1),
    StairstepCurve(step_s=90, cut="0.99"),
    StairstepCurve(step_s=1, cut="0.5"),
    StairstepCurve(step_s=1, cut="0"),
    StairstepCurve(step_s=1, cut="1"),
    StairstepCurve(step_s="1e20", cut="0.99"),
    StairstepCurve(step_s="0.000000001", cut="0.999999999999999999"),
    ExponentialCurve("0.9999"),
    ExponentialCurve("0.25"),
    ExponentialCurve("0.999999"),
]
# Round prices and round times are where a floor is nearest to a whole number.
tops = st.one_of(
    st.integers(0, MOST),
    st.builds(lambda digit, power: digit * 10**power, st.integers(0, 9), st.integers(0, 17)),
    st.just(MOST),
)
times = st.one_of(
    st.integers(0, 10 * DAY_NS),
    st.builds(lambda seconds: seconds * SECOND_NS, st.integers(0, 10_000)),
    st.just(MOST),
    st.builds(lambda halves: halves * SECOND_NS // 2, st.integers(0, 100)),
)


def agree(curve, rows):
    top, elapsed = np.array(rows, np.int64).reshape(-1, 2).T.copy()
    exact = [curve.price_nano(int(a), int(b)) for a, b in zip(top, elapsed, strict=True)]
    assert reprice(curve, top, elapsed).tolist() == exact


@pytest.mark.parametrize("curve", CURVES, ids=repr)
@settings(max_examples=40)
@given(rows=st.lists(st.tuples(tops, times), max_size=5))
@example(rows=[(MOST, 0), (MOST, 1), (10**18, SECOND_NS), (10**18, SECOND_NS // 2)])
@example(rows=[(MOST, MOST), (10**18, MOST)])
@example(rows=[(MOST, 3600 * SECOND_NS - 1), (MOST, 3600 * SECOND_NS), (0, 0)])
def test_a_batch_is_equal_to_each_price_by_itself(curve, rows):
    agree(curve, rows)


def test_factors_settle_every_floor_of_a_thousand_moments():
    chance = np.random.default_rng(20210426)
    for curve in (StairstepCurve(step_s=1, cut="0.99"), ExponentialCurve("0.999")):
        rows = [(int(chance.integers(MOST)), int(chance.integers(DAY_NS // 8))) for _ in range(999)]
        agree(curve, rows)


def test_a_price_past_the_kept_powers_is_worked_out_by_itself():
    curve = StairstepCurve(step_s=1, cut="0.999999999")
    agree(curve, [(10**18, 300_000 * SECOND_NS), (10**18, 10**9 * SECOND_NS), (10**18, MOST)])


def test_a_curve_of_a_plug_in_is_asked_one_by_one():
    class Halves(PowerCurve):
        cut = Decimal("0.5")

        def exponent(self, elapsed_s):
            return Fraction(round(elapsed_s / 60))

    agree(Halves(), [(7, 0), (8, 29 * SECOND_NS), (8, 31 * SECOND_NS), (8, 100 * SECOND_NS)])


def test_kernels_are_their_plain_twins():
    compiled, plain = np.zeros(3, np.int64), np.zeros(3, np.int64)
    top, elapsed = np.array([10, 20, 30]), np.array([0, 5, 12])
    legs = [np.array(column) for column in ([9, 19], [20, 14], [1, 1], [20, 20])]
    asked = np.zeros(3, np.bool_)
    legs_kernel(top, elapsed, *legs, compiled, asked)
    legs_kernel.py_func(top, elapsed, *legs, plain, asked)
    assert compiled.tolist() == plain.tolist() == [10, 15, 3]
    assert not asked.any()
    half = np.array([2**63, 2**62], np.uint64), np.zeros(2, np.uint64)
    exact = np.array([1]), np.array([1])
    none = np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    terms = (top, np.array([0, 1, 2]), np.zeros(1, np.int64), *half, *exact, 8, *none)
    for kernel in (powers_kernel, powers_kernel.py_func):
        out, asked = np.zeros(3, np.int64), np.zeros(3, np.bool_)
        kernel(*terms, out, asked)
        assert out.tolist() == [10, 10, 0]
        assert asked.tolist() == [False, False, True]


def test_a_price_that_no_column_holds_is_refused():
    above = TwoLegCurve(start=2, cutoff=0, fast_s=1, slow_s=1)
    agree(above, [(MOST // 2, 0), (MOST // 2, 1)])
    with pytest.raises(AmountOverflowError, match="price must fit in 64 bits"):
        reprice(above, np.array([MOST]), np.array([0]))


@pytest.mark.parametrize(
    ("tops_nano", "elapsed_ns", "rule"),
    [
        (np.array([1.0]), np.array([1]), "tops_nano must be a vector of int64, was float64"),
        (np.array([1]), np.array([[1]]), "elapsed_ns must be a vector of int64, was int64 of 2"),
        (np.array([-1]), np.array([1]), "tops_nano must be >= 0, was -1"),
        (np.array([1]), np.array([-1]), "elapsed_ns must be >= 0, was -1"),
        (np.array([1, 2]), np.array([1]), "elapsed_ns must have 2 rows, was of 1"),
    ],
)
def test_columns_that_do_not_fit_are_refused(tops_nano, elapsed_ns, rule):
    with pytest.raises(InvalidInputError, match=rule):
        reprice(LinearCurve(1), tops_nano, elapsed_ns)
