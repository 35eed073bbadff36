"""A crash of two hours with a small book, replayed once for all tests."""

from pathlib import Path

import pytest

from hullmark.sim import ReplayRequest, replay_crash

ROOT = Path(__file__).parents[3]
VENUE = ROOT / "scenarios" / "oct-2025-venue.toml"


@pytest.fixture(scope="session")
def short_scenario(tmp_path_factory):
    """Return the scenario file with its window cut to the two worst hours."""
    text = (ROOT / "scenarios" / "oct-2025.toml").read_text(encoding="utf-8")
    for old, new in (
        ('start = "2025-10-10T00:00:00Z"', 'start = "2025-10-10T20:00:00Z"'),
        ('stop = "2025-10-11T00:00:00Z"', 'stop = "2025-10-10T22:00:00Z"'),
    ):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path_factory.mktemp("scenario") / "short.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def request_for(short_scenario):
    """Return a maker of requests: a small book, unless told otherwise."""

    def make(**changes):
        fields = {
            "scenario": short_scenario,
            "venue": VENUE,
            "accounts": 300,
            "open_interest_usd": 15_000_000,
            "seed": 3,
        }
        return ReplayRequest(**{**fields, **changes})

    return make


@pytest.fixture(scope="session")
def replay(request_for):
    return replay_crash(request_for())
