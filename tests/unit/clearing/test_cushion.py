"""Tiers whose maintenance margin does not pay for a penalty, its own impact and the declared gap.

A penalty of 1 % and a gap of 0.5 %. The depth of PERP is 1 000 000 USD a percent, so that an order
of 1 000 000 pays 0.5 % on average, one of 2 000 000 pays 1 %.
"""

import copy

import pytest

from hullmark.clearing import Rules, thin_tiers

from .bank import TREE


def rules(*tiers, symbol="PERP", **liquidation):
    """Return rules with such tiers: pairs of a floor in USD and a maintenance rate."""
    tree = copy.deepcopy(TREE)
    tree["liquidation"] |= {
        "penalty": "0.01",
        "gap": "0.005",
        "depth_usd": {"PERP": "1000000"},
    } | liquidation
    schedule = [{"floor_usd": f, "initial": "0.5", "maintenance": m} for f, m in tiers]
    tree["margin"]["tiered"] = tree["margin"]["tiered"] | {symbol: {"tiers": schedule}}
    return Rules.parse(tree)


@pytest.mark.parametrize(
    ("maintenance", "told"),
    [
        ("0.015", ()),  # the last tier is judged from its floor, where nothing pushes a price
        (
            "0.014999999",
            (
                "PERP tier 1: maintenance margin must pay for penalty 1.00%, impact 0.00% and gap "
                "0.50%, was 1.50% at 0 USD",
            ),
        ),
    ],
)
def test_a_single_tier_is_judged_from_its_floor(maintenance, told):
    assert thin_tiers(rules(("0", maintenance))) == told


def test_a_tier_is_judged_from_the_worse_of_its_ends():
    """Up to 2 000 000 at 2 %: at the upper end it costs 1 + 1 + 0.5 %, at the lower one 1.5 %."""
    assert thin_tiers(rules(("0", "0.02"), ("2000000", "0.1"))) == (
        "PERP tier 1: maintenance margin must pay for penalty 1.00%, impact 1.00% and gap 0.50%, "
        "was 2.00% at 2,000,000 USD",
        "PERP tier 2: maintenance margin must pay for penalty 1.00%, impact 1.00% and gap 0.50%, "
        "was 2.00% at 2,000,000 USD",
    )
    assert thin_tiers(rules(("0", "0.025"), ("2000000", "0.1"))) == ()


def test_a_margin_counts_its_lower_slices():
    """At 4 000 000, 20 000 and 108 000 of margin are 3.2 %, and 1 + 2 + 0.5 % are to be paid."""
    found = thin_tiers(rules(("0", "0.02"), ("1000000", "0.036"), ("4000000", "0.1")))
    assert [line.split(":")[0] for line in found] == ["PERP tier 2", "PERP tier 3"]
    assert found[0].endswith("was 3.20% at 4,000,000 USD")


def test_without_a_declared_depth_there_is_no_impact():
    assert thin_tiers(rules(("0", "0.02"), ("2000000", "0.1"), depth_usd={})) == ()
    thin = thin_tiers(rules(("0", "0.01"), ("9000000", "0.1"), symbol="ETHER"))
    assert len(thin) == 2
    assert thin[0].startswith("ETHER tier 1: ")
    assert "impact 0.00%" in thin[0]


def test_enough_margin_is_not_worth_a_word():
    assert thin_tiers(rules(("0", "0.5"))) == ()
