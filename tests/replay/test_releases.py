"""Journals of past releases still replay, to the facts and the hash that they ended in.

Each is a SQLite journal as that release wrote it, packed; it holds every type of event of its day,
drawn from the histories of ``tests/laws/world.py``. ``tools/record_release.py`` makes the one
of a new release.
"""

import gzip
import json
from pathlib import Path

import pytest

from hullmark.clearing import books, state_hash
from hullmark.domain import events
from hullmark.journal import read
from hullmark.runtime import Replica, open_venue, verify

HERE = Path(__file__).parent
RELEASES = json.loads((HERE / "releases.json").read_text(encoding="utf-8"))


@pytest.fixture(params=sorted(RELEASES))
def release(request, tmp_path):
    """Return the journal of a release, unpacked, and what was recorded of it."""
    packed = HERE / f"{request.param}.db.gz"
    path = tmp_path / "journal.db"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    return path, RELEASES[request.param]


def test_a_journal_of_every_release_is_kept():
    assert {path.name.removesuffix(".db.gz") for path in HERE.glob("*.db.gz")} == set(RELEASES)


def test_it_replays_to_the_hash_that_was_recorded(release):
    path, recorded = release
    replica = Replica()
    for unit in read(path):
        replica.take(unit)
    version = int(recorded["state_hash"].partition(":")[0])
    assert state_hash(replica.state, version=version) == recorded["state_hash"]
    assert replica.sequence == recorded["sequence"]
    assert books(replica.state).broken == ()


def test_it_is_verified_to_the_tip_that_was_recorded(release):
    path, recorded = release
    found = verify(path)
    assert found.broken == ()
    assert (found.sequence, found.tip_hash) == (recorded["sequence"], recorded["tip_hash"])


def test_it_is_continued_by_this_release(release):
    path, recorded = release
    with open_venue(journal=path) as venue:
        assert venue.tip.sequence == recorded["sequence"]
        assert venue.books().broken == ()
    assert verify(path).broken == ()


def test_it_holds_every_event_of_its_day(release):
    path, recorded = release
    found = {type(event).__name__ for unit in read(path) for event in unit.events}
    assert found == set(recorded["events"])
    assert found <= {event.__name__ for event in events.Event.__args__}
