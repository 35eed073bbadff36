"""A delayed price: it never jumps ahead, and what its operator may do."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import DelayedPrice, drop_breaker

told = st.lists(
    st.tuples(st.integers(0, 9_000), st.one_of(st.none(), st.integers(0, 10**9))), max_size=30
)


@given(told)
def test_what_is_current_was_to_be_seen_for_a_slot(steps):
    price, now_s, seen = DelayedPrice(), 3_600, [(None, 0)]
    for passed_s, source in steps:
        now_s += passed_s
        if not price.due(now_s):
            with pytest.raises(InvalidInputError, match="now_s must be >="):
                price.poke(now_s, source)
            continue
        before, price = price, price.poke(now_s, source)
        if source is None:
            assert price == before
            continue
        assert (price.current, price.following) == (before.following, source)
        assert price.at_s % 3_600 == 0
        assert now_s - 3_600 < price.at_s <= now_s
        # The slot in which it was first seen has begun at least one slot before this one.
        assert price.current == seen[-1][0]
        assert price.at_s - seen[-1][1] >= 3_600
        seen.append((source, price.at_s))


def test_a_poke_is_due_when_the_next_slot_begins():
    price = DelayedPrice(hop_s=3_600).poke(7_199, 100)
    assert price.at_s == 3_600
    assert not price.due(7_199)
    assert price.due(7_200)


def test_a_stopped_price_stays_and_a_void_one_is_gone():
    price = DelayedPrice().poke(3_600, 1).poke(7_200, 2)
    assert price.stop().current == 1
    with pytest.raises(InvalidInputError, match="stopped must be False"):
        price.stop().poke(10_800, 3)
    assert price.stop().start() == price
    gone = price.void()
    assert (gone.current, gone.following, gone.stopped) == (None, None, True)
    again = gone.start().poke(10_800, 3)
    assert (again.current, again.following) == (None, Decimal(3))


def test_a_slot_without_length_is_refused():
    with pytest.raises(InvalidInputError, match="hop_s must be > 0, was 0"):
        DelayedPrice(hop_s=0)
    with pytest.raises(InvalidInputError, match="source must be >= 0"):
        DelayedPrice().poke(3_600, -1)


# ClipperMom compares whole wads: half of 3 is 1, and 1 is not below it.
def test_the_breaker_trips_below_its_share():
    assert drop_breaker(100, "59.99", "0.6")
    assert not drop_breaker(100, 60, "0.6")
    assert not drop_breaker(100, 0, 0)
    assert drop_breaker(3, 1, "0.5")
    assert not drop_breaker(3, 1, "0.5", quantum=1)


@pytest.mark.parametrize(
    ("current", "following", "tolerance", "rule"),
    [
        (None, 1, "0.5", "current must be there, was None"),
        (1, None, "0.5", "following must be there, was None"),
        (1, 1, "1.01", "tolerance must be in"),
        (1, -1, "0.5", "following must be >= 0"),
    ],
)
def test_a_breaker_needs_both_prices(current, following, tolerance, rule):
    with pytest.raises(InvalidInputError, match=rule):
        drop_breaker(current, following, tolerance)
