"""A small venue of random numbers, its tables, and the slow margin beside the kernel."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hullmark.collateral import CollateralTerms
from hullmark.domain import Perpetual
from hullmark.margin import ScenarioModel, Tier, TieredModel, TierSchedule, build_tables

ASSETS = ("USDT", "BTC", "ETH")
REFERENCE = runpy.run_path(str(Path(__file__).parents[2] / "reference" / "margin.py"))


def make_venue(seed=0, n_instruments=12, n_scenarios=11):
    """Return tables, and the market as the reference reads it; the last instrument has no tiers."""
    rng = np.random.default_rng(seed)
    settle = rng.integers(0, len(ASSETS), n_instruments)
    instruments = [
        Perpetual(symbol=f"P{i}", underlying="BTC", settlement=ASSETS[settle[i]], lot_nano=1)
        for i in range(n_instruments)
    ]
    floors, rates = np.cumsum([0, *rng.uniform(1, 500, 3)]), np.cumsum(rng.uniform(0, 0.1, 4))
    schedule = TierSchedule(
        tuple(
            Tier(floor_usd=float(f), initial=float(r) * 1.5, maintenance=float(r))
            for f, r in zip(floors, rates, strict=True)
        )
    )
    schedules = {i.symbol: schedule for i in instruments[:-1]}
    terms = {
        "USDT": CollateralTerms(),
        "BTC": CollateralTerms(haircut_initial=0.1, haircut_maintenance=0.05, cap_usd=700.0),
        "ETH": CollateralTerms(haircut_initial=0.2, haircut_maintenance=0.1),
    }
    arrays = SimpleNamespace(
        value=rng.normal(size=n_instruments) * 10,
        notional_usd=rng.uniform(1, 100, n_instruments),
        risk=rng.normal(size=(n_instruments, n_scenarios)),
        asset_risk=np.vstack([np.zeros(n_scenarios), rng.normal(size=(2, n_scenarios))]),
    )
    price_usd = np.array([1.0, 50.0, 3.0])
    scenario = ScenarioModel(initial_factor=1.25, maintenance_factor=1.0)
    tables = build_tables(
        instruments,
        ASSETS,
        arrays,
        asset_price_usd=price_usd,
        collateral=terms,
        tiered=TieredModel(schedules),
        scenario=scenario,
    )
    market = {
        "value": arrays.value.tolist(),
        "settle": settle.tolist(),
        "notional": arrays.notional_usd.tolist(),
        "risk": arrays.risk.tolist(),
        "asset_risk": arrays.asset_risk.tolist(),
        "tiers": [schedule.tiers] * (n_instruments - 1) + [None],
        "price": price_usd.tolist(),
        "haircuts": [(terms[a].haircut_initial, terms[a].haircut_maintenance) for a in ASSETS],
        "cap": [float("inf") if (c := terms[a].cap_usd) is None else c for a in ASSETS],
        "factors": (1.25, 1.0),
    }
    return SimpleNamespace(
        tables=tables, market=market, instruments=instruments, arrays=arrays, terms=terms
    )


@pytest.fixture(scope="session")
def venue():
    return make_venue()


@pytest.fixture(scope="session")
def make():
    return make_venue


@pytest.fixture(scope="session")
def slow_margin():
    return REFERENCE["margin"]
