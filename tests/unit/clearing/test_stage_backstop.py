"""The stage of makers: asking, waiting, taking over, and how quotes end."""

import pytest

from hullmark.core import nano
from hullmark.domain import HandOver, Parked, QuoteEnd, Stage, commands, events

from .backed import CAT, DAN, MAKERS, PERCENT, USDT, VAULT, backed, quoted
from .bank import ANN, FUND, SECOND_NS, deposit, events_of, fill, kinds, only, trade
from .test_decide_auctions import LOT

ASKED = MAKERS | {"request_s": "10"}


def filled(found):
    """Return quotes, makers and lots of what was taken over."""
    return [(e.quote, e.maker, e.lots) for e in events_of(found, events.BackstopFilled)]


def ended(found):
    return {e.quote: e.reason for e in events_of(found, events.QuoteEnded)}


def test_a_standing_quote_takes_lots_over_at_its_price_with_the_penalty_of_an_order():
    """Six lots go at 89.1: 534.6, of which a hundredth is the penalty."""
    bank = backed()
    bank.do(quoted(bank, 1, CAT, 6))
    found = bank.pass_time(1, usd="90")
    taken = only(found, events.BackstopFilled)
    assert (taken.lots, taken.price_nano) == (-6, nano("89.1"))
    assert (taken.cost_quanta, taken.penalty_quanta) == (534_600_000, 5_346_000)
    assert bank.held(CAT) == (6, -534_600_000)
    assert bank.held(ANN)[0] == 2
    assert bank.cash(FUND) == "5.346"
    assert only(found, events.LiquidationEnded).cured
    assert ended(found) == {1: QuoteEnd.FILLED}
    assert not bank.state.quotes
    bank.check()


def test_no_more_is_taken_than_reaches_the_target_and_the_rest_stands():
    """Seven lots leave 7.463 and need 4.5; six would leave 9.254 and need 9, over the target."""
    bank = backed()
    bank.do(quoted(bank, 1, CAT, 50))
    found = bank.pass_time(1, usd="90")
    assert filled(found) == [(1, CAT, -7)]
    assert ended(found) == {}
    assert (bank.state.quotes[1].lots, bank.state.quotes[1].taken_lots) == (43, 7)
    assert bank.state.quotes[1].paid_quanta == 623_700_000


def test_the_better_price_is_first_and_the_earlier_of_equal_ones():
    bank = backed()
    bank.do(quoted(bank, 3, CAT, 2), quoted(bank, 2, DAN, 2))
    bank.pass_time(1)
    bank.do(quoted(bank, 1, DAN, 3), quoted(bank, 4, CAT, 1, 0))
    assert filled(bank.pass_time(1, usd="90")) == [
        (4, CAT, -1),
        (2, DAN, -2),
        (3, CAT, -2),
        (1, DAN, -2),
    ]


