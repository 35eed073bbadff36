"""Firm quotes: turns, rooms, prices and losses, in numbers worked by hand."""

from decimal import Decimal, localcontext

import pytest

from hullmark.core import INT64_MAX
from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    FirmQuote,
    Taken,
    allocate_quotes,
    loss_reached,
    quote_loss,
    quote_price_nano,
    ranked_quotes,
    room_lots,
)

CENT = 10**7  # an offset of 1 %


def quoted(quote, lots, offset_nano=CENT, *, maker=None, posted=0, expires=100):
    return FirmQuote(quote, maker or 100 + quote, lots, offset_nano, posted, expires)


def taken(lots, *quotes, now_ns=0, **rules):
    """Return quotes and lots that are taken."""
    found = allocate_quotes(lots, quotes, now_ns=now_ns, **rules)
    return [(part.quote, part.lots) for part in found]


def test_the_nearest_price_comes_first_and_of_equal_prices_the_first_that_was_posted():
    quotes = quoted(1, 5, 2 * CENT), quoted(4, 5, posted=8), quoted(3, 5, posted=7)
    assert [q.quote for q in ranked_quotes(-1, quotes, now_ns=0)] == [3, 4, 1]


def test_of_quotes_posted_at_one_instant_the_lower_number_comes_first():
    assert taken(-6, quoted(9, 5), quoted(2, 5)) == [(2, -5), (9, -1)]


def test_the_order_in_which_quotes_are_given_is_of_no_matter():
    quotes = [quoted(n, 2, CENT * (1 + n % 2), posted=-n % 3) for n in range(1, 8)]
    assert taken(-9, *quotes) == taken(-9, *reversed(quotes))


def test_only_the_other_side_takes():
    assert taken(4, quoted(1, 5), quoted(2, -3)) == [(2, 3)]
    assert taken(-4, quoted(1, 5), quoted(2, -3)) == [(1, -4)]


def test_a_quote_stands_until_the_instant_at_which_it_expires():
    assert taken(-4, quoted(1, 5, expires=10), now_ns=9) == [(1, -4)]
    assert taken(-4, quoted(1, 5, expires=10), now_ns=10) == []


def test_nothing_is_taken_of_nothing():
    assert taken(0, quoted(1, 5), quoted(2, -5)) == []
    assert taken(-5) == []


def test_two_quotes_of_one_maker_share_its_room():
    quotes = quoted(1, 5, maker=7), quoted(2, 5, 2 * CENT, maker=7), quoted(3, 5, 3 * CENT)
    assert taken(-12, *quotes, rooms={7: 6}) == [(1, -5), (2, -1), (3, -5)]
    assert taken(-12, *quotes, rooms={7: 0}) == [(3, -5)]


def test_whoever_may_not_take_is_passed_over_and_the_next_is_asked_for_all_that_is_left():
    asked = []

    def at_most(quote, lots, before):
        asked.append((quote.quote, lots, before))
        return 0 if quote.quote == 1 else lots

    assert taken(-6, quoted(1, 5), quoted(2, 4), quoted(3, 4), at_most=at_most) == [
        (2, -4),
        (3, -2),
    ]
    assert asked == [(1, 5, ()), (2, 4, ()), (3, 2, (Taken(2, 102, -4),))]


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ({"rooms": {7: -1}}, "rooms must be >= 0, was -1 of 7"),
        ({"at_most": lambda quote, lots, before: lots + 1}, "at_most must return 0 to 5 lots"),
        ({"at_most": lambda quote, lots, before: -1}, "at_most must return 0 to 5 lots, was -1"),
    ],
)
def test_what_cannot_be_allocated_by_is_refused(rules, named):
    with pytest.raises(InvalidInputError, match=named):
        taken(-9, quoted(1, 5), **rules)


def test_a_price_is_worse_for_the_account_and_rounded_towards_the_mark():
    assert quote_price_nano(1_000, -1, offset_nano=15 * 10**5) == 999  # 998.5
    assert quote_price_nano(1_000, 1, offset_nano=15 * 10**5) == 1_001  # 1001.5
    assert quote_price_nano(1_000, 1, offset_nano=0) == 1_000


