"""The breaker of auctions: four levels, who moves it, and how it falls back."""

import pytest

from hullmark.errors import InvalidInputError
from hullmark.liquidation import Breaker, BreakerAction, BreakerRefusal, BreakerRole

NOW = 1_000
START, RESET, TAKE = BreakerAction


# MakerDAO, dss, src/test/clip.t.sol [75cf04b], test_stopped_kick, test_stopped_1_take to _3_take,
# test_stopped_1_auction_reset_tail to _3.
@pytest.mark.parametrize(
    ("level", "allowed"),
    [(0, [START, RESET, TAKE]), (1, [RESET, TAKE]), (2, [TAKE]), (3, [])],
)
def test_each_level_stops_one_thing_more(level, allowed):
    breaker = Breaker(level=level)
    assert [a for a in BreakerAction if breaker.allows(a, now_s=NOW)] == allowed


def test_it_falls_back_by_itself_at_its_time():
    breaker = Breaker(level=3, until_s=NOW)
    assert [breaker.level_at(s) for s in (NOW - 1, NOW)] == [3, 0]
    assert breaker.allows(TAKE, now_s=NOW)
    assert Breaker(level=3).level_at(10**12) == 3


@pytest.mark.parametrize(
    ("role", "level", "moves"),
    [
        (BreakerRole.OPERATOR, 2, True),
        (BreakerRole.OPERATOR, 1, False),
        (BreakerRole.OPERATOR, 0, False),
        (BreakerRole.GOVERNOR, 3, True),
        (BreakerRole.GOVERNOR, 0, True),
        (BreakerRole.ANYBODY, 3, False),
    ],
)
def test_an_operator_raises_it_and_a_governor_moves_it_either_way(role, level, moves):
    found = Breaker(level=1).moved(level, now_s=NOW, role=role)
    assert found == (
        Breaker(level=level, locked_until_s=NOW) if moves else BreakerRefusal.NOT_ALLOWED
    )


def test_an_operator_raises_it_anew_after_it_has_fallen_back():
    expired = Breaker(level=3, until_s=NOW)
    found = expired.moved(1, now_s=NOW, role=BreakerRole.OPERATOR, until_s=NOW + 60, lock_s=30)
    assert found == Breaker(level=1, until_s=NOW + 60, locked_until_s=NOW + 30)


def tripped(breaker=Breaker(), current=100, following=59, **change):  # noqa: B008 (frozen)
    terms = {"tolerance": "0.6", "now_s": NOW} | change
    return breaker.tripped(current, following, **terms)


# MakerDAO, clipper-mom, src/ClipperMom.t.sol [d791cf5], testEmergencyBreak and -WithinBounds: a
# fall of 40 % is tolerated.
def test_anybody_trips_it_where_the_next_price_is_too_low():
    assert tripped() == Breaker(level=2)
    assert tripped(Breaker(level=1)).level == 2
    assert tripped(following=60) == BreakerRefusal.WITHIN_BOUNDS
    assert tripped(following=0, tolerance=0) == BreakerRefusal.WITHIN_BOUNDS
    assert tripped(until_s=NOW + 5).level_at(NOW + 5) == 0


# testEmergencyBreakLockedAndWait: reset by governance and locked for an hour.
def test_it_is_not_tripped_twice_nor_soon_after_it_was_moved():
    for level in (2, 3):
        assert tripped(Breaker(level=level)) == BreakerRefusal.ALREADY_STOPPED
    back = tripped().moved(0, now_s=NOW, role=BreakerRole.GOVERNOR, lock_s=3600)
    assert tripped(back, now_s=NOW + 3600) == BreakerRefusal.LOCKED
    assert tripped(back, now_s=NOW + 3601).level == 2


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: Breaker(level=4), r"level must be in \[0, 3\], was 4"),
        (lambda: tripped(current=None), "current must be there, was None"),
        (lambda: tripped(tolerance=2), r"tolerance must be in \[0, 1\], was 2"),
        (lambda: tripped(until_s=NOW), "until_s must be > 1000, now, was 1000"),
        (
            lambda: Breaker().moved(4, now_s=NOW, role=BreakerRole.GOVERNOR),
            r"level must be in \[0, 3\], was 4",
        ),
        (
            lambda: Breaker().moved(1, now_s=NOW, role=BreakerRole.GOVERNOR, until_s=NOW),
            "until_s must be > 1000, now, was 1000",
        ),
        (
            lambda: Breaker().moved(1, now_s=NOW, role=BreakerRole.GOVERNOR, lock_s=-1),
            "lock_s must be >= 0, was -1",
        ),
    ],
)
def test_what_is_out_of_range_is_refused(call, rule):
    with pytest.raises(InvalidInputError, match=rule):
        call()
