"""The toxic line: on one side every step raises health, on the other every step lowers it."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import assume, given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    Gate,
    Zone,
    bonus_step,
    gate,
    step_health_change,
    toxic_line,
    toxic_price_of_collateral,
    toxic_price_of_debt,
    toxicity,
)

TERMS = {"threshold": "0.89", "bonus": "0.045"}
SHARES = st.integers(1, 1_000).map(lambda thousandths: Decimal(thousandths) / 1_000)


@pytest.mark.parametrize(
    ("health", "zone"),
    [("0.93", Zone.TOXIC), ("0.93005", Zone.TOXIC), ("0.93006", Zone.NEAR), ("0.95005", Zone.NEAR),
     ("0.95006", Zone.SAFE), (0, Zone.TOXIC)],
)  # fmt: skip
def test_an_account_is_flagged_before_it_is_toxic(health, zone):
    assert toxic_line(**TERMS) == Decimal("0.93005")
    found = toxicity(health, **TERMS, near="0.02")
    assert (found.zone, found.line) == (zone, Decimal("0.93005"))
    assert found.distance == Decimal(health) - found.line


@given(st.integers(1, 10**6), st.integers(1, 10**6), SHARES, SHARES, SHARES)
def test_below_the_line_every_step_lowers_health_and_above_it_every_step_raises_it(
    weighted, debt, threshold, bonus, part
):
    line = toxic_line(threshold, bonus)
    repaid = part * min(Decimal(debt), weighted / line)
    assume(repaid < debt)
    with localcontext() as context:
        context.prec = 60
        before = Decimal(weighted) / debt
        step = bonus_step(
            weighted, debt, min(repaid, weighted / line), threshold=threshold, bonus=bonus
        )
    zone = toxicity(before, threshold=threshold, bonus=bonus).zone
    change = step.health_factor - before
    if weighted == line * debt:
        assert abs(change) < Decimal("1e-40")
    elif zone is Zone.TOXIC:
        assert change < 0
    else:
        assert change > 0


def test_steps_below_the_line_end_in_a_debt_that_nothing_stands_behind():
    weighted, debt = Decimal(92), Decimal(100)
    for _ in range(50):
        weighted, debt, _ = bonus_step(weighted, debt, debt / 50, **TERMS)
    assert weighted / debt < Decimal("0.92")
    assert debt > weighted


def test_a_step_can_repay_all():
    assert bonus_step(100, 90, 90, threshold="0.8", bonus="0.1").health_factor is None


def test_a_step_beyond_what_there_is_is_refused():
    with pytest.raises(InvalidInputError, match="repaid must be <= 90, the debt, was 91"):
        bonus_step(100, 90, 91, threshold="0.8", bonus="0.1")
    with pytest.raises(InvalidInputError, match=r"repaid must take <= 50, was 79\.2"):
        bonus_step(50, 90, 90, threshold="0.8", bonus="0.1")
    with pytest.raises(InvalidInputError, match=r"threshold must be in \[0, 1\], was 2"):
        toxic_line(2, 0)
    with pytest.raises(InvalidInputError, match="bonus must be >= 0, was -1"):
        toxic_line(1, -1)


@given(st.integers(-1_000, 1_000), st.integers(-1_000, 1_000), st.integers(-10, 10))
def test_no_step_that_lowers_health_is_taken(freed, lost, closed):
    change = step_health_change(freed, lost)
    assert change == freed - lost
    found = gate(freed, lost, equity_closed=closed)
    assert (found is Gate.STEP) == (change > 0)
    assert found is not Gate.CLOSE or closed >= 0
    assert found is not Gate.PARK or closed < 0


# Round numbers of the shape that Aave v2 had in November 2022: millions of dollars of a stable
# collateral against millions of a coin that was then bought up.
def test_the_price_of_a_borrowed_asset_at_which_an_account_turns_toxic():
    price = toxic_price_of_debt(92, weighted_collateral=60 * Decimal("0.89"), **TERMS)
    assert round(price, 4) == Decimal("0.6241")
    at = 60 * Decimal("0.89") / (92 * price)
    assert abs(at - toxic_line(**TERMS)) < Decimal("1e-50")


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6), SHARES, SHARES)
def test_on_either_side_of_its_toxic_price_an_account_is_on_that_side_of_the_line(
    units, weighted, other, threshold, bonus
):
    terms = {"threshold": threshold, "bonus": bonus}
    price = toxic_price_of_debt(units, weighted_collateral=weighted, other_debt=other, **terms)
    with localcontext() as context:
        context.prec = 60
        if price is None:
            assert weighted <= toxic_line(threshold, bonus) * other
            return
        for factor, zone in (("0.99", Zone.SAFE), ("1.01", Zone.TOXIC)):
            debt = other + units * price * Decimal(factor)
            assert toxicity(weighted / debt, **terms).zone is zone


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6), SHARES, SHARES)
def test_on_either_side_of_its_toxic_price_collateral_is_on_that_side_of_the_line(
    units, debt, other, threshold, bonus
):
    terms = {"threshold": threshold, "bonus": bonus}
    price = toxic_price_of_collateral(units, debt=debt, other_weighted=other, **terms)
    with localcontext() as context:
        context.prec = 60
        if price is None:
            assert other >= toxic_line(threshold, bonus) * debt
            return
        for factor, zone in (("1.01", Zone.SAFE), ("0.99", Zone.TOXIC)):
            weighted = other + units * price * Decimal(factor) * threshold
            assert toxicity(weighted / debt, **terms).zone is zone


def test_collateral_that_does_not_count_has_no_toxic_price():
    with pytest.raises(InvalidInputError, match="threshold must be > 0, was 0"):
        toxic_price_of_debt(1, weighted_collateral=1, threshold=0, bonus=0)
    with pytest.raises(InvalidInputError, match="threshold must be > 0, was 0"):
        toxic_price_of_collateral(1, debt=1, threshold=0, bonus=0)
