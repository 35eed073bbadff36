"""The queue against its slow reference, and the queue as BitMEX publishes it."""

import pytest

from hullmark.waterfall import Candidate, Inventory, LotPrice, PriceRule, Queue, published_queue

MARK = LotPrice(100)


def short(account, lots, *, entry=120, net=1_000, gain=10_000):
    return Candidate(account, -lots, lots * entry, net, gain)


def bankrupt(lots=20, deficit=100, **terms):
    return Inventory(instrument="P", lots=lots, mark=MARK, deficit_quanta=deficit, **terms)


def closed(books):
    return {closure.account: closure.lots for closure in books.closures}


# BitMEX, "Auto-Deleveraging Examples": six accounts of 10, 10, 20, 30, 20 and 10 contracts, ranked
# 3, 6, 1, 4, 5 and 2; a liquidated position of 20 takes all of account 2 and 10 of account 5. Net
# value is inverse to the rank, so that equal positions have the ranks of the example.
BITMEX = [
    short(account, lots, net=lots * 10**6 // rank)
    for account, lots, rank in [
        (1, 10, 3),
        (2, 10, 6),
        (3, 20, 1),
        (4, 30, 4),
        (5, 20, 5),
        (6, 10, 2),
    ]
]


def test_reproduces_the_published_example():
    books = Queue().allocate(bankrupt(20), BITMEX)
    assert closed(books) == {2: -10, 5: -10}
    assert [closure.place for closure in books.closures] == [1, 2]
    assert books.left_lots == books.uncovered_quanta == 0
    assert books.price == LotPrice(2_100, 20)  # the deficit of 100, over 20 lots


def test_reproduces_the_published_lights():
    rows = published_queue(bankrupt(), BITMEX)
    shown = {row.account: (row.place, row.lights) for row in rows}
    assert shown == {2: (1, 5), 5: (2, 4), 4: (3, 3), 1: (4, 2), 6: (5, 2), 3: (6, 1)}
    assert {row.price for row in rows} == {LotPrice(2_100, 20)}
    assert all(row.exposed for row in rows)


def test_losers_stand_at_the_end_and_are_not_exposed():
    loser, worse = short(1, 5, entry=90), short(2, 5, entry=80)
    bold = short(3, 5, entry=90, net=500)  # more leverage: its loss counts for less
    rows = published_queue(bankrupt(), [worse, loser, bold, short(4, 5), short(5, 5, net=0)])
    assert [(row.account, row.exposed) for row in rows] == [
        (4, True),
        (3, False),
        (1, False),
        (2, False),
    ]
    assert closed(Queue().allocate(bankrupt(), [worse, loser, bold, short(4, 5)])) == {4: -5}


def test_more_profit_or_more_leverage_goes_first():
    calm, rich = short(1, 5, net=900), short(2, 5, entry=130, net=900)
    bold = short(3, 5, net=300)
    order = [row.account for row in published_queue(bankrupt(), [calm, rich, bold])]
    assert order == [3, 2, 1]


def test_ranks_that_no_float_tells_apart_are_told_apart():
    size = 10**17
    twins = [short(1, size, net=10**20 + 1), short(2, size, net=10**20), short(3, size, net=10**20)]
    assert [row.account for row in published_queue(bankrupt(), twins)] == [2, 3, 1]


def test_what_cost_nothing_goes_first():
    free = Candidate(9, 5, 0, 1_000, 500)
    long = Candidate(1, 5, -5, 1, 495)
    rows = published_queue(bankrupt(-20), [long, free])
    assert [row.account for row in rows] == [9, 1]


def test_equal_ranks_go_by_account_and_stay_behind_higher_ones():
    bold, twins = short(4, 5, net=500), [short(5, 5), short(2, 5)]
    rows = published_queue(bankrupt(), [*twins, bold])
    assert [row.account for row in rows] == [4, 2, 5]


def test_of_two_that_cost_nothing_the_larger_one_goes_first():
    free = [Candidate(3, 4, 0, 1_000, 400), Candidate(9, 5, 0, 1_000, 500)]
    assert [row.account for row in published_queue(bankrupt(-20), free)] == [9, 3]


def test_what_was_sold_for_nothing_and_lost_goes_last():
    lost = Candidate(1, -5, 0, 1_000, -500)
    rows = published_queue(bankrupt(), [lost, short(2, 5, entry=50)])  # a loss of half of it
    assert [row.account for row in rows] == [2, 1]


def test_an_account_without_a_position_stands_in_no_queue():
    rows = published_queue(bankrupt(), [Candidate(1, 0, 0, 1_000, 0), short(2, 5)])
    assert [row.account for row in rows] == [2]


def test_a_short_inventory_closes_longs():
    longs = [Candidate(n, 10, -800, 900 + n, 200) for n in (1, 2)]
    books = Queue().allocate(bankrupt(-14, 28), [*longs, short(3, 10)])
    assert closed(books) == {1: 10, 2: 4}
    assert [closure.haircut_quanta for closure in books.closures] == [20, 8]


def test_an_account_is_closed_only_as_far_as_it_stays_solvent():
    thin, other = short(1, 10, net=24), short(2, 30)
    books = Queue().allocate(bankrupt(20, 100), [thin, other])  # 5 a lot: 4 lots are 20, 5 are 25
    assert closed(books) == {1: -4, 2: -16}
    assert [closure.haircut_quanta for closure in books.closures] == [20, 80]


def test_what_the_price_does_not_bring_is_taken_in_the_order_of_the_queue():
    first, second = short(1, 10, net=400, gain=60), short(2, 10, net=800, gain=500)
    books = Queue().allocate(bankrupt(20, 100), [second, first], price_rule=PriceRule.MARK)
    assert [tuple(haircut) for haircut in books.haircuts] == [(1, 60), (2, 40)]
    assert books.uncovered_quanta == 0
    few = Queue().allocate(bankrupt(40, 100), [second, first])  # half of the lots: half of it
    assert few.left_lots == 20
    assert [closure.haircut_quanta for closure in few.closures] == [25, 25]
    assert [tuple(haircut) for haircut in few.haircuts] == [(1, 35), (2, 15)]


def test_a_previous_mark_takes_more_than_is_missing():
    books = Queue().allocate(
        bankrupt(10, 100, previous_mark=LotPrice(130)),
        [short(1, 10)],
        price_rule=PriceRule.PREVIOUS_MARK,
    )
    assert books.haircut_quanta == 300
    assert books.haircuts == ()


def test_a_previous_mark_that_gives_is_taken_back():
    books = Queue().allocate(
        bankrupt(10, 100, previous_mark=LotPrice(90)),
        [short(1, 10, net=900, gain=250)],
        price_rule=PriceRule.PREVIOUS_MARK,
    )
    assert [closure.haircut_quanta for closure in books.closures] == [-100]
    assert [haircut.quanta for haircut in books.haircuts] == [200]
    assert (books.haircut_quanta, books.uncovered_quanta) == (100, 0)


# A lot of an inverse contract of 1 USD is worth minus 10**8 / price satoshi to its long: at 40,000,
# minus 2,500. The long bought at 50,000 is bankrupt; shorts from 50,000 have won 500 a lot.
def test_an_inverse_contract_is_closed_like_any_other():
    mark = LotPrice(-(10**8), 40_000)
    long = Inventory(instrument="I", lots=100, mark=mark, deficit_quanta=9_000)
    shorts = [Candidate(n, -100, -100 * 2_000, 40_000 * n, 50_000) for n in (1, 2)]
    books = Queue().allocate(long, shorts)
    assert closed(books) == {1: -100}
    assert books.haircut_quanta == 9_000
    wins = Inventory(instrument="I", lots=-100, mark=mark, deficit_quanta=9_000)
    assert Queue().allocate(wins, shorts).closures == ()


def test_nobody_there_leaves_everything():
    books = Queue().allocate(bankrupt(20, 100), [])
    assert (books.left_lots, books.uncovered_quanta, books.closures) == (20, 100, ())


@pytest.mark.parametrize("rule", list(PriceRule))
def test_the_policy_has_a_price_rule_of_its_own(rule):
    stated = bankrupt(10, 100, previous_mark=LotPrice(101))
    assert Queue(rule).allocate(stated, BITMEX).price == stated.price(rule)
