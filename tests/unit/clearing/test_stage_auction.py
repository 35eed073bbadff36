"""Auctions as a stage: what is for sale, when one is looked at, and how it ends."""

from dataclasses import replace

from hullmark.clearing._lot_bids import comes_to_dust
from hullmark.clearing._rules import Rules
from hullmark.clearing._stage_auction import ended, ended_by, for_sale, is_due
from hullmark.core import INT64_MAX
from hullmark.domain import AuctionEnd, AuctionPhase, HandOver, Reason, commands, events

from .bank import (
    ANN,
    BOB,
    FUND,
    MAKER,
    SECOND_NS,
    Bank,
    adjust,
    adopt,
    deposit,
    events_of,
    fill,
    kinds,
    only,
    taken_in_hand,
    trade,
    tree,
)
from .test_decide_auctions import LOT, SHARE, USDT, of_lot, of_share, take

PARTIAL = {"stage": "partial"}


def cash(bank, **quanta):
    """Return quanta of each asset, as an account might have them."""
    return [quanta.get(asset.symbol, 0) for asset in bank.state.ledger.assets]


def test_the_first_asset_that_is_declared_and_has_a_price_is_sold(bank):
    index = bank.state.ledger.asset_index
    debt, bitcoin, gold = index["USDT"], index["BTC"], index["GOLD"]
    assert for_sale(bank.state, cash(bank, USDT=-5, BTC=1, GOLD=9)) == (debt, bitcoin)
    assert for_sale(bank.state, cash(bank, USDT=-5, GOLD=9)) == (debt, gold)


def test_the_deepest_debt_is_paid_first(bank):
    index = bank.state.ledger.asset_index
    found = for_sale(bank.state, cash(bank, USDT=-5, USDC=-6, BTC=1))
    assert found == (index["USDC"], index["BTC"])


def test_without_a_debt_or_without_anything_else_nothing_is_for_sale(bank):
    assert for_sale(bank.state, cash(bank, BTC=5)) is None
    assert for_sale(bank.state, cash(bank, USDT=-5)) is None


def test_a_share_is_looked_at_each_time():
    assert is_due(of_share().state, ANN)


def test_an_account_without_an_auction_is_looked_at():
    assert is_due(of_share().state, BOB)


def test_a_lot_is_looked_at_where_the_venue_resets_it_and_that_is_due():
    for self_reset in (False, True):
        state = of_lot(self_reset=self_reset).state
        assert not is_due(state, ANN)
        state.now_ns += 3_601 * SECOND_NS
        assert is_due(state, ANN) is self_reset


def test_a_lot_is_looked_at_once_the_time_of_the_stage_is_over():
    state = of_lot(deadline_s="10").state
    state.now_ns += 10 * SECOND_NS - 1
    assert not is_due(state, ANN)
    state.now_ns += 1
    assert is_due(state, ANN)


def test_the_end_of_an_auction_names_it_and_nobody_s_is_nothing():
    state = of_share().state
    (told,) = ended(state, ANN, AuctionEnd.SOLD)
    assert (told.auction, told.account, told.reason) == (1, ANN, AuctionEnd.SOLD)
    assert ended(state, BOB, AuctionEnd.SOLD) == ()


def test_rules_with_other_stages_or_another_kind_end_all_auctions():
    state = of_share().state
    same, lots, none = (
        Rules.parse(tree(**terms))
        for terms in (
            {"chain": [PARTIAL, SHARE | {"buffer": "0.3"}]},
            {"chain": [PARTIAL, LOT]},
            {"chain": [PARTIAL]},
        )
    )
    assert ended_by(state, same) == ()
    for other in (lots, none):
        assert [e.reason for e in ended_by(state, other)] == [AuctionEnd.RULES_CHANGED]
    assert len(ended_by(state, same, lots)) == 1  # of several sets each is looked at
    assert ended_by(replace(state, auction_of={}), lots) == ()  # where none is open


def test_a_solvent_share_that_is_worth_nothing_goes_on_as_an_insolvent_one():
    bank = of_share()
    found = bank.pass_time(1, usd="80")
    assert kinds(found) == ["AuctionEnded", "AuctionStarted"]
    assert only(found, events.AuctionEnded).reason is AuctionEnd.CONVERTED
    assert only(found, events.AuctionStarted).phase is AuctionPhase.INSOLVENT