def test_a_price_is_one_that_a_fill_may_have():
    assert quote_price_nano(1, -1, offset_nano=999_999_999) == 1
    assert quote_price_nano(INT64_MAX, 1, offset_nano=CENT) == INT64_MAX


@pytest.mark.parametrize(
    ("mark_nano", "offset_nano", "named"),
    [(0, 0, "mark_nano must be > 0"), (1, -1, "offset_nano"), (1, 10**9, "offset_nano")],
)
def test_without_a_mark_or_with_no_share_of_it_there_is_no_price(mark_nano, offset_nano, named):
    with pytest.raises(InvalidInputError, match=named):
        quote_price_nano(mark_nano, 1, offset_nano=offset_nano)


@pytest.mark.parametrize(
    ("held", "side", "room"),
    [
        (0, 1, 10),
        (7, 1, 3),
        (10, 1, 0),
        (12, 1, 0),
        (12, -1, 22),  # down to nothing, and ten beyond
        (-12, 1, 22),
        (-12, -1, 0),
    ],
)
def test_a_maker_may_hold_a_share_of_the_depth_on_either_side(held, side, room):
    """10 % of 10,000 is 1,000: ten lots of 100, and of 99.99 as well."""
    for lot_usd in (100, "99.99"):
        found = room_lots(held, side, lot_usd=lot_usd, depth_usd=10_000, depth_share="0.1")
        assert found == room


def test_of_two_caps_the_lower_counts():
    rules = {"lot_usd": 100, "depth_usd": 10_000, "depth_share": "0.1", "capital_share": "0.5"}
    assert room_lots(0, 1, capital_usd=1_200, **rules) == 6
    assert room_lots(0, 1, capital_usd=9_999, **rules) == 10


@pytest.mark.parametrize(
    "unknown",
    [
        {"depth_share": 1},
        {"capital_share": 1},
        {"capital_share": 1, "capital_usd": -5},
        {"depth_share": 1, "depth_usd": 0},
    ],
)
def test_a_cap_on_what_is_not_there_leaves_no_room_but_to_hold_less(unknown):
    assert room_lots(0, 1, lot_usd=1, **unknown) == 0
    assert room_lots(-3, 1, lot_usd=1, **unknown) == 3


def test_without_a_cap_there_is_all_the_room_there_is():
    assert room_lots(0, 1, lot_usd=1, depth_usd=5, capital_usd=5) is None


def test_a_room_does_not_depend_on_the_context_of_the_caller():
    with localcontext() as context:
        context.prec = 2
        assert room_lots(0, 1, lot_usd="0.123456", depth_usd=123_456, depth_share=1) == 10**6


@pytest.mark.parametrize(
    "wrong",
    [
        {"lot_usd": 0},
        {"lot_usd": 1.0},
        {"depth_share": "-0.1"},
        {"depth_share": 1, "depth_usd": -1},
        {"capital_share": -1},
    ],
)
def test_a_room_of_nonsense_is_refused(wrong):
    with pytest.raises(InvalidInputError):
        room_lots(0, 1, **{"lot_usd": Decimal(1)} | wrong)


def test_a_side_is_one_of_two():
    with pytest.raises(InvalidInputError, match="side must be 1 or -1, was 0"):
        room_lots(0, 0, lot_usd=1)


def test_a_loss_is_what_was_paid_less_what_it_is_worth_now_rounded_up():
    assert quote_loss(485, 5, lot_ratio=(90, 1)) == 35
    assert quote_loss(-485, -5, lot_ratio=(90, 1)) == -35  # it was paid, and owes less
    assert quote_loss(10, 1, lot_ratio=(19, 2)) == 1


def test_a_limit_is_reached_where_the_loss_is_as_large_as_it():
    assert [loss_reached(loss, 35) for loss in (34, 35, 36)] == [False, True, True]
    assert not loss_reached(10**30, None)
