"""A small market that can be moved: two perpetuals, an inverse one and an option on one coin."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest

from hullmark.book import Book
from hullmark.collateral import CollateralTerms
from hullmark.core import NANO
from hullmark.domain import Option, Perpetual
from hullmark.margin import (
    ScenarioModel,
    Tier,
    TieredModel,
    TierSchedule,
    build_tables,
    move_tables,
)
from hullmark.market import MarketView
from hullmark.scenarios import MovableView, ScenarioSet, revalue

ASSETS = ("USDT", "BTC")
BTC_USD, ETH_USD = 60_000.0, 3_000.0
TIERED, SCENARIO = TieredModel.code, ScenarioModel.code


def perpetual(symbol, underlying="BTC", settlement="USDT", *, inverse=False):
    return Perpetual(
        symbol=symbol, underlying=underlying, settlement=settlement, lot_nano=1, inverse=inverse
    )


INSTRUMENTS = (
    perpetual("BTC-PERP"),
    perpetual("BTC-OTHER"),
    perpetual("ETH-PERP", "ETH"),
    perpetual("BTC-USD", settlement="BTC", inverse=True),
    Option(
        symbol="BTC-70000-C",
        underlying="BTC",
        settlement="USDT",
        lot_nano=1,
        expiry_ns=1,
        strike_nano=70_000 * NANO,
        call=True,
    ),
)
# Floors, rates and the amounts that keep the requirement continuous: the form of Binance's page
# "Leverage and Margin of USDⓈ-M Futures".
FLOORS_USD, RATES = (0.0, 50_000.0, 250_000.0, 1_000_000.0), (0.004, 0.005, 0.010, 0.025)
SCHEDULE = TierSchedule(
    tuple(
        Tier(floor_usd=floor, initial=2 * rate, maintenance=rate)
        for floor, rate in zip(FLOORS_USD, RATES, strict=True)
    )
)
STEEP = TierSchedule((Tier(floor_usd=0.0, initial=0.1, maintenance=0.05),))


@dataclass(frozen=True, kw_only=True)
class Market:
    """What the searches ask of a venue, with nothing around it."""

    instruments: tuple = INSTRUMENTS
    view: MarketView

    @cached_property
    def tables(self):
        """Return the tables at this market."""
        return build_tables(
            self.instruments,
            ASSETS,
            self.revalued(self.view),
            asset_price_usd=self.view.asset_price_usd,
            collateral={
                "USDT": CollateralTerms(),
                "BTC": CollateralTerms(haircut_initial=0.1, haircut_maintenance=0.05),
            },
            tiered=TieredModel({i.symbol: SCHEDULE for i in INSTRUMENTS} | {"BTC-OTHER": STEEP}),
            scenario=ScenarioModel(initial_factor=1.25, maintenance_factor=1.0),
        )

    def moved_tables(self, moved, factor):
        """Return them at another one."""
        view = MovableView(self.instruments, self.view, assets=ASSETS).moved(moved, factor)
        return move_tables(self.tables, self.revalued(view), asset_price_usd=view.asset_price_usd)

    def part(self, numbers):
        """Return the same market with fewer instruments."""
        columns = {k: v[numbers] for k, v in self.view._asdict().items() if k != "asset_price_usd"}
        chosen = tuple(self.instruments[i] for i in numbers)
        return replace(self, instruments=chosen, view=self.view._replace(**columns))

    def revalued(self, view):
        """Return the risk arrays at a view."""
        scenarios = ScenarioSet(
            moves=(-0.16, -0.08, 0.0, 0.08, 0.16),
            vol_up=0.5,
            vol_down=0.25,
            power_short=0.3,
            power_long=0.13,
            days_floor=1.0,
            vol_floor=0.0,
        )
        return revalue(self.instruments, view, scenarios, assets=ASSETS, shocked=frozenset({"BTC"}))


@pytest.fixture(scope="session")
def market():
    spot = np.array([BTC_USD, BTC_USD, ETH_USD, BTC_USD, BTC_USD])
    return Market(
        view=MarketView(
            asset_price_usd=np.array([1.0, BTC_USD]),
            spot_usd=spot,
            forward_usd=spot.copy(),
            mark=np.array([BTC_USD, BTC_USD, ETH_USD, BTC_USD, 2_500.0]),
            vol=np.array([0.0, 0.0, 0.0, 0.0, 0.6]),
            years=np.array([0.0, 0.0, 0.0, 0.0, 0.1]),
        )
    )


@pytest.fixture(scope="session")
def book_of():
    """Return a maker of books: per account its model, cash and ``{instrument: (size, entry)}``."""

    def make(*accounts):
        book = Book(len(ASSETS))
        for model, usdt, btc, held in accounts:
            row = book.add_account(model)
            book.set_balance(row, 0, usdt)
            book.set_balance(row, 1, btc)
            for number, (size, entry) in held.items():
                value = -1.0 / entry if INSTRUMENTS[number].symbol == "BTC-USD" else entry
                book.set_position(row, number, size=size, quote=-size * value)
        return book

    return make
