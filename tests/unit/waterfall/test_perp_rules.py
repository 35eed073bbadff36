"""Deleveraging of dYdX v4 and GMX v2, with the numbers of their own tests."""

from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.waterfall import (
    AccountRisk,
    Offset,
    PnlCutFault,
    PriceRule,
    Transition,
    deleverage_at,
    filled_share,
    offset_position,
    pnl_cut_fault,
    pnl_factor,
    pnl_factor_exceeded,
    risk_transition,
)

STILL, NEWLY, SUCCESS = (
    Transition.STILL_UNDERCOLLATERALIZED,
    Transition.NEWLY_UNDERCOLLATERALIZED,
    Transition.SUCCESS,
)


# dYdX v4, protocol/x/subaccounts/lib/updates_test.go [84d4664]: zero margin requirements. The new
# initial margin is above net collateral in each, as the original is called only then.
@pytest.mark.parametrize(
    ("old", "new_net", "new_maintenance", "result"),
    [
        ((-1, 0, 0), -2, 1, STILL),
        ((-1, 0, 0), -1, 1, STILL),
        ((-1, 0, 0), 100, 1, STILL),
        ((-1, 0, 0), -1, 0, STILL),
        ((-1, 0, 0), -2, 0, STILL),
        ((-2, 0, 0), -1, 0, SUCCESS),
        ((-2, 1, 1), -1, 0, STILL),
    ],
)
def test_reproduces_the_published_transitions(old, new_net, new_maintenance, result):
    after = AccountRisk(new_net, max(new_net + 1, 0), new_maintenance)
    assert risk_transition(AccountRisk(*old), after) is result


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        ((10, 30, 20), (30, 30, 20), SUCCESS),  # equality is well collateralised
        ((30, 30, 20), (29, 30, 20), NEWLY),
        ((10, 30, 20), (5, 15, 10), SUCCESS),  # the same ratio
        ((10, 30, 20), (4, 15, 10), STILL),
        ((10, 30, 20), (20, 33, 21), STILL),  # maintenance margin grows
        ((-10, 30, 20), (-5, 15, 10), SUCCESS),
        ((-10, 30, 20), (-6, 15, 10), STILL),
        ((10, 30, 20), (0, 0, 0), SUCCESS),  # closed to the last unit
    ],
)
def test_an_account_may_not_become_riskier(before, after, result):
    assert risk_transition(AccountRisk(*before), AccountRisk(*after)) is result


def test_only_negative_collateral_or_a_final_settlement_is_deleveraged():
    assert deleverage_at(-1, final_settlement=True) is PriceRule.BANKRUPTCY
    assert deleverage_at(-1, final_settlement=False) is PriceRule.BANKRUPTCY
    assert deleverage_at(0, final_settlement=True) is PriceRule.MARK
    assert deleverage_at(0, final_settlement=False) is None


class Account(NamedTuple):
    """A position in BTC at 50,000 USD with a margin requirement of all its notional."""

    cash: int  # millionths of a USD
    base: int  # 1e-8 BTC
    other: int = 0  # notional of another position, with the same requirement

    @property
    def risk(self):
        """Net collateral and margins at 50,000 USD."""
        notional = self.base * 500
        margin = abs(notional) + abs(self.other)
        return AccountRisk(self.cash + notional + self.other, margin, margin)


# Close so much at the bankruptcy price of the first account, if neither becomes riskier: with
# linear margins -DNNV - TNC * |DMMR| / TMMR, rounded up.
def at_bankruptcy(accounts, offsetting, base):
    broke, other = accounts["broke"], accounts[offsetting]
    net, _, margin = broke.risk
    quote = -base * 500 - net * abs(base * 500) // margin
    changed = {
        "broke": broke._replace(cash=broke.cash + quote, base=broke.base + base),
        offsetting: other._replace(cash=other.cash - quote, base=other.base - base),
    }
    for name, after in changed.items():
        if risk_transition(accounts[name].risk, after.risk) is not SUCCESS:
            return None
    return accounts | changed


BTC, USD = 10**8, 10**6
CARL = Account(54_999 * USD, -BTC)  # net 4,999: bankrupt at 54,999
DAVE = Account(50_000 * USD, BTC)


def offset(delta, broke, others, **terms):
    accounts = {"broke": broke, **others}
    holders = [(name, account.base) for name, account in accounts.items()]
    return offset_position(delta, holders, accounts, settle=at_bankruptcy, **terms)


# dYdX v4, protocol/x/clob/keeper/deleveraging_test.go [84d4664],
# TestOffsetSubaccountPerpetualPosition: names of cases and balances in USD are theirs.
def test_can_get_one_offsetting_subaccount_for_deleveraged_short():
    walk, accounts = offset(BTC, CARL, {"dave": DAVE})
    assert walk.fills == (Offset("dave", BTC),)
    assert walk.remaining_quantums == 0
    assert accounts == {"broke": Account(0, 0), "dave": Account((50_000 + 54_999) * USD, 0)}


def test_can_get_one_offsetting_subaccount_for_deleveraged_long():
    carl, dave = Account(-45_001 * USD, BTC), Account(100_000 * USD, -BTC)
    walk, accounts = offset(-BTC, carl, {"dave": dave})
    assert walk.fills == (Offset("dave", -BTC),)
    assert accounts["dave"].cash == (100_000 - 45_001) * USD


