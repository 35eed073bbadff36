"""The stable price: the original's own tests, a twin in floats, and how far a spike gets."""

from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import StableParameters, StablePrice


def run(state, start_s, step_s, steps, price, parameters=None):
    parameters = parameters or StableParameters()
    for n in range(1, steps + 1):
        said = price(start_s + n * step_s) if callable(price) else price
        state = state.updated(start_s + n * step_s, said, parameters)
    return state


# Mango v4, stable_price.rs, test_stable_price_10x, 2023: within 0.1 and 0.01 there.
def test_ten_times_the_price_is_followed_as_in_the_original():
    state = run(StablePrice.at(1, 0), 0, 60, 60, 10)
    assert abs(state.stable - Decimal("1.8")) < Decimal("0.1")
    assert state.delays == (Decimal("1.06"), *[Decimal(1)] * 23)
    assert (state.interval, state.accumulated, state.accumulated_s) == (1, 0, 0)
    state = run(state, 3_600, 10, 360, 10)
    assert abs(state.stable - Decimal("2.3")) < Decimal("0.1")
    assert state.delays == (Decimal("1.06"), Decimal("1.1236"), *[Decimal(1)] * 22)
    state = run(state, 7_200, 300, 12 * 23, 10)
    assert abs(state.stable - Decimal("7.4")) < Decimal("0.1")
    assert state.delays[1] < state.delays[2] < state.delays[23] < state.delays[0]
    assert state.interval == 1


# Mango v4, stable_price.rs, test_stable_price_average, 2023.
def test_a_delayed_price_is_the_mean_of_its_interval():
    free = StableParameters(delay_growth_max=Decimal(10))
    state = run(StablePrice.at(1, 0), 0, 60, 60, lambda at_s: 2 if at_s > 1_800 else 1, free)
    assert abs(state.delays[0] - Decimal("1.5")) < Decimal("0.01")


# Twenty-four times the price: 18 percent in one long step, less in many; no more than exp(0.18).
@pytest.mark.parametrize(("step_s", "reached"), [(600, "1.180"), (60, "1.167"), (10, "1.166")])
def test_a_spike_of_ten_minutes_moves_it_by_less_than_a_fifth(step_s, reached):
    state = run(StablePrice.at(1, 0), 0, step_s, 600 // step_s, 24)
    assert state.stable.quantize(Decimal("0.001")) == Decimal(reached)
    assert state.stable < Decimal("0.18").exp()


walks = st.lists(
    st.tuples(st.sampled_from([1, 9, 10, 60, 599, 601, 3_600, 90_000]), st.integers(0, 10**4)),
    max_size=25,
)


# A twin in lists and loops, as plain as can be.
def followed(state, interval, walk, begin_s):
    stable, delays, total, seconds, last_s, now_s = state, [state] * 24, 0.0, 0, begin_s, begin_s
    for passed_s, price in walk:
        now_s += passed_s
        gone_s = now_s - last_s
        if gone_s < 10:
            continue
        last_s, counted_s = now_s, min(gone_s, 600)
        total, seconds = total + price * counted_s, seconds + gone_s
        found = now_s // 3_600 % 24
        if found != interval:
            before = delays[interval - 1]
            closed = min(max(total / seconds, before * 0.94), before * 1.06)
            if gone_s > 24 * 3_600:
                delays = [closed] * 24
            place = interval
            while place != found:
                delays[place], place = closed, (place + 1) % 24
            total, seconds, interval = 0.0, 0, found
        near, far = sorted((stable, delays[interval]))
        most = 0.0003 * (near / far) ** 2 * counted_s
        stable = min(max(price, stable * (1 - most)), stable * (1 + most))
    return stable, delays


@given(walks, st.integers(0, 10**6))
@settings(max_examples=150)
def test_it_follows_a_plain_twin(walk, begin_s):
    state, now_s = StablePrice.at(100, begin_s), begin_s
    for passed_s, price in walk:
        now_s += passed_s
        before, state = state, state.updated(now_s, price)
        assert abs(state.stable - before.stable) <= before.stable * Decimal("0.18")
    stable, delays = followed(100.0, 0, walk, begin_s)
    assert float(state.stable) == pytest.approx(stable, rel=1e-9)
    assert [float(d) for d in state.delays] == pytest.approx(delays, rel=1e-9)


def test_assets_count_low_and_debts_high():
    state = StablePrice.at(100, 0)
    assert state.strict(90) == (90, 100)
    assert state.strict(110) == (100, 110)


def test_what_makes_no_stable_price_is_refused():
    for call in (
        lambda: StablePrice.at(0, 0),
        lambda: StablePrice.at(1, 0).updated(60, -1),
        lambda: StableParameters(delay_interval_s=0),
        lambda: StableParameters(stable_growth_max=Decimal(-1)),
    ):
        with pytest.raises(InvalidInputError, match=", was"):
            call()
