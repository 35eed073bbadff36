"""Tests of moved views, against the same prices written by hand."""

import math

import numpy as np
import pytest

from hullmark.core import NANO
from hullmark.domain import Future, Option, Perpetual, Spot
from hullmark.market import MarketView
from hullmark.scenarios import MovableView

ASSETS = ("USDT", "BTC")
SPOT = Spot(symbol="BTC-USDT", underlying="BTC", settlement="USDT", lot_nano=1)
PERP = Perpetual(symbol="BTC-PERP", underlying="BTC", settlement="USDT", lot_nano=1)
OTHER = Future(symbol="ETH-MAR", underlying="ETH", settlement="USDT", lot_nano=1, expiry_ns=1)
CALL, COIN_PUT = (
    Option(
        symbol=symbol,
        underlying="BTC",
        settlement=settlement,
        lot_nano=1,
        expiry_ns=1,
        strike_nano=110 * NANO,
        call=call,
        inverse=inverse,
    )
    for symbol, settlement, call, inverse in (("C", "USDT", True, False), ("P", "BTC", False, True))
)
INSTRUMENTS = (SPOT, PERP, OTHER, CALL, COIN_PUT)
FORWARD, VOL, YEARS = 102.0, 0.5, 0.25
VIEW = MarketView(
    asset_price_usd=np.array([1.0, 100.0]),
    spot_usd=np.array([100.0, 100.0, 7.0, 100.0, 100.0]),
    forward_usd=np.array([100.5, 101.0, 8.0, FORWARD, FORWARD]),
    mark=np.array([100.5, 101.0, 8.0, 9.0, 0.13]),
    vol=np.array([0.0, 0.0, 0.0, VOL, VOL]),
    years=np.array([0.0, 0.0, YEARS, YEARS, YEARS]),
)


def premium_usd(forward, *, call, vol=VOL):
    """Return Black-76 over the forward, undiscounted."""
    deviation = vol * math.sqrt(YEARS)
    upper = math.log(forward / 110) / deviation + deviation / 2
    sign = 1 if call else -1

    def cdf(x):
        return math.erfc(-x / math.sqrt(2)) / 2

    return sign * (forward * cdf(sign * upper) - 110 * cdf(sign * (upper - deviation)))


@pytest.fixture
def movable():
    return MovableView(INSTRUMENTS, VIEW, assets=ASSETS)


def test_a_factor_of_one_changes_nothing(movable):
    for before, after in zip(VIEW, movable.moved({"BTC"}, 1.0), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-15)


def test_what_is_on_the_underlying_moves_and_nothing_else_does(movable):
    view = movable.moved({"BTC"}, 0.9)
    np.testing.assert_array_equal(view.asset_price_usd, [1.0, 90.0])
    np.testing.assert_array_equal(view.spot_usd, VIEW.spot_usd * [0.9, 0.9, 1, 0.9, 0.9])
    np.testing.assert_array_equal(view.forward_usd, VIEW.forward_usd * [0.9, 0.9, 1, 0.9, 0.9])
    np.testing.assert_array_equal(view.mark[:3], VIEW.mark[:3] * [0.9, 0.9, 1])
    assert view.vol is VIEW.vol
    assert view.years is VIEW.years


def test_an_underlying_that_is_no_asset_moves_its_contracts(movable):
    view = movable.moved({"ETH"}, 2.0)
    np.testing.assert_array_equal(view.asset_price_usd, VIEW.asset_price_usd)
    np.testing.assert_array_equal(view.mark, VIEW.mark * [1, 1, 2, 1, 1])


def test_an_option_gains_in_usd_what_its_model_value_gains(movable):
    call, put = movable.moved({"BTC", "ETH"}, 1.1).mark[3:]
    forward = FORWARD * 1.1
    by_usd = premium_usd(forward, call=True) - premium_usd(FORWARD, call=True)
    assert call == pytest.approx(9.0 + by_usd, rel=1e-12)
    before = premium_usd(FORWARD, call=False) / FORWARD
    after = premium_usd(forward, call=False) / forward
    by_usd = after * 110.0 - before * 100.0  # what is paid in coins is worth their price
    assert put * 110.0 == pytest.approx(0.13 * 100.0 + by_usd, rel=1e-12)


def test_an_option_mark_does_not_fall_below_zero(movable):
    assert premium_usd(FORWARD, call=True) < 8.0  # less than it falls by ...
    view = VIEW._replace(mark=np.array([100.5, 101.0, 8.0, 0.5, 0.13]))  # ... from a cheap mark
    assert MovableView(INSTRUMENTS, view, assets=ASSETS).moved({"BTC"}, 0.5).mark[3] == 0.0


def test_each_underlying_moves_by_its_own_factor(movable):
    both = movable.shocked({"BTC": 0.9, "ETH": 2.0})
    btc, eth = movable.moved({"BTC"}, 0.9), movable.moved({"ETH"}, 2.0)
    on_ether = np.array([False, False, True, False, False])
    np.testing.assert_array_equal(both.mark, np.where(on_ether, eth.mark, btc.mark))
    np.testing.assert_array_equal(both.spot_usd, np.where(on_ether, eth.spot_usd, btc.spot_usd))
    np.testing.assert_array_equal(both.asset_price_usd, btc.asset_price_usd)


def test_an_option_gains_with_volatility_what_its_model_value_gains(movable):
    view = movable.shocked({"BTC": 0.9}, vol=1.5)
    np.testing.assert_array_equal(view.vol, VIEW.vol * 1.5)
    forward = FORWARD * 0.9
    by_usd = premium_usd(forward, call=True, vol=1.5 * VOL) - premium_usd(FORWARD, call=True)
    assert view.mark[3] == pytest.approx(9.0 + by_usd, rel=1e-12)
    np.testing.assert_array_equal(view.mark[:3], VIEW.mark[:3] * [0.9, 0.9, 1.0])
