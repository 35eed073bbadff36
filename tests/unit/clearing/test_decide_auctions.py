"""Bids and resets at a venue with auctions, in numbers worked by hand."""

from dataclasses import replace

import pytest

from hullmark.core import NANO
from hullmark.domain import AuctionEnd, AuctionPhase, HandOver, Mode, Reason, commands, events

from .bank import (
    ANN,
    BOB,
    CHILD,
    FUND,
    MAKER,
    SECOND_NS,
    SIGNED,
    Bank,
    adjust,
    adopt,
    deposit,
    events_of,
    fill,
    kinds,
    only,
    opened,
    taken_in_hand,
    trade,
    transfer,
    tree,
    withdraw,
)

USDT = 10**6
A_SEVENTH = 0.142857143  # one lot of seven, and not a little less
SHARE = {
    "stage": "dutch-auction",
    "kind": "share",
    "curve": {
        "kind": "two-leg", "start": "0.95", "cutoff": "0.7", "fast_s": "900", "slow_s": "3600",
    },
    "buffer": "0.15",
    "tail_s": "4500",
    "insolvent_s": "600",
}  # fmt: skip
LOT = {
    "stage": "dutch-auction",
    "kind": "lot",
    "curve": {"kind": "stairstep", "step_s": "90", "cut": "0.99"},
    "buffer": "1.2",
    "tail_s": "3600",
    "cusp": "0.8",
    "tip_usd": "1",
    "chip": "0.001",
    "dust_usd": "20",
    "self_reset": False,
}


def of_share(usd="90", *, fund=None, **terms):
    """Return a bank where Ann, long 8 from 100 with 100, is in an auction after one round."""
    bank = Bank(tree(chain=[{"stage": "partial"}, SHARE | terms], rounds_max=1)).found()
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"), trade(ANN, 8, "PERP", "100"))
    if fund:
        bank.do(deposit(FUND, fund))
    bank.pass_time(1, usd=usd)
    bank.told = bank.do(fill(1, 0, "85"))
    return bank


def of_lot(**terms):
    """Return a bank where Ann owes 346.70 USDT, and her ten ounces of gold are in an auction."""
    bank = Bank(tree(chain=[{"stage": "partial"}, LOT | terms])).found()
    gold = commands.Deposit(account=ANN, asset="GOLD", quanta=10_000)
    bank.do(gold, deposit(BOB, "5000 USDT"), deposit(FUND, "50 USDT"))
    bank.do(trade(ANN, 20, "PERP", "100"))
    bank.pass_time(1, usd="85")
    order = bank.only_order()
    bank.told = bank.do(fill(order.order, order.lots, "83.5"))
    return bank


def take(auction=1, bidder=BOB, *, share=None, quanta=None, most=10**15):
    share_nano = None if share is None else int(share * NANO)
    return commands.TakeAuction(
        auction=auction, bidder=bidder, share_nano=share_nano, quanta=quanta, pay_quanta_max=most
    )


def test_a_share_of_an_account_is_sold_at_a_share_of_what_it_is_worth():
    """Worth 20 at 90, and offered at 0.95 of it: half of it costs 9.5, and heals the account."""
    bank = of_share()
    assert only(bank.told, events.StageEntered).reason is HandOver.ROUNDS_EXHAUSTED
    found = bank.do(take(share=0.5))
    moved, taken = only(found, events.PortfolioMoved), only(found, events.AuctionTaken)
    assert (moved.lots, moved.cost_quanta) == ({"PERP": 4}, {"PERP": 360 * USDT})
    assert (moved.cash_quanta, taken.paid_quanta) == ({"USDT": 10 * USDT}, 9_500_000)
    assert kinds(found)[-2:] == ["AuctionEnded", "LiquidationEnded"]
    assert (bank.held(ANN)[0], bank.held(BOB)[0]) == (4, 4)
    bank.check()


