"""A crash of two hours with a small book, replayed once for all tests."""

from pathlib import Path

import pytest

from hullmark.sim import ChainsRequest, ReplayRequest, compare_chains, replay_crash

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


COMPARISON = """
chains = ["chains/book.toml"]
policies = ["none", "queue"]

[book]
accounts = "200"
hedged_share = "0.3"
fund_share = "0"
"""


@pytest.fixture(scope="session")
def chains_request(short_scenario, tmp_path_factory):
    """Return a maker of requests to compare one chain under two policies, on a small book."""
    folder = tmp_path_factory.mktemp("comparison")
    (folder / "chains").symlink_to(ROOT / "scenarios" / "chains")
    (folder / "comparison.toml").write_text(COMPARISON, encoding="utf-8")

    def make(**changes):
        fields = {
            "comparison": folder / "comparison.toml",
            "scenario": short_scenario,
            "venue": VENUE,
            "seed": 3,
            "open_interest_usd": 200_000_000,
        }
        return ChainsRequest(**{**fields, **changes})

    return make


@pytest.fixture(scope="session")
def comparison(chains_request):
    return compare_chains(chains_request())
