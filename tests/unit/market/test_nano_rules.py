"""Rules in whole nanos: golden numbers, and that results are rounded down."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, strategies as st

from hullmark.core import NANO, YEAR_NS
from hullmark.domain import StableMemory
from hullmark.market import growth_cap_nano
from hullmark.market._nano_rules import (
    ema_nano,
    limited_nano,
    nano_of_tick,
    stable_moved,
    tick_of_nano,
)
from hullmark.market._policy_parts import GrowthTerms, StableTerms

prices = st.integers(1, 2**62)


@given(prices, prices, st.integers(0, 10**13), st.integers(1, 10**13))
def test_an_average_lies_between_what_was_and_what_is(old, new, elapsed_ns, half_life_ns):
    found = ema_nano(old, new, elapsed_ns=elapsed_ns, half_life_ns=half_life_ns)
    assert min(old, new) <= found <= max(old, new)
    assert (
        ema_nano(old, new, elapsed_ns=half_life_ns, half_life_ns=half_life_ns) == (old + new) // 2
    )


@given(prices, prices, st.integers(0, 10**12), st.integers(1, NANO))
def test_a_limited_move_never_passes_its_aim_nor_its_limit(last, wanted, elapsed_ns, share):
    found = limited_nano(last, wanted, share_nano_max_per_minute=share, elapsed_ns=elapsed_ns)
    assert min(last, wanted) <= found <= max(last, wanted)
    assert abs(found - last) * 60 * NANO * NANO <= last * share * elapsed_ns


def test_a_cap_grows_by_the_year_from_its_snapshot():
    terms = GrowthTerms(snapshot_nano=11 * NANO // 10, at_ns=5, per_year_nano=NANO // 10)
    assert growth_cap_nano(terms, 0) == growth_cap_nano(terms, 5) == 11 * NANO // 10
    assert growth_cap_nano(terms, 5 + YEAR_NS) == 121 * NANO // 100


# Uniswap v3: a price of 5000 lies at tick 85176 (Uniswap v3 Development Book, "Calculating
# liquidity"); 1.0001 is the ratio of two neighbours.
def test_a_tick_is_the_power_at_or_below_a_price():
    assert tick_of_nano(5_000 * NANO) == 85176
    assert (tick_of_nano(NANO), tick_of_nano(NANO - 1)) == (0, -1)
    assert nano_of_tick(0) == NANO


@given(prices)
def test_a_price_lies_between_its_tick_and_the_next(price):
    tick = tick_of_nano(price)
    base = Decimal("1.0001")
    assert base**tick * NANO <= price * (1 + Decimal("1e-20"))
    assert base ** (tick + 1) * NANO > price * (1 - Decimal("1e-20"))
    assert nano_of_tick(tick) <= price


# Mango v4, programs/mango-v4/src/state/stable_price.rs, test_stable_price_10x, 2023.
def test_a_stable_price_follows_ten_times_the_price_as_mangos_does():
    terms, at_s = StableTerms(), 0
    memory = stable_moved(None, terms, NANO, 0)
    found = []
    for step_s, steps in ((60, 60), (10, 360), (300, 12 * 23)):
        for _ in range(steps):
            at_s += step_s
            memory = stable_moved(memory, terms, 10 * NANO, at_s * NANO)
        found.append((round(memory.stable_nano / NANO, 1), memory.interval))
    assert found == [(1.8, 1), (2.3, 2), (7.4, 1)]
    assert memory.delay_nano[0] > memory.delay_nano[23] > memory.delay_nano[22]
    assert memory.delay_nano[1] < min(memory.delay_nano[0], memory.delay_nano[2])


def test_a_spike_held_for_ten_minutes_moves_a_stable_price_by_a_sixth():
    memory = stable_moved(None, StableTerms(), NANO, 0)
    for at_s in range(60, 601, 60):
        memory = stable_moved(memory, StableTerms(), 24 * NANO, at_s * NANO)
    assert memory.stable_nano / NANO == pytest.approx(1.165, abs=0.005)


@given(st.lists(st.tuples(st.integers(0, 10**5), st.integers(1, 10**6)), max_size=40))
def test_a_stable_price_moves_by_no_more_than_its_growth_and_stays_above_zero(steps):
    terms, at_s = StableTerms(), 0
    memory = stable_moved(None, terms, 50 * NANO, 0)
    for wait_s, usd in steps:
        at_s += wait_s
        moved = stable_moved(memory, terms, usd * NANO, at_s * NANO)
        most = memory.stable_nano * 300_000 * min(wait_s, 600) // NANO
        assert moved.stable_nano > 0
        assert abs(moved.stable_nano - memory.stable_nano) <= max(most, 1)
        memory = moved


def test_a_stable_price_is_written_alike_when_it_was_read():
    memory = stable_moved(None, StableTerms(), NANO, 0)
    for at_s in (0, 60, 3_600):  # begun, moved, and after an interval: nothing is accumulated yet
        memory = stable_moved(memory, StableTerms(), 2 * NANO, at_s * NANO)
        written = msgspec.json.encode(memory)
        assert msgspec.json.encode(msgspec.json.decode(written, type=StableMemory)) == written
