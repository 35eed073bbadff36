"""Value and margin in quanta: which way each division rounds, and who is riskier."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual import QuantaMarket, QuantaRisk, fill_quote

TERMS = {"initial_ppm": 200_000, "maintenance_ppm": 500_000}
BTC = QuantaMarket.of(5_000_000_000, price_exponent=-5, base_exponent=-8, **TERMS)

markets = st.builds(
    QuantaMarket,
    price=st.integers(1, 10**9),
    exponent=st.integers(-12, 4),
    initial_ppm=st.integers(0, 10**6),
    maintenance_ppm=st.integers(0, 10**6),
)
risks = st.builds(QuantaRisk, *(st.integers(-(10**6), 10**6), st.just(0), st.integers(0, 10**6)))


@given(markets, st.integers(-(10**12), 10**12))
def test_a_notional_is_cut_towards_zero_and_margins_are_rounded_up(market, size):
    risk = market.risk(size)
    exact = Fraction(size * market.price) * Fraction(10) ** market.exponent
    assert abs(risk.net) <= abs(exact) < abs(risk.net) + 1
    assert risk.net * exact >= 0
    initial = Fraction(abs(risk.net) * market.initial_ppm, 10**6)
    assert initial <= risk.initial < initial + 1
    maintenance = Fraction(risk.initial * market.maintenance_ppm, 10**6)
    assert maintenance <= risk.maintenance < maintenance + 1
    assert market.risk(-size) == (-risk.net, risk.initial, risk.maintenance)


@given(markets, st.integers(-(10**12), 10**12))
def test_the_size_of_a_notional_is_cut_towards_zero(market, notional):
    size = market.size_of(notional)
    exact = Fraction(notional, market.price) / Fraction(10) ** market.exponent
    assert abs(size) <= abs(exact) < abs(size) + 1


# dYdX, v4-chain, x/clob/keeper/liquidations_test.go, TestIsLiquidatable, 2023: 0.1 BTC at 50,000
# USD, initial margin 20 percent and half of it to keep.
@pytest.mark.parametrize(
    ("cash", "liquidatable"), [(-4_000, False), (-4_500, False), (-4_501, True)]
)
def test_an_account_is_liquidatable_below_its_maintenance_margin(cash, liquidatable):
    account = BTC.risk(10_000_000).plus(QuantaRisk(cash * 10**6, 0, 0))
    assert account.liquidatable is liquidatable


@pytest.mark.parametrize("net", [-1, 0, 1])
def test_an_account_without_positions_is_not_liquidatable(net):
    assert not QuantaRisk(net, 0, 0).liquidatable


@given(risks, risks)
def test_the_riskier_account_has_less_for_its_margin(first, second):
    assert first.compared(second) == -second.compared(first)
    if first.maintenance and second.maintenance:
        here = Fraction(first.net, first.maintenance)
        there = Fraction(second.net, second.maintenance)
        assert first.compared(second) == (there > here) - (there < here)


@given(risks, risks)
def test_a_position_that_joins_and_leaves_changes_nothing(account, position):
    assert account.plus(position).less(position) == account


@given(st.integers(0, 10**15), st.integers(0, 10**12), st.integers(-12, 4))
def test_the_quote_of_a_fill_is_rounded_down(subticks, size, exponent):
    exact = Fraction(subticks * size) * Fraction(10) ** exponent
    quote = fill_quote(subticks, size, exponent=exponent)
    assert quote <= exact < quote + 1


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"price": 0}, "price must be > 0"),
        ({"initial_ppm": 10**6 + 1}, "initial_ppm must be in"),
        ({"maintenance_ppm": -1}, "maintenance_ppm must be in"),
    ],
)
def test_a_market_without_price_or_with_more_than_all_is_refused(change, rule):
    with pytest.raises(InvalidInputError, match=rule):
        QuantaMarket(**({"price": 1, "exponent": 0} | TERMS | change))
