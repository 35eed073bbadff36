"""Tests of Derive's perpetuals: published numbers, a slow reference, and what funding conserves."""

import runpy
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from hullmark.errors import DocumentError, InvalidInputError
from hullmark.rulebooks.derive import (
    UNIT,
    FundingTerms,
    PerpPosition,
    fixed,
    funding_index_trunc,
    funding_rate,
    perp_mark,
    premium_trunc,
    settle_perp,
    touch_perp,
    trade_perp,
    unrealised_profit_trunc,
    unsettled_cash,
    unsettled_funding_trunc,
)

REFERENCE = Path(__file__).parents[3] / "reference" / "derive_rules.py"
slow = SimpleNamespace(**runpy.run_path(str(REFERENCE)))

HOUR = 3_600
# The venue's own tests: 0.75 % an hour at most, no static rate, eight hours.
TESTED = FundingTerms(rate_max=75 * 10**14, rate_static=0)
# scripts/config-mainnet.sol, commit 037ee3ac: getPerpParams.
SCRIPT = FundingTerms.parse(
    "perp", {"rate_max": "0.004", "rate_static": "0.0000125", "convergence_hours": "8"}
)

prices = st.integers(1, 10**24)
sizes = st.integers(-(10**24), 10**24)
indexes = st.integers(-(10**24), 10**24)
rates = st.integers(-(10**16), 10**16)
seconds = st.integers(0, 30 * 86_400)
terms = st.builds(
    FundingTerms,
    rate_max=st.integers(0, UNIT),
    rate_static=st.integers(-(UNIT // 1000), UNIT // 1000),
    convergence_hours=st.integers(UNIT // 20, 240 * UNIT),
)


def usd(amount):
    return amount * UNIT


def exactly(number):
    return Fraction(number, UNIT)


# derivexyz/v2-core, test/assets/perpAsset/unit-tests/Funding.sol, commit 013da18b: index at 1500,
# both impact prices are so far from it, and the rate of an hour is in hundredths of a percent.
@pytest.mark.parametrize(("away", "rate"), [(6, 5), (-6, -5), (200, 75), (-200, -75), (0, 0)])
def test_the_rate_reproduces_the_venues_own_tests(away, rate):
    impact = usd(1500 + away)
    found = funding_rate(TESTED, impact_bid=impact, impact_ask=impact, index=usd(1500))
    assert found == rate * UNIT // 10_000


# The same file: an hour at 0.05 % of 1500 costs a long coin 0.75.
@pytest.mark.parametrize(("rate", "paid"), [(5 * 10**14, "-0.75"), (-5 * 10**14, "0.75")])
def test_an_hour_of_funding_reproduces_the_venues_own_tests(rate, paid):
    index = funding_index_trunc(0, rate=rate, seconds=HOUR, index=usd(1500))
    assert unsettled_funding_trunc(PerpPosition(size=UNIT), index) == fixed("paid", paid)
    assert unsettled_funding_trunc(PerpPosition(size=-UNIT), index) == -fixed("paid", paid)


def test_inside_the_impact_spread_the_static_rate_is_all_there_is():
    impact = {"impact_bid": usd(1490), "impact_ask": usd(1510)}
    assert premium_trunc(**impact, index=usd(1500)) == 0
    assert funding_rate(SCRIPT, **impact, index=usd(1500)) == fixed("rate", "0.0000125")


def test_outside_the_spread_only_the_nearer_side_counts():
    above = premium_trunc(impact_bid=usd(1515), impact_ask=usd(1530), index=usd(1500))
    below = premium_trunc(impact_bid=usd(1400), impact_ask=usd(1485), index=usd(1500))
    assert (above, below) == (UNIT // 100, -UNIT // 100)


@given(terms, prices, prices, prices)
def test_the_rate_equals_the_slow_one_to_the_last_unit(terms, one, other, index):
    bid, ask = sorted([one, other])
    found = funding_rate(terms, impact_bid=bid, impact_ask=ask, index=index)
    slowly = slow.hourly_rate(
        exactly(bid),
        exactly(ask),
        exactly(index),
        exactly(terms.convergence_hours),
        exactly(terms.rate_static),
        exactly(terms.rate_max),
    )
    assert exactly(found) == slowly
    assert abs(found) <= terms.rate_max


@given(terms, prices, prices, prices)
def test_the_rate_never_falls_as_the_book_rises(terms, index, low, high):
    low, high = sorted([low, high])
    rates = [funding_rate(terms, impact_bid=p, impact_ask=p, index=index) for p in (low, high)]
    assert rates[0] <= rates[1]


@given(sizes, rates, seconds, prices)
def test_funding_equals_the_slow_one_to_the_last_unit(size, rate, seconds, price):
    index = funding_index_trunc(0, rate=rate, seconds=seconds, index=price)
    paid = unsettled_funding_trunc(PerpPosition(size=size), index)
    assert exactly(paid) == slow.paid(exactly(size), exactly(rate), seconds, exactly(price))


def test_a_rate_below_zero_is_cut_towards_zero_before_the_price_is_applied():
    for rate in (1, -1):
        assert funding_index_trunc(0, rate=rate, seconds=HOUR - 1, index=usd(1500)) == 0
        assert funding_index_trunc(0, rate=rate, seconds=HOUR, index=usd(1500)) == rate * 1500


@given(st.lists(st.integers(0, 10**24), min_size=1, max_size=8), indexes)
def test_funding_pays_as_much_as_it_takes(longs, index):
    short = unsettled_funding_trunc(PerpPosition(size=-sum(longs)), index)
    paid = sum(unsettled_funding_trunc(PerpPosition(size=size), index) for size in longs)
    assert abs(short + paid) < len(longs) + 1  # each is cut, by less than one unit
    if len(longs) == 1:
        assert short == -paid


@given(sizes, st.integers(0, 10**24), prices, prices, indexes, indexes, sizes)
def test_a_trade_realises_the_whole_old_position_at_the_mark(
    size, then, mark, later, index, later_index, added
):
    position = PerpPosition(size=size, mark=then, funding_index=index)
    worth = unsettled_cash(position, mark=mark, funding_index=later_index)
    traded = trade_perp(position, added, mark=mark, funding_index=later_index)
    assert traded.size == size + added
    assert unrealised_profit_trunc(traded, mark) == 0
    assert unsettled_cash(traded, mark=mark, funding_index=later_index) == worth
    moved = unrealised_profit_trunc(traded, later)
    assert exactly(moved) == slow.cut(exactly(later - mark) * exactly(size + added))


@given(sizes, prices, prices, indexes)
def test_both_sides_of_a_trade_have_opposite_profits(size, mark, later, index):
    sides = [
        trade_perp(PerpPosition(), signed, mark=mark, funding_index=0) for signed in (size, -size)
    ]
    assert sum(unsettled_cash(side, mark=later, funding_index=index) for side in sides) == 0


# derivexyz/v2-core, test/assets/perpAsset/unit-tests/PNL.sol, commit 0131e42b: one coin at 1500,
# alice short and bob long, then a trade at a mark of 1600 or 1400; all of the old coin is realised.
@pytest.mark.parametrize(
    ("held", "traded", "mark", "profit"),
    [
        (1, 1, 1600, 100),
        (1, -1, 1600, 100),
        (1, -1, 1400, -100),
        (1, "-0.5", 1600, 100),
        (1, "-0.5", 1400, -100),
        (1, -2, 1400, -100),
        (-1, -1, 1600, -100),
        (-1, 1, 1400, 100),
        (-1, 1, 1600, -100),
        (-1, "0.5", 1400, 100),
        (-1, "0.5", 1600, -100),
        (-1, 2, 1600, -100),
    ],
)
def test_profit_reproduces_the_venues_own_tests(held, traded, mark, profit):
    position = trade_perp(PerpPosition(), usd(held), mark=usd(1500), funding_index=0)
    assert unsettled_cash(position, mark=usd(mark), funding_index=0) == usd(profit)
    size = fixed("size", str(traded))
    position = trade_perp(position, size, mark=usd(mark), funding_index=0)
    assert position.profit == usd(profit)
    assert unsettled_cash(position, mark=usd(mark), funding_index=0) == usd(profit)
    cash, position = settle_perp(position)
    assert cash == usd(profit)
    assert unsettled_cash(position, mark=usd(mark), funding_index=0) == 0


@given(sizes, prices, prices, indexes, indexes)
def test_to_touch_twice_at_once_changes_nothing(size, then, mark, index, later):
    position = PerpPosition(size=size, mark=then, funding_index=index, profit=5, funding=-7)
    once = touch_perp(position, mark=mark, funding_index=later)
    assert touch_perp(once, mark=mark, funding_index=later) == once
    cash, rest = settle_perp(once)
    assert cash == unsettled_cash(position, mark=mark, funding_index=later)
    assert rest == replace(once, profit=0, funding=0)


# derivexyz/v2-core, test/feed/unit-tests/LyraSpotDiffFeed.t.sol, commit 4f1caa1f: spot at 990.
@pytest.mark.parametrize(
    ("difference", "cap", "mark"),
    [
        (10, "0.1", 1000),
        (-990, "0.1", 891),
        (-1000, "0.1", 891),
        (1000, "0.1", 1089),
        (-990, "0", 990),
        (-990, "0.5", 495),
        (-990, "1", 0),
        (1000, "1", 1980),
        (1000, "0.5", 1485),
    ],
)
def test_the_mark_reproduces_the_venues_own_tests(difference, cap, mark):
    found = perp_mark(spot=usd(990), difference=usd(difference), cap=fixed("cap", cap))
    assert found == usd(mark)


@given(prices, st.integers(-(10**26), 10**26), st.integers(0, UNIT))
def test_the_mark_is_never_further_from_spot_than_the_cap(spot, difference, cap):
    mark = perp_mark(spot=spot, difference=difference, cap=cap)
    assert abs(mark - spot) <= spot * cap // UNIT
    assert mark >= 0
    assert (mark - spot) * difference >= 0


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: replace(TESTED, rate_max=-1), "rate_max must be >= 0, was -0.0"),
        (lambda: replace(TESTED, rate_static=UNIT), "rate_static must be <= 0.001, was 1"),
        (lambda: replace(TESTED, convergence_hours=0), "convergence_hours must be >= 0.05, was 0"),
        (lambda: PerpPosition(mark=-1), "mark must be >= 0"),
        (lambda: PerpPosition(size=0.5), "size must be a whole number of 1e-18, was 0.5"),
        (lambda: premium_trunc(impact_bid=1, impact_ask=1, index=0), "index must be >= 0.0+1"),
        (lambda: premium_trunc(impact_bid=2, impact_ask=1, index=1), "impact_ask must be >= 0.0+2"),
        (
            lambda: funding_index_trunc(0, rate=1, seconds=-1, index=1),
            "seconds must be a whole number >= 0, was -1",
        ),
        (lambda: unrealised_profit_trunc(PerpPosition(), -1), "mark must be >= 0"),
        (lambda: trade_perp(PerpPosition(), 0.5, mark=1, funding_index=0), "size must be a whole"),
        (lambda: perp_mark(spot=-1, difference=0, cap=0), "spot must be >= 0"),
        (lambda: perp_mark(spot=1, difference=0, cap=UNIT + 1), "cap must be <= 1, was 1.0"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(call, match):
    with pytest.raises(InvalidInputError, match=match):
        call()


def test_terms_are_refused_by_their_path():
    tree = {"rate_max": "0.004", "rate_static": "0", "convergence_hours": "300"}
    with pytest.raises(DocumentError, match=r"^perp\.convergence_hours must be <= 240, was 300$"):
        FundingTerms.parse("perp", tree)