def test_a_share_of_what_is_worth_something_that_nobody_buys_is_not_given_away_for_money():
    """It ends, and the chain begins again: orders first, and then another auction at the top."""
    bank = of_share()
    assert kinds(bank.pass_time(4_500, usd="90")) == []
    found = bank.pass_time(1, usd="90")
    assert only(found, events.AuctionEnded).reason is AuctionEnd.EXPIRED
    assert only(found, events.StageEntered).reason is HandOver.RESTARTED


def test_what_bidders_have_paid_in_is_sold_with_the_rest_and_not_handed_out():
    """At 89 half of 12 is bought for 5.7; at 87.1 the other half is worth less than that is."""
    bank = of_share(usd="89", curve=SHARE["curve"] | {"start": "1"})
    bank.do(take(share=0.5))
    assert bank.state.auctions[1].reserved_quanta == 6 * USDT
    found = bank.pass_time(1, usd="87.4")
    assert only(found, events.AuctionEnded).reason is AuctionEnd.CONVERTED
    started = only(found, events.AuctionStarted)
    assert started.phase is AuctionPhase.SOLVENT
    assert bank.state.auctions[2].reserved_quanta == 0


def test_whoever_is_worth_something_again_is_sold_and_not_paid_for():
    bank = of_share(usd="85")
    assert bank.state.auctions[1].phase is AuctionPhase.INSOLVENT
    bank.do(deposit(ANN, "40 USDT"))
    found = [e for unit in bank.venue.submit(take(share=1)).units for e in unit.events]
    assert [e.reason for e in events_of(found, events.Refused)] == [Reason.RESET_DUE]
    found = bank.pass_time(1, usd="85")
    assert only(found, events.AuctionStarted).phase is AuctionPhase.SOLVENT


def test_whoever_takes_a_part_over_is_paid_no_more_than_the_account_lacks_less():
    """At 87 Ann lacks 38.8 in all: one lot at a time, of a share that comes to hardly more."""
    bank = of_share(usd="87", fund="1000 USDT", insolvent_s="1")
    bank.pass_time(10, usd="87")
    fund = bank.state.ledger.cash(FUND, 0)
    short = -bank.venue.health(ANN).health * USDT
    for lots in range(8, 1, -1):
        bank.do(take(share=2 / lots - 1e-6 if lots > 2 else 0.999999))
    bank.do(take(share=1))
    assert bank.held(ANN)[0] == 0
    assert 0 < fund - bank.state.ledger.cash(FUND, 0) <= short + 8
    bank.check()


def test_coins_that_come_to_dust_keep_nothing_waiting():
    """A millionth of a dollar comes first in the venue file, and the gold is sold all the same."""
    bank = of_lot()
    index = bank.state.ledger.asset_index
    found = for_sale(bank.state, cash(bank, USDT=-5 * USDT, USDC=1, GOLD=9_000))
    assert found == (index["USDT"], index["GOLD"])
    assert for_sale(bank.state, cash(bank, USDT=-5 * USDT, USDC=1)) is None
    assert for_sale(bank.state, cash(bank, USDT=-5 * USDT, USDC=20 * USDT)) is not None


def test_a_lot_of_which_no_more_than_dust_is_left_ends():
    bank = of_lot()
    bank.do(adjust(ANN, MAKER, "9.7 GOLD"))  # 15 USD are left, and 20 are dust
    assert not bank.state.auctions
    bank.check()


def test_an_insolvent_share_that_nobody_takes_ends_and_the_chain_begins_again():
    bank = of_share("80")
    assert kinds(bank.pass_time(4_500, usd="80")) == []
    found = bank.pass_time(1, usd="80")
    assert only(found, events.AuctionEnded).reason is AuctionEnd.EXPIRED
    assert only(found, events.StageEntered).reason is HandOver.RESTARTED


def test_a_debt_that_is_paid_ends_the_auction_of_a_lot():
    bank = of_lot(self_reset=True)
    bank.do(commands.Deposit(account=ANN, asset="USDT", quanta=400 * USDT))
    bank.pass_time(1, usd="85")
    assert not bank.state.auctions


def test_under_a_breaker_none_starts_and_what_is_open_goes_on():
    bank = taken_in_hand("90", chain=[PARTIAL, SHARE], rounds_max=1)
    bank.do(commands.SetBreaker(level=1), fill(1, 0, "85"))
    assert not bank.state.auctions
    bank = of_share()
    bank.do(commands.SetBreaker(level=1))
    bank.pass_time(1, usd="90")
    assert bank.state.auctions


