"""Rolling windows of liquidation: published sequences, and never more than a window in a window."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import LiquidationWindow, WindowRules, clamped_reward

UNIT = 10**18


def terms(multiplier=UNIT, discount_max=0):
    return WindowRules(
        maker_fee=7 * UNIT // 1_000,
        taker_fee=3 * UNIT // 1_000,
        skew_scale=1_000 * UNIT,
        multiplier=multiplier,
        window_s=10,
        discount_max=discount_max,
    )


# Synthetix v3, markets/perps-market/test/integration/Liquidation, maxLiquidationAmount.test.ts,
# 2023: fees of 1 percent, a scale of 1,000 and ten seconds liquidate 100 in a window.
def test_a_window_lets_through_a_hundred_and_again_when_they_are_old():
    rules, window = terms(), LiquidationWindow()
    seen = []
    for now_s, requested in ((100, 150), (101, 50), (106, 50), (111, 50), (112, 150), (123, 100)):
        grant = window.granted(requested * UNIT, rules, now_s=now_s)
        window = grant.window
        seen.append(grant.amount // UNIT)
    assert rules.most == 100 * UNIT
    assert seen == [100, 0, 0, 50, 50, 100]


# The same, maxLiquidationAmount.maxPd.test.ts: a quarter of that, and one window more in a second
# without a liquidation while the skew is below 60.
def test_a_spent_window_is_followed_by_another_where_the_price_is_near():
    rules, window = terms(UNIT // 4, 6 * UNIT // 100), LiquidationWindow()
    seen = []
    for now_s, requested, skew in (
        (100, 90, 90),
        (101, 65, 65),
        (102, 65, 40),
        (102, 40, 15),
        (103, 40, 15),
        (104, 15, -10),
        (105, 90, 60),
    ):
        grant = window.granted(requested * UNIT, rules, now_s=now_s, skew=skew * UNIT)
        window = grant.window
        seen.append(grant.amount // UNIT)
    assert seen == [25, 0, 25, 0, 25, 15, 0]


def test_the_endorsed_liquidator_takes_all_of_it_and_it_counts():
    grant = LiquidationWindow().granted(500 * UNIT, terms(), now_s=50, endorsed=True)
    assert grant.amount == 500 * UNIT
    assert grant.window.state(terms(), now_s=59) == (0, 100 * UNIT, 50)
    assert grant.window.state(terms(), now_s=60).capacity == 100 * UNIT
    again = grant.window.granted(UNIT, terms(), now_s=50, endorsed=True)
    assert again.window.entries == ((50, 501 * UNIT),)


def test_a_window_of_nothing_is_no_limit_and_is_not_counted():
    rules = terms(multiplier=0)
    grant = LiquidationWindow().granted(500 * UNIT, rules, now_s=50)
    assert (grant.amount, grant.window) == (500 * UNIT, LiquidationWindow())
    with pytest.raises(InvalidInputError, match="a window must liquidate more than 0"):
        rules.windows(1)


def test_a_window_is_an_instant_and_not_a_clock_that_runs_back():
    window = LiquidationWindow(((50, UNIT),))
    with pytest.raises(InvalidInputError, match="now_s must be >= 50"):
        window.granted(1, terms(), now_s=49)
    with pytest.raises(InvalidInputError, match="requested must be >= 0"):
        window.granted(-1, terms(), now_s=50)
    with pytest.raises(InvalidInputError, match="maker_fee must be >= 0"):
        WindowRules(maker_fee=-1, taker_fee=0, skew_scale=0, multiplier=0, window_s=0)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 150)), max_size=30))
def test_no_window_of_any_ten_seconds_lets_through_more_than_its_most(steps):
    rules, window, now_s, made = terms(), LiquidationWindow(), 1_000, []
    for wait_s, requested in steps:
        now_s += wait_s
        used = sum(amount for at_s, amount in made if at_s > now_s - 10)
        assert window.state(rules, now_s=now_s).capacity == rules.most - used
        grant = window.granted(requested * UNIT, rules, now_s=now_s)
        assert grant.amount == min(requested * UNIT, rules.most - used)
        made.append((now_s, grant.amount))
        window = grant.window
        assert len(window.entries) <= 11


@given(st.integers(-(10**24), 10**24))
def test_a_position_takes_the_windows_that_hold_it(size):
    rules = terms()
    windows = rules.windows(size)
    assert (windows - 1) * rules.most < abs(size) <= windows * rules.most or size == windows == 0


USD = UNIT


@pytest.mark.parametrize(
    ("reward", "cost", "margin", "paid"),
    [
        (50, 10, 10_000, 60),
        (0, 10, 10_000, 15),
        (0, 100, 10_000, 130),
        (5_000, 10, 100_000, 1_000),
        (50, 10, 300, 30),
        (5_000, 10, 0, 1_000),
        (0, 10, 10, 1),
    ],
)
def test_a_reward_is_held_between_a_profit_and_a_share_of_the_margin(reward, cost, margin, paid):
    found = clamped_reward(
        reward * USD,
        cost * USD,
        reward_min=5 * USD,
        reward_max=1_000 * USD,
        profit_ratio_min=3 * UNIT // 10,
        margin_ratio_max=UNIT // 10,
        margin=margin * USD,
    )
    assert found == paid * USD
