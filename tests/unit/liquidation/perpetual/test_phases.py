"""The phases of one health number: published cases of both, and what health is afterwards."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, strategies as st

from hullmark.core import exactly
from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import (
    PerpTerms,
    balance_to_zero_health,
    reduced_perp,
    token_swap,
)

D = Decimal


def perp(base_weight, overall_weight, profit_fee):
    return PerpTerms(
        lot_price=D(1),
        asset_weight=D(base_weight),
        liability_weight=2 - D(base_weight),
        overall_weight=D(overall_weight),
        profit_fee=D(profit_fee),
    )


# Mango v4, programs/mango-v4/src/instructions/perp_liq_base_or_positive_pnl.rs, test cases of 2024:
# weights of base and profit and the fee; spot, lots, quote and another token of the account; spot,
# lots and quote afterwards; what the liquidator wants.
CASES = [
    ((0.9, 0.9, 0), (0, 0, 0, 0), (0, 0, 0), (0, 100)),
    ((0.5, 0.5, 0), (5, -10, 0, 0), (5, -9, -1), (1, 100)),
    ((0.5, 0.5, 0), (5, -10, 0, 0), (5, 0, -10), (20, 100)),
    ((0.5, 0.5, 0), (5, -4, 0, 0), (5, -2, -2), (20, 100)),
    ((0.5, 0.5, 0), (5, 20, -20, 0), (5, 19, -19), (1, 100)),
    ((0.5, 0.5, 0), (0, 20, -30, 0), (0, 0, -10), (100, 100)),
    ((0.5, 0.5, 0), (5, 20, -20, 0), (5, 10, -10), (100, 100)),
    ((0.5, 0.8, 0), (-20, 20, 5, 0), (0, 10, -5), (100, 100)),
    ((0.5, 0.5, 0), (-19, 20, 10, 0), (-1, 20, -8), (100, 100)),
    ((0.5, 0.5, 0), (-25, 20, 10, 0), (0, 10, -5), (100, 100)),
    ((0.5, 0.5, 0), (-23, 20, 10, 0), (-2, 10, -1), (100, 21)),
    ((0.5, 0.5, 0), (-25, 20, 10, 0), (-4, 18, -9), (2, 100)),
    ((0.5, 0.5, 0), (-25, 20, 10, 0), (-4, 16, -7), (4, 21)),
    ((0.5, 0.5, 0), (-20, 20, 10, 0), (-15, 10, 15), (10, 5)),
    ((0.5, 0.5, 0), (-20, 20, 10, 0), (-20, 0, 30), (100, 0)),
    ((0.5, 0, 0), (-20, 20, 10, 0), (-20, 20, 10), (10, 0)),
    ((0.5, 0, 0), (-20, 20, 10, 0), (-15, 20, 5), (10, 5)),
    ((0.5, 0, 0), (-30, 20, 10, 0), (-7.5, 15, -7.5), (5, 30)),
    ((0.5, 0, 0), (-25, 20, 10, 0), (0, 10, -5), (200, 200)),
    ((0.5, 0, 0), (2, 60, -35, -2), (2, 50, -25), (200, 200)),
    ((0.5, 0, 0), (-7, 60, -20, -3), (3, 60, -30), (200, 200)),
    ((0.5, 0, 0), (-7, 60, -30, -3), (3, 40, -20), (200, 200)),
    ((0.5, 0.5, 0), (-7, 60, -20, -3), (-7, 40, 0), (200, 0)),
    ((0.5, 0.5, 0), (-7, 70, -40, -100), (3, 0, 20), (200, 10)),
    ((0.5, 0.5, 0), (-7, 70, -30, -100), (8, 10, 15), (60, 15)),
    ((0.5, 0.5, 0.25), (-7, 70, -30, -100), (8, 10, 10), (60, 20)),
    ((0.5, 0.5, 0.25), (-7, 70, -30, -12), (8, 24, -4), (60, 20)),
    ((0.5, 0.5, 0.25), (-7, 70, -30, -6), (5.75, 45, -22), (60, 20)),
    ((0.5, 0.5, 0.25), (-7, 70, -30, 4), (-5.5, 70, -32), (60, 20)),
]


@pytest.mark.parametrize(("weights", "begun", "ended", "wanted"), CASES)
def test_a_perpetual_is_reduced_as_far_as_health_needs(weights, begun, ended, wanted):
    terms = perp(*(str(w) for w in weights))
    spot, lots, quote, other = (D(str(value)) for value in begun)
    weight = terms.asset_weight if lots > 0 else terms.liability_weight
    unsettled = quote + lots * weight
    token = spot + (unsettled if unsettled < 0 else unsettled * terms.overall_weight)
    if lots == 0:
        return
    found = reduced_perp(
        int(lots),
        unsettled=unsettled,
        token=token,
        health=token + other,
        terms=terms,
        lots_max=wanted[0],
        profit_max=wanted[1],
    )
    side = 1 if lots > 0 else -1
    assert spot + found.received(terms) == D(str(ended[0]))
    assert lots - side * found.lots == ended[1]
    assert quote + side * found.lots - found.profit == D(str(ended[2]))


@given(
    st.integers(-100, 100).filter(bool),
    st.integers(-100, 100),
    st.integers(-100, 100),
    st.integers(0, 100),
    st.integers(0, 100),
    st.sampled_from(["0", "0.3", "0.9"]),
)
def test_health_ends_where_the_account_does_and_never_falls(
    lots, quote, spot, most, profit, overall
):
    terms = perp("0.8", overall, "0.05")
    weight = terms.asset_weight if lots > 0 else terms.liability_weight

    def counted(unsettled):
        return unsettled if unsettled < 0 else unsettled * terms.overall_weight

    unsettled = quote + lots * weight
    begun = spot + counted(unsettled)
    found = reduced_perp(
        lots,
        unsettled=unsettled,
        token=begun,
        health=begun,
        terms=terms,
        lots_max=most,
        profit_max=profit,
    )
    side = 1 if lots > 0 else -1
    left = lots - side * found.lots
    assert found.lots <= min(abs(lots), most)
    assert 0 <= found.profit <= profit
    assert found.health >= min(begun, 0)
    with exactly():
        after = quote + side * found.lots - found.profit + left * weight
        actual = spot + found.received(terms) + counted(after)
    assert abs(after - found.unsettled) < D("1e-50")
    assert abs(actual - found.health) < D("1e-50")
    assert begun < 0 or (found.lots, found.profit) == (0, 0)


def test_a_perpetual_whose_closing_frees_nothing_is_refused():
    with pytest.raises(InvalidInputError, match="closing a lot must free more than 0"):
        reduced_perp(
            1, unsettled=-1, token=-1, health=-1, terms=perp(1, 0, 0), lots_max=1, profit_max=1
        )
    with pytest.raises(InvalidInputError, match="lots must not be 0"):
        reduced_perp(
            0, unsettled=-1, token=-1, health=-1, terms=perp("0.5", 0, 0), lots_max=1, profit_max=1
        )
    with pytest.raises(InvalidInputError, match="profit_fee must be < 1"):
        perp("0.5", 0, 1)


@given(
    st.decimals("-1000", "1000", places=2),
    st.decimals("-1000", "1000", places=2),
    st.decimals("0.1", "1", places=1),
)
def test_what_is_added_brings_health_to_zero_across_the_sign_of_the_balance(
    health, balance, weight
):
    debt = 2 - weight

    def counted(amount):
        return amount * (weight if amount > 0 else debt)

    added = balance_to_zero_health(health, balance, asset_price=weight, liability_price=debt)
    gained = counted(balance + added) - counted(balance)
    assert added == 0 if health >= 0 else abs(gained + health) < D("1e-20")


def test_a_token_that_counts_nothing_cannot_help():
    assert balance_to_zero_health(-4, -5, asset_price=0, liability_price=1) == 4
    with pytest.raises(InvalidInputError, match="asset_price must be > 0 to help"):
        balance_to_zero_health(-6, -5, asset_price=0, liability_price=1)


SWAP = {
    "liability_price": D(10),
    "liability_weight": D("1.2"),
    "asset_price": D(2),
    "asset_weight": D("0.8"),
    "liability_fee": D("0.02"),
    "asset_fee": D("0.01"),
    "liability_platform_fee": D("0.01"),
    "asset_platform_fee": D("0.005"),
}


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_swap_ends_at_zero_health_or_where_a_side_runs_out(lacking, liability, asset, wanted):
    swap = token_swap(-lacking, liability=liability, asset=asset, liability_max=wanted, **SWAP)
    assert swap.liability == min(swap.needed, swap.possible, liability, wanted)
    with exactly():
        gain = swap.liability * 10 * D("1.2") - swap.asset_paid * 2 * D("0.8")
        over = gain - lacking
        assert swap.asset_paid == swap.asset_received + swap.fee
    assert swap.asset_paid <= asset
    assert over < D("1e-45")
    assert swap.liability != swap.needed or over > D("-1e-45")


def test_a_swap_pays_both_fees_on_top_of_each_other():
    swap = token_swap(-(10**9), liability=100, asset=10**6, **SWAP)
    assert swap.liability == 100
    assert swap.asset_received == 500 * D("1.02") * D("1.01")
    assert swap.asset_paid == 500 * D("1.03") * D("1.015")


def test_a_healthy_account_swaps_nothing_and_fees_above_the_weights_are_refused():
    assert token_swap(5, liability=1, asset=1, **SWAP).liability == 0
    with pytest.raises(InvalidInputError, match="the swap must raise health"):
        token_swap(-5, liability=1, asset=1, **(SWAP | {"asset_fee": D("0.5")}))


def test_no_context_of_the_caller_changes_what_is_lacking():
    prices = {"asset_price": "0.7", "liability_price": "1.3"}
    swap = {
        "liability": 100,
        "liability_price": 1,
        "liability_weight": "1.2",
        "asset": 100,
        "asset_price": 1,
        "asset_weight": "0.8",
    }
    found = balance_to_zero_health("-9.87654321", 0, **prices), token_swap("-9.87654321", **swap)
    with localcontext(prec=3):
        assert balance_to_zero_health("-9.87654321", 0, **prices) == found[0]
        assert token_swap("-9.87654321", **swap) == found[1]
