"""What each contract has gained, in numbers worked by hand."""

import pytest

from hullmark.clearing._gains import contract_gains
from hullmark.domain import Mode, commands

from .bank import ANN, BOB, MAKER, PORT, Bank, deposit, opened, trade

EVE = 112
USDT = 10**6


def gains_of(bank, account, asset=0):
    held = bank.state.ledger.positions(account)
    found = contract_gains(bank.state, bank.venue.views, asset, held)
    return {bank.state.ledger.instruments[number].symbol: gain for number, gain in found}


def test_a_gain_is_the_value_at_the_mark_less_the_cost_and_what_is_owed_of_funding():
    """Long 3 from 100, and short 2 ether from 10; at 110 and 9, a payment of 1 % of 110 later."""
    bank = Bank().found()
    bank.do(deposit(ANN, "1000 USDT"), trade(ANN, 3, "PERP", "100"))
    bank.do(trade(MAKER, 2, "ETHER", "10", seller=ANN))
    bank.pass_time(1, usd="110", ETHER="9")
    assert gains_of(bank, ANN) == {"PERP": 30 * USDT, "ETHER": 2 * USDT}
    bank.do(commands.AccrueFunding(instrument="PERP", rate_nano=10_000_000))
    assert gains_of(bank, ANN) == {"PERP": 26_700_000, "ETHER": 2 * USDT}


def test_options_and_contracts_that_settle_elsewhere_are_left_out():
    bank = Bank().found()
    bank.do(deposit(PORT, "1000 USDT"), deposit(PORT, "1 BTC"), trade(PORT, 2, "INVERSE", "100"))
    bank.do(opened(EVE, Mode.PORTFOLIO), deposit(EVE, "1000 USDT"))
    bank.do(trade(PORT, 1, "CALL", "5", seller=EVE))
    bank.pass_time(1, usd="125")
    assert gains_of(bank, PORT) == {}
    assert set(gains_of(bank, PORT, bank.state.ledger.asset_index["BTC"])) == {"INVERSE"}


def test_a_gain_is_rounded_down_on_both_sides():
    """At 100.0000005 a lot is worth half a quantum more than it cost."""
    bank = Bank().found()
    bank.do(deposit(ANN, "1000 USDT"), deposit(BOB, "1000 USDT"))
    bank.do(trade(ANN, 1, "PERP", "100", seller=BOB))
    bank.pass_time(1, usd="100.0000005")
    assert (gains_of(bank, ANN), gains_of(bank, BOB)) == ({"PERP": 0}, {"PERP": -1})


def test_funding_that_is_owed_is_rounded_up_and_what_is_due_down():
    """A billionth of a lot of 100 is a tenth of a quantum, which the long owes the short."""
    bank = Bank().found()
    bank.do(deposit(ANN, "1000 USDT"), deposit(BOB, "1000 USDT"))
    bank.do(trade(ANN, 1, "PERP", "100", seller=BOB))
    bank.do(commands.AccrueFunding(instrument="PERP", rate_nano=1))
    assert (gains_of(bank, ANN), gains_of(bank, BOB)) == ({"PERP": -1}, {"PERP": 0})


@pytest.mark.parametrize("step", [1, -1])
def test_what_stands_after_a_contract_that_is_left_out_counts(step):
    """An inverse contract and an option are left out; the future, from 100, gains 25."""
    bank = Bank().found()
    bank.do(deposit(PORT, "1000 USDT"), deposit(PORT, "1 BTC"), trade(PORT, 2, "INVERSE", "100"))
    bank.do(opened(EVE, Mode.PORTFOLIO), deposit(EVE, "1000 USDT"))
    bank.do(trade(PORT, 1, "CALL", "5", seller=EVE), trade(PORT, 1, "FUTURE", "100"))
    bank.pass_time(1, usd="125")
    held = list(bank.state.ledger.positions(PORT))[::step]
    future = bank.state.ledger.instrument_index["FUTURE"]
    found = contract_gains(bank.state, bank.venue.views, 0, held)
    assert list(found) == [(future, 25 * USDT)]
