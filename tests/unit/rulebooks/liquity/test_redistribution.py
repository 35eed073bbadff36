"""Redistribution by stake: shares, fed-back errors, and stakes that do not count gains twice."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity import UNIT, Redistribution


def test_a_debt_goes_to_all_stakes():
    terms = Redistribution(total_stakes=10 * UNIT).redistribute(1_000 * UNIT, 5 * UNIT)
    assert terms.pending(4 * UNIT) == (2 * UNIT, 400 * UNIT)
    later = terms.redistribute(1_000 * UNIT, 5 * UNIT)
    assert later.pending(
        4 * UNIT, collateral_term=terms.collateral_term, debt_term=terms.debt_term
    ) == (2 * UNIT, 400 * UNIT)


def test_what_a_division_drops_is_in_the_next():
    terms = Redistribution(total_stakes=3).redistribute(1, 1)
    assert (terms.debt_term, terms.debt_error) == (UNIT // 3, 1)
    terms = terms.redistribute(1, 1).redistribute(1, 1)
    assert (terms.debt_term, terms.debt_error, terms.collateral_error) == (UNIT, 0, 0)


def test_nothing_happens_without_debt_and_nothing_can_without_stakes():
    terms = Redistribution(total_stakes=3)
    assert terms.redistribute(0, 5) is terms
    with pytest.raises(InvalidInputError, match="total_stakes must be > 0, was 0"):
        Redistribution().redistribute(1, 1)
    with pytest.raises(InvalidInputError, match="collateral must be >= 0, was -1"):
        terms.redistribute(1, -1)


def test_a_stake_is_the_collateral_less_what_others_have_gained():
    assert Redistribution().stake_of(7) == 7
    terms = Redistribution().with_stakes(100).snapshot(active=150, default=60, remainder=10)
    assert (terms.stakes_snapshot, terms.collateral_snapshot) == (100, 200)
    assert terms.stake_of(7) == 3


@given(
    st.lists(st.integers(1, 10**24), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(1, 10**27), st.integers(0, 10**24)), max_size=8),
)
def test_no_more_is_given_than_there_is_and_little_is_left(stakes, amounts):
    terms = Redistribution(total_stakes=sum(stakes))
    for debt, collateral in amounts:
        terms = terms.redistribute(debt, collateral)
    given_out = [terms.pending(stake) for stake in stakes]
    left = sum(debt for debt, _ in amounts) - sum(found.debt for found in given_out)
    over = sum(collateral for _, collateral in amounts) - sum(f.collateral for f in given_out)
    # One unit a trove, and what the terms still carry: less than one unit of term for all stakes.
    assert 0 <= left <= len(stakes) + terms.total_stakes // UNIT + 1
    assert 0 <= over <= len(stakes) + terms.total_stakes // UNIT + 1
