"""Who pays in the end, step by step of the waterfall, in numbers worked by hand."""

from dataclasses import replace

import pytest

from hullmark.clearing._causes import Causes
from hullmark.clearing._decide_losses import paid_by_steps
from hullmark.domain import Mode, Parked, Reason, commands, events

from .bank import (
    ANN,
    BOB,
    FUND,
    MAKER,
    Bank,
    adjust,
    deposit,
    events_of,
    fill,
    only,
    opened,
    trade,
    tree,
)

CAT, DAN, STAKERS = 110, 111, 150
USDT = 10**6


def venue(*steps, fund=None, **waterfall):
    """Return a bank where Ann, long 8 from 100 with 100, is to be closed at 80: 60 are missing."""
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": [*steps, "bad-debt"]} | waterfall
    if "backstop" in steps:
        rules["pools"] = {"stakers": {"account": STAKERS, "asset": "USDT"}}
        rules["waterfall"]["backstop"] = "stakers"
    bank = Bank(rules).found()
    bank.do(*(opened(account, Mode.CROSS) for account in (CAT, DAN, STAKERS)))
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "300 USDT"), deposit(CAT, "100 USDT"))
    bank.do(trade(ANN, 8, "PERP", "100"))
    if fund:
        bank.do(deposit(FUND, fund))
    bank.pass_time(1, usd="80")
    return bank


def closed(bank, usd="79"):
    """Fill the order, at 79 so that 68 are missing, and return what was told."""
    order = bank.only_order()
    return bank.do(fill(order.order, order.lots, usd))


def test_a_staked_pool_pays_after_the_fund_and_before_bad_debt():
    bank = venue("fund", "backstop", fund="3 USDT")
    bank.do(deposit(STAKERS, "5 USDT"))
    covered = only(closed(bank), events.DeficitCovered)
    total = covered.fund_quanta + covered.backstop_quanta + covered.bad_debt_quanta
    assert covered.backstop_quanta == 5 * USDT
    assert bank.cash(STAKERS) == "0"
    assert total == covered.gap_quanta + covered.participation_quanta + covered.oracle_quanta + (
        covered.latency_quanta + covered.impact_quanta
    )
    assert covered.bad_debt_quanta > 0
    bank.check()


def test_a_socialised_loss_is_shared_by_what_everybody_holds_and_recorded():
    bank = venue("fund", "socialised")
    found = closed(bank)
    shared, covered = (only(found, kind) for kind in (events.LossSocialised, events.DeficitCovered))
    assert shared.quanta == covered.socialised_quanta > 0
    assert covered.bad_debt_quanta == 0
    losses = bank.state.losses
    base = shared.base_quanta
    for account, held in ((BOB, 300 * USDT), (CAT, 100 * USDT)):
        assert 0 <= losses[account, "USDT"] - held * shared.quanta // base <= 1
    assert sum(losses.values()) == shared.quanta
    assert bank.venue.books().bad_debt["USDT"] == 0
    bank.check()


