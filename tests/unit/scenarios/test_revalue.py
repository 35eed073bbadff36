"""Tests of the risk arrays against a plain, slow reference, and of what cannot be priced."""

import math

import numpy as np
import pytest

from hullmark.core import NANO, YEAR_DAYS
from hullmark.domain import Future, Option, Perpetual, Spot
from hullmark.errors import InvalidInputError
from hullmark.market import MarketView
from hullmark.scenarios import Revaluer, RiskColumns, ScenarioSet, revalue

ASSETS = ("USDC", "BTC", "ETH")
SHOCKED = frozenset({"BTC", "ETH"})
GRID = ScenarioSet(
    moves=(-0.3, -0.1, 0.0, 0.1, 0.5),
    vol_up=0.5,
    vol_down=0.25,
    power_short=0.3,
    power_long=0.13,
    days_floor=1.0,
    vol_floor=0.45,
    edges_up_only=True,
)


def option(symbol, strike, *, call, settlement, underlying="BTC"):
    return Option(
        symbol=symbol,
        underlying=underlying,
        settlement=settlement,
        lot_nano=NANO // 10,
        expiry_ns=0,
        strike_nano=strike * NANO,
        call=call,
        inverse=settlement == underlying,
    )


def contract(kind, symbol, settlement, **more):
    inverse = {"inverse": True} if settlement == "BTC" else {}
    return kind(
        symbol=symbol, underlying="BTC", settlement=settlement, lot_nano=NANO, **more, **inverse
    )


INSTRUMENTS = (
    Spot(symbol="BTC/USDC", underlying="BTC", settlement="USDC", lot_nano=NANO),
    contract(Perpetual, "BTC-PERP", "USDC"),
    contract(Perpetual, "BTC-INVERSE", "BTC"),
    contract(Future, "BTC-DEC", "USDC", expiry_ns=0),
    contract(Future, "BTC-DEC-INVERSE", "BTC", expiry_ns=0),
    option("C-USDC", 110_000, call=True, settlement="USDC"),
    option("P-COIN", 90_000, call=False, settlement="BTC"),
    option("C-COIN", 140_000, call=True, settlement="BTC"),
    option("C-EXPIRED", 90_000, call=True, settlement="BTC"),
    option("P-EXPIRED", 90_000, call=False, settlement="USDC"),
    option("ETH-P", 3_000, call=False, settlement="ETH", underlying="ETH"),
)


def view(**changes):
    """Return a market whose forwards and marks differ from spot, and USDC from a dollar."""
    market = MarketView(
        asset_price_usd=np.array([0.998, 100_000.0, 3_000.0]),
        spot_usd=np.array([100_000.0] * 10 + [3_000.0]),
        forward_usd=np.array([np.nan] * 5 + [101_000.0, 101_000, 104_000, 100_000, 1e5, 3_010]),
        mark=np.array([1e5, 100_050, 100_050, 103_000, 103_000, 2_100, 0.03, 0.02, 0.1, 0, 0.05]),
        vol=np.array([0.0] * 5 + [0.5, 0.62, 0.3, np.nan, 0.5, 0.7]),
        years=np.array([0.0] * 5 + [10 / YEAR_DAYS, 60 / YEAR_DAYS, 0.7, 0.0, -0.01, 0.1]),
    )
    return market._replace(**changes)


def slow_premium(forward, strike, years, vol, call):
    sign = 1 if call else -1
    if years <= 0 or vol == 0:
        return max(sign * (forward - strike), 0.0)
    s = vol * math.sqrt(years)
    d1 = math.log(forward / strike) / s + s / 2
    cdf = [math.erfc(-sign * d / math.sqrt(2)) / 2 for d in (d1, d1 - s)]
    return sign * (forward * cdf[0] - strike * cdf[1])


