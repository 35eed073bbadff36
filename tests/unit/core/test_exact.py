"""Tests of exact numbers: text to integers and back, and products against fractions."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.core import (
    INT64_MAX,
    format_scaled,
    int64,
    mul_div_ceil,
    mul_div_floor,
    nano,
    parse_decimal,
    parse_nano,
    parse_scaled,
)
from hullmark.errors import AmountOverflowError, InvalidInputError

columns = st.integers(-INT64_MAX, INT64_MAX)
decimals = st.integers(0, 9)
divisors = st.integers(-(10**30), 10**30).filter(bool)


@given(columns, decimals)
def test_what_is_written_is_read_back_exactly(scaled, decimals):
    text = format_scaled(scaled, decimals)
    assert parse_scaled("x", text, decimals) == scaled
    assert Fraction(text) == Fraction(scaled, 10**decimals)


@given(columns, decimals)
def test_the_written_form_is_the_shortest(scaled, decimals):
    text = format_scaled(scaled, decimals)
    _, point, fraction = text.partition(".")
    assert not point or (fraction and not fraction.endswith("0"))
    assert text.lstrip("-").partition(".")[0] == str(abs(scaled) // 10**decimals)


@given(columns, decimals, st.integers(0, 9))
def test_zeros_behind_the_last_decimal_change_nothing(scaled, decimals, zeros):
    text = format_scaled(scaled, decimals)
    longer = f"{text}{'' if '.' in text else '.'}{'0' * zeros}"
    assert parse_scaled("x", longer, decimals) == scaled


@pytest.mark.parametrize(
    ("text", "scaled"),
    [
        ("0", 0),
        ("-0", 0),
        ("0.000000001", 1),
        ("-0.000000001", -1),
        ("1e3", 1_000 * 10**9),
        (7, 7 * 10**9),
        (Decimal("1.5"), 1_500_000_000),
        ("9223372036.854775807", INT64_MAX),
        ("-9223372036.854775807", -INT64_MAX),
    ],
)
def test_reads_nanos_to_the_last_one(text, scaled):
    assert parse_nano("price", text) == scaled


@given(columns, st.integers(1, 9))
def test_a_decimal_too_many_is_refused_whatever_the_scale(scaled, digit):
    for decimals in range(10):
        text = f"{format_scaled(scaled // 10**9, 0)}.{'0' * decimals}{digit}"
        with pytest.raises(InvalidInputError, match=f"x must be .* at most {decimals} decimals"):
            parse_scaled("x", text, decimals)


@pytest.mark.parametrize(
    "bad",
    ["NaN", "-nan", "sNaN", "inf", "-Infinity", "", " ", "1,5", "0x10", "1.0.0", "ten", None, b"1"],
)
def test_what_is_no_finite_decimal_is_refused_with_its_name_and_value(bad):
    with pytest.raises(InvalidInputError) as refused:
        parse_nano("haircut of BTC", bad)
    assert str(refused.value) == (
        f"haircut of BTC must be a finite decimal of at most 9 decimals, was {bad!r}"
    )


@pytest.mark.parametrize("bad", [0.25, math.nan, math.inf, np.float64(2.0), True, False])
def test_a_float_or_a_boolean_is_no_decimal(bad):
    with pytest.raises(InvalidInputError) as refused:
        parse_nano("rate", bad)
    assert str(refused.value) == f"rate must be a decimal string, was {bad!r}"


@pytest.mark.parametrize("bad", ["9223372036.854775808", "-9223372036.854775808", "1e10", 10**11])
def test_a_number_beyond_the_column_overflows_instead_of_wrapping(bad):
    with pytest.raises(AmountOverflowError, match=r"^price must fit in 64 bits, was -?[0-9]{19,}$"):
        parse_nano("price", bad)


@pytest.mark.parametrize(
    "bad", ["1e999", "1e-999", "1e999999999", "1e-999999999", "9" * 70, f"0.{'0' * 70}1"]
)
def test_an_exponent_beyond_reason_is_refused_and_costs_nothing(bad):
    with pytest.raises(InvalidInputError, match=r"^x must "):
        parse_scaled("x", bad, 9)


@given(columns, decimals)
def test_a_decimal_string_of_a_file_is_read_as_it_was_written(scaled, decimals):
    assert parse_decimal("x", format_scaled(scaled, decimals), decimals) == scaled


@pytest.mark.parametrize(
    "bad",
    [0.25, 1, True, None, "", "1e3", " 1", "1 ", "1_0", "+1", ".5", "1.", "NaN", "\u0661", b"1"],
)
def test_a_file_must_write_decimals_plainly(bad):
    with pytest.raises(InvalidInputError) as refused:
        parse_decimal("price", bad)
    assert str(refused.value) == f'price must be a decimal string such as "12.5", was {bad!r}'


def test_a_file_may_not_write_a_decimal_or_a_digit_too_many():
    with pytest.raises(InvalidInputError, match=r"x must have at most 2 decimals, was '1.000'"):
        parse_decimal("x", "1.000", 2)
    assert parse_decimal("x", "-9223372036.854775807") == -INT64_MAX
    with pytest.raises(AmountOverflowError, match="x must fit in 64 bits with 9 decimals, was"):
        parse_decimal("x", "9223372036.854775808")


def test_a_hand_may_write_a_number_in_any_exact_form():
    assert nano("64000.5") == nano(Decimal("64000.5")) == 64_000_500_000_000
    assert nano(2) == 2 * 10**9
    with pytest.raises(InvalidInputError, match=r"number must be a decimal string, was 0\.5"):
        nano(0.5)


@given(st.integers())
def test_the_column_holds_what_64_bits_hold_on_both_sides(value):
    if abs(value) < 2**63:
        assert int64("x", value) == value
    else:
        with pytest.raises(AmountOverflowError, match=f"x must fit in 64 bits, was {value}"):
            int64("x", value)


def test_the_bound_is_the_same_on_both_sides():
    assert int64("x", INT64_MAX) == -int64("x", -INT64_MAX) == 2**63 - 1
    for beyond in (2**63, -(2**63)):
        with pytest.raises(AmountOverflowError):
            int64("x", beyond)


@given(st.integers(-(10**40), 10**40), st.integers(-(10**40), 10**40), divisors)
def test_products_round_in_the_direction_of_their_name(a, b, c):
    exact = Fraction(a * b, c)
    assert mul_div_floor(a, b, c) == math.floor(exact)
    assert mul_div_ceil(a, b, c) == math.ceil(exact)


@given(columns, decimals)
def test_a_decimal_string_of_a_file_is_read_exactly(scaled, decimals):
    assert parse_decimal("x", format_scaled(scaled, decimals), decimals) == scaled


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (1, 'x must be a decimal string such as "12.5", was 1'),
        (0.5, "must be a decimal string such as .*, was 0.5"),
        (None, "was None"),
        ("1e3", "was '1e3'"),
        ("NaN", "was 'NaN'"),
        ("+1", r"was '\+1'"),
        (" 1", "was ' 1'"),
        ("1\n", r"was '1\\n'"),
        ("1_000", "was '1_000'"),
        (".5", "was '.5'"),
        ("5.", "was '5.'"),
        ("٣", "was '٣'"),
        ("", "was ''"),
        ("9" * 10_000, "was '9{59}$"),
        ("0.1234567890", "x must have at most 9 decimals, was '0.1234567890'"),
        ("-9223372036.854775808", "x must fit in 64 bits with 9 decimals, was '-9223372036.8547"),
    ],
)
def test_a_file_is_read_more_strictly_than_an_argument(text, rule):
    with pytest.raises(InvalidInputError, match=rule):
        parse_decimal("x", text)
