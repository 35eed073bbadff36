"""Tests of the comparer: drawn histories agree, and an engine that slips is caught at that unit."""

import pytest

from hullmark.clearing import State, Views
from hullmark.domain import commands, events
from hullmark.journal import read
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import replay
from hullmark.sim._audit import Audit

from ...laws.small_venue import LOTTED, STAGED, TREE
from ...laws.stages import KINDS as STAGE_KINDS
from ...laws.world import KINDS, World, lived, long_history
from ..clearing.backed import CAT, DAN, POOL, VAULT, backed, joined
from ..clearing.bank import ANN, MAKER, adjust, deposit
from .told_history import live


def followed(store, slip=None):
    """Return what an audit says of a journal, unit by unit, and in the end."""
    state = State()
    views = Views(state)
    audit, found = Audit(state, views), []
    for unit in read(store):
        replay(state, unit, on_event=views.apply)
        if slip is not None:
            slip(state, unit)
        found += [(unit.sequence, said) for said in audit.after(unit)]
    return [*found, *(("end", said) for said in audit.whole())]


@pytest.fixture(scope="module")
def store():
    return live().store


def slip_at(kind, change):
    """Return what changes the facts behind the back of the events, once, after an event."""
    done = []

    def slip(state, unit):
        if not done and any(isinstance(event, kind) for event in unit.events):
            done.append(unit.sequence)
            change(state)

    return slip


def steal(state):
    state.ledger.move(ANN, 3, state.ledger.asset_index["USDT"], 1)


def test_a_history_in_which_everything_happens_agrees(store):
    assert followed(store) == []


@pytest.mark.parametrize("seed", [7, 11, 21, 28])
def test_long_drawn_histories_agree(seed):
    kept = MemoryStore()
    lived(long_history(seed), TREE, kept)
    assert followed(kept) == []


@pytest.mark.parametrize(("seed", "tree"), [(3, STAGED), (12, LOTTED)], ids=["shares", "lots"])
def test_long_histories_of_stages_pools_and_losses_agree(seed, tree):
    store = MemoryStore()
    world = World(store, tree)
    for step in long_history(seed, kinds=KINDS + STAGE_KINDS):
        world.do(step)
    assert followed(store) == []


def test_a_quantum_that_moved_without_an_event_is_found_at_its_unit(store):
    found = followed(store, slip_at(events.Transferred, steal))
    sequence = next(
        unit.sequence
        for unit in read(store)
        if any(isinstance(event, events.Transferred) for event in unit.events)
    )
    assert found[0][0] == sequence
    assert [said for at, said in found if at == sequence and f"{ANN}: what it holds" in said]


def test_a_vol_that_changed_without_an_event_is_found_by_its_margin(store):
    def forget(state):
        state.vols_nano["CALL"] = 2 * 10**9

    found = followed(store, slip_at(events.SurfaceAdopted, forget))
    assert [said for _, said in found if "health must be" in said]


def test_a_sweep_that_says_nothing_of_a_breach_is_found():
    kept = live()
    state = State()
    views = Views(state)
    audit, found = Audit(state, views), []
    for unit in read(kept.store):
        dull = tuple(e for e in unit.events if not isinstance(e, events.BreachesFound))
        replay(state, unit, on_event=views.apply)
        found += audit.after(type(unit)(**{**fields(unit), "events": dull}))
    assert [said for said in found if "a breach must be listed, was []" in said]


def fields(unit):
    return {name: getattr(unit, name) for name in unit.__struct_fields__}


def test_what_is_cut_off_a_stake_is_the_pools_however_much_it_grows():
    """Cat's 2.1 quanta are 2 when she leaves; the rest is in a pool that gains 1000 USDT then."""
    bank = backed(VAULT)
    bank.do(commands.JoinPool(pool="vault", account=CAT, quanta=7))
    bank.do(commands.JoinPool(pool="vault", account=DAN, quanta=3))
    bank.do(adjust(POOL, MAKER, "0.000007 USDT"))
    bank.do(commands.LeavePool(pool="vault", account=CAT, quanta=2))
    bank.do(deposit(POOL, "1000 USDT"), joined(DAN, 1))
    stakes = bank.venue.pool("vault").stakes
    assert CAT not in stakes
    assert followed(bank.store) == []


def test_a_stake_that_is_not_the_members_is_found():
    bank = backed(VAULT)
    bank.do(joined(CAT, 300), joined(DAN, 100))

    def forget(state):
        del state.stakes["vault", CAT]

    found = followed(bank.store, slip_at(events.PoolJoined, forget))
    assert any("stake in vault must be" in said for _, said in found)