def test_more_than_heals_the_account_is_not_sold():
    """Buffered health is -16 - 0.15 x 36 = -21.4: 21.4 / (21.4 + 20 x 0.95) of it are sold."""
    bank = of_share()
    taken = only(bank.do(take(share=1)), events.AuctionTaken)
    assert taken.share_nano == pytest.approx(21.4 / 40.4 * NANO, abs=2)
    assert not bank.state.auctions
    bank.check()


def test_the_price_falls_on_two_legs():
    bank = of_share()
    bank.pass_time(450, usd="90")
    assert only(bank.do(take(share=0.125)), events.AuctionTaken).paid_quanta == 2_062_500  # 0.825
    bank.check()


def test_what_was_paid_in_is_not_for_sale():
    bank = of_share()
    bank.do(take(share=0.125))  # 2.375 are paid in, and 17.5 are left of the account beside it
    (auction,) = bank.state.auctions.values()
    assert auction.reserved_quanta == 2_375_000
    taken = only(bank.do(take(share=A_SEVENTH)), events.AuctionTaken)
    assert taken.paid_quanta == 2_375_001  # 17.5 x 0.95 x A_SEVENTH is 2.375000002, up
    bank.check()


def test_what_is_worth_nothing_is_given_to_nobody_while_a_breaker_stops_auctions():
    bank = of_share()
    bank.do(commands.SetBreaker(level=1), bank.said("87.5"))
    assert bank.refused(take(share=1)) is Reason.DUST_LEFT


def test_a_share_that_comes_to_no_lot_of_a_position_is_not_sold():
    """It would take cash out of the account and leave all of its risk there."""
    assert of_share().refused(take(share=0.1249)) is Reason.DUST_LEFT


def test_a_bid_that_moves_nothing_is_refused_though_its_quantum_would_help():
    assert of_share().refused(take(share=1 / NANO)) is Reason.DUST_LEFT


def test_nobody_is_paid_for_debts_of_an_insolvent_account_without_any_of_its_positions():
    """Of eight lots 0.124 is none: 11.41 would be paid for a debt of 7.44, again and again."""
    bank = of_share("80", fund="200 USDT")
    bank.pass_time(600, usd="80")
    assert bank.refused(take(share=0.124, most=0)) is Reason.DUST_LEFT
    bank.do(take(share=0.125, most=0))
    assert (bank.held(ANN)[0], bank.held(BOB)[0]) == (7, 1)
    bank.check()


def test_an_isolated_account_buys_what_is_in_the_asset_that_is_paid_and_nothing_else():
    bank = of_share("80", fund="200 USDT")
    dora, child = 120, 121
    isolated = commands.OpenAccount(account=child, mode=Mode.ISOLATED, parent=dora)
    bank.do(opened(dora), isolated, deposit(dora, "500 USDT"), transfer(dora, child, "500 USDT"))
    bank.do(take(share=0.125, bidder=child))
    assert bank.held(child)[0] == 1
    bank.do(commands.Deposit(account=ANN, asset="GOLD", quanta=1))
    assert bank.refused(take(share=0.5, bidder=child)) is Reason.ACCOUNT_MODE
    bank = of_lot()
    bank.do(opened(dora), isolated, deposit(dora, "500 USDT"), transfer(dora, child, "500 USDT"))
    assert bank.refused(take(quanta=1_000, bidder=child)) is Reason.ACCOUNT_MODE


def test_splitting_a_purchase_at_one_instant_beats_buying_at_once_by_rounding_only():
    whole, split = of_share(), of_share()
    whole.do(take(share=0.25))
    split.do(take(share=0.125), take(share=A_SEVENTH))  # of seven eighths
    worth = [bank.venue.views.net_quanta(BOB, 0) for bank in (whole, split)]
    assert abs(worth[0] - worth[1]) <= 2
    assert abs(whole.held(BOB)[0] - split.held(BOB)[0]) <= 1


