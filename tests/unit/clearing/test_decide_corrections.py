"""Corrections: what a bust and an adjustment bring back, who may ask for them, and how often."""

import pytest
from hypothesis import given, strategies as st

from hullmark.clearing import State, state_hash
from hullmark.core import nano
from hullmark.domain import Mode, Reason, SystemAccount, commands, events
from hullmark.journal import read
from hullmark.runtime import replay

from .bank import (
    ANN,
    BOB,
    CHILD,
    EXPIRY_NS,
    FUND,
    MAKER,
    PORT,
    QUANTA_MAX,
    Bank,
    adjust,
    bust,
    deposit,
    fill,
    kinds,
    only,
    opened,
    rest,
    taken_in_hand,
    trade,
    withdraw,
)

OTHER = 105  # a second portfolio account
USDT = 10**6
FEES, FUNDING, INTEREST = SystemAccount.FEES, SystemAccount.FUNDING, SystemAccount.INTEREST
SETTLEMENT, BAD_DEBT = SystemAccount.SETTLEMENT, SystemAccount.BAD_DEBT
R = Reason


def recorded(bank, request):
    """Return the unit in which a command is recorded."""
    answer = bank.venue.submit(request)
    assert answer.refusal is None, answer.refusal
    return answer.units[0]


def holdings(bank):
    """Return every balance and every position."""
    return {(table, *key): number for table, *key, number in bank.state.ledger.facts()}


def wealth(bank):
    """Return per account the lots of each contract, and cash and quote added up per asset."""
    ledger, found = bank.state.ledger, {}
    for account in ledger.accounts:
        sums = [ledger.cash(account, asset) for asset in range(len(ledger.assets))]
        for number, position in ledger.positions(account):
            sums[ledger.settlement(number)] += position.quote
        found[account] = (sums, {i: position.lots for i, position in ledger.positions(account)})
    return found


def replayed(bank):
    """Return the hash of the facts that the journal leads to."""
    state = State()
    for unit in read(bank.store):
        replay(state, unit)
    return state_hash(state)


# --- Busts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "price", "lots"),
    [
        ("PERP", "33.333333333", 3),
        ("INVERSE", "97.531", 50),
        ("FUTURE", "101", 2),
        ("SPOT", "9", 1),
    ],
)
def test_a_bust_of_what_was_opened_gives_back_every_balance_and_position(bank, symbol, price, lots):
    bank.do(deposit(ANN, "1000 USDT"), deposit(ANN, "3 BTC"))
    before = holdings(bank)
    unit = recorded(bank, trade(ANN, lots, symbol, price, fees=(250_000, 100_000)))
    (busted,) = bank.do(bust(unit))
    assert holdings(bank) == before
    assert (busted.sequence, busted.authorisers) == (unit.sequence, ("Ada", "Grace"))
    assert busted.reason == "the price was a typing error"
    assert busted.cost_quanta == unit.events[0].cost_quanta
    bank.check()
    assert replayed(bank) == bank.venue.state_hash()


def test_a_bust_of_an_option_gives_back_its_premium(bank):
    bank.do(opened(OTHER, Mode.PORTFOLIO), deposit(OTHER, "1000 USDT"), deposit(PORT, "100 USDT"))
    before = holdings(bank)
    bank.do(bust(recorded(bank, trade(OTHER, 2, "CALL", "3", seller=PORT))))
    assert holdings(bank) == before


def test_a_bust_is_a_fill_at_the_trade_s_own_cost(bank):
    """Ten for 1,000, of which four are sold for 440: busted, ten cost 1,040 and 40 are cash."""
    bank.do(deposit(ANN, "200 USDT"), trade(ANN, 10, "PERP", "100"))
    bank.do(bust(recorded(bank, trade(MAKER, 4, "PERP", "110", seller=ANN))))
    assert bank.held(ANN) == (10, -1040 * USDT)
    assert bank.cash(ANN) == "240"


