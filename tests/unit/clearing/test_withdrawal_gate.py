"""What may be taken out while losses are open and gains have a season.

Ann has 100 USDT and gains 20, and after two hours another 10. Bob owes more than he has: his loss
is open as long as the fund has less.
"""

import pytest

from hullmark.clearing._withdrawal_gate import covered_quanta, need_covered, need_gate_open
from hullmark.domain import Reason, commands

from .bank import (
    ANN,
    BOB,
    FUND,
    MAKER,
    Bank,
    adjust,
    deposit,
    fill,
    opened,
    trade,
    tree,
    withdraw,
)
from .test_decide_auctions import SHARE, of_share

OTHER = 110
USDT = 10**6
HOUR = 3_600


def gained(*dollars, fund=None, season="3600"):
    """Return a bank where Ann has gained so much, the first two hours before the rest."""
    rules = tree()
    if season is not None:
        rules["waterfall"] = {"season_s": season}
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"))
    for place, part in enumerate(dollars):
        bank.do(trade(ANN, 1, "ETHER", "10", seller=MAKER))
        bank.do(trade(MAKER, 1, "ETHER", str(10 + part), seller=ANN))
        for _ in range(2 if place == 0 else 0):
            bank.now_ns += HOUR * 10**9
            bank.do(bank.said(), commands.AdvanceTime())
    if fund is not None:
        bank.do(deposit(FUND, f"{fund} USDT"))
    return bank


def lost(bank, dollars):
    """Let the venue come to a bad debt of so much: Bob owes it and has nothing."""
    bank.do(withdraw(BOB, "1000 USDT"))
    found = bank.do(adjust(BOB, MAKER, f"{dollars} USDT"))
    assert [type(e).__name__ for e in found][-1] == "LiquidationEnded"
    return bank


def most(bank, account=ANN):
    quanta = covered_quanta(bank.state, bank.venue.views, account, "USDT")
    return None if quanta is None else quanta / USDT


def test_without_open_losses_all_may_leave():
    assert most(gained(20, 10)) is None


def test_without_a_season_all_may_leave():
    assert most(lost(gained(20, 10, season=None), 15)) is None


def test_a_fund_that_can_pay_them_opens_the_gate():
    bank = lost(gained(20, 10), 15)
    assert most(bank) is not None
    bank.do(deposit(FUND, "15 USDT"))
    assert most(bank) is None


@pytest.mark.parametrize(("missing", "left"), [(5, 125), (10, 120), (15, 115), (60, 100)])
def test_young_gains_bear_what_is_missing_first(missing, left):
    assert most(lost(gained(20, 10), missing)) == left


def test_young_gains_of_several_bear_it_in_proportion():
    """Of 40 young ones 20 are missing, a half of each."""
    bank = gained(20, 10)
    bank.do(opened(OTHER), deposit(OTHER, "100 USDT"))
    bank.do(trade(OTHER, 1, "ETHER", "10"), trade(MAKER, 1, "ETHER", "40", seller=OTHER))
    lost(bank, 20)
    assert (most(bank), most(bank, OTHER)) == (125, 115)


def test_more_than_that_is_refused_and_as_much_is_paid():
    bank = lost(gained(20, 10), 15)
    assert bank.venue.withdrawable(ANN, "USDT").quanta == 115 * USDT
    assert bank.refused(withdraw(ANN, "115.000001 USDT")) is Reason.WITHDRAWALS_GATED
    bank.do(withdraw(ANN, "115 USDT"))
    assert bank.refused(withdraw(ANN, "0.000001 USDT")) is Reason.WITHDRAWALS_GATED


def test_what_was_paid_in_may_always_leave():
    bank = lost(gained(20, 10), 500)
    views = bank.venue.views
    assert need_covered(bank.state, views, ANN, "USDT", 100 * USDT) is None


def test_an_account_in_hand_that_is_worth_less_than_nothing_counts_as_missing():
    bank = gained(20, 10)
    bank.do(withdraw(BOB, "900 USDT"), trade(BOB, 8, "PERP", "100"))
    bank.do(bank.said("80"))
    assert BOB in bank.state.episodes
    assert most(bank) is not None


@pytest.mark.parametrize(("usdt", "gated"), [("91.95", True), ("91.950001", False)])
def test_what_the_fund_has_in_other_assets_counts_rounded_down(usdt, gated):
    """92 may be missing; a thousandth of an ounce is worth a billionth less than 5 cents."""
    rules = tree(chain=[{"stage": "partial"}, SHARE], rounds_max=1)
    rules["assets"]["GOLD"]["peg"] = "49.999999999"
    bank = Bank(rules).found()
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "1000 USDT"), trade(ANN, 8, "PERP", "100"))
    bank.do(deposit(FUND, f"{usdt} USDT"), deposit(FUND, "0.001 GOLD"))
    bank.pass_time(1, usd="80")
    bank.do(fill(1, 0, "85"))
    found = need_gate_open(bank.state, bank.venue.views)
    assert (found is not None) is gated


def test_an_auction_of_what_is_worth_something_leaves_the_gate_open():
    """Ann has 20 and needs 36, and the fund has nothing."""
    bank = of_share()
    assert need_gate_open(bank.state, bank.venue.views) is None
