"""Maker's breaker: who may move it, when anybody may trip it, and each refusal."""

import pytest
from msgspec.structs import replace

from hullmark.rulebooks.maker import (
    RAY,
    WAD,
    Mom,
    MomRefusal,
    set_breaker,
    set_tolerance,
    trip_breaker,
)

# MakerDAO, clipper-mom, src/ClipperMom.t.sol [d791cf5], in the terms of ClipperMom.sol [1150d33]:
# a fall of 40 % from 100 is tolerated, so 60 stands and 59 trips.
NOW = 1_000
MOM = Mom(tolerance=60 * RAY // 100)


def tripped(mom=MOM, cur=100 * WAD, nxt=59 * WAD, now=NOW):
    return trip_breaker(mom, cur=cur, nxt=nxt, now=now)


def test_anybody_trips_it_where_the_next_price_is_too_low():
    assert tripped() == replace(MOM, stopped=2)
    assert tripped(mom=replace(MOM, stopped=1)).stopped == 2
    assert tripped(nxt=60 * WAD) == MomRefusal.PRICE_WITHIN_BOUNDS
    assert tripped(nxt=60 * WAD - 1).stopped == 2


def test_a_tolerance_of_nothing_never_trips():
    assert tripped(mom=Mom(), nxt=0) == MomRefusal.PRICE_WITHIN_BOUNDS


def test_it_is_refused_in_the_order_of_the_contract():
    assert tripped(mom=Mom(stopped=2, locked=NOW)) == MomRefusal.CLIPPER_ALREADY_STOPPED
    assert tripped(mom=Mom(locked=NOW), cur=None) == MomRefusal.TEMPORARY_LOCKED
    assert tripped(cur=None, nxt=None) == MomRefusal.INVALID_CUR_PRICE
    assert tripped(nxt=None) == MomRefusal.INVALID_NXT_PRICE


# testEmergencyBreakLockedAndWait: governance sets it back and locks it for an hour.
def test_after_governance_it_is_locked_for_a_while():
    back = set_breaker(tripped(), 0, delay=3600, now=NOW)
    assert (back.stopped, back.locked) == (0, NOW + 3600)
    assert tripped(mom=back, now=NOW + 3600) == MomRefusal.TEMPORARY_LOCKED
    assert tripped(mom=back, now=NOW + 3601).stopped == 2


@pytest.mark.parametrize("level", [1, 2, 3, 0])
def test_governance_sets_any_level(level):
    assert set_breaker(MOM, level, delay=0, now=NOW).stopped == level


def test_parameters_out_of_range_are_refused():
    assert set_breaker(MOM, 4, delay=0, now=NOW) == MomRefusal.NONEXISTENT_LEVEL
    assert set_tolerance(MOM, RAY).tolerance == RAY
    assert set_tolerance(MOM, RAY + 1) == MomRefusal.TOLERANCE_OUT_OF_BOUNDS
