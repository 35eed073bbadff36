"""Accounts and their cash, as statements: a command in each row, and what became of it."""

import pytest
from hypothesis import given, strategies as st

from hullmark.core import nano
from hullmark.domain import FIRST_ACCOUNT, Mode, Reason, SystemAccount, commands

from .bank import (
    ANN,
    BOB,
    CHILD,
    FUND,
    MAKER,
    PORT,
    QUANTA_MAX,
    Bank,
    adopt,
    deposit,
    fill,
    opened,
    rest,
    trade,
    transfer,
    tree,
    withdraw,
)

USDT = 10**6
R = Reason


def most(bank, account, asset="USDT"):
    """Return what can be withdrawn, having seen that a quantum more cannot."""
    amount = bank.venue.withdrawable(account, asset)
    quanta, before = amount.quanta, bank.facts()
    more = commands.Withdraw(account=account, asset=asset, quanta=quanta + 1)
    assert bank.refused(more) in {R.CASH_SHORT, R.MARGIN_SHORT}
    if quanta:
        bank.do(commands.Withdraw(account=account, asset=asset, quanta=quanta))
        assert bank.venue.withdrawable(account, asset).quanta == 0
        bank.do(commands.Deposit(account=account, asset=asset, quanta=quanta))
        assert bank.facts() == before or bank.state.ledger.funding_micro != [0] * 7
    return str(amount).split()[0]


def test_accounts_are_opened_once_and_with_a_fitting_parent(bank):
    isolated, portfolio = Mode.ISOLATED, Mode.PORTFOLIO
    bank.tell(
        (opened(FIRST_ACCOUNT - 1), R.AMOUNT_INVALID),
        (opened(SystemAccount.FUND), R.AMOUNT_INVALID),
        (opened(QUANTA_MAX + 1), R.AMOUNT_INVALID),
        (opened(200), {"account": 200, "mode": Mode.CROSS, "parent": None}),
        (opened(200), R.ACCOUNT_EXISTS),
        (opened(201, isolated), R.ACCOUNT_MODE),
        (opened(201, isolated, parent=999), R.ACCOUNT_UNKNOWN),
        (opened(201, isolated, parent=FUND), R.ACCOUNT_UNKNOWN),
        (opened(201, isolated, parent=201), R.ACCOUNT_UNKNOWN),
        (opened(201, isolated, parent=CHILD), R.ACCOUNT_MODE),
        (opened(201, portfolio, parent=ANN), R.ACCOUNT_MODE),
        (opened(201, isolated, parent=PORT), {"mode": isolated, "parent": PORT}),
    )


def test_a_mode_without_a_model_cannot_be_opened():
    rules = tree()
    del rules["margin"]["portfolio"]
    assert Bank(rules).refused(opened(200, Mode.PORTFOLIO)) is R.ACCOUNT_MODE


def test_deposits_go_to_users_and_to_the_fund(bank):
    bank.tell(
        (deposit(ANN, "12.5 USDT"), {"account": ANN, "quanta": 12_500_000}),
        (deposit(FUND, "7 USDT"), {"account": FUND, "quanta": 7 * USDT}),
        (deposit(SystemAccount.CUSTODY, "7 USDT"), R.ACCOUNT_UNKNOWN),
        (deposit(SystemAccount.BAD_DEBT, "7 USDT"), R.ACCOUNT_UNKNOWN),
        (deposit(CHILD, "7 USDT"), R.ACCOUNT_MODE),
        (deposit(ANN, "0 USDT"), R.AMOUNT_INVALID),
        (deposit(ANN, "-1 USDT"), R.AMOUNT_INVALID),
        (commands.Deposit(account=ANN, asset="PERP", quanta=1), R.ASSET_UNKNOWN),
    )
    assert bank.venue.books().custody["USDT"] == 1_000_019_500_000


