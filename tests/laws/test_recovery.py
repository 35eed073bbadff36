"""A history with every stage comes back whole: after a restart, from a snapshot, at a follower."""

import pytest

from hullmark.clearing import state_hash
from hullmark.journal import Journal
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import Follower, Venue, restore, verify

from .small_venue import LOTTED, STAGED
from .world import ALL_KINDS, World, long_history

EVERY = 75  # steps between two restarts or snapshots
SELDOM = {"calls", "requests", "auctions"}  # in a history of these few steps
TABLES = ("courses", "soft", "calls", "auctions", "quotes", "requests", "pools", "stakes", "halted")


@pytest.fixture(params=[(STAGED, 2), (LOTTED, 6)], ids=["shares", "lots"])
def life(request):
    """Return the rules and a history."""
    tree, seed = request.param
    return tree, long_history(seed, 600, kinds=ALL_KINDS)


def test_a_venue_that_begins_again_and_again_writes_the_same_journal(life, tmp_path):
    tree, history = life
    whole = World(SqliteStore(tmp_path / "whole.db"), tree)
    broken = World(SqliteStore(tmp_path / "broken.db"), tree)
    seen = set()
    for place, step in enumerate(history):
        if place % EVERY == 0:
            broken.venue.close()
            store = SqliteStore(tmp_path / "broken.db")
            broken.venue = Venue(Journal(store), clock=lambda: broken.now_ns)
        whole.do(step)
        broken.do(step)
        seen.update(name for name in TABLES if getattr(broken.state, name))
    assert broken.venue.tip == whole.venue.tip
    assert broken.venue.state_hash() == whole.venue.state_hash() == state_hash(broken.state)
    assert seen >= {*TABLES} - SELDOM
    for world in (whole, broken):
        world.venue.close()


def test_snapshots_and_a_follower_have_the_facts_of_the_writer_at_every_stage(life, tmp_path):
    tree, history = life
    path, folder = tmp_path / "journal.db", tmp_path / "snapshots"
    world = World(SqliteStore(path), tree)
    with Follower(path) as follower:
        for place, step in enumerate(history):
            world.do(step)
            if place % EVERY:
                continue
            found = restore(path, snapshots=folder)
            assert found.state_hash == world.venue.state_hash()
            found.save(folder)
            follower.catch_up()
            assert follower.state_hash() == world.venue.state_hash()
            assert state_hash(found.state) == found.state_hash
    world.venue.close()
    proof = verify(path, redecide=True, snapshots=folder)
    assert (proof.broken, proof.differences) == ((), ())
    assert [each.fault for each in proof.snapshots] == [None] * len(proof.snapshots) != []
