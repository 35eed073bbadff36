"""Auctions as a stage: what is for sale, when one is looked at, and how it ends."""

from dataclasses import replace

from hullmark.clearing._rules import Rules
from hullmark.clearing._stage_auction import ended, ended_by, for_sale, is_due
from hullmark.domain import AuctionEnd, AuctionPhase, HandOver, commands, events

from .bank import ANN, BOB, SECOND_NS, fill, kinds, only, taken_in_hand, tree
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
