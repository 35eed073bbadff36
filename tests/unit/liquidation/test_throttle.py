"""Limits on what is in liquidation: exact counters, moved together, and a window of time."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import AuctionLimits, RollingThrottle, Throttle

LIMITS = AuctionLimits(total=Throttle(100), markets={"BTC": Throttle(80), "ETH": Throttle(30)})


def test_a_counter_takes_and_gives_back_to_the_unit():
    taken = Throttle(1000).take("0.1").take("0.2")
    assert taken.used == Decimal("0.3")
    assert taken.room == Decimal("999.7")
    assert taken.release("0.3") == Throttle(1000)


def test_a_counter_takes_what_there_is_room_for_and_more_only_where_told():
    full = Throttle(100).take(100)
    assert full.room == 0
    with pytest.raises(InvalidInputError, match="amount must be <= 0, the room, was 1"):
        full.take(1)
    over = full.take(1, beyond=True)
    assert over.room == -1
    with pytest.raises(InvalidInputError, match="amount must be <= -1, the room, was 0"):
        over.take(0)


def test_no_more_comes_back_than_was_taken():
    with pytest.raises(InvalidInputError, match="amount must be <= 5, what is in use, was 6"):
        Throttle(10, 5).release(6)
    with pytest.raises(InvalidInputError, match="limit must be >= 0, was -1"):
        Throttle(-1)


def test_a_market_has_the_room_that_both_limits_leave():
    assert LIMITS.room("BTC") == 80
    taken = LIMITS.take("BTC", 75)
    assert (taken.room("BTC"), taken.room("ETH")) == (5, 25)
    with pytest.raises(InvalidInputError, match="amount must be <= 25, the room, was 26"):
        taken.take("ETH", 26)
    assert taken.take("ETH", 26, beyond=True).total.room == -1
    assert taken.release("BTC", 75) == LIMITS
    with pytest.raises(InvalidInputError, match="market must be one of BTC, ETH, was 'SOL'"):
        LIMITS.room("SOL")


# Each open target is one entry of the model; what a counter holds is their sum, always.
@given(
    st.lists(
        st.tuples(st.sampled_from(["BTC", "ETH"]), st.decimals(0, 60, places=3), st.booleans()),
        max_size=12,
    )
)
def test_a_counter_is_the_sum_of_what_is_open(moves):
    limits, held = LIMITS, {"BTC": [], "ETH": []}
    for market, amount, take in moves:
        if take and amount <= limits.room(market):
            limits = limits.take(market, amount)
            held[market].append(amount)
        elif not take and held[market]:
            limits = limits.release(market, held[market].pop())
        for name, amounts in held.items():
            assert limits.markets[name].used == sum(amounts, Decimal(0))
        assert limits.total.used == sum(map(sum, held.values()), Decimal(0)) <= 100


def test_a_window_gives_back_what_is_older_than_it():
    window = RollingThrottle(limit=100, window_s=30).take(60, now_s=0).take(40, now_s=10)
    assert [window.room(now_s=s) for s in (10, 29, 30, 39, 40)] == [0, 0, 60, 60, 100]
    assert window.take(60, now_s=30).entries == ((10, 40), (30, 60))
    with pytest.raises(InvalidInputError, match="amount must be <= 0, the room, was 1"):
        window.take(1, now_s=29)
    with pytest.raises(InvalidInputError, match="now_s must be >= 10, was 9"):
        window.room(now_s=9)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 50)), max_size=20))
def test_no_window_holds_more_than_its_limit(moves):
    window, taken, now_s = RollingThrottle(limit=100, window_s=30), [], 0
    for passed_s, wanted in moves:
        now_s += passed_s
        amount = min(wanted, int(window.room(now_s=now_s)))
        window = window.take(amount, now_s=now_s)
        taken.append((now_s, amount))
        within = sum(size for at_s, size in taken if at_s > now_s - 30)
        assert window.used(now_s=now_s) == within <= 100
