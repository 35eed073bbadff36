"""Tests of the risk tables: padding, sharing, and what they refuse."""

from types import SimpleNamespace

import numpy as np
import pytest

from hullmark.errors import InvalidInputError
from hullmark.margin import ScenarioModel, TieredModel, build_tables, move_tables


def test_padding_repeats_scenario_zero_and_rows_begin_at_a_cache_line(venue):
    tables = venue.tables
    assert tables.n_scenarios == 11
    assert tables.risk.shape == (12, 16)
    assert len(tables.blocks) == 2
    np.testing.assert_array_equal(tables.risk[:, :11], venue.arrays.risk)
    np.testing.assert_array_equal(tables.risk[:, 11:], np.repeat(venue.arrays.risk[:, :1], 5, 1))
    assert tables.risk.ctypes.data % 64 == 0
    assert tables.risk.flags.c_contiguous


def test_tiers_lie_end_to_end(venue):
    tables = venue.tables
    assert tables.tier_start.tolist() == [*range(0, 44, 4), 44]
    assert tables.tier_stop.tolist() == [*range(4, 48, 4), 44]
    assert tables.tier_floor_usd.size == 44
    assert (tables.tier_initial_base_usd >= tables.tier_maintenance_base_usd).all()


def test_another_market_keeps_the_rules_and_copies_the_prices(venue):
    arrays = SimpleNamespace(**{k: v * 2 for k, v in vars(venue.arrays).items()})
    moved = move_tables(venue.tables, arrays, asset_price_usd=venue.tables.price_usd * 2)
    assert moved.tier_floor_usd is venue.tables.tier_floor_usd
    np.testing.assert_array_equal(moved.value, venue.tables.value * 2)
    np.testing.assert_array_equal(moved.risk, venue.tables.risk * 2)
    arrays.value[0] = np.nan
    assert np.isfinite(moved.value).all()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"value": np.zeros(3)}, r"value must have the shape \(12,\), was \(3,\)"),
        ({"risk": np.zeros((12, 0))}, r"risk must be \(I, S\) with S >= 1"),
        ({"risk": np.full((12, 2), np.nan)}, r"risk\[0, 0\] must be finite, was nan"),
        ({"asset_risk": np.zeros((3, 4))}, r"asset_risk must have the shape \(3, 11\)"),
        ({"notional_usd": np.full(12, -1.0)}, r"notional_usd\[0\] must be finite and >= 0, was -1"),
    ],
)
def test_refuses_arrays_that_do_not_fit(venue, change, rule):
    arrays = SimpleNamespace(**(vars(venue.arrays) | change))
    with pytest.raises(InvalidInputError, match=rule):
        move_tables(venue.tables, arrays, asset_price_usd=venue.tables.price_usd)


def test_refuses_a_negative_asset_price(venue):
    with pytest.raises(InvalidInputError, match=r"asset_price_usd\[2\] must be finite and >= 0"):
        move_tables(venue.tables, venue.arrays, asset_price_usd=np.array([1.0, 1.0, -1.0]))


@pytest.mark.parametrize(
    ("assets", "rule"),
    [
        (("USDT", "BTC"), "settlement of P[0-9]+ must be an asset of the venue, was 'ETH'"),
        (("USDT", "BTC", "ETH", "SOL"), "collateral must have the terms of SOL, was none"),
    ],
)
def test_refuses_an_asset_it_does_not_know(venue, assets, rule):
    with pytest.raises(InvalidInputError, match=rule):
        build_tables(
            venue.instruments,
            assets,
            venue.arrays,
            asset_price_usd=np.ones(3),
            collateral=venue.terms,
            tiered=TieredModel(),
            scenario=ScenarioModel(),
        )
