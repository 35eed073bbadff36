"""Going along a chain: which stage acts, why the next is entered, and when it begins again."""

from hullmark.domain import HandOver, Parked, Stage, events

from .bank import ANN, BOB, Bank, deposit, events_of, fill, kinds, only, trade, tree
from .test_decide_auctions import LOT, SHARE


def venue(*chain, **liquidation):
    """Return a bank on a chain where Ann is under at 90."""
    bank = Bank(tree(chain=list(chain), **liquidation)).found()
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"), trade(ANN, 8, "PERP", "100"))
    bank.told = bank.pass_time(1, usd="90")
    return bank


def stages(found):
    return [(e.stage, e.reason) for e in events_of(found, events.StageEntered)]


def test_a_chain_of_orders_alone_orders_what_a_venue_without_a_chain_orders():
    plain, chained = Bank(tree()).found(), Bank(tree(chain=[{"stage": "partial"}])).found()
    for bank in (plain, chained):
        bank.do(deposit(ANN, "100 USDT"), trade(ANN, 8, "PERP", "100"))
        bank.pass_time(1, usd="90")
    assert plain.orders() == chained.orders() != []


def test_a_stage_hands_over_when_its_rounds_are_used_up():
    bank = venue({"stage": "partial"}, SHARE, rounds_max=2)
    bank.do(fill(1, 0, "90"))
    found = bank.do(fill(2, 0, "90"))
    assert stages(found) == [(Stage.DUTCH_AUCTION, HandOver.ROUNDS_EXHAUSTED)]
    assert bank.state.courses[ANN].place == 1


def test_a_stage_hands_over_when_its_time_is_over():
    bank = venue({"stage": "partial", "deadline_s": "40"}, SHARE, rounds_max=9)
    found = bank.pass_time(31, usd="90")  # the order is late, and another one follows
    assert stages(found) == []
    found = bank.pass_time(31, usd="90")
    assert stages(found) == [(Stage.DUTCH_AUCTION, HandOver.DEADLINE)]


def test_an_auction_that_runs_out_of_time_ends_and_the_chain_begins_again():
    bank = venue({"stage": "partial"}, SHARE | {"deadline_s": "100"}, rounds_max=1)
    bank.do(fill(1, 0, "90"))
    found = bank.pass_time(100, usd="90")
    assert kinds(found)[-3:] == ["AuctionEnded", "StageEntered", "LiquidationParked"]
    assert stages(found) == [(Stage.PARTIAL, HandOver.RESTARTED)]
    assert bank.state.parked[ANN].reason is Parked.NOTHING_HELPS
    again = bank.pass_time(60, usd="90")
    assert "LiquidationOrdered" in kinds(again)
    bank.check()


def test_what_cannot_act_is_passed_over_in_one_step_with_a_reason_each():
    """Under the auctions' limit there is no room for the account, so it waits at the end."""
    bank = venue({"stage": "partial"}, SHARE | {"limit_usd": "100"}, rounds_max=1)
    found = bank.do(fill(1, 0, "90"))
    assert stages(found) == [
        (Stage.DUTCH_AUCTION, HandOver.ROUNDS_EXHAUSTED),
        (Stage.PARTIAL, HandOver.RESTARTED),
    ]
    assert only(found, events.LiquidationParked).reason is Parked.NOTHING_HELPS


def test_a_lot_auction_comes_to_its_end_only_when_nothing_is_left_to_sell():
    """Who has positions and no collateral has no lot: the stage is passed over."""
    bank = venue({"stage": "partial"}, LOT, rounds_max=1)
    found = bank.do(fill(1, 0, "90"))
    assert stages(found)[-1] == (Stage.PARTIAL, HandOver.RESTARTED)
    assert not bank.state.auctions


def test_a_liquidation_that_ends_leaves_nothing_behind():
    bank = venue({"stage": "partial"}, SHARE, rounds_max=1)
    bank.do(fill(1, 0, "90"))
    bank.pass_time(1, usd="100")
    state = bank.state
    assert not any((state.courses, state.episodes, state.auctions, state.parked, state.requests))
