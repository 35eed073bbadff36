"""Closing a bankrupt account's positions against those who gain, in numbers worked by hand."""

import pytest

from hullmark.domain import Mode, Parked, events

from .bank import (
    ANN,
    BOB,
    FUND,
    MAKER,
    Bank,
    deposit,
    events_of,
    fill,
    only,
    opened,
    trade,
    tree,
)

CAT, DAN, POOL = 110, 111, 150
USDT = 10**6


def venue(policy="least-haircut", steps=("fund", "adl", "bad-debt"), *, price=None, **adl):
    """Return a bank where Ann is long 8, and Bob, Cat and Dan are short 4, 2 and 2, at 100."""
    rules = tree(chain=[{"stage": "partial"}])
    terms = {"policy": policy} | ({} if price is None else {"price": price}) | adl
    rules["waterfall"] = {"steps": list(steps), "adl": terms}
    bank = Bank(rules).found()
    bank.do(*(opened(account, Mode.CROSS) for account in (CAT, DAN)))
    bank.do(deposit(ANN, "100 USDT"), *(deposit(a, "1000 USDT") for a in (BOB, CAT, DAN)))
    for seller, lots in ((BOB, 4), (CAT, 2), (DAN, 2)):
        bank.do(trade(ANN, lots, "PERP", "100", seller=seller))
    return bank


def test_an_account_below_zero_is_closed_against_its_counterparties_and_not_sold_further():
    bank = venue()
    found = bank.pass_time(1, usd="80")
    assert not events_of(found, events.LiquidationOrdered)
    closed = events_of(found, events.Deleveraged)
    assert [(e.counterparty, e.lots, e.cost_quanta) for e in closed] == [
        (BOB, -4, 320 * USDT),
        (CAT, -2, 160 * USDT),
        (DAN, -2, 160 * USDT),
    ]
    assert [e.haircut_quanta for e in closed] == [0, 0, 0]  # at the mark: the loss is shared apart
    assert only(found, events.DeleveragingEnded).left_lots == 0
    assert bank.held(ANN) == bank.held(BOB) == (0, 0)
    bank.check()


def test_the_least_haircut_takes_what_is_missing_in_proportion_to_net_gains_and_no_more():
    """Ann has 100 and lost 160; 60 are missing, the winners gain 80, 40 and 40."""
    bank = venue()
    found = bank.pass_time(1, usd="80")
    taken = {e.payer: e.quanta for e in events_of(found, events.HaircutTaken)}
    assert taken == {BOB: 30 * USDT, CAT: 15 * USDT, DAN: 15 * USDT}
    covered = only(found, events.DeficitCovered)
    assert (covered.fund_quanta, covered.haircut_quanta) == (0, 60 * USDT)
    assert bank.venue.books().bad_debt["USDT"] == 0
    bank.check()


@pytest.mark.parametrize("policy", ["queue", "pro-rata"])
def test_the_bankruptcy_price_brings_what_is_missing(policy):
    """60 are missing over 8 lots: they are closed at 87.5, 7.5 above the mark."""
    bank = venue(policy)
    found = bank.pass_time(1, usd="80")
    closed = events_of(found, events.Deleveraged)
    assert {e.price_nano for e in closed} == {87_500_000_000}
    assert {e.counterparty: e.haircut_quanta for e in closed} == {
        BOB: 30 * USDT,
        CAT: 15 * USDT,
        DAN: 15 * USDT,
    }
    assert not events_of(found, events.HaircutTaken)
    covered = only(found, events.DeficitCovered)
    assert (covered.haircut_quanta, covered.gap_quanta) == (60 * USDT, 60 * USDT)
    assert not only(found, events.LiquidationEnded).cured
    assert bank.cash(ANN) == "0"
    bank.check()


def test_the_fund_pays_before_anybody_is_cut():
    """60 are missing and the fund has 20: the price brings 40, 5 a lot."""
    bank = venue("queue")
    bank.do(deposit(FUND, "20 USDT"))
    found = bank.pass_time(1, usd="80")
    assert {e.price_nano for e in events_of(found, events.Deleveraged)} == {85_000_000_000}
    covered = only(found, events.DeficitCovered)
    assert (covered.fund_quanta, covered.haircut_quanta) == (20 * USDT, 40 * USDT)
    assert covered.bad_debt_quanta == 0
    bank.check()


def test_an_account_that_is_worth_something_is_sold_to_the_market():
    bank = venue("queue")
    found = bank.pass_time(1, usd="90")
    assert events_of(found, events.LiquidationOrdered)
    assert not events_of(found, events.Deleveraged)


