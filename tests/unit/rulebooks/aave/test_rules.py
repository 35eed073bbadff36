"""What changed from version to version of Aave's procedure."""

import pytest

from hullmark.liquidation import ROUNDINGS, Rounding
from hullmark.rulebooks.aave import BASE, V3_0, V3_3, V3_5, V3_7


@pytest.mark.parametrize("rules", [V3_3, V3_5, V3_7])
def test_since_3_3_half_of_all_debts_and_no_dust(rules):
    assert rules.close_factor.of_total
    assert rules.close_factor.full_below_value == 2_000 * BASE
    assert rules.left_min == rules.close_factor.full_below_value // 2
    assert rules.burns_bad_debt


def test_before_it_half_of_each_debt_and_no_size():
    assert not V3_0.close_factor.of_total
    assert V3_0.close_factor.full_below_value is V3_0.left_min is None
    assert not V3_0.burns_bad_debt


# Aave, docs/3.7/liquidation-rounding.md [4fbd744]: three roundings were half up before.
def test_3_7_rounds_against_the_liquidator():
    assert V3_7.roundings == ROUNDINGS
    assert set(V3_0.roundings) == set(V3_3.roundings) == {Rounding.HALF_UP}
    changed = [
        name
        for name, old, new in zip(ROUNDINGS._fields, V3_5.roundings, V3_7.roundings, strict=True)
        if old is not new
    ]
    assert changed == ["collateral", "base", "fee"]


# Aave, docs/3.5/Aave-v3.5-features.md [070cd23]: a debt's value is rounded up.
def test_since_3_5_debts_are_valued_up():
    kinds = [rules.debt_value for rules in (V3_0, V3_3, V3_5, V3_7)]
    assert kinds == [Rounding.FLOOR, Rounding.FLOOR, Rounding.CEIL, Rounding.CEIL]
