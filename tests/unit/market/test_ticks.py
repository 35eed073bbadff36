"""Ticks: equal to the original in every digit, and what a short spike does to their mean."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import (
    TICK_MAX,
    TickAccumulator,
    geometric_mean,
    mean_tick,
    price_of_tick,
    quote_at_tick,
    sqrt_ratio_x96,
    tick_at_sqrt_ratio,
    tick_of,
)
from hullmark.market._ticks import _FACTORS

ticks = st.integers(-TICK_MAX, TICK_MAX)


# Uniswap v3-core, test/TickMath.spec.ts, 2021.
@pytest.mark.parametrize(
    ("tick", "ratio"),
    [
        (-887272, 4295128739),
        (-887271, 4295343490),
        (0, 2**96),
        (887271, 1461373636630004318706518188784493106690254656249),
        (887272, 1461446703485210103287273052203988822378723970342),
    ],
)
def test_a_ratio_is_the_one_of_the_original(tick, ratio):
    assert sqrt_ratio_x96(tick) == ratio


# The first and last factor in Uniswap v3-core, contracts/libraries/TickMath.sol, 2021.
def test_the_factors_are_those_of_the_original():
    assert len(_FACTORS) == 20
    assert _FACTORS[0] == 0xFFFCB933BD6FAD37AA2D162D1A594001
    assert _FACTORS[-1] == 0x48A170391F7DC42444E8FA2


@given(ticks)
@settings(max_examples=200)
def test_a_ratio_is_the_root_of_the_price(tick):
    root = Fraction(sqrt_ratio_x96(tick), 2**96)
    exact = Fraction(price_of_tick(tick, digits=60))
    # Twenty products drop a unit of 128 bits each, of what is below one; the root is rounded once.
    dropped = 22 * max(root, 1 / root) / 2**128 + Fraction(1, sqrt_ratio_x96(tick))
    assert abs(root * root / exact - 1) < 3 * dropped


@given(st.integers(-TICK_MAX, TICK_MAX - 1))
@settings(max_examples=50)
def test_the_tick_of_a_ratio_is_the_last_at_or_below_it(tick):
    assert tick_at_sqrt_ratio(sqrt_ratio_x96(tick)) == tick
    assert tick_at_sqrt_ratio(sqrt_ratio_x96(tick + 1) - 1) == tick


@given(st.decimals("1e-30", "1e30", allow_nan=False, places=40).filter(lambda p: p > 0))
@settings(max_examples=100)
def test_a_price_lies_between_its_tick_and_the_next(price):
    tick = tick_of(price)
    assert price_of_tick(tick, 90) <= price < price_of_tick(tick + 1, 90)


@pytest.mark.parametrize("tick", [1, 12, 25, 60])
def test_a_price_on_its_tick_belongs_to_it(tick):
    exact = str(10_001**tick)
    price = f"{exact[:1]}.{exact[1:]}"
    assert tick_of(price) == tick
    assert tick_of(f"{price[:-1]}{int(price[-1]) - 1}9") == tick - 1


# Uniswap v3 Development Book, "Calculating liquidity": 5000 lies at tick 85176.
def test_a_price_of_five_thousand_lies_where_the_book_says():
    assert tick_of(5000) == 85176


# Uniswap v3-periphery, test/OracleLibrary.spec.ts, 2021; the last two run over 56 bits.
@pytest.mark.parametrize(
    ("then", "now", "seconds", "mean"),
    [
        (12, 12, 3, 0),
        (7, 12, 3, 1),
        (-7, -12, 3, -2),
        (-10, -12, 4, -1),
        (-100, 36028797018963967, 4, 24),
        (100, -36028797018963967, 4, -25),
    ],
)
def test_a_mean_is_rounded_to_minus_infinity(then, now, seconds, mean):
    assert mean_tick(then, now, seconds) == mean


# Uniswap v3-periphery, test/OracleLibrary.spec.ts, 2021.
@pytest.mark.parametrize(
    ("tick", "base_is_token0", "quote"),
    [
        (-887272, True, 1),
        (
            -887272,
            False,
            115783384738768196242144082653949453838306988932806144552194799290216044976282,
        ),
        (
            887272,
            True,
            115783384785599357996676985412062652720342362943929506828539444553934033845703,
        ),
        (887272, False, 1),
    ],
)
def test_a_quote_is_the_one_of_the_original(tick, base_is_token0, quote):
    assert quote_at_tick(tick, 2**128 - 1, base_is_token0=base_is_token0) == quote


def test_what_is_out_of_range_is_refused():
    for call in (
        lambda: sqrt_ratio_x96(TICK_MAX + 1),
        lambda: price_of_tick(-TICK_MAX - 1),
        lambda: tick_of("1e39"),
        lambda: tick_of(0),
        lambda: tick_at_sqrt_ratio(4295128738),
        lambda: tick_at_sqrt_ratio(sqrt_ratio_x96(TICK_MAX)),
        lambda: mean_tick(0, 1, 0),
        lambda: quote_at_tick(0, -1, base_is_token0=True),
        lambda: TickAccumulator.at(0, 0, cardinality=0),
        lambda: TickAccumulator.at(5, 0).observed(4, 1),
        lambda: TickAccumulator.at(5, 0).cumulative_at(4),
        lambda: geometric_mean([(1, 1)], 10, 10),
        lambda: geometric_mean([(0, 1)], 10, 0),
        lambda: geometric_mean([(0, 1), (11, 1)], 10, 10),
        lambda: geometric_mean([], 10, 10),
    ):
        with pytest.raises(InvalidInputError, match=r"must be .*, was"):
            call()


steps = st.lists(st.tuples(st.integers(0, 50), st.integers(-500, 500)), min_size=1, max_size=12)


@given(steps, st.data())
def test_an_accumulator_sums_what_held_second_by_second(path, data):
    book, by_second, tick, now_s = TickAccumulator.at(0, 7), [], 7, 0
    for passed_s, after in path:
        by_second += [tick] * passed_s
        now_s, tick = now_s + passed_s, after
        book = book.observed(now_s, tick)
    by_second += [tick] * 10
    at_s = data.draw(st.integers(0, now_s + 10))
    assert book.cumulative_at(at_s) == sum(by_second[:at_s])
    if at_s:
        mean = sum(by_second[-at_s:]) // at_s
        assert book.mean(seconds=at_s, now_s=now_s + 10) == mean


def test_between_observations_the_slope_is_cut_to_whole_ticks():
    book = TickAccumulator(0, ((0, 0), (3, -7)))
    assert [book.cumulative_at(n) for n in range(5)] == [0, -2, -4, -7, -7]


def test_only_so_many_observations_are_kept():
    book = TickAccumulator.at(0, 1, cardinality=2).observed(1, 1).observed(2, 1)
    assert book.observations == ((1, 1), (2, 2))


# 10 ** (12 / 1800) = 1.01546899...
def test_twelve_seconds_of_ten_times_move_half_an_hour_by_a_percent_and_a_half():
    mean = geometric_mean([(0, 100), (900, 1000), (912, 100)], 1800, 1800)
    assert mean.quantize(Decimal("0.0001")) == Decimal("101.5469")
    book = TickAccumulator.at(0, 0).observed(900, tick_of(10)).observed(912, 0)
    ticked = price_of_tick(book.mean(seconds=1800, now_s=1800))
    assert Decimal("1.0153") < ticked <= Decimal("1.0155")


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 10**9)), min_size=1, max_size=8))
def test_a_geometric_mean_lies_among_its_prices(path):
    points, now_s = [], 0
    for held_s, price in path:
        points.append((now_s, price))
        now_s += held_s
    mean = geometric_mean(points, now_s, now_s)
    said = [price for _, price in path]
    assert min(said) * (1 - Decimal("1e-25")) <= mean <= max(said) * (1 + Decimal("1e-25"))


@pytest.mark.parametrize("digits", [-1, 0, 1_001, 10**40])
def test_a_price_has_a_number_of_digits_that_anyone_can_use(digits):
    with pytest.raises(InvalidInputError, match=rf"digits must be in \[1, 1000\], was {digits}"):
        price_of_tick(3, digits=digits)
