"""Tests of the simulated clock."""

from hullmark.sim._clock import SimulatedClock


def test_time_stands_until_it_is_moved():
    clock = SimulatedClock(5)
    assert (clock(), clock()) == (5, 5)
    clock.now_ns = 9
    assert clock() == 9
