"""Tests of impact with memory: hand-worked walks, and its laws."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import Push, faded, impact_share, take

sizes = st.floats(0.0, 1e6)
depths = st.floats(1.0, 1e6)
pushes = st.floats(0.0, 0.5)


# A depth of 100 USD moves the price by 1 %: 50 USD from a push of 1 % end at 1.5 %.
def test_an_order_walks_from_where_the_last_one_left_the_book():
    assert take(50.0, depth_usd=100.0, push=0.01, push_max=1.0) == pytest.approx(
        (50.0, 0.0125, 0.015)
    )


def test_nothing_is_taken_beyond_the_limit_or_from_an_empty_book():
    assert take(50.0, depth_usd=100.0, push=0.02, push_max=0.01) == (0.0, 0.02, 0.02)
    assert take(50.0, depth_usd=0.0, push=0.0, push_max=0.01) == (0.0, 0.0, 0.0)


@given(sizes, sizes, depths, pushes)
def test_slices_at_one_instant_cost_what_the_whole_does(first, second, depth, push):
    one = take(first, depth_usd=depth, push=push, push_max=float("inf"))
    two = take(second, depth_usd=depth, push=one.push, push_max=float("inf"))
    whole = take(first + second, depth_usd=depth, push=push, push_max=float("inf"))
    cost = one.notional_usd * one.average + two.notional_usd * two.average
    assert cost == pytest.approx(whole.notional_usd * whole.average, rel=1e-9, abs=1e-9)
    assert two.push == pytest.approx(whole.push)


@given(sizes, depths, pushes, st.floats(0.0, 0.6))
def test_a_walk_stays_inside_its_limit(size, depth, push, limit):
    found = take(size, depth_usd=depth, push=push, push_max=limit)
    assert 0.0 <= found.notional_usd <= size
    assert found.push <= max(limit, push) * (1 + 1e-12)
    assert push <= found.average <= found.push or found.notional_usd == 0.0


@given(pushes, st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_push_fades_by_half_in_every_half_life(share, at_ns, half_life_ns):
    push = Push(share, at_ns)
    assert faded(push, now_ns=at_ns, half_life_ns=half_life_ns) == share
    later = faded(push, now_ns=at_ns + half_life_ns, half_life_ns=half_life_ns)
    assert later == pytest.approx(share / 2)


def test_impact_in_a_book_at_rest_is_half_of_where_the_walk_ends():
    assert impact_share(200.0, 100.0) == pytest.approx(0.01)


@pytest.mark.parametrize("name", ["wanted_usd", "depth_usd", "push"])
@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_what_is_negative_or_no_number_is_refused_by_name(name, value):
    arguments = {"wanted_usd": 1.0, "depth_usd": 1.0, "push": 0.0, name: value}
    with pytest.raises(InvalidInputError, match=f"{name} must be >= 0, was "):
        take(arguments.pop("wanted_usd"), push_max=1.0, **arguments)


@pytest.mark.parametrize("depth", [0.0, -1.0, float("nan")])
def test_an_order_in_no_book_has_no_cost_to_tell(depth):
    with pytest.raises(InvalidInputError, match="depth_usd must be > 0"):
        impact_share(100.0, depth)