def test_a_loss_is_shared_by_what_each_has_gained_and_by_nobody_else():
    """Cat has gained 40 on ether and Dan 20 in cash; Bob has 300, and nothing but what it paid in.

    The maker has paid in a million, and it has lost to Cat and Dan what it has not gained of Ann.
    """
    bank = venue("socialised", socialised_by="gains")
    bank.do(deposit(DAN, "100 USDT"), trade(DAN, 2, "ETHER", "10"))
    bank.do(trade(MAKER, 2, "ETHER", "20", seller=DAN))
    bank.do(trade(CAT, 8, "ETHER", "5"))
    found = closed(bank)
    shared, covered = (only(found, kind) for kind in (events.LossSocialised, events.DeficitCovered))
    gained = {MAKER: 168 - 60, CAT: 40, DAN: 20}
    assert shared.base_quanta == sum(gained.values()) * USDT
    total = covered.socialised_quanta
    assert total == shared.quanta > 0
    for part in shared.parts:
        assert abs(part.quanta - total * gained[part.payer] // 168) <= 1
    assert {part.payer for part in shared.parts} == set(gained)
    assert bank.cash(BOB) == "300"
    assert bank.venue.books().bad_debt["USDT"] == 0
    bank.check()


def test_a_recorded_loss_is_paid_back_in_proportion_and_never_twice():
    bank = venue("fund", "socialised")
    closed(bank)
    recorded = dict(bank.state.losses)
    total = sum(recorded.values())
    repay = commands.RepayLosses(asset="USDT", quanta=total // 2)
    assert bank.refused(repay) is Reason.FUND_SHORT
    bank.do(deposit(FUND, "1000 USDT"), repay)
    for (account, asset), lost in recorded.items():
        assert abs(bank.state.losses[account, asset] - (lost - lost * (total // 2) // total)) <= 1
    assert sum(bank.state.losses.values()) == total - total // 2
    bank.do(commands.RepayLosses(asset="USDT", quanta=sum(bank.state.losses.values())))
    assert not bank.state.losses
    assert bank.refused(commands.RepayLosses(asset="USDT", quanta=1)) is Reason.DEBT_SHORT
    bank.check()


@pytest.mark.parametrize("steps", [(), ("fund",), ("fund", "socialised")])
def test_what_is_paid_adds_up_to_what_is_missing(steps):
    bank = venue(*steps, fund="3 USDT")
    covered = only(closed(bank), events.DeficitCovered)
    paid = covered.fund_quanta + covered.socialised_quanta + covered.bad_debt_quanta
    assert paid == covered.gap_quanta + covered.participation_quanta + covered.latency_quanta + (
        covered.oracle_quanta + covered.impact_quanta
    )
    assert bool(covered.fund_quanta) == ("fund" in steps)
    assert bank.cash(ANN) == "0"
    bank.check()


def test_a_market_pays_out_of_its_own_part_of_the_fund_first():
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {
        "steps": ["fund", "adl", "bad-debt"],
        "adl": {"policy": "least-haircut", "at_once": False},
        "fund": {"pooled": False},
    }
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "300 USDT"), deposit(FUND, "6 USDT"))
    bank.do(
        commands.AllocateFund(instrument="PERP", asset="USDT", quanta=2 * USDT),
        commands.AllocateFund(instrument="ETHER", asset="USDT", quanta=3 * USDT),
        trade(ANN, 8, "PERP", "100"),
    )
    bank.pass_time(1, usd="80")
    found = closed(bank)
    covered = only(found, events.DeficitCovered)
    assert (covered.market, covered.fund_quanta) == ("PERP", 3 * USDT)  # its 2, and the free 1
    assert bank.state.allocations == {("ETHER", "USDT"): 3 * USDT}
    assert bank.cash(FUND) == "3"
    assert [e.quanta for e in events_of(found, events.FundAllocated)] == [-2 * USDT]
    bank.check()


@pytest.mark.parametrize("adl", [None, {"policy": "least-haircut"}])
@pytest.mark.parametrize("fund", ["30 USDT", "60 USDT"])
def test_the_part_of_a_market_pays_before_anybody_is_closed_or_left_with_the_loss(adl, fund):
    """All of the fund stands for the market, and 60 are missing when the liquidation begins."""
    rules = tree(chain=[{"stage": "partial"}], penalty="0")
    steps = ["fund", "bad-debt"] if adl is None else ["fund", "adl", "bad-debt"]
    rules["waterfall"] = {"steps": steps, "fund": {"pooled": False}}
    rules["waterfall"] |= {} if adl is None else {"adl": adl}
    bank = Bank(rules).found()
    part = int(fund.split()[0]) * USDT
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "300 USDT"), deposit(FUND, fund))
    bank.do(commands.AllocateFund(instrument="PERP", asset="USDT", quanta=part))
    bank.do(trade(ANN, 8, "PERP", "100", seller=BOB))
    found = bank.pass_time(1, usd="80")
    for order in bank.orders():
        found += bank.do(fill(order.order, order.lots, "80"))
    covered = only(found, events.DeficitCovered)
    rest = covered.haircut_quanta if adl else covered.bad_debt_quanta
    assert (covered.market, covered.fund_quanta, rest) == ("PERP", part, 60 * USDT - part)
    bank.check()


def test_a_pool_that_paid_as_the_backstop_is_asked_for_nothing_more():
    """Of 228 it pays its 100, and nothing of what its short gains; the others share 128."""
    rules = tree(chain=[{"stage": "partial"}])
    rules["pools"] = {"stakers": {"account": STAKERS, "asset": "USDT"}}
    rules["waterfall"] = {
        "steps": ["backstop", "adl", "socialised", "bad-debt"],
        "backstop": "stakers",
        "adl": {"policy": "least-haircut", "at_once": False},
    }
    bank = Bank(rules).found()
    bank.do(*(opened(account, Mode.CROSS) for account in (CAT, STAKERS)))
    bank.do(*(deposit(a, "100 USDT") for a in (ANN, STAKERS)), deposit(BOB, "300 USDT"))
    bank.do(deposit(CAT, "1000 USDT"), trade(CAT, 40, "PERP", "30"))  # the maker gains nothing
    bank.do(trade(ANN, 8, "PERP", "100"), trade(BOB, 1, "PERP", "100", seller=STAKERS))
    bank.pass_time(1, usd="60")
    found = closed(bank, "59")
    shared, covered = (only(found, kind) for kind in (events.LossSocialised, events.DeficitCovered))
    assert not events_of(found, events.HaircutTaken)
    assert covered.backstop_quanta == 100 * USDT
    assert (covered.haircut_quanta, shared.quanta) == (0, 128 * USDT)
    assert (STAKERS, "USDT") not in bank.state.losses
    assert sum(bank.state.losses.values()) == shared.quanta
    bank.check()


@pytest.mark.parametrize("worth", [10, 25, 70])
def test_nobody_pays_more_than_it_is_worth_for_two_positions(worth):
    """Bob has gained 160 on bitcoin and 80 on ether from Ann, and owes all of it but 10 to 70."""
    rules = tree(chain=[{"stage": "partial"}])
    terms = {"policy": "least-haircut", "at_once": False}
    rules["waterfall"] = {"steps": ["adl", "bad-debt"], "adl": terms}
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "170 USDT"), deposit(BOB, "1000 USDT"))
    bank.do(trade(ANN, 8, "PERP", "100", seller=BOB), trade(ANN, 20, "ETHER", "10", seller=BOB))
    bank.pass_time(1, usd="80", ETHER="6")
    assert list(bank.state.courses) == [ANN]
    state, views, deficit = bank.state, bank.venue.views, 60 * USDT
    owed = views.net_quanta(BOB, 0) - worth * USDT
    state.ledger.move(BOB, MAKER, 0, owed)
    causes = Causes(deficit, 0, 0, 0, 0)
    told = paid_by_steps(state, views, ANN, 0, deficit, causes=causes)
    paid = sum(e.quanta for e in told if isinstance(e, events.HaircutTaken))
    assert paid == min(worth * USDT, deficit)


