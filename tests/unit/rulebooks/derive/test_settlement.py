"""Tests of Derive's option settlement: published numbers, a path of spot, and parity."""

import runpy
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.derive import (
    SETTLEMENT_SECONDS,
    UNIT,
    ForwardParts,
    expired_value,
    forward_parts_floor,
    payoff_trunc,
    settlement_price_floor,
    settlement_value,
)

REFERENCE = Path(__file__).parents[3] / "reference" / "derive_rules.py"
slow = SimpleNamespace(**runpy.run_path(str(REFERENCE)))

prices = st.integers(0, 10**24)
paid = st.integers(1, 10**24)
sizes = st.integers(-(10**24), 10**24)
START = 10**30
EXPIRY = 1_700_000_000


def usd(amount):
    return amount * UNIT


# derivexyz/v2-core, test/feed/unit-tests/LyraForwardFeed.t.sol, commit 02ab723e: spot at 990, the
# forward 10 above it, aggregates of 1050 since 1970.
def test_ten_minutes_before_expiry_two_thirds_are_settled():
    parts = forward_parts_floor(
        spot=usd(990),
        difference=usd(10),
        seconds_left=600,
        aggregate_start=usd(1050) * (EXPIRY - 1800),
        aggregate=usd(1050) * (EXPIRY - 600),
    )
    assert parts == (usd(1050) * 2 // 3, usd(1000) // 3)


def test_at_expiry_all_is_settled():
    start, end = usd(1050) * (EXPIRY - 1800), usd(1050) * EXPIRY
    parts = forward_parts_floor(
        spot=usd(990), difference=usd(10), seconds_left=0, aggregate_start=start, aggregate=end
    )
    assert parts == (usd(1050), 0)
    assert settlement_price_floor(aggregate_start=start, aggregate=end) == usd(1050)


def test_a_forward_of_zero_is_one_and_a_lower_one_is_refused():
    # The same file.
    assert forward_parts_floor(spot=usd(990), difference=usd(-990), seconds_left=86_400).price == 0
    with pytest.raises(InvalidInputError, match="difference must be >= -990, was -1000"):
        forward_parts_floor(spot=usd(990), difference=usd(-1000), seconds_left=86_400)


def test_before_the_window_and_as_it_opens_nothing_is_settled():
    for left in (86_400, SETTLEMENT_SECONDS + 1, SETTLEMENT_SECONDS):
        parts = forward_parts_floor(spot=usd(990), difference=usd(10), seconds_left=left)
        assert parts == (0, usd(1000))


@given(st.lists(paid, min_size=1, max_size=30), st.integers(0, 10**20))
def test_the_settlement_price_is_the_mean_of_the_path(spots, since):
    step = SETTLEMENT_SECONDS // len(spots)
    path = [(step, spot) for spot in spots]
    path[-1] = (SETTLEMENT_SECONDS - step * (len(spots) - 1), spots[-1])
    aggregate = sum(seconds * spot for seconds, spot in path)
    price = settlement_price_floor(aggregate_start=1 + since, aggregate=1 + since + aggregate)
    assert price == slow.average(path).__floor__()


@given(st.lists(paid, min_size=1, max_size=12))
def test_a_forward_without_basis_ends_at_the_settlement_price(spots):
    step = SETTLEMENT_SECONDS // len(spots)
    sums = [START, *(START + total * step for total in accumulate(spots))]
    left = SETTLEMENT_SECONDS
    settled = []
    for spot, total in zip(spots, sums[1:], strict=True):
        left -= step
        parts = forward_parts_floor(
            spot=spot, difference=0, seconds_left=left, aggregate_start=START, aggregate=total
        )
        assert parts.price == parts.settled + parts.variable
        assert parts.variable == spot * left // SETTLEMENT_SECONDS
        settled.append(parts.settled)
    assert settled == sorted(settled)
    if not left:
        assert parts.price == settlement_price_floor(aggregate_start=START, aggregate=sums[-1])


@given(paid, st.integers(0, SETTLEMENT_SECONDS))
def test_a_constant_spot_is_its_own_forward_within_two_units(spot, left):
    seen = START + spot * (SETTLEMENT_SECONDS - left) if left < SETTLEMENT_SECONDS else None
    parts = forward_parts_floor(
        spot=spot, difference=0, seconds_left=left, aggregate_start=START, aggregate=seen
    )
    assert 0 <= spot - parts.price <= 1


@given(st.booleans(), prices, prices, sizes)
def test_a_payoff_equals_the_slow_one_to_the_last_unit(call, strike, price, size):
    payoff = payoff_trunc(call=call, strike=strike, price=price, size=size)
    slowly = slow.payoff(call, Fraction(strike, UNIT), Fraction(price, UNIT), Fraction(size, UNIT))
    assert Fraction(payoff, UNIT) == slowly


@given(prices, prices, sizes)
def test_a_call_less_a_put_is_price_less_strike(strike, price, size):
    call, put = (
        payoff_trunc(call=side, strike=strike, price=price, size=size) for side in (True, False)
    )
    assert Fraction(call - put, UNIT) == slow.cut(
        Fraction(price - strike, UNIT) * Fraction(size, UNIT)
    )
    assert call == 0 or put == 0


@given(st.booleans(), prices, prices, sizes)
def test_what_a_holder_gets_a_writer_pays(call, strike, price, size):
    both = (
        payoff_trunc(call=call, strike=strike, price=price, size=signed) for signed in (size, -size)
    )
    assert sum(both) == 0


# derivexyz/v2-core, test/assets/optionAsset/unit-tests/Settlements.t.sol, commit 057dbce2, and
# test/integration-tests/settlement/SRM_Settlement.t.sol, commit 85ed6afe: 500 on one contract.
@pytest.mark.parametrize(
    ("call", "strike", "price", "size", "value"),
    [
        (True, 1000, 1200, 1, 200),
        (True, 1000, 800, 1, 0),
        (False, 1000, 800, 1, 200),
        (False, 1000, 1200, 1, 0),
        (True, 2000, 2500, -1, -500),
        (True, 2000, 2500, 1, 500),
        (False, 2000, 1500, -1, -500),
        (False, 2000, 1500, 1, 500),
    ],
)
def test_payoffs_reproduce_the_venues_own_tests(call, strike, price, size, value):
    option = {"call": call, "strike": usd(strike), "size": usd(size)}
    assert settlement_value(**option, seconds_left=0, price=usd(price)) == usd(value)
    assert settlement_value(**option, seconds_left=-60, price=usd(price)) == usd(value)
    assert settlement_value(**option, seconds_left=1, price=usd(price)) is None
    assert settlement_value(**option, seconds_left=0, price=None) is None


@given(st.booleans(), prices, prices, prices, sizes)
def test_an_expired_option_counts_what_it_would_be_paid_at_the_forward(
    call, strike, settled, variable, size
):
    forward = ForwardParts(settled, variable)
    value = expired_value(call=call, strike=strike, size=size, forward=forward)
    assert value == payoff_trunc(call=call, strike=strike, price=settled + variable, size=size)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"spot": -1}, "spot must be >= 0"),
        ({"seconds_left": -1}, "seconds_left must be a whole number >= 0, was -1"),
        ({"aggregate": None}, "aggregates must be given in the last 1800 seconds, was None with 9"),
        ({"aggregate_start": 0}, "aggregate_start must be >= 0.0+1, was 0"),
        ({"aggregate": START}, "aggregate must be >= 1000000000000.0+1, was 1000000000000"),
    ],
)
def test_a_forward_that_breaks_a_rule_is_refused_by_name(arguments, match):
    complete = {
        "spot": usd(1000), "difference": 0, "seconds_left": 9, "aggregate_start": START,
        "aggregate": START + 1,
    }  # fmt: skip
    with pytest.raises(InvalidInputError, match=match):
        forward_parts_floor(**complete | arguments)


def test_a_price_or_strike_below_zero_is_refused_by_name():
    for name in ("price", "strike"):
        numbers = {"strike": 1, "price": 1} | {name: -1}
        with pytest.raises(InvalidInputError, match=f"{name} must be >= 0"):
            payoff_trunc(call=True, size=1, **numbers)
