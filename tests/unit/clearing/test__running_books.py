"""Sums that are kept are the sums that are counted, whatever happens between two looks."""

import json

import pytest
from hypothesis import given, strategies as st

from hullmark.clearing import RunningBooks, State, books, evolve
from hullmark.domain import Mode, SystemAccount, events
from hullmark.ledger import Ledger

COIN, PERP, SPOT = "BTC", "BTC-PERP", "BTC-USDT"
USERS = (100, 101, 102)
USER = st.sampled_from(USERS)
QUANTA = st.integers(-(10**12), 10**12)


def adopted(*symbols):
    contract = {"underlying": COIN, "settlement": "USDT", "lot": "0.001"}
    perps = [{"kind": "perpetual", "symbol": s, **contract} for s in symbols]
    tree = {
        "name": "test",
        "assets": {"USDT": {"decimals": 6, "peg": "1"}, COIN: {"decimals": 8, "peg": "100000"}},
        "instruments": [{"kind": "spot", "symbol": SPOT, **contract}, *perps],
        "margin": {
            "cross": "tiered",
            "tiered": {
                s: {"tiers": [{"floor_usd": "0", "initial": "0.1", "maintenance": "0.05"}]}
                for s in symbols
            },
        },
        "prices": {
            s: {"sources": ["mark"], "sources_min": 1, "staleness_s_max": "60"}
            for s in (SPOT, *symbols)
        },
    }
    return events.RulesAdopted(rules=json.dumps(tree))


@st.composite
def happenings(draw):
    kind = draw(st.sampled_from(["deposit", "cover", "trade", "funding", "interest", "rules"]))
    if kind == "deposit":
        to, asset = (
            draw(st.sampled_from([*USERS, SystemAccount.FUND])),
            draw(st.sampled_from(["USDT", COIN])),
        )
        return events.Deposited(account=to, asset=asset, quanta=draw(QUANTA))
    if kind == "cover":
        return events.DeficitCovered(
            account=draw(USER),
            asset="USDT",
            fund_quanta=draw(QUANTA),
            bad_debt_quanta=draw(QUANTA),
            gap_quanta=0,
            latency_quanta=0,
            impact_quanta=0,
        )
    if kind == "trade":
        buyer, seller = draw(st.permutations(USERS))[:2]
        return events.Traded(
            instrument=draw(st.sampled_from([PERP, SPOT])),
            buyer=buyer,
            seller=seller,
            lots=draw(st.integers(1, 50)),
            price_nano=1,
            cost_quanta=draw(st.integers(1, 10**9)),
            buyer_fee_quanta=draw(st.integers(0, 99)),
        )
    if kind == "funding":
        step = draw(st.integers(-(10**9), 10**9))
        return events.FundingAccrued(instrument=PERP, rate_nano=1, price_nano=1, step_micro=step)
    if kind == "interest":
        return events.InterestCharged(asset="USDT", rate_nano=draw(st.integers(1, 10**8)))
    return adopted(PERP, *draw(st.sampled_from([(), ("ETH-PERP",), ("ETH-PERP", "SOL-PERP")])))


def opened():
    state = State()
    for event in (
        adopted(PERP),
        *(events.AccountOpened(account=a, mode=Mode.CROSS) for a in USERS),
    ):
        evolve(state, event)
    running = RunningBooks(state)
    running.update()
    return state, running


@given(st.lists(happenings(), max_size=25))
def test_kept_sums_are_counted_sums_after_every_event(history):
    state, running = opened()
    broken = set()
    for event in history:
        evolve(state, event)
        told = running.update()
        counted = books(state)
        assert running.books() == counted
        now = {law.rpartition(", was ")[0] for law in counted.broken}
        assert {law.rpartition(", was ")[0] for law in told} == now - broken
        broken = now


@pytest.mark.parametrize(
    ("column", "law"), [("_cash", "sum of USDT must be 0, was 3"), ("_lots", "lots of BTC-PERP")]
)
def test_a_quantum_or_a_lot_out_of_nowhere_is_told(column, law):
    state, running = opened()
    trade = events.Traded(
        instrument=PERP, buyer=100, seller=101, lots=5, price_nano=1, cost_quanta=9
    )
    evolve(state, trade)
    assert running.update() == ()
    if column == "_cash":
        state.ledger._cash.view[state.ledger.row_of[100], 0] += 3
    else:
        state.ledger._slots.lots.view[0] += 3
    state.ledger.move(100, 100, 0, 0)
    (told,) = running.update()
    assert told.startswith(law)
    assert running.update() == ()


def test_sums_are_of_the_last_look_and_begin_with_all_that_is_there():
    state, running = opened()
    before = books(state)
    evolve(state, events.Deposited(account=100, asset="USDT", quanta=5))
    assert running.books() == before
    late = RunningBooks(state)
    assert late.update() == running.update() == ()
    assert late.books() == running.books() == books(state)


def test_a_row_that_the_ledger_hides_is_missing_in_the_sums(monkeypatch):
    monkeypatch.setattr(Ledger, "watch", lambda ledger: set())
    state, running = opened()
    evolve(state, events.Deposited(account=100, asset="USDT", quanta=5))
    running.update()
    assert running.books() != books(state)


def test_what_custody_holds_is_what_the_accounts_and_the_fund_have():
    state, _ = opened()
    for account, quanta in ((100, 70), (SystemAccount.FUND, 20)):
        evolve(state, events.Deposited(account=account, asset="USDT", quanta=quanta))
    evolve(
        state,
        events.DeficitCovered(
            account=100,
            asset="USDT",
            fund_quanta=4,
            bad_debt_quanta=3,
            gap_quanta=7,
            latency_quanta=0,
            impact_quanta=0,
        ),
    )
    proof = books(state)
    assert proof.accounts == {"USDT": 77, COIN: 0}
    assert proof.custody["USDT"] == 90
    assert proof.fund["USDT"] == 16
    assert proof.bad_debt["USDT"] == 3
