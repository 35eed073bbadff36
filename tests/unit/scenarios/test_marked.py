"""Tests of contracts that are worth their mark: the bits of the general revaluation."""

import numpy as np
import pytest

from hullmark.domain import Option
from hullmark.errors import InvalidInputError
from hullmark.market import MarketView
from hullmark.scenarios import MarkedContracts, revalue

from .test_revalue import ASSETS, GRID, INSTRUMENTS, SHOCKED

CONTRACTS = tuple(i for i in INSTRUMENTS if not isinstance(i, Option))
WIDTH = 16  # more than there are scenarios


def market(rng):
    """Return a market of random prices."""
    n = len(CONTRACTS)
    mark, spot = rng.uniform(1.0, 1e5, size=(2, n))
    prices = rng.uniform(0.5, 1e5, len(ASSETS))
    return MarketView(prices, spot, mark, mark, np.zeros(n), np.zeros(n))


def contracts():
    return MarkedContracts(CONTRACTS, GRID, assets=ASSETS, shocked=SHOCKED)


def blank():
    """Return value, notional and risk in which nothing has been written."""
    n = len(CONTRACTS)
    return {"value": np.zeros(n), "notional_usd": np.zeros(n), "risk": np.zeros((n, WIDTH))}


@pytest.mark.parametrize("seed", range(20))
def test_has_the_bits_of_the_general_revaluation(seed):
    view = market(np.random.default_rng(seed))
    whole = revalue(CONTRACTS, view, GRID, assets=ASSETS, shocked=SHOCKED)
    found, scenarios = blank(), whole.risk.shape[1]
    every = np.arange(len(CONTRACTS))
    contracts().write(every, view.mark, view.asset_price_usd, **found)
    assert found["value"].tobytes() == whole.value.tobytes()
    assert found["notional_usd"].tobytes() == whole.notional_usd.tobytes()
    assert found["risk"][:, :scenarios].tobytes() == whole.risk.tobytes()
    assert (found["risk"][:, scenarios:] == whole.risk[:, :1]).all()
    asset_risk = np.zeros((len(ASSETS), WIDTH))
    for asset, price_usd in enumerate(view.asset_price_usd):
        contracts().write_asset(asset, float(price_usd), asset_risk)
    assert asset_risk[:, :scenarios].tobytes() == whole.asset_risk.tobytes()
    assert (asset_risk[:, scenarios:] == whole.asset_risk[:, :1]).all()


def test_writes_what_is_asked_for_and_nothing_else():
    view, found = market(np.random.default_rng(1)), blank()
    contracts().write(np.array([1, 3]), view.mark, view.asset_price_usd, **found)
    written = [int(n) for n in np.flatnonzero(found["value"])]
    assert written == [int(n) for n in np.flatnonzero(found["risk"].any(axis=1))] == [1, 3]


def test_knows_what_settles_in_an_asset():
    for asset, symbol in enumerate(ASSETS):
        wanted = [n for n, i in enumerate(CONTRACTS) if i.settlement == symbol]
        assert contracts().settled_in(asset) == wanted


def test_refuses_an_option():
    with pytest.raises(InvalidInputError, match="instruments must be worth their mark, was C-USDC"):
        MarkedContracts(INSTRUMENTS, GRID, assets=ASSETS, shocked=SHOCKED)
