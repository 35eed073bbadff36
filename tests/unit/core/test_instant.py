"""Tests of instants: text to nanoseconds and back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from hullmark.core import (
    DAY_NS,
    INT64_MAX,
    SECOND_NS,
    YEAR_DAYS,
    YEAR_NS,
    format_instant,
    parse_instant,
)
from hullmark.errors import AmountOverflowError, InvalidInputError


@given(st.integers(-INT64_MAX, INT64_MAX))
def test_an_instant_is_read_back_to_the_nanosecond(instant_ns):
    text = format_instant(instant_ns)
    assert text.endswith("Z")
    assert parse_instant("at", text) == instant_ns


@given(
    st.datetimes(min_value=datetime(1700, 1, 1), max_value=datetime(2200, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_an_offset_names_the_same_moment_and_none_means_utc(local, minutes):
    zoned = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    elapsed = zoned - datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_instant("at", zoned.isoformat()) == elapsed // timedelta(microseconds=1) * 1_000
    assert parse_instant("at", local.isoformat()) == parse_instant("at", f"{local.isoformat()}Z")


@pytest.mark.parametrize(
    ("text", "instant_ns"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00,1234567+00:00", 123_456_700),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2025-10-10T23:15:00+02:00", 1_760_130_900 * SECOND_NS),
        ("2262-04-11T23:47:16.854775807Z", INT64_MAX),
    ],
)
def test_reads_every_decimal_of_a_second(text, instant_ns):
    assert parse_instant("at", text) == instant_ns


@pytest.mark.parametrize(
    "bad",
    ["", "yesterday", "2025-02-29", "2025-10-10T25:00:00Z", "1760130900", "NaN", None, 17601309],
)
def test_what_is_no_instant_is_refused_with_its_name_and_value(bad):
    with pytest.raises(InvalidInputError) as refused:
        parse_instant("expiry of BTC-F", bad)
    assert str(refused.value) == f"expiry of BTC-F must be an ISO 8601 instant, was {bad!r}"


def test_a_decimal_too_many_of_a_second_is_refused_not_dropped():
    with pytest.raises(InvalidInputError, match="at must have at most 9 decimals of a second, was"):
        parse_instant("at", "2025-10-10T21:15:00.0000000001Z")


def test_an_instant_beyond_64_bits_is_refused():
    for text in ("2262-04-11T23:47:16.854775808Z", "9999-12-31", "0001-01-01"):
        with pytest.raises(AmountOverflowError, match=r"^at must fit in 64 bits, was "):
            parse_instant("at", text)


def test_a_fraction_is_written_only_where_there_is_one():
    assert format_instant(1_760_130_900 * SECOND_NS) == "2025-10-10T21:15:00Z"
    assert format_instant(1_760_130_900 * SECOND_NS + 500_000_000) == "2025-10-10T21:15:00.5Z"


def test_a_year_is_a_whole_number_of_nanoseconds():
    assert YEAR_NS == YEAR_DAYS * DAY_NS == 365.25 * 24 * 3600 * SECOND_NS
