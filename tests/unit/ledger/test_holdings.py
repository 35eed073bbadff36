"""Tests of what a ledger holds: every question about it has the same answer."""

import gc
from operator import is_

import numpy as np
from hypothesis import given, strategies as st

from hullmark.domain import Perpetual

from .contracts import EVERYONE, INSTRUMENTS, USERS, opened
from .test_ledger import replayed, steps


@given(steps, st.lists(st.integers(0, len(EVERYONE) - 1)))
def test_lines_are_what_the_accounts_hold_in_the_order_asked_for(steps, rows):
    *_, (ledger, _) = replayed(steps)
    lines = ledger.lines(np.array(rows, np.int64))
    accounts = [ledger.accounts[row] for row in rows]
    held = [ledger.positions(account) for account in accounts]
    assert lines.held.tolist() == [len(positions) for positions in held]
    assert lines.cash.tolist() == [[ledger.cash(a, asset) for asset in range(2)] for a in accounts]
    numbers = np.column_stack(lines[2:]).tolist()
    assert numbers == [[i, *position] for positions in held for i, position in positions]


@given(steps)
def test_sums_at_once_are_sums_one_by_one(steps):
    for ledger, _ in replayed(steps):
        rows = [ledger.row_totals(row) for row in range(len(EVERYONE))]
        for number in range(len(INSTRUMENTS)):
            assert ledger.lots_total(number) == ledger.lots_totals()[number]
            assert ledger.lots_total(number) == sum(lots.get(number, 0) for _, lots in rows)
        for asset in range(2):
            assert ledger.cash_total(asset) == sum(cash[asset] for cash, _ in rows)
    assert ledger.account_numbers.tolist() == ledger.accounts == list(EVERYONE)


def test_what_nobody_watches_any_more_is_forgotten():
    ledger = opened()
    for _ in range(5):
        ledger.watch()
        gc.collect()
    seen = ledger.watch()
    ledger.move(USERS[0], USERS[1], 0, 1)
    assert seen == {ledger.row_of[account] for account in USERS[:2]}
    assert len(ledger._watchers) == 1


def test_funding_indices_are_plain_integers_however_many_instruments_come():
    ledger = opened()
    ledger.accrue_funding(0, 7)
    terms = {"underlying": "BTC", "settlement": "BTC", "lot_nano": 1}
    ledger.extend((), [Perpetual(symbol=f"P{n}", **terms) for n in range(50)])
    ledger.accrue_funding(len(INSTRUMENTS) + 49, -5)
    assert list(ledger.funding_micro) == [7, *[0] * (len(INSTRUMENTS) + 48), -5]
    assert all(type(index) is int for index in ledger.funding_micro)


def test_a_bundle_is_of_the_columns_as_they_stand():
    ledger = opened()
    for account in range(200, 300):
        before = ledger.bundle
        ledger.open(account)
        ledger.trade(account, 100, 0, lots=account, cost=1)
        now = ledger.bundle
        assert now is ledger.bundle
        arrays = now.content
        assert arrays.cash is ledger._cash.array
        assert all(map(is_, arrays.slots, ledger._slots.arrays))
        assert (now is before) == all(map(is_, arrays.slots, before.content.slots))
    ledger.extend((), (Perpetual(symbol="NEW", underlying="X", settlement="USDC", lot_nano=1),))
    assert len(ledger.bundle.content.terms) == len(ledger.bundle.content.funding) == 11


def test_funding_is_unsettled_until_it_is_paid_of_all_positions_at_once():
    ledger = opened()
    for number in (0, 2, 3):
        ledger.trade(100, 101, number, lots=7, cost=70)
    assert ledger.unsettled(100) == []
    for number in (0, 1, 3):
        ledger.accrue_funding(number, 10**6)
    for account in (100, 101):
        held = dict(ledger.positions(account))
        assert ledger.unsettled(account) == [(0, held[0]), (3, held[3])]
    ledger.settle_all_funding(100)
    assert (ledger.unsettled(100), len(ledger.unsettled(101))) == ([], 2)
    assert ledger.cash(100, 0) == -14


def test_creditors_are_those_who_have_something_in_order_of_opening():
    ledger, (first, second, third) = opened(), USERS[:3]
    ledger.move(first, second, 0, 5)
    assert ledger.creditors(0) == ([second], [5])
    ledger.move(second, third, 0, 2)
    assert ledger.creditors(0) == ([second, third], [3, 2])
    assert ledger.creditors(1) == ([], [])
