"""How much an order may close: each rule alone, all together, and their bounds."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import DocumentError, InvalidInputError
from hullmark.liquidation import (
    SizeRules,
    floored_to_step,
    next_step,
    raised_to_step,
    ramped_share,
    takeover_due,
)

USD, SECOND = 10**9, 10**9
HYPERLIQUID = {"share": "0.2", "whole_below_usd": "100000", "whole_s": "30"}


def rules(**keys):
    return SizeRules.parse(keys)


def test_without_a_rule_everything_may_be_closed():
    assert SizeRules().lots_max(-7, USD, now_ns=0) == 7
    assert SizeRules().lots_max(0, USD, now_ns=0) == 0
    assert SizeRules().block(10**12) is None


def test_a_share_is_rounded_down_and_is_one_lot_at_least():
    assert rules(share="0.3").lots_max(9, USD, now_ns=0) == 2
    assert rules(share="0.3").lots_max(-1, USD, now_ns=0) == 1
    assert rules(share="0.3").lots_max(0, USD, now_ns=0) == 0


def test_a_least_notional_lifts_a_share_but_not_over_the_position():
    sized = rules(share="0.1", notional_min_usd="1000")
    assert sized.lots_max(5_000, USD, now_ns=0) == 1_000
    assert sized.lots_max(50_000, USD, now_ns=0) == 5_000
    assert sized.lots_max(600, USD, now_ns=0) == 600


# Hyperliquid, "Liquidations": of positions above 100,000 USDC 20 percent are sent; in the 30
# seconds after that all orders of the account are for whole positions.
def test_a_large_position_goes_in_part_first_and_whole_in_the_time_after():
    sized = rules(**HYPERLIQUID)
    assert sized.lots_max(100_000, USD, now_ns=0) == 100_000
    assert sized.lots_max(100_001, USD, now_ns=0) == 20_000
    assert sized.lots_max(400_000, USD, now_ns=30 * SECOND - 1, part_ns=0) == 400_000
    assert sized.lots_max(400_000, USD, now_ns=30 * SECOND, part_ns=0) == 80_000


def test_a_cool_down_lets_nothing_through_and_then_everything():
    sized = rules(share="0.2", cooldown_s="30")
    assert sized.lots_max(100, USD, now_ns=0) == 20
    assert sized.lots_max(80, USD, now_ns=30 * SECOND - 1, part_ns=0) == 0
    assert sized.lots_max(80, USD, now_ns=30 * SECOND, part_ns=0) == 80


# Drift: a tenth at once, everything 150 slots of 0.4 seconds later, and small ones whole.
def test_a_share_grows_with_the_time_since_the_liquidation_began():
    sized = rules(share="0.1", ramp_s="60", whole_below_usd="50", shortage_below_usd="50")
    assert sized.lots_max(1_000, USD, now_ns=0) == 100
    assert sized.lots_max(1_000, USD, now_ns=0, elapsed_ns=30 * SECOND) == 600
    assert sized.lots_max(1_000, USD, now_ns=0, elapsed_ns=54 * SECOND) == 1_000
    assert sized.lots_max(50, USD, now_ns=0) == 50
    assert sized.lots_max(1_000, USD, now_ns=0, shortage_nano=50 * USD - 1) == 1_000
    assert sized.lots_max(1_000, USD, now_ns=0, shortage_nano=50 * USD) == 100


def test_caps_count_what_was_closed_in_the_block():
    sized = rules(account_max_usd="100", market_max_usd="150", block_s="2")
    assert sized.lots_max(500, USD, now_ns=0) == 100
    assert sized.lots_max(500, USD, now_ns=0, account_used_nano=70 * USD) == 30
    assert sized.lots_max(500, USD, now_ns=0, market_used_nano=140 * USD) == 10
    assert sized.lots_max(500, USD, now_ns=0, market_used_nano=150 * USD) == 0
    assert sized.lots_max(500, USD, now_ns=0, account_used_nano=101 * USD) == 0
    assert (sized.block(2 * SECOND - 1), sized.block(2 * SECOND)) == (0, 1)


def test_a_cap_that_nothing_has_used_lets_one_lot_through():
    sized = rules(account_max_usd="100", block_s="1")
    assert sized.lots_max(5, 101 * USD, now_ns=0) == 1
    assert sized.lots_max(5, 101 * USD, now_ns=0, account_used_nano=1) == 0


@given(
    st.integers(-(10**6), 10**6),
    st.integers(1, 10**12),
    st.integers(1, 10**9),
    st.integers(1, 10**15),
    st.integers(0, 10**15),
    st.integers(0, 10**11),
    st.integers(0, 10**11),
)
def test_an_order_is_inside_position_and_cap_and_never_shrinks_with_time(
    lots, lot, share, cap, used, early, later
):
    sized = SizeRules(share_nano=share, ramp_ns=60 * SECOND, account_max_nano=cap, block_ns=1)

    def at(elapsed_ns):
        return sized.lots_max(lots, lot, now_ns=0, elapsed_ns=elapsed_ns, account_used_nano=used)

    first, second = at(early), at(early + later)
    assert 0 <= first <= second <= abs(lots)
    assert second * lot <= max(cap - used, 0) or (second == 1 and used == 0)


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ({"share": "0"}, r"share must be in \(0, 1\], was '0'"),
        ({"share": "1.1"}, r"share must be in \(0, 1\]"),
        ({"ramp_s": "60"}, "^ramp_s must come with a share, was alone$"),
        ({"whole_below_usd": "60"}, "^whole_below_usd must come with a share, was alone$"),
        ({"share": "0.2", "cooldown_s": "1", "whole_s": "1"}, "cooldown_s must come without"),
        (
            {"block_s": "1"},
            "^block_s must come with account_max_usd or market_max_usd, was alone$",
        ),
        ({"account_max_usd": "1"}, "^account_max_usd must come with block_s, was alone$"),
        ({"market_max_usd": "1"}, "^market_max_usd must come with block_s, was alone$"),
        ({"account_max_usd": "0", "block_s": "1"}, "account_max_usd must be > 0"),
        ({"portion": "0.1"}, "unknown key 'portion'"),
    ],
)
def test_a_table_of_sizes_that_does_not_hold_together_is_refused(keys, rule):
    with pytest.raises(DocumentError, match=rule):
        SizeRules.parse(keys)


def test_sizes_must_stand_in_a_table_and_be_decimals():
    with pytest.raises(DocumentError, match="must stand in a table"):
        SizeRules.parse(["share"])
    with pytest.raises(InvalidInputError, match="share must be a decimal string"):
        SizeRules.parse({"share": 0.2})
    with pytest.raises(DocumentError, match="share_nano must be <="):
        SizeRules(share_nano=10**9 + 1)
    with pytest.raises(DocumentError, match="ramp_ns must be > 0"):
        SizeRules(ramp_ns=0)


def test_a_lot_must_be_worth_something():
    with pytest.raises(InvalidInputError, match="lot_nano must be > 0"):
        SizeRules().lots_max(1, 0, now_ns=0)


def test_a_ramped_share_stops_at_everything():
    assert ramped_share("0.1", elapsed=0, ramp=150) == Decimal("0.1")
    assert ramped_share("0.1", elapsed=135, ramp=150) == 1
    assert ramped_share("0.1", elapsed=10**6, ramp=150) == 1
    with pytest.raises(InvalidInputError, match="ramp must be > 0"):
        ramped_share("0.1", elapsed=0, ramp=0)


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_steps_bracket_a_size(size, step):
    low, high = floored_to_step(size, step), raised_to_step(size, step)
    assert low <= size <= high < low + 2 * step
    assert low % step == high % step == 0


@given(st.integers(1, 10**6), st.integers(1, 100), st.integers(1, 1_000))
def test_equal_steps_close_a_position_in_as_many_as_the_share_says(begun, percent, step):
    left, taken = begun, 0
    while left:
        left -= next_step(left, begun, share=Decimal(percent) / 100, step=step)
        taken += 1
    assert taken <= -(-100 // percent)


def test_steps_of_nothing_and_of_more_than_there_is_are_refused():
    with pytest.raises(InvalidInputError, match="step must be > 0"):
        floored_to_step(1, 0)
    with pytest.raises(InvalidInputError, match="size must be >= 0"):
        raised_to_step(-1, 1)
    with pytest.raises(InvalidInputError, match="share must be > 0"):
        next_step(1, 1, share=0)
    with pytest.raises(InvalidInputError, match=r"left must be in \[0, 1\]"):
        next_step(2, 1, share=1)


def test_the_backstop_comes_below_two_thirds_of_the_margin():
    assert not takeover_due(200, 300)
    assert takeover_due(199, 300)
    assert takeover_due(-1, 0)
    with pytest.raises(InvalidInputError, match="the fraction must be > 0"):
        takeover_due(1, 1, numerator=0)


def test_what_a_least_notional_and_a_ramp_come_to_is_rounded_down():
    """At 300 a lot 1000 are three of them; a third of a ramp is no more than 0.333333333."""
    assert rules(share="0.1", notional_min_usd="1000").lots_max(20, 300 * USD, now_ns=0) == 3
    ramped = rules(share="0.1", ramp_s="30")
    held = 10**9
    assert ramped.lots_max(held, 1, now_ns=0, elapsed_ns=10 * SECOND) == 433_333_333


def test_all_of_a_position_is_a_share():
    assert rules(share="1").lots_max(7, USD, now_ns=0) == 7
