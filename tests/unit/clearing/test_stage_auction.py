"""Auctions as a stage: what is for sale, when one is looked at, and how it ends."""

from dataclasses import replace

from hullmark.clearing._rules import Rules
from hullmark.clearing._stage_auction import ended, ended_by, for_sale, is_due
from hullmark.domain import AuctionEnd, AuctionPhase, HandOver, commands, events

from .bank import (
    ANN,
    BOB,
    MAKER,
    SECOND_NS,
    Bank,
    adjust,
    adopt,
    deposit,
    fill,
    kinds,
    only,
    taken_in_hand,
    trade,
    tree,
)
from .test_decide_auctions import LOT, SHARE, USDT, of_lot, of_share

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


def test_a_solvent_share_that_nobody_buys_in_its_time_goes_on_as_an_insolvent_one():
    bank = of_share()
    assert kinds(bank.pass_time(4_500, usd="90")) == []
    found = bank.pass_time(1, usd="90")
    assert only(found, events.AuctionEnded).reason is AuctionEnd.CONVERTED


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
    """The operator takes Ann's gold away: the stage is looked at when a reset is due."""
    bank = of_lot(self_reset=True)
    bank.do(adjust(ANN, MAKER, "10 GOLD"))
    told = bank.pass_time(3_601, usd="85")
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
