"""Liquidation in shares, before and at the threshold: each side against the liquidator."""

import pytest
from hypothesis import assume, given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    PRICE_SCALE,
    DebtShares,
    PreLiquidation,
    incentive_factor_wad,
    pre_liquidate,
    pre_liquidation_terms,
    share_liquidate,
)

WAD = 10**18
RULE = PreLiquidation(
    start=8 * WAD // 10, end=9 * WAD // 10, close_first=WAD // 10, close_last=WAD,
    incentive_first=WAD, incentive_last=105 * WAD // 100,
)  # fmt: skip


def at(debt, **given_side):
    """Return a step of a position with 1,000 of collateral at a price of one."""
    market = DebtShares(debt * WAD, debt * WAD * 10**6)
    return pre_liquidate(
        RULE, collateral=1_000 * WAD, price=PRICE_SCALE, debt_shares=market.shares, market=market,
        **given_side,
    )  # fmt: skip


def test_shares_are_rounded_against_who_holds_the_debt():
    market = DebtShares(7, 3 * 10**6)
    assert market.assets_down(10**6) == 2
    assert market.assets_up(10**6 + 1) == 3
    assert market.shares_up(1) == 500_000
    assert market.shares_up(3) == 1_500_000


@pytest.mark.parametrize(
    ("debt", "incentive", "close"),
    [(825, 10_125, 3_250), (850, 10_250, 5_500), (875, 10_375, 7_750), (900, 10_500, 10_000)],
)
def test_bonus_and_close_factor_grow_along_a_line(debt, incentive, close):
    market = DebtShares(debt * WAD, debt * WAD * 10**6)
    terms = pre_liquidation_terms(
        RULE, collateral=1_000 * WAD, price=PRICE_SCALE, debt_shares=market.shares, market=market
    )
    assert terms.loan_to_value == debt * WAD // 1_000
    assert terms.incentive == incentive * WAD // 10_000
    assert terms.close_factor == close * WAD // 10_000
    assert terms.repayable_shares == market.shares * close // 10_000


def test_a_position_outside_the_two_levels_is_not_pre_liquidated():
    with pytest.raises(InvalidInputError, match="to be pre-liquidated, was 800000000000000000000"):
        at(800, seized=1)
    with pytest.raises(InvalidInputError, match="or it is liquidated, was 901000000000000000000"):
        at(901, seized=1)


def test_what_is_seized_is_paid_for_at_the_incentive():
    found = at(850, seized=205 * WAD)
    assert found.repaid == 200 * WAD
    assert found.incentive == 1025 * WAD // 1_000
    assert found.market.assets == 650 * WAD
    shares = at(850, repaid_shares=found.repaid_shares)
    assert 0 <= found.seized - shares.seized <= 1
    assert (found.bad_debt, found.bad_debt_shares) == (0, 0)


def test_no_more_than_the_close_factor_is_repaid():
    market = DebtShares(850 * WAD, 850 * WAD * 10**6)
    most = market.shares * 55 // 100
    assert at(850, repaid_shares=most).repaid_shares == most
    with pytest.raises(InvalidInputError, match=f"repaid_shares must be <= {most}, was {most + 1}"):
        at(850, repaid_shares=most + 1)


# The bonus of these terms is more than the buffer: at 88 % the line is 1.15 * 0.9.
def test_a_step_that_makes_a_position_liquidatable_is_refused():
    rule = PreLiquidation(
        start=8 * WAD // 10, end=9 * WAD // 10, close_first=WAD, close_last=WAD,
        incentive_first=115 * WAD // 100, incentive_last=115 * WAD // 100,
    )  # fmt: skip
    market = DebtShares(880 * WAD, 880 * WAD * 10**6)
    terms = {"collateral": 1_000 * WAD, "price": PRICE_SCALE, "debt_shares": market.shares}
    assert pre_liquidate(rule, **terms, market=market, seized=100 * WAD).seized == 100 * WAD
    for seized in (900, 1_000):
        with pytest.raises(InvalidInputError, match="after the step"):
            pre_liquidate(rule, **terms, market=market, seized=seized * WAD)


@pytest.mark.parametrize("sides", [{}, {"seized": 1, "repaid_shares": 1}])
def test_one_side_of_a_step_is_given(sides):
    with pytest.raises(InvalidInputError, match="one of seized and repaid_shares must be 0"):
        at(850, **sides)


@pytest.mark.parametrize(
    ("change", "name"),
    [({"start": 9 * WAD // 10}, "start"), ({"close_first": 2 * WAD}, "close_first"),
     ({"incentive_first": WAD - 1}, "incentive_first")],
)  # fmt: skip
def test_terms_that_do_not_rise_are_refused(change, name):
    terms = {
        "start": RULE.start, "end": RULE.end, "close_first": RULE.close_first,
        "close_last": RULE.close_last, "incentive_first": RULE.incentive_first,
        "incentive_last": RULE.incentive_last,
    }  # fmt: skip
    with pytest.raises(InvalidInputError, match=f"{name} must be in"):
        PreLiquidation(**{**terms, **change})


def liquidated(debt, threshold=8 * WAD // 10, collateral=100 * WAD, lent=10**6, **given_side):
    market = DebtShares(lent * WAD, lent * WAD * 10**6)
    return share_liquidate(
        threshold, collateral=collateral, price=PRICE_SCALE, debt_shares=debt * WAD * 10**6,
        market=market, **given_side,
    )  # fmt: skip


def test_a_healthy_position_is_not_liquidated():
    with pytest.raises(InvalidInputError, match="to be liquidated, was 80000000000000000000"):
        liquidated(80, seized=1)
    assert liquidated(81, seized=1).seized == 1


def test_where_no_collateral_is_left_the_rest_of_the_debt_is_lost_at_once():
    found = liquidated(99, seized=100 * WAD)
    assert found.incentive == incentive_factor_wad(8 * WAD // 10)
    assert 94 * WAD <= found.repaid <= 94 * WAD + 100
    assert found.bad_debt == 99 * WAD - found.repaid
    assert found.market.assets == (10**6 - 99) * WAD
    assert found.market.shares == (10**6 - 99) * WAD * 10**6


def test_more_than_there_is_cannot_be_taken_or_repaid():
    with pytest.raises(InvalidInputError, match="seized must be <= "):
        liquidated(99, seized=100 * WAD + 1)
    with pytest.raises(InvalidInputError, match="repaid_shares must be <= "):
        liquidated(81, repaid_shares=81 * WAD * 10**6 + 1)


@given(
    st.integers(1, 10**24), st.integers(1, 10**24), st.integers(0, WAD), st.integers(1, 10**24),
    st.integers(10**30, 10**42),
)  # fmt: skip
def test_a_liquidator_never_takes_more_than_the_incentive(debt, collateral, threshold, part, price):
    market = DebtShares(debt, debt * 10**6)
    assume(debt > collateral * price // PRICE_SCALE * threshold // WAD)
    seized = 1 + part % collateral
    try:
        found = share_liquidate(
            threshold, collateral=collateral, price=price, debt_shares=market.shares,
            market=market, seized=seized,
        )  # fmt: skip
    except InvalidInputError:
        # It would have to repay more than all of the debt.
        assert seized * price * WAD > debt * PRICE_SCALE * incentive_factor_wad(threshold)
        return
    assert found.seized * price * WAD <= found.repaid * PRICE_SCALE * found.incentive
    assert found.market.assets >= 0
    assert found.bad_debt == 0 or found.seized == collateral