def test_under_a_breaker_a_share_that_is_worth_nothing_waits_to_go_on():
    bank = of_share()
    bank.do(commands.SetBreaker(level=1))
    assert kinds(bank.pass_time(1, usd="80")) == []
    assert bank.state.auctions[1].phase is AuctionPhase.SOLVENT


def test_what_an_auction_is_charged_to_its_limits_is_rounded_down():
    """350.167 are to be raised, of a dollar and a ten-millionth each: 350.167 035 016 7."""
    rules = tree(chain=[PARTIAL, LOT])
    rules["assets"]["USDT"]["peg"] = "1.0000001"
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "10 GOLD"), deposit(BOB, "5000 USDT"), trade(ANN, 20, "PERP", "100"))
    bank.pass_time(1, usd="85")
    bank.do(fill(1, bank.only_order().lots, "83.5"))
    assert bank.state.auctions[1].notional_nano == 350_167_035_016


def test_books_that_are_closed_leave_no_share_in_an_auction():
    """Ann sells what she has to somebody else before anybody bids."""
    bank = of_share(usd="85")
    assert bank.state.auctions[1].phase is AuctionPhase.INSOLVENT
    bank.do(trade(MAKER, 8, "PERP", "85", seller=ANN))
    told = bank.pass_time(1, usd="85")
    assert only(told, events.AuctionEnded).reason is AuctionEnd.EMPTIED
    assert kinds(told)[-3:] == ["AuctionEnded", "DeficitCovered", "LiquidationEnded"]
    assert (bank.state.auctions, bank.state.auction_of) == ({}, {})
    bank.check()


def test_books_that_are_closed_leave_no_lot_in_an_auction():
    """The operator takes Ann's gold away."""
    bank = of_lot(self_reset=True)
    told = bank.do(adjust(ANN, MAKER, "10 GOLD"))
    assert only(told, events.AuctionEnded).reason is AuctionEnd.EMPTIED
    bank.pass_time(1, usd="85")
    assert not bank.state.auctions
    bank.check()


def test_a_liquidation_goes_on_at_its_stage_of_other_rules():
    """Ann stands at the second stage: where it is alone, or gone, she still stands at one."""
    bank = of_lot()
    assert bank.state.courses[ANN].place == 1
    found = bank.do(adopt(tree(chain=[LOT])))
    assert only(found, events.AuctionEnded).reason is AuctionEnd.RULES_CHANGED
    assert (bank.state.courses[ANN].place, list(bank.state.auctions)) == (0, [2])
    entered_ns = bank.state.courses[ANN].entered_ns
    bank.pass_time(1, usd="85")
    bank.do(adopt(tree(chain=[PARTIAL, LOT])))
    assert (bank.state.courses[ANN].place, bank.state.courses[ANN].entered_ns) == (1, entered_ns)
    bank.do(adopt(tree(chain=[PARTIAL])))
    assert (bank.state.courses[ANN].place, bank.state.auctions) == (0, {})
    assert bank.state.courses[ANN].entered_ns == bank.now_ns
    bank.pass_time(1, usd="85")
    bank.check()


def test_whoever_was_in_hand_without_a_chain_is_auctioned_under_one():
    bank = Bank(tree()).found()
    gold = commands.Deposit(account=ANN, asset="GOLD", quanta=10_000)
    bank.do(gold, trade(ANN, 20, "PERP", "100"))
    bank.pass_time(1, usd="85")
    order = bank.only_order()
    bank.do(fill(order.order, order.lots, "83.5"))
    assert list(bank.state.episodes) == [ANN]
    bank.do(adopt(tree(chain=[LOT])))
    assert bank.state.courses[ANN].entered_ns == bank.now_ns
    bank.pass_time(60, usd="85")
    assert list(bank.state.auctions) == [1]
    bank.pass_time(1, usd="85")
    bank.check()


def test_the_penalty_of_a_lot_is_rounded_up():
    """At 83.500001 Ann owes 346.699981, and a hundredth of that is 3.46699981."""
    bank = Bank(tree(chain=[PARTIAL, LOT])).found()
    bank.do(deposit(ANN, "10 GOLD"), trade(ANN, 20, "PERP", "100"))
    bank.pass_time(1, usd="85")
    bank.do(fill(1, bank.only_order().lots, "83.500001"))
    auction = bank.state.auctions[1]
    assert (auction.debt_quanta, auction.tab_quanta) == (346_699_981, 350_166_981)


