"""Growth caps in the contract's integers, parameters as a set, and redemption values."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import (
    capped_price,
    capped_ratio,
    composite_price,
    max_ratio,
    redemption_aware,
    validate_growth_cap,
)

DAY_S, WAD = 86_400, 10**18
YEAR_S = 365 * DAY_S


@given(
    st.integers(1, 10**24), st.integers(0, 65_535), st.integers(0, 10 * YEAR_S), st.integers(0, 99)
)
def test_a_cap_is_its_line_less_what_the_divisions_drop(snapshot, bps, elapsed_s, at_s):
    cap = max_ratio(snapshot, at_s, bps, at_s + elapsed_s)
    line = snapshot + Decimal(snapshot) * bps * elapsed_s / (10_000 * YEAR_S)
    assert snapshot <= cap <= line + Decimal("1e-3")
    assert line - cap < Decimal(elapsed_s) / 10**6 + 2


# Aave, aave-capo, PriceCapAdapterBase: 10**18 * 968 * 10**6 // 10**4 // 31_536_000 a second,
# 3069507864028411; the scaling of the contract of 2024 is 1.
def test_a_cap_grows_by_whole_units_a_second():
    assert max_ratio(WAD, 0, 968, 1) == WAD + 3_069_507_864
    assert max_ratio(WAD, 0, 968, 10**6) == WAD + 3_069_507_864_028_411
    assert max_ratio(WAD, 0, 968, 10**6, scaling=1) == WAD + 3_069_507_864 * 10**6
    assert max_ratio(10**8, 0, 30, YEAR_S, scaling=1) == 10**8


@given(st.integers(1, 10**20), st.integers(0, 10**20), st.integers(0, 10**20))
def test_a_capped_ratio_never_passes_its_cap(ratio, cap, more):
    assert capped_ratio(ratio, cap) <= cap
    assert capped_ratio(ratio, cap) <= capped_ratio(ratio, cap + more)


def test_a_capped_price_is_rounded_down_and_zero_without_its_parts():
    assert capped_price(3, 15 * WAD // 10, 2 * WAD, ratio_decimals=18) == 4
    assert capped_price(3, 3 * WAD, 2 * WAD, ratio_decimals=18) == 6
    assert capped_price(0, WAD, WAD, ratio_decimals=18) == 0
    assert capped_price(3, -1, WAD, ratio_decimals=18) == 0


NOW_S = 400 * DAY_S


def asked(**change):
    terms = {
        "snapshot_ratio": 1_200_000,
        "snapshot_at_s": NOW_S - 7 * DAY_S,
        "growth_per_year_bps": 968,
        "now_s": NOW_S,
        "last_ratio": 1_202_000,
        "snapshot_delay_s_min": 7 * DAY_S,
        "previous_snapshot_at_s": NOW_S - 30 * DAY_S,
    }
    return validate_growth_cap(**(terms | change))


# Ratio and time that do not belong together: a ratio of months ago, said to be of a week ago.
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"snapshot_ratio": 0}, "snapshot_ratio must be > 0"),
        ({"snapshot_at_s": NOW_S - 30 * DAY_S}, "snapshot_at_s must be > "),
        ({"snapshot_at_s": NOW_S - 7 * DAY_S + 1}, "snapshot_at_s must be in"),
        ({"snapshot_at_s": 0, "previous_snapshot_at_s": None}, "snapshot_at_s must be in"),
        ({"snapshot_ratio": 1_170_000}, "the cap must be >= 1202000"),
        ({"snapshot_ratio": 1_170_000, "tolerance": "0.02"}, "the cap must be >= "),
        ({"growth_per_year_bps": -1}, "growth_per_year_bps must be >= 0"),
    ],
)
def test_a_set_that_does_not_hold_together_is_refused(change, rule):
    with pytest.raises(InvalidInputError, match=rule):
        asked(**change)


def test_a_set_that_holds_together_gives_its_cap():
    assert asked() == max_ratio(1_200_000, NOW_S - 7 * DAY_S, 968, NOW_S)
    assert asked(snapshot_ratio=1_200_000, last_ratio=1_210_000, tolerance="0.01") >= 1_202_000


def test_a_cap_before_its_snapshot_and_a_scale_of_nothing_are_refused():
    with pytest.raises(InvalidInputError, match="now_s must be >= 5"):
        max_ratio(1, 5, 1, 4)
    with pytest.raises(InvalidInputError, match="scaling must be > 0"):
        max_ratio(1, 5, 1, 6, scaling=0)


def test_a_redemption_value_counts_where_it_can_be_had():
    assert redemption_aware("0.95", 1, deviation_max="0.05") == 1
    assert redemption_aware("0.9499", 1, deviation_max="0.05") == Decimal("0.9499")
    assert redemption_aware("0.99", None, deviation_max="0.05") == Decimal("0.99")
    assert redemption_aware("0.99", 1, deviation_max="0.05", suspended=True) == Decimal("0.99")


# Liquity v2, bold, RETHPriceFeed: within 2 percent the higher when redeeming, else the lower.
@pytest.mark.parametrize(
    ("market", "redeeming", "price"),
    [(98, True, 100), (97, True, 97), (102, True, 102), (103, True, 100), (98, False, 98)],
)
def test_a_composite_price_takes_the_side_of_the_fund(market, redeeming, price):
    assert composite_price(market, 100, redeeming=redeeming, deviation_max="0.02") == price


def test_a_composite_price_without_a_cap_is_the_market():
    terms = {"redeeming": False, "deviation_max": "0.01"}
    assert composite_price(103, 100, capped=False, **terms) == 103
    # In whole units the band of 33 begins at 32, not at 32.34.
    assert composite_price(32, 33, redeeming=True, deviation_max="0.02") == 32
    assert composite_price(32, 33, redeeming=True, deviation_max="0.02", quantum=1) == 33


@pytest.mark.parametrize("decimals", [-1, 78, 10**40])
def test_a_ratio_has_as_many_decimals_as_fit_a_word(decimals):
    with pytest.raises(InvalidInputError, match=rf"ratio_decimals must be in .*, was {decimals}"):
        capped_price(1, 3, 887_272, ratio_decimals=decimals)