def test_a_column_is_filled_to_a_quarter_and_no_further():
    bank = Bank()
    bank.do(opened(ANN), opened(BOB))
    full = commands.Deposit(account=ANN, asset="USDT", quanta=QUANTA_MAX)
    half = commands.Deposit(account=ANN, asset="GOLD", quanta=QUANTA_MAX // 2 + 1)
    bank.tell(
        (full, {"quanta": QUANTA_MAX}),
        (deposit(ANN, "0.000001 USDT"), R.OVERFLOW),
        (deposit(BOB, "0.000001 USDT"), R.OVERFLOW),  # custody is full
        (half, {"account": ANN}),
        (half, R.OVERFLOW),
        # What is there can still be moved about and paid out.
        (transfer(ANN, BOB, "1 USDT"), {"target": BOB}),
        (withdraw(BOB, "1 USDT"), {"account": BOB}),
        (deposit(BOB, "1 USDT"), {"account": BOB}),
    )
    bank.check()


def test_transfers_are_between_two_and_stay_in_the_family(bank):
    bank.do(deposit(ANN, "100 USDT"), opened(200, Mode.ISOLATED, parent=ANN))
    bank.tell(
        (transfer(ANN, BOB, "10 USDT"), {"source": ANN, "target": BOB, "quanta": 10 * USDT}),
        (transfer(ANN, ANN, "10 USDT"), R.AMOUNT_INVALID),
        (transfer(ANN, FUND, "10 USDT"), R.ACCOUNT_UNKNOWN),
        (transfer(FUND, ANN, "10 USDT"), R.ACCOUNT_UNKNOWN),
        (transfer(ANN, CHILD, "40 USDT"), {"target": CHILD}),
        (transfer(BOB, CHILD, "1 USDT"), R.ACCOUNT_MODE),
        (transfer(CHILD, BOB, "1 USDT"), R.ACCOUNT_MODE),
        (transfer(CHILD, 200, "1 USDT"), R.ACCOUNT_MODE),
        (transfer(CHILD, ANN, "40.000001 USDT"), R.CASH_SHORT),
        (transfer(CHILD, ANN, "40 USDT"), {"target": ANN}),
        (withdraw(CHILD, "1 USDT"), R.ACCOUNT_MODE),
    )
    assert (bank.cash(ANN), bank.cash(BOB), bank.cash(CHILD)) == ("90", "10", "0")


def test_a_child_gives_back_what_its_own_margin_does_not_need(bank):
    bank.do(deposit(ANN, "100 USDT"), transfer(ANN, CHILD, "60 USDT"))
    bank.do(trade(CHILD, 5, "PERP", "100"))
    bank.tell(
        (transfer(CHILD, ANN, "10.000001 USDT"), R.MARGIN_SHORT),
        (transfer(CHILD, ANN, "10 USDT"), {"target": ANN}),
        (withdraw(ANN, "50 USDT"), {"account": ANN}),  # the child's position is not its margin
    )


# --- Withdrawable = min(settled cash, net value without unsettled gains - IM) ---------------------


@pytest.mark.parametrize(
    ("usd", "expected", "why"),
    [
        ("100", "50", "100 less 10 % of 500"),
        ("110", "45", "the gain of 50 is not settled, and 55 are needed"),
        ("96", "32", "80 left, 48 needed"),
        ("88", "0", "40 left, 44 needed"),
    ],
)
def test_unsettled_gains_stay_and_losses_count(bank, usd, expected, why):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 5, "PERP", "100"))
    bank.pass_time(1, usd=usd)
    assert most(bank, ANN) == expected, why


def test_a_gain_can_be_withdrawn_once_it_is_realised(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 5, "PERP", "100"))
    bank.pass_time(1, usd="110")
    bank.do(trade(MAKER, 5, "PERP", "110", seller=ANN))
    assert most(bank, ANN) == "150"


def test_a_gain_of_one_position_pays_no_loss_of_another(bank):
    """Long and short, 20 up and 20 down: 100 - 20 - (60 + 10) of margin is what is left."""
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 5, "PERP", "100"))
    bank.do(trade(MAKER, 10, "ETHER", "10", seller=ANN))
    bank.pass_time(1, usd="104", ETHER="12")
    assert most(bank, ANN) == "16"  # 100 - 20 - 52 - 12


def test_settled_cash_is_the_other_limit(bank):
    """Two bitcoins carry the position, so that all cash can go, and then some of the coins."""
    bank.do(deposit(ANN, "40 USDT"), deposit(ANN, "2 BTC"), trade(ANN, 5, "PERP", "100"))
    assert most(bank, ANN) == "40"
    bank.do(withdraw(ANN, "40 USDT"))
    assert most(bank, ANN, "BTC") == "1.375"  # 0.625 x 100 x 0.8 is 50


def test_funding_that_is_owed_is_not_settled_cash(bank):
    bank.do(deposit(ANN, "100 USDT"), deposit(ANN, "2 BTC"), trade(ANN, 5, "PERP", "100"))
    bank.do(commands.AccrueFunding(instrument="PERP", rate_nano=nano("0.01")))
    assert most(bank, ANN) == "95"


