"""What a market maker may promise, and what it is held to."""

import pytest

from hullmark.core import INT64_MAX
from hullmark.domain import Mode, Reason, commands, events

from .backed import CAT, DAN, MAKERS, PERCENT, USDT, backed
from .bank import ANN, EXPIRY_NS, MAKER, QUANTA_MAX, adjust, deposit, only, opened, rest, trade

R = Reason


def post(bank, **changed):
    """Return a quote that is taken down, some of its fields changed."""
    fields = {"quote": 1, "maker": CAT, "instrument": "PERP", "lots": 8, "offset_nano": PERCENT}
    return commands.PostQuote(**fields | {"expires_ns": bank.now_ns + 10**9} | changed)


def test_a_quote_is_taken_down_as_it_was_posted():
    bank = backed()
    bank.pass_time(5)
    posted = only(bank.do(post(bank, loss_quanta_max=7)), events.QuotePosted)
    assert (posted.lots, posted.offset_nano, posted.loss_quanta_max) == (8, PERCENT, 7)
    kept = bank.venue.quotes()[1]
    assert (kept.posted_ns, kept.expires_ns) == (bank.now_ns, bank.now_ns + 10**9)
    assert (kept.lots, kept.taken_lots, kept.account) == (8, 0, None)


def test_a_venue_does_not_name_quotes_whose_time_is_over():
    bank = backed()
    bank.do(post(bank))
    bank.now_ns += 10**9
    bank.do(deposit(CAT, "1 USDT"))
    assert bank.venue.quotes() == {}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"quote": 0}, R.AMOUNT_INVALID),
        ({"lots": 0}, R.AMOUNT_INVALID),
        ({"offset_nano": -1}, R.AMOUNT_INVALID),
        ({"offset_nano": 10**9}, R.AMOUNT_INVALID),
        ({"expires_ns": INT64_MAX + 1}, R.AMOUNT_INVALID),
        ({"loss_quanta_max": 0}, R.AMOUNT_INVALID),
        ({"maker": 999}, R.ACCOUNT_UNKNOWN),
        ({"instrument": "GELD"}, R.INSTRUMENT_UNKNOWN),
        ({"instrument": "CALL"}, R.INSTRUMENT_UNMARGINED),
        ({"instrument": "SPOT"}, R.INSTRUMENT_UNMARGINED),
        ({"account": ANN}, R.QUOTE_LATE),
        ({"lots": QUANTA_MAX}, R.OVERFLOW),
        ({"lots": 112}, R.MARGIN_SHORT),
        ({"lots": -112}, R.MARGIN_SHORT),
    ],
)
def test_what_cannot_be_promised_is_refused(changed, reason):
    bank = backed()
    assert bank.refused(post(bank, **changed)) is reason


def test_a_quote_must_end_after_now():
    bank = backed()
    assert bank.refused(post(bank, expires_ns=bank.now_ns)) is R.AMOUNT_INVALID


def test_a_number_is_used_once_at_a_time():
    bank = backed()
    bank.do(post(bank))
    assert bank.refused(post(bank, maker=DAN)) is R.QUOTE_EXISTS


def test_nothing_is_promised_of_what_has_expired_or_is_halted():
    bank = backed()
    bank.now_ns = EXPIRY_NS
    bank.do(bank.said())
    assert bank.refused(post(bank, instrument="FUTURE")) is R.INSTRUMENT_EXPIRED
    bank.do(commands.HaltInstrument(instrument="PERP"))
    assert bank.refused(post(bank)) is R.INSTRUMENT_HALTED


def test_at_prices_in_doubt_nobody_is_held_to_a_margin():
    bank = backed()
    bank.pass_time(61)
    assert bank.refused(post(bank)) is R.PRICE_DOUBTFUL


def test_a_maker_under_liquidation_promises_nothing():
    bank = backed()
    bank.do(trade(CAT, 90, "ETHER", "10"), adjust(CAT, MAKER, "980 USDT"))
    assert bank.refused(post(bank, lots=1)) is R.UNDER_LIQUIDATION


def test_the_margin_is_that_of_the_quote_filled_at_its_price_of_now():
    """At 99 a lot gains one at once, and needs ten: with 1000 that is 111 lots, and 100 at 100."""
    bank = backed()
    bank.do(post(bank, lots=111), post(bank, quote=3, maker=DAN, lots=100, offset_nano=0))
    bank = backed()
    assert bank.refused(post(bank, quote=2, maker=DAN, lots=101, offset_nano=0)) is R.MARGIN_SHORT


def test_promises_of_one_side_add_up_and_the_other_side_stands_by_itself():
    bank = backed()
    bank.do(post(bank, lots=60, offset_nano=0))
    assert bank.refused(post(bank, quote=2, lots=41, offset_nano=0)) is R.MARGIN_SHORT
    bank.do(post(bank, quote=2, lots=40, offset_nano=0))
    bank.do(post(bank, quote=3, lots=-100, offset_nano=0))


def test_orders_that_rest_count_beside_a_promise():
    bank = backed()
    bank.do(rest(1, CAT, 50, "PERP", "100"))
    assert bank.refused(post(bank, lots=51, offset_nano=0)) is R.MARGIN_SHORT
    bank.do(post(bank, lots=50, offset_nano=0))


def test_promises_of_which_none_could_be_booked_are_an_overflow_together():
    bank = backed(cash="100000000000 USDT")
    most = QUANTA_MAX // (100 * USDT)
    bank.do(post(bank, lots=most // 3, offset_nano=0, instrument="PERP"))
    assert bank.refused(post(bank, quote=2, lots=most, offset_nano=0)) is R.OVERFLOW


def test_an_answer_comes_before_the_time_is_over():
    bank = backed(MAKERS | {"request_s": "10"})
    bank.pass_time(1, usd="90")
    bank.do(post(bank, account=ANN))
    bank.now_ns += 10 * 10**9
    assert bank.refused(post(bank, quote=2, account=ANN)) is R.QUOTE_LATE
    assert bank.refused(post(bank, quote=2, account=CAT)) is R.QUOTE_LATE


def test_a_portfolio_may_promise_options():
    bank = backed()
    bank.do(opened(105, Mode.PORTFOLIO), adjust(CAT, 105, "500 USDT"))
    bank.do(post(bank, maker=105, instrument="CALL"))