def test_a_bust_turns_over_whoever_has_sold_since(bank):
    bank.do(deposit(ANN, "200 USDT"))
    unit = recorded(bank, trade(ANN, 4, "PERP", "100"))
    bank.do(trade(MAKER, 4, "PERP", "101", seller=ANN), bust(unit))
    assert bank.held(ANN) == (-4, 400 * USDT)
    assert bank.cash(ANN) == "204"


def test_funding_that_was_settled_meanwhile_stays_where_it_went(bank):
    bank.do(deposit(ANN, "200 USDT"))
    unit = recorded(bank, trade(ANN, 4, "PERP", "100"))
    bank.do(commands.AccrueFunding(instrument="PERP", rate_nano=nano("0.01")), bust(unit))
    assert (bank.cash(ANN), bank.cash(MAKER)) == ("196", "1000004")
    assert bank.held(ANN) == bank.held(MAKER) == (0, 0)
    bank.do(adjust(MAKER, ANN, "4 USDT"))  # which is what an adjustment is for
    assert bank.cash(ANN) == "200"


def test_a_trade_is_busted_once(bank):
    bank.do(deposit(ANN, "200 USDT"))
    first, second = (recorded(bank, trade(ANN, 1, "PERP", "100")) for _ in range(2))
    bank.tell(
        (bust(first), {"sequence": first.sequence}),
        (bust(first), R.CORRECTED_BEFORE),
        (bust(second), {"sequence": second.sequence}),
    )
    assert bank.held(ANN) == (0, 0)


def test_a_bust_may_leave_a_debt_that_is_called_at_once(bank):
    """Ann sells a coin for 100 and withdraws what she got; then she has a coin, and owes 100."""
    bank.do(deposit(ANN, "1 BTC"))
    unit = recorded(bank, trade(MAKER, 1, "SPOT", "100", seller=ANN))
    bank.do(withdraw(ANN, "100 USDT"))
    found = bank.do(bust(unit))
    assert (bank.cash(ANN), bank.cash(ANN, "BTC")) == ("-100", "1")
    assert kinds(found) == ["TradeBusted", "LiquidationStarted", "LiquidationOrdered"]
    assert only(found, events.BreachesFound).accounts == (ANN,)
    bank.check()


def test_a_bust_is_not_held_to_initial_margin_or_to_prices(bank):
    """Back with ten lots at 93, Ann is under her initial margin, and the prices are old."""
    bank.do(deposit(ANN, "150 USDT"), trade(ANN, 10, "PERP", "100"))
    unit = recorded(bank, trade(MAKER, 9, "PERP", "100", seller=ANN))
    bank.pass_time(1, usd="93")
    bank.pass_time(61)
    bank.do(bust(unit))
    health = bank.venue.health(ANN)
    assert health.equity_initial < health.initial
    assert health.health >= 0


@pytest.mark.parametrize("at_work", ["buyer", "seller"])
def test_an_order_at_work_must_be_answered_before_a_bust(bank, at_work):
    bank.do(deposit(ANN, "60 USDT"), deposit(BOB, "1000 USDT"))
    coin = recorded(bank, trade(ANN, 1, "SPOT", "50"))
    buyer, seller, usd = (ANN, BOB, "90") if at_work == "buyer" else (BOB, ANN, "110")
    unit = recorded(bank, trade(buyer, 8, "PERP", "100", seller=seller))
    bank.pass_time(1, usd=usd)
    assert bank.only_order().account == ANN
    assert bank.refused(bust(unit)) is R.UNDER_LIQUIDATION
    bank.do(bust(coin), fill(1, 0, usd), fill(2, 0, usd))  # no coin was on sale
    assert ANN in bank.state.parked
    found = bank.do(bust(unit))
    assert (bank.held(ANN), bank.cash(ANN)) == ((0, 0), "60")
    assert only(found, events.LiquidationEnded).cured


def test_an_expired_trade_stands(bank):
    bank.do(deposit(ANN, "100 USDT"))
    unit = recorded(bank, trade(ANN, 1, "FUTURE", "100"))
    bank.now_ns = EXPIRY_NS
    bank.do(bank.said("100"))
    assert bank.refused(bust(unit)) is R.INSTRUMENT_EXPIRED
    bank.do(commands.SettleExpiry(instrument="FUTURE", price_nano=nano("100")))
    assert bank.refused(bust(unit)) is R.INSTRUMENT_EXPIRED