def test_resting_orders_hold_back_their_margin(bank):
    bank.do(
        deposit(ANN, "100 USDT"), rest(1, ANN, 3, "PERP", "100"), rest(2, ANN, -4, "PERP", "100")
    )
    assert most(bank, ANN) == "60"
    bank.do(commands.CancelOrder(order=2))
    assert most(bank, ANN) == "70"


def test_a_price_in_doubt_keeps_everything_in_that_rests_on_it(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 5, "PERP", "100"), deposit(BOB, "100 USDT"))
    bank.pass_time(61, usd="100", PERP=None)
    assert str(bank.venue.withdrawable(ANN, "USDT")) == "0 USDT"
    assert bank.refused(withdraw(ANN, "1 USDT")) is R.PRICE_DOUBTFUL
    assert bank.refused(transfer(ANN, BOB, "1 USDT")) is R.PRICE_DOUBTFUL
    bank.do(withdraw(BOB, "100 USDT"), deposit(ANN, "1 USDT"))


def test_a_gain_that_the_loser_could_not_pay_is_not_there_to_be_paid_out():
    """Ann loses 160 of 100, Bob gains 160: custody has the 200 that they brought, and no more."""
    bank = Bank()
    bank.do(opened(ANN), opened(BOB), bank.said())
    bank.do(deposit(ANN, "100 USDT"), deposit(BOB, "100 USDT"))
    bank.do(trade(ANN, 8, "PERP", "100", seller=BOB))
    bank.pass_time(1, usd="80")
    bank.do(fill(1, -8, "80", counterparty=BOB))
    assert bank.cash(BOB) == "260"
    assert bank.venue.books().bad_debt["USDT"] == 60 * USDT
    assert most(bank, BOB) == "200"
    bank.do(withdraw(BOB, "150 USDT"))
    assert bank.refused(withdraw(BOB, "50.000001 USDT")) is R.CASH_SHORT
    bank.check()


@given(
    st.integers(1, 10**9), st.integers(-9, 9), st.integers(60_000_000, 140_000_000), st.booleans()
)
def test_withdrawable_is_exact_to_the_quantum(cash, lots, price_micro, coins):
    bank = Bank().found()
    bank.do(deposit(BOB, f"{100 + cash / USDT:.6f} USDT"))
    if coins:
        bank.do(deposit(BOB, "0.7 BTC"))
    if lots > 0:
        bank.do(trade(BOB, lots, "PERP", "100"))
    if lots < 0:
        bank.do(trade(MAKER, -lots, "PERP", "100", seller=BOB))
    bank.pass_time(1, usd=f"{price_micro / USDT:.6f}")
    if BOB not in bank.state.episodes:
        most(bank, BOB)
        most(bank, BOB, "BTC")


# --- Interest -------------------------------------------------------------------------------------


def test_interest_is_owed_on_what_is_negative_and_rounded_up(bank):
    """One per cent of 100.0000001 USDC, in millionths: 1.000001."""
    bank.do(deposit(ANN, "3 BTC"), trade(ANN, 1, "LOAN", "100.000001"))
    assert bank.cash(ANN, "USDC") == "-100.000001"
    bank.do(commands.ChargeInterest(asset="USDC", rate_nano=nano("0.01")))
    assert bank.cash(ANN, "USDC") == "-101.000002"
    assert bank.cash(SystemAccount.INTEREST, "USDC") == "1.000001"
    assert bank.cash(MAKER, "USDC") == "1000100.000001"
    bank.check()


def test_rules_must_be_there_before_anything_else():
    bank = Bank()
    bank.venue.close()
    empty = type(bank.venue)(type(bank.venue._journal)(type(bank.store)()), clock=lambda: 5)
    answer = empty.submit(opened(200))
    assert answer.refusal.reason is R.RULES_MISSING
    assert empty.submit(adopt({})).refusal.reason is R.RULES_INVALID


def test_a_gain_does_not_leave_behind_the_funding_that_is_due_on_it(bank):
    """The withdrawal pays 4.40 of funding from cash: then 80 of gain are unsettled, not 75.60."""
    bank.do(deposit(ANN, "200 USDT"), trade(ANN, 8, "PERP", "100"))
    bank.pass_time(1, usd="110")
    bank.do(commands.AccrueFunding(instrument="PERP", rate_nano=nano("0.005")))
    most = bank.venue.withdrawable(ANN, "USDT").quanta
    assert most == pytest.approx(107_600_000, abs=1)  # 200 - 4.40 - 88 of margin
    bank.do(commands.Withdraw(account=ANN, asset="USDT", quanta=most))
    health = bank.venue.health(ANN)
    assert health.equity_initial - 80 - health.initial == pytest.approx(0, abs=2e-6)