def slow_value_usd(i, market, *, move, shock="same", vol_add=0.0, years_less=0.0):
    """Return the model value of one unit of instrument *i* in USD after a shock."""
    instrument, factor = INSTRUMENTS[i], 1.0 + move
    price_usd = market.asset_price_usd[ASSETS.index(instrument.settlement)]
    if instrument.settlement in SHOCKED:
        price_usd *= factor
    if not isinstance(instrument, Option):
        mark = market.mark[i] * factor
        inverse = not isinstance(instrument, Spot) and instrument.inverse
        return price_usd * (-1.0 / mark if inverse else mark)
    years, vol = market.years[i] - years_less, market.vol[i] + vol_add
    days = max(years * YEAR_DAYS, GRID.days_floor)
    scale = (30 / days) ** (GRID.power_short if days < 30 else GRID.power_long)
    if shock == "up":
        vol = max(vol * (1 + GRID.vol_up * scale), GRID.vol_floor)
    if shock == "down":
        vol = vol * max(1 - GRID.vol_down * scale, 0)
    forward = market.forward_usd[i] * factor
    premium = slow_premium(forward, instrument.strike_nano / NANO, years, vol, instrument.call)
    return price_usd * (premium / forward if instrument.inverse else premium)


@pytest.fixture(scope="module")
def arrays():
    return revalue(INSTRUMENTS, view(), GRID, assets=ASSETS, shocked=SHOCKED)


def test_risk_is_model_after_less_model_before_in_every_scenario(arrays):
    for j, label in enumerate(arrays.labels):
        move, _, shock = label.partition("% vol ")
        for i in range(len(INSTRUMENTS)):
            after = slow_value_usd(i, view(), move=float(move) / 100, shock=shock)
            before = slow_value_usd(i, view(), move=0.0)
            assert arrays.risk[i, j] == pytest.approx(after - before, rel=1e-9, abs=1e-6), label


def test_the_scenario_that_moves_nothing_costs_nothing(arrays):
    still = arrays.labels.index("+0% vol same")
    assert np.all(arrays.risk[:, still] == 0)
    assert np.all(arrays.asset_risk[:, still] == 0)


def test_an_inverse_position_gains_through_its_quote(arrays):
    # A long of 100,000 USD entered at 100,050 has a quote of 100,000 / 100,050 coins. In USD it is
    # worth the coins less 100,000, so that a rise of 10 % of the coin brings 9,995 USD.
    j = arrays.labels.index("+10% vol same")
    size, quote = 100_000, 100_000 / 100_050
    profit = size * arrays.risk[2, j] + quote * arrays.asset_risk[1, j]
    assert profit == pytest.approx(quote * 100_000 * 0.1, rel=1e-12)
    assert size * arrays.value[2] + quote == pytest.approx(0, abs=1e-12)


def test_shocked_assets_move_and_stablecoins_keep_their_price(arrays):
    moves = np.array([move for move, _ in GRID.grid])
    np.testing.assert_array_equal(arrays.asset_risk[0], 0)
    np.testing.assert_allclose(arrays.asset_risk[1], 100_000 * moves, rtol=1e-15)
    np.testing.assert_allclose(arrays.asset_risk[2], 3_000 * moves, rtol=1e-15)


def test_value_is_at_the_venues_mark_and_notional_in_usd(arrays):
    np.testing.assert_allclose(
        arrays.value,
        [1e5, 100_050, -1 / 100_050, 103_000, -1 / 103_000, 2_100, 0.03, 0.02, 0.1, 0, 0.05],
    )
    linear = [99_800, 99_849.9, 1, 102_794, 1]
    np.testing.assert_allclose(arrays.notional_usd, linear + [100_000] * 5 + [3_000])


def test_greeks_are_the_derivatives_of_the_slow_model(arrays):
    market = view()
    for i, instrument in enumerate(INSTRUMENTS):
        if instrument.symbol.endswith("EXPIRED"):
            continue
        spot, h = market.spot_usd[i], 1e-4
        up, same, down = (slow_value_usd(i, market, move=m) for m in (h, 0.0, -h))
        assert arrays.delta[i] == pytest.approx((up - down) / (2 * h * spot), rel=1e-6, abs=1e-9)
        curve = (up - 2 * same + down) / (h * spot) ** 2
        assert arrays.gamma[i] == pytest.approx(curve, rel=1e-3, abs=1e-10)
        if isinstance(instrument, Option):
            more, less = (slow_value_usd(i, market, move=0, vol_add=x) for x in (1e-4, -1e-4))
            assert arrays.vega[i] == pytest.approx((more - less) / 0.02, rel=1e-5)
            day = 1e-3 / YEAR_DAYS
            later, sooner = (slow_value_usd(i, market, move=0, years_less=x) for x in (day, -day))
            assert arrays.theta[i] == pytest.approx((later - sooner) / 2e-3, rel=1e-5)
        else:
            assert arrays.vega[i] == arrays.theta[i] == 0