def test_a_short_account_buys_from_makers_above_the_mark():
    bank = backed(penalty="0")
    bank.do(trade(100, 8, "PERP", "100", seller=ANN), trade(100, 8, "PERP", "100", seller=ANN))
    bank.do(quoted(bank, 1, CAT, -50, PERCENT // 2))
    found = bank.pass_time(1, usd="110")
    taken = only(found, events.BackstopFilled)
    assert taken.lots > 0
    assert taken.price_nano == nano("110.55")
    assert bank.held(CAT)[0] == -taken.lots


def test_where_nobody_has_promised_anything_the_next_stage_is_entered():
    found = backed(MAKERS, VAULT).pass_time(1, usd="90")
    told = events_of(found, events.StageEntered)
    assert [(e.stage, e.reason) for e in told] == [
        (Stage.TAKEOVER, HandOver.QUOTES_USED),
        (Stage.BACKSTOP, HandOver.RESTARTED),
    ]
    assert only(found, events.LiquidationParked).reason is Parked.NOTHING_HELPS


def test_what_the_makers_leave_goes_to_the_next_stage_at_once():
    bank = backed(MAKERS, VAULT)
    bank.do(quoted(bank, 1, CAT, 1))
    found = bank.pass_time(1, usd="90")
    assert filled(found) == [(1, CAT, -1)]
    assert events_of(found, events.StageEntered)[0].reason is HandOver.QUOTES_USED


def test_makers_are_asked_first_and_nothing_is_taken_before_the_time_is_over():
    bank = backed(ASKED)
    bank.do(quoted(bank, 1, CAT, 2))
    asked = only(bank.pass_time(1, usd="90"), events.QuotesRequested)
    assert (asked.lots, asked.until_ns) == ({"PERP": -8}, bank.now_ns + 10 * SECOND_NS)
    bank.do(quoted(bank, 2, DAN, 3, 0, account=ANN))
    assert bank.do(commands.CureBreach(account=ANN)) == []
    assert kinds(bank.pass_time(9)) == []
    assert filled(bank.pass_time(1)) == [(2, DAN, -3), (1, CAT, -2)]


def test_an_answer_is_for_the_account_that_was_asked_about_and_for_no_other():
    bank = backed(ASKED)
    bank.do(deposit(102, "100 USDT"), trade(102, 8, "PERP", "100"))
    bank.pass_time(1, usd="90")
    bank.do(quoted(bank, 1, CAT, 50, account=102))
    assert {e.account for e in events_of(bank.pass_time(10), events.BackstopFilled)} == {102}


def test_an_account_that_recovers_while_makers_are_asked_is_let_go():
    bank = backed(ASKED)
    bank.do(quoted(bank, 1, CAT, 8))
    bank.pass_time(1, usd="90")
    found = bank.pass_time(1, usd="99")
    assert only(found, events.LiquidationEnded).cured
    assert not bank.state.requests
    assert filled(bank.pass_time(10, usd="99")) == []


def test_a_chain_that_begins_again_asks_again():
    bank = backed(ASKED)
    bank.pass_time(1, usd="90")
    bank.pass_time(10)
    assert only(bank.pass_time(60, usd="90"), events.QuotesRequested).until_ns == (
        bank.now_ns + 10 * SECOND_NS
    )


def test_a_quote_ends_with_its_time():
    bank = backed()
    bank.do(quoted(bank, 1, CAT, 8, seconds=30))
    assert ended(bank.pass_time(29, usd="100")) == {}
    assert ended(bank.pass_time(1, usd="90")) == {1: QuoteEnd.EXPIRED}
    assert bank.held(ANN)[0] == 8


def test_a_quote_ends_when_its_maker_has_lost_what_it_allowed_for():
    """Seven lots at 89.1; 80 USDT are lost on them at 77.671..., and not a cent before."""
    bank = backed()
    bank.do(quoted(bank, 1, CAT, 50, loss_quanta_max=80 * USDT))
    bank.pass_time(1, usd="90")
    bank.do(deposit(ANN, "100 USDT"))  # so that her last lot stays hers
    assert ended(bank.do(bank.said("77.68"))) == {}
    assert ended(bank.do(bank.said("77.67"))) == {1: QuoteEnd.LOSS_LIMIT}


def test_a_quote_over_its_limit_takes_no_more_even_in_the_tick_that_breaks_it():
    bank = backed()
    bank.do(quoted(bank, 1, CAT, 50, loss_quanta_max=1 * USDT))
    bank.pass_time(1, usd="90")
    found = bank.pass_time(1, usd="80")
    assert ended(found) == {1: QuoteEnd.LOSS_LIMIT}
    assert filled(found) == []


def test_what_the_mark_lost_since_the_trigger_is_told_of_each_fill():
    bank = backed(ASKED)
    bank.do(quoted(bank, 1, CAT, 2), quoted(bank, 2, DAN, 2))
    bank.pass_time(1, usd="90")
    found = events_of(bank.pass_time(10, usd="89"), events.BackstopFilled)
    assert [e.participation_quanta for e in found] == [2 * USDT, 2 * USDT]
    assert bank.state.courses[ANN].participation_quanta == 4 * USDT


def test_orders_come_before_makers_where_the_chain_says_so():
    bank = backed({"stage": "partial"}, MAKERS, rounds_max=1)
    bank.do(quoted(bank, 1, CAT, 8))
    bank.pass_time(1, usd="90")
    found = bank.do(fill(1, 0, "88.2"))
    assert events_of(found, events.StageEntered)[0].reason is HandOver.ROUNDS_EXHAUSTED
    assert filled(found) == [(1, CAT, -7)]


@pytest.mark.parametrize("deadline", ["1", "5"])
def test_the_deadline_of_the_stage_ends_the_asking(deadline):
    bank = backed(ASKED | {"deadline_s": deadline}, VAULT)
    bank.do(quoted(bank, 1, CAT, 8))
    bank.pass_time(1, usd="90")
    found = bank.pass_time(11, usd="90")
    assert events_of(found, events.StageEntered)[0].reason is HandOver.DEADLINE
    assert filled(found) == []


def test_nobody_is_asked_for_an_account_without_a_position():
    """Ann owes after all is sold, and there is no room to auction her gold."""
    bank = backed({"stage": "partial"}, LOT | {"limit_usd": "1"}, ASKED)
    bank.do(deposit(ANN, "9 GOLD"), trade(ANN, 20, "PERP", "100"))
    bank.pass_time(1, usd="85")
    found = bank.do(fill(1, bank.only_order().lots, "83.5"))
    assert [(e.stage, e.reason) for e in events_of(found, events.StageEntered)] == [
        (Stage.DUTCH_AUCTION, HandOver.NOTHING_HELD),
        (Stage.BACKSTOP, HandOver.AUCTION_LIMIT),
        (Stage.PARTIAL, HandOver.RESTARTED),  # where the gold is offered again
    ]
    assert not events_of(found, events.QuotesRequested)
    assert only(found, events.LiquidationParked).reason is Parked.NOTHING_HELPS
