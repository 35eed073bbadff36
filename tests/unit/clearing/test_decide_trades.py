"""Trades and resting orders, as statements: who may do what, and what it does to cash and quote."""

import itertools

import pytest

from hullmark.core import nano
from hullmark.domain import Mode, Reason, SystemAccount, commands

from .bank import (
    ANN,
    BOB,
    CHILD,
    MAKER,
    PORT,
    QUANTA_MAX,
    deposit,
    opened,
    rest,
    trade,
    withdraw,
)

USDT = 10**6
OTHER = 105  # a second portfolio account
R = Reason


def sell(account, lots, symbol, price):
    return trade(MAKER, lots, symbol, price, seller=account)


@pytest.fixture
def funded(bank):
    """Return the venue with 100 USDT at Ann's."""
    bank.do(deposit(ANN, "100 USDT"))
    return bank


@pytest.fixture
def options(bank):
    """Return the venue with two portfolio accounts that can trade options with each other."""
    bank.do(opened(OTHER, Mode.PORTFOLIO), deposit(OTHER, "1000 USDT"), deposit(PORT, "100 USDT"))
    return bank


# --- Cash and quote -------------------------------------------------------------------------------


def test_a_reduction_realises_its_share_and_the_rest_keeps_its_cost(funded):
    for request, held, cash in (
        (trade(ANN, 5, "PERP", "100"), (5, -500), "100"),
        (sell(ANN, 2, "PERP", "110"), (3, -300), "120"),
        (sell(ANN, 1, "PERP", "85"), (2, -200), "105"),
        (trade(ANN, 2, "PERP", "90"), (4, -380), "105"),
        (sell(ANN, 6, "PERP", "95"), (-2, 190), "105"),  # turned over at its own cost
        (trade(ANN, 2, "PERP", "97"), (0, 0), "101"),
    ):
        funded.do(request)
        lots, quote = funded.held(ANN)
        assert (lots, quote / USDT, funded.cash(ANN)) == (*held, cash), request
        funded.check()


def test_a_cost_is_rounded_up_once_for_both_sides(funded):
    """Three at a third of a hundred: 99.999999999 in millionths is 100, paid and received."""
    (traded,) = funded.do(trade(ANN, 3, "PERP", "33.333333333"))
    assert traded.cost_quanta == 100 * USDT
    assert funded.held(ANN) == (3, -100 * USDT)
    assert funded.held(MAKER) == (-3, 100 * USDT)


def test_an_inverse_contract_costs_coins(bank):
    """One hundred dollars at 100 are one coin; at 125 they are 0.8, so that the long gains 0.2."""
    bank.do(deposit(ANN, "1 BTC"), trade(ANN, 100, "INVERSE", "100"))
    assert bank.held(ANN, "INVERSE") == (100, 10**8)
    bank.pass_time(1, usd="125")
    bank.do(sell(ANN, 100, "INVERSE", "125"))
    assert bank.cash(ANN, "BTC") == "1.2"
    bank.check()


def test_fees_are_paid_by_each_side_to_the_venue(funded):
    funded.do(trade(ANN, 1, "PERP", "100", fees=(250_000, 100_000)))
    assert funded.cash(ANN) == "99.75"
    assert funded.cash(MAKER) == "999999.9"
    assert funded.cash(SystemAccount.FEES) == "0.35"


def test_a_fee_counts_against_initial_margin(funded):
    funded.tell(
        (trade(ANN, 9, "PERP", "100", fees=(10 * USDT + 1, 0)), R.MARGIN_SHORT),
        (trade(ANN, 9, "PERP", "100", fees=(10 * USDT, 0)), {"lots": 9}),
    )


def test_an_option_is_paid_at_once_and_nothing_is_owed_later(options):
    options.do(trade(OTHER, 2, "CALL", "3", seller=PORT))
    assert (options.cash(OTHER), options.cash(PORT)) == ("994", "106")
    assert options.held(OTHER, "CALL") == (2, 0)
    assert options.held(PORT, "CALL") == (-2, 0)
    value = options.venue.health(OTHER).net_value - 994
    assert 0 < value < 6  # at the venue's own mark, not at what was paid
    options.check()


