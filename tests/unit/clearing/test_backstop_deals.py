"""Who takes over what: makers that cannot, rooms, prices that are too bad, and hedges."""

import pytest

from hullmark.domain import Mode, events

from .backed import CAT, DAN, MAKERS, PERCENT, USDT, backed, quoted, rules
from .bank import (
    ANN,
    BOB,
    FUND,
    MAKER,
    PORT,
    QUANTA_MAX,
    Bank,
    adjust,
    deposit,
    events_of,
    opened,
    trade,
    transfer,
)


def filled(found):
    return [(e.quote, e.lots) for e in events_of(found, events.BackstopFilled)]


def taken(bank, usd="90"):
    """Let the price fall and return what is taken of which quote."""
    return filled(bank.pass_time(1, usd=usd))


def test_a_maker_takes_only_what_its_initial_margin_carries_then():
    """Cat has 56 when it quotes, and 6 when it has to take: six lots would need 53."""
    bank = backed(cash="56 USDT")
    bank.do(quoted(bank, 1, CAT, 5), quoted(bank, 2, DAN, 5, 2 * PERCENT))
    bank.do(adjust(CAT, MAKER, "38 USDT"))
    assert taken(bank) == [(1, -2), (2, -5)]
    assert bank.venue.health(CAT).spare_initial >= 0


def test_a_maker_that_is_liquidated_itself_is_passed_over():
    bank = backed()
    bank.do(quoted(bank, 1, CAT, 7), quoted(bank, 2, DAN, 7, 2 * PERCENT))
    bank.do(trade(CAT, 90, "ETHER", "10"), adjust(CAT, MAKER, "980 USDT"))
    assert taken(bank) == [(2, -7)]
    assert CAT in bank.state.episodes


def test_nobody_takes_over_from_an_account_of_his_own():
    bank = backed()
    bank.do(deposit(BOB, "500 USDT"), opened(170, Mode.ISOLATED, parent=BOB))
    bank.do(transfer(BOB, 170, "100 USDT"), trade(170, 8, "PERP", "100"))
    bank.do(deposit(MAKER, "1 USDT"), quoted(bank, 1, BOB, 20), quoted(bank, 2, CAT, 20))
    found = events_of(bank.pass_time(1, usd="90"), events.BackstopFilled)
    assert {(e.account, e.maker) for e in found} == {(ANN, BOB), (170, CAT)}


def test_an_account_does_not_take_its_own_quote():
    bank = backed()
    bank.do(deposit(ANN, "100 USDT"), quoted(bank, 1, ANN, 7))
    bank.do(adjust(ANN, MAKER, "100 USDT"))
    assert taken(bank) == []


def test_rules_that_no_longer_carry_a_contract_for_a_maker_leave_its_quote_alone():
    bank = backed()
    bank.do(quoted(bank, 1, CAT, 7))
    bank.state.modes[CAT] = Mode.PORTFOLIO
    assert taken(bank) == [(1, -7)]  # which carries it as well


@pytest.mark.parametrize(
    ("caps", "lots"),
    [
        ({"depth_share": "0.1"}, 3),  # 10 % of 3000 is 300: three lots of 90
        ({"capital_share": "0.5"}, 5),  # 0.5 of 1000: five lots
        ({"depth_share": "0.1", "capital_share": "0.1"}, 1),
    ],
)
def test_no_maker_takes_more_of_a_market_than_its_share(caps, lots):
    bank = backed(MAKERS | caps, depth_usd={"PERP": "3000"})
    bank.do(quoted(bank, 1, CAT, 8), quoted(bank, 2, CAT, 8))
    assert taken(bank) == [(1, -lots)]
    assert abs(bank.held(CAT)[0]) == lots


def test_where_the_depth_is_not_known_a_share_of_it_is_nothing():
    bank = backed(MAKERS | {"depth_share": "5"})
    bank.do(quoted(bank, 1, CAT, 8))
    assert taken(bank) == []


def test_a_maker_that_is_short_has_room_for_what_it_closes():
    bank = backed(MAKERS | {"depth_share": "0.1"}, depth_usd={"PERP": "900"})
    bank.do(trade(MAKER, 4, "PERP", "100", seller=CAT), quoted(bank, 1, CAT, 8))
    assert taken(bank) == [(1, -5)]
    assert bank.held(CAT)[0] == 1


def test_beyond_the_limit_of_orders_a_quote_is_used_while_the_account_pays_for_it():
    """At 3 % off a lot costs 2.7, of the 20 that she has at 90: seven of them, and a last cent."""
    bank = backed()
    bank.do(quoted(bank, 1, CAT, 8, 3 * PERCENT))
    found = events_of(bank.pass_time(1, usd="90"), events.BackstopFilled)
    assert [(e.lots, e.penalty_quanta) for e in found] == [(-7, 1_100_000)]
    assert bank.state.quotes[1].lots == 1
    asset = bank.state.ledger.asset_index["USDT"]
    assert bank.venue.views.net_quanta(ANN, asset) == 0  # the penalty takes no more than there is


def test_no_maker_is_paid_by_the_fund_for_a_price_beyond_the_limit_of_orders():
    bank = backed()
    bank.do(deposit(FUND, "1000 USDT"), quoted(bank, 1, CAT, 8, 40 * PERCENT))
    assert taken(bank, usd="88") == []
    assert bank.cash(FUND) == "1000"