def test_whoever_takes_an_insolvent_account_is_paid_by_the_fund_and_then_by_nobody():
    """At 80 it owes 60 and lacks 92 of its margin: half way it is taken for 76."""
    bank = of_share("80", fund="20 USDT")
    assert only(bank.told, events.AuctionStarted).phase is AuctionPhase.INSOLVENT
    assert bank.refused(take(share=1, most=-77 * USDT)) is Reason.LIMIT_BROKEN
    bank.pass_time(300, usd="80")
    found = bank.do(take(share=1, most=-76 * USDT))
    covered, taken = only(found, events.DeficitCovered), only(found, events.AuctionTaken)
    assert (covered.fund_quanta, covered.bad_debt_quanta) == (20 * USDT, 56 * USDT)
    assert (covered.gap_quanta, covered.impact_quanta) == (60 * USDT, 16 * USDT)
    assert taken.paid_quanta == -76 * USDT
    assert (bank.cash(ANN), bank.held(ANN)) == ("0", (0, 0))
    bank.check()


def test_all_of_a_loss_in_another_asset_than_the_trigger_s_is_a_gap():
    bank = of_share("80", fund="20 USDT")
    bank.state.episodes[ANN] = replace(bank.state.episodes[ANN], asset="BTC")
    covered = only(bank.do(take(share=A_SEVENTH, most=0)), events.DeficitCovered)
    assert (covered.gap_quanta, covered.impact_quanta) == (8_571_428, 0)  # of 8.57142858


def test_withdrawals_wait_while_insolvent_auctions_may_cost_more_than_the_fund_has():
    bank = of_share("80", fund="91 USDT")
    assert bank.refused(withdraw(BOB, "1 USDT")) is Reason.WITHDRAWALS_GATED
    bank.do(deposit(FUND, "1 USDT"), withdraw(BOB, "1 USDT"))


def test_a_solvent_auction_of_what_is_worth_nothing_goes_on_as_an_insolvent_one():
    bank = of_share()
    found = bank.pass_time(1, usd="80")
    assert [e.phase for e in events_of(found, events.AuctionStarted)] == [AuctionPhase.INSOLVENT]
    assert list(bank.state.auctions) == [2]
    bank.check()


def test_an_account_that_recovers_ends_its_auction():
    bank = of_share()
    found = bank.pass_time(1, usd="100")
    assert kinds(found)[-2:] == ["AuctionEnded", "LiquidationEnded"]
    assert (bank.state.auctions, bank.state.auction_of) == ({}, {})


def test_nobody_buys_an_account_of_his_own_or_what_he_cannot_carry():
    bank = of_share()
    bank.do(deposit(ANN, "0.000001 USDT"))
    assert bank.refused(take(bidder=ANN, share=0.5)) is Reason.AUCTION_SELF
    assert bank.refused(take(bidder=CHILD, share=0.5)) is Reason.AUCTION_SELF
    bank.do(withdraw(BOB, "964.500001 USDT"))  # 36 are needed, 10 come in, and 9.5 are paid
    assert bank.refused(take(share=0.5)) is Reason.MARGIN_SHORT
    assert bank.refused(take(2, share=0.5)) is Reason.AUCTION_UNKNOWN
    assert bank.refused(take(quanta=5)) is Reason.AMOUNT_INVALID
    assert bank.refused(take()) is Reason.AMOUNT_INVALID
    assert bank.refused(take(share=0.5, most=9_499_999)) is Reason.LIMIT_BROKEN
    bank.do(deposit(BOB, "0.000002 USDT"), take(share=0.5))  # 9.500001, up


def test_a_lot_is_bought_in_parts_until_the_debt_and_its_penalty_are_raised():
    """350.167 are to be raised, at 60 an ounce: an ounce brings 60, of which 0.594059 penalty."""
    bank = of_lot()
    started = only(bank.told, events.AuctionStarted)
    assert (started.debt_quanta, started.tab_quanta) == (346_700_000, 350_167_000)
    assert (started.top_nano, started.lot_quanta) == (60 * NANO, 10_000)
    taken = only(bank.do(take(quanta=1_000)), events.AuctionTaken)
    assert (taken.paid_quanta, taken.penalty_quanta) == (60 * USDT, 594_059)
    found = bank.do(take(quanta=10_000))
    taken = only(found, events.AuctionTaken)
    assert (taken.lot_quanta, taken.paid_quanta) == (4_836, 290_167_000)
    assert kinds(found)[-2:] == ["AuctionEnded", "LiquidationEnded"]
    assert (bank.cash(ANN), bank.cash(ANN, "GOLD")) == ("0", "4.164")
    bank.check()