@pytest.mark.parametrize("policy", ["queue", "pro-rata", "least-haircut"])
def test_closing_after_the_market_has_closed_shares_the_loss_by_gains(policy):
    """Orders fill at 88, the last one far lower: nothing is left to close, 20 are missing."""
    bank = venue(policy, at_once=False)
    found = bank.pass_time(1, usd="89")
    order = only(found, events.LiquidationOrdered)
    bank.pass_time(1, usd="82")
    found = bank.do(fill(order.order, order.lots, "87.5"))
    assert order.lots < 0
    for order in bank.orders():
        found = bank.do(fill(order.order, order.lots, "81"))
    bank.check()
    assert bank.venue.books().bad_debt["USDT"] == 0


def half_closed(*stages):
    """Return a bank where half of Ann's lots are closed at 80, and the rest finds no winner.

    Bob, who is short the one half, has paid all of the 60 that were missing; the maker, who is
    short the other, has bought elsewhere at 70 and gains nothing.
    """
    rules = tree(chain=[{"stage": "partial"}, *stages])
    rules["pools"] = {"vault": {"account": POOL, "asset": "USDT"}}
    rules["waterfall"] = {"steps": ["fund", "adl", "bad-debt"], "adl": {"policy": "queue"}}
    bank = Bank(rules).found()
    bank.do(*(opened(account, Mode.CROSS) for account in (CAT, POOL)))
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"), deposit(CAT, "10000 USDT"))
    bank.do(trade(CAT, 40, "PERP", "70"))
    bank.do(trade(ANN, 4, "PERP", "100", seller=BOB), trade(ANN, 4, "PERP", "100"))
    found = bank.pass_time(1, usd="80")
    assert only(found, events.DeleveragingEnded).left_lots == 4
    return bank


def test_what_others_have_paid_is_explained_by_what_was_missing_when_the_account_recovers():
    """It is 200 up then: a gain afterwards is no cause of what was missing at the trigger."""
    bank = half_closed()
    covered = only(bank.pass_time(61, usd="130"), events.DeficitCovered)
    assert (covered.haircut_quanta, covered.bad_debt_quanta) == (60 * USDT, 0)
    assert (covered.gap_quanta, covered.impact_quanta) == (60 * USDT, 0)
    bank.check()


def test_what_others_have_paid_is_told_when_a_pool_takes_over_what_is_left():
    """Nobody fills the orders for what is left, and then the pool can."""
    vault = {"stage": "takeover", "pool": "vault", "loss_usd_max": "100"}
    bank = half_closed(vault)
    bank.do(deposit(POOL, "1000 USDT"))
    bank.pass_time(61, usd="80")
    for _ in range(2):
        found = bank.do(fill(bank.only_order().order, 0, "80"))
    assert only(found, events.AccountTakenOver).pool == "vault"
    covered = only(found, events.DeficitCovered)
    assert (covered.haircut_quanta, covered.gap_quanta) == (60 * USDT, 60 * USDT)
    assert not bank.state.courses
    bank.check()


def test_where_nobody_gains_on_the_other_side_an_account_below_zero_is_sold_to_the_market():
    """Bob is short from 70 and from 100, on average 85: at 88 he loses, and Cat, long, gains."""
    rules = tree(chain=[{"stage": "partial"}], penalty="0")
    rules["waterfall"] = {"steps": ["adl", "bad-debt"], "adl": {"policy": "queue"}}
    bank = Bank(rules).found()
    bank.do(opened(CAT, Mode.CROSS), deposit(ANN, "80 USDT"))
    bank.do(deposit(BOB, "1000 USDT"), deposit(CAT, "1000 USDT"))
    bank.pass_time(1, usd="70")
    bank.do(trade(CAT, 8, "PERP", "70", seller=BOB))
    bank.pass_time(1, usd="100")
    bank.do(trade(ANN, 8, "PERP", "100", seller=BOB))
    found = bank.pass_time(1, usd="88")
    assert not events_of(found, events.Deleveraged)
    order = only(found, events.LiquidationOrdered)
    found = bank.do(fill(order.order, order.lots, "88", counterparty=BOB))
    covered = only(found, events.DeficitCovered)
    assert (covered.haircut_quanta, covered.bad_debt_quanta) == (0, 16 * USDT)
    bank.check()


