"""The sliding limit and its laws, orders that walk a book, and who pays for what they leave."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    BookLevel,
    SurplusTo,
    fill_account,
    sliding_limit,
    sliding_limit_nano,
    walked_book,
)

prices = st.integers(1, 10**15)
equities = st.integers(-(10**12), 10**12)
margins = st.integers(1, 10**12)


@given(prices, st.integers(0, 10**15), equities, margins, st.booleans())
def test_a_limit_lies_between_mark_and_bankruptcy_price(mark, bankruptcy, equity, margin, long):
    limit = sliding_limit_nano(mark, bankruptcy, equity, margin, long=long)
    low, high = (bankruptcy, mark) if long else (mark, bankruptcy)
    if low > high:
        assert limit == mark
    else:
        assert low <= limit <= high
    exact = sliding_limit(mark, bankruptcy, equity=equity, maintenance=margin, long=long)
    assert 0 <= (limit - exact if long else exact - limit) < 1


@given(prices, st.integers(0, 10**15), equities, equities, margins, st.booleans())
def test_less_equity_never_gives_a_better_limit(mark, bankruptcy, first, second, margin, long):
    low, high = sorted((first, second))
    worse = sliding_limit_nano(mark, bankruptcy, low, margin, long=long)
    better = sliding_limit_nano(mark, bankruptcy, high, margin, long=long)
    assert worse <= better if long else worse >= better


def test_a_limit_is_the_mark_at_the_margin_and_the_bankruptcy_price_at_nothing():
    for equity in (100, 101):
        assert sliding_limit_nano(1_000, 900, equity, 100, long=True) == 1_000
    for equity in (0, -1):
        assert sliding_limit_nano(1_000, 900, equity, 100, long=True) == 900
    assert sliding_limit(1_000, 1_200, equity=50, maintenance=100, long=False) == 1_100


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"mark_nano": 0}, "mark_nano must be > 0"),
        ({"bankruptcy_nano": -1}, "bankruptcy_nano must be >= 0"),
        ({"maintenance": 0}, "maintenance must be > 0"),
    ],
)
def test_a_limit_needs_prices_and_a_margin(change, rule):
    asked = {"mark_nano": 10, "bankruptcy_nano": 9, "equity": 1, "maintenance": 2} | change
    with pytest.raises(InvalidInputError, match=rule):
        sliding_limit_nano(**asked, long=True)


def test_an_order_takes_what_its_limit_allows_and_leaves_what_is_left():
    asks = [BookLevel(100, 3), BookLevel(103, 5)]
    assert walked_book(asks, 9, limit_nano=103, long=False) == (8, 1, 815, 103)
    assert walked_book(asks, 2, limit_nano=103, long=False) == (2, 0, 200, 100)
    assert walked_book(asks, 9, limit_nano=99, long=False) == (0, 9, 0, None)
    assert walked_book([], 9, limit_nano=99, long=True) == (0, 9, 0, None)
    assert walked_book(asks, 0, limit_nano=103, long=False) == (0, 0, 0, None)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9))), st.integers(0, 40), prices)
def test_no_fill_is_beyond_the_limit_and_none_inside_it_is_missed(book, lots, limit):
    bids = [BookLevel(*level) for level in sorted(book, reverse=True)]
    limit_nano = limit % 51
    found = walked_book(bids, lots, limit_nano=limit_nano, long=True)
    singles = [p for p, n in sorted(book, reverse=True) for _ in range(n) if p >= limit_nano]
    taken = singles[:lots]
    assert (found.lots, found.left, found.worth_nano) == (
        len(taken),
        lots - len(taken),
        sum(taken),
    )
    assert found.worst_nano == (taken[-1] if taken else None)


@pytest.mark.parametrize(
    ("levels", "lots", "rule"),
    [
        ([BookLevel(1, 1)], -1, "lots must be >= 0"),
        ([BookLevel(1, 0)], 1, "lots of a level must be > 0"),
        ([BookLevel(1, 1), BookLevel(2, 1)], 5, "levels must come best first"),
    ],
)
def test_a_book_that_is_none_is_refused(levels, lots, rule):
    with pytest.raises(InvalidInputError, match=rule):
        walked_book(levels, lots, limit_nano=1, long=True)


@given(equities, equities, st.integers(0, 10**12), st.sampled_from(SurplusTo), margins)
def test_a_fill_is_shared_out_to_the_last_quantum(quote, bankruptcy, fund, rule, fee):
    found = fill_account(quote, bankruptcy, fund=fund, surplus=rule, fee_max=fee)
    assert min(found) >= 0
    assert found.surplus - found.deficit == quote - bankruptcy
    assert found.to_fund + found.to_account == found.surplus
    assert found.from_fund + found.uncovered == found.deficit
    assert found.from_fund <= fund
    assert found.uncovered == 0 or found.from_fund == fund


def test_a_surplus_goes_where_the_rule_says():
    assert fill_account(10, 4, fund=0, surplus=SurplusTo.ACCOUNT)[2:4] == (0, 6)
    assert fill_account(10, 4, fund=0, surplus=SurplusTo.FUND)[2:4] == (6, 0)
    assert fill_account(10, 4, fund=0, surplus=SurplusTo.FEE, fee_max=2)[2:4] == (2, 4)
    assert fill_account(10, 4, fund=0, surplus=SurplusTo.FEE, fee_max=9)[2:4] == (6, 0)


def test_a_fund_below_zero_is_refused():
    with pytest.raises(InvalidInputError, match="fund must be >= 0"):
        fill_account(1, 1, fund=-1, surplus=SurplusTo.FUND)
    with pytest.raises(InvalidInputError, match="fee_max must be >= 0"):
        fill_account(1, 1, fund=0, surplus=SurplusTo.FEE, fee_max=-1)


# A long of 10 at 100 with 500 of cash owed: the way down, one price at a time, and what is at risk.
def test_a_long_that_falls_is_offered_at_the_mark_and_then_below_it_but_never_under_water():
    seen = []
    for mark in range(63, 49, -1):
        equity, maintenance = 10 * mark - 500, mark
        limit = sliding_limit(mark, 50, equity=equity, maintenance=maintenance, long=True)
        seen.append(mark - limit)
        assert 10 * limit >= 500
    assert seen[0] == 0
    assert max(seen) > Decimal("1.3")
    assert seen[-1] == 0
