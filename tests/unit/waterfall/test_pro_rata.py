"""Pro rata: whole lots in proportion, and the rest in proportion to gains."""

import pytest

from hullmark.waterfall import Candidate, Inventory, LotPrice, PriceRule, ProRata


def short(account, lots, *, net=10_000, gain=1_000):
    return Candidate(account, -lots, lots * 120, net, gain)


def bankrupt(lots, deficit):
    return Inventory(instrument="P", lots=lots, mark=LotPrice(100), deficit_quanta=deficit)


def test_lots_are_whole_and_in_proportion():
    books = ProRata().allocate(bankrupt(10, 100), [short(3, 30), short(1, 30), short(2, 30)])
    assert {c.account: c.lots for c in books.closures} == {1: -4, 2: -3, 3: -3}
    assert {c.account: c.haircut_quanta for c in books.closures} == {1: 40, 2: 30, 3: 30}
    assert {closure.place for closure in books.closures} == {1}
    assert (books.haircuts, books.uncovered_quanta) == ((), 0)


def test_a_position_counts_as_far_as_its_account_can_close_it():
    books = ProRata().allocate(bankrupt(10, 100), [short(1, 90, net=25), short(2, 10)])
    assert {c.account: c.lots for c in books.closures} == {1: -2, 2: -8}  # 10 a lot: 2 and 10


def test_at_the_mark_the_loss_is_shared_by_gains():
    people = [short(1, 10, gain=30), short(2, 10, gain=90), short(3, 10, gain=-5)]
    books = ProRata().allocate(bankrupt(15, 40), people, price_rule=PriceRule.MARK)
    assert {c.account: c.lots for c in books.closures} == {1: -5, 2: -5, 3: -5}
    assert [tuple(haircut) for haircut in books.haircuts] == [(1, 10), (2, 30)]


def test_gains_that_are_too_small_leave_the_rest():
    people = [short(1, 10, gain=30), short(2, 10, gain=90)]
    books = ProRata().allocate(bankrupt(15, 200), people, price_rule=PriceRule.MARK)
    assert books.uncovered_quanta == 80


def test_a_short_inventory_closes_longs():
    long = Candidate(1, 10, -800, 900, 200)
    books = ProRata().allocate(bankrupt(-4, 20), [long, short(2, 10)])
    assert [tuple(closure) for closure in books.closures] == [(1, 4, 20, 1)]
    assert books.left_lots == 0


def test_what_nobody_can_close_is_left():
    books = ProRata().allocate(bankrupt(10, 20), [short(1, 3), short(2, 4)])
    assert {c.account: c.lots for c in books.closures} == {1: -3, 2: -4}
    assert books.left_lots == 3


@pytest.mark.parametrize("rule", [PriceRule.MARK, PriceRule.BANKRUPTCY])
def test_the_policy_has_a_price_rule_of_its_own(rule):
    inventory = bankrupt(10, 100)
    assert ProRata(rule).allocate(inventory, [short(1, 10)]).price == inventory.price(rule)