def test_what_the_market_does_not_buy_either_waits_and_begins_again():
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": ["adl", "bad-debt"], "adl": {"policy": "queue"}}
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "80 USDT"), deposit(BOB, "80 USDT"))
    bank.pass_time(1, usd="70")
    bank.do(trade(BOB, 8, "PERP", "70"))  # so that the maker, short of sixteen, gains on none
    bank.pass_time(1, usd="100")
    bank.do(trade(ANN, 8, "PERP", "100"))
    bank.pass_time(1, usd="88")
    for _ in range(2):
        bank.do(fill(bank.only_order().order, 0, "87"))
    assert bank.state.parked[ANN].reason is Parked.NOTHING_HELPS
    bank.check()


def test_where_the_fund_can_pay_it_all_nobody_is_closed():
    """60 are missing and the fund has 60: Ann is sold to the market, and the fund pays."""
    bank = venue("queue")
    bank.do(deposit(FUND, "60 USDT"))
    found = bank.pass_time(1, usd="80")
    assert not events_of(found, events.Deleveraged)
    order = only(found, events.LiquidationOrdered)
    covered = only(bank.do(fill(order.order, order.lots, "80")), events.DeficitCovered)
    assert (covered.fund_quanta, covered.haircut_quanta) == (60 * USDT, 0)
    bank.check()


def test_a_share_of_what_is_missing_and_what_a_long_is_paid_are_rounded_down():
    """Ann is short 4 from 100, and 10 ether at 10; at 121 34 are missing, and 484 of 584 of them.

    That is 28.178082 beside a fifth of a quantum: 121 less 7.0445205 a lot is paid for each.
    """
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": ["adl", "bad-debt"], "adl": {"policy": "queue"}}
    bank = Bank(rules).found()
    bank.do(opened(CAT, Mode.CROSS), *(deposit(a, "1000 USDT") for a in (BOB, CAT)))
    bank.do(deposit(ANN, "50 USDT"), trade(MAKER, 10, "ETHER", "10", seller=ANN))
    bank.do(*(trade(a, lots, "PERP", "100", seller=ANN) for a, lots in ((BOB, 1), (CAT, 3))))
    found = bank.pass_time(1, usd="121")
    assert only(found, events.DeleveragingEnded).deficit_quanta == 28_178_082
    told = {e.counterparty: e for e in events_of(found, events.Deleveraged)}
    assert (told[BOB].cost_quanta, told[BOB].haircut_quanta) == (113_955_479, 7_044_521)
    assert (told[CAT].cost_quanta, told[CAT].haircut_quanta) == (341_866_438, 21_133_562)
    bank.check()


def test_an_inverse_contract_is_closed_at_the_price_at_which_it_owes_what_is_there():
    """A hundred dollars from 100 owe 1.25 coins at 80, and there are 1.16: that is at 86.2069."""
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": ["adl", "bad-debt"], "adl": {"policy": "queue"}}
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "0.16 BTC"), deposit(BOB, "1 BTC"))
    bank.do(trade(ANN, 100, "INVERSE", "100", seller=BOB))
    told = only(bank.pass_time(1, usd="80"), events.Deleveraged)
    assert (told.counterparty, told.lots, told.haircut_quanta) == (BOB, -100, 9_000_000)
    assert told.price_nano == 86_206_896_551
    bank.check()


def test_what_stands_after_a_contract_of_another_asset_is_closed():
    """Nobody gains on ether, the inverse contract settles in bitcoin, and the future comes last."""
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": ["adl", "bad-debt"], "adl": {"policy": "queue"}}
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"), trade(ANN, 1, "ETHER", "10"))
    bank.do(trade(ANN, 1, "INVERSE", "100"), trade(ANN, 8, "FUTURE", "100", seller=BOB))
    told = events_of(bank.pass_time(1, usd="80"), events.Deleveraged)
    assert [(e.instrument, e.counterparty, e.lots) for e in told] == [("FUTURE", BOB, -8)]


@pytest.mark.parametrize(("side", "usd"), [(1, "80"), (-1, "120")])
def test_a_position_of_one_lot_is_closed_on_either_side(side, usd):
    """Ann has 12 and loses 20: 8 are missing."""
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": ["adl", "bad-debt"], "adl": {"policy": "queue"}}
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "12 USDT"), deposit(BOB, "100 USDT"))
    buyer, seller = (ANN, BOB)[::side]
    bank.do(trade(buyer, 1, "PERP", "100", seller=seller))
    told = only(bank.pass_time(1, usd=usd), events.Deleveraged)
    assert (told.counterparty, told.lots, told.haircut_quanta) == (BOB, -side, 8 * USDT)
    bank.check()