def test_fees_that_the_venue_has_spent_cannot_be_repaid(bank):
    bank.do(deposit(ANN, "100 USDT"))
    unit = recorded(bank, trade(ANN, 1, "PERP", "100", fees=(USDT, USDT)))
    bank.do(adjust(FEES, FUND, "0.000001 USDT"))
    assert bank.refused(bust(unit)) is R.CASH_SHORT
    bank.do(adjust(FUND, FEES, "0.000001 USDT"), bust(unit))
    assert bank.cash(FEES) == "0"


def test_a_bust_must_fit_beside_the_orders_that_rest(bank):
    """A call that is worth nothing in every scenario needs no margin, however many are sold."""
    bank.do(opened(OTHER, Mode.PORTFOLIO), deposit(OTHER, "1000 USDT"), deposit(PORT, "1000 USDT"))
    bank.pass_time(1, usd="60")
    bank.do(commands.AdoptSurface(vol_nano={"CALL": 1}))
    unit = recorded(bank, trade(PORT, 9, "CALL", "0.000000001", seller=OTHER))
    bank.do(rest(1, PORT, 1 - QUANTA_MAX, "CALL", "0.000000001"))
    bank.do(trade(OTHER, 8, "CALL", "0.000000001", seller=PORT))
    assert bank.refused(bust(unit)) is R.OVERFLOW
    bank.do(commands.CancelOrder(order=1), bust(unit))


@st.composite
def trades(draw):
    """Draw a trade of two out of three, at a price that may be far off."""
    buyer, seller, _ = draw(st.permutations([ANN, BOB, MAKER]))
    symbol = draw(st.sampled_from(["PERP", "ETHER", "INVERSE", "FUTURE", "SPOT", "LOAN"]))
    price = f"{draw(st.integers(7_000_000_001, 130_000_000_000)) / 10**9:.9f}"
    fees = draw(st.tuples(st.integers(0, 99), st.integers(0, 99)))
    return trade(buyer, draw(st.integers(1, 50)), symbol, price, seller=seller, fees=fees)


def rich():
    """Return a venue where nobody runs short."""
    bank = Bank().found()
    for account in (ANN, BOB):
        bank.do(*(deposit(account, f"1000000 {asset}") for asset in ("USDT", "USDC", "BTC")))
    return bank


@given(st.lists(trades(), max_size=6), trades())
def test_a_bust_leaves_everyone_with_the_lots_and_the_wealth_from_before_the_trade(history, last):
    bank = rich()
    bank.do(*history)
    before, unit = wealth(bank), recorded(bank, last)
    assert wealth(bank) != before
    bank.do(bust(unit))
    assert wealth(bank) == before
    bank.check()


@given(st.lists(trades(), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_busting_every_trade_in_any_order_gives_back_every_balance(history, chance):
    bank = rich()
    before = holdings(bank)
    units = [recorded(bank, request) for request in history]
    chance.shuffle(units)
    bank.do(*map(bust, units))
    assert holdings(bank) == before
    assert replayed(bank) == bank.venue.state_hash()


# --- Signatures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"authorisers": ("Ada", "Ada")},
        {"authorisers": ("Ada", " ada ")},
        {"authorisers": ("STRASSE", "straße")},  # one name
        {"authorisers": ("Ada Lovelace", "AdaLovelace")},
        {"authorisers": ("\u00c4gidius", "A\u0308gidius")},  # two forms of one letter
        {"authorisers": ("Ada", "Ada\u200b")},  # nothing that anyone sees
        {"authorisers": ("Ada", "\uff21da")},
        {"authorisers": ("Ada\0", "Ada")},
        {"authorisers": ("\u200b", "\u2060")},
        {"authorisers": ("Ada", "")},
        {"authorisers": (" \t", "Grace")},
        {"authorisers": ("Ada", "x" * 101)},
        {"reason": ""},
        {"reason": " \n"},
        {"reason": "x" * 1_001},
    ],
)
def test_a_correction_is_signed_by_two_people_and_says_why(bank, changed):
    bank.do(deposit(ANN, "100 USDT"))
    unit = recorded(bank, trade(ANN, 1, "PERP", "100"))
    assert bank.refused(bust(unit, **changed)) is R.UNAUTHORISED
    assert bank.refused(adjust(ANN, BOB, "1 USDT", **changed)) is R.UNAUTHORISED