def test_what_was_paid_in_another_asset_is_not_there_to_pay_with():
    bank = venue("adl", adl={"policy": "least-haircut", "at_once": False})
    state, views = bank.state, bank.venue.views
    worth = views.net_quanta(MAKER, 0)
    bitcoin = state.ledger.asset_index["BTC"]
    earlier = events.HaircutTaken(account=ANN, payer=MAKER, asset="BTC", quanta=10**8)
    causes = Causes(60 * USDT, 0, 0, 0, 0)
    told = paid_by_steps(state, views, ANN, 0, 60 * USDT, causes=causes, told=[earlier])
    assert only(told, events.HaircutTaken).quanta == 60 * USDT
    state.ledger.move(MAKER, BOB, 0, worth - 90 * USDT)  # and the bitcoin are worth 80
    told = paid_by_steps(state, views, ANN, 0, 60 * USDT, causes=causes, told=[earlier])
    assert only(told, events.HaircutTaken).quanta == 10 * USDT
    assert state.ledger.cash(MAKER, bitcoin) == 10**14


def test_gains_in_another_asset_pay_nothing_of_a_debt():
    """At 70 the maker has gained 240 from Ann, and Bob 0.1786 bitcoin by an inverse contract."""
    bank = venue("adl", adl={"policy": "least-haircut", "at_once": False})
    bank.do(trade(MAKER, 100, "INVERSE", "80", seller=BOB))
    bank.pass_time(1, usd="70")
    state, views, deficit = bank.state, bank.venue.views, 300 * USDT
    state.courses[ANN] = replace(state.courses[ANN], lots={"PERP": 8, "INVERSE": 100})
    told = paid_by_steps(state, views, ANN, 0, deficit, causes=Causes(deficit, 0, 0, 0, 0))
    taken = {e.payer: e.quanta for e in events_of(told, events.HaircutTaken)}
    assert taken == {MAKER: 240 * USDT}
    assert only(told, events.DeficitCovered).bad_debt_quanta == 60 * USDT


def test_what_others_have_paid_is_told_of_an_asset_that_nothing_is_owed_of_any_more():
    """Ann owes 100 USDC too: closed at 84.375, Bob pays the 35 missing, and she has 75 USDT."""
    rules = tree(chain=[{"stage": "partial"}])
    rules["waterfall"] = {"steps": ["adl", "bad-debt"], "adl": {"policy": "queue"}}
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "200 USDT"), deposit(ANN, "0.5 GOLD"), deposit(BOB, "1000 USDT"))
    bank.do(trade(ANN, 8, "PERP", "100", seller=BOB), adjust(ANN, MAKER, "100 USDC"))
    found = bank.pass_time(1, usd="80")
    seized = {e.asset: e.quanta for e in events_of(found, events.CollateralSeized)}
    assert seized == {"USDT": 75 * USDT, "GOLD": 500}
    told = {e.asset: e for e in events_of(found, events.DeficitCovered)}
    paid = {asset: (e.haircut_quanta, e.bad_debt_quanta) for asset, e in told.items()}
    assert paid == {"USDT": (35 * USDT, 0), "USDC": (0, 100 * USDT)}
    bank.check()


def test_collateral_that_is_worth_more_than_the_debt_is_not_for_the_taking():
    """Ann owes 34.72 after all is sold; nobody buys her ounce of gold, which is worth 50."""
    bank = Bank(tree(chain=[{"stage": "partial"}])).found()
    bank.do(deposit(ANN, "100 USDT"), deposit(ANN, "1 GOLD"), trade(ANN, 8, "PERP", "100"))
    bank.pass_time(1, usd="85")
    found = closed(bank, "84")
    assert only(found, events.LiquidationParked).reason is Parked.NOTHING_HELPS
    assert (bank.cash(ANN), bank.cash(ANN, "GOLD")) == ("-34.72", "1")
