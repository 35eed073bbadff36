"""The book that follows the ledger: bit for bit the one that is built from it."""

import pytest

from hullmark.clearing import Views
from hullmark.clearing._ledger_book import SYSTEM_ROWS, LedgerBook
from hullmark.domain import Mode, SystemAccount, commands

from .bank import ANN, BOB, MAKER, PORT, adopt, deposit, opened, trade, tree, withdraw

NEW = 200


@pytest.fixture
def kept(bank):
    """Return the book of the founded venue, made before anything is traded."""
    return LedgerBook(bank.state)


def test_follows_trades_cash_funding_and_new_accounts(bank, kept):
    for requests in (
        (deposit(ANN, "500 USDT"), trade(ANN, 5, "PERP", "100")),
        (trade(ANN, 3, "ETHER", "10"), trade(MAKER, 2, "PERP", "99", seller=ANN)),
        (opened(NEW, Mode.PORTFOLIO), deposit(NEW, "50 USDT")),
        (commands.AccrueFunding(instrument="PERP", rate_nano=10**6), withdraw(ANN, "1 USDT")),
        (trade(MAKER, 3, "PERP", "101", seller=ANN), opened(NEW + 1)),
    ):
        bank.do(*requests)
        assert kept.book == LedgerBook(bank.state).book == Views(bank.state).book


def test_a_row_that_is_asked_for_is_up_to_date(bank, kept):
    bank.do(deposit(ANN, "500 USDT"), trade(ANN, 5, "PERP", "100"))
    row = kept.row(ANN)
    assert bank.state.ledger.accounts[row + SYSTEM_ROWS] == ANN
    account = kept.current.account(row)
    number = bank.state.ledger.instrument_index["PERP"]
    assert account.instrument.tolist() == [number]
    assert (account.size.tolist(), account.quote.tolist()) == ([5.0], [-500.0])
    assert account.balance.tolist() == [500.0, 0.0, 0.0, 0.0]


def test_the_venues_own_accounts_are_not_in_the_book(bank, kept):
    bank.do(deposit(SystemAccount.FUND, "5 USDT"), deposit(BOB, "5 USDT"))
    assert len(kept.book) == len(bank.state.ledger.accounts) - SYSTEM_ROWS
    assert kept.row(bank.state.ledger.accounts[SYSTEM_ROWS]) == 0


def test_numbers_beyond_exact_floats_are_rounded_as_python_rounds_them(bank, kept):
    quanta = 446_673_754_019_253_275
    assert quanta / 10**6 != float(quanta) / 10**6  # rounded twice
    bank.do(commands.Deposit(account=ANN, asset="USDT", quanta=quanta))
    units = kept.book.account(kept.row(ANN)).balance[0]
    assert units == quanta / 10**6 == kept.units(0, quanta)
    assert kept.book == LedgerBook(bank.state).book


def test_a_position_beyond_exact_floats_is_rounded_as_python_rounds_it(bank, kept):
    ledger, number = bank.state.ledger, bank.state.ledger.instrument_index["PERP"]
    ledger.accrue_funding(number, 437_529_201_895_833_296)  # found by search: it rounds twice
    ledger.trade(ANN, BOB, number, lots=3, cost=2**53 + 1)
    for account in (ANN, BOB):
        row, position = kept.row(account), ledger.position(account, number)
        found = kept.current.account(row)
        assert (found.size[0], found.quote[0]) == kept.position(number, position)
    assert kept.book == LedgerBook(bank.state).book


def test_new_rules_give_a_new_book_with_room_for_their_assets(bank):
    bank.do(deposit(ANN, "500 USDT"), trade(ANN, 5, "PERP", "100"))
    rules = tree()
    rules["assets"]["EURC"] = {"decimals": 6, "peg": "1.1"}
    before = bank.venue.views.book.account(0).balance.size
    bank.do(adopt(rules), deposit(PORT, "7 USDT"))
    book = bank.venue.views.book
    assert book.account(0).balance.size == before + 1
    assert book == Views(bank.state).book
