"""Floats of a margin in whole billionths: equity down, margin up, and never another verdict."""

from fractions import Fraction

from hypothesis import given, strategies as st

from hullmark.clearing._standing import standing_of
from hullmark.core import NANO
from hullmark.margin import Health

USD = st.floats(0.0, 1e6)


def standing(equity, maintenance):
    return standing_of(Health(0.0, 0.0, equity, 0.0, maintenance, 0.0, -1, 0.0, True))


@given(USD, USD)
def test_a_standing_is_in_breach_where_the_account_is(equity, maintenance):
    found = standing(equity, maintenance)
    assert (found.maintenance > found.equity) == (maintenance > equity)


@given(USD, USD)
def test_a_standing_is_within_two_billionths_of_the_account(equity, maintenance):
    found = standing(equity, maintenance)
    assert abs(found.equity - Fraction(equity) * NANO) < 2
    assert abs(found.maintenance - Fraction(maintenance) * NANO) < 2


def test_equity_is_rounded_down_below_zero_too():
    assert standing(-1.5e-9, 0.0) == (-2, 0)
