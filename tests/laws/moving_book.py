"""A small venue of every kind of contract, books in it, and paths of prices: by a seed."""

import dataclasses

import numpy as np

from hullmark.book import Book
from hullmark.collateral import CollateralTerms
from hullmark.core import NANO
from hullmark.domain import Future, Option, Perpetual
from hullmark.margin import (
    MarginMarket,
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_slopes,
    factor_prices,
)
from hullmark.market import MarketView
from hullmark.monitor import Rebase, TriggerIndex
from hullmark.pricing import black76_value
from hullmark.scenarios import ScenarioSet

ASSETS = ("USD", "BTC", "ETH", "EUR")
FIXED = ("USD",)
SPOT = np.array([1.0, 60_000.0, 3_000.0, 1.1])
EXPIRY_NS = 1


def perpetual(symbol, underlying, settlement, *, inverse=False, lot=NANO):
    return Perpetual(
        symbol=symbol, underlying=underlying, settlement=settlement, lot_nano=lot, inverse=inverse
    )


def option(symbol, underlying, settlement, strike, *, call, inverse=False):
    return Option(
        symbol=symbol,
        underlying=underlying,
        settlement=settlement,
        lot_nano=NANO,
        inverse=inverse,
        expiry_ns=EXPIRY_NS,
        strike_nano=strike * NANO,
        call=call,
    )


INSTRUMENTS = (
    perpetual("BTC-PERP", "BTC", "USD"),
    perpetual("ETH-PERP", "ETH", "USD"),
    perpetual("BTC-USD", "BTC", "BTC", inverse=True),
    perpetual("ETH-BTC", "ETH", "BTC"),  # worth its mark in coins of another
    perpetual("BTC-EUR", "BTC", "EUR"),
    Future(
        symbol="BTC-DEC", underlying="BTC", settlement="USD", lot_nano=NANO, inverse=False,
        expiry_ns=EXPIRY_NS,
    ),
    option("BTC-55000-P", "BTC", "USD", 55_000, call=False),
    option("BTC-60000-C", "BTC", "USD", 60_000, call=True),
    option("BTC-70000-C", "BTC", "BTC", 70_000, call=True, inverse=True),
    option("BTC-60000-P", "BTC", "BTC", 60_000, call=False, inverse=True),
    option("ETH-3000-C", "ETH", "EUR", 3_000, call=True),
)  # fmt: skip
YEARS = np.array([0, 0, 0, 0, 0, 0, 0.1, 0.002, 0.3, 0.02, 0.0])
VOL = np.array([0, 0, 0, 0, 0, 0, 0.6, 0.5, 0.8, 0.55, 0.7])
UNIT = np.array([1.0, 20.0, 60_000.0, 50.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 20.0])
MARKS = np.array([60_010, 3_001, 59_990, 0.05, 54_550, 60_300, 1, 1, 1, 1, 1], np.float64)
IS_OPTION = np.array([isinstance(i, Option) for i in INSTRUMENTS])
INVERSE = np.array([i.inverse for i in INSTRUMENTS])
UNDERLYING = np.array([ASSETS.index(i.underlying) for i in INSTRUMENTS])
STRIKE = np.array([i.strike_nano / NANO if isinstance(i, Option) else 1 for i in INSTRUMENTS])
CALL = np.array([isinstance(i, Option) and i.call for i in INSTRUMENTS])


def view_of(prices):
    """Return the market at the prices of all factors."""
    assets, own = prices[: len(ASSETS)], prices[len(ASSETS) :]
    spot = assets[UNDERLYING]
    forward = np.where(IS_OPTION, spot, own)
    value = black76_value(forward=forward, strike=STRIKE, years=YEARS, vol=VOL, call=CALL)
    mark = np.where(IS_OPTION, np.where(INVERSE, value / forward, value), own)
    return MarketView(assets, spot, forward, mark, np.where(IS_OPTION, VOL, 0.0), YEARS)


def market_of(random, prices):
    """Return a venue with haircuts, caps, tiers, factors and funding of its own."""
    tiers = TierSchedule((
        Tier(floor_usd=0.0, initial=0.02, maintenance=0.01),
        Tier(floor_usd=1e5, initial=0.05, maintenance=0.03),
        Tier(floor_usd=1e6, initial=0.2, maintenance=0.1),
    ))  # fmt: skip
    cap = random.choice([None, 50_000.0])
    haircut = random.choice([0.0, 0.1])
    collateral = {
        "USD": CollateralTerms(),
        "BTC": CollateralTerms(haircut_initial=0.2, haircut_maintenance=haircut, cap_usd=cap),
        "ETH": CollateralTerms(haircut_initial=0.2, haircut_maintenance=haircut),
        "EUR": CollateralTerms(),
    }
    return MarginMarket(
        instruments=INSTRUMENTS,
        assets=ASSETS,
        shocked=frozenset({"BTC", "ETH"}),
        view=view_of(prices),
        collateral=collateral,
        tiered=TieredModel(dict.fromkeys((i.symbol for i in INSTRUMENTS), tiers)),
        scenario=ScenarioModel(maintenance_factor=random.choice([0.8, 1.0]), initial_factor=1.2),
        scenarios=ScenarioSet(
            moves=(-0.15, -0.05, 0.0, 0.1, 0.15),
            vol_up=0.4,
            vol_down=0.25,
            power_short=0.3,
            power_long=0.13,
            days_floor=1.0,
            vol_floor=0.4,
            edges_up_only=True,
        ),
        carry=np.array([random.choice([0.0, 12.0, -3.0]), 1.0, 1e-7, 0.0, -2.0, *[0.0] * 6]),
    )


