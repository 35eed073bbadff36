"""Tests of the ledger: against a slow one after every step, then by hand where it matters most."""

import runpy
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from hullmark.core import INT64_MAX, NANO, Asset
from hullmark.domain import Perpetual, SystemAccount
from hullmark.errors import AmountOverflowError
from hullmark.ledger import FLAT, MICRO, Position, cost_ceil

from .contracts import ASSETS, BTC, EVERYONE, INSTRUMENTS, NUMBER, USDC, USERS, opened, table

ReferenceLedger = runpy.run_path(str(Path(__file__).parents[2] / "reference" / "ledger.py"))[
    "ReferenceLedger"
]

# Sizes such that sixty steps of any kind stay inside 64 bits.
numbers = st.integers(0, len(INSTRUMENTS) - 1)
derivatives = st.integers(0, len(INSTRUMENTS) - 2)
users, assets = st.sampled_from(USERS), st.integers(0, 1)
payers = st.sampled_from((SystemAccount.CUSTODY, SystemAccount.FUND, *USERS))
lots, prices = st.integers(1, 10**4), st.integers(NANO, 10**5 * NANO)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("move"), payers, payers, assets, st.integers(0, 10**12)),
        st.tuples(st.just("trade"), users, users, numbers, lots, prices),
        st.tuples(st.just("trade"), users, users, st.integers(0, 2), st.integers(1, 5), prices),
        st.tuples(st.just("accrue"), derivatives, st.integers(-(10**12), 10**12)),
        st.tuples(st.just("settle"), users, derivatives),
        st.tuples(st.just("interest"), assets, st.integers(0, NANO // 100)),
        st.tuples(st.just("expire"), derivatives, prices),
    ),
    min_size=20,
    max_size=60,
)


def plain(instrument):
    """Return the terms of an instrument as the reference wants them."""
    kind = type(instrument).__name__.lower()
    terms = {"kind": kind, "underlying": instrument.underlying, "settlement": instrument.settlement}
    terms["lot"] = Fraction(instrument.lot_nano, NANO)
    terms["inverse"] = getattr(instrument, "inverse", False)
    if kind == "option":
        terms |= {"strike": Fraction(instrument.strike_nano, NANO), "call": instrument.call}
    return terms


def buy(ledger, buyer, seller, symbol, lots, price):
    """Trade at a price, and return the cost."""
    number = NUMBER[symbol]
    unit = ledger.assets[ledger.settlement(number)].quanta_per_unit
    cost = cost_ceil(INSTRUMENTS[number], lots, int(Fraction(price) * NANO), unit)
    ledger.trade(buyer, seller, number, lots=lots, cost=cost)
    return cost


def apply(ledger, reference, kind, *step):
    """Do one step to both."""
    if kind == "move":
        source, target, asset, quanta = step
        ledger.move(source, target, asset, quanta)
        reference.move(source, target, ASSETS[asset].symbol, quanta)
    elif kind == "trade":
        buyer, seller, number, size, price_nano = step
        price, symbol = Fraction(price_nano, NANO), INSTRUMENTS[number].symbol
        assert buy(ledger, buyer, seller, symbol, size, price) == reference.cost(
            symbol, size, price
        )
        reference.trade(buyer, seller, symbol, size, price)
    elif kind == "accrue":
        number, step_micro = step
        ledger.accrue_funding(number, step_micro)
        reference.accrue(INSTRUMENTS[number].symbol, Fraction(step_micro, MICRO))
    elif kind == "settle":
        account, number = step
        ledger.settle_funding(account, number)
        reference.settle_funding(account, INSTRUMENTS[number].symbol)
    elif kind == "interest":
        asset, rate_nano = step
        ledger.charge_interest(asset, rate_nano)
        reference.charge_interest(ASSETS[asset].symbol, Fraction(rate_nano, NANO))
    else:
        number, price_nano = step
        ledger.settle_expiry(number, price_nano)
        reference.expire(INSTRUMENTS[number].symbol, Fraction(price_nano, NANO))


