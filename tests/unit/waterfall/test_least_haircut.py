"""The least haircut: no more than is missing, from net gains alone."""

import pytest

from hullmark.errors import InvalidInputError
from hullmark.waterfall import Candidate, Inventory, LeastHaircut, LotPrice, PriceRule, overshoot


def short(account, lots, *, net=10_000, gain):
    return Candidate(account, -lots, lots * 120, net, gain)


def bankrupt(lots, deficit):
    return Inventory(instrument="P", lots=lots, mark=LotPrice(100), deficit_quanta=deficit)


def test_the_loss_is_shared_by_net_gains_and_adds_up():
    people = [short(1, 10, gain=1), short(2, 10, gain=1), short(3, 10, gain=1)]
    books = LeastHaircut().allocate(bankrupt(15, 2), people)
    assert [tuple(haircut) for haircut in books.haircuts] == [(1, 1), (2, 1)]
    assert overshoot(books, 2) == 0
    assert all(closure.haircut_quanta == 0 for closure in books.closures)
    assert books.price == LotPrice(100)


def test_a_hedged_account_pays_on_its_net_and_keeps_its_hedge():
    people = [short(1, 20, gain=0), short(2, 20, gain=300)]
    books = LeastHaircut().allocate(bankrupt(15, 100), people)
    assert {c.account: c.lots for c in books.closures} == {2: -15}
    assert books.losses() == {2: 100}


def test_a_hedge_is_closed_for_what_those_who_pay_do_not_hold():
    people = [short(1, 20, gain=-4), short(2, 20, gain=300)]
    books = LeastHaircut().allocate(bankrupt(25, 100), people)
    assert {c.account: (c.lots, c.place) for c in books.closures} == {1: (-5, 2), 2: (-20, 1)}
    assert books.losses() == {1: 0, 2: 100}


def test_gains_that_are_too_small_leave_the_rest_and_no_principal_is_touched():
    people = [short(1, 10, gain=30, net=20), short(2, 10, gain=50)]
    books = LeastHaircut().allocate(bankrupt(5, 100), people)
    assert [tuple(haircut) for haircut in books.haircuts] == [(1, 20), (2, 50)]
    assert books.uncovered_quanta == 30


def test_equal_shares_go_by_account_in_whatever_order_accounts_are_given():
    people = [short(2, 10, gain=5), short(1, 10, gain=5)]
    books = LeastHaircut().allocate(bankrupt(15, 3), people)
    assert [tuple(haircut) for haircut in books.haircuts] == [(1, 2), (2, 1)]
    assert [(c.account, c.lots) for c in books.closures] == [(1, -8), (2, -7)]


def test_a_short_inventory_closes_longs_and_then_hedged_ones():
    hedged, long = Candidate(1, 20, -1_600, 10_000, 0), Candidate(2, 20, -1_600, 10_000, 400)
    books = LeastHaircut().allocate(bankrupt(-25, 100), [hedged, long])
    assert [(c.account, c.lots, c.place) for c in books.closures] == [(1, 5, 2), (2, 20, 1)]
    assert books.left_lots == 0


@pytest.mark.parametrize("rule", [PriceRule.BANKRUPTCY, PriceRule.PREVIOUS_MARK])
def test_another_price_than_the_mark_is_refused(rule):
    with pytest.raises(InvalidInputError, match="least-haircut must be mark"):
        LeastHaircut().allocate(bankrupt(5, 100), [], price_rule=rule)
