"""The published queue, and the fund with what the engine has in hand, worked by hand."""

from decimal import Decimal

import pytest

from hullmark.errors import InvalidInputError

from .bank import BOB, FUND, deposit, fill, taken_in_hand
from .test_decide_deleveraging import CAT, DAN, venue


def test_the_queue_has_the_most_profit_times_leverage_first():
    """All sold at 100 and gain the same share; Dan has least money, so most leverage."""
    bank = venue("queue")
    bank.do(deposit(CAT, "1000 USDT"))
    bank.do(bank.said("95"))
    rows = bank.venue.deleveraging_queue("PERP", long=False)
    assert [row.account for row in rows] == [BOB, DAN, CAT]
    assert [row.place for row in rows] == [1, 2, 3]
    assert [row.lights for row in rows] == sorted((row.lights for row in rows), reverse=True)
    assert all(row.exposed for row in rows)


def test_the_fund_is_shown_with_what_is_in_hand_at_the_mark_and_after_unwinding():
    """Ann is 4 below zero at 87; unwinding 8 lots of 87 at 2 % would cost 13.92 more."""
    bank = taken_in_hand(usd="87")
    bank.do(deposit(FUND, "10 USDT"))
    value = bank.venue.fund("USDT")
    assert (value.liquid, value.at_mark, value.at_impact) == (
        Decimal("10"),
        Decimal("6"),
        Decimal("-7.92"),
    )
    bank.do(fill(1, -8, "87"))
    value = bank.venue.fund("USDT")
    assert value.liquid == value.at_mark == value.at_impact == Decimal("6")


def test_a_fund_of_an_unknown_asset_is_refused_by_its_name():
    bank = taken_in_hand()
    with pytest.raises(InvalidInputError, match="asset must be one of the rules', was 'EUR'"):
        bank.venue.fund("EUR")
    with pytest.raises(InvalidInputError, match="instrument must be one of the rules'"):
        bank.venue.deleveraging_queue("NONE", long=True)
