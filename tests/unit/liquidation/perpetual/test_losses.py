"""The phase of losses: published cases, and that every part of a loss has one who takes it."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.core import exactly
from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import balance_above_zero_health, perp_loss, token_loss

D = Decimal


# Mango v4, programs/mango-v4/src/instructions/perp_liq_negative_pnl_or_bankruptcy.rs, test cases of
# 2024: price of the settle token and the fund's; settle token, loss, another token, fund and settle
# limit; what the liquidator wants; settled, taken for the fund's cash, that cash, and shared.
@pytest.mark.parametrize(
    ("prices", "begun", "wanted", "ended"),
    [
        ((2, 3), (40, -50, -36, 6, 100), 10, (10, 0, 0, 0)),
        ((2, 3), (40, -50, -36, 100, 100), 29, (20, 9, 6, 0)),
        ((2, 3), (40, -50, -36, 100, 10), 19, (10, 9, 6, 0)),
        ((2, 3), (5, -20, 30, 0, 100), 100, (18.63, 0, 0, 1.36)),
        ((2, 1), (0, -5, 2.2, 0, 0), 0, (0, 0, 0, 4)),
        ((2, 1), (4, -5, -3.6, 0, 0), 0, (0, 0, 0, 3)),
        ((2, 1), (4, -5, -3.6, 0, 0), 100, (0, 0, 0, 3)),
        ((2, 3), (40, -50, -36, 6, 0), 100, (0, 9, 6, 21)),
        ((2, 3), (40, -50, -36, 6, 0), 3, (0, 3, 2, 0)),
        ((2, 3), (40, -50, -36, 1000, 0), 100, (0, 30, 20, 0)),
        ((2, 3), (40, -50, -36, 6, 100), 40, (20, 9, 6, 21)),
        ((2, 3), (10, -50, 9, 6, 100), 40, (14.09, 9, 6, 26.91)),
    ],
)
def test_a_loss_is_settled_then_bought_and_then_shared(prices, begun, wanted, ended):
    price, fund_price = prices
    cash, pnl, other, fund, limit = (D(str(value)) for value in begun)
    weights = {"asset_price": price * D("0.9"), "liability_price": price * D("1.1")}

    def counted(balance):
        return balance * weights["asset_price" if balance > 0 else "liability_price"]

    found = perp_loss(
        -pnl,
        settle_max=balance_above_zero_health(counted(cash) + other, cash, **weights),
        settleable=min(-pnl, limit),
        health=counted(cash + pnl) + other,
        token=cash + pnl,
        token_asset_price=weights["asset_price"],
        token_liability_price=weights["liability_price"],
        token_price=price,
        fund=int(fund),
        fund_price=fund_price,
        wanted=wanted,
    )
    for part, expected in zip(found[:4], ended, strict=True):
        assert abs(part - D(str(expected))) < D("0.01")


amounts = st.integers(0, 10**6)


@given(amounts, amounts, amounts, st.integers(-(10**6), 10**6), amounts, amounts, amounts)
def test_every_part_of_a_loss_is_taken_once(loss, health_limit, limit, token, fund, wanted, short):
    found = perp_loss(
        loss,
        settle_max=health_limit,
        settleable=limit,
        health=-short,
        token=token,
        token_asset_price="0.9",
        token_liability_price="1.1",
        token_price=2,
        fund=fund,
        fund_price=3,
        fee="0.05",
        wanted=wanted,
    )
    with exactly():
        total = found.settled + found.taken + found.socialised + found.left
        assert abs(total - loss) < D("1e-40")
        assert found.settled + found.taken <= wanted
    assert min(found) >= 0
    assert 0 <= found.insurance <= fund
    assert found.settled <= min(health_limit, limit)
    assert found.socialised == 0 or found.insurance == fund


# A debt of 3 at 20 USD, paid in a token of 2 USD with a tenth on top: 33 of the fund.
def test_a_debt_is_bought_with_the_fund_and_what_it_lacks_is_shared():
    terms = {"price": 20, "fund_price": 2, "fee": "0.1"}
    whole = token_loss(3, fund=100, wanted=9, **terms)
    assert (whole.insurance, whole.taken, whole.socialised, whole.left) == (33, 3, 0, 0)
    poor = token_loss(3, fund=22, wanted=9, **terms)
    assert (poor.insurance, poor.taken, poor.socialised, poor.left) == (22, 2, 1, 0)
    part = token_loss(3, fund=100, wanted=1, **terms)
    assert (part.insurance, part.taken, part.socialised, part.left) == (11, 1, 0, 2)
    empty = token_loss(3, fund=0, wanted=0, **terms)
    assert (empty.insurance, empty.taken, empty.socialised, empty.left) == (0, 0, 3, 0)


def test_a_unit_of_the_fund_may_buy_a_little_more_than_was_wanted():
    found = token_loss("0.05", price=2, fund=9, wanted=1)
    assert (found.insurance, found.taken, found.left) == (1, D("0.5"), 0)


def test_a_fund_below_zero_is_refused_by_both():
    with pytest.raises(InvalidInputError, match="fund must be >= 0, was -1"):
        token_loss(1, price=1, fund=-1, wanted=1)
    with pytest.raises(InvalidInputError, match="fund must be >= 0, was -1"):
        perp_loss(
            1,
            settle_max=0,
            settleable=0,
            health=0,
            token=0,
            token_asset_price=1,
            token_liability_price=1,
            token_price=1,
            fund=-1,
            wanted=1,
        )
