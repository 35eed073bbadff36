"""Both engines on the same accounts: the cost of each, and what is saved."""

import pytest

from hullmark.liquidation import Plan, expected_cost_usd
from hullmark.liquidation._saving import Saving, compare_costs
from hullmark.liquidation.partial import Partial

from .accounts import make_breach, make_tables

TABLES = make_tables()
# A and B free margin alike, and B costs three times as much at its limit.
UNEVEN = make_breach(TABLES, (100, -900, 0), 898, slip=(0.01, 0.03, 0.01), penalty=0.0)


def test_what_is_saved_is_the_difference_to_the_same_share():
    saving = Saving(account=7, share_usd=50.0, cheapest_usd=45.0, minimal_usd=40.0)
    assert saving.share == pytest.approx(0.2)
    assert Saving(account=7, share_usd=0.0, cheapest_usd=0.0, minimal_usd=0.0).share == 0.0


def test_each_way_costs_what_its_plan_costs():
    (saving,) = compare_costs([UNEVEN])
    (share,) = Partial().propose([UNEVEN])
    assert saving.account == 7
    assert saving.share_usd == expected_cost_usd(UNEVEN, share)
    # Of A alone: 900 - 4.5 n <= 0.8 x (898 - 0.9 n) from n = 48.04 on. For what 48 lots leave, one
    # lot of B at 0.30 is enough, and cheaper than another one of A at 0.90.
    both = Plan(account=7, lots=(-48, 1), reason="")
    assert saving.minimal_usd == pytest.approx(expected_cost_usd(UNEVEN, both))
    assert saving.minimal_usd <= saving.cheapest_usd <= saving.share_usd
    assert saving.share > 0.4


def test_an_account_beyond_help_costs_the_same_by_every_way():
    (saving,) = compare_costs([make_breach(TABLES, (100, 50, 0), -900)])
    assert saving.share_usd == saving.cheapest_usd == saving.minimal_usd
    assert saving.share == 0.0
