"""The laws of money, held through whatever users, markets and operators can do to a venue."""

import pytest
from hypothesis import given

from hullmark.clearing import State, Views, books, state_hash
from hullmark.domain import AuctionEnd, HandOver, Parked, Reason, events
from hullmark.journal import Journal, read
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import replay, verify

from .small_venue import CHILD, LOTTED, PARENT, STAGED, TREE
from .world import ALL_KINDS, KINDS, histories, lived, lives, long_history

STAGED_LIVES = (*((n, STAGED) for n in (10, 13, 14, 35)), *((n, LOTTED) for n in (2, 7, 11)))
LONG_LIVES = ((8, TREE), (13, TREE), *STAGED_LIVES)


def check_unit(state, unit):
    """Check what must hold after each unit of a journal."""
    assert books(state).broken == ()
    for event in unit.events:
        if isinstance(event, events.LiquidationFilled) and event.penalty_quanta:
            asset = state.ledger.settlement(state.ledger.instrument_index[event.instrument])
            assert Views(state).net_quanta(event.account, asset) >= 0
        if isinstance(event, events.DeficitCovered):
            causes = event.gap_quanta + event.participation_quanta + event.latency_quanta
            causes += event.oracle_quanta + event.impact_quanta
            shares = event.fund_quanta + event.backstop_quanta + event.haircut_quanta
            assert causes == shares + event.socialised_quanta + event.bad_debt_quanta
            left = books(state).fund[event.asset]
            assert event.bad_debt_quanta == 0 or left == 0 or state.allocations
    for name, pool in state.pools.items():
        stakes = [member.stake for (of, _), member in state.stakes.items() if of == name]
        assert sum(map(pool.worth, stakes)) <= pool.cash
    sold = [auction.account for auction in state.auctions.values()]
    assert sorted(sold) == sorted(state.auction_of) == sorted(set(sold) & state.episodes.keys())


@given(lives)
def test_books_balance_after_every_unit_and_replay_gives_the_facts_back(life):
    store = MemoryStore()
    world = lived(*life, store)
    state = State()
    for unit in read(store):
        debt = books(state).bad_debt
        replay(state, unit)
        check_unit(state, unit)
        after = books(state).bad_debt
        paid = any(isinstance(e, events.CashAdjusted) for e in unit.events)
        assert paid or all(after[asset] >= quanta for asset, quanta in debt.items())
    assert state_hash(state) == world.venue.state_hash()


@given(lives)
def test_views_that_followed_have_the_bits_of_views_that_were_built(life):
    world = lived(*life, MemoryStore())
    followed, built = world.venue.views.sweep(), Views(world.state).sweep()
    for one, other in zip(followed, built, strict=True):
        assert one.tobytes() == other.tobytes()
    assert world.venue.views.breaches() == Views(world.state).breaches()


@given(histories)
def test_a_parent_pays_nothing_for_its_child(history):
    store = MemoryStore()
    lived(history, TREE, store)
    state, rows = State(), [None]

    def look(event):
        if PARENT in state.modes:
            row = state.ledger.row_totals(state.ledger.row_of[PARENT])
            assert getattr(event, "account", None) != CHILD or row == rows[-1]
            rows.append(row)

    for unit in read(store):
        replay(state, unit, on_event=look)
    assert len(rows) > 1


@pytest.fixture(scope="module")
def journals(tmp_path_factory):
    """Return the journals of long histories, each with the hash of the facts that it ended in."""
    found = []
    for seed, tree in LONG_LIVES:
        path = tmp_path_factory.mktemp("money") / "journal.db"
        history = long_history(seed, kinds=KINDS if tree is TREE else ALL_KINDS)
        with lived(history, tree, SqliteStore(path)).venue as venue:
            found.append((path, venue.state_hash()))
    return found


def test_long_histories_are_verified_and_decided_again_without_a_difference(journals):
    for path, found in journals:
        verification = verify(path, redecide=True)
        assert verification.broken == ()
        assert verification.differences == ()
        assert verification.state_hash == found


def test_the_histories_meet_everything(journals):
    happened = []
    for path, _ in journals:
        with Journal(SqliteStore(path)) as kept:
            happened += [e for unit in kept.units() for e in unit.events]
    never = {events.ReactionsDeferred, events.ReactionsResumed, events.TradesBooked}
    assert set(events.Event.__args__) - {type(e) for e in happened} <= never
    refused = {e.reason for e in happened if isinstance(e, events.Refused)}
    unlikely = {Reason.RULES_MISSING, Reason.ACCOUNT_EXISTS, Reason.OVERFLOW, Reason.DUST_LEFT}
    unknown = {Reason.ASSET_UNKNOWN, Reason.INSTRUMENT_UNKNOWN}  # nothing has a wrong name here
    assert set(Reason) - refused <= unlikely | unknown
    parked = {e.reason for e in happened if isinstance(e, events.LiquidationParked)}
    assert parked == set(Parked)
    entered = {e.reason for e in happened if isinstance(e, events.StageEntered)}
    last = {HandOver.POOL_SHORT}  # after the last stage it begins again
    assert set(HandOver) - entered <= last | {HandOver.NOTHING_HELPS}
    ended = {e.reason for e in happened if isinstance(e, events.AuctionEnded)}
    assert ended == set(AuctionEnd)
