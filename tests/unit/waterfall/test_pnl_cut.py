"""Cuts of pending profits, by the base values of GMX v2."""

import pytest

from hullmark.errors import InvalidInputError
from hullmark.waterfall import PnlCutFault, pnl_cut_fault, pnl_factor, pnl_factor_exceeded

PERCENT = 10**28


def test_a_factor_is_cut_towards_zero_and_zero_without_a_pool():
    assert pnl_factor(2, 3) == 666666666666666666666666666666
    assert pnl_factor(-2, 3) == -666666666666666666666666666666
    assert pnl_factor(45, 100) == 45 * PERCENT
    assert pnl_factor(45, 0) == pnl_factor(0, 7) == 0
    with pytest.raises(InvalidInputError, match="pool_value must be >= 0"):
        pnl_factor(1, -1)


def test_a_factor_is_exceeded_above_its_bound_and_above_zero():
    assert pnl_factor_exceeded(46 * PERCENT, 45 * PERCENT)
    assert not pnl_factor_exceeded(45 * PERCENT, 45 * PERCENT)
    assert not pnl_factor_exceeded(0, -1)


# GMX v2, gmx-synthetics, AdlHandler.executeAdl: 45 % to begin and 40 % to end, the base values.
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"enabled": False, "prices_at_s": 0}, PnlCutFault.NOT_ENABLED),
        ({"prices_at_s": 99}, PnlCutFault.STALE_PRICES),
        ({"prices_at_s": 100}, None),
        ({"before": 45}, PnlCutFault.NOT_REQUIRED),
        ({"size_usd": 11}, PnlCutFault.SIZE),
        ({"after": 50}, PnlCutFault.NOT_REDUCED),
        ({"after": 49}, None),
        ({"after": 40}, None),
        ({"after": 39}, PnlCutFault.OVERCORRECTED),
    ],
)
def test_a_cut_must_be_needed_and_may_not_go_too_far(change, fault):
    asked = {
        "before": 50,
        "after": 45,
        "size_usd": 10,
        "position_usd": 10,
        "prices_at_s": 101,
        "enabled_at_s": 100,
    } | change
    factors = asked.pop("before") * PERCENT, asked.pop("after") * PERCENT
    bounds = {"factor_max": 45 * PERCENT, "factor_min_after": 40 * PERCENT}
    assert pnl_cut_fault(*factors, **bounds, **asked) is fault
