"""The stress of the October 2025 book, and the falls of the set, on recorded prices."""

import os
from pathlib import Path

import numpy as np
import pytest

from hullmark.core import parse_instant
from hullmark.feeds import read_scenario, read_spot_hours
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue, read_rules
from hullmark.sim import SimulatedClock, draw, load_parameters
from hullmark.sim._founding import MAKER, found, listings
from hullmark.sim._stage import read_path
from hullmark.studies import (
    StressScenario,
    read_scenarios,
    standard_scenarios,
    stress_study,
    venue_book,
)

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
PERPS = DATA / "binance_perp_5m_2025_2026"
SPOT = DATA / "spot_hourly_2018_2025"
SCENARIO = ROOT / "scenarios" / "oct-2025.toml"
SET = ROOT / "scenarios" / "stress.toml"
BTC_OLD, BTC, ETH = (
    "BTCUSD_bitstamp_1h_2018-05_2022-03.parquet",
    "BTCUSDT_binance_1h_2022-01_2025-12.parquet",
    "ETHUSDT_1h_2019-12_2025-11.parquet",
)
FALLS = (
    ("12-13 March 2020", "2020-03-12", "2020-03-13", BTC_OLD),
    ("19 May 2021", "2021-05-19", "2021-05-19", BTC_OLD),
    ("8-10 November 2022", "2022-11-08", "2022-11-10", BTC),
)

needs_prices = pytest.mark.skipif(not PERPS.is_dir(), reason=f"no recorded prices in {PERPS}")
needs_spot = pytest.mark.skipif(not SPOT.is_dir(), reason=f"no recorded prices in {SPOT}")


@pytest.fixture(scope="module")
def venue():
    """Found the venue of the replay: its book of the morning, at the first recorded marks."""
    scenario, rules = read_scenario(SCENARIO), read_rules(ROOT / "scenarios/oct-2025-venue.toml")
    path, asset = read_path(scenario, DATA, order="OHLC"), rules.assets[0]
    population = draw(
        load_parameters(),
        listings(rules, path),
        seed=7,
        accounts=scenario.replay.accounts,
        open_interest_usd=float(scenario.replay.open_interest_usd),
        settlement_decimals=asset.decimals,
    )
    with Venue(Journal(MemoryStore()), clock=SimulatedClock(path.start_ns)) as founded:
        found(founded, rules, path, population, scenario.replay, asset=asset)
        yield founded


@needs_prices
def test_the_fund_of_the_replay_holds_one_participant_and_not_two(venue):
    book = venue_book(venue)
    study = stress_study(book, standard_scenarios(book.moving))
    assert study.accounts == 20_001
    (fund_usd,) = {each.fund_usd for each in study.scenarios}
    assert fund_usd == 10_000_000
    assert study.cover_1_usd < fund_usd < study.cover_2_usd < study.loss_usd
    assert not study.without_depth


@needs_prices
def test_the_maker_pays_for_nobody_and_costs_nothing(venue):
    moves = [StressScenario("down", {}, others=-0.3), StressScenario("up", {}, others=0.3)]
    with_maker = stress_study(venue_book(venue), moves)
    without = stress_study(venue_book(venue, without=[MAKER]), moves)
    assert with_maker.scenarios == without.scenarios


# At the depth that was left, closing a large position costs more than any margin pays for.
@needs_prices
def test_a_fall_is_dearer_at_the_depth_that_was_left(venue):
    day = read_scenarios(SET)[-1]
    assert day.name == "10 October 2025"
    thin, deep = stress_study(venue_book(venue), [day, day._replace(depth=1.0)]).scenarios
    assert thin.defaults == deep.defaults
    assert thin.cover_2_usd > 2 * deep.cover_2_usd
    assert thin.loss_usd > deep.loss_usd


def test_the_moves_of_october_are_those_of_its_points():
    scenario, day = read_scenario(SCENARIO), read_scenarios(SET)[-1]
    before, low = (parse_instant("at", f"2025-10-10T{t}:00Z") for t in ("20:50", "21:20"))
    for symbol in scenario.symbols:
        price = {point.time_ns: point.value for point in symbol.points}
        assert day.moves[symbol.symbol] == pytest.approx(price[low] / price[before] - 1, abs=6e-4)


@needs_spot
@pytest.mark.parametrize(("name", "first", "last", "bitcoin"), FALLS)
def test_the_falls_of_bitcoin_and_ether_are_those_on_record(name, first, last, bitcoin):
    (scenario,) = (each for each in read_scenarios(SET) if each.name == name)
    window = {
        "start_ns": parse_instant("first", f"{first}T00:00:00Z"),
        "stop_ns": parse_instant("last", f"{last}T23:59:59Z"),
    }
    for coin, file in (("BTC", bitcoin), ("ETH", ETH)):
        bars = read_spot_hours(SPOT / file, **window, gaps_allowed=True)
        highest = np.maximum.accumulate(bars.high)[:-1]
        fall = (bars.low[1:] / highest - 1.0).min()
        assert scenario.moves[coin] == pytest.approx(fall, abs=6e-4)
