"""Tests of the auditor's ledger: a position through its life, by numbers worked out by hand."""

import pytest

from hullmark.sim._auditor_ledger import (
    CUSTODY,
    FUNDING,
    INTEREST,
    SETTLEMENT,
    AuditorLedger,
)
from hullmark.sim._auditor_terms import InstrumentTerms

ANN, BOB = 100, 101


def perpetual(kind="perpetual", **changes):
    fields = {"symbol": "P", "kind": kind, "underlying": "BTC", "settlement": "USDT"}
    return InstrumentTerms(**fields | {"lot_nano": 10**9, "unit": 10**6} | changes)


def held(ledger, account=ANN, symbol="P"):
    position = ledger.positions[account].get(symbol)
    return None if position is None else (position.lots, position.quote)


# Lots traded by Ann, their cost to the buyer, and what she has after it: lots and quote, cash.
LIFE = [
    (3, 301, (3, -301), 0),
    (2, 199, (5, -500), 0),  # enlarged: costs add up
    (-2, 210, (3, -300), 10),  # reduced: three fifths of the cost stay
    (-1, 101, (2, -200), 11),
    (-3, 290, (-1, 97), 11 - 7),  # 290 for three: 96.7 for the one that is open, up
    (1, 100, None, 4 - 3),
]


def test_a_position_keeps_its_average_cost_and_realises_the_rest():
    ledger = AuditorLedger()
    for lots, cost, position, cash in LIFE:
        buyer, seller = (ANN, BOB) if lots > 0 else (BOB, ANN)
        ledger.exchange(perpetual(), buyer, seller, abs(lots), cost, 0)
        assert held(ledger) == position
        assert ledger.cash[ANN]["USDT"] == cash


def test_funding_is_rounded_against_either_side_and_the_residue_stays():
    ledger = AuditorLedger()
    ledger.exchange(perpetual(), ANN, BOB, 1, 100, 0)
    ledger.index_micro["P"] += 1_500_000
    assert ledger.owed_micro(ANN, "P") == 1_500_000
    for account in (ANN, BOB):
        ledger.settle_all_funding(account, {"P": perpetual()})
        ledger.settle_all_funding(account, {"P": perpetual()})  # nothing is due any more
    assert (ledger.cash[ANN]["USDT"], ledger.cash[BOB]["USDT"]) == (-2, 1)
    assert ledger.cash[FUNDING]["USDT"] == 1


def test_an_expiry_pays_down_for_each_and_keeps_the_residue():
    ledger = AuditorLedger()
    ledger.exchange(perpetual("future"), ANN, BOB, 1, 100, 0)
    ledger.expire(perpetual("future"), (211, 2))  # 105.5
    assert (ledger.cash[ANN]["USDT"], ledger.cash[BOB]["USDT"]) == (5, -6)
    assert ledger.cash[SETTLEMENT]["USDT"] == 1
    assert held(ledger) is held(ledger, BOB) is None


def test_interest_is_charged_on_debts_of_users_alone():
    ledger = AuditorLedger()
    ledger.move(CUSTODY, BOB, "USDT", 50)
    ledger.move(ANN, BOB, "USDT", 1_001)
    ledger.charge("USDT", 10**6, 10**9)
    assert ledger.cash[ANN]["USDT"] == -1_003
    assert (ledger.cash[BOB]["USDT"], ledger.cash[CUSTODY]["USDT"]) == (1_051, -50)
    assert ledger.cash[INTEREST]["USDT"] == 2


@pytest.mark.parametrize(
    ("kind", "cash", "coins", "lots"), [("spot", -7, 3, None), ("option", -7, 0, (2, 0))]
)
def test_spot_moves_two_balances_and_an_option_its_premium(kind, cash, coins, lots):
    ledger = AuditorLedger()
    ledger.exchange(perpetual(kind), ANN, BOB, 2, 7, 3)
    assert (ledger.cash[ANN]["USDT"], ledger.cash[ANN]["BTC"]) == (cash, coins)
    assert held(ledger) == lots
    sums, lots_total = ledger.sums()
    assert not any(sums.values())
    assert not any(lots_total.values())


def test_touched_accounts_are_told_apart():
    ledger = AuditorLedger()
    ledger.move(ANN, BOB, "USDT", 1)
    assert ledger.touched == {ANN, BOB}
    assert not any(ledger.quotes().values())
