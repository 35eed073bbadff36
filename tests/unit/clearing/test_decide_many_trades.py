"""The trades of a matching round: what they come to, and which row is refused for what."""

import pytest
from msgspec.structs import replace

from hullmark.clearing._decide_many_trades import ROWS_MAX
from hullmark.core import nano
from hullmark.domain import Mode, Reason, SystemAccount, commands, pack_column, unpack_columns

from .bank import (
    ANN,
    BOB,
    CHILD,
    EIGHT,
    MAKER,
    PORT,
    QUANTA_MAX,
    SECOND_NS,
    Bank,
    deposit,
    in_columns,
    opened,
    rest,
    taken_in_hand,
    trade,
    tree,
)

USDT = 10**6
INT64_MAX = 2**63 - 1
OTHER = 105  # a second portfolio account
COLUMNS = ("buyer", "seller", "lots", "price_nano", "buyer_fee_quanta", "seller_fee_quanta")
R = Reason


def sell(account, lots, symbol, price, **more):
    return trade(MAKER, lots, symbol, price, seller=account, **more)


def detail(bank, command):
    """Return the reason and the words of a refusal that changes nothing."""
    before = bank.facts()
    refused = bank.venue.submit(command).refusal
    assert bank.facts() == before
    return refused.reason, refused.detail


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


# --- What a round comes to ------------------------------------------------------------------------


def test_trades_are_booked_in_order_each_with_its_cost_and_its_fees(funded):
    (event,) = funded.do(
        in_columns(
            trade(ANN, 5, "PERP", "100", fees=(3, 4)),
            sell(ANN, 2, "PERP", "110", fees=(1, 2)),
            trade(ANN, 3, "ETHER", "3.333333333", fees=(5, 0)),
        )
    )
    assert unpack_columns([event.cost_quanta]).tolist() == [[500 * USDT, 220 * USDT, 10 * USDT]]
    assert (funded.held(ANN), funded.held(ANN, "ETHER")) == ((3, -300 * USDT), (3, -10 * USDT))
    assert funded.cash(ANN) == "119.99999"  # 20 realised, and ten quanta of fees
    assert funded.cash(SystemAccount.FEES) == "0.000015"
    assert funded.held(MAKER) == (-3, 300 * USDT)
    funded.check()


def test_funding_is_settled_by_the_first_trade_that_touches_a_position(funded):
    funded.do(trade(ANN, 4, "PERP", "100"))
    funded.do(commands.AccrueFunding(instrument="PERP", rate_nano=nano("0.01")))
    funded.do(in_columns(trade(ANN, 1, "PERP", "100"), sell(ANN, 5, "PERP", "100")))
    assert funded.cash(ANN) == "96"
    assert funded.held(ANN) == (0, 0)
    funded.check()


def test_a_round_owes_funding_for_what_was_held_before_it_and_no_more(funded):
    """Four owe 1.2 each, which leaves 95.2; nine need 90, and would owe 10.8."""
    funded.do(deposit(BOB, "100 USDT"), trade(ANN, 4, "PERP", "100"))
    funded.do(commands.AccrueFunding(instrument="PERP", rate_nano=nano("0.012")))
    funded.do(in_columns(trade(ANN, 5, "PERP", "100"), trade(BOB, 9, "PERP", "100")))
    assert (funded.cash(ANN), funded.cash(BOB)) == ("95.2", "100")
    funded.check()


def test_margin_is_asked_of_what_the_round_leaves(funded):
    """Eleven at 100 need 110 of the 100 that are there; two of them are sold again."""
    funded.tell((in_columns(trade(ANN, 11, "PERP", "100")), R.MARGIN_SHORT))
    funded.do(in_columns(trade(ANN, 11, "PERP", "100"), sell(ANN, 2, "PERP", "100")))
    assert funded.held(ANN) == (9, -900 * USDT)


def test_one_row_that_is_refused_refuses_the_round(funded):
    sound = trade(ANN, 1, "PERP", "100")
    assert detail(funded, in_columns(sound, sound, trade(BOB, 1, "PERP", "100"))) == (
        R.MARGIN_SHORT,
        f"initial equity of account {BOB} less initial margin must stay >= 0, would be -10.00 USD",
    )


def test_an_account_opened_just_before_may_trade(funded):
    """Views learn of accounts when they are next asked."""
    funded.venue.views.book  # noqa: B018
    (_, _, event) = funded.do(
        opened(106), deposit(106, "100 USDT"), in_columns(trade(106, 1, "PERP", "100"))
    )
    assert unpack_columns([event.buyer]).tolist() == [[106]]


