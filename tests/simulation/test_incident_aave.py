"""Aave, November 2022: seizures that leave an account worse than before. Sources: the file."""

from decimal import Decimal
from typing import NamedTuple

import pytest

from hullmark.liquidation import (
    Rounding,
    Roundings,
    UnitPrice,
    Zone,
    health_factor,
    seize,
    toxic_line,
    toxic_price_of_debt,
    toxicity,
)

from .incident import load

FACTS = load("aave-crv-2022")["facts"]
USDC, CRV, WAD = 10**6, 10**18, 10**18
THRESHOLD_BPS, BONUS_BPS = 8_900, 10_450
HALF_UP = Roundings(*[Rounding.HALF_UP] * 4)  # as `PercentageMath` of Aave v2 rounds
TERMS = {"threshold": FACTS["threshold"], "bonus": FACTS["bonus"]}
FIRST, LAST = (Decimal(FACTS[key]) for key in ("price_first", "price_last"))


class Seen(NamedTuple):
    """The account before one seizure and after it, at one price of CRV."""

    price: Decimal
    before: Decimal  # health factors
    after: Decimal | None
    zone: Zone  # before
    debt: int  # after
    collateral: int
    bonus_usd: Decimal  # that the seizure gave away


def health(debt, collateral, price):
    """Return the health factor of the account."""
    debt_value = debt * int(price * WAD) // CRV
    found = health_factor(collateral * THRESHOLD_BPS * (WAD // USDC), debt_value)
    return None if found is None else Decimal(found) / WAD


def seized(price_at, *, gated):
    """Return what each seizure did: equal parts of the debt, each at the price of its turn."""
    steps = FACTS["seizures"]
    debt, collateral = int(FACTS["owed_crv"]) * CRV, int(FACTS["held_usdc"]) * USDC
    part, seen = (debt - int(FACTS["left_crv"]) * CRV) // steps, []
    for step in range(2 * steps):
        price = price_at(min(Decimal(step) / (steps - 1), Decimal(1)))
        before = health(debt, collateral, price)
        zone = toxicity(before, **TERMS, near=FACTS["near"]).zone
        if not collateral or (gated and zone is Zone.TOXIC):
            break
        found = seize(
            min(part, int(debt * Decimal(FACTS["close_factor"]))),
            debt_price=UnitPrice(int(price * WAD), CRV),
            collateral_price=UnitPrice(WAD, USDC),
            collateral=collateral,
            bonus_bps=BONUS_BPS,
            roundings=HALF_UP,
        )
        debt, collateral = debt - found.repaid, collateral - found.seized
        worth = Decimal(found.repaid) / CRV * price
        after = health(debt, collateral, price)
        bonus = Decimal(found.seized) / USDC - worth
        seen.append(Seen(price, before, after, zone, debt, collateral, bonus))
    return seen


def rising(share):
    """Return the price after a share of the seizures."""
    return FIRST + (LAST - FIRST) * share


def test_the_path_leaves_what_was_left():
    seen = seized(rising, gated=False)
    assert (len(seen), seen[-1].collateral) == (FACTS["seizures"], 0)
    left = seen[-1].debt / CRV
    assert left == pytest.approx(float(FACTS["left_crv"]), rel=0.002)
    assert left * float(LAST) == pytest.approx(1.97e6, rel=0.02)  # 1.7 million as published


def test_the_line_was_known_before_the_first_seizure():
    weighted = Decimal(FACTS["held_usdc"]) * Decimal(FACTS["threshold"])
    price = toxic_price_of_debt(FACTS["owed_crv"], weighted_collateral=weighted, **TERMS)
    assert toxic_line(**TERMS) == Decimal("0.93005")
    assert price == pytest.approx(Decimal("0.6615"), abs=Decimal("0.0001"))
    assert Decimal("1.07") < price / FIRST < Decimal("1.08")  # a rise by less than 8 % away


def test_above_the_line_every_seizure_raises_health_and_below_it_every_one_lowers_it():
    seen = seized(rising, gated=False)
    zones = [each.zone for each in seen]
    assert zones.count(Zone.SAFE) > 20
    assert zones.count(Zone.TOXIC) > 150
    for each in seen[:-1]:
        assert (each.after > each.before) == (each.zone is not Zone.TOXIC)
    assert seen[-2].after < Decimal("0.5")  # of what is left, next to nothing is covered


def test_the_zone_is_flagged_before_it_is_entered():
    zones = [each.zone for each in seized(rising, gated=False)]
    toxic, near = zones.index(Zone.TOXIC), zones.index(Zone.NEAR)
    assert zones == sorted(zones, key=[Zone.SAFE, Zone.NEAR, Zone.TOXIC].index)  # never back
    assert toxic - near > 20


def test_with_the_gate_no_step_lowers_health_and_the_account_still_covers_its_debt():
    free, gated = seized(rising, gated=False), seized(rising, gated=True)
    assert gated == free[: len(gated)]
    assert all(each.after > each.before for each in gated)
    last = gated[-1]
    assert last.collateral / USDC > last.debt / CRV * float(last.price)
    given_away = [sum(each.bonus_usd for each in seen) for seen in (free, gated)]
    assert given_away[1] < given_away[0] * Decimal("0.45")


# The paper's point: the bad debt needs no further rise of the price, only further seizures.
def test_at_a_price_that_stands_still_behind_the_line_the_seizures_alone_make_the_bad_debt():
    def still(_):
        return Decimal("0.67")

    free, gated = seized(still, gated=False), seized(still, gated=True)
    assert gated == []
    assert free[0].zone is Zone.TOXIC
    assert free[-1].collateral == 0
    assert free[-1].debt > 10**6 * CRV
    parked_usd = Decimal(FACTS["held_usdc"]) - Decimal(FACTS["owed_crv"]) * Decimal("0.67")
    assert parked_usd > 10**6  # closed whole at that price, a million is left