def replayed(steps):
    """Yield both ledgers after every step."""
    ledger = opened()
    reference = ReferenceLedger(
        {a.symbol: a.decimals for a in ASSETS}, {i.symbol: plain(i) for i in INSTRUMENTS}
    )
    for account in EVERYONE:
        reference.open(account)
    for step in steps:
        apply(ledger, reference, *step)
        yield ledger, reference


@given(steps)
def test_agrees_with_the_slow_ledger_after_every_step(steps):
    for ledger, reference in replayed(steps):
        assert table(ledger) == reference.facts()


@given(steps)
def test_no_step_makes_or_loses_a_quantum_or_a_lot(steps):
    for ledger, reference in replayed(steps):
        for i, asset in enumerate(ASSETS):
            assert ledger.cash_total(i) == reference.total(asset.symbol) == 0
        assert not any(ledger.lots_total(i) for i in range(len(INSTRUMENTS)))


@given(steps)
def test_what_rounding_leaves_is_in_the_accounts_named_for_it(steps):
    for ledger, reference in replayed(steps):
        for i, asset in enumerate(ASSETS):
            settled = reference.funding_settlements[asset.symbol]
            assert 0 <= reference.funding_residue(asset.symbol) <= settled
            expired = reference.expiry_settlements[asset.symbol]
            assert 0 <= ledger.cash(SystemAccount.SETTLEMENT, i) <= expired
            assert ledger.cash(SystemAccount.INTEREST, i) >= 0