def test_an_option_must_be_paid_from_cash(options):
    options.do(deposit(OTHER, "100 BTC"))
    options.tell(
        (trade(OTHER, 1, "CALL", "1000.000001", seller=PORT), R.CASH_SHORT),
        (trade(OTHER, 1, "CALL", "1000", seller=PORT), {"cost_quanta": 1000 * USDT}),
    )


def test_spot_changes_hands_and_is_no_position(funded):
    funded.tell(
        (trade(ANN, 1, "SPOT", "100", fees=(1, 0)), R.CASH_SHORT),
        (trade(ANN, 1, "SPOT", "99"), {"cost_quanta": 99 * USDT}),
        (sell(ANN, 2, "SPOT", "100"), R.CASH_SHORT),
        (trade(CHILD, 1, "SPOT", "99"), R.ACCOUNT_MODE),
    )
    assert (funded.cash(ANN), funded.cash(ANN, "BTC")) == ("1", "1")
    assert funded.state.ledger.positions(ANN) == []


def test_what_may_be_borrowed_may_be_owed_as_far_as_margin_goes(bank):
    """Three bitcoins count 240; bought on credit at 100, one more adds 80 and owes 100."""
    bank.do(deposit(ANN, "3 BTC"))
    bank.tell(
        (trade(ANN, 1, "SPOT", "100"), R.CASH_SHORT),  # USDT cannot be borrowed
        (trade(ANN, 13, "LOAN", "100"), R.MARGIN_SHORT),
        (trade(ANN, 12, "LOAN", "100"), {"cost_quanta": 1200 * USDT}),
    )
    assert (bank.cash(ANN, "USDC"), bank.cash(ANN, "BTC")) == ("-1200", "15")
    assert bank.refused(withdraw(ANN, "0.00000001 BTC")) is R.MARGIN_SHORT


@pytest.mark.parametrize("symbol", ["PERP", "SPOT", "CALL"])
def test_two_sides_of_a_trade_are_two_accounts(bank, symbol):
    assert bank.refused(trade(MAKER, 1, symbol, "1")) is R.AMOUNT_INVALID


@pytest.mark.parametrize(
    "changed",
    [
        {"lots": 0},
        {"lots": -1},
        {"lots": QUANTA_MAX + 1},
        {"price_nano": 0},
        {"price_nano": -1},
        {"buyer_fee_quanta": -1},
        {"seller_fee_quanta": -1},
    ],
)
def test_a_trade_is_of_lots_and_a_price_above_zero(funded, changed):
    fields = {"instrument": "PERP", "buyer": ANN, "seller": MAKER, "lots": 1, "price_nano": 1}
    assert funded.refused(commands.ReportTrade(**fields | changed)) is R.AMOUNT_INVALID


@pytest.mark.parametrize(
    ("symbol", "price"),
    [
        ("PERP", "9000000000"),  # the cost
        ("INVERSE", "0.000000001"),
        ("SPOT", "9000000000"),
        ("SPOT", "0.000000001"),  # the coins
        ("LOAN", "0.000000001"),
    ],
)
def test_a_trade_that_no_column_holds_is_refused(bank, symbol, price):
    assert bank.refused(trade(ANN, QUANTA_MAX, symbol, price)) is R.OVERFLOW


# --- Initial margin -------------------------------------------------------------------------------


def test_initial_margin_is_needed_to_open_and_to_enlarge(funded):
    funded.tell(
        (trade(ANN, 11, "PERP", "100"), R.MARGIN_SHORT),
        (trade(ANN, 10, "PERP", "100"), {"lots": 10}),
        (trade(ANN, 1, "ETHER", "10"), R.MARGIN_SHORT),
        (trade(BOB, 1, "PERP", "100", seller=ANN), R.MARGIN_SHORT),  # Bob has nothing
        (sell(ANN, 10, "PERP", "100"), {"lots": 10}),
    )


