"""Tests of costs and payoffs: numbers worked by hand, then the directions of rounding."""

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.core import NANO
from hullmark.domain import Future, Option, Perpetual, Spot
from hullmark.ledger import cost_ceil, payoff_ratio, unit_ratio, value_floor

UNIT = {"USDC": 10**6, "BTC": 10**8}


def linear(build, **terms):
    return build(symbol="L", underlying="BTC", settlement="USDC", **terms)


def inverse(build, **terms):
    return build(symbol="I", underlying="BTC", settlement="BTC", inverse=True, **terms)


def option(build, strike, *, call):
    strike_nano = int(strike * NANO)
    return build(Option, lot_nano=NANO // 10, expiry_ns=0, strike_nano=strike_nano, call=call)


def spot(**terms):
    return Spot(symbol="S", underlying="BTC", settlement="USDC", **terms)


lot_nanos = st.integers(1, 100 * NANO)
prices = st.integers(1, 200_000 * NANO)
lots = st.integers(-(10**6), 10**6)
contracts = st.one_of(
    lot_nanos.map(lambda n: linear(Perpetual, lot_nano=n)),
    lot_nanos.map(lambda n: inverse(Perpetual, lot_nano=n)),
    lot_nanos.map(lambda n: linear(Future, lot_nano=n, expiry_ns=0)),
    lot_nanos.map(lambda n: inverse(Future, lot_nano=n, expiry_ns=0)),
    lot_nanos.map(lambda n: spot(lot_nano=n)),
    st.builds(
        option, st.sampled_from([linear, inverse]), st.integers(1, 10**5), call=st.booleans()
    ),
)


def unit(instrument):
    return UNIT[instrument.settlement]


def exact_value(instrument, size, price_nano):
    return size * Fraction(*unit_ratio(instrument, price_nano, unit(instrument)))


def payoff(instrument, price):
    over, under = payoff_ratio(instrument, int(price * NANO), unit(instrument))
    assert under > 0
    return Fraction(over, under)


# 30 lots of 0.001 BTC at 60 000.10 USDC: 0.03 * 60 000.10 = 1 800.003. Inverse: 30 lots of 10 USD
# are 300 USD; at 60 000 USD that is 0.005 BTC, and buying it takes them off the buyer's debt.
@pytest.mark.parametrize(
    ("instrument", "price", "cost"),
    [
        (linear(Perpetual, lot_nano=10**6), "60000.1", 1_800_003_000),
        (linear(Future, lot_nano=10**6, expiry_ns=0), "60000.1", 1_800_003_000),
        (spot(lot_nano=10**6), "60000.1", 1_800_003_000),
        (inverse(Perpetual, lot_nano=10 * NANO), "60000", -500_000),
        (inverse(Future, lot_nano=10 * NANO, expiry_ns=0), "60000", -500_000),
        (option(linear, 60_000, call=True), "812.5", 2_437_500_000),  # 3 BTC of premium
        (option(inverse, 60_000, call=False), "0.0125", 3_750_000),  # in coins per coin
    ],
)
def test_the_cost_of_thirty_lots_is_what_a_hand_gets(instrument, price, cost):
    price_nano = int(Fraction(price) * NANO)
    assert cost_ceil(instrument, 30, price_nano, unit(instrument)) == cost
    assert value_floor(instrument, 30, price_nano, unit(instrument)) == cost
    assert value_floor(instrument, -30, price_nano, unit(instrument)) == -cost


# Worked by hand, per lot of 0.1 BTC. Linear: 0.1 * (64 000.50 - 60 000) = 400.05 USDC. Inverse:
# 0.1 * 4 000 / 64 000 = 0.006 25 BTC; 0.1 * 10 000 / 50 000 = 0.02 BTC.
@pytest.mark.parametrize(
    ("settlement", "call", "price", "quanta"),
    [
        (linear, True, "64000.50", 400_050_000),
        (linear, True, "60000", 0),
        (linear, True, "59999.999999999", 0),
        (linear, False, "55000", 500_000_000),
        (linear, False, "60000", 0),
        (linear, False, "64000", 0),
        (inverse, True, "64000", 625_000),
        (inverse, True, "60000", 0),
        (inverse, True, "50000", 0),
        (inverse, False, "50000", 2_000_000),
        (inverse, False, "64000", 0),
    ],
)
def test_an_option_pays_what_a_hand_gets(settlement, call, price, quanta):
    assert payoff(option(settlement, 60_000, call=call), Fraction(price)) == quanta


@given(contracts, prices)
def test_a_contract_that_is_no_option_settles_at_its_value(instrument, price_nano):
    if not isinstance(instrument, Option):
        args = (instrument, price_nano, unit(instrument))
        assert payoff_ratio(*args) == unit_ratio(*args)


@pytest.mark.parametrize("settlement", [linear, inverse])
@given(st.integers(1, 10**5), prices)
def test_a_call_less_a_put_is_a_forward(settlement, strike, price_nano):
    price = Fraction(price_nano, NANO)
    call, put = (payoff(option(settlement, strike, call=c), price) for c in (True, False))
    forward = (price - strike) / 10 * UNIT["USDC"]
    if settlement is inverse:
        forward = (price - strike) / price / 10 * UNIT["BTC"]
    assert call - put == forward
    assert min(call, put) == 0


@given(contracts, lots, prices)
def test_the_buyer_pays_less_than_a_quantum_too_much(instrument, size, price_nano):
    args = (instrument, size, price_nano, unit(instrument))
    exact = exact_value(instrument, size, price_nano)
    assert cost_ceil(*args) == math.ceil(exact)
    assert value_floor(*args) == math.floor(exact)
    assert unit_ratio(instrument, price_nano, unit(instrument))[1] > 0


@given(contracts, lots, prices)
def test_what_one_is_worth_long_the_other_owes_short(instrument, size, price_nano):
    args = (price_nano, unit(instrument))
    assert value_floor(instrument, -size, *args) == -cost_ceil(instrument, size, *args)


@given(contracts, st.lists(st.integers(1, 10**6), min_size=1, max_size=8), prices)
def test_buying_in_parts_never_costs_less_and_at_most_a_quantum_each(instrument, parts, price_nano):
    costs = [cost_ceil(instrument, n, price_nano, unit(instrument)) for n in parts]
    whole = cost_ceil(instrument, sum(parts), price_nano, unit(instrument))
    assert 0 <= sum(costs) - whole < len(parts)


@given(contracts, st.integers(1, 10**6), st.lists(prices, min_size=2, max_size=5))
def test_a_higher_price_is_never_cheaper(instrument, size, ladder):
    costs = [cost_ceil(instrument, size, p, unit(instrument)) for p in sorted(ladder)]
    assert all(low <= high for low, high in itertools.pairwise(costs))
