"""What bids on a lot come to, in numbers worked by hand."""

from dataclasses import replace

from hullmark.clearing._lot_bids import Bid, bid_on_lot, is_dust, penalty_of, reward_of
from hullmark.domain import commands

from .bank import ANN, BOB, FUND, MAKER, Bank, deposit, fill, trade, tree
from .test_auction_terms import only_auction
from .test_decide_auctions import LOT, USDT, of_lot


def test_what_is_paid_in_beside_a_lot_is_not_sold_with_it():
    """Ten ounces are there and two of them are the lot: three are wanted, at 60 each."""
    bank = of_lot()
    auction = replace(only_auction(bank), lot_quanta=2_000)
    bid = bid_on_lot(bank.state, auction, 3_000)
    assert (bid.lot_quanta, bid.paid_quanta, bid.sold_out) == (2_000, 120 * USDT, True)


def test_what_is_gone_of_a_lot_is_not_sold():
    bank = of_lot()
    bank.state.ledger.move(ANN, MAKER, bank.state.ledger.asset_index["GOLD"], 9_000)
    bid = bid_on_lot(bank.state, only_auction(bank), 3_000)
    assert (bid.lot_quanta, bid.paid_quanta, bid.sold_out) == (1_000, 60 * USDT, True)


def test_a_penalty_is_no_more_than_is_left_when_what_is_sold_counts_one_quantum_up():
    """A thousandth of an ounce is worth 49,999.999999 quanta, and sold for 60 more than 50,000.

    Rounded down, and one quantum up: 50,000 go, and of what comes in 60 are left.
    """
    rules = tree(chain=[{"stage": "partial"}, LOT])
    rules["assets"]["GOLD"]["peg"] = "49.999999999"
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "10 GOLD"), trade(ANN, 20, "PERP", "100"))
    bank.pass_time(1, usd="85")
    order = bank.only_order()
    bank.do(fill(order.order, order.lots, "83.5"))
    views = bank.venue.views
    bank.state.ledger.move(ANN, MAKER, 0, views.net_quanta(ANN, 0))
    assert views.net_quanta(ANN, 0) == 0
    bid = Bid(lot_quanta=1, paid_quanta=50_060, penalty_quanta=500, released_nano=0, sold_out=False)
    auction = only_auction(bank)
    assert penalty_of(bank.state, views, auction, bid) == 60
    assert penalty_of(bank.state, views, auction, bid._replace(penalty_quanta=59)) == 59
    assert penalty_of(bank.state, views, auction, bid._replace(paid_quanta=49_999)) == 0


def test_a_bid_that_raises_all_that_is_to_be_raised_leaves_no_dust_but_some_of_the_lot():
    """Five ounces at 60 are 300, which is all; the auction is charged 1000, and gets all back."""
    bank = of_lot()
    terms = {"tab_quanta": 300 * USDT, "debt_quanta": 297 * USDT, "notional_nano": 1_000}
    bid = bid_on_lot(bank.state, replace(only_auction(bank), **terms), 5_000)
    assert bid == Bid(5_000, 300 * USDT, 3 * USDT, 1_000, sold_out=False)


def test_whoever_buys_all_that_is_left_of_a_lot_may_leave_dust_to_be_raised():
    """Five ounces bring 300 of 310, and dust is 20."""
    bank = of_lot()
    auction = replace(only_auction(bank), lot_quanta=5_000, tab_quanta=310 * USDT)
    bid = bid_on_lot(bank.state, auction, 5_000)
    assert (bid.lot_quanta, bid.paid_quanta, bid.sold_out) == (5_000, 300 * USDT, True)
    assert bid.released_nano == auction.notional_nano  # all of it, as nothing is left to be sold


def test_the_least_that_is_bought_of_a_lot_is_one_quantum():
    bank = of_lot()
    bid = bid_on_lot(bank.state, only_auction(bank), 1)
    assert (bid.lot_quanta, bid.paid_quanta) == (1, 60_000)


def test_of_a_lot_that_is_gone_nothing_is_sold():
    bank = of_lot()
    bank.state.ledger.move(ANN, MAKER, bank.state.ledger.asset_index["GOLD"], 10_000)
    assert bid_on_lot(bank.state, only_auction(bank), 1_000) is None


def test_the_part_of_a_reward_that_grows_with_the_lot_is_rounded_down():
    """A dollar, and a thousandth of 350.167999."""
    bank = of_lot()
    auction = replace(only_auction(bank), tab_quanta=350_167_999)
    assert reward_of(bank.state, bank.venue.views, auction) == 1_350_167


def test_rewards_of_all_auctions_of_a_liquidation_stay_within_one_penalty():
    """A keeper resets each auction, the stage ends, and the chain begins again with another one."""
    bank = of_lot(deadline_s="8000")
    bank.do(deposit(FUND, "1000 USDT"))
    before, seen = bank.state.ledger.cash(BOB, 0), set()
    for _ in range(20):
        bank.pass_time(3_601, usd="85")
        for number in list(bank.state.auctions):
            seen.add(number)
            bank.venue.submit(commands.ResetAuction(auction=number, keeper=BOB))
    assert len(seen) > 3
    owed = -bank.state.ledger.cash(ANN, 0)
    given = bank.state.ledger.cash(BOB, 0) - before
    assert 3 * USDT < given <= owed // 100  # the penalty is one in a hundred
    bank.check()


def test_a_lot_of_which_nothing_is_left_is_dust_where_nothing_else_is():
    bank = of_lot(dust_usd="0")
    gold = bank.state.ledger.asset_index["GOLD"]
    bank.state.ledger.move(ANN, MAKER, gold, 9_999)
    assert not is_dust(bank.state, only_auction(bank))
    bank.state.ledger.move(ANN, MAKER, gold, 1)
    assert is_dust(bank.state, only_auction(bank))
