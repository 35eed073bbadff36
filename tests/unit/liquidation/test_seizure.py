"""How much of an account goes to auction: published cases, and no dust on either side."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, strategies as st

from hullmark.core import exactly
from hullmark.errors import InvalidInputError
from hullmark.liquidation import Seizure, SeizureRefusal, size_seizure
from hullmark.rulebooks.maker import RAD, RAY, WAD, Dog, DogRefusal, Ilk, Urn, bark


# MakerDAO, dss, src/test/clip.t.sol [75cf04b]: debt of 100 on 40 gold, dust of 20, no penalty.
# test_bark_not_leaving_dust, and _over_hole: room for 80, and for a trifle more.
def test_what_is_left_is_dust_or_not_at_exactly_the_limit():
    terms = {"penalty": 0, "debt_min": 20}
    part = size_seizure(100, 40, room=80, **terms)
    assert part == Seizure(Decimal(80), Decimal(32), Decimal(80), False, Decimal(0))
    whole = size_seizure(100, 40, room="80.000000000000000001", **terms)
    assert (whole.debt, whole.collateral, whole.whole) == (100, 40, True)
    assert whole.over_limit == Decimal("19.999999999999999999")


# test_partial_liquidation_hole_limit: 75 of room, 10 % of penalty; 0.2 ray lost to rounding there.
def test_the_penalty_counts_against_the_room():
    found = size_seizure(
        100, 40, penalty="0.1", room=75, debt_min=20, debt_quantum="1e-18", quantity_quantum="1e-18"
    )
    assert found.target == 75 - Decimal("2e-19")
    assert found.collateral == Decimal("27.272727272727272727")


# MakerDAO, dss, src/test/dog.t.sol [75cf04b], test_bark_do_not_create_dusty_auction_hole, and
# test_bark_dusty_vault_dusty_room.
def test_dust_is_taken_only_where_it_is_the_whole_account():
    assert size_seizure(3000, 1, penalty=0, room=150, debt_min=300) == SeizureRefusal.DUSTY_SEIZURE
    assert size_seizure(30, 1, penalty="0.1", room=200, debt_min=1500).whole


def test_without_room_or_collateral_nothing_is_taken():
    terms = {"penalty": 0, "debt_min": 0}
    assert size_seizure(100, 40, room=0, **terms) == SeizureRefusal.LIMIT_REACHED
    assert size_seizure(100, 40, room=-5, **terms) == SeizureRefusal.LIMIT_REACHED
    assert size_seizure(100, 0, room=1, **terms) == SeizureRefusal.NOTHING_SEIZED
    assert (
        size_seizure(100, 40, room=1, quantity_quantum=1, **terms) == SeizureRefusal.NOTHING_SEIZED
    )
    assert size_seizure(100, 40, room=3, quantity_quantum=1, **terms).collateral == 1


NAMES = {
    DogRefusal.DUSTY_AUCTION: SeizureRefusal.DUSTY_SEIZURE,
    DogRefusal.NULL_AUCTION: SeizureRefusal.NOTHING_SEIZED,
}


@given(
    st.integers(1, 10**6 * WAD),
    st.integers(1, 10**6 * WAD),
    st.integers(0, 10**5 * RAD),
    st.integers(1, 10**6 * RAD),
    st.integers(WAD, 2 * WAD),
)
def test_a_seizure_is_that_of_the_contract(ink, art, dust, hole, chop):
    ilk = Ilk(rate=RAY, spot=1, dust=dust, chop=chop, hole=hole)
    theirs = bark(Dog(Hole=hole), ilk, Urn(ink=ink, art=art))
    if theirs == DogRefusal.NOT_UNSAFE:
        return
    with exactly(200):
        ours = size_seizure(
            Decimal(art) / WAD,
            Decimal(ink) / WAD,
            penalty=Decimal(chop - WAD) / WAD,
            room=Decimal(hole) / RAD,
            debt_min=Decimal(dust) / RAD,
            debt_quantum="1e-18",
            quantity_quantum="1e-18",
        )
        if isinstance(theirs, DogRefusal):
            assert ours == NAMES[theirs]
            return
        assert (ours.debt * WAD, ours.collateral * WAD) == (theirs.dart, theirs.dink)
        assert int(ours.target * RAD) == theirs.tab
        assert ours.whole is (theirs.urn.art == 0)


@given(
    st.decimals("0.01", 1000, places=2),
    st.decimals(0, 1000, places=2),
    st.decimals(0, 1, places=2),
    st.decimals("0.01", 1000, places=2),
    st.decimals(0, 100, places=2),
)
def test_no_side_keeps_dust_and_the_limit_is_passed_by_dust_at_most(
    debt, collateral, penalty, room, debt_min
):
    found = size_seizure(debt, collateral, penalty=penalty, room=room, debt_min=debt_min)
    if isinstance(found, SeizureRefusal):
        return
    with exactly():
        left = debt - found.debt
        assert left == 0 or min(left, found.debt) >= debt_min
        assert found.whole is (left == 0)
        assert found.over_limit <= debt_min * (1 + penalty)
        assert found.over_limit == 0 or found.whole
        assert found.collateral * debt <= collateral * found.debt


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"debt": 0}, "debt must be > 0, was 0"),
        ({"collateral": -1}, "collateral must be >= 0, was -1"),
        ({"penalty": -1}, "penalty must be >= 0, was -1"),
        ({"room": 0.5}, "room must be a Decimal, an int or text, was 0.5"),
        ({"debt_min": -1}, "debt_min must be >= 0, was -1"),
        ({"debt_quantum": 0}, "quantum must be > 0, was 0"),
    ],
)
def test_what_is_out_of_range_is_refused(change, rule):
    terms = {"debt": 1, "collateral": 1, "penalty": 0, "room": 1, "debt_min": 0} | change
    with pytest.raises(InvalidInputError, match=rule):
        size_seizure(terms.pop("debt"), terms.pop("collateral"), **terms)


def test_no_context_of_the_caller_changes_the_penalty():
    terms = {"penalty": "0.130000001234567", "room": "80.1234567", "debt_min": 20}
    found = size_seizure("100.123456789", 40, **terms)
    with localcontext(prec=3):
        assert size_seizure("100.123456789", 40, **terms) == found
