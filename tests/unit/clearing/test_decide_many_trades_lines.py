"""What trades in columns cost and lead to, against the slow ways of single ones."""

from itertools import chain

import numpy as np
from hypothesis import given, strategies as st

from hullmark.clearing._decide_many_trades_lines import NO_COST, carry_out, costs_of, number_rows
from hullmark.core import INT64_MAX
from hullmark.ledger import cost_ceil

from .bank import ANN, MAKER, QUANTA_MAX, Bank, deposit, trade

USDT = 10**6
LEDGER = Bank().state.ledger


def test_lines_hold_no_flat_positions(bank):
    bank.do(deposit(ANN, "100 USDT"), trade(ANN, 5, "PERP", "100"))
    ledger = bank.state.ledger
    rows = np.array([ledger.row_of[account] for account in (ANN, MAKER)])
    outcome = carry_out(
        ledger,
        rows,
        [ledger.instrument_index["PERP"]],
        place=np.zeros(1, np.int64),
        sides=np.array([[1], [0]]),
        lots=np.array([5]),
        costs=np.array([510 * USDT]),
        fees=np.array([[1], [2]]),
    )
    assert outcome.reduces.all()
    cash, *held = outcome.lines
    assert cash[0, 0] == 110 * USDT - 2
    assert [column.sum() for column in held] == [0] * 5
    assert bank.held(ANN) == (5, -500 * USDT)


amounts = st.integers(1, QUANTA_MAX) | st.integers(1, 10**6)
prices = st.integers(1, INT64_MAX) | st.integers(1, 10**12)
SETTLED = ("PERP", "INVERSE", "SPOT", "CALL")


@given(st.lists(st.tuples(st.integers(0, len(SETTLED) - 1), amounts, prices), min_size=1))
def test_a_cost_is_that_of_a_single_trade_or_does_not_fit(trades):
    place, lots, price_nano = np.array(trades, np.int64).T
    ledger, numbers = LEDGER, [LEDGER.instrument_index[symbol] for symbol in SETTLED]
    found = costs_of(ledger, numbers, place, lots, price_nano).tolist()
    for (which, size, price), cost in zip(trades, found, strict=True):
        number = numbers[which]
        unit = ledger.assets[ledger.settlement(number)].quanta_per_unit
        exact = cost_ceil(ledger.instruments[number], size, price, unit)
        assert cost == (exact if abs(exact) <= INT64_MAX else NO_COST)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1))
def test_those_who_trade_are_numbered_in_the_order_of_the_trades(pairs):
    who, sides = number_rows(np.array(pairs, np.int64).T.copy())
    assert who.tolist() == list(dict.fromkeys(chain.from_iterable(pairs)))
    assert who[sides].T.tolist() == [list(pair) for pair in pairs]
