"""The hash that is kept beside the facts is the hash of the facts, after any history."""

import pytest
from hypothesis import given

from hullmark.clearing import RunningHash, State, _account_hash as account_hash, state_hash
from hullmark.journal import read
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import replay

from .world import World, lives, long_history


@given(lives)
def test_a_hash_that_is_kept_is_the_hash_of_the_facts_after_every_step(life):
    history, tree = life
    world = World(MemoryStore(), tree)
    running = RunningHash(world.state)
    for step in history:
        world.do(step)
        assert running.current() == state_hash(world.state)
    assert running.current() == running.current()


@given(lives)
def test_it_does_not_matter_when_a_hash_was_begun_or_looked_at(life):
    history, tree = life
    store = MemoryStore()
    world = World(store, tree)
    late = [RunningHash(world.state)]
    for step in history:
        world.do(step)
        late.append(RunningHash(world.state))
    assert len({running.current() for running in late}) == 1
    state = State()
    early = RunningHash(state)
    for unit in read(store):
        replay(state, unit)
    assert early.current() == late[0].current() == world.venue.state_hash()


@pytest.mark.parametrize("rows", [1, 3, 10_000])
def test_it_does_not_matter_how_rows_are_shared_between_threads(rows, monkeypatch):
    world = World(MemoryStore())
    for step in long_history(7, 300):
        world.do(step)
    before = state_hash(world.state)
    monkeypatch.setattr(account_hash, "_CHUNK", rows)
    assert state_hash(world.state) == RunningHash(world.state).current() == before
