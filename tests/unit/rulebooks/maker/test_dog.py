"""Maker's seizures: published cases at each border, and what the counters keep."""

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from hullmark.errors import AmountOverflowError, InvalidInputError
from hullmark.rulebooks.maker import (
    RAD,
    RAY,
    WAD,
    Bark,
    Dog,
    DogRefusal,
    Ilk,
    Urn,
    bark,
    digs,
)

THOUSAND = 1_000
# MakerDAO, dss, src/test/dog.t.sol [75cf04b], setUp: spot of 1000, dust of 100, penalty of 10 %.
ILK = Ilk(
    rate=RAY,
    spot=THOUSAND * RAY,
    dust=100 * RAD,
    chop=11 * WAD // 10,
    hole=10 * THOUSAND * RAD,
)
DOG = Dog(Hole=10 * THOUSAND * RAD)


def test_a_vault_that_fits_is_taken_whole():
    found = bark(DOG, ILK, Urn(ink=WAD, art=2 * THOUSAND * WAD))
    assert found.urn == Urn(ink=0, art=0)
    assert (found.dink, found.dart) == (WAD, 2 * THOUSAND * WAD)
    assert (found.due, found.tab) == (2 * THOUSAND * RAD, 2200 * RAD)
    assert found.dog.Dirt == found.ilk.dirt == found.tab


def test_a_safe_vault_is_left_alone_and_equality_is_safe():
    assert bark(DOG, ILK, Urn(ink=WAD, art=500 * WAD)) == DogRefusal.NOT_UNSAFE
    assert bark(DOG, ILK, Urn(ink=WAD, art=1000 * WAD)) == DogRefusal.NOT_UNSAFE
    assert isinstance(bark(DOG, ILK, Urn(ink=WAD, art=1000 * WAD + 1)), Bark)
    assert bark(DOG, replace(ILK, spot=0), Urn(ink=WAD, art=2000 * WAD)) == DogRefusal.NOT_UNSAFE


def test_a_dusty_vault_is_taken_all_the_same():
    found = bark(DOG, replace(ILK, dust=200 * RAD), Urn(ink=1, art=100 * WAD))
    assert found.urn.art == 0


# test_bark_partial_liquidation_dirt_exceeds_hole_to_avoid_dusty_remnant, of either limit; one wad
# more of debt leaves exactly dust, and the limit holds.
@pytest.mark.parametrize("limit", ["hole", "Hole"])
def test_a_remnant_of_dust_is_taken_too_and_one_of_exactly_dust_is_left(limit):
    dust, hole = 200, 5 * THOUSAND
    ilk = replace(ILK, dust=dust * RAD, hole=hole * RAD if limit == "hole" else ILK.hole)
    dog = replace(DOG, Hole=hole * RAD if limit == "Hole" else DOG.Hole)
    most = hole * WAD * WAD // ILK.chop
    whole = bark(dog, ilk, Urn(ink=WAD, art=most + dust * WAD - 1))
    assert whole.urn.art == 0
    assert whole.ilk.dirt > hole * RAD
    assert whole.ilk.dirt == whole.dog.Dirt == (most + dust * WAD - 1) * RAY * ILK.chop // WAD
    part = bark(dog, ilk, Urn(ink=WAD, art=most + dust * WAD))
    assert part.urn.art == dust * WAD
    assert part.ilk.dirt <= hole * RAD
    assert part.ilk.dirt == hole * RAD * WAD // RAY // ILK.chop * RAY * ILK.chop // WAD


