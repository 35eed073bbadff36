"""Tests of Derive's fixed point: reading, cutting, and the exponential against mpmath."""

from fractions import Fraction
from math import floor

import mpmath
import pytest
from hypothesis import given, strategies as st

from hullmark.errors import AmountOverflowError, DocumentError, InvalidInputError
from hullmark.rulebooks.derive import UNIT, exp_floor, fixed, ln_floor
from hullmark.rulebooks.derive._fixed import (
    EXPONENT_END,
    EXPONENT_ZERO,
    WIDE_MAX,
    count,
    div_round,
    div_trunc,
    mul_trunc,
    parse_fields,
    whole,
)

numbers = st.integers(-(10**40), 10**40)


def precisely(function, x):
    with mpmath.workdps(150):
        return int(mpmath.floor(function(mpmath.mpf(x) / UNIT) * UNIT))


@given(numbers, numbers)
def test_products_and_quotients_are_cut_towards_zero(x, y):
    product = Fraction(x * y, UNIT)
    assert abs(mul_trunc(x, y)) == floor(abs(product))
    assert mul_trunc(x, y) * product >= 0
    if y:
        quotient = Fraction(x * UNIT, y)
        assert abs(div_trunc(x, y)) == floor(abs(quotient))
        assert div_trunc(x, y) * quotient >= 0


@given(numbers, numbers.filter(bool))
def test_a_rounded_quotient_is_the_nearest_and_a_half_goes_away_from_zero(x, y):
    quotient, rounded = Fraction(x * UNIT, y), div_round(x, y)
    assert abs(rounded - quotient) <= Fraction(1, 2)
    assert abs(quotient) <= abs(rounded) or abs(rounded - quotient) < Fraction(1, 2)


@pytest.mark.parametrize(
    ("x", "y", "rounded"), [(1, 2, UNIT // 2), (5, 10 * UNIT, 1), (-5, 10 * UNIT, -1)]
)
def test_halves_go_away_from_zero_on_both_sides(x, y, rounded):
    assert div_round(x, y) == rounded


# derivexyz/lyra-utils, test/math/FixedPointMathLib.t.sol, commit 3c9e344e. Its values of exp(0) and
# exp(10) are one unit and 96 units lower: those of its approximation, below.
@pytest.mark.parametrize(
    ("exponent", "power"),
    [
        (UNIT // 2, 1_648721270_700128146),
        (UNIT, 2_718281828_459045235),
        (-UNIT, 367879441_171442321),
        (-35 * UNIT, 630),
        (-41 * UNIT, 1),
        (-43 * UNIT, 0),
    ],
)
def test_the_exponential_reproduces_the_venues_own_tests(exponent, power):
    assert exp_floor(exponent) == power


@pytest.mark.parametrize(
    ("x", "logarithm"),
    [(1000 * UNIT, 6_907755278_982137052), (UNIT // 2, -693147180_559945310), (UNIT, 0)],
)
def test_the_logarithm_reproduces_the_venues_own_tests(x, logarithm):
    assert ln_floor(x) == logarithm


# The same file: what the contract's approximation gives, and how far this one may be from it.
@pytest.mark.parametrize(
    ("exponent", "venue"),
    [
        (0, 10**18 - 1),
        (10 * UNIT, 22026_465794806_716516861),
        (
            135 * UNIT,
            42633899483147210448604700672351880453901444390330694182932524274901948249590,
        ),
    ],
)
def test_the_venues_approximation_is_within_the_stated_bound(exponent, venue):
    assert abs(exp_floor(exponent) - venue) <= 1 + Fraction(venue, 10**20)


@given(st.integers(EXPONENT_ZERO + 1, EXPONENT_END - 1))
def test_the_exponential_is_the_floor_of_the_true_one(exponent):
    assert exp_floor(exponent) == precisely(mpmath.exp, exponent)


@given(st.integers(1, WIDE_MAX))
def test_the_logarithm_is_the_floor_of_the_true_one(x):
    assert ln_floor(x) == precisely(mpmath.log, x)


def test_the_ends_of_the_exponential_are_the_venues():
    assert exp_floor(0) == UNIT
    assert exp_floor(1) == UNIT + 1
    assert exp_floor(-1) == UNIT - 1
    assert exp_floor(EXPONENT_ZERO) == 0
    assert exp_floor(EXPONENT_END - 1) > 0
    with pytest.raises(InvalidInputError, match=r"exponent must be <= 135\.3.*, was 135\.3"):
        exp_floor(EXPONENT_END)
    with pytest.raises(InvalidInputError, match=r"x must be >= 0\.0+1, was 0"):
        ln_floor(0)


def test_a_decimal_string_is_read_exactly():
    assert fixed("rate", "0.0000125") == 12_500_000_000_000
    assert fixed("price", "-100000") == -(10**23)
    assert fixed("dust", "0.000000000000000001") == 1


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("0.0000000000000000001", "x must have at most 18 decimals, was '0.0000000000000000001'"),
        ("1e3", "x must be a decimal string"),
        (" 1", "x must be a decimal string"),
        (0.1, "x must be a decimal string such as .*, was 0.1"),
        ("NaN", "x must be a decimal string"),
        ("", "x must be a decimal string"),
    ],
)
def test_what_is_no_decimal_string_is_refused(text, match):
    with pytest.raises(InvalidInputError, match=match):
        fixed("x", text)


def test_what_does_not_fit_in_256_bits_is_refused():
    assert whole("x", WIDE_MAX) == WIDE_MAX
    for number in (WIDE_MAX + 1, -WIDE_MAX - 1):
        with pytest.raises(AmountOverflowError, match="x must fit in 256 bits, was"):
            whole("x", number)
    with pytest.raises(AmountOverflowError, match="x must fit in 256 bits"):
        fixed("x", "9" * 60)


@pytest.mark.parametrize("value", [1.0, True, "1", None])
def test_a_number_that_is_not_whole_is_refused(value):
    with pytest.raises(InvalidInputError, match="x must be a whole number of 1e-18, was"):
        whole("x", value)
    with pytest.raises(InvalidInputError, match="seconds must be a whole number >= 0, was"):
        count("seconds", value)


def test_a_number_outside_its_bounds_is_shown_as_a_decimal():
    with pytest.raises(InvalidInputError, match=r"^share must be <= 1, was 1\.5$"):
        whole("share", 3 * UNIT // 2, 0, UNIT)
    with pytest.raises(InvalidInputError, match=r"^share must be >= 0, was -0\.5$"):
        whole("share", -UNIT // 2, 0, UNIT)


def test_a_table_is_read_by_its_keys_and_refused_by_its_path():
    assert parse_fields("cash", {"a": "1", "b": "0.5"}, ("a", "b")) == {"a": UNIT, "b": UNIT // 2}
    with pytest.raises(DocumentError, match=r"^cash has an unknown key 'c'$"):
        parse_fields("cash", {"a": "1", "c": "1"}, ("a",))
    with pytest.raises(DocumentError, match=r"^cash must have the key 'b', was without$"):
        parse_fields("cash", {"a": "1"}, ("a", "b"))
    with pytest.raises(DocumentError, match=r"^cash\.a must be a decimal string .*, was 1$"):
        parse_fields("cash", {"a": 1}, ("a",))
