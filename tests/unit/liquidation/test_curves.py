"""Falling prices: published points, exact floors, and what a venue file may say."""

from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.core import exactly
from hullmark.domain import Node
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.liquidation import (
    ExponentialCurve,
    LinearCurve,
    StairstepCurve,
    TwoLegCurve,
    parse_curve,
)
from hullmark.rulebooks.maker import RAY, StairstepExponentialDecrease

SECOND_NS = 10**9
TWO_LEGS = TwoLegCurve(start="0.98", cutoff="0.8", fast_s=900, slow_s=3600)

seconds = st.decimals(0, 10_000, places=3)
tops = st.decimals(0, 10**6, places=4)
cuts = st.decimals("0.5", 1, places=6)
curves = st.one_of(
    st.builds(LinearCurve, st.decimals("0.001", 9_000, places=3)),
    st.builds(
        lambda start, part, fast, slow: TwoLegCurve(
            start=start, cutoff=start * part / 100, fast_s=fast, slow_s=slow
        ),
        st.decimals("0.01", 2, places=2),
        st.integers(0, 100),
        st.integers(1, 4_000),
        st.integers(1, 4_000),
    ),
    st.builds(StairstepCurve, step_s=st.integers(1, 600), cut=cuts),
    st.builds(ExponentialCurve, cuts),
)


# MakerDAO, dss, src/test/abaci.t.sol [1b9c09e], test_linear_decrease.
def test_a_line_falls_by_a_tenth_in_a_tenth_of_its_time():
    curve = LinearCurve(3600)
    for tenth in range(11):
        assert curve.price(1000, 360 * tenth) == 1000 - 100 * tenth
    assert curve.price(1000, "3599.999", quantum="0.01") == 0
    assert curve.price(1000, 10**9) == 0


def test_two_legs_meet_at_the_cutoff_and_end_at_nothing():
    points = {0: "0.98", 450: "0.89", 900: "0.8", 2700: "0.4", 4500: "0", 9999: "0"}
    for elapsed_s, factor in points.items():
        assert TWO_LEGS.factor(elapsed_s) == Decimal(factor)
    assert TWO_LEGS.factor(899) > Decimal("0.8")
    assert TWO_LEGS.factor(4499) > 0
    assert TWO_LEGS.price(1000, 450) == 890


# MakerDAO, dss, src/test/clip.t.sol [75cf04b]: 2.73 and 1.83 from 5, there cut to whole rays.
def test_stairs_pass_the_published_prices():
    curve = StairstepCurve(step_s=1, cut="0.99")
    with exactly():
        assert abs(curve.price(5, 60) - Decimal("2.735783211953807380973706855")) < Decimal("1e-25")
        assert abs(curve.price(5, 100) - Decimal("1.830161706366147524653080130")) < Decimal(
            "1e-25"
        )
    assert StairstepCurve(step_s=90, cut="0.99").price(5, "89.999") == 5