# --- Adjustments ----------------------------------------------------------------------------------


def test_cash_is_adjusted_between_any_two_accounts_but_custody(bank):
    bank.do(deposit(ANN, "100 USDT"), deposit(FUND, "100 USDT"))
    bank.tell(
        (adjust(ANN, BOB, "10 USDT"), {"source": ANN, "target": BOB, "quanta": 10 * USDT}),
        (adjust(ANN, CHILD, "10 USDT"), {"target": CHILD}),
        (adjust(CHILD, BOB, "10 USDT"), {"source": CHILD}),
        (adjust(FUND, ANN, "10 USDT"), {"source": FUND}),
        (adjust(ANN, FEES, "5 USDT"), {"target": FEES}),
        (adjust(SystemAccount.CUSTODY, ANN, "1 USDT"), R.ACCOUNT_UNKNOWN),
        (adjust(ANN, SystemAccount.CUSTODY, "1 USDT"), R.ACCOUNT_UNKNOWN),
        (adjust(ANN, 999, "1 USDT"), R.ACCOUNT_UNKNOWN),
        (adjust(ANN, 99, "1 USDT"), R.ACCOUNT_UNKNOWN),
        (adjust(ANN, ANN, "1 USDT"), R.AMOUNT_INVALID),
        (adjust(ANN, BOB, "0 USDT"), R.AMOUNT_INVALID),
    )
    assert [bank.cash(account) for account in (ANN, BOB, CHILD)] == ["85", "20", "0"]
    bank.check()
    assert replayed(bank) == bank.venue.state_hash()


@pytest.mark.parametrize("source", [FUND, FEES, INTEREST, SETTLEMENT])
def test_what_the_venue_holds_is_never_below_zero(bank, source):
    bank.do(deposit(ANN, "100 USDT"), adjust(ANN, source, "10 USDT"))
    bank.tell(
        (adjust(source, ANN, "10.000001 USDT"), R.CASH_SHORT),
        (adjust(source, ANN, "10 USDT"), {"target": ANN}),
        (adjust(source, ANN, "0.000001 USDT"), R.CASH_SHORT),
    )


def test_funding_on_its_way_is_not_to_spare(bank):
    """At 1.1 millionths a lot, two lots pay 3 and one pays 2; of that three get 3, and 2 stay."""
    bank.do(*(deposit(account, "100 USDT") for account in (ANN, BOB)), deposit(ANN, "1 BTC"))
    bank.do(trade(ANN, 3, "PERP", "100"), trade(BOB, 1, "PERP", "100", seller=ANN))
    bank.do(commands.AccrueFunding(instrument="PERP", rate_nano=11))
    bank.do(trade(ANN, 9, "INVERSE", "100"))  # whose funding is another coin's
    bank.do(commands.AccrueFunding(instrument="INVERSE", rate_nano=nano("0.01")))
    bank.do(withdraw(ANN, "1 USDT"))  # who has paid by that
    assert bank.cash(FUNDING) == "0.000003"
    bank.tell(
        (adjust(FUNDING, FUND, "0.000003 USDT"), R.CASH_SHORT),
        (adjust(FUNDING, FUND, "0.000002 USDT"), {"quanta": 2}),
        (adjust(FUNDING, FUND, "0.000001 USDT"), R.CASH_SHORT),
        (adjust(FUND, FUNDING, "0.000001 USDT"), {"quanta": 1}),
        (adjust(FUNDING, FUND, "0.000001 USDT"), {"quanta": 1}),
    )
    bank.do(trade(MAKER, 1, "PERP", "100", seller=BOB))
    bank.do(trade(MAKER, 2, "PERP", "100", seller=ANN))
    assert bank.cash(FUNDING) == "0"


