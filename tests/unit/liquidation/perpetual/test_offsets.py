"""A walk over the other side: the cases of the venue's own tests, and what a walk adds up to."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import (
    Offset,
    PairSide,
    QuantaMarket,
    QuantaRisk,
    filled_share,
    matched_pair,
    offset_position,
)

BITCOIN, USD = 10**8, 10**6
# At 50,000 USD, with a margin of all the notional.
BTC = QuantaMarket.of(
    5_000_000_000,
    price_exponent=-5,
    base_exponent=-8,
    initial_ppm=10**6,
    maintenance_ppm=10**6,
)


# *other_usd* is the notional of another position, with the same requirement.
def holder(cash_usd, size, other_usd=0):
    other = QuantaRisk(other_usd * USD, abs(other_usd) * USD, abs(other_usd) * USD)
    cash = QuantaRisk(cash_usd * USD, 0, 0)
    return PairSide(size, BTC.risk(size).plus(cash).plus(other))


# What an account holds beside the position: cash and the other notional, in USD.
def beside_usd(account):
    return (account.account.net - BTC.notional(account.size)) / USD


def at_bankruptcy(accounts, offsetting, base):
    first, second = accounts["broke"], accounts[offsetting]
    pair = matched_pair(first, second, base, BTC)
    if not pair.allowed:
        return None
    return accounts | {
        "broke": PairSide(first.size + base, pair.liquidated),
        offsetting: PairSide(second.size - base, pair.offsetting),
    }


CARL = holder(54_999, -BITCOIN)  # net 4,999: bankrupt at 54,999
DAVE = holder(50_000, BITCOIN)


def offset(delta, broke, others, **terms):
    accounts = {"broke": broke, **others}
    holders = [(name, account.size) for name, account in accounts.items()]
    return offset_position(delta, holders, accounts, settle=at_bankruptcy, **terms)


# dYdX, v4-chain, x/clob/keeper/deleveraging_test.go [84d4664],
# TestOffsetSubaccountPerpetualPosition: names of cases and balances in USD are theirs.
def test_can_get_one_offsetting_subaccount_for_deleveraged_short():
    walk, accounts = offset(BITCOIN, CARL, {"dave": DAVE})
    assert walk.fills == (Offset("dave", BITCOIN),)
    assert walk.remaining_quanta == 0
    assert accounts == {"broke": holder(0, 0), "dave": holder(50_000 + 54_999, 0)}


def test_can_get_one_offsetting_subaccount_for_deleveraged_long():
    carl, dave = holder(-45_001, BITCOIN), holder(100_000, -BITCOIN)
    walk, accounts = offset(-BITCOIN, carl, {"dave": dave})
    assert walk.fills == (Offset("dave", -BITCOIN),)
    assert beside_usd(accounts["dave"]) == 100_000 - 45_001


def test_can_get_multiple_offsetting_subaccounts():
    half = holder(50_000, BITCOIN // 2)
    walk, accounts = offset(BITCOIN, CARL, {"dave": half, "dave1": half})
    assert walk.fills == (Offset("dave", BITCOIN // 2), Offset("dave1", BITCOIN // 2))
    assert beside_usd(accounts["dave"]) == beside_usd(accounts["dave1"]) == 77_499.5


def test_skips_subaccounts_on_the_same_side_or_without_a_position():
    others = {"same": holder(10**6, -BITCOIN), "none": holder(10**6, 0), "dave": DAVE}
    walk, _ = offset(BITCOIN, CARL, others)
    assert walk.fills == (Offset("dave", BITCOIN),)
    assert (walk.iterated, walk.same_side) == (4, 3)


def test_skips_subaccounts_with_non_overlapping_bankruptcy_prices():
    carl, poor = holder(50_000, -BITCOIN), holder(-50_001, BITCOIN)
    rich = holder(50_000, BITCOIN)
    walk, accounts = offset(BITCOIN, carl, {"poor": poor, "rich": rich})
    assert walk.fills == (Offset("rich", BITCOIN),)
    assert walk.not_overlapping == 1
    assert accounts["poor"] == poor
    assert beside_usd(accounts["rich"]) == 100_000


def test_not_enough_subaccounts_leave_the_rest():
    carl, poor = holder(50_000, -BITCOIN), holder(-50_001, BITCOIN)
    walk, _ = offset(BITCOIN, carl, {"poor": poor})
    assert (walk.fills, walk.remaining_quanta) == ((), BITCOIN)


def test_the_first_of_several_positions_is_offset_with_collateral_as_it_was():
    carl = holder(47_000, -BITCOIN, other_usd=3_000)
    walk, accounts = offset(BITCOIN, carl, {"dave": DAVE})
    assert walk.remaining_quanta == 0
    assert beside_usd(accounts["broke"]) == 0  # cash of -3,000, and the other position
    assert beside_usd(accounts["dave"]) == 100_000


def accept(count, *_):
    return count + 1


def test_a_walk_begins_where_it_is_told_and_ends_at_its_limit():
    holders = [(account, 2) for account in range(5)]
    walk, calls = offset_position(7, holders, 0, settle=accept, start=8, iterated_max=3)
    assert [fill.account for fill in walk.fills] == [3, 4, 0]
    assert (walk.remaining_quanta, calls, walk.iterated) == (1, 3, 3)
    assert filled_share(8, 1) == Decimal("0.875")
    assert offset_position(7, [], 0, settle=accept)[0].iterated == 0


@given(
    st.integers(-50, 50).filter(bool),
    st.lists(st.tuples(st.integers(1, 9), st.integers(-20, 20)), max_size=8),
    st.integers(0, 20),
)
def test_fills_and_the_rest_are_what_was_asked_for(delta, holders, start):
    walk, _ = offset_position(delta, holders, 0, settle=accept, start=start)
    assert sum(fill.base_quanta for fill in walk.fills) + walk.remaining_quanta == delta
    there = sum(abs(held) for _, held in holders if held * delta > 0)
    assert abs(walk.remaining_quanta) == max(0, abs(delta) - there)
    assert 0 <= filled_share(delta, walk.remaining_quanta) <= 1


def test_a_walk_for_nothing_is_refused():
    with pytest.raises(InvalidInputError, match="delta_quanta must not be 0"):
        offset_position(0, [], 0, settle=accept)
    with pytest.raises(InvalidInputError, match="delta_quanta must not be 0"):
        filled_share(0, 0)
    with pytest.raises(InvalidInputError, match="start must be >= 0"):
        offset_position(1, [], 0, settle=accept, start=-1)
