"""Trades that can surely be carried: when the kernel says so, and when it leaves it to the checks.

That its yes is right is a law: see ``tests/laws/test_shortcuts.py``.
"""

import pytest

from hullmark.clearing import Fill
from hullmark.domain import commands

from .bank import ANN, BOB, MAKER, QUANTA_MAX, deposit, rest, taken_in_hand, trade


@pytest.fixture
def funded(bank):
    """Return the venue with 100 USDT at Ann's."""
    bank.do(deposit(ANN, "100 USDT"))
    return bank


def surely(bank, lots=5, *, symbol="PERP", usd=100, buyer=ANN, seller=MAKER, fees=(0, 0)):
    """Ask for a trade at a price in whole dollars."""
    number = bank.state.ledger.instrument_index[symbol]
    bought = Fill(number, lots, lots * usd * 10**6, fees[0])
    return bank.venue.views.surely_carry(buyer, seller, bought, seller_fee_quanta=fees[1])


@pytest.mark.parametrize(("lots", "expected"), [(1, True), (10, True), (11, False)])
def test_as_many_as_initial_margin_allows_can_be_bought(funded, lots, expected):
    """Ten at 100 need 100 to open."""
    assert surely(funded, lots) is expected
    assert surely(funded, lots, buyer=MAKER, seller=ANN) is expected
    assert surely(funded, 10, fees=(1, 0)) is False
    assert surely(funded, 10, fees=(0, 1)) is True  # the maker has enough


def test_what_is_held_already_counts(funded):
    funded.do(trade(ANN, 8, "PERP", "100"))
    assert surely(funded, 2)
    assert not surely(funded, 3)
    assert surely(funded, 18, buyer=MAKER, seller=ANN)  # turned over: short ten
    assert not surely(funded, 19, buyer=MAKER, seller=ANN)


def test_a_position_that_is_closed_or_turned_over_frees_its_margin(funded):
    funded.do(*(trade(ANN, 8, "PERP", "100"), trade(ANN, 1, "ETHER", "10")))
    assert surely(funded, 8, buyer=MAKER, seller=ANN)
    assert surely(funded, 1, symbol="ETHER", usd=10)


@pytest.mark.parametrize("account", [ANN, MAKER])
def test_resting_orders_are_left_to_the_checks(funded, account):
    funded.do(rest(1, account, 1, "PERP", "100"))
    assert not surely(funded)


def test_doubtful_prices_are_left_to_the_checks(funded):
    assert surely(funded)
    funded.pass_time(61)
    assert not surely(funded)


def test_funding_that_is_due_is_left_to_the_checks(funded):
    funded.do(trade(ANN, 1, "PERP", "100"))
    funded.do(commands.AccrueFunding(instrument="PERP", rate_nano=1_000))
    assert not surely(funded, 1)
    assert not surely(funded, 1, buyer=BOB, seller=ANN)
    assert surely(funded, 1, symbol="ETHER", usd=10)


def test_an_account_under_liquidation_is_left_to_the_checks():
    assert not surely(taken_in_hand(), 1, usd=90)


@pytest.mark.parametrize("lots", [QUANTA_MAX, 2**53])
def test_numbers_near_the_end_of_the_columns_are_left_to_the_checks(funded, lots):
    assert not surely(funded, lots)
    assert not surely(funded, 1, usd=2 * QUANTA_MAX)
    funded.do(commands.Deposit(account=ANN, asset="USDT", quanta=2**53))
    assert not surely(funded, 1)
