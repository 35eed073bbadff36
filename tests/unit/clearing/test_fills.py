"""Fills that have not happened: the ledger does the same when they happen."""

import pytest
from hypothesis import given, strategies as st

from hullmark.clearing import Fill
from hullmark.clearing._fills import position_after, pretend
from hullmark.core import Asset
from hullmark.domain import Option, Perpetual, Spot, SystemAccount
from hullmark.ledger import Ledger

ANN, BOB, USDT, COIN = 100, 101, 0, 1
SPOT, PERP, CALL = range(3)
NAMES = {"underlying": "COIN", "settlement": "USDT", "lot_nano": 10**9}
trades = st.lists(
    st.tuples(
        st.sampled_from([SPOT, PERP, CALL]),
        st.integers(-20, 20).filter(bool),
        st.integers(0, 10**6),
        st.integers(0, 50),  # fee
        st.integers(-(10**6), 10**6),  # funding before it
    ),
    min_size=1,
    max_size=12,
)


def make_ledger():
    """Return a ledger of two traders, with everything there is to trade."""
    ledger = Ledger()
    option = {"expiry_ns": 1, "strike_nano": 1, "call": True}
    ledger.extend(
        [Asset("USDT", 6), Asset("COIN", 2)],
        [
            Spot(symbol="SPOT", **NAMES),
            Perpetual(symbol="PERP", **NAMES),
            Option(symbol="CALL", **NAMES, **option),
        ],
    )
    for account in (*SystemAccount, ANN, BOB):
        ledger.open(account)
    return ledger


def happen(ledger, trade):
    """Let a fill of Ann's happen, Bob being on the other side."""
    buyer, seller = (ANN, BOB) if trade.lots > 0 else (BOB, ANN)
    lots, cost = abs(trade.lots), abs(trade.cost_quanta)
    ledger.trade(buyer, seller, trade.instrument, lots=lots, cost=cost)
    ledger.move(ANN, SystemAccount.FEES, USDT, trade.fee_quanta)


@given(trades)
def test_the_ledger_does_what_was_pretended(steps):
    ledger = make_ledger()
    for number, lots, price, fee, step_micro in steps:
        ledger.accrue_funding(PERP, step_micro)
        trade = Fill(number, lots, lots * price, fee)
        cash = [ledger.cash(ANN, asset) for asset in (USDT, COIN)]
        held = dict(ledger.positions(ANN))
        pretend(ledger, trade, cash, held)
        happen(ledger, trade)
        assert cash == [ledger.cash(ANN, asset) for asset in (USDT, COIN)]
        assert {n: p for n, p in held.items() if p.lots} == dict(ledger.positions(ANN))


@pytest.mark.parametrize("lots", [5, -2, -3, -8])
def test_funding_is_settled_before_a_position_changes(lots):
    ledger = make_ledger()
    happen(ledger, Fill(PERP, 3, 3 * 10**6, 0))
    ledger.accrue_funding(PERP, 1_500_000)  # 4.5 quanta for three lots, rounded up
    before = ledger.position(ANN, PERP)
    after, gained = position_after(ledger, Fill(PERP, lots, lots * 10**6, 0), before)
    assert (after.lots, gained) == (3 + lots, -5)
    assert after.paid_micro == 1_500_000
    assert ledger.position(ANN, PERP) == before
