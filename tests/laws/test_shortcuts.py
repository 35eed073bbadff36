"""What the views keep at hand, and what they look at only once, changes no decision and no bit."""

import copy
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.clearing import Views, _views
from hullmark.clearing._price_trust import PriceTrust
from hullmark.journal import read
from hullmark.journal.memory import MemoryStore
from hullmark.margin import Sides, WhatIf

from .small_venue import INSTRUMENTS, TREE
from .world import World, histories, long_history

# Without options the tables are moved in place, where there are some they are built anew.
CONTRACTS = copy.deepcopy(TREE)
CONTRACTS["instruments"] = [i for i in TREE["instruments"] if i["kind"] != "option"]
venues = st.sampled_from([TREE, CONTRACTS])


def without_shortcuts(patch):
    """Let every question be answered the long way round."""
    patch.setattr(Views, "surely_carry", lambda *_, **__: False)
    patch.setattr(PriceTrust, "until_ns", property(lambda _: -1))
    patch.setattr(WhatIf, "spare_usd", lambda *_, **__: float("-inf"))
    patch.setattr(_views, "any_in_breach", lambda *_: True)


def counted(patch):
    """Let every shortcut count how often it answers; return the counter."""
    taken = Counter()

    def count(owner, name, answers):
        question = getattr(owner, name)

        def asked(*args, **more):
            found = question(*args, **more)
            taken[name] += bool(answers(found))
            return found

        patch.setattr(owner, name, asked)

    count(Views, "surely_carry", lambda found: found)
    count(WhatIf, "spare_usd", lambda found: found > float("-inf"))
    count(_views, "any_in_breach", lambda found: not found)
    until_ns = PriceTrust.until_ns.fget

    def trusted(trust):
        found = until_ns(trust)
        taken["until_ns"] += found >= trust._state.now_ns
        return found

    patch.setattr(PriceTrust, "until_ns", property(trusted))
    return taken


def journal_of(history, tree, *, shortcuts):
    """Return what a history leads to at a venue."""
    store = MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        if not shortcuts:
            without_shortcuts(patch)
        world = World(store, tree)
        for step in history:
            world.do(step)
    return list(read(store))


def bits(tables):
    """Return everything in risk tables, arrays as bytes."""
    return [
        e.tobytes() if isinstance(e, np.ndarray) else bits(e) if isinstance(e, Sides) else e
        for e in tables
    ]


@given(histories, venues)
def test_histories_go_the_same_way_without_shortcuts(history, tree):
    assert journal_of(history, tree, shortcuts=True) == journal_of(history, tree, shortcuts=False)


@pytest.mark.parametrize("tree", [TREE, CONTRACTS], ids=["options", "contracts"])
def test_a_long_history_goes_the_same_way_without_shortcuts(tree):
    history = long_history(9, length=600)
    assert journal_of(history, tree, shortcuts=True) == journal_of(history, tree, shortcuts=False)


@pytest.mark.parametrize("tree", [TREE, CONTRACTS], ids=["options", "contracts"])
def test_every_shortcut_is_taken_in_a_long_history(tree):
    with pytest.MonkeyPatch.context() as patch:
        taken = counted(patch)
        world = World(MemoryStore(), tree)
        for step in long_history(9):
            world.do(step)
    assert set(taken) == {"surely_carry", "spare_usd", "any_in_breach", "until_ns"}
    assert min(taken.values()) > 10, taken


@given(histories, venues)
def test_views_that_followed_have_the_tables_and_the_answers_of_views_that_were_built(
    history, tree
):
    world = World(MemoryStore(), tree)
    for step in history:
        world.do(step)
        followed, built = world.venue.views, Views(world.state)
        assert followed.book == built.book
        assert bits(followed.tables) == bits(built.movable.tables)


@given(histories, venues, st.data())
def test_one_row_asked_and_the_same_row_built_have_the_same_bits(history, tree, data):
    with pytest.MonkeyPatch.context() as patch:
        world = World(MemoryStore(), tree)
        for step in history:
            world.do(step)
        views, state = world.venue.views, world.state
        account = data.draw(st.sampled_from(sorted(state.modes)))
        asset, quanta = data.draw(st.integers(0, 1)), data.draw(st.integers(0, 10**9))
        quick = views.withdrawable_usd(account, asset, quanta)
        without_shortcuts(patch)
        assert views.withdrawable_usd(account, asset, quanta) == quick


def test_the_venues_differ_in_their_options_only():
    assert {i["symbol"] for i in CONTRACTS["instruments"]} == {*INSTRUMENTS} - {"CALL"}