def test_no_purchase_leaves_dust():
    """300 at least are left to be raised, or nothing: of 350.167 no more than 50.167 in part."""
    bank = of_lot(dust_usd="300")
    taken = only(bank.do(take(quanta=1_000)), events.AuctionTaken)
    assert (taken.paid_quanta, taken.lot_quanta) == (50_167_000, 836)
    assert bank.refused(take(quanta=1_000)) is Reason.DUST_LEFT
    bank.do(take(quanta=10_000))
    assert not bank.state.auctions
    bank.check()


def test_nobody_buys_while_a_reset_is_due_and_a_keeper_is_rewarded_for_it():
    bank = of_lot()
    reset = commands.ResetAuction(auction=1, keeper=BOB)
    assert bank.refused(reset) is Reason.RESET_EARLY
    bank.pass_time(90 * 22, usd="85")  # 0.99 ** 22 is above 0.8
    assert bank.refused(reset) is Reason.RESET_EARLY
    bank.pass_time(90, usd="85")
    assert bank.refused(take(quanta=1_000)) is Reason.RESET_DUE
    before = bank.cash(BOB)
    again = only(bank.do(reset), events.AuctionReset)
    assert (again.top_nano, again.reward_quanta) == (60 * NANO, 1_350_167)
    assert float(bank.cash(BOB)) - float(before) == pytest.approx(1.350167)
    bank.do(take(quanta=1_000))
    bank.check()


def test_resetting_dust_is_not_rewarded():
    bank = of_lot(dust_usd="400")
    bank.pass_time(3_601, usd="85")
    reset = commands.ResetAuction(auction=1, keeper=BOB)
    assert only(bank.do(reset), events.AuctionReset).reward_quanta == 0


def test_a_venue_may_reset_by_itself_without_a_reward():
    bank = of_lot(self_reset=True)
    again = only(bank.pass_time(3_601, usd="85"), events.AuctionReset)
    assert (again.keeper, again.reward_quanta) == (None, 0)


def test_auctions_start_only_as_long_as_there_is_room():
    assert not of_lot(limit_usd="350").state.auctions
    assert not of_lot(limit_usd="351", market_limit_usd="350.166999999").state.auctions
    assert of_lot(limit_usd="350.167", market_limit_usd="350.167").state.auctions


def test_limits_get_back_exactly_what_was_bought():
    bank = of_lot()
    before = sum(a.notional_nano for a in bank.state.auctions.values())
    taken = only(bank.do(take(quanta=1_000)), events.AuctionTaken)
    (auction,) = bank.state.auctions.values()
    assert auction.notional_nano == before - taken.notional_nano == 290_167_000_000


def test_a_bidder_needs_the_cash_for_a_lot():
    bank = of_lot()
    bank.do(withdraw(BOB, "4950 USDT"))
    assert bank.refused(take(quanta=1_000)) is Reason.CASH_SHORT
    bank.do(deposit(BOB, "10 USDT"), take(quanta=1_000))  # the ounce counts for the other 25


def test_an_account_in_an_auction_is_frozen_but_for_deposits():
    bank = taken_in_hand()
    assert bank.state.episodes
    bank = of_share()
    assert bank.refused(withdraw(ANN, "1 USDT")) is Reason.UNDER_LIQUIDATION
    assert bank.refused(transfer(ANN, CHILD, "1 USDT")) is Reason.UNDER_LIQUIDATION
    found = bank.do(deposit(ANN, "100 USDT")) + bank.pass_time(1, usd="90")
    assert only(found, events.LiquidationEnded).cured


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("chain", [[{"stage": "partial"}], [{"stage": "partial"}, LOT]])
def test_auctions_end_when_the_rules_have_no_such_stage_any_more(chain, later):
    bank = of_share()
    rules = adopt(tree(chain=chain), bank.now_ns + SECOND_NS if later else None)
    found = bank.do(rules)
    found = bank.pass_time(2) if later else found
    assert only(found, events.AuctionEnded).reason is AuctionEnd.RULES_CHANGED
    assert not bank.state.auctions