def test_what_is_charged_to_limits_is_no_more_than_fits_in_a_column():
    """9.9 billion at 90, and a hundred million times what is owed elsewhere; it holds 9.22."""
    bank = Bank(tree(chain=[PARTIAL, SHARE], rounds_max=1)).found()
    bank.do(deposit(MAKER, "2000000000 USDT"), deposit(ANN, "1375000000 USDT"))
    bank.do(trade(ANN, 11 * 10**7, "PERP", "100"))
    bank.pass_time(1, usd="90")
    bank.do(fill(1, 0, "85"))
    assert bank.state.auctions[1].notional_nano == INT64_MAX
    bank = Bank(tree(chain=[PARTIAL, LOT])).found()
    bank.do(deposit(MAKER, "30000000000 USDT"), deposit(ANN, "1000000000 GOLD"))
    bank.do(trade(ANN, 20 * 10**8, "PERP", "100"))
    bank.pass_time(1, usd="85")
    bank.do(fill(1, bank.only_order().lots, "83.5"))
    assert bank.state.auctions[1].notional_nano == INT64_MAX


def test_looking_at_a_lot_before_its_time_does_not_reset_it():
    bank = of_lot(self_reset=True)
    assert bank.do(commands.CureBreach(account=ANN)) == []


def test_a_share_is_paid_in_what_its_first_position_settles_in():
    """Though Ann owes USDC, and has USDT."""
    bank = Bank(tree(chain=[PARTIAL, SHARE], rounds_max=1)).found()
    bank.do(deposit(ANN, "150 USDT"), trade(ANN, 8, "PERP", "100"), adjust(ANN, MAKER, "50 USDC"))
    bank.pass_time(1, usd="90")
    bank.do(fill(1, 0, "85"))
    assert bank.state.auctions[1].asset == "USDT"


def test_a_debt_that_is_just_paid_ends_its_auction_though_another_one_is_left():
    """Of two debts that of 346.7 USDT is the deeper one; her gold counts half of 500."""
    bank = of_lot(self_reset=True)
    bank.do(adjust(ANN, MAKER, "300 USDC"), deposit(ANN, "346.7 USDT"))
    found = bank.do(commands.CureBreach(account=ANN))
    assert only(found, events.AuctionEnded).reason is AuctionEnd.CURED


def test_an_auction_that_begins_anew_is_charged_no_more_than_before():
    """At 85 eight lots are 680; at 90 they are 720, for which there might be no room."""
    bank = of_share(usd="85")
    assert bank.state.auctions[1].notional_nano == 680 * 10**9
    bank.pass_time(1, usd="88")
    assert bank.state.auctions[2].notional_nano == 680 * 10**9
    bank.pass_time(1, usd="84")
    assert bank.state.auctions[3].notional_nano == 672 * 10**9


def test_dust_that_is_left_of_one_coin_lets_the_next_be_sold_and_seizes_nothing():
    """Ann owes 346.70 against 100 USDC and 4 ounces: 15 USDC are left, and then gold is sold."""
    bank = Bank(tree(chain=[PARTIAL, LOT])).found()
    bank.do(deposit(ANN, "4 GOLD"), deposit(ANN, "100 USDC"), trade(ANN, 20, "PERP", "100"))
    bank.do(deposit(BOB, "5000 USDT"))
    bank.pass_time(1, usd="85")
    bank.do(fill(1, bank.only_order().lots, "83.5"))
    assert bank.state.auctions[1].lot_asset == "USDC"
    found = bank.do(take(quanta=85 * USDT))
    assert not events_of(found, events.CollateralSeized)
    assert only(found, events.AuctionEnded).reason is AuctionEnd.SOLD
    assert only(found, events.AuctionStarted).lot_asset == "GOLD"
    assert bank.cash(ANN, "USDC") == "15"
    bank.check()


def test_what_is_offered_is_never_dust_at_once():
    """A debt is in coins of 50 USD, and dust ends a hair under what the lot is worth."""
    for dust in ("99.99", "100"):
        bank = of_lot(dust_usd=dust)
        index = bank.state.ledger.asset_index
        assert for_sale(bank.state, cash(bank, GOLD=-5_000, USDC=100 * USDT)) == (
            index["GOLD"],
            index["USDC"],
        )
        assert not comes_to_dust(bank.state, index["USDC"], 100 * USDT)
    assert comes_to_dust(of_lot(dust_usd="100.01").state, index["USDC"], 100 * USDT)
