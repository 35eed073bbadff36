"""Marks: what counts in a book, the median of three, and the limits on a move."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import (
    Level,
    basis_ema,
    book_mid,
    ema_cap,
    index_clamp,
    limited_move,
    mark_price,
)

ASKED = {"depth_min": 500, "age_s_min": 10, "now_s": 100}


def test_young_orders_and_those_of_an_ignored_owner_do_not_count():
    bids = [Level(99, 10, 0), Level("99.9", 10, 91), Level("99.8", 10, 0, "maker")]
    asks = [Level(101, 10, 90), Level("100.1", 10, 95)]
    assert book_mid(bids, asks, ignored={"maker"}, **ASKED) == 100
    assert book_mid(bids, asks, **ASKED) == Decimal("100.4")


# 300 at 100 and 200 at 40: 500 of notional over 3 + 5 units.
def test_a_side_is_what_its_depth_costs_on_average():
    bids = [Level(40, 9, 0), Level(100, 3, 0)]
    assert book_mid(bids, [Level(110, 9, 0)], **ASKED) == (Decimal("62.5") + 110) / 2


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ([], [Level(101, 10, 0)]),
        ([Level(99, 5, 0)], [Level(101, 10, 0)]),
        ([Level(102, 10, 0)], [Level(101, 10, 0)]),
    ],
)
def test_a_thin_or_crossed_book_has_no_middle(bids, asks):
    assert book_mid(bids, asks, **ASKED) is None


def test_a_basis_begins_where_it_is_and_is_forgotten_by_half():
    assert basis_ema(None, 103, 100, elapsed=0, half_life=60) == 3
    assert basis_ema(3, 101, 100, elapsed=60, half_life=60) == 2


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=2), st.integers(1, 10**9))
def test_one_part_of_three_moves_a_mark_no_further_than_the_others(sound, wild):
    for place in range(3):
        parts = [*sound[:place], wild, *sound[place:]]
        assert min(sound) <= mark_price(*parts) <= max(sound)


def test_a_mark_needs_its_count():
    assert mark_price(100, None, 102) == 101
    assert mark_price(100, None, None) is None
    assert mark_price(100, None, None, count_min=1) == 100
    assert mark_price(100, None, 102, count_min=3) is None
    with pytest.raises(InvalidInputError, match="count_min must be in"):
        mark_price(1, 2, 3, count_min=0)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 600))
def test_a_limited_move_stays_within_its_share(last, wanted, elapsed_s):
    found = limited_move(last, wanted, share_max_per_minute="0.05", elapsed_s=elapsed_s)
    assert abs(found - last) * 1200 <= last * elapsed_s + Decimal("1e-40")
    assert min(last, wanted) <= found <= max(last, wanted)


def test_caps_and_clamps_hold_at_their_ends():
    assert [ema_cap(n, 10, 10) for n in (99, 100, 101)] == [99, 100, 100]
    assert [index_clamp(n, 100, "0.1") for n in (80, 90, 110, 111)] == [90, 90, 110, 110]