def test_auctions_go_on_when_the_rules_only_have_other_terms():
    bank = of_share()
    bank.do(adopt(tree(chain=[{"stage": "partial"}, SHARE | {"buffer": "0.3"}])))
    assert list(bank.state.auctions) == [1]


def test_nothing_is_sold_of_whoever_has_paid_before_the_next_sweep():
    """Ann pays in more than the 346.70 she owes: her gold stays hers, and no penalty is due."""
    bank = of_lot()
    bank.do(deposit(ANN, "400 USDT"))
    assert bank.refused(take(quanta=1_000)) is Reason.AUCTION_UNKNOWN
    assert kinds(bank.pass_time(1, usd="85")) == ["AuctionEnded", "LiquidationEnded"]
    bank = of_share()  # 16 short of what 8 lots need
    bank.do(deposit(ANN, "16.2 USDT"))
    assert bank.refused(take(share=1)) is Reason.AUCTION_UNKNOWN


def test_all_rewards_of_an_auction_stay_within_its_penalty():
    """Of 3.467 a first keeper is given 1.350167, a second one as much, and the third the rest."""
    bank = of_lot()
    bank.do(deposit(FUND, "1000 USDT"))
    given = []
    for _ in range(5):
        bank.pass_time(3_601, usd="85")
        reset = commands.ResetAuction(auction=1, keeper=BOB)
        given.append(only(bank.do(reset), events.AuctionReset).reward_quanta)
    assert given == [1_350_167, 1_350_167, 766_666, 0, 0]
    own = commands.ResetAuction(auction=1, keeper=ANN)
    bank.pass_time(3_601, usd="85")
    assert bank.refused(own) is Reason.AUCTION_SELF
    bank.check()


def test_a_lot_auction_takes_no_penalty_from_an_account_below_zero():
    """Gold falls until what is left of it is worth less than the debt: only the debt is paid."""
    bank = of_lot()
    bank.do(commands.AdjustCash(source=ANN, target=BOB, asset="GOLD", quanta=6_000, **SIGNED))
    taken = only(bank.do(take(quanta=1_000)), events.AuctionTaken)
    assert (taken.paid_quanta, taken.penalty_quanta) == (60 * USDT, 0)
    bank.check()


def test_whoever_is_liquidated_pays_the_keeper_and_not_the_fund():
    """Bob is given 1.350167; Ann pays her debt before anybody buys, and owes that much more."""
    bank = of_lot()
    fund, owed = bank.cash(FUND), float(bank.cash(ANN))
    bank.pass_time(3_601, usd="85")
    bank.do(commands.ResetAuction(auction=1, keeper=BOB))
    assert bank.cash(FUND) == fund
    assert float(bank.cash(ANN)) == pytest.approx(owed - 1.350167)
    bank.do(deposit(ANN, "400 USDT"))
    bank.pass_time(1, usd="85")
    assert (bank.state.auctions, bank.cash(FUND)) == ({}, fund)
    bank.check()


@pytest.mark.parametrize(
    ("owed", "reward"), [("152.7 USDT", 900_000), ("153.4 USDT", 200_000), ("154 USDT", 0)]
)
def test_a_reward_is_no_more_than_the_account_is_worth_and_the_fund_has(owed, reward):
    """Ten ounces are 153.30 more than the 346.70 Ann owes, before it is more; the fund has 0.3."""
    bank = of_lot()
    bank.do(adjust(ANN, MAKER, owed), adjust(FUND, MAKER, "66.4 USDT"))
    assert bank.cash(FUND) == "0.3"
    bank.pass_time(3_601, usd="85")
    reset = commands.ResetAuction(auction=1, keeper=BOB)
    assert only(bank.do(reset), events.AuctionReset).reward_quanta == reward
    bank.check()