def moved(market, prices):
    """Return the same venue at other prices."""
    return dataclasses.replace(market, view=view_of(prices), before=market.tables)


def fill(random, book, row, market):
    """Give a row holdings of a random kind, with about as much equity as it needs."""
    value = market.tables.value
    for instrument in range(len(INSTRUMENTS)):
        book.set_position(row, instrument, size=0.0, quote=0.0)
    for asset in range(len(ASSETS)):
        book.set_balance(row, asset, 0.0)
    held = random.sample(range(len(INSTRUMENTS)), random.randint(0, 6))
    scale = 10 ** random.uniform(-1, 1.3)
    for instrument in held:
        size = random.uniform(-1, 1) * UNIT[instrument] * scale
        quote = -size * value[instrument] * random.uniform(0.98, 1.02)
        book.set_position(row, instrument, size=size, quote=float(quote))
    book.set_balance(row, 0, random.choice([0.02, 0.1, 0.3, 1.0]) * 60_000.0 * scale)
    if random.random() < 0.5:
        asset = random.randrange(1, len(ASSETS))
        book.set_balance(row, asset, random.uniform(-0.3, 1) * scale * 20_000.0 / SPOT[asset])


def start():
    """Return the prices of all factors at the start."""
    return np.concatenate([SPOT, np.where(IS_OPTION, 1.0, MARKS)])


def step(random, prices):
    """Return the factors that move in one tick, and where to."""
    moving = [f for f in range(1, prices.size) if f < len(ASSETS) or not IS_OPTION[f - len(ASSETS)]]
    kind = random.random()
    if kind < 0.3:
        chosen, scale = random.sample(moving, 1), 0.003
    elif kind < 0.9:
        chosen, scale = random.sample(moving, random.randint(1, len(moving))), 0.004
    else:
        chosen, scale = moving, random.choice([0.02, 0.1, 0.4])
    common = random.gauss(0, scale)
    factors = np.array(sorted(chosen), np.int64)
    by = np.exp([common + random.gauss(0, scale / 3) for _ in factors])
    return factors, prices[factors] * by


class Watched:
    """An index over a book that moves, with everything that it is told."""

    def __init__(self, random, accounts):
        self.random, self.prices = random, start()
        self.market = market_of(random, self.prices)
        self.book = Book(len(ASSETS))
        for _ in range(accounts):
            fill(random, self.book, self.book.add_account(random.randint(0, 1)), self.market)
        self.index = TriggerIndex(self.book.rows(), self.market.tables, self.slopes_at, self.prices)

        self.rebase = None

    def slopes_at(self, radii):
        """Return the slopes around the market as it is."""
        return build_slopes(self.market, fixed=FIXED, radii=radii)

    def tick(self):
        """Let prices move and perhaps rows change; return what the index finds."""
        touched = []
        if self.random.random() < 0.2:
            row = self.random.randrange(len(self.book) + 1)
            if row == len(self.book):
                self.book.add_account(self.random.randint(0, 1))
            fill(self.random, self.book, row, self.market)
            touched.append(row)
        factors, prices = step(self.random, self.prices)
        self.prices = self.prices.copy()
        self.prices[factors] = prices
        self.market = moved(self.market, self.prices)
        assert np.array_equal(factor_prices(self.market), self.prices)
        crossed, touched = self.index.crossed(factors, prices), np.array(touched, np.int64)
        if self.rebase is not None:
            self.rebase.note(touched)
            if self.random.random() < 0.5:
                self.index, crossed, touched = self.rebase.switch(self.prices, self.slopes_at)
                self.rebase = None
        rows = self.book.rows()
        found = self.index.check(rows, lambda: self.market.tables, crossed, touched)
        if self.rebase is None and self.random.random() < 0.1:  # a sweep beside the next ticks
            market = self.market

            def slopes_at(radii):
                return build_slopes(market, fixed=FIXED, radii=radii)

            self.rebase = Rebase(rows, market.tables, slopes_at, self.prices)
        return found
