"""Draw ``docs/guides/stress-test.png``: ``python tools/stress_picture.py``, or ``make pictures``.

The book of the crash replay on the morning of 10 October 2025, at published prices, under the
built-in scenarios and under those of ``scenarios/stress.toml``.
"""

from pathlib import Path

from hullmark.feeds import read_scenario
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue, read_rules
from hullmark.sim import SimulatedClock, draw, load_parameters
from hullmark.sim._founding import found, listings
from hullmark.sim._stage import read_path
from hullmark.studies import (
    StressStudy,
    draw_stress,
    read_scenarios,
    standard_scenarios,
    stress_study,
    venue_book,
)

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "guides" / "stress-test.png"
SCENARIOS = ROOT / "scenarios"
SEED = 7  # as `hullmark replay` draws it


def main() -> None:
    """Found the venue, stress it, and write the picture."""
    study = stressed()
    PICTURE.write_bytes(draw_stress(study))
    for each in study.scenarios:
        print(f"{each.scenario.name:20} {each.cover_2_usd:14,.0f} {each.loss_usd:14,.0f}")
    print(PICTURE, f"{study.suggested_cover_2_usd:,} and {study.suggested_loss_usd:,} USD")


def stressed() -> StressStudy:
    """Return what both sets cost the fund of the replay's venue."""
    scenario = read_scenario(SCENARIOS / "oct-2025.toml")
    rules = read_rules(SCENARIOS / "oct-2025-venue.toml")
    path = read_path(scenario, None, order="OHLC")
    population = draw(
        load_parameters(),
        listings(rules, path),
        seed=SEED,
        accounts=scenario.replay.accounts,
        open_interest_usd=float(scenario.replay.open_interest_usd),
        settlement_decimals=rules.assets[0].decimals,
    )
    with Venue(Journal(MemoryStore()), clock=SimulatedClock(path.start_ns)) as venue:
        found(venue, rules, path, population, scenario.replay, asset=rules.assets[0])
        book = venue_book(venue)
        recorded = read_scenarios(SCENARIOS / "stress.toml")
        return stress_study(book, (*recorded, *standard_scenarios(book.moving)))


if __name__ == "__main__":
    main()
