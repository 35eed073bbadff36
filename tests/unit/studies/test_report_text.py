"""Tests of the words and numbers that terminal and page share."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.studies._report_text import grouped, instant, usd, usd_short


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0"),
        ("-0.000", "0"),
        ("0.004", "<0.01"),
        ("-0.004", "-<0.01"),
        ("0.005", "<0.01"),
        ("-0.0051", "-0.01"),
        ("999.994", "999.99"),
        ("1000", "1,000"),
        ("-123456789.5", "-123,456,790"),
    ],
)
def test_usd_is_whole_from_a_thousand_and_has_cents_below(amount, text):
    assert usd(amount) == text


@given(st.decimals(min_value="0.000001", max_value=10**15, places=6, allow_nan=False))
def test_an_amount_that_is_owed_is_never_shown_as_nothing(amount):
    assert any(digit in usd(f"{amount:f}") for digit in "123456789")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0"),
        (0.25, "$0.25"),
        (999.4, "$999"),
        (999.6, "$1k"),
        (12_345, "$12.3k"),
        (999_999, "$1M"),
        ("-2500000", "-$2.5M"),
        (Decimal(1_000_000_000), "$1bn"),
        (4.2e12, "$4200bn"),
    ],
)
def test_short_amounts_round_before_they_choose_a_scale(amount, text):
    assert usd_short(amount) == text


def test_instants_keep_their_seconds_unless_zero():
    assert instant("2025-10-10T21:20:00Z") == "2025-10-10 21:20"
    assert instant("2025-10-10T21:00:05Z") == "2025-10-10 21:00:05"


def test_warnings_are_grouped_by_what_they_say_and_not_by_their_numbers():
    texts = [
        "BTC-PERP tier 1: MM 0.4% is under 1,200.5%",
        "one source for HYPE-PERP",
        "ETH-PERP tier 3: MM 10% is under 1.2%",
        "BTC-PERP tier 2: MM 2.5% is under 1.2%",
        "BTC-PERP tier 4: MM 2.5% is under 1.2%",
        "one source for HYPE-PERP",
    ]
    tiers, source = grouped(texts)
    assert tiers.times == 4
    assert tiers.text == "MM 0.4 to 10% is under 1.2 to 1,200.5%"
    assert tiers.where == "BTC-PERP tiers 1-2, 4; ETH-PERP tier 3"
    assert source == (2, "one source for HYPE-PERP", "")


@given(st.lists(st.text()))
def test_grouping_loses_no_warning(texts):
    assert sum(group.times for group in grouped(texts)) == len(texts)
