"""Gains that season: never more is withdrawn than there is."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import (
    Gain,
    SeasonedGains,
    WarmUp,
    by_season,
    covered_gains,
    effective_gain,
    haircut_ratio,
    seasoned_withdrawable,
)

gains = st.lists(
    st.builds(SeasonedGains, st.integers(0, 10**20), st.integers(0, 10**20)), max_size=12
)


@given(gains, st.integers(0, 10**22))
def test_all_together_never_withdraw_more_than_is_covered(accounts, uncovered):
    totals = SeasonedGains(*map(sum, zip(*accounts, strict=True))) if accounts else (0, 0)
    covered = covered_gains(SeasonedGains(*totals), uncovered)
    drawn = sum(seasoned_withdrawable(account, covered) for account in accounts)
    there = max(0, sum(totals) - uncovered)
    assert covered.seasoned_covered + covered.young_covered == there
    assert drawn <= there
    assert there - drawn < 2 * len(accounts) + 1


@given(gains.filter(bool), st.integers(0, 10**20))
def test_young_gains_bear_what_is_missing_before_seasoned_ones(accounts, uncovered):
    totals = SeasonedGains(*map(sum, zip(*accounts, strict=True)))
    covered = covered_gains(totals, uncovered)
    if uncovered <= totals.young_quanta:
        for account in accounts:
            assert seasoned_withdrawable(account, covered) >= account.seasoned_quanta


# Drift, "Technical Incident Report 2022/05/11": 19.5M USD was owed and 4.95M in the fund; with the
# vault at 4.94M. Whoever came first took all; here each takes the covered share of young profit.
def test_a_run_on_unpaid_profits_pays_everybody_alike():
    covered = covered_gains(SeasonedGains(0, 19_500_000), 14_550_000)
    assert covered.young_covered == 4_950_000
    assert seasoned_withdrawable(SeasonedGains(0, 1_000_000), covered) == 253_846


def test_a_gain_has_a_season_from_its_last_nanosecond_on():
    held = [Gain(3, 0), Gain(4, 1), Gain(5, 100)]
    assert by_season(held, now_ns=100, season_ns=100) == (3, 9)
    assert by_season(held, now_ns=100, season_ns=0) == (12, 0)
    assert by_season([], now_ns=0, season_ns=5) == (0, 0)


# aeyakovenko/percolator, src/percolator.rs [03ec0d5]: the rule by hand on each of its branches.
@pytest.mark.parametrize(
    ("vault", "capital", "insurance", "gains_total", "ratio"),
    [
        (1_000, 600, 100, 200, (200, 200)),
        (1_000, 600, 100, 300, (300, 300)),
        (1_000, 600, 100, 400, (300, 400)),
        (1_000, 900, 100, 400, (0, 400)),
        (1_000, 950, 100, 400, (0, 400)),
        (0, 0, 0, 0, (1, 1)),
    ],
)
def test_profit_counts_as_far_as_the_vault_backs_it(vault, capital, insurance, gains_total, ratio):
    assert haircut_ratio(vault, capital, insurance, gains_total) == ratio


@given(st.lists(st.integers(-(10**20), 10**20), min_size=1, max_size=9), st.integers(0, 10**20))
def test_effective_gains_add_up_to_no_more_than_what_backs_them(profits, residual):
    total = sum(profit for profit in profits if profit > 0)
    ratio = haircut_ratio(residual, 0, 0, total)
    effective = [effective_gain(profit, ratio) for profit in profits]
    assert sum(effective) <= min(residual, total) if total else not any(effective)
    assert all(0 <= e <= max(p, 0) for e, p in zip(effective, profits, strict=True))


@pytest.mark.parametrize(
    ("available", "period", "slope", "after_7"),
    [(100, 10, 10, 70), (105, 10, 10, 70), (5, 10, 1, 5), (100, 0, 100, 100), (0, 10, 0, 0)],
)
def test_profit_warms_up_at_a_steady_pace(available, period, slope, after_7):
    warming = WarmUp.begun(available, slot=3, period_slots=period)
    assert warming.slope == slope
    assert warming.warm(available, slot=10, period_slots=period) == after_7
    assert warming.warm(available, slot=2, period_slots=10) == 0


def test_without_a_period_all_is_warm_in_the_slot_it_began():
    warming = WarmUp.begun(100, slot=3, period_slots=0)
    assert warming.warm(100, slot=3, period_slots=0) == 100


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: by_season([], now_ns=0, season_ns=-1), "season_ns must be >= 0"),
        (lambda: by_season([Gain(0, 0)], now_ns=0, season_ns=1), "gain must be > 0"),
        (lambda: by_season([Gain(1, 2)], now_ns=1, season_ns=1), "since_ns must be <= 1"),
        (lambda: covered_gains(SeasonedGains(0, 0), -1), "uncovered_quanta must be >= 0"),
        (lambda: covered_gains(SeasonedGains(0, -1), 0), "totals must be >= 0"),
        (
            lambda: seasoned_withdrawable(
                SeasonedGains(2, 0), covered_gains(SeasonedGains(1, 0), 0)
            ),
            "gains must be within the totals",
        ),
        (lambda: WarmUp.begun(-1, slot=0, period_slots=1), "period must be >= 0, was -1"),
        (lambda: WarmUp.begun(1, slot=0, period_slots=-2), "period must be >= 0, was -2"),
    ],
)
def test_what_breaks_a_rule_is_refused(call, rule):
    with pytest.raises(InvalidInputError, match=rule):
        call()