def test_an_expired_option_is_its_intrinsic_value(arrays):
    call = INSTRUMENTS.index(next(i for i in INSTRUMENTS if i.symbol == "C-EXPIRED"))
    assert arrays.vega[call] == arrays.theta[call] == 0
    j = arrays.labels.index("+10% vol same")
    assert arrays.risk[call, j] == pytest.approx((110_000 - 90_000) - (100_000 - 90_000))


def test_everything_is_finite(arrays):
    for name in ("value", "notional_usd", "risk", "asset_risk", "delta", "gamma", "vega", "theta"):
        assert np.all(np.isfinite(getattr(arrays, name))), name


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("spot_usd", 1, np.nan, "spot_usd of BTC-PERP must be finite and > 0, was nan"),
        ("mark", 2, 0.0, "mark of BTC-INVERSE must be finite and > 0, was 0"),
        ("forward_usd", 5, np.nan, "forward_usd of C-USDC must be finite and > 0, was nan"),
        ("vol", 6, np.nan, "vol of P-COIN must be finite and >= 0, was nan"),
        ("vol", 6, -0.1, "vol of P-COIN must be finite and >= 0, was -0.1"),
        ("mark", 7, np.nan, "mark of C-COIN must be finite and >= 0, was nan"),
        ("years", 7, np.inf, "years of C-COIN must be finite, was inf"),
        ("asset_price_usd", 0, np.nan, "price of USDC, which settles BTC/USDC, must be finite"),
    ],
)
def test_missing_market_data_is_an_error_that_names_the_instrument(column, row, value, message):
    changed = getattr(view(), column).copy()
    changed[row] = value
    with pytest.raises(InvalidInputError, match=message):
        revalue(INSTRUMENTS, view(**{column: changed}), GRID, assets=ASSETS, shocked=SHOCKED)


def test_refuses_what_does_not_fit_together():
    with pytest.raises(InvalidInputError, match="settlement of ETH-P must be an asset of the"):
        revalue(
            INSTRUMENTS,
            view(asset_price_usd=np.array([1.0, 1e5])),
            GRID,
            assets=ASSETS[:2],
            shocked=frozenset({"BTC"}),
        )
    with pytest.raises(InvalidInputError, match="shocked must be assets of the venue, was 'SOL'"):
        revalue(INSTRUMENTS, view(), GRID, assets=ASSETS, shocked=frozenset({"SOL"}))
    short = view(mark=np.ones(2))
    with pytest.raises(InvalidInputError, match=r"view.mark must have shape \(11,\), was \(2,\)"):
        revalue(INSTRUMENTS, short, GRID, assets=ASSETS, shocked=SHOCKED)


def test_a_venue_without_instruments_still_has_its_assets():
    nothing = np.zeros(0)
    market = MarketView(np.array([1.0, 1e5, 3e3]), *[nothing] * 5)
    arrays = revalue((), market, GRID, assets=ASSETS, shocked=SHOCKED)
    assert arrays.risk.shape == (0, len(GRID.labels))
    assert arrays.asset_risk.shape == (3, len(GRID.labels))


def test_a_revaluer_is_asked_at_one_market_after_the_other():
    revaluer = Revaluer(INSTRUMENTS, GRID, assets=ASSETS, shocked=SHOCKED)
    for market in (view(), view(mark=view().mark * 1.01), view()):
        whole = revalue(INSTRUMENTS, market, GRID, assets=ASSETS, shocked=SHOCKED)
        columns, arrays = revaluer.columns(market), revaluer.arrays(market)
        for name in RiskColumns._fields:
            assert getattr(columns, name).tobytes() == getattr(whole, name).tobytes()
            assert getattr(arrays, name).tobytes() == getattr(whole, name).tobytes()
        assert arrays.delta.tobytes() == whole.delta.tobytes()