# --- Who is under margin --------------------------------------------------------------------------


def test_who_is_under_initial_margin_may_only_reduce_and_not_get_worse():
    bank = taken_in_hand(usd="100")
    assert bank.held(ANN) == (8, -800 * USDT)
    bank.pass_time(1, usd="95")  # 60 left; 76 are needed to open, 38 to keep
    bank.tell(
        (in_columns(trade(ANN, 1, "PERP", "95")), R.MARGIN_SHORT),
        (in_columns(trade(ANN, 1, "PERP", "95"), sell(ANN, 2, "PERP", "95")), R.MARGIN_SHORT),
        (in_columns(sell(ANN, 1, "PERP", "50")), R.MARGIN_SHORT),  # below the mark: it gets worse
        (in_columns(sell(ANN, 1, "PERP", "95")), {"symbols": ("PERP",)}),
    )


def test_orders_that_rest_reserve_margin_beside_the_round(funded):
    funded.do(rest(1, ANN, 5, "PERP", "100"))
    funded.tell(
        (in_columns(trade(ANN, 3, "PERP", "100"), trade(ANN, 3, "PERP", "100")), R.MARGIN_SHORT),
        (
            in_columns(trade(ANN, 3, "PERP", "100"), trade(ANN, 2, "PERP", "100")),
            {"symbols": ("PERP",)},
        ),
    )
    assert funded.held(ANN) == (5, -500 * USDT)


def test_orders_that_rest_must_keep_room_in_the_ledger(bank):
    bank.do(rest(1, MAKER, 1, "ETHER", "0.000001"))
    assert (
        bank.refused(in_columns(trade(MAKER, QUANTA_MAX, "ETHER", "0.000000001", seller=BOB)))
        is R.OVERFLOW
    )


def test_an_account_under_liquidation_may_reduce_what_is_not_at_work():
    bank = taken_in_hand()
    assert detail(bank, in_columns(trade(BOB, 1, "ETHER", "10"), sell(ANN, 1, "PERP", "90"))) == (
        R.UNDER_LIQUIDATION,
        f"row 1: PERP of account {ANN} must have no liquidation order at work",
    )
    assert detail(bank, in_columns(trade(ANN, 1, "ETHER", "10"))) == (
        R.UNDER_LIQUIDATION,
        f"row 0: account {ANN} must not be under liquidation",
    )


def test_an_account_under_liquidation_may_reduce_another_position():
    bank = Bank(tree(throttle={"burst_usd": "1", "refill_usd_per_s": "1"})).found()
    bank.do(*EIGHT, trade(ANN, 1, "ETHER", "10"))
    bank.pass_time(1, usd="88")
    assert bank.orders() == []  # there is no room for one
    bank.tell(
        (in_columns(trade(ANN, 1, "ETHER", "10")), R.UNDER_LIQUIDATION),
        (
            in_columns(sell(ANN, 1, "ETHER", "10"), sell(ANN, 7, "PERP", "88")),
            {"symbols": ("ETHER", "PERP")},
        ),
    )


# --- What is paid at once -------------------------------------------------------------------------


def test_spot_is_paid_from_what_the_round_leaves(funded):
    funded.tell(
        (in_columns(trade(ANN, 2, "SPOT", "100")), R.CASH_SHORT),
        (in_columns(sell(ANN, 1, "SPOT", "100")), R.CASH_SHORT),
        (
            in_columns(trade(ANN, 2, "SPOT", "100"), sell(ANN, 1, "SPOT", "100")),
            {"symbols": ("SPOT",)},
        ),
    )
    assert (funded.cash(ANN), funded.cash(ANN, "BTC")) == ("0", "1")
    assert detail(funded, in_columns(sell(ANN, 1, "SPOT", "100"), sell(ANN, 1, "SPOT", "100"))) == (
        R.CASH_SHORT,
        f"settled cash of account {ANN} must be >= 2 BTC, was 1",
    )
    funded.check()


def test_an_option_is_paid_from_what_the_round_leaves(options):
    options.tell(
        (in_columns(trade(PORT, 1, "CALL", "101", seller=OTHER)), R.CASH_SHORT),
        (
            in_columns(
                trade(PORT, 1, "CALL", "101", seller=OTHER),
                trade(OTHER, 1, "CALL", "1", seller=PORT),
            ),
            {"symbols": ("CALL",)},
        ),
    )
    assert (options.cash(PORT), options.held(PORT, "CALL")) == ("0", (0, 0))


