"""Stake that is cut, and how its holders may leave."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import CoolDown, Slash, Stake, deficit_to_slash, slash, slashable

DAY_S = 86_400


# Aave, PercentageMath.percentMul rounds a half up; Umbrella leaves MIN_ASSETS_REMAINING.
@pytest.mark.parametrize(
    ("assets", "terms", "most"),
    [
        (1_000, {}, 1_000),
        (1_000, {"share_max_bps": 3_000}, 300),
        (5, {"share_max_bps": 3_000}, 2),
        (4, {"share_max_bps": 3_000}, 1),
        (1_000, {"left_min": 999}, 1),
        (1_000, {"left_min": 1_000}, 0),
        (1_000, {"left_min": 2_000}, 0),
        (10, {"share_max_bps": 9_900, "left_min": 1}, 9),
        (0, {}, 0),
    ],
)
def test_so_much_can_be_taken_at_once(assets, terms, most):
    assert slashable(assets, **terms) == most


def test_stake_bears_what_is_beyond_its_offset_and_not_on_its_way():
    assert deficit_to_slash(100, offset=60, pending=39) == 1
    assert deficit_to_slash(100, offset=60, pending=40) == 0
    assert deficit_to_slash(100, offset=90, pending=40) == 0


def test_ranks_are_cut_in_order_and_equals_in_proportion():
    stakes = [
        Stake("senior", 100, rank=2),
        Stake("b", 100, rank=1, share_max_bps=5_000),
        Stake("a", 30, rank=1, left_min=5),
    ]
    assert slash(30, stakes) == ((Slash("b", 20), Slash("a", 10)), 0)
    assert slash(90, stakes) == ((Slash("b", 50), Slash("a", 25), Slash("senior", 15)), 0)
    assert slash(500, stakes) == ((Slash("b", 50), Slash("a", 25), Slash("senior", 100)), 325)
    assert slash(0, stakes) == ((), 0)


tranches = st.builds(
    Stake,
    st.text("abc", min_size=1, max_size=3),
    st.integers(0, 1_000),
    st.integers(0, 2),
    st.integers(0, 10_000),
    st.integers(0, 50),
)


@given(st.integers(0, 3_000), st.lists(tranches, max_size=5))
def test_what_is_cut_and_what_is_left_are_the_deficit(deficit, stakes):
    paid, left = slash(deficit, stakes)
    most = sum(
        slashable(s.assets, share_max_bps=s.share_max_bps, left_min=s.left_min) for s in stakes
    )
    assert sum(part.amount for part in paid) == min(deficit, most)
    assert left == max(0, deficit - most)


def begun(balance=100, now_s=0):
    return CoolDown.begun(balance, now_s=now_s, cool_down_s=20 * DAY_S, window_s=2 * DAY_S)


@pytest.mark.parametrize(
    ("now_s", "shares"),
    [
        (0, 0),
        (20 * DAY_S - 1, 0),
        (20 * DAY_S, 100),
        (22 * DAY_S, 100),
        (22 * DAY_S + 1, 0),
    ],
)
def test_stake_leaves_in_its_window_alone(now_s, shares):
    assert begun().redeemable(now_s) == shares


def test_nothing_leaves_unannounced():
    assert CoolDown().redeemable(10**9) == 0


def test_what_is_withdrawn_is_no_longer_announced():
    at_s = 20 * DAY_S
    some = begun().redeemed(30, now_s=at_s)
    assert some.redeemable(at_s) == 70
    assert some.redeemed(70, now_s=at_s) == CoolDown()
    with pytest.raises(InvalidInputError, match=r"shares must be in \[0, 70\], was 71"):
        some.redeemed(71, now_s=at_s)
    with pytest.raises(InvalidInputError, match=r"shares must be in \[0, 0\]"):
        begun().redeemed(1, now_s=0)


def test_announced_shares_are_the_last_to_be_given_away():
    waiting = begun()
    assert waiting.transferred(150, now_s=5) == waiting
    assert waiting.transferred(40, now_s=5).amount == 40
    assert waiting.transferred(0, now_s=5) == CoolDown()
    assert waiting.transferred(40, now_s=22 * DAY_S + 1) == waiting  # over, and worth nothing


def test_a_new_announcement_starts_anew():
    assert begun(50, now_s=10 * DAY_S).ends_s == 30 * DAY_S


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: slashable(-1), "assets must be >= 0"),
        (lambda: slashable(1, share_max_bps=10_001), "share_max_bps must be in"),
        (lambda: slashable(1, left_min=-1), "left_min must be >= 0"),
        (lambda: deficit_to_slash(-1), "deficit must be >= 0"),
        (lambda: deficit_to_slash(1, offset=-1), "offset must be >= 0"),
        (lambda: deficit_to_slash(1, pending=-1), "pending must be >= 0"),
        (lambda: slash(-1, []), "deficit must be >= 0"),
        (lambda: begun(0), "balance must be > 0"),
        (lambda: CoolDown.begun(1, now_s=0, cool_down_s=-1, window_s=0), "times must be >= 0"),
    ],
)
def test_what_breaks_a_rule_is_refused(call, rule):
    with pytest.raises(InvalidInputError, match=rule):
        call()
