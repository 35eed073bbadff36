"""A fund at its three values."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.market import impact_share
from hullmark.waterfall import Held, exit_share, fund_exhausted, fund_value

amounts = st.integers(1, 10**12)


@given(amounts, amounts)
def test_an_exit_costs_what_the_book_of_the_market_says(notional, depth):
    exact = exit_share(notional, depth)
    assert float(exact) == pytest.approx(min(impact_share(float(notional), float(depth)), 1.0))


# BitMEX blog, "BitMEX Insurance Fund: Your Questions Answered", 23 March 2020: at most 2,606 XBT
# lost in the day and a further 5,652 XBT unrealised on positions still held. Some 35,500 XBT were
# there on 11 March (Cointelegraph, March 2020); value and depth of the positions are ours.
def test_a_fund_that_holds_positions_is_worth_less_than_its_balance():
    held = [Held(value=20_000, quote=-25_652, depth=2_000)]
    fund = fund_value(35_500 - 2_606, held)
    assert fund.liquid == 32_894
    assert fund.at_mark == 27_242
    assert fund.unrealised == -5_652
    assert fund.exit_cost == 1_000  # 5 % of 20,000
    assert fund.at_impact == 26_242
    assert not fund_exhausted(fund)
    assert fund_exhausted(fund, floor=26_242)
    assert not fund_exhausted(fund, floor="26241.99")


positions = st.lists(
    st.builds(Held, st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), amounts),
    max_size=5,
)


@given(st.integers(0, 10**12), positions)
def test_unwinding_never_adds_to_a_fund(liquid, held):
    fund = fund_value(liquid, held)
    assert fund.at_impact <= fund.at_mark
    assert fund.at_mark == fund.liquid + fund.unrealised
    assert fund.exit_cost <= sum(abs(position.value) for position in held)


def test_a_fund_without_positions_is_its_balance():
    assert fund_value("12.5", []) == (Decimal("12.5"),) * 3 + (0, 0)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: exit_share(1, 0), "depth must be > 0"),
        (lambda: exit_share(-1, 1), "notional must be >= 0"),
        (lambda: fund_value(-1, []), "liquid must be >= 0"),
        (lambda: fund_value(1, [Held(1, 1, 0)]), "depth must be > 0"),
        (lambda: fund_exhausted(fund_value(1, []), floor=-1), "floor must be >= 0"),
    ],
)
def test_what_breaks_a_rule_is_refused(call, rule):
    with pytest.raises(InvalidInputError, match=rule):
        call()