def test_whoever_is_under_initial_margin_may_only_make_it_better(funded):
    """At 86 Ann has 30, needs 43 to open and 21.50 to keep. A lot that goes frees 4.30."""
    funded.do(trade(ANN, 5, "PERP", "100"))
    funded.pass_time(1, usd="86")
    assert funded.state.episodes == {}
    funded.tell(
        (trade(ANN, 1, "PERP", "86"), R.MARGIN_SHORT),
        (sell(ANN, 1, "PERP", "81.6"), R.MARGIN_SHORT),  # loses 4.40
        (sell(ANN, 1, "PERP", "81.8"), {"lots": 1}),  # loses 4.20
        (sell(ANN, 5, "PERP", "86"), {"lots": 5}),  # turned over; one short is well margined
        (trade(ANN, 5, "PERP", "86"), R.MARGIN_SHORT),
        (trade(ANN, 1, "PERP", "86"), {"lots": 1}),
    )
    assert (funded.held(ANN), funded.cash(ANN)) == ((0, 0), "25.8")


def test_opposite_positions_of_a_portfolio_need_next_to_nothing(options):
    """Long a perpetual and short the future: no move of spot loses, so all cash can leave."""
    options.do(trade(PORT, 4, "PERP", "100"))
    assert options.refused(withdraw(PORT, "20 USDT")) is R.MARGIN_SHORT  # 1.25 x 20 % of 400
    options.do(sell(PORT, 4, "FUTURE", "100"))
    assert options.venue.health(PORT).initial < 1e-9
    options.do(withdraw(PORT, "100 USDT"))


def test_a_covered_call_needs_less_than_a_naked_one(options):
    options.do(deposit(PORT, "900 USDT"), trade(OTHER, 10, "CALL", "1", seller=PORT))
    naked = options.venue.health(PORT).initial
    options.do(trade(PORT, 10, "PERP", "100"))
    assert 0 < options.venue.health(PORT).initial < 1.25 * 200 < naked + 1.25 * 200
    assert naked > options.venue.health(OTHER).initial  # the buyer can lose the premium only


# --- Grades ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grade", "enlarge", "reduce"),
    [
        ("VALID", {"lots": 1}, {"lots": 1}),
        ("UNCERTAIN", R.PRICE_DOUBTFUL, {"lots": 1}),
        ("STALE", R.PRICE_DOUBTFUL, {"lots": 1}),
        ("ABSURD", R.PRICE_DOUBTFUL, R.PRICE_DOUBTFUL),
    ],
)
def test_a_doubtful_price_lets_risk_go_and_lets_none_in(bank, grade, enlarge, reduce):
    bank.do(opened(200), deposit(200, "1000 USDT"), deposit(ANN, "100 USDT"))
    bank.do(trade(ANN, 5, "PERP", "100", seller=200))
    bank.now_ns += 61 * 10**9
    bank.do(bank.said("100", PERP=None))
    if grade == "VALID":
        bank.do(bank.prints({"PERP": "100"}))
    elif grade == "UNCERTAIN":
        bank.do(bank.prints({"PERP": "100"}, sources=("a",)))
    elif grade == "ABSURD":
        bank.now_ns -= 30 * 10**9
        bank.do(bank.prints({"PERP": "0"}))
    assert bank.venue.views.grade("PERP").name == grade
    bank.tell((trade(ANN, 1, "PERP", "100", seller=200), enlarge))
    bank.tell((trade(200, 1, "PERP", "100", seller=ANN), reduce))


# --- Resting orders -------------------------------------------------------------------------------


def test_orders_reserve_for_the_worse_of_all_bids_and_all_asks(funded):
    funded.tell(
        (rest(1, ANN, 4, "PERP", "100"), {"order": 1, "lots": 4}),
        (rest(1, ANN, 4, "PERP", "100"), R.ORDER_EXISTS),
        (rest(2, ANN, 6, "PERP", "95"), {"order": 2}),
        (rest(3, ANN, 1, "PERP", "90"), R.MARGIN_SHORT),  # an eleventh bid
        (rest(3, ANN, -10, "PERP", "100"), {"order": 3}),  # but ten asks are no more than ten bids
        (rest(4, ANN, -1, "PERP", "110"), R.MARGIN_SHORT),
        (commands.CancelOrder(order=2), {"order": 2, "account": ANN}),
        (commands.CancelOrder(order=2), R.ORDER_UNKNOWN),
        (rest(4, ANN, 6, "PERP", "100"), {"order": 4}),
        (withdraw(ANN, "0.000001 USDT"), R.MARGIN_SHORT),
        (trade(ANN, 1, "PERP", "100"), R.MARGIN_SHORT),
    )