def test_bad_debt_is_paid_to_the_last_quantum_and_no_further(bank):
    bank.do(deposit(ANN, "100 USDT"))
    bank.tell(
        (adjust(ANN, BAD_DEBT, "0.000001 USDT"), R.DEBT_SHORT),
        (adjust(BAD_DEBT, BOB, "30 USDT"), {"target": BOB}),  # a loss that nobody has paid
        (adjust(ANN, BAD_DEBT, "30.000001 USDT"), R.DEBT_SHORT),
        (adjust(ANN, BAD_DEBT, "30 USDT"), {"target": BAD_DEBT}),
    )
    assert bank.venue.books().bad_debt["USDT"] == 0
    assert bank.venue.books().broken == ()


def test_an_adjustment_is_reversed_once_by_its_mirror(bank):
    bank.do(deposit(ANN, "100 USDT"))
    before = holdings(bank)
    first = recorded(bank, adjust(ANN, BOB, "10 USDT")).sequence
    undone = recorded(bank, adjust(BOB, ANN, "10 USDT", reverses=first)).sequence
    assert holdings(bank) == before
    assert bank.refused(adjust(BOB, ANN, "10 USDT", reverses=first)) is R.CORRECTED_BEFORE
    bank.do(adjust(ANN, BOB, "10 USDT", reverses=undone))  # the reversal was the mistake
    assert bank.state.corrected == {(first, 0), (undone, 0)}
    assert bank.cash(BOB) == "10"
    assert replayed(bank) == bank.venue.state_hash()


def test_what_is_taken_beyond_a_balance_is_a_debt_that_margin_answers_for(bank):
    """A coin counts 90: of 100 that are owed ten are missing, and the coin is sold."""
    bank.do(deposit(ANN, "1 BTC"))
    assert kinds(bank.do(adjust(ANN, FUND, "90 USDT"))) == ["CashAdjusted"]
    assert bank.venue.health(ANN).health == 0
    found = bank.do(adjust(ANN, FUND, "10 USDT"))
    assert kinds(found) == ["CashAdjusted", "LiquidationStarted", "LiquidationOrdered"]
    assert bank.refused(adjust(ANN, FUND, "0.5 BTC")) is R.UNDER_LIQUIDATION
    bank.do(adjust(FUND, ANN, "20 USDT"), adjust(ANN, FUND, "1 USDT"))
    bank.do(fill(bank.only_order().order, 0, "98"), adjust(ANN, FUND, "0.000001 BTC"))
    bank.check()


def test_a_child_owes_what_was_taken_from_it_and_its_parent_does_not(bank):
    bank.do(deposit(ANN, "100 USDT"))
    found = bank.do(adjust(CHILD, MAKER, "7 USDT"))
    assert only(found, events.DeficitCovered).account == CHILD
    assert (bank.cash(CHILD), bank.cash(ANN)) == ("0", "100")
    assert bank.venue.books().bad_debt["USDT"] == 7 * USDT
    bank.check()


def test_an_adjustment_can_end_a_liquidation():
    bank = taken_in_hand()
    bank.do(fill(1, 0, "85"), fill(2, 0, "85"))
    assert ANN in bank.state.parked
    found = bank.do(adjust(MAKER, ANN, "50 USDT"))
    assert only(found, events.LiquidationEnded).cured


def test_a_column_is_filled_by_an_adjustment_to_a_quarter_and_no_further(bank):
    bank.do(deposit(ANN, "100 USDT"))
    most = {"quanta": QUANTA_MAX}
    bank.tell(
        (adjust(ANN, BOB, "0 USDT", quanta=QUANTA_MAX + 1), R.AMOUNT_INVALID),
        (adjust(BOB, MAKER, "0 USDT", **most), R.OVERFLOW),
        (adjust(BAD_DEBT, FUND, "0 USDT", **most), most),
        (adjust(BAD_DEBT, ANN, "0.000001 USDT"), R.OVERFLOW),
    )
