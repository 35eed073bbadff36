"""One fund, many markets: parts add up whatever happens, and an expiry loses none of them."""

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import Allocations, FundPart

MARKETS = st.sampled_from("ABCD")
amounts = st.integers(0, 100)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("list"), MARKETS, amounts),
        st.tuples(st.just("expire"), MARKETS, st.one_of(st.none(), MARKETS)),
        st.tuples(st.just("receive"), st.one_of(st.none(), MARKETS), amounts),
        st.tuples(st.just("allocate"), MARKETS, st.integers(-100, 100)),
        st.tuples(st.just("pay"), MARKETS, st.tuples(amounts, st.booleans())),
    ),
    max_size=20,
)


def done(fund, kind, market, what):
    """Return the fund after a step, and what went in or out of it."""
    if kind == "list":
        return fund.listed(market, quanta=what), 0
    if kind == "expire":
        return fund.expired(market, heir=what), 0
    if kind == "receive":
        return fund.received(what, market=market), what
    if kind == "allocate":
        return fund.allocated(market, what), 0
    deficit, pooled = what
    after, parts, left = fund.paid(market, deficit, pooled=pooled)
    assert sum(part.quanta for part in parts) + left == deficit
    assert left == max(0, deficit - fund.available(market, pooled=pooled))
    return after, left - deficit


@given(amounts, steps)
def test_parts_add_up_to_the_fund_after_every_step(total, journey):
    fund = Allocations(total)
    for step in journey:
        try:
            fund, change = done(fund, *step)
        except InvalidInputError:
            continue
        total += change
        assert fund.total_quanta == total
        assert min([fund.unallocated_quanta, *fund.markets.values()]) >= 0


# BitMEX blog, "XBTU19 and ETHM19 Auto-Deleveraging Events 2 April 2019": the fund was there, and
# the new front month had none of it. With an heir, or without one, a deficit of 30 is paid.
@pytest.mark.parametrize("heir", ["U19", None])
def test_an_expiry_does_not_leave_a_market_without_a_fund(heir):
    fund = Allocations(0).received(100).listed("M19", quanta=100)
    fund = fund.expired("M19", heir=heir)
    assert fund.available("U19") == 100
    after, parts, left = fund.paid("U19", 30)
    assert (parts, left) == ((FundPart(heir, 30),), 0)
    assert after.total_quanta == 70


def test_a_market_pays_first_then_what_is_nobodys_then_others_in_a_pool():
    fund = Allocations(5, {"A": 10, "B": 30, "C": 60})
    assert fund.paid("A", 8)[1] == (FundPart("A", 8),)
    assert fund.paid("A", 33)[1:] == ((FundPart("A", 10), FundPart(None, 5)), 18)
    after, parts, left = fund.paid("A", 200, pooled=True)
    assert (after.total_quanta, left) == (0, 95)
    assert parts == (FundPart("A", 10), FundPart(None, 5), FundPart("B", 30), FundPart("C", 60))
    assert fund.paid("new", 33, pooled=True)[1:] == (
        (FundPart(None, 5), FundPart("A", 3), FundPart("B", 8), FundPart("C", 17)),
        0,
    )


def test_a_share_of_what_is_free_is_rounded_down():
    fund = Allocations(101).listed("A", share_of_free="0.25")
    assert (fund.markets["A"], fund.unallocated_quanta) == (25, 76)


def test_an_heir_may_have_a_part_of_its_own():
    fund = Allocations(0, {"A": 10, "B": 5}).expired("A", heir="B")
    assert dict(fund.markets) == {"B": 15}


def test_what_a_market_earns_is_its_own():
    fund = Allocations(5, {"A": 10}).received(7, market="A")
    assert (fund.markets["A"], fund.unallocated_quanta) == (17, 5)


def test_other_markets_pay_in_a_pool_alone():
    fund = Allocations(5, {"A": 10, "B": 30})
    assert (fund.available("A"), fund.available("A", pooled=True)) == (15, 45)
    assert fund.available("new") == 5
    assert fund.paid("new", 9)[2] == 4


def test_a_fund_cannot_be_changed_behind_its_back():
    parts = {"A": 10}
    fund = Allocations(0, parts)
    parts["A"] = 99
    assert fund.total_quanta == 10
    with pytest.raises(TypeError):
        fund.markets["A"] = 99


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        (lambda f: f.listed("A", quanta=1), "market must be new"),
        (lambda f: f.listed("B"), "must be said, and not both"),
        (lambda f: f.listed("B", quanta=1, share_of_free=1), "must be said, and not both"),
        (lambda f: f.listed("B", quanta=6), "quanta must be <= 5"),
        (lambda f: f.listed("B", share_of_free=2), "share_of_free must be in"),
        (lambda f: f.allocated("B", 1), "market must be listed"),
        (lambda f: f.allocated("A", -11), "what is free, was -11"),
        (lambda f: f.expired("B"), "market must be listed"),
        (lambda f: f.expired("A", heir="A"), "heir must be another"),
        (lambda f: f.received(-1), "quanta must be >= 0"),
        (lambda f: f.received(1, market="B"), "market must be listed"),
        (lambda f: f.paid("A", -1), "deficit_quanta must be >= 0"),
        (lambda _: Allocations(-1), "part of nobody must be >= 0"),
        (lambda _: Allocations(0, {"A": -1}), "part of A must be >= 0"),
    ],
)
def test_a_step_that_breaks_a_rule_is_refused(step, rule):
    with pytest.raises(InvalidInputError, match=rule):
        step(Allocations(5, {"A": 10}))


def test_a_fund_begins_with_nothing_and_a_market_without_a_part_has_none():
    assert Allocations() == Allocations(0, {})
    fund, parts, left = Allocations(5, {"A": 10}).paid("B", 7, pooled=False)
    assert (parts, left) == ((FundPart(None, 5),), 2)
    assert fund == Allocations(0, {"A": 10})


def test_a_payment_may_be_nothing_and_a_part_may_be_all_or_none_of_the_fund():
    fund = Allocations(5, {"A": 10})
    assert fund.received(0) == fund
    assert fund.paid("A", 0) == (fund, (), 0)
    assert fund.allocated("A", 5) == Allocations(0, {"A": 15})
    assert fund.allocated("A", -10) == Allocations(15, {"A": 0})
