"""Tests of exact arithmetic in kernels: against Python's integers, at the edges most of all."""

import subprocess
import sys

import pytest
from hypothesis import example, given, settings, strategies as st

from hullmark import core
from hullmark.core import wide_add, wide_ceil, wide_floor, wide_subtract

LEAST, MOST = -(2**63), 2**63 - 1

# Every size alike: uniform numbers of 64 bits are nearly all of 63 or 64 bits.
sizes = st.integers(0, 63).flatmap(lambda bits: st.integers(0, 2**bits))
edges = st.sampled_from([0, 1, 10**6, 10**9, 10**18, 2**31, 2**32, 2**33, 2**62, 2**63 - 1, 2**63])
near = st.builds(lambda edge, step: edge + step, edges, st.integers(-2, 2))
numbers = st.builds(
    lambda size, sign: min(max(sign * size, LEAST), MOST),
    st.one_of(sizes, near),
    st.sampled_from([-1, 1]),
)
divisors = numbers.filter(bool)


def agree(found, exact):
    """Check a result against the exact one."""
    number, fits = found
    assert fits == (LEAST <= exact <= MOST)
    assert not fits or number == exact


@given(numbers, numbers)
@example(LEAST, LEAST)
@example(MOST, LEAST)
@example(0, LEAST)
@example(MOST, 1)
def test_a_sum_is_exact_or_says_that_it_does_not_fit(a, b):
    agree(wide_add(a, b), a + b)
    agree(wide_subtract(a, b), a - b)


@settings(max_examples=1_000)
@given(numbers, numbers, numbers, divisors)
@example(LEAST, LEAST, LEAST, LEAST)
@example(LEAST, 1, 1, 1)
@example(LEAST, 1, 1, -1)
@example(MOST, MOST, 1, MOST)
@example(MOST, MOST, 1, MOST - 1)
@example(2**62, 2**32 + 1, 1, 2**33 + 1)
def test_a_quotient_is_rounded_by_name_or_says_that_it_does_not_fit(a, b, c, divisor):
    agree(wide_floor(a, b, c, divisor), a * b * c // divisor)
    agree(wide_ceil(a, b, c, divisor), -(-a * b * c // divisor))


@settings(max_examples=1_000)
@given(divisors, numbers, st.integers(0, 3), st.integers(-1, 1))
def test_a_quotient_that_is_nearly_whole_is_rounded_the_right_way(divisor, quotient, spare, step):
    total = divisor * quotient + step
    for factor in (2**spare, 3, 10**9):
        if total % factor == 0 and LEAST <= total // factor <= MOST:
            agree(wide_floor(total // factor, factor, 1, divisor), total // divisor)
            agree(wide_ceil(factor, 1, total // factor, divisor), -(-total // divisor))


# A thousand lots of 0.001 BTC at 60 000.000000001 USDC: 60 000.000000001, in millionths.
@pytest.mark.parametrize(("rounded", "quanta"), [(wide_floor, 0), (wide_ceil, 1)])
def test_what_lots_cost_is_what_a_hand_gets(rounded, quanta):
    lots, price_nano, unit = 1_000, 60_000 * 10**9 + 1, 10**6
    assert rounded(lots, price_nano, 10**6 * unit, 10**18) == (60_000_000_000 + quanta, True)


def test_nothing_is_compiled_until_it_is_needed():
    code = "import sys, hullmark.core; print('numba' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_a_name_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError, match=r"module 'hullmark.core' has no attribute 'narrow'"):
        getattr(core, "narrow")  # noqa: B009