@given(steps)
def test_every_row_that_differs_is_told_to_everyone_who_watches(steps):
    before, seen, unseen = {}, None, None
    for ledger, _ in replayed(steps):
        if seen is None:
            seen, unseen = ledger.watch(), ledger.watch()
            before = table(ledger)
            continue
        after = table(ledger)
        differing = {k[1] for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
        rows = {ledger.row_of[account] for account in differing - {0}}  # 0: the funding index
        assert rows <= seen
        assert seen <= unseen
        seen.clear()
        before = after


@given(steps)
def test_positions_are_listed_in_the_order_of_instruments_and_none_is_flat(steps):
    for ledger, _ in replayed(steps):
        for account in USERS:
            held = ledger.positions(account)
            assert [n for n, _ in held] == sorted({n for n, _ in held})
            assert all(p == ledger.position(account, n) and p.lots for n, p in held)
        for number in range(len(INSTRUMENTS)):
            holders = [a for a in USERS if ledger.position(a, number) != FLAT]
            assert ledger.holders(number) == holders


@given(st.sampled_from(["PERP", "DUST", "INVERSE", "FUTURE", "CALL"]), lots, prices)
def test_opening_and_closing_at_one_price_leaves_no_trace(symbol, size, price_nano):
    ledger = opened()
    price = Fraction(price_nano, NANO)
    buy(ledger, 100, 101, symbol, size, price)
    buy(ledger, 101, 100, symbol, size, price)
    assert table(ledger) == {}


# 20 lots of 0.001 BTC bought at 50 000, of which 5 are sold at 52 000, then 25 more at 49 000.
def test_realises_profit_and_turns_over_as_by_hand():
    ledger, perp = opened(), NUMBER["PERP"]
    buy(ledger, 100, 101, "PERP", 20, 50_000)
    assert ledger.position(100, perp) == (20, -1_000_000_000, 0)
    assert ledger.position(101, perp) == (-20, 1_000_000_000, 0)
    buy(ledger, 102, 100, "PERP", 5, 52_000)
    assert ledger.cash(100, USDC) == 10_000_000  # 0.005 * 2 000
    assert ledger.position(100, perp) == (15, -750_000_000, 0)
    buy(ledger, 102, 100, "PERP", 25, 49_000)
    assert ledger.cash(100, USDC) == 10_000_000 - 15_000_000  # 0.015 * -1 000
    assert ledger.position(100, perp) == (-10, 490_000_000, 0)
    assert ledger.position(102, perp) == (30, -260_000_000 - 1_225_000_000, 0)


# 100 lots of 10 USD bought at 50 000 and sold at 40 000: 1 000 * (1 / 50 000 - 1 / 40 000).
def test_an_inverse_contract_realises_coins_as_by_hand():
    ledger = opened()
    buy(ledger, 100, 101, "INVERSE", 100, 50_000)
    assert ledger.position(100, NUMBER["INVERSE"]) == (100, 2_000_000, 0)
    buy(ledger, 101, 100, "INVERSE", 100, 40_000)
    assert ledger.cash(100, BTC) == -500_000
    assert ledger.cash(101, BTC) == 500_000


def test_a_spot_trade_exchanges_balances_and_leaves_no_position():
    ledger, spot = opened(), NUMBER["SPOT"]
    assert ledger.spot_lot_quanta(spot) == 10_000  # 0.0001 BTC
    buy(ledger, 100, 101, "SPOT", 3, 60_000)
    assert table(ledger) == {
        ("cash", 100, "BTC"): (30_000,),
        ("cash", 101, "BTC"): (-30_000,),
        ("cash", 100, "USDC"): (-18_000_000,),
        ("cash", 101, "USDC"): (18_000_000,),
    }


def test_a_premium_is_paid_at_once_and_the_option_owes_nothing_more():
    ledger, call = opened(), NUMBER["CALL"]
    buy(ledger, 100, 101, "CALL", 3, 800)  # 0.3 BTC at 800 USDC
    assert ledger.cash(100, USDC) == -ledger.cash(101, USDC) == -240_000_000
    assert ledger.position(100, call) == (3, 0, 0)
    assert ledger.position(101, call) == (-3, 0, 0)


# Three lots of 0.1 BTC, strike 60 000. The inverse call at 63 000 is 0.3 * 3 000 / 63 000 =
# 0.014 285 714 285... BTC: the long gets the whole quanta, the short pays one more, which stays.
@pytest.mark.parametrize(
    ("symbol", "price", "long", "short", "residue"),
    [
        ("CALL", "64000.5", 1_200_150_000, -1_200_150_000, 0),
        ("CALL", "60000", 0, 0, 0),
        ("CALL", "1", 0, 0, 0),
        ("PUT", "55000", 1_500_000_000, -1_500_000_000, 0),
        ("PUT", "60000.000000001", 0, 0, 0),
        ("CALL-INVERSE", "64000", 1_875_000, -1_875_000, 0),
        ("CALL-INVERSE", "63000", 1_428_571, -1_428_572, 1),
        ("PUT-INVERSE", "50000", 6_000_000, -6_000_000, 0),
        ("PUT-INVERSE", "70000", 0, 0, 0),
    ],
)
def test_options_expire_at_payoffs_worked_by_hand(symbol, price, long, short, residue):
    ledger, number = opened(), NUMBER[symbol]
    ledger.trade(100, 101, number, lots=3, cost=0)
    ledger.settle_expiry(number, int(Fraction(price) * NANO))
    asset = ledger.settlement(number)
    assert (ledger.cash(100, asset), ledger.cash(101, asset)) == (long, short)
    assert ledger.cash(SystemAccount.SETTLEMENT, asset) == residue
    assert ledger.holders(number) == []


# Futures of 0.001 BTC and of 10 USD: 3 * 0.001 * 1 234.56; 1 000 * (1 / 50 000 - 1 / 40 000).
@pytest.mark.parametrize(
    ("symbol", "lots", "bought", "settled", "profit"),
    [
        ("FUTURE", 3, "60000", "61234.56", 3_703_680),
        ("FUTURE-INVERSE", 100, "50000", "40000", -500_000),
    ],
)
def test_futures_expire_at_profits_worked_by_hand(symbol, lots, bought, settled, profit):
    ledger, number = opened(), NUMBER[symbol]
    buy(ledger, 100, 101, symbol, lots, bought)
    ledger.settle_expiry(number, int(Fraction(settled) * NANO))
    asset = ledger.settlement(number)
    assert (ledger.cash(100, asset), ledger.cash(101, asset)) == (profit, -profit)


# Once someone has realised, the quotes of a contract no longer sum to zero: 100 sold at 61 000
# what it bought at 60 000, and the 1 USDC of profit is in its cash, no longer in its quote.
def test_an_expiry_after_a_realised_profit_makes_no_money():
    ledger, future = opened(), NUMBER["FUTURE"]
    buy(ledger, 100, 101, "FUTURE", 1, 60_000)
    buy(ledger, 102, 100, "FUTURE", 1, 61_000)
    ledger.settle_expiry(future, 62_000 * NANO)
    profits = {account: ledger.cash(account, USDC) for account in USERS[:3]}
    assert profits == {100: 1_000_000, 101: -2_000_000, 102: 1_000_000}
    assert ledger.cash(SystemAccount.SETTLEMENT, USDC) == 0
    assert ledger.cash_total(USDC) == 0


def test_funding_is_owed_from_the_index_at_which_a_position_was_opened():
    ledger, perp = opened(), NUMBER["PERP"]
    ledger.accrue_funding(perp, 5 * MICRO)
    buy(ledger, 100, 101, "PERP", 10, 50_000)
    assert ledger.position(100, perp).paid_micro == 5 * MICRO
    ledger.accrue_funding(perp, 3 * MICRO)
    assert (ledger.funding_owed(100, perp), ledger.funding_owed(101, perp)) == (30, -30)
    buy(ledger, 102, 100, "PERP", 4, 50_000)  # a touch settles: no funding on the lots sold
    assert ledger.cash(100, USDC) == -30
    assert ledger.funding_owed(100, perp) == ledger.funding_owed(102, perp) == 0
    ledger.settle_funding(101, perp)
    assert ledger.cash(101, USDC) == 30
    assert ledger.cash(SystemAccount.FUNDING, USDC) == 0


def test_funding_of_the_time_without_a_position_is_nobodys():
    ledger, perp = opened(), NUMBER["PERP"]
    buy(ledger, 100, 101, "PERP", 10, 50_000)
    buy(ledger, 101, 100, "PERP", 10, 50_000)
    ledger.accrue_funding(perp, 10**9)
    assert ledger.funding_owed(100, perp) == 0
    buy(ledger, 101, 100, "PERP", 10, 50_000)  # takes the slots of the old positions
    assert ledger.funding_owed(100, perp) == ledger.funding_owed(101, perp) == 0
    ledger.settle_funding(103, perp)  # who never had one
    assert ledger.cash(SystemAccount.FUNDING, USDC) == 0


def test_a_position_that_became_flat_leaves_its_slot_to_the_next():
    ledger = opened()
    for symbol in ("PERP", "FUTURE", "PERP", "INVERSE") * 5:
        buy(ledger, 100, 101, symbol, 10, 50_000)
        buy(ledger, 101, 100, symbol, 10, 50_000)
    assert ledger._slots.used == 2


def test_interest_is_charged_on_debts_of_users_alone_and_rounded_up():
    ledger = opened()
    ledger.move(100, SystemAccount.BAD_DEBT, USDC, 1_000_001)
    ledger.move(SystemAccount.CUSTODY, 101, USDC, 500)
    ledger.charge_interest(USDC, NANO // 1000)
    assert ledger.cash(100, USDC) == -1_000_001 - 1_001
    assert ledger.cash(101, USDC) == 500
    assert ledger.cash(SystemAccount.CUSTODY, USDC) == -500
    assert ledger.cash(SystemAccount.INTEREST, USDC) == 1_001
    ledger.charge_interest(BTC, NANO)
    assert ledger.cash(SystemAccount.INTEREST, BTC) == 0


def test_what_is_added_later_stands_behind_what_was_there():
    ledger = opened()
    ledger.move(SystemAccount.CUSTODY, 100, BTC, 7)
    terms = {"underlying": "ETH", "settlement": "ETH", "lot_nano": NANO, "inverse": True}
    ledger.extend([Asset("ETH", 9)], [Perpetual(symbol="ETH-PERP", **terms)])
    assert ledger.open(200) == len(EVERYONE)
    assert ledger.asset_index == {"USDC": 0, "BTC": 1, "ETH": 2}
    assert ledger.settlement(ledger.instrument_index["ETH-PERP"]) == 2
    ledger.trade(200, 100, len(INSTRUMENTS), lots=1, cost=-5)
    ledger.move(SystemAccount.CUSTODY, 200, 2, 11)
    assert ledger.cash(200, 2) == 11
    assert ledger.cash(100, BTC) == 7
    assert ledger.position(200, len(INSTRUMENTS)) == Position(1, 5, 0)
    assert ledger.cash_total(2) == 0


def test_an_account_is_opened_once():
    with pytest.raises(AssertionError, match="account 100 is open"):
        opened().open(100)


def test_cash_that_does_not_fit_is_an_error_and_not_a_wrong_number():
    ledger = opened()
    ledger.move(SystemAccount.CUSTODY, 100, USDC, INT64_MAX)
    before = table(ledger)
    message = f"cash of account 1 must fit in 64 bits, was -{2 * INT64_MAX} quanta of USDC"
    with pytest.raises(AmountOverflowError, match=message):
        ledger.move(SystemAccount.CUSTODY, 101, USDC, INT64_MAX)
    assert table(ledger) == before
    with pytest.raises(AmountOverflowError, match="cash of account 100 must fit in 64 bits"):
        ledger.move(101, 100, USDC, 1)
    assert ledger.cash(100, USDC) == INT64_MAX


def test_a_profit_a_position_or_an_index_that_does_not_fit_is_an_error():
    ledger, perp = opened(), NUMBER["PERP"]
    ledger.move(SystemAccount.CUSTODY, 100, USDC, INT64_MAX)
    ledger.trade(100, 101, perp, lots=1, cost=10)
    with pytest.raises(AmountOverflowError, match="cash of account 100 must fit in 64 bits"):
        ledger.trade(102, 100, perp, lots=1, cost=11)  # realises one quantum
    with pytest.raises(AmountOverflowError, match="a position must fit in 64 bits"):
        ledger.trade(103, 102, NUMBER["FUTURE"], lots=2**63, cost=0)
    ledger.accrue_funding(perp, INT64_MAX)
    with pytest.raises(AmountOverflowError, match="a funding index must fit in 64 bits"):
        ledger.accrue_funding(perp, 1)
    ledger.trade(102, 103, NUMBER["PUT-INVERSE"], lots=10**6, cost=0)
    with pytest.raises(AmountOverflowError, match=r"cash of account \d must fit in 64 bits"):
        ledger.settle_expiry(NUMBER["PUT-INVERSE"], 1)  # coins worth next to nothing


@given(st.integers(1, 50), st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_a_gain_that_is_realised_changes_hands_with_nobody(size, rate_micro, quanta):
    """Funding is settled first; position and cash together are worth what they were."""
    ledger, (owner, other) = opened(), USERS[:2]
    ledger.trade(owner, other, 0, lots=size, cost=10**6)
    ledger.accrue_funding(0, rate_micro)
    asset, before = ledger.settlement(0), ledger.position(owner, 0)
    cash = [ledger.cash(account, asset) for account in (owner, other)]
    due = -(-size * (ledger.funding_micro[0] - before.paid_micro) // MICRO)
    ledger.realise(owner, 0, quanta)
    after = ledger.position(owner, 0)
    assert (after.lots, after.quote) == (before.lots, before.quote - quanta)
    assert ledger.cash(owner, asset) == cash[0] - due + quanta
    assert ledger.cash(other, asset) == cash[1]
