"""The trigger index finds exactly the breaches that evaluating every account finds, at every tick.

`HULLMARK_PATHS` sets how many paths; CI runs some, `make paths` runs ten thousand.
"""

import os
import random

import numpy as np
import pytest
from hypothesis import given

from hullmark.clearing import State, Views, evolve, stamp
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.margin import evaluate

from .moving_book import Watched
from .world import lived, lives

PATHS = int(os.environ.get("HULLMARK_PATHS", "150"))
SEED = int(os.environ.get("HULLMARK_SEED", "1"))
TICKS = 40


@pytest.mark.parametrize("seed", range(SEED, SEED + PATHS, 50))
def test_the_index_finds_what_evaluating_everyone_finds(seed):
    for path in range(seed, min(seed + 50, SEED + PATHS)):
        watched = Watched(random.Random(path), accounts=30)
        for tick in range(TICKS):
            found = watched.tick()
            everyone = evaluate(watched.book.rows(), watched.market.tables)
            expected = np.flatnonzero(everyone.in_breach)
            assert sorted(found.in_breach) == expected.tolist(), f"path {path}, tick {tick}"


@given(lives)
def test_a_venue_finds_the_same_breaches_through_the_index(life):
    store = MemoryStore()
    lived(*life, store)
    state = State()
    indexed, plain = Views(state, indexed_from=0), Views(state)
    for unit in Journal(store).units():
        stamp(state, unit.time_ns)
        for event in unit.events:
            evolve(state, event)
            indexed.apply(event)
            plain.apply(event)
        if state.rules is not None:
            assert indexed.breaches() == plain.breaches(), unit