def test_within_the_limit_an_account_below_zero_is_closed_in_full():
    bank = backed()
    bank.do(deposit(FUND, "1000 USDT"), quoted(bank, 1, CAT, 8, 2 * PERCENT))
    found = bank.pass_time(1, usd="87")
    assert filled(found) == [(1, -8)]
    covered = events_of(found, events.DeficitCovered)[0]
    assert covered.fund_quanta == 17_920_000  # 8 x (100 - 85.26) - 100
    assert covered.gap_quanta == 4 * USDT
    bank.check()


def hedged(cash, *trades):
    """Return a portfolio account and makers of the perpetual, the future and the call."""
    bank = Bank(rules(penalty="0")).found()
    bank.do(opened(CAT), opened(DAN, Mode.PORTFOLIO), opened(105, Mode.PORTFOLIO))
    bank.do(*(deposit(account, "9000 USDT") for account in (CAT, DAN, 105)))
    bank.do(deposit(PORT, cash), *trades)
    return bank


def test_of_a_portfolio_only_what_helps_is_taken_over():
    """Calls against short bitcoin: to sell calls would leave more of the risk and not less."""
    calls, short = (
        trade(PORT, 12, "CALL", "1", seller=105),
        trade(MAKER, 6, "PERP", "100", seller=PORT),
    )
    bank = hedged("300 USDT", calls, short)
    bank.do(quoted(bank, 1, DAN, 30, symbol="CALL"), quoted(bank, 2, CAT, -30))
    found = bank.do(adjust(PORT, MAKER, "250 USDT"))
    assert filled(found) == [(2, 3)]
    assert bank.held(PORT, "CALL")[0] == 12
    assert bank.venue.health(PORT).health >= 0
    bank.check()


def test_the_legs_of_a_hedge_are_taken_over_together():
    """Ten perpetuals against eight futures: nine of those, or all of these, alone are worse."""
    legs = (
        trade(PORT, 10, "PERP", "100"),
        trade(MAKER, 8, "FUTURE", "100", seller=PORT),
    )
    bank = hedged("300 USDT", *legs)
    bank.do(quoted(bank, 1, CAT, 9, 0), quoted(bank, 2, CAT, -8, 0, symbol="FUTURE"))
    found = bank.do(adjust(PORT, MAKER, "295 USDT"))
    assert filled(found) == [(1, -9), (2, 8)]
    assert bank.venue.health(PORT).maintenance == 20
    bank.check()


def test_a_share_that_is_enough_is_taken_and_not_all_that_makers_would_take():
    bank = backed(penalty="0")
    bank.do(quoted(bank, 1, CAT, 8, 0))
    assert taken(bank) == [(1, -5)]  # 13.5 needed, 20 left; with four 18, over the target


def test_lots_that_fit_in_no_column_are_not_taken():
    """There is room for 513 more of cost: at 89.1 five lots are 445.5, and six are 534.6."""
    bank = backed(cash="1000000000000 USDT")
    lots = (QUANTA_MAX - 500 * USDT) // (100 * USDT)
    bank.do(quoted(bank, 1, CAT, 8), trade(CAT, lots, "PERP", "100", seller=DAN))
    assert taken(bank) == [(1, -5)]


def test_what_is_over_is_over_for_those_who_ask_later_in_the_same_tick():
    bank = backed()
    bank.do(deposit(BOB, "100 USDT"), trade(BOB, 8, "PERP", "100"), quoted(bank, 1, CAT, 10))
    found = events_of(bank.pass_time(1, usd="90"), events.BackstopFilled)
    assert [(e.account, e.lots) for e in found] == [(ANN, -7), (BOB, -3)]
    assert BOB in bank.state.parked


def test_of_a_share_of_a_plan_each_part_is_rounded_towards_closing_more():
    """At 88 Ann has 34, and would sell four perpetuals and two ether at 2 % less to need 18.6.

    At the mark three quarters of that are enough: 23 is less than 0.8 of 34, and 27.9 is not.
    """
    bank = backed(penalty="0")
    bank.do(deposit(ANN, "30 USDT"), trade(ANN, 4, "ETHER", "10"))
    bank.do(quoted(bank, 1, CAT, 8, 0), quoted(bank, 2, CAT, 30, 0, symbol="ETHER"))
    assert taken(bank, "88") == [(1, -3), (2, -2)]


def test_a_price_that_takes_more_than_it_frees_is_not_used():
    """At 6 % off a lot costs 5.4 and frees 4.5 of margin, though she could pay for three."""
    bank = backed()
    bank.do(quoted(bank, 1, CAT, 8, 6 * PERCENT))
    assert taken(bank) == []


def test_a_maker_carries_its_own_lots_and_not_those_of_others():
    """Dan has 45, and 9 on five lots that need 45; with Cat's two he would need 63."""
    bank = backed(cash="56 USDT")
    bank.do(quoted(bank, 1, CAT, 2), quoted(bank, 2, DAN, 5, 2 * PERCENT))
    bank.do(adjust(DAN, MAKER, "11 USDT"))
    assert taken(bank) == [(1, -2), (2, -5)]