@given(st.decimals("0.9", 1, places=9), st.integers(1, 300), st.integers(0, 4_000))
def test_stairs_are_those_of_the_contract_but_for_its_rounding(cut, step_s, elapsed_s):
    ours = StairstepCurve(step_s=step_s, cut=cut).price(100, elapsed_s, quantum="1e-27")
    theirs = StairstepExponentialDecrease(int(cut * RAY), step_s).price(100 * RAY, elapsed_s)
    assert abs(int(ours.scaleb(27, None)) - theirs) <= 100 * (elapsed_s // step_s + 1)


def test_an_exponential_also_falls_within_a_second():
    curve = ExponentialCurve("0.25")
    assert curve.price(100, "0.5") == 50
    assert curve.price_nano(10**18, SECOND_NS // 2) == 5 * 10**17
    assert curve.price_nano(10**18, SECOND_NS // 2 + 1) < 5 * 10**17


@given(curves, tops, seconds, seconds)
def test_a_price_falls_with_time(curve, top, elapsed_s, more_s):
    first = curve.price(top, elapsed_s)
    assert 0 <= curve.price(top, elapsed_s + more_s) <= first <= top * 2
    assert curve.price_nano(int(top), 0) >= curve.price_nano(int(top), int(elapsed_s * SECOND_NS))


@given(curves, st.integers(0, 2**63 - 1), st.integers(0, 10**13))
def test_a_price_in_nanos_is_the_floor_of_the_exact_one(curve, top_nano, elapsed_ns):
    found = curve.price_nano(top_nano, elapsed_ns)
    with exactly(200):
        exact = curve.price(top_nano, Decimal(elapsed_ns) / SECOND_NS)
        assert found <= exact + Decimal("1e-38")
        assert exact < found + 1 + Decimal("1e-38")


@given(curves, tops, seconds, st.sampled_from(["0.01", "5", "1e-9"]))
def test_a_price_is_rounded_down_to_its_quantum(curve, top, elapsed_s, quantum):
    price, step = curve.price(top, elapsed_s, quantum=quantum), Decimal(quantum)
    with exactly():
        exact = curve.price(top, elapsed_s)
        assert price % step == 0
        assert price <= exact + Decimal("1e-45")
        assert exact < price + step + Decimal("1e-45")


# By whole numbers: 0.99**n has 2n decimals, which no context holds for long.
@given(st.integers(0, 2**63 - 1), st.integers(0, 400))
def test_a_floor_of_stairs_is_that_of_whole_numbers(top_nano, steps):
    curve = StairstepCurve(step_s=90, cut="0.99")
    assert curve.price_nano(top_nano, 90 * SECOND_NS * steps) == top_nano * 99**steps // 100**steps


def test_a_floor_is_exact_where_no_digit_is_left():
    half = StairstepCurve(step_s=1, cut="0.5")
    assert [half.price_nano(2**62, n * SECOND_NS) for n in (62, 63, 130)] == [1, 0, 0]
    near = StairstepCurve(step_s=1, cut="0.999999999999999999")
    assert near.price_nano(10**18, 2 * SECOND_NS) == 10**18 - 2
    assert LinearCurve(3).price_nano(3, SECOND_NS) == 2
    assert LinearCurve(3).price_nano(10, SECOND_NS) == 6
    assert StairstepCurve(step_s=1, cut=1).price_nano(7, 10**18) == 7


def test_a_cut_of_nothing_leaves_nothing_after_a_step():
    curve = StairstepCurve(step_s=60, cut=0)
    assert [curve.price(5, s) for s in (0, 59, 60)] == [5, 5, 0]
    assert [curve.price_nano(5, s * SECOND_NS) for s in (0, 59, 60)] == [5, 5, 0]


@given(st.integers(1, 10**60), st.integers(1, 10**9))
def test_long_numbers_lose_no_digit(top, tau_s):
    price = LinearCurve(tau_s).price(top, tau_s // 2, quantum=1)
    exact = Fraction(top) * (tau_s - tau_s // 2) / tau_s
    assert price == int(exact)
    stairs = StairstepCurve(step_s=1, cut="0.99").price(top, 40, quantum="1e-30")
    with exactly(200):
        exact = (Decimal(top) * Decimal("0.99") ** 40).quantize(Decimal("1e-30"), ROUND_FLOOR)
        assert stairs == exact


@pytest.mark.parametrize(
    ("curve", "rule"),
    [
        (lambda: LinearCurve(0), "tau_s must be > 0, was 0"),
        (lambda: StairstepCurve(step_s=0, cut=1), "step_s must be > 0"),
        (lambda: StairstepCurve(step_s="1e-10", cut=1), "step_s must be whole nanoseconds"),
        (lambda: StairstepCurve(step_s=1, cut="1.01"), r"cut must be in \[0, 1\], was 1.01"),
        (lambda: ExponentialCurve(0), "cut must be > 0, was 0"),
        (lambda: TwoLegCurve(start=1, cutoff=2, fast_s=1, slow_s=1), "cutoff must be <= 1"),
        (lambda: TwoLegCurve(start=1, cutoff=1, fast_s=0, slow_s=1), "fast_s must be > 0"),
        (lambda: TwoLegCurve(start=1, cutoff=1, fast_s=1, slow_s=-1), "slow_s must be > 0"),
        (lambda: TWO_LEGS.factor(-1), "elapsed_s must be >= 0, was -1"),
        (lambda: LinearCurve(1).price(-1, 0), "top must be >= 0, was -1"),
        (lambda: LinearCurve(1).price(1, -1), "elapsed_s must be >= 0, was -1"),
        (lambda: LinearCurve(1).price(1, 0, quantum=0), "quantum must be > 0, was 0"),
        (lambda: LinearCurve(1).price_nano(-1, 0), "top_nano must be >= 0, was -1"),
        (lambda: LinearCurve(1).price_nano(1, -1), "elapsed_ns must be >= 0, was -1"),
        (lambda: LinearCurve(1.5), "tau_s must be a Decimal, an int or text, was 1.5"),
    ],
)
def test_what_is_no_curve_is_refused(curve, rule):
    with pytest.raises(InvalidInputError, match=rule):
        curve()


@pytest.mark.parametrize(
    ("tree", "curve"),
    [
        ({"kind": "linear", "tau_s": "3600"}, LinearCurve(3600)),
        (
            {"kind": "stairstep", "step_s": "90", "cut": "0.99"},
            StairstepCurve(step_s=90, cut="0.99"),
        ),
        ({"kind": "exponential", "cut": "0.9999"}, ExponentialCurve("0.9999")),
        (
            {
                "kind": "two-leg",
                "start": "0.98",
                "cutoff": "0.8",
                "fast_s": "900",
                "slow_s": "3600",
            },
            TWO_LEGS,
        ),
    ],
)
def test_a_venue_file_names_its_curve(tree, curve):
    assert parse_curve(Node("curve", tree)) == curve


@pytest.mark.parametrize(
    ("tree", "rule"),
    [
        ({"tau_s": "1"}, "auction.curve must have the key 'kind'"),
        ({"kind": "round"}, "auction.curve.kind must be one of exponential, linear, stairstep"),
        ({"kind": "linear"}, "auction.curve must have the key 'tau_s'"),
        ({"kind": "linear", "tau_s": "1", "cut": "1"}, "auction.curve must have no keys but"),
        ({"kind": "linear", "tau_s": 1}, "auction.curve.tau_s must be a decimal string"),
        ({"kind": "linear", "tau_s": "0"}, "auction.curve.tau_s must be > 0, was 0"),
        ({"kind": "exponential", "cut": "2"}, r"auction.curve.cut must be in \[0, 1\], was 2"),
    ],
)
def test_what_a_venue_file_may_not_say_is_refused_with_its_path(tree, rule):
    with pytest.raises(DocumentError, match=rule):
        parse_curve(Node("auction.curve", tree))
