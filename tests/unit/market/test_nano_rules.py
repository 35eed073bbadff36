"""Rules in whole nanos: golden numbers, and how far they are from the exact rules."""

from decimal import ROUND_CEILING, Context, Decimal, Inexact, Underflow, localcontext

import msgspec
import pytest
from hypothesis import given, strategies as st

from hullmark.core import NANO, SECOND_NS
from hullmark.domain import StableMemory
from hullmark.market import (
    StableParameters,
    StablePrice,
    ema,
    growth_cap_nano,
    limited_move,
    max_ratio,
    price_of_tick,
    redemption_aware,
    tick_of,
)
from hullmark.market._nano_rules import (
    ema_nano,
    limited_nano,
    nano_of_tick,
    redemption_nano,
    stable_moved,
    tick_of_nano,
)
from hullmark.market._policy_parts import GrowthTerms, RedemptionTerms, StableTerms

YEAR_NS = 365 * 86_400 * SECOND_NS  # of growth caps

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


# --- pairs: the rule in nanos and the exact one ---------------------------------------------------


def nanos(price: int) -> Decimal:
    return Decimal(price).scaleb(-9)


# Both are rounded once: down to a nano, and to 60 digits. The other 40 digits of the nano form are
# 1e-20 of a nano, so that only an average that near to a whole nano could come out on its other
# side.
@given(prices, prices, st.integers(0, 10**13), st.integers(1, 10**13))
def test_an_average_is_the_exact_one_rounded_down(old, new, elapsed_ns, half_life_ns):
    found = ema_nano(old, new, elapsed_ns=elapsed_ns, half_life_ns=half_life_ns)
    exact = ema(old, new, elapsed=elapsed_ns, half_life=half_life_ns)
    with localcontext(prec=60):
        assert -Decimal("1e-18") < exact - found < 1 + Decimal("1e-18")
    assert ema_nano(old, old, elapsed_ns=elapsed_ns, half_life_ns=half_life_ns) == old


# The way that it may go is rounded down, so it is short by less than a nano and never too far.
@given(prices, prices, st.integers(0, 10**12), st.integers(1, NANO))
def test_a_limited_move_is_short_of_the_exact_one_by_less_than_a_nano(last, wanted, ns, share):
    found = limited_nano(last, wanted, share_nano_max_per_minute=share, elapsed_ns=ns)
    with localcontext(prec=60):
        exact = limited_move(last, wanted, share_max_per_minute=nanos(share), elapsed_s=nanos(ns))
        short = abs(exact - last) - abs(found - last)
        assert -Decimal("1e-30") < short < 1


# Nothing is divided: the two are equal.
@given(prices, prices | st.none(), st.integers(1, NANO))
def test_a_redemption_is_the_exact_one(market, said, share):
    terms = RedemptionTerms(source="issuer", deviation_nano_max=share)
    exact = redemption_aware(market, said, deviation_max=nanos(share))
    assert redemption_nano(market, said, terms) == exact
    if said is not None:  # at the edge of the band too
        edge = said + said * share // NANO
        exact = redemption_aware(edge, said, deviation_max=nanos(share))
        assert redemption_nano(edge, said, terms) == exact


# A tick is whole, and of all prices in nanos only 1, 1.0001 and 1.0001 ** 2 lie on one: equal.
@given(prices | st.sampled_from((NANO, 1_000_100_000, 1_000_200_010)))
def test_a_tick_is_the_exact_one_and_its_price_is_rounded_down(price):
    tick = tick_of_nano(price)
    assert tick == tick_of(nanos(price))
    assert nano_of_tick(tick) == max(int(price_of_tick(tick, digits=60) * NANO), 1)


# The cap is the exact growth rounded down. The rule's growth a second is short by less than a
# millionth of a unit, times the seconds, and is rounded down again.
@given(prices, st.integers(0, 9_999), st.integers(0, 10**9), st.integers(0, 10**8))
def test_a_growth_cap_is_above_the_original_by_what_that_drops_a_second(ratio, bps, at_s, ran_s):
    terms = GrowthTerms(snapshot_nano=ratio, at_ns=at_s * NANO, per_year_nano=bps * NANO // 10**4)
    found = growth_cap_nano(terms, (at_s + ran_s) * NANO)
    original = max_ratio(ratio, at_s, bps, at_s + ran_s)
    assert 0 <= (found - original) * 10**6 < ran_s + 10**6


# A step: the mean of an interval and how far it may go are rounded down, so the delayed price is
# off by less than a nano. The stable price goes by 0.0003 * 600 * f ** 2 of itself at most, with
# f <= 1 the ratio of both: off by less than 2 * 0.18 of that nano, and by the rounding of its own.
@given(
    st.lists(st.tuples(st.integers(0, 10**5), st.integers(10**6, 10**15)), min_size=1, max_size=30),
    st.integers(0, 10**9),
)
def test_a_step_of_a_stable_price_is_the_exact_one_within_two_roundings(steps, at_s):
    terms, parameters = StableTerms(), StableParameters()
    memory = stable_moved(None, terms, 10**12, at_s * NANO)
    for wait_s, price in steps:
        at_s += wait_s
        exact = StablePrice(
            stable=nanos(memory.stable_nano),
            updated_s=memory.updated_s,
            delays=tuple(nanos(each) for each in memory.delay_nano),
            accumulated=nanos(int(memory.accumulated)),
            accumulated_s=memory.accumulated_s,
            interval=memory.interval,
        ).updated(at_s, nanos(price), parameters)
        memory = stable_moved(memory, terms, price, at_s * NANO)
        assert (memory.updated_s, memory.interval) == (exact.updated_s, exact.interval)
        assert abs(nanos(memory.stable_nano) - exact.stable) < Decimal("1.36e-9")
        for found, other in zip(memory.delay_nano, exact.delays, strict=True):
            assert abs(nanos(found) - other) < Decimal("1e-9")
        assert nanos(int(memory.accumulated)) == exact.accumulated


# --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "context",
    [
        Context(prec=5, Emax=3, Emin=-3),
        Context(rounding=ROUND_CEILING),
        Context(traps=[Inexact, Underflow]),
    ],
)
def test_no_rule_depends_on_the_context_of_its_caller(context):
    def asked():
        return (
            ema_nano(10**9, 2, elapsed_ns=10**13, half_life_ns=1),
            ema_nano(10**18, 7, elapsed_ns=10, half_life_ns=7),
            tick_of_nano(3 * 10**15),
            nano_of_tick(123_456),
        )

    expected = asked()
    with localcontext(context):
        assert asked() == expected
