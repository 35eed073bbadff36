"""Solend, June 2022: a step of liquidation larger than its market. Sources: the file."""

from decimal import ROUND_FLOOR, Decimal

import pytest

from hullmark.liquidation import Zone, bonus_step, toxic_price_of_collateral, toxicity
from hullmark.waterfall import exit_share

from .incident import load

FACTS = {key: Decimal(value) for key, value in load("solend-2022")["facts"].items()}
STEPS_MAX = 500
NEAR, CENT = Decimal("0.02"), Decimal("0.01")


def health(held, owed, price):
    """Return the health factor."""
    return held * price * FACTS["threshold"] / owed


def plan(*, close_factor, bonus, gated=False):
    """Return the zone before each step of a liquidation, and the account at its end.

    Every step sells what it takes into the book, which pushes the price; a part of the push is
    back until the next one. It ends with the cure, at the gate, or when nothing can be taken.
    """
    held, owed, price = FACTS["held_sol"], FACTS["owed_usd"], FACTS["liquidated_below_usd"]
    price -= Decimal("0.02")
    seen = []
    for _ in range(STEPS_MAX):
        factor = health(held, owed, price)
        if factor >= 1 or owed < 1 or held * price < 1:
            break
        zone = toxicity(factor, threshold=FACTS["threshold"], bonus=bonus, near=NEAR).zone
        if gated and zone is Zone.TOXIC:
            break
        seen.append(zone)
        repaid = min(owed * close_factor, held * price / (1 + bonus)).quantize(CENT, ROUND_FLOOR)
        weighted = held * price * FACTS["threshold"]
        after = bonus_step(weighted, owed, repaid, threshold=FACTS["threshold"], bonus=bonus)
        held, owed = after.weighted_collateral / FACTS["threshold"] / price, after.debt
        push = 2 * exit_share(repaid * (1 + bonus), FACTS["depth_usd"])  # where it leaves the price
        price *= 1 - min(push, Decimal("0.9")) * (1 - FACTS["recovers"])
    return seen, held, owed, price


def test_the_published_price_is_that_of_a_health_of_one():
    found = FACTS["owed_usd"] / FACTS["held_sol"] / FACTS["threshold"]
    assert found == pytest.approx(FACTS["liquidated_below_usd"], abs=Decimal("0.02"))


def test_the_line_is_known_while_the_account_is_healthy():
    assert health(FACTS["held_sol"], FACTS["owed_usd"], FACTS["price_usd"]) > Decimal("1.5")
    terms = {"debt": FACTS["owed_usd"], "threshold": FACTS["threshold"]}
    before, after = (
        toxic_price_of_collateral(FACTS["held_sol"], bonus=FACTS[key], **terms)
        for key in ("bonus", "bonus_after")
    )
    assert before == pytest.approx(Decimal("19.89"), abs=Decimal("0.01"))
    assert after == pytest.approx(Decimal("19.33"), abs=Decimal("0.01"))


def test_one_step_sells_more_than_the_book_has():
    step = FACTS["owed_usd"] * FACTS["close_factor"]
    assert step == pytest.approx(21_000_000, rel=0.03)  # as published
    large, small = (exit_share(step * part, FACTS["depth_usd"]) for part in (1, Decimal("0.05")))
    assert 2 * large > Decimal("0.07")  # where it leaves the price
    assert 2 * small < Decimal("0.004")


def test_large_steps_push_the_account_over_the_line_and_small_ones_cure_it():
    zones, held, owed, price = plan(close_factor=FACTS["close_factor"], bonus=FACTS["bonus"])
    assert zones.index(Zone.NEAR) < zones.index(Zone.TOXIC)  # flagged before
    assert held * price < 1
    assert owed > 900_000
    terms = {"close_factor": FACTS["close_factor_after"], "bonus": FACTS["bonus_after"]}
    zones, held, owed, price = plan(**terms)
    assert set(zones) == {Zone.SAFE}
    assert health(held, owed, price) >= 1
    assert held * price > owed


def test_with_the_gate_large_steps_end_while_the_collateral_is_worth_more_than_the_debt():
    terms = {"close_factor": FACTS["close_factor"], "bonus": FACTS["bonus"]}
    free, gated = plan(**terms), plan(**terms, gated=True)
    assert gated[0] == [zone for zone in free[0] if zone is not Zone.TOXIC]
    _, held, owed, price = gated
    assert held * price > owed


def test_in_a_book_that_does_not_refill_no_size_of_step_helps(monkeypatch):
    monkeypatch.setitem(FACTS, "recovers", Decimal(0))
    terms = {"close_factor": FACTS["close_factor_after"], "bonus": FACTS["bonus_after"]}
    zones, _, owed, _ = plan(**terms)
    assert Zone.TOXIC in zones
    assert owed > 4_000_000