def test_an_order_that_would_fill_at_a_loss_reserves_the_loss_as_well(funded):
    """A bid at 110 loses ten against the mark when it fills, and needs ten."""
    funded.tell(
        (rest(1, ANN, 6, "PERP", "110"), R.MARGIN_SHORT),
        (rest(1, ANN, 5, "PERP", "110"), {"lots": 5}),
    )


def test_a_bid_far_below_the_mark_does_not_pay_for_others(funded):
    funded.tell(
        (rest(1, ANN, 11, "PERP", "1"), R.MARGIN_SHORT),
        (rest(1, ANN, 5, "PERP", "1"), {"lots": 5}),
        (rest(2, ANN, 6, "PERP", "100"), R.MARGIN_SHORT),
        (rest(2, ANN, -11, "PERP", "1000"), R.MARGIN_SHORT),
    )


def test_an_ask_that_closes_a_position_reserves_nothing(funded):
    funded.do(trade(ANN, 10, "PERP", "100"))
    funded.tell(
        (rest(1, ANN, 1, "PERP", "100"), R.MARGIN_SHORT),
        (rest(1, ANN, -20, "PERP", "100"), {"lots": -20}),  # ten to close, ten to be short
        (rest(2, ANN, -1, "PERP", "100"), R.MARGIN_SHORT),
    )


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (rest(0, ANN, 1, "PERP", "100"), R.AMOUNT_INVALID),
        (rest(1, ANN, 0, "PERP", "100"), R.AMOUNT_INVALID),
        (rest(1, ANN, 1, "PERP", "0"), R.AMOUNT_INVALID),
        (rest(1, CHILD, 1, "SPOT", "100"), R.ACCOUNT_MODE),
        (rest(1, ANN, 1, "CALL", "1"), R.INSTRUMENT_UNMARGINED),
        (rest(1, ANN, QUANTA_MAX, "PERP", "100"), R.OVERFLOW),
        (rest(1, ANN, -QUANTA_MAX, "SPOT", "0.000000001"), R.OVERFLOW),
        (rest(1, ANN, 10**12, "PERP", "0.000000001"), R.OVERFLOW),  # at the mark, as it is margined
    ],
)
def test_an_order_that_cannot_be_is_refused(funded, request_, reason):
    assert funded.refused(request_) is reason


def test_orders_without_risk_may_not_add_up_to_more_than_a_column_holds(options):
    """A call that is worth nothing in every scenario needs no margin, however many are sold."""
    options.pass_time(1, usd="60")
    options.do(commands.AdoptSurface(vol_nano={"CALL": 1}))
    options.do(rest(1, PORT, -QUANTA_MAX, "CALL", "0.000000001"))
    for order in (2, 3):
        assert options.refused(rest(order, PORT, -1, "CALL", "0.000000001")) is R.OVERFLOW
    options.do(commands.CancelOrder(order=1), deposit(OTHER, "2000000000 USDT"))
    half = QUANTA_MAX // 2 + 1
    options.do(trade(OTHER, half, "CALL", "0.000000001", seller=PORT))
    sale = trade(OTHER, half, "CALL", "0.000000001", seller=PORT)
    assert options.refused(sale) is R.OVERFLOW


def test_numbers_of_orders_are_free_again_once_released(funded):
    for _ in range(2):
        funded.do(rest(9, ANN, 1, "PERP", "90"), commands.CancelOrder(order=9))
    assert funded.state.resting_of == {}


def test_books_balance_after_every_kind_of_trade(options):
    options.do(deposit(ANN, "9000 USDT"), deposit(ANN, "9 BTC"), deposit(BOB, "9000 USDT"))
    for symbol, price in itertools.product(("PERP", "ETHER", "FUTURE"), ("7.123456789", "11")):
        options.do(trade(ANN, 3, symbol, price, seller=BOB, fees=(3, 5)))
        options.check()
    options.do(trade(ANN, 3, "INVERSE", "97.531"), trade(ANN, 1, "LOAN", "99.9999999"))
    options.do(commands.AccrueFunding(instrument="PERP", rate_nano=nano("0.000123457")))
    options.do(sell(ANN, 2, "PERP", "101.010101010"), trade(OTHER, 1, "CALL", "2.2", seller=PORT))
    options.check()