def test_funding_that_is_owed_is_not_there_to_pay_with(funded):
    funded.do(trade(ANN, 1, "PERP", "100"))
    funded.do(commands.AccrueFunding(instrument="PERP", rate_nano=nano("0.01")))
    funded.tell(
        (in_columns(trade(ANN, 1, "SPOT", "99.000001")), R.CASH_SHORT),
        (in_columns(trade(ANN, 1, "SPOT", "99")), {"symbols": ("SPOT",)}),
    )


def test_what_may_be_borrowed_may_be_owed_as_far_as_margin_goes(bank):
    bank.do(deposit(ANN, "3 BTC"))
    bank.tell(
        (in_columns(trade(ANN, 6, "LOAN", "100"), trade(ANN, 7, "LOAN", "100")), R.MARGIN_SHORT),
        (
            in_columns(trade(ANN, 6, "LOAN", "100"), trade(ANN, 6, "LOAN", "100")),
            {"symbols": ("LOAN",)},
        ),
    )
    assert (bank.cash(ANN, "USDC"), bank.cash(ANN, "BTC")) == ("-1200", "15")


# --- What a row is refused for --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"lots": 0}, R.AMOUNT_INVALID, "lots must be in"),
        ({"lots": QUANTA_MAX + 1}, R.AMOUNT_INVALID, "lots must be in"),
        ({"price_nano": 0}, R.AMOUNT_INVALID, "price_nano must be in"),
        ({"buyer_fee_quanta": -1}, R.AMOUNT_INVALID, "buyer_fee_quanta must be in"),
        ({"seller_fee_quanta": QUANTA_MAX + 1}, R.AMOUNT_INVALID, "seller_fee_quanta must be in"),
        ({"seller": ANN}, R.AMOUNT_INVALID, "buyer must not be the seller"),
        ({"buyer": 999}, R.ACCOUNT_UNKNOWN, "account must be an open user account"),
        ({"seller": SystemAccount.FUND}, R.ACCOUNT_UNKNOWN, "account must be an open user account"),
        ({"buyer": CHILD, "instrument": "SPOT"}, R.ACCOUNT_MODE, "must not hold balances"),
        ({"instrument": "GELD"}, R.INSTRUMENT_UNKNOWN, "instrument must be one of the rules'"),
        ({"instrument": "CALL"}, R.INSTRUMENT_UNMARGINED, "CALL must have a margin schedule"),
        ({"lots": QUANTA_MAX}, R.OVERFLOW, f"lots and cost of account {ANN} in PERP"),
        ({"price_nano": INT64_MAX, "lots": 10**9}, R.OVERFLOW, "lots and cost of account"),
    ],
)
def test_a_refusal_names_its_row_and_says_what_a_single_trade_is_told(
    funded, change, reason, words
):
    sound = trade(ANN, 1, "PERP", "100")
    odd = replace(sound, **change)
    assert detail(funded, odd)[0] is reason
    found, said = detail(funded, in_columns(sound, odd, sound))
    assert (found, said) == (reason, f"row 1: {detail(funded, odd)[1]}")
    assert words in said


def test_of_several_rows_that_are_refused_that_of_the_first_reason_is_named(funded):
    """An unknown instrument in row 0, an unknown account in 1 and 2, a wrong size in 3."""
    sound = trade(ANN, 1, "PERP", "100")
    rows = [
        replace(sound, instrument="GELD"),
        replace(sound, buyer=999),
        replace(sound, seller=998),
        replace(sound, lots=0),
    ]
    assert detail(funded, in_columns(*rows))[1].startswith("row 3: lots must")
    assert detail(funded, in_columns(*rows[:3]))[1].startswith("row 1: account must")
    assert detail(funded, in_columns(rows[0], sound))[1].startswith("row 0: instrument must")


def test_room_is_asked_of_every_row_in_its_turn(bank):
    """The second fill is too much beside the first, though the third would make up for it."""
    most = QUANTA_MAX // USDT // 100
    bank.do(deposit(ANN, "2000000000000 USDT"))
    found, said = detail(
        bank,
        in_columns(
            trade(ANN, most, "PERP", "100"),
            trade(ANN, 1_000_000, "PERP", "100"),
            sell(ANN, most, "PERP", "100"),
        ),
    )
    assert found is R.OVERFLOW
    assert said.startswith(f"row 1: lots and cost of account {ANN} in PERP must stay within")


