"""A liquidation call of Aave: refusals in order, close factor, dust, fee and bad debt."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import UnitPrice
from hullmark.rulebooks.aave import (
    V3_0,
    V3_3,
    V3_5,
    V3_7,
    CallRefused,
    Collateral,
    Debt,
    account_values,
    liquidation_call,
)

DOLLAR = UnitPrice(10**8, 1)
WAD = 10**18


def collateral(amount, threshold=8_500, bonus=10_500, fee=0, price=DOLLAR):
    return Collateral(amount, price, threshold, bonus, fee)


def call(held, owed, rules=V3_7, *, seized=0, repaid=0, to_cover=None):
    held = [held] if isinstance(held, Collateral) else held
    owed = owed if isinstance(owed, list) else [owed]
    debts = [Debt(amount, DOLLAR) for amount in owed]
    return liquidation_call(rules, held, debts, seized=seized, repaid=repaid, to_cover=to_cover)


def test_the_health_of_an_account_is_over_all_it_has_and_owes():
    held = [collateral(1_000, 8_000), collateral(500, 6_000), collateral(10**6, 0)]
    values = account_values(V3_7, held, [Debt(900, DOLLAR), Debt(100, DOLLAR)])
    assert (values.collateral, values.debt) == (1_500 * 10**8, 1_000 * 10**8)
    assert values.health == 11 * WAD // 10
    assert account_values(V3_7, held, []).health is None


def test_an_older_version_averages_thresholds_first():
    held = [collateral(1_000, 8_001), collateral(2_000, 8_000)]
    debts = [Debt(1_000, DOLLAR)]
    assert account_values(V3_7, held, debts).health == 24_001 * WAD // 10_000
    assert account_values(V3_0, held, debts).health == 24 * WAD // 10


@pytest.mark.parametrize(
    ("held", "owed", "refused"),
    [
        (collateral(1_000), 850, CallRefused.HEALTHY),
        (collateral(1_000), 0, CallRefused.HEALTHY),
        ([collateral(1_000, 0), collateral(1_000)], 900, CallRefused.NOT_COLLATERAL),
        ([collateral(0), collateral(1_000)], 900, CallRefused.NOT_COLLATERAL),
        (collateral(1_000), [0, 900], CallRefused.NOT_BORROWED),
    ],
)
def test_a_call_is_refused_by_the_first_rule_that_it_breaks(held, owed, refused):
    found = call(held, owed)
    assert found.refused is refused
    assert (found.seizure, found.debt_max, found.bad_debt) == (None, 0, False)
    assert not any(found.deficits)


def test_near_health_half_of_all_debts_is_the_most():
    found = call(collateral(10_000), [4_400, 4_400])
    assert found.debt_max == 4_400
    assert (found.seizure.seized, found.debt_left, found.collateral_left) == (4_620, 0, 5_380)
    older = call(collateral(10_000), [4_400, 4_400], V3_0)
    assert (older.debt_max, older.debt_left) == (2_200, 2_200)


def test_far_from_health_all_of_a_debt_is():
    found = call(collateral(10_000), 9_000)
    assert found.before.health < 95 * WAD // 100
    assert (found.debt_max, found.debt_left) == (9_000, 0)


def test_a_liquidator_can_offer_less():
    assert call(collateral(10_000), 8_800, to_cover=1_000).seizure.seized == 1_050
    assert call(collateral(10_000), 8_800, to_cover=10**9).seizure.repaid == 4_400
    with pytest.raises(InvalidInputError, match="to_cover must be >= 0, was -1"):
        call(collateral(10_000), 8_800, to_cover=-1)


# Aave, docs/3.3/Aave-v3.3-features.md [0c6fac8], 2.2: a pair of which one side is small can be
# cleared at a health of 0.96, where half of each debt was the most before. Its amounts are doubled
# here, as is the limit since.
def test_a_small_side_of_a_position_can_be_cleared():
    held = [collateral(4_600, 8_000, 10_000), collateral(1_600, 8_000, 10_000)]
    owed = [1_800, 3_400]
    assert 95 * WAD // 100 < call(held, owed).before.health < WAD
    assert call(held, owed, repaid=0).debt_left == 0
    taken = call(held, owed, seized=1, repaid=1)
    assert (taken.collateral_left, taken.seizure.repaid) == (0, 1_600)


# The same document, 2.3, with the amounts doubled: 800 and 2,000 of collateral, 1,800 and 800 owed.
# One may clear a debt or a collateral, or leave 1,000 of both.
@pytest.mark.parametrize(
    ("seized", "repaid", "to_cover", "refused"),
    [
        (1, 1, 800, None),
        (0, 0, 800, None),
        (1, 0, 800, None),
        (1, 0, 801, CallRefused.DUST),
        (1, 0, 1_000, CallRefused.DUST),
        (1, 0, 1_800, None),
        (0, 0, 799, CallRefused.DUST),
        (1, 1, 799, CallRefused.DUST),
    ],
)
def test_no_dust_may_be_left(seized, repaid, to_cover, refused):
    held = [collateral(800, 8_730, 10_000), collateral(2_000, 8_730, 10_000)]
    terms = {"seized": seized, "repaid": repaid, "to_cover": to_cover}
    assert call(held, [1_800, 800], **terms).refused is refused
    assert call(held, [1_800, 800], V3_0, **terms).refused is None


def test_a_call_that_leaves_dust_says_what_it_would_have_left():
    found = call(collateral(2_000), 1_900, to_cover=1_000)
    assert found.refused is CallRefused.DUST
    assert (found.seizure.seized, found.collateral_left, found.debt_left) == (1_050, 950, 900)
    assert not any(found.deficits)


def test_the_fee_is_or_is_not_left_by_version():
    held = collateral(3_100, 8_500, 11_000, 5_000)
    # 1,909 at 110 % are 2,099; the fee is half of the bonus, 96.
    found = call(held, 3_000, to_cover=1_909)
    assert (found.seizure.seized, found.seizure.fee, found.collateral_left) == (2_099, 96, 1_001)
    held = held._replace(amount=3_090)
    assert call(held, 3_000, to_cover=1_909).refused is CallRefused.DUST
    assert call(held, 3_000, V3_5, to_cover=1_909).refused is CallRefused.DUST
    assert call(held, 3_000, V3_3, to_cover=1_909).refused is None


def test_where_no_collateral_is_left_every_debt_is_burned_and_booked():
    found = call(collateral(1_000), [900, 300])
    assert not found.bad_debt
    assert (found.seizure.seized, found.seizure.repaid, found.collateral_left) == (945, 900, 55)
    found = call(collateral(900), [900, 300])
    assert found.seizure.repaid == 858
    assert (found.bad_debt, found.deficits) == (True, (42, 300))
    assert call(collateral(900), [900, 300], V3_0).deficits == (0, 0)


def test_what_is_left_in_another_collateral_keeps_the_debts():
    found = call([collateral(900), collateral(1, 8_500)], [900, 300])
    assert (found.bad_debt, found.deficits) == (False, (0, 0))


def test_what_is_worth_nothing_in_base_units_is_nothing():
    dust = UnitPrice(1, 10**18)
    found = call([collateral(900), collateral(5, price=dust)], [900, 300])
    assert found.bad_debt


def test_an_odd_price_is_rounded_as_the_version_does():
    held = collateral(10**9, price=UnitPrice(3, 7))
    debts = [Debt(401_337_001, UnitPrice(1, 1))]
    for rules in (V3_0, V3_3, V3_5, V3_7):
        small = replace(rules, left_min=None)
        taken = liquidation_call(small, [held], debts, seized=0, repaid=0, to_cover=1_001).seizure
        assert taken.base_collateral == 1_001 * 7 // 3
        half_up = (taken.base_collateral * 10_500 + 5_000) // 10_000
        assert taken.seized == (taken.base_collateral * 105 // 100 if rules is V3_7 else half_up)


@given(
    st.integers(1, 10**12), st.integers(1, 10**12), st.integers(5_000, 9_500),
    st.integers(10_000, 11_500), st.integers(0, 5_000), st.sampled_from([V3_0, V3_3, V3_5, V3_7]),
)  # fmt: skip
def test_a_call_that_goes_through_leaves_nothing_unaccounted_for(
    held, owed, threshold, bonus, fee, rules
):
    found = call(collateral(held, threshold, bonus, fee), owed, rules)
    assume(found.refused is None)
    assert found.collateral_left + found.seizure.seized == held
    assert found.debt_left + found.seizure.repaid == owed
    assert min(found.collateral_left, found.debt_left, found.seizure.to_liquidator) >= 0
    assert found.bad_debt == (rules.burns_bad_debt and found.collateral_left == 0)
    assert found.deficits == ((found.debt_left,) if found.bad_debt else (0,))
