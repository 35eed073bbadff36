"""A share of an account: positions at their marks, and what it is worth as cash."""

from hullmark.clearing._fills import Fill
from hullmark.clearing._moved import moved_event, part_of, spare_initial_usd
from hullmark.core import NANO

from .bank import ANN, BOB, MAKER, Bank, deposit, rest, trade

USDT = 10**6


def founded(*requests):
    """Return a bank where Ann, long 8 from 100 with 100, is worth 180 at 110."""
    bank = Bank().found()
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 8, "PERP", "100"), *requests)
    bank.pass_time(1, usd="110")
    return bank


def part(bank, account=ANN, **terms):
    return part_of(bank.state, bank.venue.views, account, **terms)


def test_half_of_an_account_is_half_its_lots_at_the_mark_and_half_its_worth():
    bank = founded()
    half = part(bank, share_nano=NANO // 2)
    number = bank.state.ledger.instrument_index["PERP"]
    assert half.fills == (Fill(number, 4, 440 * USDT, 0),)
    assert half.given_up() == (Fill(number, -4, -440 * USDT, 0),)
    assert dict(half.cash) == {0: 90 * USDT}
    assert not half.whole


def test_the_whole_leaves_nothing():
    bank = founded(deposit(ANN, "3 GOLD"))
    whole = part(bank, share_nano=NANO)
    gold = bank.state.ledger.asset_index["GOLD"]
    assert dict(whole.cash) == {0: 180 * USDT, gold: 3_000}
    assert whole.whole


def test_what_is_reserved_is_left_out_of_what_is_shared():
    assert dict(part(founded(), share_nano=NANO // 2, reserved=(0, 20 * USDT)).cash) == {
        0: 80 * USDT
    }


def test_lots_are_rounded_down_on_either_side_and_cash_for_the_account():
    bank = founded(deposit(BOB, "1000 USDT"), trade(MAKER, 3, "PERP", "100", seller=BOB))
    short = part(bank, BOB, share_nano=NANO // 2)
    (fill,) = short.fills
    assert (fill.lots, fill.cost_quanta) == (-1, -110 * USDT)  # of three
    assert dict(part(bank, share_nano=1).cash) == {}  # 0.18 quanta, down
    assert part(bank, share_nano=1).fills == ()
    bank.do(trade(MAKER, 97, "PERP", "200", seller=ANN))
    assert part(bank, share_nano=NANO // 10).fills[0].lots == -8  # of 89


def test_what_an_account_owes_is_rounded_up_for_the_taker():
    bank = Bank().found()
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 8, "PERP", "100"))
    bank.pass_time(1, usd="80")  # worth -60
    assert dict(part(bank, share_nano=1).cash) == {0: -1}  # of 0.06 quanta


def test_the_event_names_what_goes():
    bank = founded(deposit(ANN, "3 GOLD"))
    moved = moved_event(bank.state, ANN, BOB, part(bank, share_nano=NANO // 2))
    assert (moved.source, moved.target) == (ANN, BOB)
    assert (moved.lots, moved.cost_quanta) == ({"PERP": 4}, {"PERP": 440 * USDT})
    assert moved.cash_quanta == {"USDT": 90 * USDT, "GOLD": 1_500}


def test_who_takes_a_share_must_carry_it_beside_his_resting_orders():
    """With 1000, less 40 for it; 4 lots at 110 need 44, and 10 bought at 90 as much as 110."""
    bank = founded(deposit(BOB, "1000 USDT"))
    half = part(bank, share_nano=NANO // 2)
    paid = {0: 40 * USDT}
    assert round(spare_initial_usd(bank.venue.views, BOB, half.fills, paid), 6) == 960 - 44
    bank.do(rest(7, BOB, -10, "PERP", "110"))
    assert round(spare_initial_usd(bank.venue.views, BOB, half.fills, paid), 6) == 960 - 66


def test_what_lots_cost_at_the_mark_is_rounded_up():
    """At 90.0000005 a lot is worth half a quantum beside 90 million: the bidder bears it."""
    bank = founded()
    bank.pass_time(1, usd="90.0000005")
    (fill,) = part(bank, share_nano=NANO // 8).fills
    assert (fill.lots, fill.cost_quanta) == (1, 90_000_001)
