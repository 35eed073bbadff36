"""Prices of closures, who may be named, and what is measured afterwards."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import (
    Candidate,
    Closure,
    Deleveraging,
    Haircut,
    Inventory,
    LotPrice,
    PriceRule,
    eligible,
    haircut_at,
    overshoot,
)
from hullmark.waterfall._candidates import bearable

MARK = LotPrice(100)


def holds(account=1, *, lots=-5, entry=120, net=1_000, gain=None):
    """Return a position entered at a price; without another its gain is the account's."""
    own = lots * (100 - entry)
    return Candidate(account, lots, -lots * entry, net, own if gain is None else gain)


def bankrupt(**terms):
    stated = {"instrument": "P", "lots": 10, "mark": MARK, "deficit_quanta": 25}
    return Inventory(**(stated | terms))


@given(st.integers(-(10**9), 10**9).filter(bool), st.integers(0, 10**12))
def test_closing_everything_at_bankruptcy_brings_the_deficit(lots, deficit):
    inventory = bankrupt(lots=lots, deficit_quanta=deficit)
    price = inventory.price(PriceRule.BANKRUPTCY)
    assert haircut_at(-lots, MARK, price) == deficit


def test_a_price_is_the_one_that_its_rule_names():
    stated = bankrupt(bankruptcy=LotPrice(103), previous_mark=LotPrice(97, 2))
    assert stated.price(PriceRule.MARK) == MARK
    assert stated.price(PriceRule.BANKRUPTCY) == LotPrice(103)
    assert stated.price(PriceRule.PREVIOUS_MARK) == LotPrice(97, 2)
    assert bankrupt(lots=-10).price(PriceRule.BANKRUPTCY) == LotPrice(975, 10)


@given(st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9), st.integers(-99, 99))
def test_a_haircut_is_the_value_at_the_mark_less_the_price_rounded_up(lots, mark, below, price):
    exact = lots * (Fraction(mark, below) - price)
    lost = haircut_at(lots, LotPrice(mark, below), LotPrice(price))
    assert exact <= lost < exact + 1


@pytest.mark.parametrize(
    ("candidate", "named"),
    [
        (holds(), True),
        (holds(lots=5, entry=80), False),  # the same side
        (holds(lots=0), False),
        (holds(entry=100), False),  # no gain
        (holds(entry=99), False),
        (holds(net=0), False),  # bankrupt itself
        (holds(gain=-7), True),  # hedged: its position has a gain, and it has none
    ],
)
def test_only_the_opposite_side_with_a_gain_is_named(candidate, named):
    assert eligible(bankrupt(), [candidate]) == ([candidate] if named else [])


def test_an_account_stands_there_once():
    with pytest.raises(InvalidInputError, match="distinct accounts"):
        eligible(bankrupt(), [holds(1), holds(1)])


@given(st.integers(1, 50), st.integers(0, 500), st.integers(50, 150), st.sampled_from([1, -1]))
def test_an_account_closes_as_much_as_leaves_it_solvent(size, net, price, side):
    (most,) = bearable([holds(lots=side * size, net=net)], MARK, LotPrice(price))
    assert haircut_at(side * most, MARK, LotPrice(price)) <= net
    assert most == size or haircut_at(side * (most + 1), MARK, LotPrice(price)) > net


def test_a_capacity_is_gains_that_are_there():
    assert holds(gain=70, net=50).capacity_quanta == 50
    assert holds(gain=70, net=90).capacity_quanta == 70
    assert holds(gain=-1, net=90).capacity_quanta == 0


def test_losses_of_both_books_add_up():
    books = Deleveraging(
        (Closure(1, -5, 13, 1), Closure(2, -5, -2, 2)), (Haircut(2, 9),), 5, 0, MARK
    )
    assert books.losses() == {1: 13, 2: 7}
    assert books.haircut_quanta == 20
    assert books.closed_lots == 10
    assert overshoot(books, 25) == Decimal("-0.2")
    with pytest.raises(InvalidInputError, match="deficit_quanta must be > 0"):
        overshoot(books, 0)


@pytest.mark.parametrize(
    ("terms", "rule"),
    [
        ({"lots": 0}, "lots must not be 0"),
        ({"deficit_quanta": -1}, "deficit_quanta must be >= 0"),
        ({"mark": LotPrice(1, 0)}, "denominator must be > 0"),
        ({"bankruptcy": LotPrice(1, -1)}, "denominator must be > 0"),
    ],
)
def test_an_inventory_that_is_none_is_refused(terms, rule):
    with pytest.raises(InvalidInputError, match=rule):
        bankrupt(**terms)


def test_there_is_no_previous_mark_unless_it_is_said():
    with pytest.raises(InvalidInputError, match="previous_mark must be there"):
        bankrupt().price(PriceRule.PREVIOUS_MARK)