@pytest.mark.parametrize(
    ("asset", "trade_"),
    [("USDT", sell(ANN, 1, "SPOT", "100")), ("BTC", trade(ANN, 1, "SPOT", "0.00001"))],
)
def test_cash_and_coins_must_stay_within_the_columns(bank, asset, trade_):
    bank.do(*(deposit(ANN, f"1 {each}") for each in ("USDT", "BTC")))
    ledger = bank.state.ledger
    ledger.move(SystemAccount.FUND, ANN, ledger.asset_index[asset], QUANTA_MAX - 10**8)
    assert detail(bank, in_columns(trade_))[0] is R.OVERFLOW


def test_what_the_venue_is_paid_must_fit_in_64_bits(funded):
    funded.state.ledger.move(SystemAccount.BAD_DEBT, SystemAccount.FEES, 0, INT64_MAX - 5)
    fees = in_columns(*[trade(ANN, 1, "PERP", "100", fees=(3, 0))] * 2)
    assert detail(funded, fees)[1].startswith(f"row 1: lots and cost of account {ANN} in PERP must")


def test_a_round_is_refused_at_expiry(funded):
    funded.pass_time(86_400, usd="100")
    assert detail(
        funded, in_columns(trade(ANN, 1, "PERP", "100"), trade(ANN, 1, "FUTURE", "100"))
    ) == (
        R.INSTRUMENT_EXPIRED,
        "row 1: FUTURE must be traded before its expiry",
    )


def test_a_price_in_doubt_allows_reductions_only(funded):
    """One source of two is left of the perpetual's price; an account may close, and no more."""
    funded.do(trade(ANN, 5, "PERP", "100"))
    funded.now_ns += 61 * SECOND_NS
    usual = funded.said(PERP=None).prints
    funded.do(commands.ObservePrices(prints=usual), funded.prints({"PERP": "100"}, sources=("a",)))
    buys, sells = trade(ANN, 1, "PERP", "100"), sell(ANN, 1, "PERP", "100")
    funded.tell(
        (in_columns(sells, buys), R.PRICE_DOUBTFUL),
        (in_columns(trade(BOB, 1, "ETHER", "10"), sells), R.PRICE_DOUBTFUL),  # the maker's, too
        (in_columns(sells, sells), {"symbols": ("PERP",)}),
    )
    assert funded.held(ANN) == (3, -300 * USDT)


# --- The form of columns --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"buyer": pack_column([ANN])}, "buyer must be as long as lots, 16 bytes, was 8 bytes"),
        (dict.fromkeys(("instrument", *COLUMNS), b"1234"), "columns must have 8 bytes a row"),
        (dict.fromkeys(("instrument", *COLUMNS), b""), "number of rows must be in [1, 10000]"),
        (
            {name: bytes(8 * (ROWS_MAX + 1)) for name in ("instrument", *COLUMNS)},
            "number of rows must be in [1, 10000], was 10001",
        ),
        ({"instrument": pack_column([0, 1])}, "row 1: instrument must be in [0, 1), was 1"),
        ({"instrument": pack_column([-1, 0])}, "row 0: instrument must be in [0, 1), was -1"),
        ({"symbols": ()}, "row 0: instrument must be in [0, 0), was 0"),
        ({"symbols": ("PERP", "ETHER")}, "symbols must be different, and each that of a row"),
        (
            {"symbols": ("PERP", "PERP"), "instrument": pack_column([0, 1])},
            "symbols must be different, and each that of a row, was ('PERP', 'PERP')",
        ),
    ],
)
def test_columns_that_are_no_rows_are_refused(funded, change, words):
    sound = in_columns(trade(ANN, 1, "PERP", "100"), trade(ANN, 2, "PERP", "100"))
    found, said = detail(funded, replace(sound, **change))
    assert found is R.AMOUNT_INVALID
    assert words in said


def test_a_round_of_the_most_rows_is_carried_out(bank):
    bank.do(deposit(ANN, "100 USDT"))
    both = (trade(ANN, 1, "PERP", "100"), sell(ANN, 1, "PERP", "100"))
    bank.do(in_columns(*both * (ROWS_MAX // 2)))
    assert (bank.held(ANN), bank.cash(ANN)) == ((0, 0), "100")