# test_bark_dusty_vault_dusty_room: rate of 1.5, limits full but for 200, dust raised to 1500.
def test_a_dusty_vault_fits_into_room_of_dust():
    hole, room, dust = 33 * THOUSAND + 200, 200, 1500
    ilk = replace(ILK, rate=15 * RAY // 10, hole=hole * RAD, dust=0)
    first = bark(
        Dog(Hole=hole * RAD),
        ilk,
        Urn(ink=WAD, art=(hole - room) * RAD // ilk.rate * WAD // ilk.chop),
    )
    assert hole * RAD - first.dog.Dirt == room * RAD
    small = Urn(ink=WAD // 10**4, art=30 * RAD // ilk.rate)
    second = bark(first.dog, replace(first.ilk, dust=dust * RAD), small)
    assert second.room == room * RAD < dust * RAD * ilk.chop // WAD
    assert second.urn == Urn(ink=0, art=0)


# test_bark_do_not_create_dusty_auction_hole and _Hole.
@pytest.mark.parametrize("limit", ["hole", "Hole"])
def test_a_part_of_dust_is_not_taken(limit):
    dust, hole = 300, 3 * THOUSAND
    ilk = replace(ILK, rate=15 * RAY // 10, dust=dust * RAD)
    ilk = replace(ilk, hole=hole * RAD if limit == "hole" else ilk.hole)
    dog = replace(DOG, Hole=hole * RAD if limit == "Hole" else DOG.Hole)
    first = bark(dog, ilk, Urn(ink=WAD, art=(hole - dust // 2) * RAD // ilk.rate * WAD // ilk.chop))
    second = bark(first.dog, first.ilk, Urn(ink=WAD, art=hole * WAD * WAD // ilk.chop))
    assert second == DogRefusal.DUSTY_AUCTION


# MakerDAO, dss, src/test/clip.t.sol [75cf04b]: 40 gold at a spot of 2, debt of 100, dust of 20.
GOLD = Ilk(rate=RAY, spot=2 * RAY, dust=20 * RAD, chop=WAD, hole=THOUSAND * RAD)
GOLD_DOG = Dog(Hole=THOUSAND * RAD)
VAULT = Urn(ink=40 * WAD, art=100 * WAD)


@pytest.mark.parametrize(
    ("rate", "hole", "dust", "chop", "tab", "lot"),
    [
        # test_bark_not_leaving_dust, and _over_hole: room for 80, and for one unit more.
        (RAY, 80 * RAD, 20 * RAD, WAD, 80 * RAD, 32 * WAD),
        (RAY, 80 * RAD + RAY, 20 * RAD, WAD, 100 * RAD, 40 * WAD),
        # test_bark_not_leaving_dust_rate, and test_bark_only_leaving_dust_over_hole_rate.
        (102 * RAY // 100, 100 * RAD, 20 * RAD, WAD, 102 * RAD, 40 * WAD),
        (102 * RAY // 100, 816 * RAD // 10, 204 * RAD // 10, WAD, 816 * RAD // 10, 32 * WAD),
        # test_partial_liquidation_hole_limit: 0.2 ray are lost to rounding.
        (RAY, 75 * RAD, 20 * RAD, 11 * WAD // 10, 75 * RAD - RAY // 5, 27272727272727272727),
    ],
)
def test_a_vault_is_taken_as_in_the_published_cases(rate, hole, dust, chop, tab, lot):
    ilk = replace(GOLD, rate=rate, hole=hole, dust=dust, chop=chop)
    found = bark(GOLD_DOG, ilk, VAULT)
    assert (found.tab, found.dink) == (tab, lot)
    assert found.urn == Urn(ink=40 * WAD - lot, art=100 * WAD - tab * WAD // rate // chop)
    assert found.dog.Dirt == found.ilk.dirt == tab


def test_what_cannot_be_done_is_refused_in_the_order_of_the_contract():
    full = replace(GOLD, dirt=GOLD.hole)
    assert bark(replace(GOLD_DOG, live=False), full, VAULT) == DogRefusal.NOT_LIVE
    assert bark(GOLD_DOG, full, VAULT) == DogRefusal.LIQUIDATION_LIMIT_HIT
    assert bark(replace(GOLD_DOG, Dirt=GOLD_DOG.Hole), GOLD, VAULT) == (
        DogRefusal.LIQUIDATION_LIMIT_HIT
    )
    assert bark(GOLD_DOG, GOLD, Urn(ink=0, art=100 * WAD)) == DogRefusal.NULL_AUCTION
    wide = Ilk(rate=1, spot=1, dust=0, chop=WAD, hole=2**256 // WAD - 1)
    huge = Urn(ink=1, art=2**255 + 1)
    assert bark(Dog(Hole=wide.hole), replace(wide, dust=2**256 - 1), huge) == DogRefusal.OVERFLOW
    with pytest.raises(AmountOverflowError, match="product must fit in 256 bits"):
        bark(GOLD_DOG, replace(GOLD, spot=2**200), VAULT)


def test_counters_give_back_what_they_took_and_no_more():
    found = bark(GOLD_DOG, GOLD, VAULT)
    dog, ilk = digs(found.dog, found.ilk, 40 * RAD)
    assert dog.Dirt == ilk.dirt == 60 * RAD
    assert digs(dog, ilk, 60 * RAD) == (GOLD_DOG, GOLD)
    with pytest.raises(InvalidInputError, match=r"rad must be <= .*, the Dirt, was"):
        digs(dog, ilk, 60 * RAD + 1)
    with pytest.raises(InvalidInputError, match=r"rad must be <= .*, the dirt, was"):
        digs(replace(dog, Dirt=100 * RAD), ilk, 60 * RAD + 1)


# test_file_chop: the penalty is a factor of one at least.
def test_a_penalty_below_one_is_refused():
    assert replace(ILK, chop=WAD).chop == WAD
    with pytest.raises(InvalidInputError, match="Dog/file-chop-lt-WAD"):
        replace(ILK, chop=WAD - 1)


@given(
    st.integers(0, 10**6 * WAD),
    st.integers(1, 10**6 * WAD),
    st.integers(RAY, 2 * RAY),
    st.integers(0, 10**5 * RAD),
    st.integers(1, 10**6 * RAD),
    st.integers(WAD, 2 * WAD),
)
def test_what_is_taken_and_what_is_left_are_no_dust(ink, art, rate, dust, hole, chop):
    ilk = Ilk(rate=rate, spot=1, dust=dust, chop=chop, hole=hole)
    found = bark(Dog(Hole=hole), ilk, Urn(ink=ink, art=art))
    if not isinstance(found, Bark):
        return
    left = found.urn.art * rate
    assert left == 0 or left >= dust
    assert left == 0 or found.due >= dust
    assert left == 0 or found.tab <= found.room
    assert found.tab <= hole + dust * chop // WAD + 1
    assert found.dink * art <= ink * found.dart