def test_can_get_multiple_offsetting_subaccounts():
    half = Account(50_000 * USD, BTC // 2)
    walk, accounts = offset(BTC, CARL, {"dave": half, "dave1": half})
    assert walk.fills == (Offset("dave", BTC // 2), Offset("dave1", BTC // 2))
    assert accounts["dave"].cash == accounts["dave1"].cash == 77_499_500_000


def test_skips_subaccounts_on_the_same_side_or_without_a_position():
    others = {"same": Account(10**12, -BTC), "none": Account(10**12, 0), "dave": DAVE}
    walk, _ = offset(BTC, CARL, others)
    assert walk.fills == (Offset("dave", BTC),)
    assert (walk.iterated, walk.same_side) == (4, 3)


def test_skips_subaccounts_with_non_overlapping_bankruptcy_prices():
    carl, poor = Account(50_000 * USD, -BTC), Account(-50_001 * USD, BTC)
    rich = Account(50_000 * USD, BTC)
    walk, accounts = offset(BTC, carl, {"poor": poor, "rich": rich})
    assert walk.fills == (Offset("rich", BTC),)
    assert walk.not_overlapping == 1
    assert accounts["poor"] == poor
    assert accounts["rich"].cash == 100_000 * USD


def test_not_enough_subaccounts_leave_the_rest():
    carl, poor = Account(50_000 * USD, -BTC), Account(-50_001 * USD, BTC)
    walk, _ = offset(BTC, carl, {"poor": poor})
    assert (walk.fills, walk.remaining_quantums) == ((), BTC)


def test_the_first_of_several_positions_is_offset_with_collateral_as_it_was():
    carl = Account(47_000 * USD, -BTC, other=3_000 * USD)
    walk, accounts = offset(BTC, carl, {"dave": DAVE})
    assert walk.remaining_quantums == 0
    assert accounts["broke"].cash == -3_000 * USD
    assert accounts["dave"].cash == 100_000 * USD


def accept(count, *_):
    return count + 1


def test_a_walk_begins_where_it_is_told_and_ends_at_its_limit():
    holders = [(account, 2) for account in range(5)]
    walk, calls = offset_position(7, holders, 0, settle=accept, start=8, iterated_max=3)
    assert [fill.account for fill in walk.fills] == [3, 4, 0]
    assert (walk.remaining_quantums, calls, walk.iterated) == (1, 3, 3)
    assert filled_share(8, 1) == Decimal("0.875")
    assert offset_position(7, [], 0, settle=accept)[0].iterated == 0


@given(
    st.integers(-50, 50).filter(bool),
    st.lists(st.tuples(st.integers(1, 9), st.integers(-20, 20)), max_size=8),
    st.integers(0, 20),
)
def test_fills_and_the_rest_are_what_was_asked_for(delta, holders, start):
    walk, _ = offset_position(delta, holders, 0, settle=accept, start=start)
    assert sum(fill.base_quantums for fill in walk.fills) + walk.remaining_quantums == delta
    there = sum(abs(held) for _, held in holders if held * delta > 0)
    assert abs(walk.remaining_quantums) == max(0, abs(delta) - there)
    assert 0 <= filled_share(delta, walk.remaining_quantums) <= 1


def test_a_walk_for_nothing_is_refused():
    with pytest.raises(InvalidInputError, match="delta_quantums must not be 0"):
        offset_position(0, [], 0, settle=accept)
    with pytest.raises(InvalidInputError, match="delta_quantums must not be 0"):
        filled_share(0, 0)
    with pytest.raises(InvalidInputError, match="start must be >= 0"):
        offset_position(1, [], 0, settle=accept, start=-1)


PERCENT = 10**28


def test_a_factor_is_cut_towards_zero_and_zero_without_a_pool():
    assert pnl_factor(2, 3) == 666666666666666666666666666666
    assert pnl_factor(-2, 3) == -666666666666666666666666666666
    assert pnl_factor(45, 100) == 45 * PERCENT
    assert pnl_factor(45, 0) == pnl_factor(0, 7) == 0
    with pytest.raises(InvalidInputError, match="pool_value must be >= 0"):
        pnl_factor(1, -1)


def test_a_factor_is_exceeded_above_its_bound_and_above_zero():
    assert pnl_factor_exceeded(46 * PERCENT, 45 * PERCENT)
    assert not pnl_factor_exceeded(45 * PERCENT, 45 * PERCENT)
    assert not pnl_factor_exceeded(0, -1)


# GMX v2, gmx-synthetics, AdlHandler.executeAdl: 45 % to begin and 40 % to end, the base values.
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"enabled": False, "prices_at_s": 0}, PnlCutFault.NOT_ENABLED),
        ({"prices_at_s": 99}, PnlCutFault.STALE_PRICES),
        ({"prices_at_s": 100}, None),
        ({"before": 45}, PnlCutFault.NOT_REQUIRED),
        ({"size_usd": 11}, PnlCutFault.SIZE),
        ({"after": 50}, PnlCutFault.NOT_REDUCED),
        ({"after": 49}, None),
        ({"after": 40}, None),
        ({"after": 39}, PnlCutFault.OVERCORRECTED),
    ],
)
def test_a_cut_must_be_needed_and_may_not_go_too_far(change, fault):
    asked = {
        "before": 50,
        "after": 45,
        "size_usd": 10,
        "position_usd": 10,
        "prices_at_s": 101,
        "enabled_at_s": 100,
    } | change
    factors = asked.pop("before") * PERCENT, asked.pop("after") * PERCENT
    bounds = {"factor_max": 45 * PERCENT, "factor_min_after": 40 * PERCENT}
    assert pnl_cut_fault(*factors, **bounds, **asked) is fault
